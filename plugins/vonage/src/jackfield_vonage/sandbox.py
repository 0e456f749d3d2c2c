"""An imitation of Vonage Business Communications user provisioning, for tests and demos.

    python -m jackfield_vonage.sandbox --port 8080

Source: Vonage's guide to access tokens and Microsoft's tutorial. The SCIM interface itself is not
public: all of it beyond the five attributes, the required ones and the `userName` filter is
assumed, RFC 7644, and strict. Not imitated: the native API, which only reads.
"""
# ruff: noqa: ARG002 - overridden methods keep the parameters of the base

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jackfield.testing.sandbox import (
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
from jackfield.testing.sandbox.limits import Clock
from jackfield.testing.sandbox.oauth import Client, Codes, GrantRefused, RefreshTokens

SUFFIX = "@vbc.prod"
"""What a user name needs in the password grant."""

_ACCESS_SECONDS = 86_400
_REFRESH_SECONDS = 604_800


@dataclass(frozen=True, slots=True, kw_only=True)
class VonageAccount:
    """What is switched on in the account; by default all is in order.

    `consents` False: the person refuses to authorise. `supports_patch` False: a PATCH is answered
    with `patch_status`, 405 or 501, so that updates need a PUT. `administrators` are users, in
    lower case, that an Account Administrator's token may not write.
    """

    base_path: str = "/scim/v2"
    scim_enabled: bool = True
    consents: bool = True
    supports_patch: bool = True
    patch_status: int = 501
    administrators: frozenset[str] = frozenset()


class VonageSandbox(ScimSandbox):
    """One Vonage account with SCIM switched on and no users."""

    TOKEN = "canary-vonage-token"  # noqa: S105 - made up
    REFRESH_TOKEN: ClassVar[str] = "canary-vonage-refresh-token"  # noqa: S105 - made up
    CLIENT_ID: ClassVar[str] = "sandbox-vonage-client"
    CLIENT_SECRET: ClassVar[str] = "canary-vonage-secret"  # noqa: S105 - made up
    USERNAME: ClassVar[str] = f"integration{SUFFIX}"
    PASSWORD: ClassVar[str] = "canary-vonage-password"  # noqa: S105 - made up

    rules = PatchRules(frozenset({"userName", "name", "emails", "active"}))
    filters: ClassVar[Mapping[str, frozenset[str]]] = {"username": frozenset({"eq"})}

    def __init__(
        self,
        *,
        unlimited: bool = False,
        clock: Clock = time.monotonic,
        account: VonageAccount | None = None,
    ) -> None:
        super().__init__(unlimited=unlimited, clock=clock)
        self._account_at_start = self.account = account or VonageAccount()
        self._client = Client(self.CLIENT_ID, self.CLIENT_SECRET)
        self.codes = Codes(clock)
        self.refresh_tokens = RefreshTokens(self.REFRESH_TOKEN, clock)

    def reset(self) -> None:
        super().reset()
        self.account = self._account_at_start
        self.codes.reset()
        self.refresh_tokens.reset()

    # Tokens.

    def needs_token(self, request: SandboxRequest) -> bool:
        return request.path not in ("/authorize", "/token")

    def unauthorised(self, state: TokenState, request: SandboxRequest) -> Refusal:
        return Refusal(401, f"The access token is {state}.", headers={"WWW-Authenticate": "Bearer"})

    def dispatch(self, request: SandboxRequest) -> Answer:
        if request.path == "/authorize" and request.method == "GET":
            return self.codes.redirect(request, self.CLIENT_ID, consents=self.account.consents)
        if request.path == "/token" and request.method == "POST":
            try:
                return self._token(request)
            except GrantRefused as refused:
                return refused.answer()
        return super().dispatch(request)

    def _token(self, request: SandboxRequest) -> Answer:
        form = request.form
        self._client.check(request)
        grant = form.get("grant_type")
        if grant == "authorization_code":
            self.codes.spend(form)
        elif grant == "refresh_token":
            self.refresh_tokens.spend(form.get("refresh_token", ""))
        elif grant == "password":
            # The suffix is mandatory, so the bare name is as wrong as any other.
            if (form.get("username"), form.get("password")) != (self.USERNAME, self.PASSWORD):
                raise GrantRefused("invalid_grant", "The username or password is wrong.")
        else:
            raise GrantRefused("unsupported_grant_type", "The grant type is not supported.")
        token: Document = {
            "access_token": self.tokens.issue(_ACCESS_SECONDS),
            "refresh_token": self.refresh_tokens.issue(_REFRESH_SECONDS),
            "scope": "openid" if form.get("scope", "openid") == "openid" else "default",
            "token_type": "Bearer",
            "expires_in": _ACCESS_SECONDS,
        }
        return Answer(200, token)

    # SCIM.

    def scim_path(self, request: SandboxRequest) -> str:
        base = self.account.base_path
        path = request.path.removeprefix(base)
        if not request.path.startswith(f"{base}/") or path == "/Users/.search":
            raise Refusal(404, f"There is no {request.path}.")
        if not self.account.scim_enabled:
            raise Refusal(403, "SCIM user provisioning is not enabled.")
        if request.method == "PATCH" and not self.account.supports_patch:
            raise Refusal(self.account.patch_status, "PATCH is not supported.")
        return path

    def discovery(self, path: str) -> Document | None:
        return None

    def location(self, user_id: str) -> str:
        return f"{self.public_origin}{self.account.base_path}/Users/{user_id}"

    def check_user(self, user: Document) -> None:
        super().check_user(user)
        for part in ("givenName", "familyName"):
            if not user.get("name", {}).get(part):
                raise invalid_value(f"The attribute [name.{part}] is required.")
        if not any(one.get("value") for one in user.get("emails", ())):
            raise invalid_value("The attribute [emails] is required.")
        self._check_writable(user)

    def _check_writable(self, user: Document) -> None:
        if user.get("userName", "").lower() in self.account.administrators:
            raise Refusal(403, "An Account Administrator may not change this user.")

    def _one(self, request: SandboxRequest, user_id: str) -> Answer:
        user = self.store.get(user_id)
        if user is not None and request.method != "GET":
            self._check_writable(user)
        return super()._one(request, user_id)


if __name__ == "__main__":
    raise SystemExit(main(VonageSandbox))
