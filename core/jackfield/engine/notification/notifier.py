"""Tells people what is so of a job, over every channel that the configuration names.

The caller says what is so, as often as it likes, and stores what was told; that makes a failed
delivery be tried again, over the channel that failed alone:

    told = stored records of the job
    delivery = notifier.deliver(events, told)
    store delivery.told in place of those with the same job, channel and topic
    report delivery.errors, and go on

In quarantine the events are `QuarantineEntered`, made from the stored state; in health
`QuarantineLifted`; with a hold also `RemovalsHeld`. Where a plan was made and nothing is held any
more, the caller forgets the records of the topic "removals": the same people held anew are news.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self, TypeVar

from pydantic import BaseModel, ValidationError

from jackfield.engine.model.told import LastTold
from jackfield.engine.notification.events import (
    Event,
    Message,
    NotDelivered,
    as_told,
    is_news,
    render,
)
from jackfield.engine.notification.mail import Mail, MailSettings
from jackfield.engine.notification.webhook import Webhook, WebhookSettings
from jackfield.engine.problems import first_problem, place, sentence
from jackfield.errors import ConfigurationError
from jackfield.redact import Redactor
from jackfield.references import Given, resolve_references

_Settings = TypeVar("_Settings", bound=BaseModel)


class Channel(Protocol):
    """A way to reach people. `name` keeps apart what each channel has told."""

    @property
    def name(self) -> str: ...

    def send(self, message: Message) -> tuple[str, ...]:
        """Deliver, and return what to complain of though it was delivered.

        Raises: NotDelivered.
        """


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """`[notifications]`: the channels that are set up."""

    mail: MailSettings | None = None
    webhook: WebhookSettings | None = None


def notification_settings(
    mail: Mapping[str, object] | None, webhook: Mapping[str, object] | None, folder: Path
) -> NotificationSettings:
    """Return the checked settings, their references resolved; `folder` begins relative paths.

    Raises: ConfigurationError beginning with the table and key at fault, never a value.
    """
    return NotificationSettings(
        mail=None if mail is None else _checked("mail", MailSettings, mail, folder),
        webhook=None if webhook is None else _checked("webhook", WebhookSettings, webhook, folder),
    )


def _checked(
    table: str, model: type[_Settings], given: Mapping[str, object], folder: Path
) -> _Settings:
    given = Given(given)
    try:
        return model.model_validate(resolve_references(given, folder))
    except ConfigurationError as error:
        wrong = f"{table}.{error}"
    except ValidationError as error:
        problem = first_problem(error)
        said = sentence(problem, model.model_fields)
        where = ".".join(filter(None, (table, place(problem["loc"]))))
        wrong = f"{where}: {said}"
    # Out of the handler: the frames of what was raised hold the values.
    raise ConfigurationError(wrong)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was told just now, to be stored, and what failed, to be reported; never an error."""

    told: tuple[LastTold, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notifier:
    """Every channel, and the redactor through which all they say passes."""

    channels: Sequence[Channel]
    redactor: Redactor = field(default_factory=Redactor, repr=False)

    @classmethod
    def open(cls, settings: NotificationSettings, redactor: Redactor | None = None) -> Self:
        """Return the notifier of these settings; nothing is connected to yet."""
        redactor = redactor or Redactor()
        channels: list[Channel] = []
        if settings.mail is not None:
            channels.append(Mail(settings.mail, redactor))
        if settings.webhook is not None:
            channels.append(Webhook(settings.webhook, redactor))
        return cls(tuple(channels), redactor)

    def deliver(self, events: Iterable[Event], told: Iterable[LastTold]) -> Delivery:
        """Tell what is news. Raises nothing: no message is worth a cycle.

        A channel that fails is not tried with the other events, so that each costs one time-out.
        """
        events = tuple(events)
        known = {(last.job, last.channel, last.topic): last for last in told}
        news: dict[tuple[str, str, str], LastTold] = {}
        errors: list[str] = []
        for channel in self.channels:
            for event in events:
                key = (event.job, channel.name, event.topic)
                last = news.get(key, known.get(key))
                if not is_news(event, last):
                    continue
                error = self._tell(channel, as_told(event, last), last, errors)
                if error:
                    errors.append(error)
                    break
                news[key] = as_told(event, last).told_by(channel.name)
        return Delivery(tuple(news.values()), tuple(errors))

    def _tell(
        self, channel: Channel, event: Event, last: LastTold | None, complaints: list[str]
    ) -> str:
        """Return why it was not delivered, or nothing."""
        try:
            message = render(event, last, self.redactor)
            said = channel.send(message)
        except NotDelivered as error:
            return f"{channel.name}: not delivered: {self.redactor.redact(str(error))}"
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop a cycle either
            return f"{channel.name}: not delivered: {type(error).__name__}"
        complaints += (f"{channel.name}: {self.redactor.redact(text)}" for text in said)
        return ""
