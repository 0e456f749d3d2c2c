"""What Zoom's refusals mean: SCIM bodies with a number for a status, and REST bodies with codes.

Sources: Zoom, "Errors" and "OAuth error codes"; live answers quoted on Zoom's developer forum
(7646, 100447) and by public clients. Of an HTTP 401 the driver makes its own decision.
"""

import re

from jackfield import (
    AlreadyExists,
    ConnectorError,
    CredentialsRefused,
    Json,
    NotAllowed,
    RejectedUser,
    Response,
)
from jackfield.scim import one_line, scim_error, token_error

_NOT_HERE = re.compile(r"not exists? or not belong", re.IGNORECASE)
_EXISTS = re.compile(r"\balready\b", re.IGNORECASE)

_LACKS_SCOPE = "the Zoom app lacks a scope: it needs scim2:admin (classic apps: scim2)"
_REMEDIES = (
    (re.compile(r"single sign-?on", re.IGNORECASE), "SCIM needs single sign-on: enable it in Zoom"),
    (re.compile(r"licen[cs]e", re.IGNORECASE), "the account has no such licence left"),
    (re.compile(r"does not contain scopes", re.IGNORECASE), _LACKS_SCOPE),
)
_TOKEN_CODES = frozenset({124, 201})
_SCOPE_CODES = frozenset({104, 4700})
_EXISTS_CODE = 1005
_PERMISSION_CODE = 200


def is_unknown(response: Response) -> bool:
    """Say whether an answer about an id means that there is no such user, which 400 may mean."""
    is_said = response.status == 400 and _NOT_HERE.search(_text(response))
    return response.status == 404 or bool(is_said)


def pending_error(response: Response) -> ConnectorError | None:
    """Return what a search says of an invited user; a stranger is an empty list instead.

    It is no absence: a create would meet the invitation. Nothing can be done until it is gone.
    """
    text = _text(response)
    if response.status not in {400, 404} or not _NOT_HERE.search(text):
        return None
    return RejectedUser(
        attribute="userName",
        reason="Zoom has invited this person, and the invitation is not accepted yet or has "
        "expired: have it accepted, or withdraw it in Zoom under User Management > Users > "
        f"Pending (the vendor answered {response.status}: {text})",
    )


def zoom_error(response: Response) -> ConnectorError:
    """Return the error of an answer, with the remedy where one is known."""
    text, code = _text(response), _code(response)
    said = f"the vendor answered {response.status}: {text or 'nothing that can be read'}"
    if code in _TOKEN_CODES:
        return CredentialsRefused(said)
    remedy = _remedy(response, text, code)
    if remedy:
        return NotAllowed(f"{remedy} ({said})")
    is_refused_create = response.effect == "write-once" and response.status == 400
    if code == _EXISTS_CODE or (is_refused_create and _EXISTS.search(text)):
        return AlreadyExists(said)
    return scim_error(response, text)


def _remedy(response: Response, text: str, code: int | None) -> str:
    """Return what has to be done in the account or its app; empty where the user is at fault."""
    if code in _SCOPE_CODES:
        return _LACKS_SCOPE
    if response.status not in {400, 403}:
        return ""
    if response.status == 400 and response.body is None:
        # Zoom quotes the scopes without escaping them, so this one error is no JSON.
        return f"{_LACKS_SCOPE}; or else Zoom refuses for a reason that cannot be read"
    if code == _PERMISSION_CODE:
        return "the app, its role or the account's plan has no right to this"
    return next((remedy for sign, remedy in _REMEDIES if sign.search(text)), "")


def oauth_error(response: Response) -> ConnectorError:
    """Return the error of the token endpoint, whose text stands in `reason`."""
    body = response.body if isinstance(response.body, dict) else {}
    reason = one_line(body.get("reason"))
    fault = token_error(response)
    if reason and fault.args:
        fault.args = (f"{fault}: {reason}",)
    return fault


def _text(response: Response) -> str:
    body = response.body if isinstance(response.body, dict) else {}
    detail = one_line(body.get("detail"))
    if detail:
        return detail
    code = one_line(_code(response))
    message = one_line(body.get("message"))
    parts = (code and f"code {code}", message, *_fields(body.get("errors")))
    return ", ".join(part for part in parts if part)


def _code(response: Response) -> int | None:
    code = response.body.get("code") if isinstance(response.body, dict) else None
    return code if isinstance(code, int) else None


def _fields(errors: Json) -> list[str]:
    listed = errors if isinstance(errors, list) else []
    found = [error for error in listed if isinstance(error, dict)]
    return [f"{one_line(e.get('field'))}: {one_line(e.get('message'))}" for e in found]
