"""One recorded exchange, its bodies in a form that can be compared, and the file it stands in.

The file is vcrpy's format, version 1, after a few lines of comment that say where it comes from.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml

from jackfield.driver.strict_json import parse_json

LIMIT_BYTES = 1024 * 1024
"""Larger files are not read: a cassette of ours is a few kilobytes."""

_DEEPEST = 10
"""A cassette needs six levels: bodies are text."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

FORM = "application/x-www-form-urlencoded"


class DamagedCassette(ValueError):
    """A file that is no cassette of ours, or too large, or unsafe to read."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; bodies are text, header names lower case."""

    method: str
    uri: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int
    reason: str
    response_headers: Mapping[str, tuple[str, ...]]
    response_body: str

    def request_form(self) -> list[tuple[str, str]] | None:
        """Return the fields of a form, or None where the body is none."""
        if not self.request_headers.get("content-type", "").startswith(FORM):
            return None
        return parse_qsl(self.request_body, keep_blank_values=True)


def parsed_json(text: str) -> tuple[bool, Any]:
    """Say whether a body is JSON without oddities, and return its value."""
    try:
        return True, parse_json(text.encode())
    except ValueError:
        return False, None


def write_cassette(head: list[str], exchanges: list[Exchange]) -> str:
    """Return the text of a cassette; the same exchanges give the same text."""
    document = {"version": 1, "interactions": [_to_yaml(one) for one in exchanges]}
    # One line each, however long: a folded value could hide from a search of the text.
    body: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1
    )
    return "".join(f"# {line}\n" for line in head) + body


def read_cassette(path: Path) -> list[Exchange]:
    """Return the exchanges of a file.

    Raises: DamagedCassette; FileNotFoundError.
    """
    with path.open("rb") as file:
        content = file.read(LIMIT_BYTES + 1)
    if len(content) > LIMIT_BYTES:
        raise DamagedCassette(f"{path} is larger than {LIMIT_BYTES} bytes")
    try:
        return parse_cassette(content.decode(), str(path))
    except UnicodeDecodeError:
        raise DamagedCassette(f"{path} is not a text file") from None


def parse_cassette(text: str, name: str) -> list[Exchange]:
    """Return the exchanges of a cassette's text; aliases and tags that run code are refused."""
    try:
        _check_shape(text, name)
        document = yaml.load(text, _LOADER)  # noqa: S506 - the safe loader, in C where there is one
        return [_from_yaml(one) for one in document["interactions"]]
    except DamagedCassette:
        raise
    except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError) as error:
        kind = type(error).__name__
        raise DamagedCassette(f"{name} cannot be read as a cassette ({kind})") from None


def _check_shape(text: str, name: str) -> None:
    """Refuse what a small file can grow into, before anything is built from it."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise DamagedCassette(f"{name} holds YAML aliases, which a cassette never needs")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise DamagedCassette(f"{name} is nested too deeply")


def places(exchanges: list[Exchange]) -> Iterator[tuple[str, str]]:
    """Yield every text of the exchanges with the name of its place."""
    for number, one in enumerate(exchanges, start=1):
        yield f"exchange {number}, request method", one.method
        yield f"exchange {number}, request URI", one.uri
        for name, value in one.request_headers.items():
            yield f"exchange {number}, request header {name}", value
        yield f"exchange {number}, request body", one.request_body
        yield f"exchange {number}, status", one.reason
        for name, values in one.response_headers.items():
            for value in values:
                yield f"exchange {number}, response header {name}", value
        yield f"exchange {number}, response body", one.response_body


def _to_yaml(one: Exchange) -> dict[str, Any]:
    return {
        "request": {
            "method": one.method,
            "uri": one.uri,
            "headers": {name: [value] for name, value in sorted(one.request_headers.items())},
            "body": one.request_body or None,
        },
        "response": {
            "status": {"code": one.status, "message": one.reason},
            "headers": {name: list(v) for name, v in sorted(one.response_headers.items())},
            "body": {"string": one.response_body},
        },
    }


def _from_yaml(document: Any) -> Exchange:
    request, response = document["request"], document["response"]
    return Exchange(
        method=_text(request["method"]),
        uri=_text(request["uri"]),
        request_headers={_text(n).lower(): _text(v[0]) for n, v in request["headers"].items()},
        request_body=_text(request["body"]),
        status=int(response["status"]["code"]),
        reason=_text(response["status"]["message"]),
        response_headers={
            _text(name).lower(): tuple(_text(value) for value in values)
            for name, values in response["headers"].items()
        },
        response_body=_text(response["body"]["string"]),
    )


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise TypeError("a cassette of ours holds text only")


def shown_json(value: Any) -> str:
    """Return JSON as it stands in a cassette: one member a line, in the order it was sent."""
    return json.dumps(value, ensure_ascii=False, indent=2)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - whatever it is
        return True

    def represent_data(self, data: Any) -> yaml.Node:
        if isinstance(data, str) and "\n" in data:
            return self.represent_scalar("tag:yaml.org,2002:str", data, style="|")
        return super().represent_data(data)
