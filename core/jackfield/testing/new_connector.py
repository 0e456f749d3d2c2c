"""Writes a connector package whose tests pass, for its author to make real.

Needs nothing but the core, so that an author needs the extra `testing` alone.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from jackfield.errors import ConfigurationError
from jackfield.registry import Registry

_NAME = re.compile(r"[a-z][a-z0-9]{0,30}(-[a-z0-9]{1,30}){0,3}")
_FILES = (
    ("pyproject.toml", "pyproject.toml"),
    ("README.md", "README.md"),
    ("src/$module/__init__.py", "init.py"),
    ("src/$module/connector.py", "connector.py"),
    ("src/$module/settings.py", "settings.py"),
    ("src/$module/capabilities.py", "capabilities.py"),
    ("tests/test_connector.py", "test_connector.py"),
)
"""Where each file goes, and the template it is made of."""


def write_connector(name: str, folder: Path) -> Path:
    """Write the package `jackfield-<name>` below the folder; return its own folder.

    Raises: ConfigurationError for a name that is none or is taken, or where the folder exists.
    """
    _check_name(name)
    target = folder / f"jackfield-{name}"
    if target.exists() or target.is_symlink():
        raise ConfigurationError(f"{target} exists already: choose another name or --folder")
    words = _words(name)
    template = files("jackfield.testing").joinpath("template")
    for place, source in _FILES:
        text = template.joinpath(f"{source}.template").read_text(encoding="utf-8")
        path = target / Template(place).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(words), encoding="utf-8")
    return target


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name for a connector: small letters and digits, as in acme or "
            "acme-voice, beginning with a letter"
        )
    for listing in Registry().connectors():
        if listing.name == name:
            raise ConfigurationError(
                f"{listing.package} {listing.version} has a connector {name} already"
            )
    if find_spec(_module(name)) is not None:
        raise ConfigurationError(f"there is a package {_module(name)} already")


def _module(name: str) -> str:
    return f"jackfield_{name.replace('-', '_')}"


def _words(name: str) -> dict[str, str]:
    parts = name.split("-")
    major, minor = version("jackfield").split(".")[:2]
    return {
        "name": name,
        "module": _module(name),
        "kind": "".join(part.capitalize() for part in parts),
        "title": " ".join(part.capitalize() for part in parts),
        "accepted": f">={major}.{minor},<{major}.{int(minor) + 1}",
    }


def next_steps(target: Path) -> str:
    """Return what to tell the author."""
    return (
        f"{target}: a connector whose tests pass, about a vendor that does not exist.\n"
        f'Next:\n  cd {target}\n  pip install -e ".[test]"\n  pytest\n'
        "then put the vendor's real answers into tests/test_connector.py."
    )


def main(arguments: Sequence[str]) -> int:
    """Be `python -m jackfield new-connector`; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="jackfield new-connector", description="Write a connector package to begin with."
    )
    parser.add_argument("name", metavar="NAME", help="the connector's name, as in acme")
    parser.add_argument(
        "--folder", type=Path, default=Path(), metavar="DIR", help="where to put it; here"
    )
    given = parser.parse_args(arguments)
    try:
        target = write_connector(given.name, given.folder)
    except (ConfigurationError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(next_steps(target) + "\n")
    return 0
