"""Regular expressions of filters: they always end, and find what Python's own engine finds."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.engine.scope.patterns import LONGEST_TEXT, Pattern

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\.", "é"])
COUNTS = st.sampled_from(["", "", "+", "{2}", "{1,2}", "+?", "?"])
COUNTED = st.tuples(ATOMS, COUNTS).map("".join)
PATTERNS = st.recursive(
    COUNTED | st.sampled_from(["^", "$", r"\b"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.tuples(inner, inner).map("|".join)
        | inner.map("({})".format)
        | inner.map("(?:{})".format)
    ),
    max_leaves=6,
)
TEXTS = st.text("ab1. é\n", max_size=8)


@given(pattern=PATTERNS, text=TEXTS)
def test_what_is_found_is_what_python_finds(pattern, text):
    assert Pattern(pattern).matches(text) == bool(re.search(pattern, text))


@given(pattern=PATTERNS, text=TEXTS)
def test_an_anchored_pattern_matches_the_whole_text(pattern, text):
    assert Pattern(pattern, anchored=True).matches(text) == bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a|a)+$",
        r"(a|aa)+b",
        r"(?:a?){1}a{30}$",
        r"a*a*a*a*a*a*b",
        r"(.*)(.*)(.*)(.*)c",
    ],
)
@pytest.mark.parametrize("anchored", [False, True])
def test_a_pattern_that_ruins_others_ends_in_time(pattern, anchored):
    began = time.perf_counter()

    Pattern(pattern, anchored=anchored).matches("a" * (LONGEST_TEXT - 1) + "!")

    assert time.perf_counter() - began < 2


REFUSED = {
    "(": "a ( that is never closed",
    r"(a)\1": "refers back to a group",
    r"x|(?:(a)\1)+": "refers back to a group",
    "(?=a)": "looks around",
    "(?:(?<!a)b)+": "looks around",
    "(?>a)": "a construct that is not supported",
    "a++": "two quantifiers side by side",
    "(a*)*": "repeats something that may be empty",
    "(" * 22 + ")" * 22: "nests groups more than 20 deep",
    "(?:a|a.){0,600}b": "takes too long",
    "(?:(?=(?:(?=a{1000})b){1000})c){1000}": "too large once its repetitions are counted out",
    "((a{60}){60}){60}": "too large once its repetitions are counted out",
    "a" * 1001: "longer than 1000 characters",
}


@pytest.mark.parametrize(("pattern", "words"), REFUSED.items(), ids=lambda text: text[:20])
def test_what_has_no_bound_is_refused(pattern, words):
    with pytest.raises(ValueError) as caught:
        Pattern(pattern)

    assert words in str(caught.value)


def test_a_text_that_is_too_long_matches_nothing():
    assert Pattern("a").matches("a" * LONGEST_TEXT)
    assert not Pattern("a").matches("a" * (LONGEST_TEXT + 1))


@pytest.mark.parametrize("anchored", [False, True])
def test_case_counts_unless_the_pattern_says_otherwise(anchored):
    assert not Pattern("sales", anchored=anchored).matches("Sales")
    assert Pattern("(?i)sales|hr", anchored=anchored).matches("HR")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(r"[]x]", "]"), (r"a\Bb", "ab"), (r"[\]a]+$", "]a"), (r"\x41", "A"), (r"(?<n>a)", "a")],
)
def test_classes_and_escapes_are_read_to_their_end(pattern, text):
    assert Pattern(pattern).matches(text)
