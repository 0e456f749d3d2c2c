"""Turns exchanges as they happened into exchanges that may be kept.

Headers pass by an allow-list, never by a block-list. Secrets are replaced by placeholders that say
what stood there, so that the same scenario gives the same text, and a replay the same requests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from jackfield.testing.exchange import Exchange, parsed_json, shown_json

AUTHORIZATION_MARK = "placeholder-credentials"

_REQUEST_HEADERS = frozenset({"accept", "authorization", "content-type"})
_RESPONSE_HEADERS = frozenset(
    {"content-type", "date", "etag", "link", "location", "retry-after"}
    | {"rcrequestid", "request-id", "trackingid", "x-request-id", "x-zm-trackingid"}
    | {"x-amzn-requestid", "x-correlation-id", "x-ms-request-id"}
)
_RESPONSE_PREFIXES = ("x-rate-limit-", "x-ratelimit-")

SECRET_FIELDS = frozenset(
    {"access_token", "assertion", "client_assertion", "client_secret", "id_token", "password"}
    | {"refresh_token", "session_id"}
)
# `code` in JSON is a vendor's error code far more often than a grant.
_FORM_FIELDS = SECRET_FIELDS | {"client_id", "code", "code_verifier", "token"}


def may_keep_request_header(name: str) -> bool:
    return name in _REQUEST_HEADERS


def may_keep_response_header(name: str) -> bool:
    return name in _RESPONSE_HEADERS or name.startswith(_RESPONSE_PREFIXES)


def placeholder(field: str) -> str:
    """Return what stands for a secret of this name."""
    return f"placeholder-{field.lower().replace('_', '-')}"


def secrets_in(exchange: Exchange) -> set[str]:
    """Return the secrets an exchange holds in known places: header, form and JSON fields."""
    found = {exchange.request_headers.get("authorization", "").rpartition(" ")[2]}
    for name, value in exchange.request_form() or ():
        if name in _FORM_FIELDS - {"client_id"}:
            found.add(value)
    for text in (exchange.request_body, exchange.response_body):
        found |= _named(parsed_json(text)[1])
    return found - {""}


def cleaned(exchange: Exchange, *, rename: Mapping[str, str], secrets: Iterable[str]) -> Exchange:
    """Return the exchange with real origins, without secrets and without other headers."""
    known = frozenset(secrets)

    def headers_kept(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_renamed(value, rename) for value in values)

    plain = with_placeholders(exchange, known)
    return replace(
        plain,
        uri=_renamed(exchange.uri, rename),
        request_headers={
            name: _renamed(value, rename)
            for name, value in plain.request_headers.items()
            if may_keep_request_header(name)
        },
        request_body=_renamed(plain.request_body, rename),
        response_headers={
            name: headers_kept(values)
            for name, values in plain.response_headers.items()
            if may_keep_response_header(name)
        },
        response_body=_renamed(plain.response_body, rename),
    )


def with_placeholders(exchange: Exchange, secrets: frozenset[str] = frozenset()) -> Exchange:
    """Return the exchange with every secret in a known place replaced."""
    headers = dict(exchange.request_headers)
    if "authorization" in headers:
        headers["authorization"] = _marked(headers["authorization"])
    form = exchange.request_form()
    if form is None:
        request_body = _clean_json(exchange.request_body, secrets)
    else:
        request_body = urlencode([(n, _clean_value(n, v, secrets)) for n, v in form])
    return replace(
        exchange,
        request_headers=headers,
        request_body=request_body,
        response_body=_clean_json(exchange.response_body, secrets),
    )


def _marked(authorization: str) -> str:
    scheme, separator, _ = authorization.partition(" ")
    known = separator and scheme.lower() in {"basic", "bearer"}
    return f"{scheme} {AUTHORIZATION_MARK}" if known else AUTHORIZATION_MARK


def _clean_value(name: str, value: str, secrets: frozenset[str]) -> str:
    if name in _FORM_FIELDS:
        return placeholder(name)
    return placeholder("secret") if value in secrets else value


def _clean_json(text: str, secrets: frozenset[str]) -> str:
    is_json, value = parsed_json(text)
    if not is_json or not isinstance(value, dict | list):
        return placeholder("secret") if text in secrets else text
    return shown_json(_clean(value, secrets))


def _clean(value: Any, secrets: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            name: placeholder(name)
            if name.lower() in SECRET_FIELDS and isinstance(item, str) and item
            else _clean(item, secrets)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_clean(item, secrets) for item in value]
    return placeholder("secret") if isinstance(value, str) and value in secrets else value


def _named(value: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(value, list):
        for item in value:
            found |= _named(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            is_secret = name.lower() in SECRET_FIELDS and isinstance(item, str)
            found |= {item} if is_secret else _named(item)
    return found


def _renamed(text: str, rename: Mapping[str, str]) -> str:
    for served, real in rename.items():
        for form in (str, lambda origin: quote(origin, safe="")):
            text = text.replace(form(served), form(real))
    return text
