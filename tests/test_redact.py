"""No known secret survives the redactor, in any form a message may hold it."""

import base64
import json
import threading
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.redact import MARK, Redactor, without_tokens

SECRET = 'p/a+ss"w=rd'
SECRETS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="[]secrt"),
    min_size=4,
    max_size=40,
)


@given(SECRETS, SECRETS, st.text(), st.text())
def test_text_never_holds_a_known_secret(first, second, before, after):
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
    assert Redactor([SECRET]).redact(f"said {form}").replace("=", "") == f"said {MARK}"


def test_longer_secret_that_holds_a_shorter_goes_as_a_whole():
    assert Redactor(["abcd", "abcd-efgh"]).redact("abcd-efgh") == MARK


def test_short_values_do_not_blank_out_words():
    assert Redactor(["a", "the", ""]).redact("the cat") == "the cat"


def test_secrets_added_at_once_by_many_threads_are_all_known():
    redactor, secrets = Redactor(), [f"secret-{i:04}-value" for i in range(200)]
    threads = [threading.Thread(target=redactor.add, args=(secret,)) for secret in secrets]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert "value" not in redactor.redact(" ".join(secrets))


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
def test_secret_is_found_in_any_letter_case(change):
    assert Redactor(["Pa-Ss-Word-1"]).redact(change("at Pa-Ss-Word-1.example.com")) == change(
        "at @.example.com"
    ).replace("@", MARK)


@pytest.mark.parametrize(
    "form",
    [
        "p%2fa%2bss%22w%3drd",
        "p%2Fa%2Bss%22w%3Drd",
        "p%252fa%252bss%2522w%253Drd",
        "p\\u002fa+ss\\u0022w=rd",
        "p/a+ss&quot;w=rd",
        "p&#47;a+ss&#x22;w&#X3d;rd",
        "%70%2f%61%2b%73%73%22%77%3d%72%64",
    ],
)
def test_secret_is_found_however_its_characters_are_escaped(form):
    assert Redactor([SECRET]).redact(f"said {form}.") == f"said {MARK}."


def test_secrets_that_overlap_leave_no_piece_of_either():
    assert Redactor(["abcdef", "defghi"]).redact("xabcdefghiy") == f"x{MARK}y"


def test_the_beginning_of_a_text_is_cut_after_its_secrets_are_out():
    redactor = Redactor(["a-secret-of-some-length"])

    assert redactor.start_of("x" * 5 + "a-secret-of-some-length", 20) == "x" * 5 + MARK
    assert redactor.start_of("x" * 15 + "a-secret-of-some-length", 20) == "x" * 15 + MARK[:5]
    assert redactor.start_of("x" * 5000, 20) == "x" * 20


def test_of_many_renewed_tokens_the_newest_and_the_settings_are_known():
    redactor = Redactor(["of-the-settings"])

    for number in range(2000):
        redactor.add(f"token-{number:05}")

    assert redactor.redact("of-the-settings token-01999 token-01700") == " ".join([MARK] * 3)


def test_what_looks_like_a_token_is_told_from_words_and_ids():
    kept = "invalid_client 0f8fad5b-d9cb-469f-a165-70867728950e https://a.example/v2/long-name-here"

    assert without_tokens(kept) == kept
    assert without_tokens("got eyJhbGciOiJIUzI1NiJ9.e30.x, sorry") == f"got {MARK}.e30.x, sorry"
