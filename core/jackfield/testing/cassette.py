"""Records what the real driver exchanges with a vendor, and plays it back without a network.

A layer over vcrpy, which patches the transport of the HTTP client for the whole process, so one
block at a time; what is kept, how requests are compared and what may be saved is decided here.
Needs the extra `testing`.

    with replay(Path("cassettes/webex/found.yaml")):
        connector.get_user(MatchKey("userName", "ada@example.com"))
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import vcr  # type: ignore[import-untyped]
from vcr.request import Request as VcrRequest  # type: ignore[import-untyped]

from jackfield.settings import is_loopback, origin_of
from jackfield.testing.cleaning import cleaned, secrets_in
from jackfield.testing.comparing import differences
from jackfield.testing.exchange import DamagedCassette, Exchange, read_cassette, write_cassette
from jackfield.testing.scanning import findings

__all__ = ["DamagedCassette", "Mismatch", "UnsafeRecording", "record", "replay"]

Origin: TypeAlias = Literal["sandbox", "recorded"]


class UnsafeRecording(Exception):
    """A recording that was not saved: the text names each place and rule, never a value."""


class Mismatch(AssertionError):
    """A replay that went another way than the recording."""


@contextmanager
def record(
    path: Path,
    *,
    origin: Origin,
    source: str,
    rename: Mapping[str, str],
    secrets: Iterable[str] = (),
    allowed: Iterable[str] = (),
) -> Iterator[None]:
    """Record every exchange of the block into `path`, with secrets replaced; replaces the file.

    `origin` "sandbox" for an imitation, with `rename` from its loopback origins to the vendor's
    real ones; "recorded" for the live vendor, where it may rename a tenant's domain. `source` says
    which sandbox, or the day of the recording. `secrets` are the values known beforehand; `allowed`
    are regular expressions of the vendor's ids that look random. Nothing is saved where the block
    raises.

    Raises: UnsafeRecording where a secret, a person's address or an unlisted header would be kept,
    or where the exchanges belie the origin.
    """
    with _quiet(), _player().use_cassette(str(path), record_mode="all") as tape:
        yield
    exchanges = [_exchange(*one) for one in zip(tape.requests, tape.responses, strict=True)]
    _check_origin(origin, exchanges, rename)
    known = frozenset(secrets).union(*(secrets_in(one) for one in exchanges))
    kept = [cleaned(one, rename=rename, secrets=known) for one in exchanges]
    text = write_cassette(_head(path, origin, source), kept)
    found = findings(text, known, allowed)
    found += ["the file: holds a name that was to be replaced"] * _holds_any(text, rename)
    if found:
        raise UnsafeRecording(f"nothing was saved: {'; '.join(found)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@contextmanager
def replay(path: Path) -> Iterator[None]:
    """Answer the block's requests from `path`: in order, each exchange once, nothing sent.

    Method, URI and body must be those recorded, and the kind of credentials: bearer, basic, none.

    Raises: Mismatch where a request differs from the next recorded one, or an exchange is left
    over; DamagedCassette, FileNotFoundError.
    """
    follower = _Follower(path.name, read_cassette(path))
    player = _player(follower)
    player.before_record_request = follower.check
    with _quiet(), player.use_cassette(str(path), record_mode="none") as tape:
        follower.tape = tape
        try:
            yield
        except Exception as error:
            # The driver takes any surprise for a fault of the plugin; this is what happened.
            if follower.mismatch is not None:
                raise follower.mismatch from error
            raise
    follower.check_end()


class _Follower:
    """Follows a replay: loads the exchanges and compares each request with the next one."""

    def __init__(self, name: str, exchanges: list[Exchange]) -> None:
        self.tape: Any = None
        self.mismatch: Mismatch | None = None
        self._name = name
        self._exchanges = exchanges

    def load_cassette(self, _path: object, **_options: object) -> tuple[list[Any], list[Any]]:
        return (
            [_vcr_request(one) for one in self._exchanges],
            [_vcr_response(one) for one in self._exchanges],
        )

    def save_cassette(self, *_arguments: object, **_options: object) -> None:
        """Keep nothing: a replay never writes."""

    def check(self, request: Any) -> Any:
        """Return the request where it is the next one recorded; vcrpy asks before it answers."""
        if self.tape is None:
            return request  # vcrpy is still loading
        found = self._problem(_sent(request), self.tape.play_count)
        if found:
            self.mismatch = Mismatch(f"{self._name}: {found}")
            raise self.mismatch
        return request

    def check_end(self) -> None:
        if self.mismatch is not None:
            raise self.mismatch
        played = self.tape.play_count
        if played < len(self._exchanges):
            left = self._exchanges[played]
            raise Mismatch(
                f"{self._name}: only {played} of {len(self._exchanges)} exchanges were used; the "
                f"next is {left.method} {left.uri.partition('?')[0]}"
            )

    def _problem(self, sent: Exchange, played: int) -> str:
        what = f"request {played + 1}, {sent.method} {sent.uri.partition('?')[0]}"
        if played == len(self._exchanges):
            return f"{what}, was not recorded: all {played} exchanges are used"
        found = differences(sent, self._exchanges[played])
        return f"{what}, is not the recorded one: {'; '.join(found)}" if found else ""


class _NoFile:
    """A recording begins empty, and is saved by us, after vcrpy has taken its patches back."""

    def load_cassette(self, _path: object, **_options: object) -> tuple[list[Any], list[Any]]:
        return [], []

    def save_cassette(self, *_arguments: object, **_options: object) -> None:
        """Keep nothing: what vcrpy would save is not clean."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep vcrpy from logging whole exchanges, tokens included, at INFO."""
    loggers = [logging.getLogger(f"vcr.{name}") for name in ("cassette", "request", "stubs")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _player(persister: object | None = None) -> Any:
    player = vcr.VCR(record_on_exception=False)
    player.register_persister(persister or _NoFile())
    # The order decides, and `_Follower.check` compares; no search through the recording.
    player.register_matcher("next", lambda _sent, _recorded: True)
    player.match_on = ("next",)
    return player


def _head(path: Path, origin: Origin, source: str) -> list[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in ("httpx", "vcrpy"))
    return [f"origin: {origin} ({source})", f"scenario: {path.stem}", f"client: {versions}"]


def _holds_any(text: str, rename: Mapping[str, str]) -> bool:
    return any((name.partition("://")[2] or name) in text for name in rename)


def _check_origin(origin: Origin, exchanges: list[Exchange], rename: Mapping[str, str]) -> None:
    for one in exchanges:
        is_local = is_loopback(urlsplit(one.uri))
        if origin == "recorded" and is_local:
            raise UnsafeRecording("nothing was saved: a sandbox's answers are no live recording")
        if origin == "sandbox" and not (is_local and origin_of(one.uri) in rename):
            raise UnsafeRecording("nothing was saved: a request went to another place than rename")


def _sent(request: Any) -> Exchange:
    return _exchange(request, {"status": {"code": 0}, "headers": {}, "body": {"string": b""}})


def _exchange(request: Any, response: Any) -> Exchange:
    return Exchange(
        method=request.method,
        uri=request.uri,
        request_headers={str(n).lower(): _text(v) for n, v in request.headers.items()},
        request_body=_text(request.body or b""),
        status=response["status"]["code"],
        reason=response["status"].get("message") or "",
        response_headers={
            name.lower(): tuple(_text(value) for value in values)
            for name, values in response["headers"].items()
        },
        response_body=_text(response["body"]["string"] or b""),
    )


def _text(value: str | bytes) -> str:
    try:
        return value if isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        raise UnsafeRecording("nothing was saved: a body is not text, so nobody can read it") from (
            None
        )


def _vcr_request(one: Exchange) -> Any:
    return VcrRequest(one.method, one.uri, one.request_body.encode(), dict(one.request_headers))


def _vcr_response(one: Exchange) -> dict[str, Any]:
    return {
        "status": {"code": one.status, "message": one.reason},
        "headers": {name: list(values) for name, values in one.response_headers.items()},
        "body": {"string": one.response_body.encode()},
    }
