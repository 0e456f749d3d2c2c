"""A table of a configuration to begin with: how it signs in, and its settings as TOML."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from jackfield.cli.commands.schema import secret_settings

_MOST_TOGETHER: Final = 4
_ORDINARY: Final = frozenset({"rate_limits", "allow_loopback", "allow_private_network"})
"""Settings of every connection; the file need not speak of them."""
_DUMMIES: Final = ("https://a.example", "00000000-0000-0000-0000-{:012}", "a")


@dataclass(slots=True)
class Draft:
    """One table to write: what is given, and which settings it signs in with."""

    place: str
    header: str
    kind: tuple[str, str]
    model: type[BaseModel]
    given: dict[str, str] = field(default_factory=dict)
    used: tuple[str, ...] = ()

    @property
    def secret(self) -> frozenset[str]:
        return secret_settings(self.model)

    def variable(self, name: str) -> str:
        """Return the environment variable that a setting is read from."""
        last = self.header.rpartition(".")[2]
        return f"{last}_{name}".upper().replace("-", "_")

    def referenced(self) -> Iterator[str]:
        """Yield the settings that are read from the environment."""
        required = [n for n, f in self.model.model_fields.items() if f.is_required()]
        wanted = dict.fromkeys((*required, *self.used))
        yield from (name for name in wanted if name not in self.given)


def ways_to_sign_in(table: Draft) -> list[tuple[str, ...]]:
    """Return the smallest sets of settings that the model takes, those with a secret first.

    Before them comes the one that the connector itself proposes.
    """
    fields = table.model.model_fields
    optional = [n for n, f in fields.items() if not f.is_required() and _is_open(n, f, table)]
    found: list[tuple[str, ...]] = []
    for count in range(min(_MOST_TOGETHER, len(optional)) + 1):
        for some in combinations(optional, count):
            if not any(set(way) <= set(some) for way in found) and fits(table, some):
                found.append(some)
    found.sort(key=lambda way: not (table.secret & {*way}))
    usual: tuple[str, ...] = getattr(table.model, "usual_sign_in", ())
    return [way for way in dict.fromkeys((usual, *found)) if way]


def _is_open(name: str, info: FieldInfo, table: Draft) -> bool:
    """Say whether a setting may be a credential: a secret, or a text that is empty by default."""
    return name not in _ORDINARY and (name in table.secret or info.default in ("", None))


def fits(table: Draft, names: Iterable[str]) -> bool:
    """Say whether the model takes these settings beside what it needs, whatever their values."""
    required = [n for n, f in table.model.model_fields.items() if f.is_required()]
    values: dict[str, str] = dict(table.given)
    for name in (*required, *names):
        values.setdefault(name, _dummy(table.model, name))
    try:
        table.model.model_validate(values)
    except ValidationError:
        return False
    return True


def _dummy(model: type[BaseModel], name: str) -> str:
    """Return a made-up value that this setting takes by itself, no other setting the same id."""
    number = list(model.model_fields).index(name)
    values = [value.format(number) for value in _DUMMIES]
    return next((value for value in values if _takes(model, name, value)), values[-1])


def _takes(model: type[BaseModel], name: str, value: str) -> bool:
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        return not any(problem["loc"] == (name,) for problem in problems)
    return True


def toml_lines(table: Draft) -> Iterator[str]:
    """Yield the table as it stands in the file, settings that nobody gave as comments."""
    for line in (table.model.__doc__ or "").strip().splitlines():
        yield f"# {line.strip()}".rstrip()
    yield f"[{table.header}]"
    yield f"{table.kind[0]} = {quoted(table.kind[1])}"
    referenced = list(table.referenced())
    for name, info in table.model.model_fields.items():
        if name in table.given:
            yield f"{name} = {quoted(table.given[name])}"
        elif name in referenced:
            yield f"{name} = {quoted('env:' + table.variable(name))}"
        elif name not in _ORDINARY:
            yield _commented(table, name, info)


def _commented(table: Draft, name: str, info: FieldInfo) -> str:
    if name in table.secret:
        return f"# {name} = {quoted('env:' + table.variable(name))}"
    default = info.get_default(call_default_factory=True)
    value = quoted("") if default is None else _value(default)
    return f"# {name} = {value}"


def _value(default: object) -> str:
    if isinstance(default, str):
        return quoted(default)
    if isinstance(default, Mapping):
        return "{}"
    return json.dumps(list(default) if isinstance(default, tuple) else default)


def quoted(text: str) -> str:
    """Return a text as TOML has it: as JSON does, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
