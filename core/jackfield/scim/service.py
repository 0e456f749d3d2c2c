"""The operations of a SCIM 2.0 vendor, with what differs between vendors as data.

Source: RFC 7644 sections 3.3 to 3.6. A connector holds one `ScimService` and delegates to it with
`return (yield from service.get_user(key))`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote

from jackfield.errors import (
    AlreadyExists,
    AmbiguousMatch,
    ConfigurationError,
    ConnectorError,
    InDoubt,
    RejectedUser,
    UnknownUser,
)
from jackfield.flow import Flow, Json, Request, Response
from jackfield.read_only import ReadOnly
from jackfield.resources import Applied, Change, Changes, MatchKey, NotFound, Page, User, UserId
from jackfield.scim import pages, sign_in
from jackfield.scim.comparing import not_taken
from jackfield.scim.errors import read_refusal, scim_error
from jackfield.scim.filters import answers, check_key, equals, resembles
from jackfield.scim.identity import is_same_id, problem_of_id
from jackfield.scim.merging import (
    merge_document,
    needs_current,
    partly_applied,
    whole_document,
)
from jackfield.scim.parse import parse_user, user_document, with_booleans
from jackfield.scim.patching import Dialect, patch_document, with_missing_elements
from jackfield.scim.path import Path, read


def _standard_filters() -> Mapping[str, str]:
    return ReadOnly({"userName": "userName", "externalId": "externalId"})


def _nothing() -> Mapping[str, Json]:
    return ReadOnly()


def _is_gone(response: Response) -> bool:
    # RFC 9110 section 15.5.11: 410 says that it is gone for good.
    return response.status in {404, 410}


def _no_dialect(response: Response) -> None:
    del response


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimService:
    """One vendor's dialect of SCIM.

    `filters` maps each path that the vendor can search by to the name its filters use.
    `required_on_create` are refused by name when missing; `sent_on_create` are added.
    `user_name_is_email`: the vendor wants `userName` and the work e-mail to be equal.
    `list_is_short`: searches leave attributes out, so a user found is read again by id.
    `page_size` 0 leaves `count` out of a listing: some services fail on it.
    `dialect` is how PATCH operations are written.
    `patch_paths` are the only attributes that the vendor's PATCH takes, where it is not all: the
    others go into a PUT, which `put` says to "merge" or to "replace" the whole user.
    `reads_back` names attributes whose value in the answer to a write is no proof: the user is read
    again after a creation and after each change of one of them.
    `is_unknown` tells the answer that means: there is no user of this id.
    `error` returns what a refusal means, in the vendor's own dialect; `search_error` what a refused
    search means, or None where it means what it says.
    """

    users_path: str = "/Users"
    content_type: str = "application/scim+json"
    filters: Mapping[str, str] = field(default_factory=_standard_filters)
    required_on_create: tuple[str, ...] = ("userName",)
    required_schemas: tuple[str, ...] = ()
    sent_on_create: Mapping[str, Json] = field(default_factory=_nothing)
    user_name_is_email: bool = False
    list_is_short: bool = False
    page_size: int = 100
    dialect: Dialect = "rfc"
    patch_paths: frozenset[str] | None = None
    put: Literal["merge", "replace"] = "merge"
    reads_back: frozenset[str] = frozenset()
    is_unknown: Callable[[Response], bool] = _is_gone
    error: Callable[[Response], ConnectorError] = scim_error
    search_error: Callable[[Response], ConnectorError | None] = _no_dialect

    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        """Find one user; every answer is checked against what was asked for.

        Raises: AmbiguousMatch for several; RejectedUser for a value nobody can be found by.
        """
        if isinstance(key, MatchKey):
            return (yield from self._search(key))
        return (yield from self._read(key))

    def create_user(self, user: User) -> Flow[User]:
        """Create the user and return it as the vendor keeps it.

        Raises: AlreadyExists; RejectedUser before any request where the vendor would refuse;
        InDoubt where the answer has no id.
        """
        document = dict(self.sent_on_create) | user_document(user, self.required_schemas)
        self._check_new(document)
        response = yield self._write("POST", self.users_path, document)
        if not response.is_success:
            raise self.error(response)
        created = self._user(response, response.document)
        _check_place(response, created, self.users_path)
        if _is_bare(created) or self.reads_back:
            return (yield from self._read_after_write(_id_of(created)))
        return created

    def patch_user(self, user_id: UserId, changes: Changes) -> Flow[Applied]:
        """Make all changes, and compare the outcome with them.

        One request, or a PATCH and then a PUT where the vendor's PATCH takes some attributes only.
        An error of the second one keeps its class and says what the first one changed.

        Raises: UnknownUser where the vendor has no user of this id any more; InDoubt where an
        answer shows another user than this one, which is never written to.
        """
        if not changes:
            return Applied(user_id)
        if self.user_name_is_email:
            changes = sign_in.with_work_email(changes)
        first = tuple(change for change in changes if self._is_patchable(change))
        second = tuple(change for change in changes if not self._is_patchable(change))
        user = (yield from self._send_patch(user_id, first)) if first else None
        if second:
            try:
                user = yield from self._send_put(user_id, second, user)
            except ConnectorError as fault:
                raise partly_applied(fault, first, second) from fault
        if user is None or _is_bare(user) or self._is_no_proof(changes):
            user = yield from self._read_after_write(user_id)
        return Applied(user_id, user, not_taken(changes, user.to_scim()))

    def list_users(self, cursor: str | None) -> Flow[Page]:
        """Return one page; without a next cursor the end of the list is proven.

        That costs one request more where all users fit on a page. Source: `jackfield.scim.pages`.

        Raises: VendorBroken for a page from elsewhere in the list, an empty one before its end, and
        where the vendor refuses to show whether somebody follows.
        """
        place = pages.Place.parse(cursor)
        params = {"startIndex": str(place.start)} if self.page_size or place.start > 1 else {}
        if self.page_size:
            params["count"] = str(self.page_size)
        response = yield Request("GET", self.users_path, params=params)
        if not response.is_success:
            raise self._refused_page(response, place)
        return pages.page_of(response, place, self._users(response, place.start))

    def delete_user(self, user_id: UserId) -> Flow[None]:
        """Delete the user for good; one already gone is a success.

        Raises: RejectedUser where the vendor refuses to, also by 409 or `uniqueness`.
        """
        response = yield Request("DELETE", self._user_path(user_id))
        if response.is_success or self.is_unknown(response):
            return
        fault = self.error(response)
        # Nothing is created here: it "conflicts" with what the user still has or does.
        raise RejectedUser(reason=str(fault)) if isinstance(fault, AlreadyExists) else fault

    def _send_patch(self, user_id: UserId, changes: Changes) -> Flow[User | None]:
        response = yield self._patch(user_id, changes)
        if _lacks_element(response, changes):
            possible = yield from self._complete(user_id, changes)
            # Nothing remains where all that was asked is the removal of what is not there.
            response = (yield self._patch(user_id, possible)) if possible else Response(204)
        return self._written(response, user_id)

    def _send_put(self, user_id: UserId, changes: Changes, known: User | None) -> Flow[User | None]:
        """Change the user, as a PATCH just before may have shown it, by a PUT."""
        is_needed = self.put == "replace" or needs_current(changes)
        if is_needed and (known is None or _is_bare(known)):
            known = yield from self._known(user_id)
        current = with_booleans(known.to_scim()) if known else {}
        body = whole_document if self.put == "replace" else merge_document
        document = body(changes, current)
        response = yield self._write("PUT", self._user_path(user_id), document)
        return self._written(response, user_id)

    def shown_after(self, response: Response, user_id: UserId) -> User | None:
        """Return the user that the answer to a write shows; None where it shows none.

        Raises: InDoubt where it is another user than the one written to.
        """
        if not _has_id(response.body):
            return None
        user = self._user(response, response.document)
        if not is_same_id(_id_of(user), user_id):
            raise InDoubt(
                f"a change of {user_id} was answered with another user, {user.id}: look at both "
                "before anything else"
            )
        return user.model_copy(update={"id": user_id})

    def _written(self, response: Response, user_id: UserId) -> User | None:
        if not response.is_success:
            raise self._error_for(response, user_id)
        return self.shown_after(response, user_id)

    def _is_patchable(self, change: Change) -> bool:
        return self.patch_paths is None or change.path in self.patch_paths

    def _is_no_proof(self, changes: Changes) -> bool:
        return any(Path.parse(change.path).attribute in self.reads_back for change in changes)

    def _search(self, key: MatchKey) -> Flow[User | NotFound]:
        check_key(key)
        params = {"filter": equals(self._filter_name(key.path), key.value)}
        response = yield Request("GET", self.users_path, params=params)
        if not response.is_success:
            raise self._search_error(response)
        users = {_id_of(user): user for user in self._users(response)}
        matches = {user_id: user for user_id, user in users.items() if answers(user, key)}
        if len(matches) > 1:
            raise AmbiguousMatch(
                f"{len(matches)} users have {key}: {', '.join(matches)}", user_ids=tuple(matches)
            )
        if not matches:
            is_complete = pages.is_everything(response, len(users))
            if is_complete and not all(resembles(user, key) for user in users.values()):
                is_complete = yield from self._is_end(params, pages.Place(len(users) + 1))
            if not is_complete:
                raise response.unusable(
                    f"the vendor's answer to the search by {key.path} does not show whether the "
                    "user is there: it holds other users, or fewer than it counts"
                )
            return NotFound(key)
        user_id, user = matches.popitem()
        return (yield from self._full(key, user_id)) if self.list_is_short else user

    def _is_end(self, params: Mapping[str, str], place: pages.Place) -> Flow[bool]:
        """Say whether nobody follows in a search that showed other users: it may be a cut list."""
        following = {**params, "startIndex": str(place.start)}
        response = yield Request("GET", self.users_path, params=following)
        if not response.is_success:
            raise self._refused_page(response, place)
        return not pages.page_of(response, place, self._users(response, place.start)).users

    def _full(self, key: MatchKey, user_id: UserId) -> Flow[User | NotFound]:
        found = yield from self._read(user_id)
        return NotFound(key) if isinstance(found, NotFound) else found

    def _read(self, user_id: UserId) -> Flow[User | NotFound]:
        response = yield Request("GET", self._user_path(user_id))
        if self.is_unknown(response):
            return NotFound(user_id)
        if not response.is_success:
            raise self._error_of_read(response)
        user = self._user(response, response.document)
        if not is_same_id(_id_of(user), user_id):
            raise response.unusable(
                f"the vendor answered for {user_id} with another user, {user.id}"
            )
        return user.model_copy(update={"id": user_id})

    def _read_after_write(self, user_id: UserId) -> Flow[User]:
        try:
            found = yield from self._read(user_id)
        except ConnectorError as fault:
            raise InDoubt(f"user {user_id} was written and not read back: {fault}") from fault
        if isinstance(found, NotFound):
            raise InDoubt(f"user {user_id} was written, and the vendor does not show it")
        return found

    def _complete(self, user_id: UserId, changes: Changes) -> Flow[Changes]:
        found = yield from self._known(user_id)
        return with_missing_elements(changes, found.to_scim())

    def _known(self, user_id: UserId) -> Flow[User]:
        found = yield from self._read(user_id)
        if isinstance(found, NotFound):
            raise UnknownUser(f"the vendor has no user {user_id}", user_id=user_id)
        return found

    def _patch(self, user_id: UserId, changes: Changes) -> Request:
        return self._write("PATCH", self._user_path(user_id), patch_document(changes, self.dialect))

    def _write(self, method: str, path: str, document: dict[str, Json]) -> Request:
        return Request(method, path, json=document, headers={"content-type": self.content_type})

    def _user_path(self, user_id: UserId) -> str:
        problem = problem_of_id(user_id)
        if problem:
            raise RejectedUser(attribute="id", reason=f"nobody can be asked for by {problem}")
        return f"{self.users_path}/{quote(user_id, safe='')}"

    def _filter_name(self, path: str) -> str:
        lowered = {known.lower(): name for known, name in self.filters.items()}
        if path.lower() not in lowered:
            raise ConfigurationError(
                f"the vendor cannot be searched by {path}, only by {', '.join(self.filters)}"
            )
        return lowered[path.lower()]

    def _check_new(self, document: dict[str, Json]) -> None:
        for path in self.required_on_create:
            if read(document, path) in (None, ""):
                raise RejectedUser(attribute=path, reason="the vendor requires it, it has no value")
        if self.user_name_is_email:
            sign_in.check_new(document)

    def _users(self, response: Response, start: int = 1) -> list[User]:
        return [self._user(response, item) for item in pages.resources_of(response, start)]

    def _user(self, response: Response, document: Json) -> User:
        if not isinstance(document, dict):
            raise response.unusable("the vendor answered with a user that is no JSON object")
        try:
            user = parse_user(document)
        except ValueError as fault:
            raise response.unusable(f"the vendor's user cannot be read: {fault}") from None
        problem = problem_of_id(user.id)
        if problem:
            raise response.unusable(f"the vendor answered with a user that has {problem}")
        return user

    def _error_for(self, response: Response, user_id: UserId) -> ConnectorError:
        if self.is_unknown(response):
            return UnknownUser(f"the vendor has no user {user_id}", user_id=user_id)
        return self.error(response)

    def _refused_page(self, response: Response, place: pages.Place) -> ConnectorError:
        fault = self._search_error(response)
        if place.start == 1 or not isinstance(fault, RejectedUser):
            return fault
        return response.unusable(
            f"the vendor shows users up to number {place.start - 1} and refuses to show whether "
            f"others follow, so nobody is known to be absent: {fault}"
        )

    def _search_error(self, response: Response) -> ConnectorError:
        meant = self.search_error(response)
        if meant is not None:
            return meant
        if response.status == 404:
            return response.unusable("the vendor answered a search with 404, not with a list")
        if response.status == 501:
            return RejectedUser(reason="the vendor answered 501: it has no such search")
        return self._error_of_read(response)

    def _error_of_read(self, response: Response) -> ConnectorError:
        fault = self.error(response)
        return response.unusable(str(fault)) if isinstance(fault, AlreadyExists) else fault


def _check_place(response: Response, created: User, users_path: str) -> None:
    """Refuse an answer to a creation that names one id and the place of another.

    Source: RFC 7644 section 3.3: `Location` and `meta.location` are the URI of the new resource.

    Raises: InDoubt.
    """
    said = read(created.model_extra or {}, "meta.location")
    for place in (response.headers.get("location", ""), said if isinstance(said, str) else ""):
        if not place or place.endswith(f"/{created.id}"):
            continue
        last = unquote(place.rstrip("/").rpartition("/")[2])
        is_list = place.rstrip("/").endswith(users_path)
        if last and not is_list and not is_same_id(last, created.id or ""):
            raise InDoubt(
                f"the vendor answered the creation with the id {created.id} and the place of "
                f"another, {last}"
            )


def _id_of(user: User) -> UserId:
    return UserId(user.id or "")


def _has_id(body: Json) -> bool:
    return isinstance(body, dict) and any(name.lower() == "id" for name in body)


def _is_bare(user: User) -> bool:
    others = (value for name, value in user if name not in {"id", "meta", "externalId"})
    return all(value is None or value in ((), []) for value in others)


def _lacks_element(response: Response, changes: Changes) -> bool:
    is_no_target = read_refusal(response.body).scim_type.lower() == "notarget"
    return response.status == 400 and is_no_target and any("[" in c.path for c in changes)
