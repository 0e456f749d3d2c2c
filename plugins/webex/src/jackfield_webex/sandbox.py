"""An imitation of Webex user provisioning, for tests, demos and recordings.

    python -m jackfield_webex.sandbox --port 8080

Source: developer.webex.com, SCIM 2 Users, People and OAuth; Webex's OpenAPI document of 2026-05-04.
Where these are silent the sandbox is strict: lower-case operations, JSON booleans, a userName and
a primary work e-mail that are changed together. Not imitated: groups, bulk, sorting, `attributes`.
"""
# ruff: noqa: ARG002 - overridden methods keep the parameters of the base

import base64
import re
from collections.abc import Mapping
from typing import ClassVar

from jackfield.testing.sandbox import (
    CORE_ATTRIBUTES,
    CORE_URN,
    ENTERPRISE_URN,
    ERROR_URN,
    Answer,
    PatchRules,
    Refusal,
    SandboxRequest,
    ScimSandbox,
    TokenState,
    invalid_value,
    main,
)
from jackfield.testing.sandbox.exchange import Document

WEBEX_URN = "urn:scim:schemas:extension:cisco:webexidentity:2.0:User"
WEBEX_ERROR_URN = "urn:scim:schemas:extension:cisco:webexidentity:api:messages:2.0:Error"

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ACCESS_SECONDS = 1_209_599
_REFRESH_SECONDS = 7_775_999
_USER_TYPES = frozenset({"user", "room", "external_calling", "calling_service"})
_NO_TOKEN = "The request requires a valid access token set in the Authorization request header."  # noqa: S105 - a sentence
_EQ = frozenset({"eq"})
_EQ_SW = frozenset({"eq", "sw"})
_EQ_SW_EW = frozenset({"eq", "sw", "ew"})


def _rest_id(kind: str, uuid: str) -> str:
    """Return an id as the REST API spells it: base64 without padding."""
    return base64.urlsafe_b64encode(f"ciscospark://us/{kind}/{uuid}".encode()).decode().rstrip("=")


