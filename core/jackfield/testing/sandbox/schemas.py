"""The discovery documents of a full SCIM service: RFC 7643 sections 4 to 8."""

from collections.abc import Iterable, Iterator
from typing import Any

from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.patch import CORE_URN

GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"

_READ_ONLY = {"mutability": "readOnly"}
_SCHEMA_URN = f"{CORE}Schema"


def _attribute(name: str, kind: str = "string", **changed: Any) -> Document:
    found: Document = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": f"The {name}.",
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    return found | changed


def _many(name: str, subs: Iterable[Document], **changed: Any) -> Document:
    return _attribute(name, "complex", multiValued=True, subAttributes=list(subs), **changed)


def _one(name: str, subs: Iterable[Document], **changed: Any) -> Document:
    return _attribute(name, "complex", subAttributes=list(subs), **changed)


def _values(name: str, kind: str = "string", **changed: Any) -> Document:
    """Return a multi-valued attribute with the four usual sub-attributes."""
    value = _attribute("value", kind, **changed)
    primary = _attribute("primary", "boolean")
    return _many(name, (value, _attribute("display"), _attribute("type"), primary))


def _texts(*names: str, **changed: Any) -> list[Document]:
    return [_attribute(name, **changed) for name in names]


def _supported(name: str, *more: Document) -> Document:
    flag = _attribute("supported", "boolean", required=True, **_READ_ONLY)
    return _one(name, (flag, *more), required=True, **_READ_ONLY)


def _reference(name: str, *types: str, **changed: Any) -> Document:
    return _attribute(name, "reference", referenceTypes=list(types), caseExact=True, **changed)


def _user() -> list[Document]:
    names = ("formatted", "familyName", "givenName", "middleName")
    address = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type")
    group = (
        _attribute("value", **_READ_ONLY),
        _reference("$ref", "User", "Group", **_READ_ONLY),
        *_texts("display", "type", **_READ_ONLY),
    )
    return [
        _attribute("userName", required=True, uniqueness="server"),
        _one("name", _texts(*names, "honorificPrefix", "honorificSuffix")),
        *_texts("displayName", "nickName"),
        _reference("profileUrl", "external"),
        *_texts("title", "userType", "preferredLanguage", "locale", "timezone"),
        _attribute("active", "boolean"),
        *(_values(name) for name in ("emails", "phoneNumbers", "ims")),
        _values("photos", "reference", referenceTypes=["external"], caseExact=True),
        _many("addresses", [*_texts(*address), _attribute("primary", "boolean")]),
        _many("groups", group, **_READ_ONLY),
        *(_values(name) for name in ("entitlements", "roles")),
        _values("x509Certificates", "binary", caseExact=True),
    ]


def _enterprise() -> list[Document]:
    manager = (
        _attribute("value"),
        _reference("$ref", "User"),
        _attribute("displayName", **_READ_ONLY),
    )
    texts = _texts("employeeNumber", "costCenter", "organization", "division", "department")
    return [*texts, _one("manager", manager)]


def _group() -> list[Document]:
    member = (
        _attribute("value", mutability="immutable"),
        _reference("$ref", "User", "Group", mutability="immutable"),
        _attribute("type", mutability="immutable", canonicalValues=["User", "Group"]),
        _attribute("display", mutability="immutable"),
    )
    return [_attribute("displayName", required=True), _many("members", member)]


def _config() -> list[Document]:
    sizes = [
        _attribute(name, "integer", required=True, **_READ_ONLY)
        for name in ("maxOperations", "maxPayloadSize", "maxResults")
    ]
    scheme = (
        *_texts("type", "name", "description", required=True, **_READ_ONLY),
        *(_reference(name, "external", **_READ_ONLY) for name in ("specUri", "documentationUri")),
        _attribute("primary", "boolean", **_READ_ONLY),
    )
    return [
        _reference("documentationUri", "external", **_READ_ONLY),
        _supported("patch"),
        _supported("bulk", *sizes[:2]),
        _supported("filter", sizes[2]),
        *(_supported(name) for name in ("changePassword", "sort", "etag")),
        _many("authenticationSchemes", scheme, required=True, **_READ_ONLY),
    ]


def _resource_type() -> list[Document]:
    extension = (
        _reference("schema", "uri", required=True, **_READ_ONLY),
        _attribute("required", "boolean", required=True, **_READ_ONLY),
    )
    return [
        _attribute("name", required=True, **_READ_ONLY),
        _attribute("description", **_READ_ONLY),
        _reference("endpoint", "uri", required=True, **_READ_ONLY),
        _reference("schema", "uri", required=True, **_READ_ONLY),
        _many("schemaExtensions", extension, **_READ_ONLY),
    ]


def _schema() -> list[Document]:
    parts = [
        *_texts(
            "name", "type", "description", "mutability", "returned", "uniqueness", **_READ_ONLY
        ),
        *(
            _attribute(name, "boolean", **_READ_ONLY)
            for name in ("multiValued", "required", "caseExact")
        ),
        *_texts("canonicalValues", "referenceTypes", multiValued=True, **_READ_ONLY),
    ]
    attributes = [*parts, _many("subAttributes", parts, **_READ_ONLY)]
    return [
        _attribute("name", required=True, **_READ_ONLY),
        _attribute("description", **_READ_ONLY),
        _many("attributes", attributes, required=True, **_READ_ONLY),
    ]


def schema_documents(location: str) -> list[Document]:
    """Return every schema; `location` is the public address of the SCIM base."""
    made = (
        (CORE_URN, "User", _user()),
        (ENTERPRISE_URN, "EnterpriseUser", _enterprise()),
        (GROUP_URN, "Group", _group()),
        (f"{CORE}ServiceProviderConfig", "ServiceProviderConfig", _config()),
        (f"{CORE}ResourceType", "ResourceType", _resource_type()),
        (_SCHEMA_URN, "Schema", _schema()),
    )
    return [
        {
            "schemas": [_SCHEMA_URN],
            "id": urn,
            "name": name,
            "description": f"{name} of RFC 7643.",
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{location}/Schemas/{urn}"},
        }
        for urn, name, attributes in made
    ]


def resource_types(location: str) -> list[Document]:
    """Return the resource types: users with the enterprise extension, and groups."""
    extension = {"schema": ENTERPRISE_URN, "required": False}
    made: tuple[tuple[str, str, str, list[Document]], ...] = (
        ("User", "/Users", CORE_URN, [extension]),
        ("Group", "/Groups", GROUP_URN, []),
    )
    return [
        {
            "schemas": [f"{CORE}ResourceType"],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "schema": urn,
            "schemaExtensions": extensions,
            "meta": {
                "resourceType": "ResourceType",
                "location": f"{location}/ResourceTypes/{name}",
            },
        }
        for name, endpoint, urn, extensions in made
    ]


def filterable_paths(urns: Iterable[str]) -> Iterator[str]:
    """Return the lower-case path of every attribute of these schemas, the common ones included."""
    common = ("id", "externalid", "schemas", "resourcetype", "created", "lastmodified", "version")
    yield from common[:3]
    yield from (f"meta.{name}" for name in common[3:])
    for schema in schema_documents(""):
        if schema["id"] not in urns:
            continue
        for attribute in schema["attributes"]:
            name = attribute["name"].lower()
            yield name
            yield from (
                f"{name}.{sub['name'].lower()}" for sub in attribute.get("subAttributes", ())
            )
