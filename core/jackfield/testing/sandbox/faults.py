"""Scripted faults: what goes wrong with the next requests that fit."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from jackfield.testing.sandbox.exchange import Answer, Document

_LOGIN_PAGE = "<!doctype html><html><body><form action='/login'>Sign in</form></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, for the next `times` requests of a method and a path.

    `method` "*" fits any; `path` is a regular expression searched in the decoded path without its
    query; the first `after` requests that fit are left alone.

    Nothing is done by the vendor with `status` (answered with `body` and `headers`, by default the
    dialect's own error body) and `html` (200 and a login page). The work is done with all others:
    `commit_then_drop` closes the connection before the body, `commit_then_status` answers that
    status, `truncate` stops after half of the body, `empty` answers 200 without a body,
    `drip_seconds` pauses between bytes, `delay_seconds` waits before the answer.

    `ignore_filter` lists every user, `lag` hides the created user from that many filtered lists,
    and `rewrite` changes each user as returned: a document to merge in, or a function.
    """

    method: str = "*"
    path: str = ""
    times: int = 1
    after: int = 0
    status: int = 0
    body: Document | list[Any] | str | None = None
    headers: Mapping[str, str] | None = None
    delay_seconds: float = 0
    drip_seconds: float = 0
    truncate: bool = False
    commit_then_drop: bool = False
    commit_then_status: int = 0
    ignore_filter: bool = False
    lag: int = 0
    rewrite: Callable[[Document], Document] | Document | None = None
    html: bool = False
    empty: bool = False

    @classmethod
    def from_json(cls, document: Document) -> Self:
        """Return the fault of a JSON object.

        Raises: ValueError where a name is unknown or the path is no regular expression.
        """
        unknown = document.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"A fault has no {', '.join(sorted(unknown))}.")
        try:
            re.compile(document.get("path", ""))
        except (re.error, TypeError) as error:
            raise ValueError(f"The path of the fault is no regular expression: {error}.") from error
        return cls(**document)

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and re.search(self.path, path) is not None

    def instead(self, refused: Callable[[int], Answer]) -> Answer | None:
        """Return the answer of a fault that does no work; `refused` gives a dialect's error."""
        if self.html:
            return Answer(200, text=_LOGIN_PAGE, content_type="text/html; charset=utf-8")
        return self._answer(self.status, refused) if self.status else None

    def afterwards(self, answer: Answer, refused: Callable[[int], Answer]) -> Answer:
        """Return what becomes of the answer of work that was done."""
        if self.commit_then_status:
            return self._answer(self.commit_then_status, refused)
        if self.empty:
            return Answer(200, headers=answer.headers)
        if self.rewrite is not None and answer.status < 300 and isinstance(answer.document, dict):
            answer.document = self._rewritten(answer.document)
        return answer

    def _answer(self, status: int, refused: Callable[[int], Answer]) -> Answer:
        answer = refused(status)
        if isinstance(self.body, str):
            answer.text, answer.content_type = self.body, "text/plain; charset=utf-8"
        elif self.body is not None:
            answer.document = self.body
        answer.headers.update(self.headers or {})
        return answer

    def _rewritten(self, document: Document) -> Document:
        if isinstance(document.get("Resources"), list):
            return {**document, "Resources": [self._changed(one) for one in document["Resources"]]}
        return self._changed(document)

    def _changed(self, user: Document) -> Document:
        return self.rewrite(user) if callable(self.rewrite) else {**user, **(self.rewrite or {})}


@dataclass(slots=True)
class _Scripted:
    fault: Fault
    skip: int
    left: int


class Faults:
    """The faults still to come, in the order they were added; the first that fits is met."""

    def __init__(self) -> None:
        self._scripted: list[_Scripted] = []

    def add(self, fault: Fault) -> None:
        self._scripted.append(_Scripted(fault, skip=fault.after, left=fault.times))

    def clear(self) -> None:
        self._scripted.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault of this request, and count it."""
        for scripted in self._scripted:
            if not scripted.fault.fits(method, path):
                continue
            if scripted.skip:
                scripted.skip -= 1
                continue
            scripted.left -= 1
            if scripted.left <= 0:
                self._scripted.remove(scripted)
            return scripted.fault
        return None
