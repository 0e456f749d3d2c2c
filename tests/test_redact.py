"""No known secret survives the redactor, in any form a message may hold it."""

import base64
import json
import threading
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.redact import MARK, Redactor

SECRET = 'p/a+ss"w=rd'
SECRETS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="[]secrt"),
    min_size=4,
    max_size=40,
)


@given(SECRETS, SECRETS, st.text(), st.text())
def test_text_never_holds_a_known_secret(first, second, before, after):
    """J1."""
    redacted = Redactor([first, second]).redact(before + first + second + after)

    assert first not in redacted
    assert second not in redacted


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_secret_is_found_in_the_forms_it_travels_in(form):
    """J1."""
    assert Redactor([SECRET]).redact(f"said {form}").replace("=", "") == f"said {MARK}"


def test_longer_secret_that_holds_a_shorter_goes_as_a_whole():
    assert Redactor(["abcd", "abcd-efgh"]).redact("abcd-efgh") == MARK


def test_short_values_do_not_blank_out_words():
    assert Redactor(["a", "the", ""]).redact("the cat") == "the cat"


def test_secrets_added_at_once_by_many_threads_are_all_known():
    """J2."""
    redactor, secrets = Redactor(), [f"secret-{i:04}-value" for i in range(200)]
    threads = [threading.Thread(target=redactor.add, args=(secret,)) for secret in secrets]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert "value" not in redactor.redact(" ".join(secrets))
