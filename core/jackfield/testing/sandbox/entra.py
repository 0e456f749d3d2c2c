"""An imitation of Microsoft Entra ID: its token endpoint and the parts of Microsoft Graph we read.

Source: learn.microsoft.com/graph, "user: delta", "Use delta query to track changes",
"appRoleAssignment resource type", "List group transitive members", "Microsoft Graph throttling
guidance"; learn.microsoft.com/entra, "OAuth 2.0 client credentials flow" (read 2026-11-20).
"""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.testing.sandbox.app import Sandbox
from jackfield.testing.sandbox.entra_changes import Changes, ExpiryAnswer, StateLost
from jackfield.testing.sandbox.entra_directory import DEFAULT_ACCESS, Directory
from jackfield.testing.sandbox.exchange import Answer, Document, Refusal, SandboxRequest
from jackfield.testing.sandbox.limits import Clock, RateLimit, TokenState, Usage
from jackfield.testing.sandbox.oauth import Client, GrantRefused
from jackfield.testing.sandbox.serve import main

__all__ = ["DEFAULT_ACCESS", "EntraSandbox"]

_NOT_FOR_DELTA = ("$expand", "$top", "$orderby", "$search", "$count")


class EntraSandbox(Sandbox):
    """One tenant with one enterprise application.

    `directory` hires, renames, disables, deletes and assigns; `changes` says how the feed of
    changes behaves. `page_size` bounds every page. `clock` ages tokens and links. `permissions` are
    those that an administrator has consented to, and the app's token lists them unless
    `token_is_opaque`; only Member.Read.Hidden makes a difference to what is shown.
    """

    TENANT: ClassVar[str] = "72f90000-0000-4000-8000-000000000001"
    CLIENT: ClassVar[Client] = Client(
        "72f90000-0000-4000-8000-000000000002", "canary-entra~Secret-0123"
    )
    LIMITS: ClassVar[dict[str, RateLimit]] = {"graph": RateLimit(3500, 10)}
    TOKEN_SECONDS: ClassVar[float] = 3599

    def __init__(self, *, unlimited: bool = False, clock: Clock = time.monotonic) -> None:
        super().__init__(unlimited=unlimited, clock=clock)
        self.directory = Directory(self.store)
        self.changes = Changes(self.directory, clock)
        self.page_size = 100
        self._request_count = 0
        self._reset_consent()

    @property
    def service_principal(self) -> str:
        """The object id of the enterprise application."""
        return self.directory.service_principal

    def new_id(self, number: int) -> str:
        return f"72f90000-0000-4000-9000-{number:012x}"

    def seed(self, documents: list[Document]) -> list[Document]:
        """Hire users; each document needs a userPrincipalName."""
        return [self.directory.hire(one["userPrincipalName"], **one) for one in documents]

    def reset(self) -> None:
        super().reset()
        self.directory.clear()
        self.changes.clear()
        self.page_size = 100
        self._request_count = 0
        self._reset_consent()

    def _reset_consent(self) -> None:
        self.permissions = {"User.Read.All", "Application.Read.All", "GroupMember.Read.All"}
        self.token_is_opaque = False

    def lose_states(self, answer: ExpiryAnswer = "gone") -> None:
        """Forget every link given so far, as when a tenant is moved."""
        self.changes.lose(answer)

    # What every answer shares.

    def needs_token(self, request: SandboxRequest) -> bool:
        return not request.path.endswith("/oauth2/v2.0/token")

    def rate_group(self, request: SandboxRequest) -> str:
        return "graph" if request.path.startswith("/v1.0/") else "login"

    def unauthorised(self, state: TokenState, request: SandboxRequest) -> Refusal:
        del request
        said = "Lifetime validation failed, the token is expired."
        if state != "expired":
            said = "IDX14100: JWT is not well formed, there are no dots (.)."
        return Refusal(401, said, code="InvalidAuthenticationToken")

    def throttled(self, usage: Usage) -> Refusal:
        headers = {"Retry-After": str(usage.retry_after_seconds)}
        return Refusal(429, "Too many requests.", code="TooManyRequests", headers=headers)

    def common_headers(self) -> dict[str, str]:
        self._request_count += 1
        return {"request-id": f"72f90000-0000-4000-a000-{self._request_count:012x}"}

    def refuse(self, refusal: Refusal, request: SandboxRequest) -> Answer:
        del request
        code = refusal.code or {404: "Request_ResourceNotFound", 503: "ServiceUnavailable"}.get(
            refusal.status, "Request_BadRequest"
        )
        error = {"code": code, "message": refusal.detail, "innerError": {"date": "2026-11-20"}}
        return Answer(refusal.status, {"error": error})

    # Routes.

    def dispatch(self, request: SandboxRequest) -> Answer:
        parts = request.path.strip("/").split("/")
        if parts[1:] == ["oauth2", "v2.0", "token"] and request.method == "POST":
            return self._token(request, parts[0])
        if request.method != "GET" or parts[0] != "v1.0":
            raise Refusal(404, f"Resource not found for the segment '{parts[-1]}'.")
        return self._read(request, parts[1:])

    def _token(self, request: SandboxRequest, tenant: str) -> Answer:
        form = request.form
        try:
            if tenant not in {self.TENANT, self.directory.domain}:
                raise GrantRefused("invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
            if form.get("grant_type") != "client_credentials":
                raise GrantRefused("unsupported_grant_type", "AADSTS70003: Unsupported grant.")
            if not form.get("scope", "").endswith("/.default"):
                raise GrantRefused("invalid_scope", "AADSTS1002012: The scope is not valid.")
            self.CLIENT.check(request)
        except GrantRefused as refused:
            if refused.error == "invalid_client":
                said = "AADSTS7000215: Invalid client secret provided."
                refused = GrantRefused("invalid_client", said, status=401)
            return refused.answer()
        seconds = int(self.TOKEN_SECONDS)
        claims = "" if self.token_is_opaque else _claims(self.TENANT, sorted(self.permissions))
        token = self.tokens.issue(self.TOKEN_SECONDS, claims)
        return Answer(200, {"token_type": "Bearer", "expires_in": seconds, "access_token": token})

    def _read(self, request: SandboxRequest, parts: list[str]) -> Answer:
        match parts:
            case ["users", "delta"]:
                return self._users_delta(request)
            case ["users", user_id]:
                found = self.directory.user_by_id(user_id)
                return Answer(200, _selected(found, request.query))
            case ["servicePrincipals", found_id] if found_id == self.service_principal:
                return Answer(200, self.directory.application())
            case ["servicePrincipals", found_id, "appRoleAssignedTo"] if (
                found_id == self.service_principal
            ):
                return self._page(request, self.directory.assignments())
            case ["groups", group_id, *relation]:
                return self._read_group(request, group_id, relation)
        raise Refusal(404, f"Resource '{parts[-1]}' does not exist.")

    def _read_group(self, request: SandboxRequest, group_id: str, relation: list[str]) -> Answer:
        match relation:
            case []:
                return Answer(200, self.directory.group(group_id))
            case ["members" | "transitiveMembers" as which, "microsoft.graph.user"]:
                return self._members(request, group_id, nested=which != "members")
            case ["transitiveMembers", "microsoft.graph.group"]:
                return self._groups_in(request, group_id)
        raise Refusal(404, f"Resource '{relation[-1]}' does not exist.")

    def _members(self, request: SandboxRequest, group_id: str, *, nested: bool) -> Answer:
        if nested:
            _check_is_advanced(request)
        shows_hidden = "Member.Read.Hidden" in self.permissions
        ids = self.directory.members(group_id, nested=nested, shows_hidden=shows_hidden)
        people = [{"@odata.type": "#microsoft.graph.user", "id": one} for one in ids]
        return self._page(request, people, self.directory.count(group_id, len(people)))

    def _groups_in(self, request: SandboxRequest, group_id: str) -> Answer:
        _check_is_advanced(request)
        groups = list(map(self.directory.group, self.directory.groups_in(group_id)))
        return self._page(request, groups)

    def _page(
        self, request: SandboxRequest, items: list[Document], count: int | None = None
    ) -> Answer:
        """Return one page of a collection that does not remember what it showed."""
        start = int(request.query.get("$skiptoken", "0"))
        end = start + self.page_size
        page: Document = {"value": items[start:end]}
        if request.query.get("$count") == "true" and not start:
            page["@odata.count"] = len(items) if count is None else count
        if end < len(items):
            page["@odata.nextLink"] = self._url(request, f"$skiptoken={end}")
        return Answer(200, page)

    def _users_delta(self, request: SandboxRequest) -> Answer:
        query = request.query
        wrong = [name for name in _NOT_FOR_DELTA if name in query]
        if wrong or ("$filter" in query and not query["$filter"].startswith("id eq ")):
            said = f"{', '.join(wrong) or '$filter'} is not supported with delta."
            raise Refusal(400, said, code="Request_UnsupportedQuery")
        try:
            page = self.changes.page(query, self.page_size)
        except StateLost as lost:
            location = {"Location": self._url(request, "$deltatoken=")}
            if lost.answer == "gone":
                said = "The sync state is gone; begin again."
                raise Refusal(410, said, code="resyncRequired", headers=location) from None
            said = "The delta token is expired and data must be synchronized again."
            raise Refusal(400, said, code="syncStateNotFound") from None
        document: Document = {"value": page.items}
        document[f"@odata.{page.kind}"] = self._url(request, page.parameter)
        return Answer(200, document)

    def _url(self, request: SandboxRequest, parameter: str) -> str:
        return f"http://{request.header('host')}{request.path}?{parameter}"


def _check_is_advanced(request: SandboxRequest) -> None:
    if request.header("consistencylevel") != "eventual":
        said = "OData cast needs $count=true and ConsistencyLevel: eventual."
        raise Refusal(400, said, code="Request_UnsupportedQuery")


def _claims(tenant: str, roles: list[str]) -> str:
    """Return the first two parts of a JSON Web Token, each with its dot."""
    parts = ({"typ": "JWT", "alg": "RS256"}, {"tid": tenant, "roles": roles})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return "".join(f"{part.decode().rstrip('=')}." for part in encoded)


def _selected(user: Document, query: Mapping[str, str]) -> Document:
    names = query.get("$select", "id,displayName,userPrincipalName,mail").split(",")
    shown: dict[str, Any] = {name: user.get(name) for name in names if name != "manager"}
    shown["id"] = user["id"]
    if query.get("$expand", "").startswith("manager") and user.get("manager"):
        shown["manager"] = {"@odata.type": "#microsoft.graph.user", "id": user["manager"]}
    return shown


if __name__ == "__main__":
    raise SystemExit(main(EntraSandbox))
