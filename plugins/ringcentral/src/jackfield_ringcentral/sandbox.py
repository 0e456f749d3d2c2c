"""An imitation of RingCentral user provisioning, for tests, demos and recordings.

    python -m jackfield_ringcentral.sandbox --port 8080

Source: RingCentral's OpenAPI document of 2026-08 and its guides to authentication, errors and rate
limits. Where these are silent the sandbox is strict: lower-case operations, JSON booleans, `eq` as
the only operator. Not imitated: the native REST API, the check of a region against its country.
"""
# ruff: noqa: ARG002 - overridden methods keep the parameters of the base

import time
from collections.abc import Callable
from typing import ClassVar

from jackfield.testing.sandbox import (
    CORE_URN,
    ENTERPRISE_URN,
    Answer,
    PatchRules,
    RateLimit,
    Refusal,
    SandboxRequest,
    ScimSandbox,
    TokenState,
    Usage,
    invalid_value,
    main,
)
from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.filters import Comparison, Filter
from jackfield_ringcentral.sandbox_grants import Grants

_OAUTH_CODES = {"expired": "OAU-128", "unknown": "OAU-213"}
_COUNTRIES = {"US": "United States"}
_TYPES = {
    "emails": frozenset({"work"}),
    "phoneNumbers": frozenset({"work", "mobile", "other"}),
    "addresses": frozenset({"work"}),
    "photos": frozenset({"photo"}),
}
_READS = frozenset({"GET"})
_SEARCH = "/scim/v2/Users/.search"
_DOCUMENT_URN = "urn:ietf:params:scim:schemas:core:2.0:"


