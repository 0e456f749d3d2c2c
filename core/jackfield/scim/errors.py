"""What a vendor's refusal means, read from SCIM error bodies and whatever else is sent.

Source: RFC 7644 section 3.12 and table 9. The table below says which error each `scimType` is; a
body without a known one is judged by its status. A vendor's text is cut to one short, clean line.
"""

import unicodedata
from dataclasses import dataclass

from jackfield.errors import AlreadyExists, ConnectorError, RejectedUser
from jackfield.flow import Json, Response

TEXT_LIMIT = 200
"""Characters of a vendor's text that reach a message."""

# `uniqueness` counts whatever the status: 400 and 500 were both seen where 409 belongs.
_ALREADY_EXISTS = frozenset({"uniqueness"})
_REJECTED = frozenset(
    {"invalidvalue", "invalidpath", "invalidsyntax", "invalidfilter", "mutability", "notarget"}
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a SCIM error body says; every text is one short line, empty where it is missing."""

    scim_type: str = ""
    detail: str = ""
    status: int | None = None


def read_refusal(body: Json) -> Refusal:
    """Return what an error body says; anything that is no SCIM error body says nothing."""
    if not isinstance(body, dict):
        return Refusal()
    found = {name.lower(): value for name, value in body.items()}
    return Refusal(
        scim_type=one_line(found.get("scimtype")),
        detail=one_line(found.get("detail")),
        status=_number(found.get("status")),
    )


def scim_error(response: Response, reason: str = "", *, attribute: str = "") -> ConnectorError:
    """Return the error that an answer means.

    `reason` is the vendor's text where it does not stand in the SCIM `detail`; `attribute` is the
    SCIM path at fault, where the connector knows it.
    """
    refusal = read_refusal(response.body)
    said = one_line(reason) or refusal.detail or one_line(response.text)
    text = f"the vendor answered {response.status}"
    if refusal.scim_type:
        text += f" ({refusal.scim_type})"
    if said:
        text += f": {said}"
    kind = refusal.scim_type.lower()
    if kind in _ALREADY_EXISTS:
        return AlreadyExists(text)
    if kind in _REJECTED and response.status not in {401, 403, 409}:
        return RejectedUser(attribute=attribute, reason=text)
    usual = response.error(text)
    if isinstance(usual, RejectedUser) and attribute:
        return RejectedUser(attribute=attribute, reason=text)
    return usual


def one_line(value: Json) -> str:
    """Return a vendor's text as one short line without control or invisible characters."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    start = str(value)[: TEXT_LIMIT * 4]
    shown = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in start)
    line = " ".join(shown.split())
    return line if len(line) <= TEXT_LIMIT else line[: TEXT_LIMIT - 1] + "…"


def _number(value: Json) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None
