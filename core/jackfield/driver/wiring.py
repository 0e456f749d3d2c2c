"""Turns a hook's request into what leaves, and an answer into what a hook sees.

Requests go to declared origins only; answers reach a hook only as bounded, well-formed JSON.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from urllib.parse import urlencode, urljoin, urlsplit

from pydantic import SecretStr

from jackfield.driver.strict_json import encode_json, parse_json, with_texts
from jackfield.driver.token_answers import read_token_answer
from jackfield.driver.transport import Answer, Wire
from jackfield.errors import ConfigurationError, PluginFault, RejectedUser, VendorBroken
from jackfield.flow import Effect, Json, Request, Response, Token
from jackfield.redact import Redactor
from jackfield.settings import origin_of

_JSON_TYPE = re.compile(r"application/(json|[\w.+-]+\+json)\b", re.IGNORECASE)
# The ids that vendors' own support asks for come first; what gateways add is better than nothing.
_REQUEST_ID_HEADERS = (
    *("trackingid", "rcrequestid", "x-zm-trackingid", "x-request-id", "request-id"),
    *("x-correlation-id", "x-ms-request-id", "x-amzn-requestid"),
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXCERPT_CHARACTERS = 80
_MOST_ID_CHARACTERS = 100
_MOST_TEXT_CHARACTERS = 10_000
"""Of one text of an error body: far more than any message has."""


def wire_of(request: Request, token: Token | None, origins: frozenset[str]) -> Wire:
    """Return the request as it leaves.

    Raises: PluginFault for a path that leaves the base URL, ConfigurationError for an origin that
    neither capabilities nor settings name.
    """
    wire = _encoded(request, token, origins)
    if wire is None:
        raise RejectedUser(reason="holds a character that cannot be sent")
    return wire


def _encoded(request: Request, token: Token | None, origins: frozenset[str]) -> Wire | None:
    """Return the request as it leaves, or None where a character of it cannot be sent."""
    try:
        url = _url(request, token, origins)
        return Wire(request.method, url, _headers(request, token), _content(request))
    except UnicodeEncodeError:
        return None


def _headers(request: Request, token: Token | None) -> dict[str, str]:
    headers = {
        "accept": "application/scim+json, application/json",
        "accept-encoding": "identity",
        "user-agent": _user_agent(),
    }
    if request.json is not None:
        headers["content-type"] = "application/json"
    elif request.form is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
    headers.update({name.lower(): value for name, value in request.headers.items()})
    authorization = _authorization(request, token)
    if authorization:
        headers["authorization"] = authorization
    return headers


@cache
def _user_agent() -> str:
    return f"jackfield/{version('jackfield')}"


def _content(request: Request) -> bytes | None:
    if request.json is not None:
        return encode_json(request.json)
    if request.form is not None:
        return urlencode({name: _plain(value) for name, value in request.form.items()}).encode()
    return None


def secrets_of(request: Request) -> Iterator[str]:
    """Yield every secret that leaves with a hook's request.

    HTTP Basic pairs are among them, and the passwords of users: a vendor may repeat one where it
    refuses it.
    """
    who = request.authorize
    if isinstance(who, SecretStr):
        yield who.get_secret_value()
    if isinstance(who, tuple):
        yield who[1].get_secret_value()
        yield f"{who[0]}:{who[1].get_secret_value()}"
    for value in (request.form or {}).values():
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
    yield from _passwords(request.json)


def _passwords(value: Json) -> Iterator[str]:
    """Yield the passwords of a SCIM document, or of the operations of a patch."""
    if isinstance(value, list):
        for each in value:
            yield from _passwords(each)
    if not isinstance(value, dict):
        return
    is_password = str(value.get("path", "")).lower() == "password"
    for name, inner in value.items():
        if isinstance(inner, str) and (name.lower() == "password" or is_password):
            yield inner
        elif isinstance(inner, dict | list):
            yield from _passwords(inner)


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _authorization(request: Request, token: Token | None) -> str | None:
    who = request.authorize
    if token is not None:
        return f"Bearer {token.access_token.get_secret_value()}"
    if isinstance(who, SecretStr):
        return f"Bearer {who.get_secret_value()}"
    if isinstance(who, tuple):
        pair = f"{who[0]}:{who[1].get_secret_value()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return None


def _url(request: Request, token: Token | None, origins: frozenset[str]) -> str:
    path = request.path
    if path.startswith("/"):
        if token is None:
            raise PluginFault(f"{path} has no base URL: only a token brings one")
        segments = path.partition("?")[0].lower().replace("%2e", ".").split("/")
        if {".", ".."} & set(segments) or "#" in path:
            raise PluginFault(f"{path} leaves the vendor's base URL")
        origin = origin_of(token.base_url)
        path = token.base_url.rstrip("/") + path
    elif "://" in path:
        origin = origin_of(path)
    else:
        raise PluginFault(f"{path} is neither a URL nor a path that begins with a slash")
    if origin not in origins:
        raise ConfigurationError(
            f"{origin} is not among the hosts that the connector and its settings name"
        )
    if not request.params:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(request.params)}"


def is_redirect(answer: Answer) -> bool:
    return answer.status in _REDIRECTS and "location" in answer.headers


def redirected(wire: Wire, answer: Answer, *, for_token: bool = False) -> Wire:
    """Return the same read at the place an answer points to, on the same origin only."""
    location = answer.headers["location"]
    try:
        target = urljoin(wire.url, location)
        is_near = origin_of(target) == origin_of(wire.url) and "@" not in urlsplit(target).netloc
    except ValueError:
        is_near = False
    if not is_near:
        place = "elsewhere" if for_token else _host_of(location)
        raise VendorBroken(f"the vendor redirects to another place, {place}; it was not followed")
    return Wire(wire.method, target, wire.headers, wire.content)


def _host_of(location: str) -> str:
    try:
        return urlsplit(location).hostname or "elsewhere"
    except ValueError:
        return "no valid URL"


def read_answer(
    answer: Answer, effect: Effect, redactor: Redactor, *, for_token: bool = False
) -> Response:
    """Return what the hook sees; what is no success has every known secret taken out.

    `for_token`: it may hold a token that nobody knows yet, so nothing of it is quoted.

    Raises: VendorBroken (InDoubt after a write) for a success that is not JSON, or a redirect.
    """
    response = Response(answer.status, None, answer.headers, effect)
    if is_redirect(answer):
        host = "elsewhere" if for_token else redactor.redact(_host_of(answer.headers["location"]))
        raise response.unusable(f"the vendor redirects to {host}; it was not followed")
    if not response.is_success:
        response = replace(response, headers=_redacted_headers(answer, redactor))
    if not answer.content.strip():
        return response
    if for_token:
        return read_token_answer(answer, response, redactor)
    body, flaw = _json(answer)
    if not flaw:
        return replace(response, body=body if response.is_success else _redacted(body, redactor))
    text, shown = _excerpt(answer.content, redactor), redactor.start_of(flaw, _MOST_ID_CHARACTERS)
    if not response.is_success:
        return replace(response, text=text)
    raise response.unusable(
        f"the vendor answered {answer.status} with {shown}, which begins: {text!r}"
    )


def _json(answer: Answer) -> tuple[Json, str]:
    """Return the body, and what is wrong where it is no JSON under a type of JSON."""
    kind = answer.headers.get("content-type", "")
    if not _JSON_TYPE.match(kind):
        return None, kind or "no content type"
    try:
        return parse_json(answer.content), ""
    except ValueError as error:
        return None, f"damaged JSON ({error})"


def _redacted_headers(answer: Answer, redactor: Redactor) -> dict[str, str]:
    return {name: redactor.redact(value) for name, value in answer.headers.items()}


def _redacted(body: Json, redactor: Redactor) -> Json:
    """Return an error body without secrets, before anybody can cut one of its texts in two."""
    return with_texts(body, lambda _, text: redactor.start_of(text, _MOST_TEXT_CHARACTERS))


def _excerpt(content: bytes, redactor: Redactor) -> str:
    text = content.decode(json.detect_encoding(content), "replace")
    begins = redactor.start_of(text, _EXCERPT_CHARACTERS)
    return "".join(c if c.isprintable() else " " for c in begins).strip()


def request_id(headers: Mapping[str, str], redactor: Redactor | None = None) -> str:
    """Return the vendor's own id of the exchange, which its support asks for; without secrets."""
    for name in _REQUEST_ID_HEADERS:
        if headers.get(name, "").strip():
            found = headers[name].strip()
            return (redactor or Redactor()).start_of(found, _MOST_ID_CHARACTERS)
    return ""
