"""PATCH of one user: RFC 7644 section 3.5.2."""

import copy
import re
from dataclasses import dataclass
from typing import Any

from jackfield.testing.sandbox.exchange import Document, Refusal
from jackfield.testing.sandbox.filters import Comparison, Filter, Joined, parse_filter

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CORE_URN = "urn:ietf:params:scim:schemas:core:2.0:User"

_PATH = re.compile(r"([A-Za-z][\w$-]*)(?:\[(.+)\])?(?:\.([A-Za-z$][\w$-]*))?")


@dataclass(frozen=True, slots=True)
class PatchRules:
    """What a dialect's users have, and how it takes an element that is not there.

    `attributes` are the writable names of the core. A path to one of `read_only` is ignored, any
    other is refused. `replace_creates` says whether `replace` makes the element its filter misses.
    """

    attributes: frozenset[str]
    extensions: tuple[str, ...] = ()
    read_only: frozenset[str] = frozenset({"id", "meta", "groups", "schemas"})
    replace_creates: bool = True
    core: str = CORE_URN

    def spelled(self, name: str) -> str:
        """Return an attribute of the core as the RFC spells it, or nothing."""
        wanted = name.lower()
        known = self.attributes | self.read_only
        return next((one for one in known if one.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class _Target:
    urn: str
    attribute: str
    filter: Filter | None = None
    sub: str = ""


def _invalid_path(path: str) -> Refusal:
    return Refusal(400, f"The path [{path}] is invalid.", scim_type="invalidPath")


def _no_target(detail: str) -> Refusal:
    return Refusal(400, detail, scim_type="noTarget")


def _split_urn(path: str, rules: PatchRules) -> tuple[str, str]:
    # A version in the URN ("2.0") holds a dot: the URN goes first, then the rest is read.
    for urn in (rules.core, *rules.extensions):
        if path.lower() == urn.lower():
            return urn, ""
        if path.lower().startswith(urn.lower() + ":"):
            return urn, path[len(urn) + 1 :]
    return "", path


def _parse_path(path: str, rules: PatchRules) -> _Target:
    urn, rest = _split_urn(path, rules)
    if urn and not rest:
        return _Target(urn, "")
    found = _PATH.fullmatch(rest)
    if found is None:
        raise _invalid_path(path)
    attribute, inner, sub = found.groups()
    if urn in ("", rules.core):
        urn, attribute = "", rules.spelled(attribute)
        if not attribute:
            raise _invalid_path(path)
    try:
        element = parse_filter(inner) if inner else None
    except Refusal as refusal:
        raise _invalid_path(path) from refusal
    return _Target(urn, attribute, element, sub or "")


def apply_patch(document: Document, body: Document, rules: PatchRules) -> Document:
    """Return a changed copy; the document itself stays as it is.

    Raises: Refusal (400 invalidSyntax, invalidPath, noTarget or invalidValue).
    """
    operations = body.get("Operations")
    if PATCH_URN not in body.get("schemas", ()) or not isinstance(operations, list):
        raise Refusal(400, "The body is not a PatchOp message.", scim_type="invalidSyntax")
    changed = copy.deepcopy(document)
    for operation in operations:
        _apply(changed, operation, rules)
    return changed


def _apply(document: Document, operation: Any, rules: PatchRules) -> None:
    verb = operation.get("op") if isinstance(operation, dict) else None
    if verb not in ("add", "replace", "remove"):
        raise Refusal(400, f"The operation [{verb}] is unknown.", scim_type="invalidSyntax")
    if verb != "remove" and "value" not in operation:
        raise Refusal(400, f"The {verb} has no value.", scim_type="invalidValue")
    path, value = operation.get("path"), copy.deepcopy(operation.get("value"))
    if path:
        _apply_at(document, verb, _parse_path(path, rules), value, rules)
    elif verb == "remove":
        raise _no_target("The remove has no path.")
    elif not isinstance(value, dict):
        raise Refusal(400, f"The {verb} without a path needs an object.", scim_type="invalidValue")
    else:
        for name, part in value.items():
            # Sections that the vendor does not know are ignored, as in a create.
            urn, rest = _split_urn(name, rules)
            if rest == "" or urn or rules.spelled(name):
                _apply_at(document, verb, _parse_path(name, rules), part, rules)


def _apply_at(
    document: Document, verb: str, target: _Target, value: Any, rules: PatchRules
) -> None:
    if not target.urn and target.attribute in rules.read_only:
        return
    if not target.attribute:
        _apply_whole(document, verb, target.urn, value)
        return
    owner = document.setdefault(target.urn, {}) if target.urn else document
    if target.filter is not None:
        _apply_filtered(owner, verb, target, value, rules)
    elif target.sub:
        _apply_sub(owner, verb, target, value)
    else:
        _apply_whole(owner, verb, target.attribute, value)
    if target.urn and not document[target.urn]:
        del document[target.urn]


def _apply_whole(owner: Document, verb: str, name: str, value: Any) -> None:
    before = owner.get(name)
    if verb == "remove" or value is None:
        owner.pop(name, None)
    elif isinstance(before, dict) and isinstance(value, dict):
        before.update(value)
    elif verb == "add" and isinstance(before, list):
        added = value if isinstance(value, list) else [value]
        before.extend(one for one in added if one not in before)
    else:
        owner[name] = value


def _apply_sub(owner: Document, verb: str, target: _Target, value: Any) -> None:
    found = owner.get(target.attribute)
    if isinstance(found, list):
        for element in found:
            _set(element, verb, target.sub, value)
        return
    if not isinstance(found, dict):
        if verb == "remove":
            return
        found = owner[target.attribute] = {}
    _set(found, verb, target.sub, value)


def _apply_filtered(
    owner: Document, verb: str, target: _Target, value: Any, rules: PatchRules
) -> None:
    assert target.filter is not None
    elements = owner.get(target.attribute, [])
    if not isinstance(elements, list):
        raise _invalid_path(target.attribute)
    fitting = [one for one in elements if target.filter.matches(one)]
    if not fitting:
        if verb == "remove" or (verb == "replace" and not rules.replace_creates):
            raise _no_target(f"No value of [{target.attribute}] fits the filter.")
        fitting = [_seeded(target.filter)]
        owner[target.attribute] = elements + fitting
    if target.sub:
        for element in fitting:
            _set(element, verb, target.sub, value)
    elif verb == "remove":
        owner[target.attribute] = [one for one in elements if one not in fitting]
    else:
        _set_elements(fitting, verb, value)


def _set_elements(elements: list[Document], verb: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise Refusal(400, "The value of an element is an object.", scim_type="invalidValue")
    for element in elements:
        if verb == "replace":
            element.clear()
        element.update(value)


def _set(owner: Document, verb: str, name: str, value: Any) -> None:
    if verb == "remove" or value is None:
        owner.pop(name, None)
    else:
        owner[name] = value


def _seeded(element: Filter) -> Document:
    """Return the element that a filter of equalities describes."""
    parts = element.parts if isinstance(element, Joined) else (element,)
    return {
        part.path: part.value
        for part in parts
        if isinstance(part, Comparison) and part.operator == "eq"
    }
