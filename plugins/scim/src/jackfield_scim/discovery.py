"""Asks a service what it is, and believes it piece by piece.

Source: RFC 7643 sections 5 to 7, RFC 7644 section 4. Each endpoint may be missing, forbidden, half
filled or wrong: what it does not say stays unknown, and nothing follows for the others.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from jackfield import (
    ConfigurationError,
    Flow,
    Json,
    NotAllowed,
    Page,
    RejectedUser,
    Request,
    VendorBroken,
)
from jackfield.scim import CORE_URN, ENTERPRISE_URN, Path, ScimService, read
from jackfield_scim.capabilities import CAPABILITIES, FILTERS
from jackfield_scim.finding import is_filter_proven
from jackfield_scim.settings import ScimSettings
from jackfield_scim.tenant import Tenant

SAMPLE_SIZE = 10

# Never left out, whatever Schemas say: without them nobody is found, created or disabled. The
# RFC's own schema does not list `externalId` (RFC 7643 section 3.1).
_ALWAYS_SENT = frozenset({"username", "active", "externalid"})
_NEVER_ASKED = frozenset({"id", "meta", "schemas", "groups"})

# What a service names is written into requests and shown to people.
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_URN = re.compile(r"urn:[A-Za-z0-9._:-]+", re.IGNORECASE)

Documents = list[Mapping[str, Json]]


def discover(settings: ScimSettings) -> Flow[Tenant]:
    """Return what the service says of itself and what a probe of it shows.

    Raises: CredentialsRefused where the service refuses to list users for that reason.
    """
    config, types, schemas = None, [], []
    if settings.discovery:
        config = yield from _offered("/ServiceProviderConfig")
        types = _documents((yield from _offered("/ResourceTypes")))
        schemas = _documents((yield from _offered("/Schemas")))
    said = config if isinstance(config, dict) else {}
    user_type = next((found for found in types if _describes_users(found)), {})
    found = _judged(schemas, user_type)
    tenant = Tenant(
        users_path=settings.users_path or _users_path(user_type, settings.base_url),
        patch=_supported(said, "patch"),
        required=tuple(dict.fromkeys((*found.required, *settings.required))),
        required_schemas=tuple(_required_extensions(user_type)),
        read_only=tuple(found.read_only),
        set_once=tuple(found.set_once),
        not_offered=_without(found.not_offered, settings.accepted),
    )
    if settings.filter == "never" or (
        settings.filter == "auto" and _supported(said, "filter") is False
    ):
        tenant = replace(tenant, listed=tuple(FILTERS))
    return (yield from _probed(tenant, settings))


def _offered(path: str) -> Flow[Json]:
    try:
        response = yield Request("GET", path)
    except VendorBroken:  # a page of HTML, say
        return None
    return response.body if response.is_success else None


def _documents(body: Json) -> Documents:
    held = body
    if isinstance(body, dict) and not isinstance(read(body, "attributes"), list):
        held = read(body, "Resources")
    found = held if isinstance(held, list) else [held]
    return [document for document in found if isinstance(document, dict)]


def _supported(config: Mapping[str, Json], feature: str) -> bool | None:
    found = read(config, f"{feature}.supported")
    return {"true": True, "false": False}.get(str(found).lower())


def _describes_users(document: Mapping[str, Json]) -> bool:
    return _text(read(document, "schema")).lower() == CORE_URN.lower()


def _users_path(user_type: Mapping[str, Json], base_url: str) -> str:
    """Return the path of users below the base URL; one from elsewhere is not followed."""
    said = _text(read(user_type, "endpoint"))
    base_path = urlsplit(base_url).path
    if said.startswith(f"{base_url}/"):
        said = said.removeprefix(base_url)
    elif base_path and said.startswith(f"{base_path}/"):
        said = said.removeprefix(base_path)
    said = said.rstrip("/")
    return said if _PATH.fullmatch(said) else "/Users"


def _extensions(user_type: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    for extension in _parts(user_type, "schemaExtensions"):
        if _URN.fullmatch(_text(read(extension, "schema"))):
            yield extension


def _required_extensions(user_type: Mapping[str, Json]) -> Iterator[str]:
    for extension in _extensions(user_type):
        if read(extension, "required") is True:
            yield _text(read(extension, "schema"))


@dataclass(slots=True)
class _Judgement:
    required: list[str] = field(default_factory=list)
    read_only: list[str] = field(default_factory=list)
    set_once: list[str] = field(default_factory=list)
    not_offered: list[str] = field(default_factory=list)


def _judged(schemas: Documents, user_type: Mapping[str, Json]) -> _Judgement:
    found = _Judgement()
    urns = [CORE_URN, ENTERPRISE_URN]
    urns += [_text(read(extension, "schema")) for extension in _extensions(user_type)]
    for urn in dict.fromkeys(urns):
        attributes = _attributes_of(schemas, urn)
        for path, attribute in _paths(attributes, "" if urn == CORE_URN else f"{urn}:"):
            _judge(found, path, attribute)
        if attributes:
            found.not_offered += _lacking(attributes, urn)
    return found


def _attributes_of(schemas: Documents, urn: str) -> Documents:
    for schema in schemas:
        if _text(read(schema, "id")).lower() == urn.lower():
            return _parts(schema, "attributes")
    return []


def _paths(attributes: Documents, prefix: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for attribute in attributes:
        name = _text(read(attribute, "name"))
        if name.lower() in _NEVER_ASKED or not _is_path(prefix + name):
            continue
        yield prefix + name, attribute
        # What each of several values needs is told apart by no path.
        if read(attribute, "multiValued") is not True and not _is(attribute, "readOnly"):
            parts = _parts(attribute, "subAttributes")
            named = ((f"{prefix}{name}.{_text(read(part, 'name'))}", part) for part in parts)
            yield from ((path, part) for path, part in named if _is_path(path))


def _judge(found: _Judgement, path: str, attribute: Mapping[str, Json]) -> None:
    if _is(attribute, "readOnly"):
        if path.lower() not in _ALWAYS_SENT:
            found.read_only.append(path)
        return
    if _is(attribute, "immutable"):
        found.set_once.append(path)
    if read(attribute, "required") is True:
        found.required.append(path)


def _lacking(attributes: Documents, urn: str) -> Iterator[str]:
    """Yield what RFC 7643 names below this schema and the service does not."""
    known = {path.lower() for path, _ in _paths(attributes, "")}
    for path in map(Path.parse, CAPABILITIES.attributes):
        if (path.urn or CORE_URN) != urn or path.attribute.lower() in _ALWAYS_SENT:
            continue
        prefix = f"{urn}:" if path.urn else ""
        name, whole = path.attribute, f"{path.attribute}.{path.sub_attribute}"
        if name.lower() not in known:
            yield prefix + name
        elif path.condition is None and path.sub_attribute and whole.lower() not in known:
            yield prefix + whole


def _probed(tenant: Tenant, settings: ScimSettings) -> Flow[Tenant]:
    page, takes_count = yield from _sample(tenant)
    tenant = replace(tenant, takes_count=takes_count)
    if settings.filter != "auto" or page is None:
        return tenant
    filtered: list[str] = []
    listed: list[str] = []
    for path in FILTERS:
        if path in tenant.listed:
            continue
        is_proven = yield from is_filter_proven(path, page.users, tenant)
        if is_proven is not None:
            (filtered if is_proven else listed).append(path)
    return replace(tenant, filtered=tuple(filtered), listed=(*tenant.listed, *listed))


def _sample(tenant: Tenant) -> Flow[tuple[Page | None, bool]]:
    """Return a few users, and whether the service takes `count`: some fail on it."""
    service = ScimService(users_path=tenant.users_path, page_size=SAMPLE_SIZE)
    try:
        return (yield from service.list_users(None)), True
    except NotAllowed:
        return None, True
    except (RejectedUser, VendorBroken):
        pass
    try:
        return (yield from replace(service, page_size=0).list_users(None)), False
    except (NotAllowed, RejectedUser, VendorBroken):
        return None, True


def _without(paths: list[str], accepted: tuple[str, ...]) -> tuple[str, ...]:
    taken = {path.lower() for path in accepted}
    return tuple(dict.fromkeys(path for path in paths if path.lower() not in taken))


def _parts(document: Mapping[str, Json], name: str) -> Documents:
    found = read(document, name)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def _is(attribute: Mapping[str, Json], mutability: str) -> bool:
    return _text(read(attribute, "mutability")).lower() == mutability.lower()


def _is_path(text: str) -> bool:
    """Say whether the name of an attribute makes a path; a service may name anything."""
    try:
        Path.parse(text)
    except ConfigurationError:
        return False
    return True


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
