"""What a Fuze user is ordered with: product SKUs, a location, a department; for good.

Jobs and hosts write them as `entitlements` of the types sku, location and department, wherever
Fuze keeps them. Source: Microsoft, "Configure Fuze for automatic user provisioning" (2022-11-21);
the wire format is the customer's to tell, it is not public.
"""

from collections.abc import Iterator, Mapping

from jackfield import Change, Json, RejectedUser, User
from jackfield.scim import Path, parse_user
from jackfield_fuze.settings import FuzeSettings

_ATTRIBUTE = "entitlements"
_KINDS = ("sku", "location", "department")


def is_entitlement(change: Change, settings: FuzeSettings) -> bool:
    """Say whether a change is of what Fuze never changes."""
    path = Path.parse(change.path)
    if path.urn:
        return path.urn.lower() == settings.extension_urn.lower()
    return path.attribute.lower() == _ATTRIBUTE


def as_sent(user: User, settings: FuzeSettings) -> User:
    """Return the new user with its entitlements where Fuze wants them.

    Raises: RejectedUser naming the attribute and what is permitted.
    """
    document = as_kept(user, settings).to_scim()
    entitled = _entitled(document.pop(_ATTRIBUTE, None))
    names = _names(settings)
    for kind, codes in entitled.items():
        _check(kind, codes, settings)
    if not settings.extension_urn:
        elements: list[Json] = [
            {"type": names[kind], "value": code} for kind in entitled for code in entitled[kind]
        ]
        return parse_user({**document, _ATTRIBUTE: elements} if elements else document)
    members: dict[str, Json] = {
        names[kind]: codes[0] if len(codes) == 1 else list(codes)
        for kind, codes in entitled.items()
    }
    held = document.get(settings.extension_urn)
    members |= held if isinstance(held, dict) else {}
    return parse_user({**document, settings.extension_urn: members} if members else document)


def as_kept(user: User, settings: FuzeSettings) -> User:
    """Return the user with its entitlements as jobs write them, wherever Fuze keeps them."""
    document = user.to_scim()
    kinds = {name.lower(): kind for kind, name in _names(settings).items()}
    found: list[Json] = [_renamed(one, kinds) for one in _listed(document.get(_ATTRIBUTE))]
    urn = next((n for n in document if n.lower() == settings.extension_urn.lower()), "")
    extension = document.get(urn)
    if isinstance(extension, dict):
        others = {n: v for n, v in extension.items() if n.lower() not in kinds}
        own = ((kinds[n.lower()], v) for n, v in extension.items() if n.lower() in kinds)
        found += [{"type": kind, "value": code} for kind, v in own for code in _listed(v)]
        document = {**document, urn: others}
        if not others:
            del document[urn]
    return parse_user({**document, _ATTRIBUTE: found} if found else document)


def _names(settings: FuzeSettings) -> Mapping[str, str]:
    names = (settings.sku_name, settings.location_name, settings.department_name)
    return dict(zip(_KINDS, names, strict=True))


def _entitled(held: Json) -> dict[str, list[str]]:
    entitled: dict[str, list[str]] = {}
    for kind, code in _pairs(held):
        if kind not in _KINDS:
            raise RejectedUser(
                attribute=_ATTRIBUTE, reason=f"the type {kind!r} is none of {', '.join(_KINDS)}"
            )
        entitled.setdefault(kind, []).append(code)
    return entitled


def _pairs(held: Json) -> Iterator[tuple[str, str]]:
    for element in _listed(held):
        parts = element if isinstance(element, dict) else {"value": element}
        yield str(parts.get("type", "")).lower(), str(parts.get("value", ""))


def _check(kind: str, codes: list[str], settings: FuzeSettings) -> None:
    permitted = {
        "sku": settings.skus,
        "location": settings.locations,
        "department": settings.departments,
    }[kind]
    path = f'{_ATTRIBUTE}[type eq "{kind}"].value'
    for code in codes:
        if code not in permitted:
            choice = ", ".join(permitted) or f"nothing, for the setting {kind}s is empty"
            raise RejectedUser(attribute=path, reason=f"{code!r} is not permitted, only {choice}")
    if len(codes) > 1 and kind != "sku":
        raise RejectedUser(attribute=path, reason=f"a user has one {kind}, not {len(codes)}")


def _renamed(element: Json, kinds: Mapping[str, str]) -> Json:
    if not isinstance(element, dict):
        return element
    kind = str(element.get("type", ""))
    return element | {"type": kinds.get(kind.lower(), kind)}


def _listed(held: Json) -> list[Json]:
    return held if isinstance(held, list) else [] if held is None else [held]
