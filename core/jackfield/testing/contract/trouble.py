"""What every vendor's connector has to bear, played by the kit: refusals, limits, nonsense.

Nothing here depends on a vendor's dialect; the evidence of a look-up and of a creation is all that
is needed.
"""

from collections.abc import Iterator

from jackfield.driver.transport import Answer
from jackfield.errors import (
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    ProvisioningError,
    VendorBroken,
)
from jackfield.flow import Json, Response
from jackfield.redact import Redactor
from jackfield.resources import MatchKey, User, UserId
from jackfield.testing.contract.case import Broken, Case
from jackfield.testing.contract.judging import error, fail, no_write, result
from jackfield.testing.contract.vendor import Asked, Operation, Reply, Scripted, Told, scripted

_SAID: Json = {"message": "made up by the contract"}
_HTML = Answer(200, {"content-type": "text/html"}, b"<html>Please sign in</html>")
_EMPTY = Answer(200, {"content-length": "0"}, b"")
_RETRY_SECONDS = 7
_TIMES = 10
"""More often than any read is repeated."""


def renewed_token(case: Case) -> None:
    told = _read(case, Response(401, _SAID))
    result(told, User, "the user, after a new token")
    if told.vendor.sign_in_count != 2:
        count = told.vendor.sign_in_count
        raise fail("authenticate is called again after a 401", told, f"called {count} times")


def refused_twice(case: Case) -> None:
    told = _read(case, Response(401, _SAID), Response(401, _SAID))
    error(told, CredentialsRefused, "CredentialsRefused: a new token is refused as well")


def forbidden(case: Case) -> None:
    kinds: tuple[type[ProvisioningError], ...] = (NotAllowed, CredentialsRefused)
    for told in _both_reads(case, scripted([Response(403, _SAID)])):
        error(told, kinds, "NotAllowed: 403 is neither absence nor a fault of the user")


def throttled_with_time(case: Case) -> None:
    told = _read(case, Response(429, _SAID, {"Retry-After": str(_RETRY_SECONDS)}))
    result(told, User, "the user, after a pause")
    if sum(told.waits) < _RETRY_SECONDS:
        raise fail(f"a pause of {_RETRY_SECONDS} seconds", told, f"paused for {told.waits}")


def throttled_without_time(case: Case) -> None:
    told = _read(case, Response(429, _SAID))
    result(told, User, "the user, after a pause")
    if sum(told.waits) <= 0:
        raise fail("a pause", told, "there was none")


def failing_read(case: Case) -> None:
    for told in _both_reads(case, scripted([Response(500, _SAID)] * _TIMES)):
        error(told, VendorBroken, "VendorBroken: 500 says nothing of the user")


def failing_create(case: Case) -> None:
    told = _create(case, scripted([Response(500, _SAID)] * 2))
    error(told, InDoubt, "InDoubt: the user may have been created")
    if len(told.writes) != 1:
        raise fail("the write is sent once", told, f"it was sent {len(told.writes)} times")


def failing_change(case: Case) -> None:
    told = case.ask(
        "patch_user: one attribute",
        lambda calls: calls.patch_user(case.user_id, (case.change,)),
        faults=scripted([Response(500, _SAID)] * 2),
        faults_meet_writes=True,
    )
    error(told, InDoubt, "InDoubt: the change may have been made")
    if len(told.writes) != 1:
        raise fail("the write is sent once", told, f"it was sent {len(told.writes)} times")


def html_on_read(case: Case) -> None:
    for told in _both_reads(case, (Scripted(_HTML),) * _TIMES):
        error(told, VendorBroken, "VendorBroken: a page is no answer")


def html_on_create(case: Case) -> None:
    told = _create(case, (Scripted(_HTML),))
    error(told, InDoubt, "InDoubt: a page does not tell whether the user was created")


def empty_on_read(case: Case) -> None:
    for told in _both_reads(case, (Scripted(_EMPTY),) * _TIMES):
        error(told, VendorBroken, "VendorBroken: an empty success tells neither yes nor no")


def empty_on_create(case: Case) -> None:
    """Answer a creation with nothing at all, after which a connector may look what came of it."""
    told = _create(case, (Scripted(_EMPTY),))
    if told.result is None and isinstance(told.error, InDoubt):
        return
    raise fail("InDoubt: an empty success does not name the user", told)


def no_secret_is_told(case: Case) -> None:
    """Echo every secret in a refusal; nothing that is logged or raised may hold one."""
    secrets = set(case.settings.secrets())
    asked = _read(case)
    secrets |= {text for one in asked.vendor.asked if (text := _bearer(one))}
    echo: dict[str, Json] = {"message": " ".join(secrets), "detail": " ".join(secrets)}
    refused: Reply = Response(400, {**echo, "errors": [echo]})
    told = [asked, _read(case, refused), case.ask_with(lambda calls: calls.authenticate())]
    if case.capabilities.create:
        told.append(_create(case, scripted([refused])))
    for one in told:
        _check_silence(one, Redactor(secrets))


def _check_silence(told: Told, redactor: Redactor) -> None:
    places = {
        "the log": told.log,
        "the text of the error": str(told.error or ""),
        "the error's reason": str(getattr(told.error, "reason", "")),
        "what observers hear": repr(told.vendor.events),
        "the address of a request": " ".join(one.wire.url for one in told.vendor.asked),
        "the result": repr(told.result),
    }
    for place, text in places.items():
        if redactor.redact(text) != text:
            # Not through `fail`, which shows addresses.
            raise Broken(f"expected: no secret is told\nhappened: {place} holds one")


def _bearer(asked: Asked) -> str:
    return asked.wire.headers.get("authorization", "").partition(" ")[2]


def _read(case: Case, *faults: Reply) -> Told:
    """Look for the user by the matching attribute."""
    told = case.ask(
        "get_user: found", lambda calls: calls.get_user(case.key), faults=scripted(faults)
    )
    no_write(told, "a look-up only reads")
    return told


def _both_reads(case: Case, faults: tuple[Scripted, ...]) -> Iterator[Told]:
    """Look for the user by the matching attribute, and by its id."""
    for name, key in (("get_user: found", case.key), ("get_user: found by id", case.user_id)):
        told = case.ask(name, _look_up(key), faults=faults)
        no_write(told, "a look-up only reads")
        yield told


def _look_up(key: MatchKey | UserId) -> Operation:
    return lambda calls: calls.get_user(key)


def _create(case: Case, faults: tuple[Scripted, ...]) -> Told:
    return case.ask(
        "create_user: created",
        lambda calls: calls.create_user(case.user),
        faults=faults,
        faults_meet_writes=True,
    )