class RingCentralSandbox(ScimSandbox):
    """One RingCentral account with SCIM switched on.

    `free_extensions` is the number of unassigned extensions, each of which takes one new user;
    None means enough. `scim_enabled` False refuses creates as an account without the directory
    integration does. `issues_refresh_tokens` is the app's setting of that name.
    """

    TOKEN = "canary-ringcentral-token"  # noqa: S105 - made up
    JWT: ClassVar[str] = "canary-ringcentral.made.up"
    CLIENT_ID: ClassVar[str] = "sandbox-ringcentral-client"
    CLIENT_SECRET: ClassVar[str] = "canary-ringcentral-secret"  # noqa: S105 - made up

    LIMITS: ClassVar[dict[str, RateLimit]] = {
        "light": RateLimit(50, 60, penalty_seconds=60, restarts=True),
        "heavy": RateLimit(10, 60, penalty_seconds=60, restarts=True),
        "auth": RateLimit(5, 60, penalty_seconds=60, restarts=True),
    }

    public_origin = "http://scim.ringcentral.com"
    max_count = 100
    rules = PatchRules(
        frozenset({"userName", "externalId", "name", "active", "title", *_TYPES}),
        (ENTERPRISE_URN,),
    )
    filters: ClassVar[dict[str, frozenset[str]]] = dict.fromkeys(
        ("username", "email"), frozenset({"eq"})
    )

    def __init__(
        self,
        *,
        unlimited: bool = False,
        clock: Callable[[], float] = time.monotonic,
        free_extensions: int | None = None,
        scim_enabled: bool = True,
        issues_refresh_tokens: bool = True,
    ) -> None:
        super().__init__(unlimited=unlimited, clock=clock)
        self._extensions_at_start = free_extensions
        self.free_extensions = free_extensions
        self.scim_enabled = scim_enabled
        self.grants = Grants(self.tokens, clock, issues_refresh_tokens=issues_refresh_tokens)

    def reset(self) -> None:
        super().reset()
        self.free_extensions = self._extensions_at_start
        self.grants.reset()

    def new_id(self, number: int) -> str:
        return str(1_271_140_000 + number)

    # Admission, limits and errors.

    def needs_token(self, request: SandboxRequest) -> bool:
        return not request.path.startswith("/restapi/oauth/")

    def unauthorised(self, state: TokenState, request: SandboxRequest) -> Refusal:
        if not request.bearer:
            return Refusal(401, "Authorization header is missing or invalid.", code="OAU-149")
        said = "Access token expired." if state == "expired" else "Token not found."
        return Refusal(401, said, code=_OAUTH_CODES[state])

    def rate_group(self, request: SandboxRequest) -> str:
        if request.path.startswith("/restapi/oauth/"):
            return "auth"
        reads = request.method in _READS or request.path == _SEARCH
        return "light" if reads else "heavy"

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        return {
            "X-Rate-Limit-Group": usage.group,
            "X-Rate-Limit-Limit": str(usage.limit.requests),
            "X-Rate-Limit-Remaining": str(usage.remaining),
            "X-Rate-Limit-Window": f"{usage.limit.window_seconds:g}",
        }

    def refuse(self, refusal: Refusal, request: SandboxRequest) -> Answer:
        """Return the gateway's envelope for 401, 429 and all but SCIM; else the SCIM body."""
        is_scim = request.path.startswith("/scim/")
        if is_scim and refusal.status not in (401, 429):
            return super().refuse(refusal, request)
        codes = {401: "OAU-128", 404: "CMN-102", 429: "CMN-301"}
        code = refusal.code or codes.get(refusal.status, "CMN-101")
        return Answer(refusal.status, {"errors": [{"errorCode": code, "message": refusal.detail}]})

    # Routes.

    def dispatch(self, request: SandboxRequest) -> Answer:
        routes = {
            "/restapi/oauth/token": self._token,
            "/restapi/oauth/revoke": self._revoke,
        }
        if request.path not in routes:
            return super().dispatch(request)
        if request.method != "POST":
            raise Refusal(405, f"{request.method} is not allowed here.", headers={"Allow": "POST"})
        if not request.header("content-type").startswith("application/x-www-form-urlencoded"):
            raise Refusal(415, "Unsupported media type.")
        return routes[request.path](request)

    def _token(self, request: SandboxRequest) -> Answer:
        return self.grants.answer(request, self.CLIENT_ID, self.CLIENT_SECRET, self.JWT)

    def _revoke(self, request: SandboxRequest) -> Answer:
        self.tokens.expire(request.form.get("token", "") or request.query.get("token", ""))
        return Answer(200)

    def discovery(self, path: str) -> Document | None:
        user_type = {
            "schemas": [_DOCUMENT_URN + "ResourceType"],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "schema": CORE_URN,
            "schemaExtensions": [{"schema": ENTERPRISE_URN, "required": False}],
        }
        schemas = [_schema(CORE_URN, "User"), _schema(ENTERPRISE_URN, "EnterpriseUser")]
        documents = {
            "/ResourceTypes": _listed([user_type]),
            "/ResourceTypes/User": user_type,
            "/Schemas": _listed(schemas),
            **{f"/Schemas/{schema['id']}": schema for schema in schemas},
        }
        if path in documents:
            return documents[path]
        found = super().discovery(path)
        return None if found is None else {**found, "xmlDataFormat": {"supported": False}}

    # Users.

    def candidates(self, found: Filter) -> list[Document] | None:
        # The work e-mail always equals the userName, so one index serves both.
        if isinstance(found, Comparison) and found.path.lower() == "email":
            return self.store.named(str(found.value))
        return super().candidates(found)

    def check_user(self, user: Document) -> None:
        name = user.get("name", {})
        if not user.get("userName"):
            raise invalid_value("Parameter [userName] value is invalid.")
        for part, parameter in (("givenName", "firstName"), ("familyName", "lastName")):
            if not name.get(part):
                raise invalid_value(f"Parameter [extension.contact.{parameter}] value is invalid.")
        for attribute, types in _TYPES.items():
            if any(one.get("type") not in types for one in user.get(attribute, ())):
                raise invalid_value(f"Parameter [{attribute}.type] value is invalid.")
        emails = [str(email.get("value", "")) for email in user.get("emails", ())]
        if len(emails) != 1 or emails[0].casefold() != user["userName"].casefold():
            raise invalid_value("Parameter [extension.contact.email] value is invalid.")

    def check_created(self, user: Document) -> None:
        if not self.scim_enabled:
            raise Refusal(403, "Feature [Bulk Assign] is not available")
        if self.free_extensions == 0:
            raise Refusal(403, "License limit has been reached.")

    def stored(self, user: Document, before: Document | None) -> Document:
        kept: Document = {"active": False, **user}
        kept["emails"] = [{**one, "primary": False} for one in user.get("emails", ())]
        if "addresses" in user:
            kept["addresses"] = [_address(one) for one in user["addresses"]]
        department = user.get(ENTERPRISE_URN, {}).get("department")
        kept.pop(ENTERPRISE_URN, None)
        if department:
            kept[ENTERPRISE_URN] = {"department": department}
        return kept

    def shown(self, user: Document, *, listed: bool = False) -> Document:
        found = {"phoneNumbers": [], **super().shown(user)}
        found["schemas"] = [CORE_URN, ENTERPRISE_URN]
        del found["meta"]["version"]
        if listed:
            found.pop("phoneNumbers")
            found.pop("addresses", None)
        return found

    def _create(self, request: SandboxRequest) -> Answer:
        answer = super()._create(request)
        if self.free_extensions is not None:
            self.free_extensions -= 1
        return answer

    def _one(self, request: SandboxRequest, user_id: str) -> Answer:
        answer = super()._one(request, user_id)
        if request.method == "DELETE" and self.free_extensions is not None:
            self.free_extensions += 1
        return answer


def _address(address: Document) -> Document:
    changed = {**address, "primary": False}
    if "country" in address:
        changed["country"] = _COUNTRIES.get(address["country"], address["country"])
    return changed


def _schema(urn: str, name: str) -> Document:
    return {"id": urn, "name": name, "description": name, "attributes": []}


def _listed(documents: list[Document]) -> Document:
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(documents),
        "startIndex": 1,
        "itemsPerPage": len(documents),
        "Resources": documents,
    }


if __name__ == "__main__":
    raise SystemExit(main(RingCentralSandbox))
