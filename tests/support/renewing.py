"""What a process does that renews an authorization again and again."""

import time
from pathlib import Path

from pydantic import SecretStr

from jackfield.grants import FileGrants, Grant


def renew(path: str, count: int) -> None:
    """Store the next number so many times, each time with the lock that renewals share."""
    grants = FileGrants(Path(path))
    for _ in range(count):
        while not grants.try_acquire():
            time.sleep(0.001)
        try:
            found = grants.load()
            number = int(found.refresh_token.get_secret_value()) if found else 0
            grants.save(Grant(SecretStr(str(number + 1))))
        finally:
            grants.release()
