"""What an administrator granted once and a vendor rotates: kept durably, before it is used.

A vendor that rotates refresh tokens kills the old one with each renewal. A new one that is lost
means that a person must authorise again, so it is on the disk before the first request with it.
"""

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from jackfield.errors import ConfigurationError

try:
    from filelock import FileLock, Timeout
except ImportError:  # the extra `oauth` is not installed
    FileLock = None  # type: ignore[assignment,misc]


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """A refresh token, and the access token that came with it while that is good.

    `good_until` is seconds since the epoch, by this machine's clock.
    """

    refresh_token: SecretStr
    access_token: SecretStr | None = None
    good_until: float | None = None

    def __repr__(self) -> str:
        return f"<Grant good until {self.good_until}>"


class GrantStore(Protocol):
    """Where one connection's grant lives. Methods may block; the driver calls them accordingly."""

    @property
    def label(self) -> str:
        """The name that `jackfield authorize` knows the connection by; may be empty."""
        ...

    def try_acquire(self) -> bool:
        """Exclude every other process and thread until `release`; False where another does."""
        ...

    def release(self) -> None: ...

    def load(self) -> Grant | None: ...

    def save(self, grant: Grant) -> None:
        """Make the grant durable; it is about to be used."""
        ...


class MemoryGrants:
    """Keeps a grant as long as this process lives: for hosts that store tokens themselves."""

    def __init__(
        self,
        grant: Grant | None = None,
        *,
        saved: Callable[[Grant], None] | None = None,
        label: str = "",
    ) -> None:
        self.label = label
        self._grant = grant
        self._saved = saved
        self._lock = threading.Lock()

    def try_acquire(self) -> bool:
        return self._lock.acquire(blocking=False)

    def release(self) -> None:
        self._lock.release()

    def load(self) -> Grant | None:
        return self._grant

    def save(self, grant: Grant) -> None:
        """Keep the grant, after the host's own `saved` has stored it."""
        if self._saved is not None:
            self._saved(grant)
        self._grant = grant


class FileGrants:
    """Keeps a grant in one file (mode 0600), replaced atomically under a lock.

    Needs the extra `oauth` for the lock between processes.
    """

    def __init__(self, path: Path, *, label: str = "") -> None:
        self.label = label
        if FileLock is None:
            raise ConfigurationError('grants in files need: pip install "jackfield[oauth]"')
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        # Not bound to a thread: an async host acquires and releases in different ones.
        self._lock = FileLock(path.with_suffix(".lock"), mode=0o600, thread_local=False)
        self._within = threading.Lock()

    def try_acquire(self) -> bool:
        if not self._within.acquire(blocking=False):
            return False
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            self._within.release()
            return False
        except BaseException:
            self._within.release()
            raise
        return True

    def release(self) -> None:
        self._lock.release()
        self._within.release()

    def load(self) -> Grant | None:
        """Return the grant, or None where there is none yet.

        Raises: ConfigurationError where the file is not one of ours.
        """
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return _grant_of(self._path)
        # Out of the handler: what was raised holds the file's content.
        raise ConfigurationError(
            f"{self._path}: this is no stored authorization; delete it and authorise again"
        )

    def save(self, grant: Grant) -> None:
        """Replace the file; after a crash either the old or the new one is there, whole."""
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(_document_of(grant).get_secret_value())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(self._path.parent)


def _grant_of(path: Path) -> Grant | None:
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    refresh, access, until = (
        document[name] for name in ("refresh_token", "access_token", "good_until")
    )
    if not isinstance(refresh, str) or not isinstance(access, str | None):
        raise TypeError("tokens are text")
    if not isinstance(until, int | float | None):
        raise TypeError("an instant is a number")
    return Grant(SecretStr(refresh), SecretStr(access) if access else None, until)


def _document_of(grant: Grant) -> SecretStr:
    access = grant.access_token
    document = {
        "refresh_token": grant.refresh_token.get_secret_value(),
        "access_token": access.get_secret_value() if access else None,
        "good_until": grant.good_until,
    }
    return SecretStr(json.dumps(document))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
