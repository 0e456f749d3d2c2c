"""Vonage Business Communications speaks SCIM 2.0 at an address that is told to customers only.

Nothing of it is published but five attributes, so what a service may do either way is a setting.
"""

from dataclasses import replace

from jackfield import (
    Applied,
    Capabilities,
    Change,
    Changes,
    ConnectorError,
    Flow,
    Grant,
    InDoubt,
    Json,
    MatchKey,
    NotAllowed,
    NotFound,
    Page,
    RejectedUser,
    Response,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield.scim import ScimService, not_taken, one_line, read_refusal, scim_error
from jackfield_vonage.capabilities import CAPABILITIES
from jackfield_vonage.credentials import obtain
from jackfield_vonage.settings import VonageSettings


def vonage_error(response: Response) -> ConnectorError:
    """Return the error of an answer, in the shape of SCIM or of Vonage's native API.

    Source of the latter: Vonage's OpenAPI of its provisioning API, 1.11.9.
    """
    usual = scim_error(response, _said(response.body))
    if isinstance(usual, NotAllowed):
        return NotAllowed(
            f"{usual}; is SCIM User Provisioning enabled, and may this administrator change this "
            "user? An Account Administrator may not change other administrators"
        )
    return usual


def _said(body: Json) -> str:
    if not isinstance(body, dict) or read_refusal(body).detail:
        return ""
    wrong = body.get("invalid_parameters")
    faults = [one for one in wrong if isinstance(one, dict)] if isinstance(wrong, list) else []
    parts = [
        one_line(body.get("msg") or body.get("title")),
        *(f"{one_line(one.get('name'))} {one_line(one.get('reason'))}" for one in faults),
    ]
    return ", ".join(part for part in parts if part.strip())


def _update_error(response: Response) -> ConnectorError:
    """Return the error of an update; 405 and 501 say that its method is not served."""
    if response.status not in {405, 501}:
        return vonage_error(response)
    return RejectedUser(
        reason=f"the vendor answered {response.status}: it does not take updates of this kind; try "
        'the other one, update = "patch" or update = "put"'
    )


SERVICE = ScimService(
    filters={"userName": "userName"},
    required_on_create=CAPABILITIES.required_on_create(),
    put="replace",
    error=vonage_error,
)


class VonageConnector:
    """Users of one account of Vonage Business Communications."""

    settings = VonageSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @hookimpl
    def authenticate(self, settings: VonageSettings, grant: Grant | None) -> Flow[Token]:
        return (yield from obtain(settings, grant))

    @hookimpl
    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        return (yield from SERVICE.get_user(key))

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        return (yield from SERVICE.create_user(user))

    @hookimpl
    def patch_user(
        self, user_id: UserId, changes: Changes, settings: VonageSettings
    ) -> Flow[Applied]:
        _check_required(changes)
        if settings.disable == "delete" and any(map(_is_disabling, changes)):
            return (yield from _delete_instead(user_id, changes))
        paths = None if settings.update == "patch" else frozenset[str]()
        service = replace(SERVICE, patch_paths=paths, error=_update_error)
        return (yield from service.patch_user(user_id, changes))

    @hookimpl
    def list_users(self, cursor: str | None, settings: VonageSettings) -> Flow[Page]:
        return (yield from replace(SERVICE, page_size=settings.page_size).list_users(cursor))

    @hookimpl
    def delete_user(self, user_id: UserId) -> Flow[None]:
        return (yield from SERVICE.delete_user(user_id))


def _check_required(changes: Changes) -> None:
    for change in changes:
        is_empty = change.op == "remove" or change.value in (None, "")
        if is_empty and change.path in SERVICE.required_on_create:
            raise RejectedUser(attribute=change.path, reason="Vonage requires it for every user")


def _is_disabling(change: Change) -> bool:
    return change.path == "active" and change.op != "remove" and change.value is False


def _delete_instead(user_id: UserId, changes: Changes) -> Flow[Applied]:
    """Delete a user who is to be disabled and nothing else; who is gone already is a success.

    Vonage's word is no proof: a user who is still shown, and on, keeps the access.

    Raises: RejectedUser where other attributes change too: that is no removal of a leaver; InDoubt
    where it cannot be read whether the user is gone.
    """
    if len(changes) > 1:
        raise RejectedUser(
            attribute="active",
            reason='with disable = "delete" a user is disabled alone, without other changes',
        )
    yield from SERVICE.delete_user(user_id)
    try:
        user = yield from SERVICE.get_user(user_id)
    except ConnectorError as fault:
        raise InDoubt(f"user {user_id} was deleted, and not looked for: {fault}") from fault
    if isinstance(user, NotFound):
        return Applied(user_id)
    return Applied(user_id, user, not_taken(changes, user.to_scim()))
