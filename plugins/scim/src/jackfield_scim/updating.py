"""Changes a user in the form that the service takes: PATCH, PATCH of whole attributes, or PUT.

Source: RFC 7644 sections 3.5.1 and 3.5.2. A refused PATCH changed nothing (section 3.5.2), so the
same may be asked for in another form. What was kept is read off the outcome in every case.
"""

from dataclasses import replace
from urllib.parse import quote

from jackfield import (
    Applied,
    Changes,
    ConnectorError,
    Flow,
    InDoubt,
    NotFound,
    RejectedUser,
    Request,
    Response,
    UnknownUser,
    User,
    UserId,
)
from jackfield.scim import (
    ScimService,
    not_taken,
    parse_user,
    read_refusal,
    scim_error,
    user_document,
    with_booleans,
)
from jackfield_scim.settings import ScimSettings
from jackfield_scim.shaping import applied, fit, is_often_refused, is_taken, with_whole_attributes
from jackfield_scim.tenant import Tenant

# About the value, whatever its form: another form would be refused too.
_ABOUT_VALUES = frozenset({"uniqueness", "invalidvalue", "mutability", "sensitive", "toomany"})


class _FormRefused(RejectedUser):
    """A PATCH was refused, and another form of it may not be."""

    def __init__(self, usual: ConnectorError, status: int) -> None:
        super().__init__(reason=str(usual))
        self.usual = usual
        self.status = status


def update_user(
    user_id: UserId, changes: Changes, tenant: Tenant, settings: ScimSettings
) -> Flow[Applied]:
    """Make the changes, and compare the outcome with all that was asked for.

    Raises: UnknownUser; RejectedUser where the service takes the changes in no form.
    """
    update = _Update(user_id, tenant, settings)
    possible = tuple(change for change in changes if is_taken(change, tenant))
    if not changes:
        return Applied(user_id)
    if not possible:
        user = yield from update.read()
        done = Applied(user_id, user)
    elif settings.update == "put" or (settings.update == "auto" and tenant.patch is False):
        done = yield from update.put(possible)
    else:
        done = yield from update.patch(possible)
    kept = done.user.to_scim() if done.user else {}
    return replace(done, not_taken=not_taken(changes, kept))


class _Update:
    """One change of one user, in one form after the other."""

    def __init__(self, user_id: UserId, tenant: Tenant, settings: ScimSettings) -> None:
        self._user_id = user_id
        self._tenant = tenant
        self._may_put = settings.update == "auto"
        self._service: ScimService = replace(tenant.service(settings), error=_refusal)

    def patch(self, changes: Changes) -> Flow[Applied]:
        try:
            return (yield from self._service.patch_user(self._user_id, changes))
        except UnknownUser:
            # Services without PATCH answer 404 as well; reading the user tells.
            if not self._may_put or self._tenant.patch:
                raise
            return (yield from self.put(changes))
        except _FormRefused as refusal:
            return (yield from self._otherwise(changes, refusal))

    def put(self, changes: Changes, known: User | None = None) -> Flow[Applied]:
        """Replace the user by itself with the changes made, and read what came of it."""
        current = known or (yield from self.read())
        document = applied(current.to_scim(), changes)
        fit(document, self._tenant)
        document.pop("groups", None)
        try:
            body = user_document(parse_user(document), self._service.required_schemas)
        except ValueError as fault:
            raise RejectedUser(reason=f"its changes make no user: {fault}") from None
        response = yield Request(
            "PUT",
            f"{self._service.users_path}/{quote(self._user_id, safe='')}",
            json=body | {"id": current.id},
            headers={"content-type": self._service.content_type},
        )
        if not response.is_success:
            raise self._error_of_put(response)
        self._service.shown_after(response, self._user_id)
        return Applied(self._user_id, (yield from self._read_back()))

    def read(self) -> Flow[User]:
        """Return the user.

        Raises: UnknownUser.
        """
        found = yield from self._service.get_user(self._user_id)
        if isinstance(found, NotFound):
            raise UnknownUser(f"the vendor has no user {self._user_id}", user_id=self._user_id)
        return found

    def _otherwise(self, changes: Changes, refusal: _FormRefused) -> Flow[Applied]:
        current = None
        is_form_at_fault = refusal.status != 405 and any(map(is_often_refused, changes))
        if is_form_at_fault:
            current = yield from self.read()
            second = with_whole_attributes(changes, with_booleans(current.to_scim()))
            done = (yield from self._tried(second)) if second != changes else None
            if done is not None:
                return done
        if self._may_put and (is_form_at_fault or refusal.status != 400):
            return (yield from self.put(changes, current))
        third = tuple(change for change in changes if not is_often_refused(change))
        done = (yield from self._tried(third)) if third and third != changes else None
        if done is None:
            raise refusal.usual from None
        return done

    def _tried(self, changes: Changes) -> Flow[Applied | None]:
        try:
            return (yield from self._service.patch_user(self._user_id, changes))
        except _FormRefused:
            return None

    def _read_back(self) -> Flow[User]:
        try:
            return (yield from self.read())
        except ConnectorError as fault:
            raise InDoubt(f"user {self._user_id} was written and not read back: {fault}") from fault

    def _error_of_put(self, response: Response) -> ConnectorError:
        if response.status == 404:
            return UnknownUser(f"the vendor has no user {self._user_id}", user_id=self._user_id)
        return _definite(response)


def _refusal(response: Response) -> ConnectorError:
    usual = _definite(response)
    is_about_value = read_refusal(response.body).scim_type.lower() in _ABOUT_VALUES
    if response.status in {400, 405, 501} and not is_about_value:
        return _FormRefused(usual, response.status)
    return usual


def _definite(response: Response) -> ConnectorError:
    usual = scim_error(response)
    # 501 says that nothing was done, unlike the other errors of a server.
    return RejectedUser(reason=str(usual)) if response.status == 501 else usual
