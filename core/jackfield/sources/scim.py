"""People from a directory that speaks SCIM 2.0 (RFC 7644), always all of them.

SCIM pages are places in a list that moves while it is read. So each page begins with the last
person of the one before: where it does not, somebody was added or removed, and the list is read
again. What never comes out the same is no complete read, and nobody is taken for a leaver.

A read is complete where the last person stands alone on a page, or an empty page follows, and the
total, where there is one, was the same on every page and is the number of people read. That end is
the directory's word: a list that it cuts and counts after 100 people looks like one of 100 people.
So whoever had access and is not in the list is asked for by id before anybody is taken for gone.

Imports only the contract modules and the interface of sources.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path as FilePath
from typing import ClassVar, Final, Self, TypeAlias, TypeVar

from pydantic import Field, SecretStr, model_validator

from jackfield.capabilities import Capabilities
from jackfield.driver.steps import Clock, Policy
from jackfield.driver.transport import Limits
from jackfield.errors import ConnectorError, RejectedUser, VendorBroken
from jackfield.flow import Flow, Json, Request, Response, Token
from jackfield.hooks import hookimpl
from jackfield.resources import NotFound, Page, User, UserId
from jackfield.scim import (
    ENTERPRISE_URN,
    Path,
    Place,
    ScimService,
    access_token,
    lifetime_seconds,
    read,
    total_of,
)
from jackfield.settings import BaseUrl, ConnectorSettings, Secret
from jackfield.sources.base import SourceObject, SourceRead, SourceSettings, SourceValue
from jackfield.sources.reader import Reader

POLICY: Final = Policy(attempts=4, patience_seconds=900.0, limits=Limits(deadline_seconds=60.0))
"""For each page."""

T = TypeVar("T")

_ATTEMPTS: Final = 3
_MOST_PEOPLE: Final = 2_000_000
_NO_SECRET: Final = SecretStr("")

ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "userPrincipalName": ("userName",),
    "externalId": ("externalId",),
    "accountEnabled": ("active",),
    "displayName": ("displayName", "name.formatted"),
    "givenName": ("name.givenName",),
    "surname": ("name.familyName",),
    "mail": ('emails[type eq "work"].value', "emails.value"),
    "jobTitle": ("title",),
    "userType": ("userType",),
    "preferredLanguage": ("preferredLanguage",),
    "telephoneNumber": ('phoneNumbers[type eq "work"].value',),
    "mobilePhone": ('phoneNumbers[type eq "mobile"].value',),
    "streetAddress": ('addresses[type eq "work"].streetAddress',),
    "city": ('addresses[type eq "work"].locality',),
    "state": ('addresses[type eq "work"].region',),
    "postalCode": ('addresses[type eq "work"].postalCode',),
    "country": ('addresses[type eq "work"].country',),
    "employeeId": (f"{ENTERPRISE_URN}:employeeNumber",),
    "department": (f"{ENTERPRISE_URN}:department",),
    "costCenter": (f"{ENTERPRISE_URN}:costCenter",),
    "division": (f"{ENTERPRISE_URN}:division",),
    "companyName": (f"{ENTERPRISE_URN}:organization",),
    "manager": (f"{ENTERPRISE_URN}:manager.value",),
}
"""Microsoft Graph's name of each attribute, and the SCIM paths that may have it, best first."""

Who: TypeAlias = SecretStr | tuple[str, SecretStr]


