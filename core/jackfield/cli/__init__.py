"""The command `jackfield`. Its parts are imported when a command needs them, not for `--help`."""

import sys
from importlib.util import find_spec

_NEEDED = ("click", "filelock", "rich", "sqlalchemy")


def main() -> None:
    """Run the command line of this process and exit with its code."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        sys.exit(
            f"error: the command needs {', '.join(missing)}: "
            'install the extra with pip install "jackfield[engine]"'
        )
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show must not end the command.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    from jackfield.cli.app import app  # noqa: PLC0415 - click may be missing above

    app.main(prog_name="jackfield")
