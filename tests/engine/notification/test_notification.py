"""What is news, and in which words."""

import json
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clock import START
from support.news import HOUR, REFUSED, TOO_MANY, disabled, healthy, held, quarantined

from jackfield.engine.model.hold import Hold
from jackfield.engine.model.plan import Step
from jackfield.engine.notification.events import (
    MOST_NAMES,
    QuarantineReasonChanged,
    RemovalsHeld,
    as_told,
    is_news,
    render,
)
from jackfield.redact import Redactor

CANARY = "canary-7f3a9c"


def told(event):
    return event.told_by("mail")


LATER = START + HOUR
CASES = {
    "first quarantine": (quarantined(), None, True),
    "the same again": (quarantined(at=LATER), quarantined(), False),
    "another reason": (quarantined(TOO_MANY), quarantined(), True),
    "another error of one reason": (quarantined(error="503"), quarantined(), False),
    "another series": (quarantined(series_began_at=LATER), quarantined(), True),
    "a beginning stored without fractions": (
        quarantined(series_began_at=START.replace(microsecond=5)),
        quarantined(),
        False,
    ),
    "anew after it was lifted": (quarantined(), healthy(), True),
    "lifted": (healthy(), quarantined(), True),
    "lifted twice": (healthy(), healthy(), False),
    "healthy from the beginning": (healthy(), None, False),
    "switched off": (disabled(), quarantined(), True),
    "switched off, untold before": (disabled(), None, True),
    "switched off twice": (disabled(), disabled(), False),
    "quarantine of a job that is off": (quarantined(TOO_MANY), disabled(), False),
    "enabled": (healthy(), disabled(), True),
    "removals held": (held(), None, True),
    "the same people held": (held(at=LATER, reason="in other words"), held(), False),
    "other people held": (held("ba9876543210"), held(), True),
    "held during a quarantine": (held(), quarantined(), True),
    "another job": (quarantined(job="other"), quarantined(), True),
    "another healthy job": (healthy("other"), quarantined(), False),
}


@pytest.mark.parametrize(("event", "last", "expected"), CASES.values(), ids=CASES.keys())
def test_news_is_what_was_not_told_yet(event, last, expected):
    assert is_news(event, last and told(last)) is expected


def test_a_second_reason_is_told_as_a_change():
    event = as_told(quarantined(TOO_MANY), told(quarantined()))

    assert isinstance(event, QuarantineReasonChanged)
    assert "another reason" in words(event).subject


def test_a_reason_after_a_lifted_quarantine_is_told_as_a_beginning():
    assert as_told(quarantined(TOO_MANY), told(healthy())).kind == "quarantine.entered"


def words(event, last=None, redactor=None):
    return render(event, last, redactor or Redactor())


@pytest.mark.parametrize("event", [quarantined(), disabled(), healthy(), held()], ids=type)
def test_every_message_names_the_job_in_subject_text_and_document(event):
    message = words(event)

    assert "calls" in message.subject
    assert "calls" in message.text
    assert message.document["type"] == event.kind
    assert message.document["data"]["job"] == "calls"


def test_a_quarantine_is_told_with_reason_error_and_next_attempt():
    text = words(quarantined()).text

    assert f"refuses the job as a whole ({REFUSED})" in text
    assert "Error: the vendor refuses the credentials" in text
    assert "2026-11-20 18:00 UTC" in text


def test_a_hold_is_told_with_count_reason_word_and_command():
    message = words(held())

    assert "40 removals are held" in message.subject
    assert "40 of 50 people" in message.text
    assert "jackfield run calls --approve 0123456789ab" in message.text
    assert message.document["data"]["count"] == 40
    assert message.document["data"]["approval"] == "0123456789ab"


def test_a_hold_names_few_people_in_the_mail_and_none_in_the_document():
    message = words(held())

    assert message.text.count("@example.com") == MOST_NAMES
    assert "and 30 more" in message.text
    assert "@example.com" not in json.dumps(message.document)


def test_a_hold_becomes_an_event_with_its_count_and_first_people():
    steps = tuple(
        Step(action="disable", source_id=str(i), user_name=f"p{i}", place="", reason="left")
        for i in range(12)
    )

    event = RemovalsHeld.of(
        Hold(steps, "everybody would lose access", "abc"), job="calls", at=START, command=("x",)
    )

    assert (event.count, event.approval, event.people[-1]) == (12, "abc", "p9")


def test_a_secret_in_an_error_is_in_no_part_of_a_message():
    message = words(quarantined(error=f"Bearer {CANARY}: 401"), redactor=Redactor([CANARY]))

    assert CANARY not in message.subject + message.text + json.dumps(message.document)
    assert "[secret]" in message.text


def test_a_secret_is_removed_before_a_long_text_is_cut():
    error = "x" * 995 + CANARY

    assert "canary" not in words(quarantined(error=error), redactor=Redactor([CANARY])).text


@given(hostile=st.text(max_size=60))
def test_foreign_text_never_makes_a_line_of_its_own(hostile):
    event = quarantined(f"a{hostile}", job=f"j{hostile}", error=hostile)
    message, plain = words(event), words(quarantined("a", job="j", error=""))

    assert not {character for character in message.subject if category(character)[0] == "C"}
    assert len(message.subject.splitlines()) == 1
    assert len(message.text.splitlines()) == len(plain.text.splitlines())


@given(hostile=st.text(min_size=1, max_size=60))
def test_names_and_commands_never_make_a_line_of_their_own(hostile):
    event = held(people=(f"a{hostile}",), command=("jackfield", "--config", hostile))
    plain = held(people=("a",), command=("jackfield",))

    assert len(words(event).text.splitlines()) == len(words(plain).text.splitlines())


def test_letters_of_every_script_stay():
    assert "Zoë Müller 田中" in words(held(people=("Zoë Müller 田中",))).text


def test_a_flood_of_text_is_cut():
    assert len(words(quarantined(error="x" * 1_000_000)).text) < 3000


def test_the_id_stays_for_another_attempt_and_changes_with_the_news():
    """A reason that comes back is news with an id of its own, or a mailbox would drop it."""
    first, second = quarantined(), quarantined(TOO_MANY, at=LATER)
    back = quarantined(at=LATER + HOUR)
    ids = [words(first), words(second, told(first)), words(back, told(second))]

    assert words(quarantined(at=LATER)).id == ids[0].id
    assert len({message.id for message in ids}) == 3
