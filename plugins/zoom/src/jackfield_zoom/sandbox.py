"""An imitation of Zoom user provisioning, for tests, demos and recordings.

    python -m jackfield_zoom.sandbox --port 8080

Source: Zoom's SCIM2, OAuth and rate limit pages with the examples of its API reference, Microsoft's
tutorial, and reports of what production answers. Where these are silent the sandbox is strict.
Not imitated: the native REST API, writing groups, the caps and locks on creating and deleting.
"""
# ruff: noqa: ARG002 - overridden methods keep the parameters of the base

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from jackfield.testing.sandbox import (
    ENTERPRISE_URN,
    ERROR_URN,
    Answer,
    PatchRules,
    Refusal,
    SandboxRequest,
    ScimSandbox,
    TokenState,
    Usage,
    main,
)
from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.filters import Comparison, Filter
from jackfield.testing.sandbox.limits import Clock, RateLimits
from jackfield.testing.sandbox.oauth import Client
from jackfield.testing.sandbox.scim import LIST_URN
from jackfield_zoom.sandbox_account import DailyCount, ZoomAccount, per_second_headers
from jackfield_zoom.sandbox_grants import Application, Grants, jwt_state
from jackfield_zoom.sandbox_users import (
    LOGIN_URN,
    ZOOM_URN,
    as_answered,
    merged,
    new_address,
    strange,
    summary,
    toggled,
    with_known_parts,
    with_single_members,
)

GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ZOOM_GROUP_URN = "urn:ietf:params:scim:schemas:extension:zoom:2.0:Group"

# Only `eq` of these two, with quotes or without; "license type" is documented without a syntax.
_FILTER = re.compile(
    r'(userName|externalId) +eq +(?:"((?:[^"\\]|\\["\\])*)"|([^"\s]+))', re.IGNORECASE
)
_BASES = re.compile(r"/scim2?(/.*)")
_USER_TYPES = frozenset({"Basic", "Licensed", "On-Prem"})
_SSO_ONLY = {"workEmail": False, "sso": True}
_EQUALS = frozenset({"eq"})


