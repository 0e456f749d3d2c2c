import subprocess
import sys
from pathlib import Path

API = Path(__file__).parent / "typing" / "api.py"


def test_hosts_and_authors_get_types_where_pluggy_gives_none():
    """Hook calls are untyped, so one typed face is the only caller."""
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", str(API)],
        cwd=API.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout
