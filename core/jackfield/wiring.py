"""Turns a hook's request into what leaves, and an answer into what a hook sees.

Requests go to declared origins only; answers reach a hook only as bounded, well-formed JSON.
"""

import base64
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any, NoReturn
from urllib.parse import urlencode, urljoin, urlsplit

from pydantic import SecretStr

from jackfield.errors import ConfigurationError, PluginFault, RejectedUser, VendorBroken
from jackfield.flow import Effect, Json, Request, Response, Token
from jackfield.redact import Redactor
from jackfield.settings import origin_of
from jackfield.transport import Answer, Wire

_JSON_TYPE = re.compile(r"application/(json|[\w.+-]+\+json)\b", re.IGNORECASE)
# The ids that vendors' own support asks for come first; what gateways add is better than nothing.
_REQUEST_ID_HEADERS = (
    *("trackingid", "rcrequestid", "x-zm-trackingid", "x-request-id", "request-id"),
    *("x-correlation-id", "x-ms-request-id", "x-amzn-requestid"),
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXCERPT_CHARACTERS = 80


def wire_of(request: Request, token: Token | None, origins: frozenset[str]) -> Wire:
    """Return the request as it leaves.

    Raises: PluginFault for a path that leaves the base URL, ConfigurationError for an origin that
    neither capabilities nor settings name.
    """
    headers = {
        "accept": "application/scim+json, application/json",
        "accept-encoding": "identity",
        "user-agent": _user_agent(),
    }
    try:
        content = _content(request, headers)
        url = _url(request, token, origins)
    except UnicodeEncodeError:
        raise RejectedUser(reason="holds a character that cannot be sent") from None
    headers.update({name.lower(): value for name, value in request.headers.items()})
    authorization = _authorization(request, token)
    if authorization:
        headers["authorization"] = authorization
    return Wire(request.method, url, headers, content)


@cache
def _user_agent() -> str:
    return f"jackfield/{version('jackfield')}"


def _content(request: Request, headers: dict[str, str]) -> bytes | None:
    if request.json is not None:
        headers["content-type"] = "application/json"
        return _ENCODER.encode(request.json).encode()
    if request.form is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
        return urlencode({name: _plain(value) for name, value in request.form.items()}).encode()
    return None


def secrets_of(request: Request) -> Iterator[str]:
    """Yield every secret that a hook hands over with its request, HTTP Basic pairs included."""
    who = request.authorize
    if isinstance(who, SecretStr):
        yield who.get_secret_value()
    if isinstance(who, tuple):
        yield who[1].get_secret_value()
        yield f"{who[0]}:{who[1].get_secret_value()}"
    for value in (request.form or {}).values():
        if isinstance(value, SecretStr):
            yield value.get_secret_value()


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


def redirected(wire: Wire, answer: Answer) -> Wire:
    """Return the same read at the place an answer points to, on the same origin only."""
    location = answer.headers["location"]
    try:
        target = urljoin(wire.url, location)
        is_near = origin_of(target) == origin_of(wire.url) and "@" not in urlsplit(target).netloc
    except ValueError:
        is_near = False
    if not is_near:
        place = _host_of(location)
        raise VendorBroken(f"the vendor redirects to another place, {place}; it was not followed")
    return Wire(wire.method, target, wire.headers, wire.content)


def _host_of(location: str) -> str:
    try:
        return urlsplit(location).hostname or "elsewhere"
    except ValueError:
        return "no valid URL"


def read_answer(answer: Answer, effect: Effect, redactor: Redactor) -> Response:
    """Return what the hook sees.

    Raises: VendorBroken (InDoubt after a write) for a success that is not JSON, or a redirect.
    """
    response = Response(answer.status, None, answer.headers, effect)
    if is_redirect(answer):
        host = _host_of(answer.headers["location"])
        raise response.unusable(f"the vendor redirects to {host}; it was not followed")
    if not answer.content.strip():
        return response
    kind = answer.headers.get("content-type", "")
    if not _JSON_TYPE.match(kind):
        return _not_json(answer, response, f"{kind or 'no content type'}", redactor)
    try:
        body = parse_json(answer.content)
    except ValueError as error:
        return _not_json(answer, response, f"damaged JSON ({error})", redactor)
    return Response(answer.status, body, answer.headers, effect)


def _not_json(answer: Answer, response: Response, what: str, redactor: Redactor) -> Response:
    """Return an error status without its body; a success in the wrong form is unusable."""
    text = redactor.redact(_excerpt(answer.content))
    if not response.is_success:
        return replace(response, text=text)
    raise response.unusable(
        f"the vendor answered {answer.status} with {what}, which begins: {text!r}"
    )


def _excerpt(content: bytes) -> str:
    begins = content[:_EXCERPT_CHARACTERS].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in begins).strip()


def parse_json(content: bytes) -> Json:
    """Return the value; raise ValueError for what JSON allows a parser to choke on."""
    try:
        value: Json = _DECODER.decode(
            content.decode(json.detect_encoding(content), "surrogatepass")
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("an object names one member twice")
    return document


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(
    parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique
)


def request_id(headers: Mapping[str, str]) -> str:
    """Return the vendor's own id of the exchange, which its support asks for."""
    for name in _REQUEST_ID_HEADERS:
        if headers.get(name, "").strip():
            return headers[name].strip()[:100]
    return ""
