"""What people are told of a job as a whole: when, in which words, and never twice.

Nobody is told of single people's failures; the log has them. Everything here is pure: channels
deliver, `notifier` puts them together. Source: Microsoft Entra, "Application provisioning in
quarantine status" and "Accidental deletions" (read 2026-11-20): one mail when a job enters
quarantine, another only when the reason changes, one when removals are held.
"""

import datetime as dt
import hashlib
import shlex
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, TypeAlias

from jackfield.engine.health.quarantine import ON_DEMAND
from jackfield.engine.model.hold import Hold
from jackfield.engine.model.told import Kind, LastTold, Topic
from jackfield.errors import ProvisioningError
from jackfield.redact import Redactor

MOST_NAMES = 10
"""How many people one mail names at most; the others are counted."""

_LONGEST_LINE = 1000
_LONGEST_SUBJECT = 150


class NotDelivered(ProvisioningError):
    """A notification was not accepted, or nobody knows whether it was."""

    next_step = "it is sent again with the next cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is so of one job at an instant, aware UTC.

    Two events of one `kind`, `reason` and `series` are the same news.
    """

    kind: ClassVar[Kind]
    topic: ClassVar[Topic] = "quarantine"

    job: str
    at: dt.datetime
    reason: str = ""

    @property
    def series(self) -> str:
        return ""

    def told_by(self, channel: str) -> LastTold:
        """Return the record of this event as a channel has delivered it."""
        return LastTold(
            job=self.job,
            channel=channel,
            topic=self.topic,
            kind=self.kind,
            reason=self.reason,
            series=self.series,
            at=self.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unhealthy(Event):
    error: str
    series_began_at: dt.datetime

    @property
    def series(self) -> str:
        return self.series_began_at.astimezone(dt.UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineEntered(_Unhealthy):
    """The job is slowed down. `reason` is Microsoft's word, `error` a sentence."""

    kind = "quarantine.entered"

    next_attempt_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineReasonChanged(_Unhealthy):
    """The job is still slowed down, for another reason than people were told."""

    kind = "quarantine.reason_changed"

    next_attempt_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDisabled(_Unhealthy):
    """The job is switched off after 28 days in quarantine, or by a person."""

    kind = "job.disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLifted(Event):
    """The job is healthy. News only to those who were told that it was not."""

    kind = "quarantine.lifted"

    told_series: str = ""

    @property
    def series(self) -> str:
        return self.told_series


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalsHeld(Event):
    """The guard holds `count` removals; `command` lets exactly these pass.

    `reason` is a sentence, `people` the first of those concerned.
    """

    kind = "removals.held"
    topic = "removals"

    count: int
    approval: str
    command: tuple[str, ...]
    people: tuple[str, ...] = ()

    @classmethod
    def of(cls, hold: Hold, *, job: str, at: dt.datetime, command: tuple[str, ...]) -> Self:
        """Return the event of a hold."""
        return cls(
            job=job,
            at=at,
            reason=hold.reason,
            count=len(hold.steps),
            approval=hold.approval,
            command=command,
            people=tuple(step.user_name for step in hold.steps[:MOST_NAMES]),
        )

    @property
    def series(self) -> str:
        return self.approval


def is_news(event: Event, last: LastTold | None) -> bool:
    """Say whether people have yet to be told, `last` being what they know of this topic."""
    if last is None or (last.job, last.topic) != (event.job, event.topic):
        return not isinstance(event, QuarantineLifted)
    if isinstance(event, QuarantineLifted):
        return last.kind != event.kind
    if last.kind == "quarantine.lifted" or last.series != event.series:
        return True
    if isinstance(event, RemovalsHeld) or last.kind == "job.disabled":
        return False
    return isinstance(event, JobDisabled) or last.reason != event.reason


