"""What came while a token was asked for: read in every form that clients read, quoted in none.

No redactor knows a token that has just arrived, so nothing is shown of an answer that may hold one.
Source: RFC 6749 sections 5.1 and 5.2. Vendors are known to send tokens as a form or as plain text:
golang.org/x/oauth2, `internal/token.go` (read 2026-11-20).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias
from urllib.parse import parse_qsl

from jackfield.driver.strict_json import parse_json, with_texts
from jackfield.driver.wire import Answer
from jackfield.flow import Json, Response
from jackfield.redact import Redactor, without_tokens

_SECRET_NAMES = ("token", "secret", "password", "assertion", "jwt", "apikey", "api_key")
_FORM_NAMES = frozenset({"access_token", "error"})
_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "text/plain", "text/html", ""})
_NAMED_TYPES = _FORM_TYPES | {"application/json", "application/xml", "text/xml"}
_MOST_MEMBERS = 50

_Text: TypeAlias = Callable[[str, str], str]


def read_token_answer(answer: Answer, response: Response, redactor: Redactor) -> Response:
    """Return the response with its body: JSON of any content type, or a form as JSON.

    Whatever the body calls a token or a secret is known to the redactor from now on. Of a refusal
    nothing is left that looks like a token, so that a hook may quote it.

    Raises: VendorBroken (InDoubt after a write) for a success that cannot be read.
    """
    body = _body(answer)
    for secret in _secrets_in(body):
        redactor.add(secret)
    if not response.is_success:
        return replace(response, body=with_texts(body, _harmless(redactor)))
    if body is None:
        raise response.unusable(
            f"the vendor answered {answer.status} to the request for a token with something that "
            f"is none ({_kind(answer) or 'no known type'}, {len(answer.content)} bytes); it is not "
            "shown"
        )
    return replace(response, body=body)


def _body(answer: Answer) -> Json:
    try:
        return parse_json(answer.content)
    except ValueError:
        return _form(answer.content) if _media_type(answer) in _FORM_TYPES else None


def _form(content: bytes) -> Json:
    """Return the members of a form, each named once; None where it is no token endpoint's."""
    try:
        text = content.decode("ascii").strip()
        pairs = parse_qsl(text, strict_parsing=True, max_num_fields=_MOST_MEMBERS)
    except ValueError:
        return None
    found: dict[str, Json] = dict(pairs)
    if len(found) != len(pairs) or not _FORM_NAMES & set(found):
        return None
    lifetime = found.get("expires_in")
    if isinstance(lifetime, str) and lifetime.isascii() and lifetime.isdigit():
        found["expires_in"] = float(lifetime[:20])
    return found


def _media_type(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _kind(answer: Answer) -> str:
    kind = _media_type(answer)
    return kind if kind in _NAMED_TYPES else ""


def _secrets_in(value: Json, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for each, inner in value.items():
            yield from _secrets_in(inner, each)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets_in(inner, name)
    elif isinstance(value, str) and name.lower().endswith(_SECRET_NAMES):
        yield value.strip()


def _harmless(redactor: Redactor) -> _Text:
    """Return what leaves no secret in a text; ids that a vendor's support asks for stay."""

    def harmless(name: str, text: str) -> str:
        known = redactor.redact(text)
        return known if name.lower().endswith("id") else without_tokens(known)

    return harmless
