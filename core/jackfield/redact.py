"""One redactor a connection, which knows every live secret and removes it from any text.

Whoever quotes redacts first and cuts afterwards: no redactor knows half a secret, and half is
too much.
"""

import base64
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote_plus

_SHORTEST = 4
"""Shorter values would blank out ordinary words."""

_SHORTEST_WITHIN_BASE64 = 8
"""Characters of base64 that stand for a secret alone; fewer would blank out ordinary words."""

_MOST_ADDED = 500
"""Tokens are renewed for ever; the oldest have long been over."""

_READINGS = 3
"""How often escapes within escapes are undone: a URL in JSON in a URL."""

_LONGEST_FORM = 8
"""Characters that one of a secret may become, such as `&#x002f;`."""

MARK = "[secret]"

_ESCAPE = re.compile(
    r"%(?P<percent>[0-9a-f]{2})|\\u(?P<json>[0-9a-f]{4})|\\x(?P<python>[0-9a-f]{2})|\\(?P<plain>.)"
    r"|&\#x(?P<hex>[0-9a-f]{1,6});?|&\#(?P<decimal>[0-9]{1,7});?|&(?P<name>amp|lt|gt|quot|apos);",
    re.IGNORECASE | re.DOTALL,
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

_RUN = re.compile(r"[A-Za-z0-9_~+=-]{16,}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Redactor:
    """Knows secrets in any letter case, escaped as in URLs, JSON and HTML, and within base64.

    Those given at the start are known for ever, of those added later the newest 500.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._given = frozenset(secret for secret in secrets if len(secret) >= _SHORTEST)
        self._added: dict[str, frozenset[str]] = {}
        # By their first characters: one look a place of the text, however many secrets there are.
        self._forms: dict[str, Counter[str]] = {}
        self._longest = 0
        for secret in self._given:
            self._learn(_forms_of(secret))

    def add(self, secret: str) -> None:
        """Remove this secret, too, from now on; called for each token the moment it arrives."""
        if len(secret) < _SHORTEST or secret in self._given or secret in self._added:
            return
        forms = _forms_of(secret)
        with self._lock:
            if secret in self._added:
                return
            self._added[secret] = forms
            self._learn(forms)
            if len(self._added) > _MOST_ADDED:
                self._forget(self._added.pop(next(iter(self._added))))

    def _learn(self, forms: Iterable[str]) -> None:
        for form in forms:
            self._longest = max(self._longest, len(form))
            self._forms.setdefault(form[:_SHORTEST], Counter())[form] += 1

    def _forget(self, forms: Iterable[str]) -> None:
        for form in forms:
            alike = self._forms[form[:_SHORTEST]]
            alike[form] -= 1
            if not alike[form]:
                del alike[form]
            if not alike:
                del self._forms[form[:_SHORTEST]]

    def redact(self, text: str) -> str:
        """Return the text with every known secret replaced."""
        shown, at = "", 0
        for begin, end in _joined(sorted(self._places(text))):
            shown += text[at:begin] + MARK
            at = end
        return shown + text[at:] if at else text

    def start_of(self, text: str, most: int) -> str:
        """Return the first characters of a text: redacted as a whole, and only then cut."""
        if len(text) < _SHORTEST:
            return text[:most]
        longest = self._longest * _LONGEST_FORM
        part = text[: most + longest]
        shown = self.redact(part)
        if len(part) < len(text):  # a secret that the first cut halved stands at the end
            shown = shown[: max(0, len(shown) - longest)]
        return shown[:most]

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where secrets begin and end, in no order."""
        if len(text) < _SHORTEST:
            return
        for reading, places in _readings(text):
            for at, form in self._found_in(reading):
                yield places[at], places[at + len(form)]

    def _found_in(self, reading: str) -> Iterator[tuple[int, str]]:
        for at in range(len(reading) - _SHORTEST + 1):
            alike = self._forms.get(reading[at : at + _SHORTEST])
            if alike is not None:
                yield from ((at, form) for form in tuple(alike) if reading.startswith(form, at))


def without_tokens(text: str) -> str:
    """Return a text without whatever looks like a token: long, of letters and digits, no GUID.

    For what is said while a token is asked for: one that nobody has seen before is known to no
    redactor.
    """
    return _RUN.sub(lambda run: MARK if _is_token_like(run[0]) else run[0], text)


def _is_token_like(run: str) -> bool:
    is_mixed = any(c.isdigit() for c in run) and any(c.isalpha() for c in run)
    return is_mixed and not _GUID.fullmatch(run)


def _joined(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the places with those that overlap made one."""
    last: tuple[int, int] | None = None
    for begin, end in places:
        if last is not None and begin < last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last is not None:
            yield last
        last = (begin, end)
    if last is not None:
        yield last


def _readings(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield a text in small letters as it stands and with its escapes undone, again and again.

    With each reading come the places in the text where its characters begin, and the text's end.
    """
    places: Sequence[int] = range(len(text) + 1)
    for _ in range(_READINGS):
        yield _lowered(text), places
        if _ESCAPE.search(text) is None:
            return
        text, places = _unescaped(text, places)
    yield _lowered(text), places


def _lowered(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _unescaped(text: str, places: Sequence[int]) -> tuple[str, Sequence[int]]:
    pieces: list[str] = []
    kept: list[int] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        pieces += (text[at : found.start()], _meant(found))
        kept += (*places[at : found.start()], places[found.start()])
        at = found.end()
    return "".join([*pieces, text[at:]]), [*kept, *places[at:]]


def _meant(found: re.Match[str]) -> str:
    """Return the one character that an escape stands for."""
    kind, said = found.lastgroup or "", found[found.lastgroup or 0]
    if kind == "plain":
        return said
    if kind == "name":
        return _NAMED[said.lower()]
    code = int(said, 10 if kind == "decimal" else 16)
    return chr(code) if code <= 0x10FFFF else " "


def _forms_of(secret: str) -> frozenset[str]:
    """Return how a secret looks, in small letters, where all escapes are undone."""
    encoded = secret.encode("utf-8", "surrogatepass")
    # Percent-encoding is undone byte by byte.
    forms = {secret, encoded.decode("latin-1"), base64.b64encode(encoded).decode().rstrip("=")}
    if " " in secret:
        forms.add(quote_plus(secret, safe="".join(set(secret) - {" "})))
    forms |= {form for form in map(_within_base64, (encoded,) * 3, range(3)) if form}
    forms |= {form.replace("+", "-").replace("/", "_") for form in forms if form != secret}
    return frozenset(map(_lowered, forms))


def _within_base64(secret: bytes, offset: int) -> str:
    """Return the characters that stand for a secret alone, so many bytes into a base64 text."""
    encoded = base64.b64encode(b"\0" * offset + secret).decode()
    core = encoded[-(-8 * offset // 6) : 8 * (offset + len(secret)) // 6]
    return core if len(core) >= _SHORTEST_WITHIN_BASE64 else ""
