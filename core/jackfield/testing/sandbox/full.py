"""A SCIM service with all that RFC 7644 describes but bulk: what a vendor seldom has.

Groups, sorting, `attributes`, entity tags, search over all resources and discovery stand here, so
that an imitation of a plainer vendor does not get them by accident.
"""
# ruff: noqa: ARG002 - overridden methods keep the parameters of the base

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.testing.sandbox.exchange import Answer, Document, Refusal, SandboxRequest
from jackfield.testing.sandbox.filters import parse_filter
from jackfield.testing.sandbox.limits import Clock
from jackfield.testing.sandbox.lists import Listing
from jackfield.testing.sandbox.patch import CORE_URN, PatchRules
from jackfield.testing.sandbox.schemas import (
    CORE,
    ENTERPRISE_URN,
    GROUP_URN,
    filterable_paths,
    resource_types,
    schema_documents,
)
from jackfield.testing.sandbox.scim import LIST_URN, ScimSandbox, invalid_value
from jackfield.testing.sandbox.selection import ordered, selected
from jackfield.testing.sandbox.store import Store

_OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le"})
_MEDIA_TYPES = ("application/scim+json", "application/json")


class _Groups(ScimSandbox):
    """The groups of a full sandbox, which hands requests on; it admits nobody itself."""

    collection = "/Groups"
    rules = PatchRules(
        frozenset({"displayName", "externalId", "members"}),
        read_only=frozenset({"id", "meta", "schemas"}),
        core=GROUP_URN,
    )
    filters = dict.fromkeys(filterable_paths([GROUP_URN]), _OPERATORS)
    lists = frozenset({"members"})
    texts = frozenset({"displayName", "externalId"})

    def __init__(self, base_path: str, public_origin: str) -> None:
        super().__init__(unlimited=True)
        self._public_base = public_origin + base_path
        self.store = Store(self.new_id, resource_type="Group")

    def new_id(self, number: int) -> str:
        return f"6c2d0000-0000-4000-8000-{number:012x}"

    def location(self, user_id: str) -> str:
        return f"{self._public_base}/Groups/{user_id}"

    def check_user(self, user: Document) -> None:
        if not user.get("displayName"):
            raise invalid_value("The attribute [displayName] is required.")

    def stored(self, user: Document, before: Document | None) -> Document:
        return user

    def arranged(self, users: list[Document], wanted: Mapping[str, Any]) -> list[Document]:
        return ordered(users, wanted)


