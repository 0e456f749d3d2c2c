"""A SCIM 2.0 vendor as RFC 7643 and RFC 7644 have it; dialects override where they differ."""
# ruff: noqa: ARG002 - the methods a dialect overrides are given more than the defaults need

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.testing.sandbox.app import Sandbox
from jackfield.testing.sandbox.exchange import Answer, Document, Refusal, SandboxRequest
from jackfield.testing.sandbox.filters import Comparison, Filter, check_filter, parse_filter
from jackfield.testing.sandbox.limits import Clock
from jackfield.testing.sandbox.lists import Listing, listed_page
from jackfield.testing.sandbox.patch import PatchRules, apply_patch

ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

LISTS = frozenset(
    {"emails", "phoneNumbers", "addresses", "photos", "ims", "roles", "entitlements"}
    | {"x509Certificates"}
)
TEXTS = frozenset(
    {"userName", "externalId", "displayName", "nickName", "profileUrl", "title", "userType"}
    | {"preferredLanguage", "locale", "timezone"}
)
CORE_ATTRIBUTES = LISTS | TEXTS | {"name", "active"}

_EQUALS = frozenset({"eq"})


def invalid_value(detail: str) -> Refusal:
    """Return the refusal of a value."""
    return Refusal(400, detail, scim_type="invalidValue")


