"""Says whether a request is the recorded one, and in few words how it differs.

The order of query parameters and of JSON members counts for nothing; secrets neither.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jackfield.testing.cleaning import SECRET_FIELDS, with_placeholders
from jackfield.testing.exchange import Exchange, parsed_json
from jackfield.testing.scanning import looks_secret

_SHOWN_DIFFERENCES = 5
_SHOWN_CHARACTERS = 60


def differences(sent: Exchange, recorded: Exchange) -> list[str]:
    """Return how a request differs from the recorded one, secrets left out; empty where equal."""
    sent, recorded = with_placeholders(sent), with_placeholders(recorded)
    found = list(_differ(_target(sent), _target(recorded), ""))
    found += _differ(_body(sent), _body(recorded), "body")
    more = len(found) - _SHOWN_DIFFERENCES
    return [*found[:_SHOWN_DIFFERENCES], f"and {more} more"] if more > 0 else found


def _target(one: Exchange) -> dict[str, Any]:
    parts = urlsplit(one.uri)
    return {
        "method": one.method,
        "address": f"{parts.scheme}://{parts.netloc}{parts.path}",
        "credentials": one.request_headers.get("authorization", "none").partition(" ")[0],
        "query": [list(pair) for pair in sorted(parse_qsl(parts.query, keep_blank_values=True))],
    }


def _body(one: Exchange) -> Any:
    form = one.request_form()
    if form is not None:
        return [list(pair) for pair in sorted(form)]
    is_json, value = parsed_json(one.request_body)
    return value if is_json else one.request_body


def _differ(sent: Any, recorded: Any, place: str) -> Iterator[str]:
    if isinstance(sent, dict) and isinstance(recorded, dict):
        for name in sorted(sent.keys() | recorded.keys()):
            inner = f"{place}.{name}" if place else name
            if name not in recorded:
                yield f"{inner} is new: {_shown(sent[name], name)}"
            elif name not in sent:
                yield f"{inner} is missing"
            else:
                yield from _differ(sent[name], recorded[name], inner)
    elif isinstance(sent, list) and isinstance(recorded, list) and len(sent) == len(recorded):
        for index, (left, right) in enumerate(zip(sent, recorded, strict=True)):
            yield from _differ(left, right, f"{place}[{index}]")
    elif type(sent) is not type(recorded) or sent != recorded:
        name = place.rpartition(".")[2]
        yield f"{place} is {_shown(sent, name)}, recorded was {_shown(recorded, name)}"


def _shown(value: Any, name: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if name.lower() in SECRET_FIELDS or looks_secret(text):
        return "[secret]"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
