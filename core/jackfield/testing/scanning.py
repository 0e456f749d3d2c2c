"""The last look at a recording before it is kept: whatever slipped through is found here.

It trusts nothing that was done before. Findings name the place and the rule, never the value.
"""

import base64
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, unquote_plus

from jackfield.redact import Redactor
from jackfield.testing.cleaning import (
    AUTHORIZATION_MARK,
    may_keep_request_header,
    may_keep_response_header,
)
from jackfield.testing.exchange import Exchange, parse_cassette, places

_EMAIL = re.compile(r"[\w.%+-]+@((?:[\w-]+\.)+[\w-]{2,})")
_EXAMPLE_DOMAIN = re.compile(r"(?:.+\.)?example\.(?:com|org|net)", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}")
_UUID = r"(?<![0-9a-fA-F])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F])"
_RUNS = (re.compile(r"[\w-]{20,}", re.ASCII), re.compile(r"[A-Za-z0-9+/]{32,}={0,2}"))
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ENTROPY_BITS = 3.5
_DEPTH = 3


def findings(text: str, secrets: Iterable[str], allowed: Iterable[str] = ()) -> list[str]:
    """Return what keeps the text of a cassette from being saved; empty where it is safe.

    `allowed` are regular expressions of what looks random and is none of it: a vendor's ids.
    """
    redactor = Redactor(secrets)
    known = re.compile("|".join((_UUID, *allowed)))
    exchanges = parse_cassette(text, "the recording")
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    found = [
        f"{place}: {problem}"
        for place, value in (("the comments", comments), *places(exchanges))
        for problem in _problems(value, redactor, known)
    ]
    found += [problem for one in enumerate(exchanges, start=1) for problem in _headers(*one)]
    if not found and redactor.redact(text) != text:
        found.append("the file: holds a known secret")
    return found


def looks_secret(text: str) -> bool:
    """Say whether a text holds something that only a token or key looks like."""
    known = re.compile(_UUID)
    return _JWT.search(text) is not None or any(_is_random(run) for run in _runs(text, known))


def _headers(number: int, one: Exchange) -> Iterator[str]:
    for name in one.request_headers:
        if not may_keep_request_header(name):
            yield f"exchange {number}, request header {name}: is not on the list"
    for name in one.response_headers:
        if not may_keep_response_header(name):
            yield f"exchange {number}, response header {name}: is not on the list"
    if not one.request_headers.get("authorization", AUTHORIZATION_MARK).endswith(
        AUTHORIZATION_MARK
    ):
        yield f"exchange {number}, request header authorization: is not replaced"


def _problems(value: str, redactor: Redactor, known: re.Pattern[str]) -> list[str]:
    readings = list(_readings(value, known, _DEPTH))
    found = []
    if any(redactor.redact(reading) != reading for reading in readings):
        found.append("holds a known secret")
    addresses = (match[1] for reading in readings for match in _EMAIL.finditer(reading))
    if not all(_EXAMPLE_DOMAIN.fullmatch(domain) for domain in addresses):
        found.append("holds an e-mail address outside example.com, example.org and example.net")
    if any(_JWT.search(reading) for reading in readings):
        found.append("holds what looks like a JWT")
    if any(_is_random(run) for reading in readings for run in _runs(reading, known)):
        found.append("holds what looks like a token or key")
    return found


def _readings(value: str, known: re.Pattern[str], depth: int) -> Iterator[str]:
    """Yield a text as it stands and as it reads decoded: percent, JSON escapes, base64."""
    seen = {value, unquote(value), unquote_plus(value)}
    seen |= {_JSON_ESCAPE.sub(lambda code: chr(int(code[1], 16)), text) for text in tuple(seen)}
    yield from seen
    if depth:
        runs = {run for reading in seen for run in _runs(reading, known)}
        for inner in filter(None, map(_plain, runs)):
            yield from _readings(inner, known, depth - 1)


def _runs(text: str, known: re.Pattern[str]) -> Iterator[str]:
    stripped = known.sub(" ", text)
    for pattern in _RUNS:
        yield from pattern.findall(stripped)


def _plain(run: str) -> str:
    """Return the text that a run of base64 stands for; nothing where it is not text."""
    body = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("ascii")
    except ValueError:
        return ""
    return text if text.isprintable() else ""


def _is_random(run: str) -> bool:
    has_digit = any(sign.isdigit() for sign in run)
    has_letter = any(sign.isalpha() for sign in run)
    if not (has_digit and has_letter) or _plain(run):
        return False  # what base64 stands for is read by itself
    counts = Counter(run)
    bits = -sum(n / len(run) * math.log2(n / len(run)) for n in counts.values())
    return bits >= _ENTROPY_BITS