class ScimSandbox(Sandbox):
    """Users by SCIM 2.0 below `base_path`: list, search, create, read, replace, patch, delete.

    A dialect sets the class attributes and overrides the small methods in the first half.

    `unique` False: a second user of the same `userName` is accepted, by a create or a rename.
    `listing` says how users are listed without a filter (see `lists.Listing`); filters work. Both
    may be changed between requests, and a reset leaves them as they are.
    """

    base_path: ClassVar[str] = "/scim/v2"
    collection: ClassVar[str] = "/Users"
    public_origin: ClassVar[str] = "https://scim.example"
    """What `meta.location` begins with; never the origin that really serves."""

    content_type = "application/scim+json"
    rules: ClassVar[PatchRules] = PatchRules(CORE_ATTRIBUTES, (ENTERPRISE_URN,))
    filters: ClassVar[Mapping[str, frozenset[str]]] = {"username": _EQUALS, "externalid": _EQUALS}
    """What may be filtered: lower-case path to its operators."""

    lists: ClassVar[frozenset[str]] = LISTS
    texts: ClassVar[frozenset[str]] = TEXTS
    default_count: ClassVar[int] = 100
    max_count: ClassVar[int] = 1000

    def __init__(
        self,
        *,
        unlimited: bool = False,
        clock: Clock = time.monotonic,
        unique: bool = True,
        listing: Listing = "honest",
    ) -> None:
        super().__init__(unlimited=unlimited, clock=clock)
        self.unique = unique
        self.listing: Listing = listing
        self._unseen: dict[str, int] = {}

    # What a dialect overrides.

    def scim_path(self, request: SandboxRequest) -> str:
        """Return the path below the SCIM base.

        Raises: Refusal (404) outside of it.
        """
        if not request.path.startswith(self.base_path + "/"):
            raise Refusal(404, f"There is no {request.path}.")
        return request.path[len(self.base_path) :]

    def check_user(self, user: Document) -> None:
        """Refuse a user, as it would be stored, that breaks a rule of the vendor."""
        if not user.get("userName"):
            raise invalid_value("The attribute [userName] is required.")

    def check_created(self, user: Document) -> None:
        """Refuse a create that the account has no room for."""

    def stored(self, user: Document, before: Document | None) -> Document:
        """Return the user as the vendor keeps it; `before` is what it replaces."""
        return {"active": True, **user}

    def shown(self, user: Document, *, listed: bool = False) -> Document:
        """Return the user as the vendor answers it; `listed` for an item of a list."""
        urns = [self.rules.core, *(urn for urn in self.rules.extensions if urn in user)]
        meta = {**user["meta"], "location": self.location(user["id"])}
        return {"schemas": urns, "id": user["id"], **user, "meta": meta}

    def location(self, user_id: str) -> str:
        return f"{self.public_origin}{self.base_path}{self.collection}/{user_id}"

    def arranged(self, users: list[Document], wanted: Mapping[str, Any]) -> list[Document]:
        """Return the users in the order that a list or search asks for."""
        return users

    def candidates(self, found: Filter) -> list[Document] | None:
        """Return the users an index gives for a filter; None where all have to be looked at."""
        if isinstance(found, Comparison) and found.operator == "eq":
            name = found.path.rpartition(":")[2].lower()
            if name == "username" and isinstance(found.value, str):
                return self.store.named(found.value)
        return None

    def discovery(self, path: str) -> Document | None:
        """Return the document of a discovery endpoint, or None where there is none."""
        if path != "/ServiceProviderConfig":
            return None
        supported = {"supported": True}
        unsupported = {"supported": False}
        return {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": supported,
            "bulk": {**unsupported, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {**supported, "maxResults": self.max_count},
            "changePassword": unsupported,
            "sort": unsupported,
            "etag": unsupported,
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "OAuth Bearer Token",
                    "description": "A bearer token in the Authorization header",
                    "primary": True,
                }
            ],
        }

    def refuse(self, refusal: Refusal, request: SandboxRequest) -> Answer:
        document: Document = {
            "schemas": [ERROR_URN],
            "status": str(refusal.status),
            "detail": refusal.detail,
        }
        if refusal.scim_type:
            document["scimType"] = refusal.scim_type
        return Answer(refusal.status, document, content_type=self.content_type)

    def seed(self, documents: list[Document]) -> list[Document]:
        return super().seed([self.stored(document, None) for document in documents])

    def reset(self) -> None:
        super().reset()
        self._unseen.clear()

    # What every SCIM vendor does.

    def dispatch(self, request: SandboxRequest) -> Answer:
        path = self.scim_path(request)
        if path == self.collection:
            allowed = {"GET": self._list, "POST": self._create}
        elif path == f"{self.collection}/.search":
            allowed = {"POST": self._search}
        elif path.startswith(f"{self.collection}/"):
            return self._one(request, path.removeprefix(f"{self.collection}/"))
        else:
            document = self.discovery(path)
            if document is None:
                raise Refusal(404, f"There is no {request.path}.")
            _check_method(request, ("GET",))
            return self._said(200, document)
        _check_method(request, tuple(allowed))
        return allowed[request.method](request)

    def _one(self, request: SandboxRequest, user_id: str) -> Answer:
        _check_method(request, ("GET", "PUT", "PATCH", "DELETE"))
        user = self.store.get(user_id)
        if user is None:
            raise Refusal(404, f"Resource {user_id} not found.")
        if request.method == "GET":
            return self._said(200, self.shown(user))
        if request.method == "PUT":
            return self._replaced(user, self._read(request.document()))
        if request.method == "PATCH":
            own = {name: value for name, value in user.items() if name not in ("id", "meta")}
            changed = apply_patch(own, request.document(), self.rules)
            return self._replaced(user, self._cleaned(changed))
        self.store.remove(user_id)
        return Answer(204)

    def _said(self, status: int, document: Document) -> Answer:
        return Answer(status, document, content_type=self.content_type)

    def _create(self, request: SandboxRequest) -> Answer:
        user = self._read(request.document())
        self._check_shape(user)
        self.check_user(user)
        self._check_unique(user.get("userName", ""), "")
        self.check_created(user)
        kept = self.store.add(self.stored(user, None))
        if request.hidden_from_lists:
            self._unseen[kept["id"]] = request.hidden_from_lists
        answer = self._said(201, self.shown(kept))
        answer.headers["Location"] = self.location(kept["id"])
        return answer

    def _replaced(self, before: Document, user: Document) -> Answer:
        self._check_shape(user)
        self.check_user(user)
        self._check_unique(user.get("userName", ""), before["id"])
        return self._said(
            200, self.shown(self.store.replace(before["id"], self.stored(user, before)))
        )

    def _read(self, document: Document) -> Document:
        if self.rules.core not in document.get("schemas", ()):
            raise Refusal(400, "The attribute [schemas] is required.", scim_type="invalidSyntax")
        return self._cleaned(document)

    def _cleaned(self, document: Document) -> Document:
        """Return what the vendor can keep: no unknown or read-only names, no empty values."""
        kept: Document = {}
        for name, value in document.items():
            known = name if name in self.rules.extensions else self.rules.spelled(name)
            if known and known not in self.rules.read_only and value not in (None, "", [], {}):
                kept[known] = value
        return kept

    def _check_shape(self, user: Document) -> None:
        for name, value in user.items():
            if name in self.lists:
                fits = isinstance(value, list) and all(isinstance(one, dict) for one in value)
            elif name in self.texts:
                fits = isinstance(value, str)
            else:
                fits = isinstance(value, bool if name == "active" else dict)
            if not fits:
                raise invalid_value(f"The value of [{name}] has the wrong type.")

    def _check_unique(self, user_name: str, own_id: str) -> None:
        named = self.store.named(user_name) if user_name and self.unique else ()
        if any(found["id"] != own_id for found in named):
            raise Refusal(409, f"The user [{user_name}] exists.", scim_type="uniqueness")

    def _search(self, request: SandboxRequest) -> Answer:
        return self._page(request, request.document())

    def _list(self, request: SandboxRequest) -> Answer:
        return self._page(request, request.query)

    def _page(self, request: SandboxRequest, wanted: Mapping[str, Any]) -> Answer:
        start = max(1, _number(wanted, "startIndex", 1))
        count = min(self.max_count, max(0, _number(wanted, "count", self.default_count)))
        text = str(wanted.get("filter") or "")
        users = self.arranged(self._found(request, text), wanted)
        page = listed_page("honest" if text.strip() else self.listing, users, start, count)
        document = {
            "schemas": [LIST_URN],
            "totalResults": page.total,
            "startIndex": start,
            "itemsPerPage": len(page.users),
            "Resources": [self.shown(user, listed=True) for user in page.users],
        }
        return self._said(200, document)

    def _found(self, request: SandboxRequest, text: str) -> list[Document]:
        if not text.strip() or request.ignores_filter:
            return list(self.store)
        wanted = parse_filter(text)
        check_filter(wanted, self.filters)
        users = self.candidates(wanted)
        if users is None:
            users = [user for user in self.store if wanted.matches(user)]
        if not self._unseen:
            return users
        visible = [user for user in users if user["id"] not in self._unseen]
        self._unseen = {key: left - 1 for key, left in self._unseen.items() if left > 1}
        return visible


def _check_method(request: SandboxRequest, allowed: tuple[str, ...]) -> None:
    if request.method not in allowed:
        raise Refusal(
            405, f"{request.method} is not allowed here.", headers={"Allow": ", ".join(allowed)}
        )


def _number(wanted: Mapping[str, Any], name: str, default: int) -> int:
    try:
        return int(wanted.get(name) or default) if wanted.get(name) != "0" else 0
    except (TypeError, ValueError) as error:
        raise invalid_value(f"The parameter [{name}] is not a number.") from error