class WebexSandbox(ScimSandbox):
    """One Webex organization with an administrator and no other users."""

    TOKEN = "canary-webex-token"  # noqa: S105 - made up
    REFRESH_TOKEN: ClassVar[str] = "canary-webex-refresh-token"  # noqa: S105 - made up
    CODE: ClassVar[str] = "sandbox-webex-code"
    CLIENT_ID: ClassVar[str] = "sandbox-webex-client"
    CLIENT_SECRET: ClassVar[str] = "canary-webex-secret"  # noqa: S105 - made up
    ORG_ID: ClassVar[str] = "0ae87ade-8c8a-4952-af08-318798958d0c"
    """The organization's UUID, the only form that SCIM paths take."""

    ENCODED_ORG_ID: ClassVar[str] = _rest_id("ORGANIZATION", ORG_ID)
    """The same as `/v1/people/me` tells it."""

    ADMIN_ID: ClassVar[str] = "5b1c0000-0000-4000-8000-0000000000ad"
    ADMIN_EMAIL: ClassVar[str] = "admin@example.com"

    public_origin = "https://webexapis.com"
    content_type = "application/json"
    rules = PatchRules(CORE_ATTRIBUTES, (ENTERPRISE_URN, WEBEX_URN), replace_creates=False)
    filters: ClassVar[Mapping[str, frozenset[str]]] = {
        **dict.fromkeys(("id", "manager.value"), _EQ),
        **dict.fromkeys(("name.givenname", "name.middlename", "name.formatted"), _EQ_SW),
        **dict.fromkeys(("username", "name.familyname", "displayname", "nickname"), _EQ_SW_EW),
        **dict.fromkeys(("emails.value", "emails.display"), _EQ_SW_EW),
        **dict.fromkeys(("phonenumbers.value", "phonenumbers.display"), _EQ_SW_EW),
        # `type` is documented inside a value path only.
        **dict.fromkeys(("emails.type", "phonenumbers.type"), _EQ),
        **dict.fromkeys(("employeenumber", "costcenter", "organization", "division"), _EQ_SW_EW),
        **dict.fromkeys(("department", "manager.displayname"), _EQ_SW_EW),
    }

    _answer_count = 0

    def reset(self) -> None:
        super().reset()
        self._answer_count = 0

    def common_headers(self) -> dict[str, str]:
        self._answer_count += 1
        return {"trackingid": self._tracking_id()}

    def _tracking_id(self) -> str:
        return f"ROUTER_{self._answer_count:08X}-5A4D-4B0C-8D1E-000000000000"

    # Admission and errors.

    def needs_token(self, request: SandboxRequest) -> bool:
        return request.path != "/v1/access_token"

    def rate_group(self, request: SandboxRequest) -> str:
        return "scim" if request.path.startswith("/identity/") else "rest"

    def unauthorised(self, state: TokenState, request: SandboxRequest) -> Refusal:
        return Refusal(401, _NO_TOKEN)

    def refuse(self, refusal: Refusal, request: SandboxRequest) -> Answer:
        if not request.path.startswith("/identity/"):
            return Answer(
                refusal.status,
                {
                    "message": refusal.detail,
                    "errors": [{"description": refusal.detail}],
                    "trackingId": self._tracking_id(),
                },
            )
        document: Document = {
            "schemas": [ERROR_URN, WEBEX_ERROR_URN],
            "status": str(refusal.status),
            WEBEX_ERROR_URN: {
                "trackingId": self._tracking_id(),
                "errorCode": refusal.code or f"{refusal.status}000",
                "details": refusal.detail,
            },
        }
        if refusal.scim_type:
            document["scimType"] = refusal.scim_type
        return Answer(refusal.status, document)

    # Routes.

    def dispatch(self, request: SandboxRequest) -> Answer:
        own = {
            "/v1/access_token": ("POST", self._token),
            "/v1/people/me": ("GET", self._person),
            "/identity/scim/v2/Users/me": ("GET", self._own_user),
        }
        if request.path not in own:
            return super().dispatch(request)
        method, answer = own[request.path]
        if request.method != method:
            raise Refusal(405, f"{request.method} is not allowed here.", headers={"Allow": method})
        return answer(request)

    def scim_path(self, request: SandboxRequest) -> str:
        found = re.fullmatch(r"/identity/scim/([^/]+)/v2(/Users(?:/[^/]+)?)", request.path)
        if found is None or found.group(2) == "/Users/.search":
            raise Refusal(404, f"There is no {request.path}.")
        organization, path = found.groups()
        if not _UUID.fullmatch(organization):
            raise invalid_value(f"The organization id [{organization}] is not a UUID.")
        if organization.lower() != self.ORG_ID:
            raise Refusal(404, f"The organization [{organization}] does not exist.")
        return path

    def discovery(self, path: str) -> Document | None:
        return None

    def location(self, user_id: str) -> str:
        return f"{self.public_origin}/identity/scim/{self.ORG_ID}/v2/Users/{user_id}"

    def _token(self, request: SandboxRequest) -> Answer:
        form = request.form
        grants = {
            "refresh_token": ("refresh_token", self.REFRESH_TOKEN),
            "authorization_code": ("code", self.CODE),
        }
        if form.get("grant_type") not in grants:
            return _no_token("unsupported_grant_type", "The grant type is not supported.")
        if not self._is_client(request, form):
            return _no_token("invalid_client", "The client id or secret is wrong.")
        name, value = grants[form["grant_type"]]
        if form.get(name) != value:
            return _no_token("invalid_grant", f"The {name} is wrong or expired.")
        token: Document = {
            "access_token": self.tokens.issue(_ACCESS_SECONDS),
            "expires_in": _ACCESS_SECONDS,
            "token_type": "Bearer",
            "refresh_token": self.REFRESH_TOKEN,
            "refresh_token_expires_in": _REFRESH_SECONDS,
            "scope": "identity:people_rw spark:people_read",
        }
        return Answer(200, token)

    def _is_client(self, request: SandboxRequest, form: dict[str, str]) -> bool:
        pair = f"{self.CLIENT_ID}:{self.CLIENT_SECRET}"
        basic = "Basic " + base64.b64encode(pair.encode()).decode()
        given = f"{form.get('client_id')}:{form.get('client_secret')}"
        return given == pair or request.header("authorization") == basic

    def _person(self, _request: SandboxRequest) -> Answer:
        person: Document = {
            "id": _rest_id("PEOPLE", self.ADMIN_ID),
            "emails": [self.ADMIN_EMAIL],
            "displayName": "Sandbox Admin",
            "firstName": "Sandbox",
            "lastName": "Admin",
            "orgId": self.ENCODED_ORG_ID,
            "roles": [_rest_id("ROLE", "id_full_admin")],
            "licenses": [],
            "created": "2026-01-01T00:00:00.000Z",
            "lastModified": "2026-01-01T00:00:00.000Z",
            "status": "active",
            "invitePending": False,
            "loginEnabled": True,
            "type": "person",
        }
        return Answer(200, person)

    def _own_user(self, _request: SandboxRequest) -> Answer:
        user: Document = {
            "schemas": [CORE_URN, WEBEX_URN],
            "id": self.ADMIN_ID,
            "userName": self.ADMIN_EMAIL,
            "userType": "user",
            "active": True,
            "displayName": "Sandbox Admin",
            WEBEX_URN: {
                "accountStatus": ["active"],
                "meta": {"organizationId": self.ORG_ID},
            },
            "meta": {
                "resourceType": "User",
                "created": "2026-01-01T00:00:00.000Z",
                "lastModified": "2026-01-01T00:00:00.000Z",
                "version": 'W/"00000000000000"',
                "location": self.location(self.ADMIN_ID),
            },
        }
        return Answer(200, user)

    # Users.

    def check_user(self, user: Document) -> None:
        for name in ("userName", "userType"):
            if not user.get(name):
                raise invalid_value(f"The attribute [{name}] is required.")
        if user["userType"] not in _USER_TYPES:
            raise invalid_value(f"The userType [{user['userType']}] is unknown.")
        if len(user["userName"]) > 254:
            raise invalid_value("The userName is longer than 254 characters.")
        for email in user.get("emails", ()):
            is_primary_work = email.get("type") == "work" and email.get("primary") is True
            if is_primary_work and email.get("value") != user["userName"]:
                raise invalid_value("The primary work e-mail must equal the userName.")

    def stored(self, user: Document, before: Document | None) -> Document:
        kept = (before or {}).get(WEBEX_URN, {}).get("accountStatus", ["pending"])
        extension = {"accountStatus": kept, **user.get(WEBEX_URN, {})}
        return {"active": True, **user, WEBEX_URN: extension}

    def _create(self, request: SandboxRequest) -> Answer:
        answer = super()._create(request)
        # The organization stands in the answer to a create, and not reliably in later ones.
        user = answer.document
        if isinstance(user, dict):
            user[WEBEX_URN] = {**user[WEBEX_URN], "meta": {"organizationId": self.ORG_ID}}
        return answer


def _no_token(error: str, description: str) -> Answer:
    return Answer(400, {"error": error, "error_description": description})


if __name__ == "__main__":
    raise SystemExit(main(WebexSandbox))
