"""Secrets by reference: `env:NAME`, `file:/path`, `keyring:service/user`.

A reference is resolved once, never again: a secret that itself looks like a reference stays text.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from jackfield.errors import ConfigurationError

_MAXIMUM_BYTES = 64 * 1024


class Given(Mapping[str, object]):
    """Settings as somebody wrote them, secrets perhaps among them: `repr` shows the names alone."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = settings

    def __getitem__(self, name: str) -> object:
        return self._settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def __repr__(self) -> str:
        return f"<Given {', '.join(self._settings)}>"


def resolve_references(settings: Mapping[str, object], folder: Path) -> dict[str, object]:
    """Return the settings with every reference replaced by what it names.

    `folder` is where relative `file:` paths begin.

    Raises: ConfigurationError naming the setting and the reference, never a value.
    """
    settings = Given(settings)
    return {name: _resolved(name, settings, folder) for name in settings}


def is_reference(value: object) -> bool:
    return isinstance(value, str) and value.startswith(tuple(_SCHEMES))


def _resolved(name: str, settings: Mapping[str, object], folder: Path) -> object:
    value = settings[name]
    if not is_reference(value):
        return value  # it may be a secret
    if not isinstance(value, str):
        return value
    for scheme, read in _SCHEMES.items():
        if value.startswith(scheme):
            found = read(value.removeprefix(scheme), name, folder).strip()
            if not found:
                raise ConfigurationError(f"{name}: the reference {value} is empty")
            return found
    return value


def _from_environment(variable: str, name: str, _: Path) -> str:
    found = os.environ.get(variable)
    if found is None:
        raise ConfigurationError(
            f"{name}: the environment variable {variable} is not set; set it, or name another "
            "place with file: or keyring:"
        )
    return found


def _from_file(path: str, name: str, folder: Path) -> str:
    place = folder / path
    try:
        with place.open("rb") as file:
            content = file.read(_MAXIMUM_BYTES + 1)
        if len(content) > _MAXIMUM_BYTES:
            raise ConfigurationError(f"{name}: {place} is too large to hold one secret")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{name}: cannot read {place}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name}: {place} is not a text file") from None
    except ValueError:
        raise ConfigurationError(f"{name}: {path!r} is not a path") from None


def _from_keyring(entry: str, name: str, _: Path) -> str:
    try:
        import keyring  # noqa: PLC0415 - an extra, needed here only
    except ImportError:
        raise ConfigurationError(
            f"{name}: keyring: needs the package keyring; install it, or use env: or file:"
        ) from None
    service, _slash, user = entry.partition("/")
    try:
        found: str | None = keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own
        raise ConfigurationError(f"{name}: no keyring answers on this machine: {error}") from None
    if found is None:
        raise ConfigurationError(f"{name}: the keyring has no entry {service}/{user}")
    return found


_SCHEMES = {"env:": _from_environment, "file:": _from_file, "keyring:": _from_keyring}
