"""One line for a person where a table of settings has another shape than its model.

No message repeats a value: one of them may be a secret.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")


def first_problem(error: ValidationError) -> Any:
    """Return the problem to tell first: a misspelt key, for it explains a missing one."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    return min(problems, key=lambda problem: problem["type"] != "extra_forbidden")


def place(loc: Sequence[str | int]) -> str:
    """Return the dotted path of a key; lines of an array are counted from 1."""
    text = ""
    for part in loc:
        if part != "[key]":
            text += f"#{part + 1}" if isinstance(part, int) else f".{_key(part)}"
    return text.removeprefix(".")


def sentence(problem: Any, known: Iterable[str]) -> str:
    """Return what is wrong with one key, without its value."""
    if problem["type"] == "extra_forbidden":
        return f"unknown key; {nearest(str(problem['loc'][-1]), known)}"
    if problem["type"] == "missing":
        return "this key is missing"
    said: str = problem["msg"].removeprefix("Value error, ")
    return said.replace("Input should", "should")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the known name that was meant."""
    names = sorted(known)
    if near := difflib.get_close_matches(name, names, n=1):
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(names)}" if names else "there are none"


def _key(key: str) -> str:
    if _BARE_KEY.fullmatch(key):
        return key
    return ascii(key if len(key) <= 40 else key[:40] + "…")
