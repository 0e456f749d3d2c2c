"""Text of others cannot act on a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.cli.text import LONGEST_VALUE, printable, value

DANGEROUS = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jada", r"\x1b[2Jada"),
        ("\x9b31m", r"\x9b31m"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u2028b", r"a\u2028b"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("Zoë Łuk 李 Ω א", "Zoë Łuk 李 Ω א"),
        ("a\u00a0b", "a\u00a0b"),
        ("[red]bold[/red]", "[red]bold[/red]"),
    ],
)
def test_what_acts_is_visible_and_what_reads_stays(text, shown):
    assert printable(text) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_keeps_a_dangerous_character(text):
    assert not {unicodedata.category(character) for character in printable(text)} & DANGEROUS


@given(st.text(st.characters(exclude_categories=())))
def test_printable_text_stays_as_it_is(text):
    assert printable(printable(text)) == printable(text)


def test_values_tell_text_from_nothing():
    assert [value(given) for given in ("", None, False, "a\x1b", ["é"])] == [
        '""',
        "(none)",
        "false",
        r'"a\u001b"',
        '["é"]',
    ]


def test_long_value_is_cut():
    assert len(value("a" * 10_000)) == LONGEST_VALUE + 1
