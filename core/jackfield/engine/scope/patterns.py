"""Regular expressions of scoping filters: those of expressions, less what has no bound.

Python's own engine may take years over `(a+)+$`; here a search tries no place of the pattern twice
at one place of the text. Back-references and look-around, which have no such bound, are refused.
"""

import re
from typing import Final

from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.pattern_matching import TRIES_LIMIT, compiled
from jackfield.engine.expressions.patterns import (
    Again,
    Alternatives,
    Group,
    Look,
    Repeat,
    Sequence,
)
from jackfield.engine.expressions.patterns import Pattern as Tree

LONGEST_TEXT: Final = 1024
"""Characters of a text that is searched; a longer one matches nothing."""

_LONGEST_SLOW_PROGRAM: Final = 400
_FLAGS: Final = re.compile(r"(?:\(\?[ims]+\))?")


class Pattern:
    """One pattern, as .NET writes it, ready to search with.

    Without `anchored` it may match anywhere in the text, else only the whole of it.

    Raises: ValueError in one sentence where the pattern is wrong, too large, or has no bound.
    """

    def __init__(self, text: str, *, anchored: bool = False) -> None:
        try:
            self._regex = compiled(text)
            _refuse_unbounded(self._regex.pattern)
            if anchored:
                self._regex = compiled(_anchored(text))
            is_slow = self._regex.tries(LONGEST_TEXT) > TRIES_LIMIT
            if is_slow and len(self._regex.program) > _LONGEST_SLOW_PROGRAM:
                raise Failure("the pattern takes too long; repeat less, or fewer alternatives")
        except Failure as failure:
            raise ValueError(str(failure)) from None

    def matches(self, text: str) -> bool:
        """Say whether the pattern is found in the text."""
        if len(text) > LONGEST_TEXT:
            return False
        return next(self._regex.find(text, _spend_freely), None) is not None


def _spend_freely(_: int) -> None:
    """Count no work: pattern and text bound it."""


def _anchored(text: str) -> str:
    flags = _FLAGS.match(text)
    end = flags.end() if flags else 0
    return rf"{text[:end]}\A(?:{text[end:]})\z"


def _refuse_unbounded(tree: Tree) -> None:
    if isinstance(tree, Again):
        raise Failure("the pattern refers back to a group, which a filter cannot do")
    if isinstance(tree, Look):
        raise Failure("the pattern looks around with (?= or (?<, which a filter cannot do")
    if isinstance(tree, Sequence):
        parts = tree.items
    elif isinstance(tree, Alternatives):
        parts = tree.branches
    else:
        parts = (tree.body,) if isinstance(tree, Group | Repeat) else ()
    for part in parts:
        _refuse_unbounded(part)
