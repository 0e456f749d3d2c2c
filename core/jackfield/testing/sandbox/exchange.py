"""One request to a sandbox, its answer, and the refusal that becomes an answer.

Imports nothing of Jackfield: a sandbox is an independent imitation of a vendor.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from jackfield.errors import Travelling
from jackfield.read_only import ReadOnly

Document: TypeAlias = dict[str, Any]
"""A JSON object whose shape only the vendor's dialect knows."""

_NOTHING: Mapping[str, str] = ReadOnly()


def _pairs(encoded: bytes) -> dict[str, str]:
    return dict(parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True))


class Refusal(Travelling, Exception):
    """The vendor says no; the dialect turns it into the body that the vendor would send.

    `scim_type` is RFC 7644's word (section 3.12), `code` the vendor's own.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        scim_type: str = "",
        code: str = "",
        headers: Mapping[str, str] = _NOTHING,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type
        self.code = code
        self.headers = headers


@dataclass(slots=True)
class SandboxRequest:
    """One request as it arrived, and what the fault that it met does below the answer.

    `hidden_from_lists`: from so many lists a user created by it is hidden; `ignores_filter`: it is
    answered as if it had none.
    """

    method: str
    path: str
    raw_query: bytes = b""
    raw_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    hidden_from_lists: int = 0
    ignores_filter: bool = False

    @property
    def query(self) -> dict[str, str]:
        return _pairs(self.raw_query)

    @property
    def form(self) -> dict[str, str]:
        return _pairs(self.body)

    @property
    def bearer(self) -> str:
        """The bearer token, or nothing."""
        scheme, _, token = self.header("authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, or nothing."""
        wanted = name.encode("latin-1")
        for key, value in self.raw_headers:
            if key == wanted:
                return value.decode("latin-1")
        return ""

    def document(self) -> Document:
        """Return the JSON object of the body.

        Raises: Refusal (400 invalidSyntax) where the body is anything else.
        """
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise Refusal(400, "The body is not JSON.", scim_type="invalidSyntax") from error
        if not isinstance(found, dict):
            raise Refusal(400, "The body is not a JSON object.", scim_type="invalidSyntax")
        return found


@dataclass(slots=True)
class Answer:
    """One answer before it is written; `text` wins over `document`."""

    status: int
    document: Document | list[Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    text: str | None = None

    def encoded(self) -> bytes:
        if self.text is not None:
            return self.text.encode()
        if self.document is None:
            return b""
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """What a vendor request was and how it was answered.

    `status` is the one computed; a scripted fault may have kept it from the client.
    """

    method: str
    path: str
    raw_query: bytes
    status: int
    raw_body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        return _pairs(self.raw_query)

    @property
    def body(self) -> Any:
        """The parsed JSON, the text of any other body, or None where there was none."""
        if not self.raw_body:
            return None
        try:
            return json.loads(self.raw_body)
        except ValueError:
            return self.raw_body.decode("utf-8", "replace")

    def to_json(self) -> Document:
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "body": self.body,
        }
