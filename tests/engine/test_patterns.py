"""Searches that always end, and find what Python's own engine finds."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.engine.patterns import LONGEST_PATTERN, LONGEST_TEXT, Pattern

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\.", "^", "$", r"\b", "é"])
COUNTS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "{,2}", "*?", "+?"])
COUNTED = st.tuples(ATOMS, COUNTS).map("".join)
PATTERNS = st.recursive(
    COUNTED,
    lambda inner: (
        st.lists(inner, max_size=3).map("".join)
        | st.tuples(inner, inner).map("|".join)
        | st.tuples(inner, COUNTS).map(lambda pair: f"({pair[0]}){pair[1]}")
        | inner.map("(?:{})".format)
    ),
    max_leaves=6,
)


def is_right(pattern: str) -> bool:
    try:
        return bool(re.compile(pattern))
    except re.error:
        return False


RIGHT = PATTERNS.filter(is_right)
TEXTS = st.text("ab1. é\n", max_size=8)


@given(pattern=RIGHT, text=TEXTS)
def test_what_is_found_is_what_python_finds(pattern, text):
    assert Pattern(pattern).matches(text) == bool(re.search(pattern, text))


@given(pattern=RIGHT, text=TEXTS)
def test_an_anchored_pattern_matches_the_whole_text(pattern, text):
    assert Pattern(pattern, anchored=True).matches(text) == bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|a)*$", r"(a*)*b", r"(?:a?){30}a{30}$", r"a*a*a*a*a*a*b", r"(.*)(.*)(.*)(.*)c"],
)
def test_a_pattern_that_ruins_others_ends_in_time(pattern):
    began = time.perf_counter()

    Pattern(pattern).matches("a" * (LONGEST_TEXT - 1) + "!")

    assert time.perf_counter() - began < 2


REFUSED = {
    "(": "the pattern is wrong: missing )",
    r"(a)\1": "\\1",
    "(?=a)": "the group",
    "(?<!a)b": "the group",
    "(?P<n>a)": "the group",
    "(?>a)": "the group",
    "a++": "the possessive count",
    r"\Aa": "\\A",
    r"[[a]": "the pattern is wrong: Possible nested set",
    "(" * 21 + ")" * 21: "groups more than 20 deep",
    "((a{60}){60}){60}": "the pattern is too large",
    "a" * (LONGEST_PATTERN + 1): "the pattern has 257 characters, at most 256",
}


@pytest.mark.parametrize(("pattern", "words"), REFUSED.items(), ids=lambda text: text[:20])
def test_what_no_automaton_can_do_is_refused(pattern, words):
    with pytest.raises(ValueError) as caught:
        Pattern(pattern)

    assert words in str(caught.value)


def test_a_text_that_is_too_long_matches_nothing():
    assert Pattern("a").matches("a" * LONGEST_TEXT)
    assert not Pattern("a").matches("a" * (LONGEST_TEXT + 1))


def test_case_counts_unless_the_pattern_says_otherwise():
    assert not Pattern("sales").matches("Sales")
    assert Pattern("(?i)sales|hr").matches("HR")


@pytest.mark.parametrize(
    ("pattern", "text"), [(r"[]x]", "]"), (r"a\Bb", "ab"), (r"[\]a]+$", "]a"), (r"\x41", "A")]
)
def test_classes_and_escapes_are_read_to_their_end(pattern, text):
    assert Pattern(pattern).matches(text)


def test_a_long_run_forgets_what_it_remembered():
    pattern = Pattern(r"\w\d{3}")

    found = [pattern.matches(chr(0x4E00 + number)) for number in range(6000)]

    assert not any(found)
