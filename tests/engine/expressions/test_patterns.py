"""Replace with regular expressions: what .NET means by them, and the bound on their work."""

import re
from contextlib import suppress
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.engine.expressions import ExpressionError
from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.pattern_matching import compiled

MEANINGS = (
    ("(?<first>\\\\w+) (\\\\w+)", "$1 ${first} $2", "Ada Lovelace", "Lovelace Ada Ada"),
    ("(?'q'a)", "<${q}>", "bab", "b<a>b"),
    ("a", "$$1 $& $0 $x $", "a", "$1 a a $x $"),
    ("(a)|(b)", "[$1$2]", "ab", "[a][b]"),
    ("x*", "-", "abx", "-a-b--"),
    ("(?i)ADA", "x", "ada", "x"),
    ("(?ms)^.$", "x", "a\nb", "x\nx"),
    ("a\\\\z", "x", "a\n", "a\n"),
    ("a\\\\Z", "x", "a\n", "x\n"),
    ("\\\\Aa", "x", "aa", "xa"),
    ("a{,3}", "x", "a{,3}", "x"),
    ("(?<=@).+", "x", "a@b", "a@x"),
    ("(?<!@)b", "x", "@bb", "@bx"),
    ("a(?!b)", "x", "abac", "abxc"),
    ("(?=(b))", "$1", "ab", "abb"),
    ("(\\\\w)\\\\1", "x", "aab", "xb"),
    ("(?<l>\\\\w)\\\\k<l>", "x", "aab", "xb"),
    ("(?:ab)+?", "x", "ababc", "xxc"),
    ("(a+)+$", "x", "aaa", "x"),
    ("[^a-c\\\\]]", "x", "abd]", "abx]"),
    ("[]a]", "x", "]b", "xb"),
    ("[\\\\b\\\\t-]", "x", "\b-\t", "xxx"),
    ("\\\\x41\\\\u0042\\\\.", "x", "AB.", "x"),
    ("[\\\\/\\\\[\\\\]\\\\:\\\\;\\\\|\\\\=,+*?<>]", "", "a/b[c]d:e", "abcde"),
    ("(\\\\.)*$", "", "name..", "name"),
)
GROUPS = (
    ("(?<n>\\\\d+)-(?<m>\\\\d+)", "n", "1-2 3-4", "x-2 x-4"),
    ("(?<n>a)|b", "n", "ab", "xb"),
    ("(a)(?<n>b)", "1", "ab", "xb"),
    ("(?=(?<n>ab))a", "n", "ab", "x"),
)
EXPONENTIAL = (
    "(a+)+$",
    "^(a|a)*$",
    "(a|aa)+$",
    "(.*)(.*)(.*)(.*)(.*)x",
    "(a?){1}(a+)+b",
    "(?=(a+)+b)a",
)


@pytest.mark.parametrize(
    ("pattern", "new", "text", "expected"), MEANINGS, ids=[r[0] for r in MEANINGS]
)
def test_pattern_means_what_it_means_in_dotnet(value_of, pattern, new, text, expected):
    assert value_of(f'Replace([x], , "{pattern}", , "{new}")', {"x": text}) == expected


@pytest.mark.parametrize(
    ("pattern", "group", "text", "expected"), GROUPS, ids=[r[0] for r in GROUPS]
)
def test_only_the_group_is_replaced(value_of, pattern, group, text, expected):
    assert value_of(f'Replace([x], , "{pattern}", "{group}", "x")', {"x": text}) == expected


def test_group_is_taken_from_the_other_attribute(value_of):
    text = 'Replace([a], , "(?<n>[0-9]+)(z)?", "n", , [b])'

    assert value_of(text, {"b": "x12y34"}) == "12"
    assert value_of(text, {"b": "none"}) is None
    assert value_of(text.replace('"n"', '"1"'), {"b": "1"}) is None


@pytest.mark.parametrize("pattern", EXPONENTIAL)
@pytest.mark.parametrize("length", [30, 60_000])
def test_no_pattern_hangs(value_of, pattern, length):
    begun = monotonic()

    with suppress(ExpressionError):
        value_of(f'Replace([x], , "{pattern}", , "y")', {"x": "a" * length + "!"})

    assert monotonic() - begun < 5


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_short_texts_are_within_the_bound(value_of, pattern):
    text = f'Replace([x], , "{pattern}", , "y")'

    assert value_of(text, {"x": "a" * 30 + "!"}) == "a" * 30 + "!"


def test_many_patterns_in_one_expression_share_one_bound(value_of):
    one = 'Replace([x], , "(a+)+$", , "y")'
    begun = monotonic()

    with pytest.raises(ExpressionError, match="too long for this expression"):
        value_of("Join(1" + f", {one}" * 300 + ")", {"x": "a" * 5_000 + "!"})

    assert monotonic() - begun < 5


def patterns():
    pieces = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\b", "^", "$", r"\d", "\n"])
    return st.recursive(pieces, extend, max_leaves=6)


def extend(inner):
    quantifiers = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "*?", "+?", "??", "{0,2}?"])
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, quantifiers).map(lambda both: f"(?:{both[0]}){both[1]}"),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"(?={one})"),
        inner.map(lambda one: f"(?!{one})"),
    )


@settings(deadline=None)
@given(
    pattern=patterns(), flags=st.sampled_from(["", "(?i)", "(?s)", "(?m)"]), text=st.text("abA1\n")
)
def test_both_matchers_find_the_same(pattern, flags, text):
    try:
        regex = compiled(flags + pattern)
    except Failure:
        return

    steps = regex._with_steps(text, 0, lambda _: None)
    expected = re.search(flags + pattern, text)

    assert regex._with_re(text, 0, lambda _: None) == steps
    assert (steps and steps[:2]) == (expected and expected.span())


HEAVY = {
    "blanks in every division": (
        f'FormatDateTime([x], "AllowInnerWhite", "yyyy{" " * 12}MM", "yyyy")',
        {"x": "2020" + " " * 48 + "x"},
    ),
    "a large separator": ("Join([s], [m], [m], [m])", {"s": "x" * 33_000, "m": ("a",) * 32_000}),
    "many references": (
        f'Replace([x], , "a(b)?", , "{"$1" * 4900}", , )',
        {"x": "a" * 60_000},
    ),
}


@pytest.mark.parametrize(("text", "values"), HEAVY.values(), ids=HEAVY)
def test_what_would_take_too_much_is_refused_in_time(value_of, text, values):
    begun = monotonic()

    with pytest.raises(ExpressionError):
        value_of(text, values)

    assert monotonic() - begun < 5


@pytest.mark.parametrize("blanks", [0, 1, 3, 8])
def test_blanks_of_the_format_may_be_more(value_of, blanks):
    text = 'FormatDateTime([x], "AllowInnerWhite", "yyyy MM", "yyyy-MM")'

    assert value_of(text, {"x": "2020 " + " " * blanks + "05"}) == "2020-05"


def test_more_ways_than_a_number_can_tell_are_no_error(value_of):
    text = f'Replace([x], , "{"a*" * 310}(?:a|ab)+x", , "", , )'

    assert value_of(text, {"x": "b" * 10}) == "b" * 10