class FullScimSandbox(ScimSandbox):
    """Users and groups, as RFC 7643 and RFC 7644 have them."""

    rules = PatchRules(ScimSandbox.rules.attributes, (ENTERPRISE_URN,))
    filters: ClassVar[Mapping[str, frozenset[str]]] = dict.fromkeys(
        filterable_paths([CORE_URN, ENTERPRISE_URN]), _OPERATORS
    )

    def __init__(
        self,
        *,
        unlimited: bool = False,
        clock: Clock = time.monotonic,
        unique: bool = True,
        listing: Listing = "honest",
    ) -> None:
        super().__init__(unlimited=unlimited, clock=clock, unique=unique, listing=listing)
        self.groups = _Groups(self.base_path, self.public_origin)

    def reset(self) -> None:
        super().reset()
        self.groups.reset()

    # Routes.

    def dispatch(self, request: SandboxRequest) -> Answer:
        path = self.scim_path(request)
        _check_media_type(request)
        if path in ("/Me", "/Bulk") or path.startswith("/Me/"):
            raise Refusal(501, f"{path} is not implemented.")
        if path == "/.search" and request.method == "POST":
            return self._searched(request)
        collection = f"/{path.split('/')[1]}"
        if collection not in ("/Users", "/Groups"):
            if request.method == "GET" and "filter" in request.query:
                raise Refusal(403, "Discovery takes no filter.")
            return super().dispatch(request)
        self._check_version(request, path.removeprefix(collection + "/"))
        if collection == "/Groups":
            return _as_asked(self.groups.dispatch(request), request)
        return _as_asked(super().dispatch(request), request)

    def _check_version(self, request: SandboxRequest, resource_id: str) -> None:
        wanted = request.header("if-match")
        found = self.store.get(resource_id) or self.groups.store.get(resource_id)
        if not wanted or wanted == "*" or found is None:
            return
        if found["meta"]["version"] not in [one.strip() for one in wanted.split(",")]:
            raise Refusal(412, "The resource has another version.")

    def _searched(self, request: SandboxRequest) -> Answer:
        """Search users and groups at once: RFC 7644 section 3.4.3."""
        wanted = request.document()
        expression = parse_filter(wanted["filter"]) if wanted.get("filter") else None
        shown = [self.shown(user) for user in self.store]
        shown += [self.groups.shown(group) for group in self.groups.store]
        fitting = [one for one in shown if expression is None or expression.matches(one)]
        fitting = ordered(fitting, wanted)
        start, count = wanted.get("startIndex", 1), wanted.get("count", self.default_count)
        if not isinstance(start, int) or not isinstance(count, int):
            raise invalid_value("startIndex and count are numbers.")
        first = max(1, start)
        page = fitting[first - 1 : first - 1 + min(self.max_count, max(0, count))]
        return _as_asked(self._said(200, _listed(page, len(fitting), first)), request)

    def discovery(self, path: str) -> Document | None:
        location = f"{self.public_origin}{self.base_path}"
        if path == "/ServiceProviderConfig":
            return self._config(f"{location}{path}")
        for name, documents in (
            ("/Schemas", schema_documents(location)),
            ("/ResourceTypes", resource_types(location)),
        ):
            if path == name:
                return _listed(documents, len(documents), 1)
            found = [one for one in documents if path == f"{name}/{one['id']}"]
            if found:
                return found[0]
        return None

    def _config(self, location: str) -> Document:
        found = super().discovery("/ServiceProviderConfig") or {}
        meta = {"resourceType": "ServiceProviderConfig", "location": location}
        supported = {"sort": {"supported": True}, "etag": {"supported": True}}
        return {**found, **supported, "schemas": [f"{CORE}ServiceProviderConfig"], "meta": meta}

    # Users.

    def arranged(self, users: list[Document], wanted: Mapping[str, Any]) -> list[Document]:
        return ordered(users, wanted)

    def stored(self, user: Document, before: Document | None) -> Document:
        # A new user is active; one that loses the attribute later is not made active by that.
        return {"active": True, **user} if before is None else user

    def shown(self, user: Document, *, listed: bool = False) -> Document:
        found = super().shown(user)
        groups = [
            {"value": group["id"], "display": group["displayName"], "type": "direct"}
            | {"$ref": self.groups.location(group["id"])}
            for group in self.groups.store
            if any(member.get("value") == user["id"] for member in group.get("members", ()))
        ]
        return {**found, "groups": groups} if groups else found


def _check_media_type(request: SandboxRequest) -> None:
    given = request.header("content-type").partition(";")[0].strip().lower()
    if request.body and given not in _MEDIA_TYPES:
        raise Refusal(415, f"The media type {given} is not supported.")


def _as_asked(answer: Answer, request: SandboxRequest) -> Answer:
    """Return the answer with its entity tag, and with the attributes asked for."""
    document = answer.document
    if not isinstance(document, dict):
        return answer
    is_search = request.path.endswith("/.search")
    wanted: Mapping[str, Any] = request.document() if is_search else request.query
    if "Resources" in document:
        parts = [selected(one, wanted) for one in document["Resources"]]
        answer.document = {**document, "Resources": parts}
        return answer
    version = document["meta"]["version"]
    answer.headers["ETag"] = version
    if request.method == "GET" and version == request.header("if-none-match"):
        return Answer(304, headers={"ETag": version})
    answer.document = selected(document, wanted)
    return answer


def _listed(documents: list[Document], total: int, start: int) -> Document:
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(documents),
        "Resources": documents,
    }
