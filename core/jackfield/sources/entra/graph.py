"""What is asked of Microsoft Graph, as flows: a token, a page, one user.

Source: learn.microsoft.com/graph, "Use delta query to track changes", "Get incremental changes for
users", "Paging", "Microsoft Graph error responses"; learn.microsoft.com/entra, "OAuth 2.0 client
credentials flow" (read 2026-11-20); learn.microsoft.com/graph, "group resource type", "List group
members", "Microsoft Graph permissions reference" (read 2026-11-27): without Member.Read.Hidden a
group of the visibility HiddenMembership shows no members, and no error.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from jackfield.capabilities import Capabilities
from jackfield.errors import (
    ConfigurationError,
    CredentialsRefused,
    NotAllowed,
    ProvisioningError,
    VendorBroken,
)
from jackfield.flow import Flow, Json, Request, Response, Token
from jackfield.hooks import hookimpl
from jackfield.resources import NotFound, UserId
from jackfield.scim.errors import one_line
from jackfield.scim.oauth import access_token, lifetime_seconds
from jackfield.settings import origin_of
from jackfield.sources.entra.settings import EntraSettings

Document: TypeAlias = dict[str, Json]

_ADVANCED: Final[Mapping[str, str]] = MappingProxyType({"ConsistencyLevel": "eventual"})
"""Casting members to users is one of the advanced queries of directory objects."""

HIDDEN_PERMISSION: Final = "Member.Read.Hidden"

_GONE: Final = ("resourcenotfound", "objectnotfound", "usernotfound", "itemnotfound")
"""How the codes end by which Graph says that there is no such object: it spells them variously."""

_REFUSED_TOKEN: Final = frozenset({400, 404, 410})
"""What a link with a state token gets once the token is over: 410, or a 40x whose code varies."""


class GraphAccess:
    """The token of an app, by client credentials."""

    @hookimpl
    def capabilities(self) -> Capabilities:
        return Capabilities(hosts=frozenset(), match_on=(), create=False, patch=False)

    @hookimpl
    def authenticate(self, settings: EntraSettings) -> Flow[Token]:
        form: Mapping[str, str | SecretStr] = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "scope": f"{settings.graph_url}/.default",
        }
        url = f"{settings.login_url}/{quote(settings.tenant)}/oauth2/v2.0/token"
        # A second token does no harm: unlike other grants this one may be asked for again.
        response = yield Request("POST", url, form=form, authorize=False, effect="read")
        token = access_token(response)
        lifetime = lifetime_seconds(response.document)
        facts = {"tenant": settings.tenant, **_granted(token)}
        return Token(token, f"{settings.graph_url}/v1.0", lifetime, facts)


@dataclass(frozen=True, slots=True)
class GraphPage:
    """One page of a collection. At most one link is there: to the next page, or to the changes.

    `count` is how many items all pages have, where it was asked for and this is the first of them.
    """

    items: tuple[Document, ...]
    next_link: str = ""
    delta_link: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Expired:
    """Graph no longer knows the state that a link stands for: everything must be read again."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Graph answered about one object, and neither showed it nor said that there is none."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask for: a path with parameters, or a link that Graph gave; `what` is for people."""

    what: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_link(self) -> bool:
        return not self.path.startswith("/")

    @property
    def request(self) -> Request:
        return Request("GET", self.path, self.params, headers=self.headers)

    def at(self, link: str) -> "Question":
        """Return the question that a link continues."""
        return Question(self.what, link, headers=self.headers)


def changes_of_users(settings: EntraSettings) -> Question:
    """Ask for all users; page sizes, sorting and expanding are not allowed here."""
    params = {"$select": ",".join(settings.selected)}
    return Question("the users (User.Read.All)", "/users/delta", params)


def assignments_of(settings: EntraSettings) -> Question:
    path = f"/servicePrincipals/{settings.service_principal}/appRoleAssignedTo"
    return Question("the assignments (Application.Read.All)", path)


def members_of(group_id: str, *, nested: bool) -> Question:
    relation = "transitiveMembers" if nested else "members"
    path = f"/groups/{quote(group_id, safe='')}/{relation}/microsoft.graph.user"
    params = {"$select": "id", "$count": "true"}
    return Question("the members of groups (GroupMember.Read.All)", path, params, _ADVANCED)


def nested_groups_of(group_id: str) -> Question:
    path = f"/groups/{quote(group_id, safe='')}/transitiveMembers/microsoft.graph.group"
    params = {"$select": "id,displayName,visibility", "$count": "true"}
    return Question("the nested groups (GroupMember.Read.All)", path, params, _ADVANCED)


def get_page(question: Question, settings: EntraSettings) -> Flow[GraphPage | Expired]:
    """Return a page; Expired where a link is no longer known.

    Raises: VendorBroken for a page that is not whole, or whose links lead elsewhere.
    """
    response = yield question.request
    if question.is_link and response.status in _REFUSED_TOKEN:
        return Expired()
    if not response.is_success:
        raise graph_error(response, question.what)
    document = response.document
    items = document.get("value")
    if not isinstance(items, list):
        raise response.unusable("a page of Microsoft Graph holds no list")
    return GraphPage(
        tuple(_checked_items(items, response)),
        _link(document, "@odata.nextLink", settings),
        _link(document, "@odata.deltaLink", settings),
        _count(document),
    )


def get_user(user_id: str, settings: EntraSettings) -> Flow[Document | NotFound | Unclear]:
    """Return everything asked for of one user; NotFound where the directory has none of this id.

    Unclear is a 404 of Graph's own with a code that says something else, and another user's data.
    """
    names = [name for name in settings.selected if name != "manager"]
    params = {"$select": ",".join(names)}
    if "manager" in settings.selected:
        params["$expand"] = "manager($select=id)"
    response = yield Request("GET", f"/users/{quote(user_id, safe='')}", params)
    if is_gone(response):
        return NotFound(UserId(user_id))
    if response.status == 404 and _refusal(response)[0]:
        return Unclear()
    if not response.is_success:
        raise graph_error(response, "the users (User.Read.All)")
    (document,) = _checked_items([response.document], response)
    return document if str(document["id"]).lower() == user_id.lower() else Unclear()


def get_app_roles(settings: EntraSettings) -> Flow[Document]:
    """Return the service principal with the roles of its application.

    Raises: ConfigurationError where there is none of this id.
    """
    path = f"/servicePrincipals/{settings.service_principal}"
    response = yield Request("GET", path, {"$select": "id,displayName,appRoles"})
    if is_gone(response):
        raise ConfigurationError(
            f"service_principal: the tenant {settings.tenant} has no enterprise application with "
            f"the Object ID {settings.service_principal}; take it from Enterprise applications, "
            "not from App registrations"
        )
    if not response.is_success:
        raise graph_error(response, "enterprise applications (Application.Read.All)")
    return response.document


def get_group(group_id: str) -> Flow[Document | NotFound | Unclear]:
    """Return a group; NotFound where it is deleted.

    Unclear is a 404 with any other code than the documented one: a list has shown the group as
    assigned, and its members lose much by a wrong word.
    """
    path = f"/groups/{quote(group_id, safe='')}"
    response = yield Request("GET", path, {"$select": "id,displayName,securityEnabled,visibility"})
    code = _refusal(response)[0] if response.status == 404 else ""
    if code.lower().endswith("resourcenotfound"):
        return NotFound(UserId(group_id))
    if code:
        return Unclear()
    if not response.is_success:
        raise graph_error(response, "groups (GroupMember.Read.All)")
    return response.document


def hides_members(group: Document) -> bool:
    """Say whether a group shows its members to those alone who have HIDDEN_PERMISSION."""
    return str(group.get("visibility")).lower() == "hiddenmembership"


def graph_error(response: Response, what: str) -> ProvisioningError:
    """Return what a refusal means; Graph's own code and text are in it."""
    code, message = _refusal(response)
    said = "".join(f": {part}" for part in (code, message) if part)
    text = f"Microsoft Graph answered {response.status}{said}"
    if response.status == 401:
        return CredentialsRefused(text)
    if response.status == 403:
        return NotAllowed(f"this app may not read {what}{said}; let an administrator consent")
    return VendorBroken(text)