def as_told(event: Event, last: LastTold | None) -> Event:
    """Return news in the form that fits what people know: a second reason is a change of it."""
    if last is None or (last.job, last.topic) != (event.job, event.topic):
        return event
    if isinstance(event, QuarantineLifted):
        return replace(event, told_series=last.series)
    is_known = last.series == event.series and last.kind != "quarantine.lifted"
    if isinstance(event, QuarantineEntered) and is_known:
        return QuarantineReasonChanged(
            job=event.job,
            at=event.at,
            reason=event.reason,
            error=event.error,
            series_began_at=event.series_began_at,
            next_attempt_at=event.next_attempt_at,
        )
    return event


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One piece of news, ready for every channel; all its text is printable and redacted.

    `id` is the same for every attempt to deliver this news, so that a receiver can drop a second
    copy. `document` is its JSON form, which names nobody.
    """

    id: str
    at: dt.datetime
    subject: str
    text: str = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)


def render(event: Event, last: LastTold | None, redactor: Redactor) -> Message:
    """Return the words for an event."""

    def show(text: object) -> str:
        return shown(text, redactor)

    headline = _headline(event)
    subject = shown(f"Jackfield: {event.job}: {headline}", redactor, _LONGEST_SUBJECT)
    paragraphs = [f"{show(event.job)}: {headline}.", *_paragraphs(event, show)]
    return Message(
        id=_id(event, last),
        at=event.at,
        subject=subject,
        text="\n\n".join(paragraphs) + "\n",
        document={
            "type": event.kind,
            "timestamp": event.at.astimezone(dt.UTC).isoformat(),
            "data": {"job": show(event.job), "summary": subject, **_data(event, show)},
        },
    )


def shown(text: object, redactor: Redactor, most: int = _LONGEST_LINE) -> str:
    """Return foreign text as one line: no secret, no control or invisible character, no flood."""
    line = redactor.start_of(str(text), most + 1)
    line = line if len(line) <= most else line[:most] + "…"
    return "".join(character if _is_shown(character) else _escaped(character) for character in line)


def _is_shown(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _id(event: Event, last: LastTold | None) -> str:
    """Return what stays the same until the event was told: a reason may come back later."""
    before = last.at.astimezone(dt.UTC).isoformat(timespec="seconds") if last else ""
    parts = (event.job, event.kind, event.reason, event.series, before)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()[:32]


_Show: TypeAlias = Callable[[object], str]

_REASONS: Mapping[str, str] = {
    "EncounteredQuarantineException": "the vendor or the source refuses the job as a whole",
    "EncounteredEscrowProportionThreshold": "too large a part of the people failed",
    "EncounteredBaseEscrowThreshold": "too many people failed",
    "EncounteredTotalEscrowThreshold": "too many people failed, references included",
    "TooManyDeletes": "too many people would lose access",
    "QuarantinedOnDemand": "a person asked for it",
}


def _headline(event: Event) -> str:
    match event:
        case QuarantineEntered():
            return "in quarantine"
        case QuarantineReasonChanged():
            return "in quarantine for another reason"
        case JobDisabled(reason=reason):
            is_paused = reason == ON_DEMAND
            return "paused" if is_paused else "switched off after 28 days in quarantine"
        case RemovalsHeld(count=count):
            people = "1 removal is" if count == 1 else f"{count} removals are"
            return f"{people} held until a person approves"
        case _:
            return "quarantine lifted"


def _paragraphs(event: Event, show: _Show) -> list[str]:
    match event:
        case QuarantineEntered() | QuarantineReasonChanged():
            next_at = _instant(event.next_attempt_at)
            return [
                _why(event, show),
                f"It runs more rarely until a cycle succeeds; the next attempt is at {next_at}.",
                "28 days after the first failure it is switched off.",
                "Another message follows only when the reason changes or the quarantine ends.",
            ]
        case JobDisabled():
            return [
                _why(event, show),
                "It does not run any more. Remove the cause, then restart the job.",
            ]
        case RemovalsHeld():
            return _hold(event, show)
        case _:
            return ["The job is healthy and runs at its usual interval again."]


def _why(event: _Unhealthy, show: _Show) -> str:
    words = _REASONS.get(event.reason)
    reason = f"{words} ({event.reason})" if words else show(event.reason)
    since = _instant(event.series_began_at)
    return f"Since: {since}\nReason: {reason}\nError: {show(event.error)}"


def _hold(event: RemovalsHeld, show: _Show) -> list[str]:
    names = [f"  - {show(name)}" for name in event.people[:MOST_NAMES]]
    if names and event.count > len(names):
        names.append(f"  and {event.count - len(names)} more")
    command = f"To let exactly these people pass:\n\n  {show(shlex.join(event.command))}"
    paragraphs = [
        f"Reason: {show(event.reason)}",
        "\n".join(["Who would lose access:", *names]) if names else "",
        "Their access stays; creates and updates go on.",
        f"Where this is a mistake, repair the source. {command}",
        f"The approval word is {show(event.approval)}; one person more, and all are held again.",
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def _data(event: Event, show: _Show) -> dict[str, Any]:
    data: dict[str, Any] = {"reason": show(event.reason)} if event.reason else {}
    if isinstance(event, _Unhealthy):
        data |= {"error": show(event.error), "seriesBegan": event.series}
    if isinstance(event, QuarantineEntered | QuarantineReasonChanged):
        data["nextAttempt"] = event.next_attempt_at.astimezone(dt.UTC).isoformat()
    if isinstance(event, RemovalsHeld):
        data |= {
            "count": event.count,
            "approval": show(event.approval),
            "command": show(shlex.join(event.command)),
        }
    return data


def _instant(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