class ZoomSandbox(ScimSandbox):
    """One Zoom account with single sign-on and no users; `account` may be replaced at any time."""

    TOKEN = "canary-zoom-token"  # noqa: S105 - made up
    REFRESH_TOKEN: ClassVar[str] = "canary-zoom-refresh-token"  # noqa: S105 - made up
    CLIENT_ID: ClassVar[str] = "sandbox-zoom-client"
    CLIENT_SECRET: ClassVar[str] = "canary-zoom-secret"  # noqa: S105 - made up
    ACCOUNT_ID: ClassVar[str] = "sandbox-zoom-account"
    API_KEY: ClassVar[str] = "sandbox-zoom-api-key"
    API_SECRET: ClassVar[str] = "canary-zoom-api-secret-of-32-bytes-and-more"  # noqa: S105 - made up

    base_path = "/scim2"
    public_origin = "https://api.zoom.us"
    content_type = "application/json"
    default_count = 10
    max_count = 100
    rules = PatchRules(
        frozenset({"userName", "name", "emails", "displayName", "active", "userType", "title"})
        | {"locale", "phoneNumbers", "roles"},
        (ENTERPRISE_URN, LOGIN_URN, ZOOM_URN),
    )
    filters: ClassVar[Mapping[str, frozenset[str]]] = {"username": _EQUALS, "id": _EQUALS}

    def __init__(
        self,
        *,
        unlimited: bool = False,
        clock: Clock = time.monotonic,
        wall_clock: Clock = time.time,
        account: ZoomAccount | None = None,
    ) -> None:
        super().__init__(unlimited=unlimited, clock=clock)
        self._account_at_start = self.account = account or ZoomAccount()
        self._wall_clock = wall_clock
        self._is_unlimited = unlimited
        self._today = DailyCount()
        client = Client(self.CLIENT_ID, self.CLIENT_SECRET)
        application = Application(client, self.ACCOUNT_ID, self.REFRESH_TOKEN)
        self.grants = Grants(application, self.tokens, clock)
        self.groups: dict[str, Document] = {}
        self.reset()

    def reset(self) -> None:
        super().reset()
        self.account = self._account_at_start
        limits = {} if self._is_unlimited else self.account.limits()
        self.rate_limits = RateLimits(limits, self.clock)
        self._today.reset()
        self.grants.reset()
        self.pending: set[str] = set()
        self.groups = {"kSandboxGroup000000001": {"displayName": "Staff"}}

    def seed(self, documents: list[Document]) -> list[Document]:
        """Put users into the store; `"pending": true` makes one that has not accepted yet."""
        kept = super().seed([{**one, "pending": None} for one in documents])
        for wanted, user in zip(documents, kept, strict=True):
            del user["pending"]
            if wanted.get("pending"):
                self.pending.add(user["id"])
        return kept

    def new_id(self, number: int) -> str:
        return self.account.new_id(number)

    # Admission, limits and errors.

    def needs_token(self, request: SandboxRequest) -> bool:
        return not request.path.startswith("/oauth/")

    def token_state(self, request: SandboxRequest) -> TokenState:
        state = super().token_state(request)
        if state == "unknown" and self.account.accepts_jwt:
            return jwt_state(request.bearer, self.API_KEY, self.API_SECRET, self._wall_clock())
        return state

    def unauthorised(self, state: TokenState, request: SandboxRequest) -> Refusal:
        said = "Access token is expired." if state == "expired" else "Invalid access token."
        return Refusal(401, said, code="124")

    def rate_group(self, request: SandboxRequest) -> str:
        if not _BASES.fullmatch(request.path):
            return ""
        if request.method in ("PUT", "PATCH"):
            return "Light"
        # Reading one user, creating and deleting have no documented category: assumed.
        return "Medium" if request.method == "GET" else "Heavy"

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        return per_second_headers(usage)

    def throttled(self, usage: Usage) -> Refusal:
        reset_at = int(self._wall_clock()) + usage.retry_after_seconds
        headers = {**per_second_headers(usage), "X-RateLimit-Reset": str(reset_at)}
        return Refusal(429, "You have reached the maximum per-second rate limit.", headers=headers)

    def refuse(self, refusal: Refusal, request: SandboxRequest) -> Answer:
        """Return the REST body for what the gateway refuses, else SCIM's with a number in it."""
        if refusal.code == "4700":
            # The scopes stand in it with bare quotes, so this is no JSON: seen in production.
            return Answer(refusal.status, text=f'{{"code":4700,"message":"{refusal.detail}"}}')
        if refusal.status in (401, 429) or not _BASES.fullmatch(request.path):
            code = int(refusal.code or refusal.status)
            return Answer(refusal.status, {"code": code, "message": refusal.detail})
        document: Document = {
            "schemas": [ERROR_URN],
            "detail": refusal.detail,
            "status": refusal.status,
        }
        return Answer(refusal.status, document)

    # Routes.

    def dispatch(self, request: SandboxRequest) -> Answer:
        if request.path == "/oauth/token" and request.method == "POST":
            api_url = self.account.api_url or f"http://{request.header('host')}"
            return self.grants.answer(request, self.account.scope, api_url)
        if request.path == "/oauth/authorize" and request.method == "GET":
            return self.grants.codes.redirect(request, self.CLIENT_ID)
        category = self.rate_group(request)
        limit = None if self._is_unlimited else self.account.limits_of_a_day().get(category)
        if limit is not None:
            now = datetime.fromtimestamp(self._wall_clock(), UTC)
            self._today.count(category, limit, now)
        return super().dispatch(request)

    def scim_path(self, request: SandboxRequest) -> str:
        # Assumed: `/scim`, which Microsoft's tutorial still names, is another name of `/scim2`.
        found = _BASES.fullmatch(request.path)
        if found is None or found.group(1) == "/Users/.search":
            raise Refusal(404, f"There is no {request.path}.")
        granted = set(self.account.scope.split())
        if not granted & {"scim2", "scim2:admin"}:
            detail = 'Invalid access token, does not contain scopes:["scim2:admin"].'
            raise Refusal(400, detail, code="4700")
        if not self.account.sso_enabled:
            raise Refusal(400, "This account has not enabled Single Sign-On.")
        if self.account.lacks_privilege:
            raise Refusal(403, f"The role lacks the privilege {self.account.lacks_privilege}.")
        return found.group(1)

    def discovery(self, path: str) -> Document | None:
        """Return groups, read-only and without members; discovery itself is not documented."""
        if path == "/Groups":
            groups = [self._group(group_id) for group_id in self.groups]
            total = {"totalResults": len(groups), "startIndex": 1, "itemsPerPage": len(groups)}
            return {"schemas": [LIST_URN], **total, "Resources": groups}
        group_id = path.removeprefix("/Groups/")
        return self._group(group_id) if group_id in self.groups else None

    def _group(self, group_id: str) -> Document:
        location = f"{self.public_origin}{self.base_path}/Groups/{group_id}"
        return {
            "schemas": [GROUP_URN, ZOOM_GROUP_URN],
            "id": group_id,
            **self.groups[group_id],
            "meta": {"resourceType": "Group", "version": "1.0.0", "location": location},
        }

    # Users.

    def _cleaned(self, document: Document) -> Document:
        return with_known_parts(super()._cleaned(document))

    def check_user(self, user: Document) -> None:
        name = user.get("userName", "")
        if "@" not in name:
            raise Refusal(400, "The userName is required and must be an e-mail address.")
        if any(email.get("value", "").lower() != name.lower() for email in user.get("emails", ())):
            raise Refusal(400, "The e-mail address must be the userName.")
        if user.get("userType", "Basic") not in _USER_TYPES:
            raise Refusal(400, f"The userType {user['userType']} is unknown.")
        if not isinstance(user.get(ENTERPRISE_URN, {}).get("manager", ""), str):
            raise Refusal(400, "The manager must be a string.")

    def check_created(self, user: Document) -> None:
        self._check_license(user, "")

    def _check_license(self, user: Document, before: str) -> None:
        allowed = self.account.licenses
        if allowed is None or user.get("userType") != "Licensed" or before == "Licensed":
            return
        if sum(one["userType"] == "Licensed" for one in self.store) >= allowed:
            raise Refusal(400, "There are no licenses left.")

    def stored(self, user: Document, before: Document | None) -> Document:
        email = {"type": "work", "value": user.get("userName", ""), "primary": True}
        defaults: Document = {
            "active": True,
            "userType": "Basic",
            "emails": [email],
            LOGIN_URN: {"loginType": _SSO_ONLY},
        }
        return defaults | user

    def shown(self, user: Document, *, listed: bool = False) -> Document:
        found = as_answered(super().shown(user))
        return summary(found) if listed else found

    def candidates(self, found: Filter) -> list[Document] | None:
        if isinstance(found, Comparison) and found.path == "id":
            user = self.store.get(found.value)
            return [user] if user else []
        return super().candidates(found)

    def _found(self, request: SandboxRequest, text: str) -> list[Document]:
        if text.strip():
            wanted = _FILTER.fullmatch(text.strip())
            if wanted is None:
                raise Refusal(400, f"The filter {text} is not supported.")
            name, quoted, bare = wanted.groups()
            value = bare or str(json.loads(f'"{quoted}"'))
            is_name = name.lower() == "username"
            if is_name and any(user["id"] in self.pending for user in self.store.named(value)):
                raise strange(value)
            # `externalId` is Zoom's own id; one that a client sends is not kept.
            text = f"{'userName' if is_name else 'id'} eq {json.dumps(value)}"
        users = super()._found(request, text)
        return [user for user in users if user["id"] not in self.pending]

    def _create(self, request: SandboxRequest) -> Answer:
        answer = super()._create(request)
        assert isinstance(answer.document, dict)  # noqa: S101 - a create answers the user
        user = self.store.users[answer.document["id"]]
        is_sso = user[LOGIN_URN].get("loginType") == _SSO_ONLY
        if not is_sso or user["userName"].lower() in self.account.self_registered:
            self.pending.add(user["id"])
        answer.document.pop(LOGIN_URN)
        return answer

    def _one(self, request: SandboxRequest, user_id: str) -> Answer:
        user = self.store.get(user_id)
        is_pending = user_id in self.pending
        if user is None or (is_pending and request.method == "GET"):
            raise strange(user_id, 404)
        if request.method == "GET":
            return self._said(200, with_single_members(self.shown(user)))
        if request.method not in ("PUT", "PATCH"):
            answer = super()._one(request, user_id)
            self.pending.discard(user_id)
            return answer
        is_put = request.method == "PUT"
        changed = self._merged(user, request) if is_put else toggled(user, request.document())
        self._check_license(changed, user["userType"])
        # A pending user answers 200 and stays as it is.
        if not is_pending:
            self.check_user(changed)
            self._check_unique(changed["userName"], user_id)
            user = self.store.replace(user_id, changed)
        found = self.shown(user)
        del found[LOGIN_URN]
        return self._said(200, found)

    def _merged(self, user: Document, request: SandboxRequest) -> Document:
        changes = self._read(request.document())
        self._check_shape(changes)
        address = new_address(changes, user["userName"])
        if address and self.account.email_change == "refused":
            raise Refusal(400, "Domain name doesn't match.")
        if not address or self.account.email_change == "kept":
            kept = {"userName", "emails", LOGIN_URN}
            return merged(user, {name: changes[name] for name in changes.keys() - kept})
        email = {"type": "work", "value": address, "primary": True}
        changed = {"emails": [email], **changes, "userName": address}
        return merged(user, {**changed, LOGIN_URN: user[LOGIN_URN]})


if __name__ == "__main__":
    raise SystemExit(main(ZoomSandbox))