def is_gone(response: Response) -> bool:
    """Say whether Graph itself, and nothing on the way to it, says that there is no such object."""
    return response.status == 404 and _refusal(response)[0].lower().endswith(_GONE)


def is_own(link: str, settings: EntraSettings) -> bool:
    """Say whether a link leads to the Graph of these settings, the only place our token may go."""
    try:
        parts = urlsplit(link)
        return origin_of(link) == origin_of(settings.graph_url) and "@" not in parts.netloc
    except ValueError:
        return False


def _granted(token: SecretStr) -> Mapping[str, str]:
    """Return the permissions that a token lists, under `roles`; nothing where it cannot be read.

    Graph's tokens are JWTs of which the claim `roles` has the application permissions. Source:
    learn.microsoft.com/entra, "Access token claims reference".
    """
    parts = token.get_secret_value().split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    roles = claims.get("roles") if isinstance(claims, dict) else None
    return {"roles": " ".join(map(str, roles))} if isinstance(roles, list) else {}


def _refusal(response: Response) -> tuple[str, str]:
    body = response.body if isinstance(response.body, dict) else {}
    error = body.get("error")
    found = error if isinstance(error, dict) else {}
    return one_line(found.get("code")), one_line(found.get("message"))


def _link(document: Document, name: str, settings: EntraSettings) -> str:
    link = document.get(name, "")
    if not isinstance(link, str):
        raise VendorBroken(f"Microsoft Graph sent a page whose {name} is no text")
    if link and not (link.isascii() and is_own(link, settings)):
        raise VendorBroken(f"Microsoft Graph's {name} leads to another place; it was not followed")
    return link


def _count(document: Document) -> int:
    count = document.get("@odata.count")
    return count if isinstance(count, int) else 0


def _checked_items(items: list[Json], response: Response) -> list[Document]:
    found = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
            raise response.unusable("a page of Microsoft Graph holds an object without an id")
        found.append(item)
    return found