class ScimSourceSettings(SourceSettings, ConnectorSettings):
    """Where the directory is, and its credentials.

    They are one of: `token`; `user_name` and `password`; `token_url`, `client_id` and
    `client_secret`, with `scope` where the directory wants one. `attributes` adds names, each with
    the SCIM path that it is read from, or reads those of the usual table elsewhere.
    """

    base_url: BaseUrl
    token: Secret | None = None
    user_name: str = Field(default="", pattern="^[^:]*$")
    password: Secret | None = None
    token_url: BaseUrl | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    scope: str = ""
    users_path: str = Field(default="/Users", pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$")
    page_size: int = Field(default=100, ge=2, le=10_000)
    attributes: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        client = (self.token_url, self.client_id, self.client_secret)
        basic = (self.user_name, self.password)
        ways = [any(basic), any(client), self.token is not None]
        if sum(ways) != 1 or (any(basic) and not all(basic)) or (any(client) and not all(client)):
            raise ValueError(
                "give one of token, user_name and password, or token_url, client_id and "
                "client_secret"
            )
        return self

    @model_validator(mode="after")
    def _check_attributes(self) -> Self:
        if "id" in self.attributes:
            raise ValueError("attributes: people are told apart by the id of SCIM, and no other")
        for path in self.attributes.values():
            Path.parse(path)
        return self

    @property
    def paths(self) -> Mapping[str, tuple[str, ...]]:
        """Every attribute with the paths that may have it."""
        return {**ATTRIBUTES, **{name: (path,) for name, path in self.attributes.items()}}


class ScimAccess:
    """The token of a directory; a name with a password goes along with each request instead."""

    @hookimpl
    def capabilities(self) -> Capabilities:
        return Capabilities(hosts=frozenset(), match_on=(), create=False, patch=False)

    @hookimpl
    def authenticate(self, settings: ScimSourceSettings) -> Flow[Token]:
        if settings.token_url is None:
            secret = settings.token or settings.password or _NO_SECRET
            return Token(secret, settings.base_url)
        form = {"grant_type": "client_credentials"}
        if settings.scope:
            form["scope"] = settings.scope
        client = (settings.client_id, settings.client_secret or _NO_SECRET)
        # A second token does no harm: unlike other grants this one may be asked for again.
        response = yield Request(
            "POST", settings.token_url, form=form, authorize=client, effect="read"
        )
        token = access_token(response)
        return Token(token, settings.base_url, lifetime_seconds(response.document))


class ScimSource:
    """People from one SCIM service. `policy` and `clock` are others in tests."""

    settings: ClassVar[type[SourceSettings]] = ScimSourceSettings

    def __init__(self, *, policy: Policy = POLICY, clock: Clock | None = None) -> None:
        self._policy = policy
        self._clock = clock or Clock()

    def read(self, settings: SourceSettings, folder: FilePath) -> SourceRead:
        """Read everybody; a list that moved each time it was read is not complete.

        Raises: ConfigurationError, CredentialsRefused, NotAllowed, NotSent, Throttled,
        VendorBroken; then nobody was read.
        """
        del folder
        if not isinstance(settings, ScimSourceSettings):
            raise TypeError(f"ScimSource needs ScimSourceSettings, not {type(settings).__name__}")
        users: dict[str, User] = {}
        with self._reader(settings) as reader:
            for _attempt in range(_ATTEMPTS):
                listing = _list(reader, settings)
                users.update(listing.users)
                if listing.is_consistent:
                    ask_for = partial(self._ask_for, settings)
                    return replace(_result(settings, listing.users), ask_for=ask_for)
        note = (
            f"the pages of users did not agree with each other and with their total in {_ATTEMPTS} "
            "readings: whoever is missing may be there, so nobody is removed"
        )
        return replace(_result(settings, users), is_complete=False, notes=(note,))

    def _ask_for(self, settings: ScimSourceSettings, ids: Collection[str]) -> SourceRead:
        """Read some people one by one; an answer that shows nobody clearly leaves one unknown."""
        service = ScimService(users_path=settings.users_path)
        users, unknown = dict[str, User](), set[str]()
        with self._reader(settings) as reader:
            for user_id in ids:
                flow = _authorized(service.get_user(UserId(user_id)), settings)
                found = _one(reader, flow)
                if isinstance(found, User):
                    users[user_id] = found
                elif found is None:
                    unknown.add(user_id)
        return replace(_result(settings, users), unknown=frozenset(unknown))

    def _reader(self, settings: ScimSourceSettings) -> Reader:
        return Reader("scim", ScimAccess(), settings, policy=self._policy, clock=self._clock)


@dataclass(slots=True)
class _Listing:
    """What one walk through the pages has shown, each user once."""

    users: dict[str, User] = field(default_factory=dict)
    totals: set[int | None] = field(default_factory=set)
    is_consistent: bool = True
    repeated: int = 0
    reached: int = 0
    shown_again: int = 0
    stale_pages: int = 0

    def add(self, page: Page, place: Place, overlap: str) -> list[str]:
        """Take a page that should begin with the user `overlap`; return the ids of its users.

        Raises: VendorBroken where page after page has nobody new.
        """
        ids = list(dict.fromkeys(user.id or "" for user in page.users))
        self.reached = max(self.reached, place.start - 1 + len(page.users))
        if self._is_shown_again(page, overlap):
            return ids
        self.repeated += len(page.users) - len(ids)
        # Where rows are counted, a page may begin earlier by those of users shown twice.
        is_joined = bool(overlap) and overlap in ids[: self.repeated + 1]
        fresh = ids[ids.index(overlap) + 1 :] if is_joined else ids
        known = [user_id for user_id in fresh if user_id in self.users]
        # A page that does not begin with somebody known is the first one, or one past the end.
        is_elsewhere = bool(self.users and ids) if not overlap else not is_joined
        if known or is_elsewhere:
            self.is_consistent = False
        # A list that moves may repeat a page; a service that ignores the place repeats for ever.
        self.stale_pages = self.stale_pages + 1 if fresh and len(known) == len(fresh) else 0
        if self.stale_pages >= _ATTEMPTS or len(self.users) > _MOST_PEOPLE:
            raise VendorBroken("the directory's list of users goes round in circles")
        for user in page.users:
            self.users.setdefault(user.id or "", user)
        return ids

    def _is_shown_again(self, page: Page, overlap: str) -> bool:
        """Say whether these are no more than the last rows, of users who were shown twice."""
        size = len(page.users)
        is_known = all(user.id in self.users for user in page.users)
        if overlap or not is_known or not 0 < size <= self.repeated - self.shown_again:
            return False
        self.shown_again += size
        return True

    @property
    def is_stuck(self) -> bool:
        """Whether a page showed nobody new and the directory counts nobody else."""
        counted = max((total for total in self.totals if total is not None), default=0)
        return self.stale_pages > 0 and counted <= len(self.users)

    def finish(self) -> "_Listing":
        """Compare what was seen with what the directory counted, where it counts at all."""
        # Where somebody was shown twice, the directory may count users or rows.
        possible = {len(self.users), self.reached if self.repeated else len(self.users)}
        if self.totals - {None} and (len(self.totals) > 1 or not self.totals <= possible):
            self.is_consistent = False
        return self


def _list(reader: Reader, settings: ScimSourceSettings) -> _Listing:
    service = ScimService(users_path=settings.users_path, page_size=settings.page_size)
    listing = _Listing()
    place, overlap, is_past_end = Place(), "", False
    while True:
        page, total = reader.run("read", _page(service, str(place), settings), tuple)
        listing.totals.add(total)
        ids = listing.add(page, place, overlap)
        # The last user is asked for once more also where the total says that there is nobody else:
        # some services count the page and not the list.
        if (page.next_cursor is None and len(ids) < 2) or listing.is_stuck:
            return listing.finish()
        is_past_end = len(ids) == 1
        step = 1 if is_past_end else len(ids) - 1
        overlap = "" if is_past_end else ids[-1]
        place = Place(place.start + step, total, listing.repeated)


def _one(reader: Reader, flow: Flow[User | NotFound]) -> User | NotFound | None:
    """Read one person; None where the answer about this one, or its id, is of no use."""
    try:
        found: User | NotFound = reader.run("read", flow, User, NotFound)
    except RejectedUser:
        return None
    except VendorBroken as error:
        if error.is_down:
            raise
        return None
    return found


def _page(
    service: ScimService, cursor: str | None, settings: ScimSourceSettings
) -> Flow[tuple[Page, int | None]]:
    """Return one page and the total that came with it; None where none did."""
    replies: list[Response] = []
    page = yield from _authorized(service.list_users(cursor), settings, replies.append)
    return page, total_of(replies[-1])


def _ignore(_: Response) -> None:
    """Look away."""


def _authorized(
    flow: Flow[T], settings: ScimSourceSettings, see: Callable[[Response], None] = _ignore
) -> Flow[T]:
    """Run a flow with a name and a password on each request; `see` is shown each answer."""
    try:
        request = next(flow)
        while True:
            try:
                reply = yield _with_password(request, settings)
            except ConnectorError as error:
                request = flow.throw(error)
            else:
                see(reply)
                request = flow.send(reply)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        flow.close()


def _with_password(request: Request, settings: ScimSourceSettings) -> Request:
    if not settings.user_name:
        return request
    who = (settings.user_name, settings.password or _NO_SECRET)
    return replace(request, path=settings.base_url + request.path, authorize=who)


def _result(settings: ScimSourceSettings, users: Mapping[str, User]) -> SourceRead:
    paths = {name: tuple(map(Path.parse, several)) for name, several in settings.paths.items()}
    objects = tuple(_object(user, paths) for user in users.values())
    return SourceRead(objects, is_complete=True, attributes=frozenset(paths) | {"id"})


def _object(user: User, paths: Mapping[str, tuple[Path, ...]]) -> SourceObject:
    user_id = user.id or ""
    document = user.to_scim()
    attributes: dict[str, SourceValue] = {"id": user_id}
    for name, several in paths.items():
        values = (_value(read(document, path)) for path in several)
        found = next((value for value in values if value not in ("", ())), "")
        if found != "":
            attributes[name] = found
    return SourceObject(user_id, attributes, f"SCIM user {user_id}")


def _value(value: Json) -> SourceValue:
    """Return a value, and of an object, or of each of several, its `value`."""
    if isinstance(value, list):
        return tuple(filter(None, map(_text, map(_inner, value))))
    inner = _inner(value)
    return inner if isinstance(inner, bool) else _text(inner)


def _inner(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    return next((part for name, part in value.items() if name.lower() == "value"), None)


def _text(value: Json) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()
