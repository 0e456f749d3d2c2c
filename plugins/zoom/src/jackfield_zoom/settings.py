"""What a Zoom connection needs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, TypeAlias

from pydantic import model_validator

from jackfield import BaseUrl, ConnectorSettings, RateLimit, Secret
from jackfield.oauth import Authorization

Plan: TypeAlias = Literal["free", "pro", "business"]
"""`business` stands for Business and everything above it, Education included."""

# Zoom, "Rate limits": requests a second for each account, shared by all its apps. Its
# light category, 4, 30 and 80, is that of some writes only, which share the limit of the others.
PLAN_LIMITS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "free": MappingProxyType({"medium": 2, "heavy": 1}),
        "pro": MappingProxyType({"medium": 20, "heavy": 10}),
        "business": MappingProxyType({"medium": 60, "heavy": 40}),
    }
)


class ZoomSettings(ConnectorSettings):
    """Credentials of an account whose plan has SCIM2 and whose users sign in by SSO.

    One of four: `account_id`, `client_id` and `client_secret` of a Server-to-Server OAuth app; the
    latter two alone, of an OAuth app, for `jackfield authorize`; a ready `token`; or `api_key` and
    `api_secret` of a JWT app, a kind that Zoom shut down on 2023-09-08.

    `base_url`, where it is given, is used whatever region the vendor names. `plan` sets the rate
    limits; `rate_limits` by name goes before it.
    """

    usual_sign_in: ClassVar[tuple[str, ...]] = ("account_id", "client_id", "client_secret")

    account_id: str = ""
    client_id: str = ""
    client_secret: Secret | None = None
    token: Secret | None = None
    api_key: str = ""
    api_secret: Secret | None = None
    plan: Plan = "business"
    base_url: BaseUrl = "https://api.zoom.us/scim2"
    oauth_url: BaseUrl = "https://zoom.us/oauth"

    @model_validator(mode="before")
    @classmethod
    def _take_limits_of_plan(cls, given: Any) -> Any:
        limits_of = PLAN_LIMITS.get(str(given.get("plan"))) if isinstance(given, dict) else None
        granted = given.get("rate_limits", {}) if limits_of else None
        if limits_of is None or not isinstance(granted, Mapping):
            return given
        limits = {
            name: RateLimit(requests=requests, per_seconds=1)
            for name, requests in limits_of.items()
        }
        return given | {"rate_limits": {**limits, **granted}}

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        server = (self.account_id, self.client_id, self.client_secret)
        jwt_app = (self.api_key, self.api_secret)
        begun = [bool(self.token), any(server), any(jwt_app)]
        if begun.count(True) != 1:
            raise ValueError(
                "give one of: account_id, client_id and client_secret of a Server-to-Server OAuth "
                "app; client_id and client_secret of an OAuth app; token; api_key and api_secret "
                "of a retired JWT app"
            )
        if begun[1] and not all(server[1:]):
            raise ValueError(
                "one of client_id and client_secret is missing; a Server-to-Server OAuth app needs "
                "account_id beside them"
            )
        if begun[2] and not all(jwt_app):
            raise ValueError("one of api_key and api_secret is missing")
        return self

    def authorization(self) -> Authorization | None:
        """Return how an administrator authorises an OAuth app, which has no account id."""
        if not self.client_id or self.account_id:
            return None
        return Authorization(
            authorize_url=f"{self.oauth_url}/authorize",
            token_url=f"{self.oauth_url}/token",
            client_id=self.client_id,
            client_secret=self.client_secret,
        )
