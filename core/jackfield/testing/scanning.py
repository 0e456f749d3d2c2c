"""The last look at a recording before it is kept: whatever slipped through is found here.

It trusts nothing that was done before. Findings name the place and the rule, never the value.
"""

import base64
import math
import re
from collections import Counter
from collections.abc import Iterator
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
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_RUNS = (re.compile(r"[\w-]{20,}", re.ASCII), re.compile(r"[A-Za-z0-9+/]{32,}={0,2}"))
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ENTROPY_BITS = 3.5
_DEPTH = 3


def findings(text: str, secrets: frozenset[str]) -> list[str]:
    """Return what keeps the text of a cassette from being saved; empty where it is safe."""
    redactor = Redactor(secrets)
    exchanges = parse_cassette(text, "the recording")
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    found = [
        f"{place}: {problem}"
        for place, value in (("the comments", comments), *places(exchanges))
        for problem in _problems(value, redactor)
    ]
    found += [problem for one in enumerate(exchanges, start=1) for problem in _headers(*one)]
    if not found and redactor.redact(text) != text:
        found.append("the file: holds a known secret")
    return found


def looks_secret(text: str) -> bool:
    """Say whether a text holds something that only a token or key looks like."""
    return _JWT.search(text) is not None or any(_is_random(run) for run in _runs(text))


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


def _problems(value: str, redactor: Redactor) -> list[str]:
    readings = list(_readings(value, _DEPTH))
    found = []
    if any(redactor.redact(reading) != reading for reading in readings):
        found.append("holds a known secret")
    addresses = (match[1] for reading in readings for match in _EMAIL.finditer(reading))
    if not all(_EXAMPLE_DOMAIN.fullmatch(domain) for domain in addresses):
        found.append("holds an e-mail address outside example.com, example.org and example.net")
    if any(_JWT.search(reading) for reading in readings):
        found.append("holds what looks like a JWT")
    if any(_is_random(run) for reading in readings for run in _runs(reading)):
        found.append("holds what looks like a token or key")
    return found


def _readings(value: str, depth: int) -> Iterator[str]:
    """Yield a text as it stands and as it reads decoded: percent, JSON escapes, base64."""
    seen = {value, unquote(value), unquote_plus(value)}
    seen |= {_JSON_ESCAPE.sub(lambda code: chr(int(code[1], 16)), text) for text in tuple(seen)}
    yield from seen
    if depth:
        for inner in {text for reading in seen for run in _runs(reading) if (text := _plain(run))}:
            yield from _readings(inner, depth - 1)


def _runs(text: str) -> Iterator[str]:
    stripped = _UUID.sub(" ", text)
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
