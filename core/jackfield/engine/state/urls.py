"""The URL of a database, with its secrets and without.

A URL may have them in more places than one: the password before the host, and whatever libpq takes
as a parameter. Source: PostgreSQL, "Database Connection Control Functions" (34.1.2).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

import sqlalchemy as sa

from jackfield.errors import ConfigurationError
from jackfield.redact import Redactor

_SHOWN = frozenset(
    {
        "application_name",
        "channel_binding",
        "client_encoding",
        "connect_timeout",
        "dbname",
        "host",
        "hostaddr",
        "keepalives",
        "load_balance_hosts",
        "port",
        "service",
        "sslmode",
        "target_session_attrs",
        "user",
    }
)
"""Parameters whose values are no secret; of all others the name alone is shown."""

_HIDDEN = "***"


class DatabaseUrl(str):
    """A URL of a database to use and not to show: neither `repr` nor text has a secret."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        # `str` of another one would be what is shown.
        return super().__new__(cls, str.__str__(text))

    def __repr__(self) -> str:
        return f"<{shown_url(self)}>"

    def __str__(self) -> str:
        return shown_url(self)

    def __format__(self, specification: str) -> str:
        return format(shown_url(self), specification)

    @property
    def driver(self) -> str:
        """The name before `://`.

        Raises: ConfigurationError where this is no URL of a database.
        """
        flaw = _flaw_of(self)
        if flaw:
            raise ConfigurationError(f"state: {flaw}")
        return sa.make_url(self).drivername

    @property
    def database(self) -> str:
        url = _parsed(self)
        return "" if url is None else url.database or ""


def place_of(place: str | Path) -> Path | DatabaseUrl:
    """Return where a state is: a file, or a URL that does not show its secrets any more."""
    if isinstance(place, Path):
        return place
    return DatabaseUrl(place) if "://" in place else Path(place)


def shown_url(text: str) -> str:
    """Return a URL for people: no password, and no parameter that may hold one."""
    url = _parsed(text)
    if url is None:
        return _HIDDEN
    user = "" if url.username is None else quote(url.username, safe="")
    who = user + (f":{_HIDDEN}" if url.password is not None else "")
    # An unescaped @ within the password leaves its end before the host.
    place = _after_at(url.host or "") + (f":{url.port}" if url.port else "")
    database = "" if url.database is None else f"/{_after_at(url.database)}"
    shown = f"{url.drivername}://{who and f'{who}@'}{place}{database}"
    pairs = [f"{name}={_shown(name, v)}" for name, values in _query(url) for v in values]
    return f"{shown}?{'&'.join(pairs)}" if pairs else shown


def url_redactor(text: str) -> Redactor:
    """Return what takes the secrets of a URL out of the words of a driver or a server."""
    url = _parsed(text)
    return Redactor() if url is None else Redactor(_secrets_in(url))


def connection_of(text: str) -> tuple[sa.URL, dict[str, Any]]:
    """Return the URL without the parameters that are not shown, and these; they go separately.

    SQLAlchemy shows all but the password of a URL. Both are to be used at once: kept in a variable
    they would show in a traceback.
    """
    url = sa.make_url(text)
    apart = {name: values[-1] for name, values in _query(url) if name.lower() not in _SHOWN}
    rest = url.difference_update_query(apart)
    password = apart.pop("password", None)
    return (rest if password is None else rest.set(password=password)), apart


def _parsed(text: str) -> sa.URL | None:
    try:
        return sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        return None


def _flaw_of(text: str) -> str:
    url = _parsed(text)
    if url is None:
        return "this is no URL of a database"
    is_split = "@" in f"{url.host}{url.database}"
    return "the URL has an @ within its password; write %40 for it" if is_split else ""


def _query(url: sa.URL) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, values in url.normalized_query.items():
        yield name, tuple(values)


def _secrets_in(url: sa.URL) -> Iterator[str]:
    if url.password is not None:
        yield from {str(url.password), unquote(str(url.password))}
    for text in (url.host or "", url.database or ""):
        yield text.rpartition("@")[0]
    for name, values in _query(url):
        yield from () if name.lower() in _SHOWN else values


def _after_at(text: str) -> str:
    return _HIDDEN + text[text.rindex("@") :] if "@" in text else text


def _shown(name: str, value: str) -> str:
    return quote(value, safe="/,:") if name.lower() in _SHOWN else _HIDDEN
