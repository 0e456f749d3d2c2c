"""JSON with suspicion: what a parser may choke on is refused, and texts are changed everywhere."""

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

from jackfield.flow import Json

_DEEPEST = 100
"""Levels of an error body whose texts are looked at; what lies deeper is left out."""


def parse_json(content: bytes) -> Json:
    """Return the value; raise ValueError for what JSON allows a parser to choke on."""
    try:
        value: Json = _DECODER.decode(
            content.decode(json.detect_encoding(content), "surrogatepass")
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def encode_json(value: Json) -> bytes:
    """Return the value as compact UTF-8.

    Raises: UnicodeEncodeError for half a character.
    """
    return _ENCODER.encode(value).encode()


def with_texts(value: Json, change: Callable[[str, str], str], name: str = "") -> Json:
    """Return the value with every text changed, names included.

    `change` is given the name of the member that the text stands below, and the text.
    """
    return _changed(value, change, name, _DEEPEST)


def _changed(value: Json, change: Callable[[str, str], str], name: str, levels: int) -> Json:
    if isinstance(value, str):
        return change(name, value)
    if isinstance(value, dict | list) and not levels:
        return None
    if isinstance(value, dict):
        return {
            change("", each): _changed(inner, change, each, levels - 1)
            for each, inner in value.items()
        }
    if isinstance(value, list):
        return [_changed(inner, change, name, levels - 1) for inner in value]
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
