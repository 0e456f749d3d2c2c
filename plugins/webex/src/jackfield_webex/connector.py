"""Webex speaks SCIM 2.0 below the UUID of an organization, which `people/me` tells in base64."""

from pydantic import SecretStr

from jackfield import (
    Applied,
    Capabilities,
    Changes,
    ConfigurationError,
    ConnectorError,
    Flow,
    Json,
    MatchKey,
    NotFound,
    Page,
    Request,
    Response,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield.scim import ScimService, access_token, lifetime_seconds, one_line, scim_error
from jackfield_webex.capabilities import CAPABILITIES, WORK_EMAIL
from jackfield_webex.settings import WebexSettings, decode_id


def webex_error(response: Response) -> ConnectorError:
    """Return the error of a Webex answer, its text and tracking id included.

    SCIM errors keep theirs below an extension URN, REST errors in `message` and `errors`; both
    shapes were seen by clients of the live service, neither is in the OpenAPI.
    """
    body = response.body if isinstance(response.body, dict) else {}
    extension = next(
        (
            v
            for k, v in body.items()
            if k.lower().endswith(":cisco:webexidentity:api:messages:2.0:error")
        ),
        None,
    )
    said = extension if isinstance(extension, dict) else body
    code = one_line(said.get("errorCode"))
    text = one_line(said.get("details")) or one_line(said.get("message")) or _described(body)
    tracking_id = one_line(said.get("trackingId")) or response.headers.get("trackingid", "")
    parts = (code and f"code {code}", text, tracking_id and f"tracking id {tracking_id}")
    fault = scim_error(response, ", ".join(part for part in parts if part))
    fault.request_id = tracking_id
    return fault


def _described(body: dict[str, Json]) -> str:
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return one_line(first.get("description")) if isinstance(first, dict) else ""


SERVICE = ScimService(
    # Every example of Webex's shows this type; application/scim+json is undocumented.
    content_type="application/json",
    filters={"userName": "userName", WORK_EMAIL: "emails.value"},
    required_on_create=CAPABILITIES.required_on_create(),
    # Required by the OpenAPI; people are "user", the others are rooms and services.
    sent_on_create={"userType": "user"},
    user_name_is_email=True,
    error=webex_error,
)


class WebexConnector:
    """Users of one Webex organization."""

    settings = WebexSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @hookimpl
    def authenticate(self, settings: WebexSettings) -> Flow[Token]:
        token, lifetime = yield from _obtain_token(settings)
        response = yield Request("GET", f"{settings.rest_url}/people/me", authorize=token)
        if not response.is_success:
            raise webex_error(response)
        organization = _organization_of(response)
        if settings.organization not in {"", organization}:
            raise ConfigurationError(
                f"the Webex token belongs to organization {organization}, the settings name "
                f"{settings.organization}: use a token of that organization or correct the setting"
            )
        return Token(
            token,
            base_url=f"{settings.scim_url}/{organization}/v2",
            lifetime_seconds=lifetime,
            facts={"organization": organization, "administrator": _administrator_of(response)},
        )

    @hookimpl
    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        return (yield from SERVICE.get_user(key))

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        return (yield from SERVICE.create_user(user))

    @hookimpl
    def patch_user(self, user_id: UserId, changes: Changes) -> Flow[Applied]:
        return (yield from SERVICE.patch_user(user_id, changes))

    @hookimpl
    def list_users(self, cursor: str | None) -> Flow[Page]:
        return (yield from SERVICE.list_users(cursor))

    @hookimpl
    def delete_user(self, user_id: UserId) -> Flow[None]:
        return (yield from SERVICE.delete_user(user_id))


def _obtain_token(settings: WebexSettings) -> Flow[tuple[SecretStr, float | None]]:
    if settings.token is not None:
        return settings.token, None
    form = {"grant_type": "refresh_token", "client_id": settings.client_id}
    secrets = {"client_secret": settings.client_secret, "refresh_token": settings.refresh_token}
    response = yield Request(
        "POST",
        f"{settings.rest_url}/access_token",
        form=form | {name: secret for name, secret in secrets.items() if secret is not None},
        authorize=False,
        # A repeat gives another token and changes nothing.
        effect="read",
    )
    return access_token(response), lifetime_seconds(response.document)


def _organization_of(response: Response) -> str:
    found = response.document.get("orgId")
    try:
        return decode_id(found if isinstance(found, str) else "")
    except ValueError:
        raise response.unusable(
            "Webex's people/me names no organization: its orgId is no UUID"
        ) from None


def _administrator_of(response: Response) -> str:
    found = one_line(response.document.get("id"))
    try:
        # The UUID of a person is also the SCIM id, so the administrator can be kept from change.
        return decode_id(found)
    except ValueError:
        return found
