"""Who is assigned to the enterprise application, and with which roles.

Changes of assignments do not appear among the changes of users, so they are read in full each time.
A role reaches the direct members of an assigned group, as at Microsoft; nested groups are an option
of ours. Source: learn.microsoft.com/graph, "appRoleAssignment resource type"; learn.microsoft.com/
entra, "How application provisioning works" (read 2026-11-20).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jackfield.errors import VendorBroken
from jackfield.resources import NotFound
from jackfield.sources.base import DEFAULT_ACCESS
from jackfield.sources.entra.graph import (
    Document,
    Expired,
    GraphPage,
    Question,
    assignments_of,
    get_app_roles,
    get_group,
    get_page,
    members_of,
)
from jackfield.sources.entra.settings import EntraSettings
from jackfield.sources.reader import Reader


@dataclass(frozen=True, slots=True)
class Assignments:
    """The effective roles of everybody assigned, by id of the user; the union of all ways there.

    A role is its display name, or `DEFAULT_ACCESS`. `notes` tell of assigned groups that count for
    nothing.
    """

    roles_of: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()


def read_assignments(reader: Reader, settings: EntraSettings) -> Assignments:
    """Read all of them.

    Raises: the errors of `Reader.run`; then nobody's assignments are known.
    """
    return _Reading(reader, settings).run()


def _read_collection(reader: Reader, settings: EntraSettings, question: Question) -> list[Document]:
    """Return every item of every page; where fewer come than Graph counts, it is asked once more.

    Raises: VendorBroken where there are too few again, the pages go round in circles, or a link
    expires on the way.
    """
    for _ in range(2):
        pages = list(_read_pages(reader, settings, question))
        items = [item for page in pages for item in page.items]
        found, count = len({item["id"] for item in items}), pages[0].count
        if found >= count:
            return items
    raise VendorBroken(f"Microsoft Graph counts {count} of {question.what}, and shows {found}")


def _read_pages(reader: Reader, settings: EntraSettings, question: Question) -> Iterator[GraphPage]:
    seen = set[str]()
    while True:
        page = reader.run("read", get_page(question, settings), GraphPage, Expired)
        if isinstance(page, Expired):
            raise VendorBroken(f"the pages of {question.what} expired while they were read")
        yield page
        if not page.next_link:
            return
        if page.next_link in seen:
            raise VendorBroken(f"the pages of {question.what} go round in circles")
        seen.add(page.next_link)
        question = question.at(page.next_link)


@dataclass(slots=True)
class _Reading:
    reader: Reader
    settings: EntraSettings
    roles: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    notes: list[str] = field(default_factory=list)
    members: dict[str, frozenset[str]] = field(default_factory=dict)

    def run(self) -> Assignments:
        names = _names(self.reader.run("read", get_app_roles(self.settings), dict))
        question = assignments_of(self.settings)
        for assignment in _read_collection(self.reader, self.settings, question):
            role_id = _text(assignment, "appRoleId") or DEFAULT_ACCESS
            for user_id in self._people(assignment):
                self.roles[user_id].add(names.get(role_id, role_id))
        ordered = {user_id: tuple(sorted(roles)) for user_id, roles in self.roles.items()}
        return Assignments(ordered, tuple(self.notes))

    def _people(self, assignment: Document) -> frozenset[str]:
        """Return the users that an assignment reaches; other service principals are no people."""
        principal = _text(assignment, "principalId")
        if not principal:
            raise VendorBroken("Microsoft Graph sent an assignment without a principalId")
        kind = _text(assignment, "principalType")
        if kind == "user":
            return frozenset({principal})
        if not kind:
            raise VendorBroken("Microsoft Graph sent an assignment without a principalType")
        if kind != "group":
            return frozenset()
        if principal not in self.members:
            self.members[principal] = self._members(principal)
        return self.members[principal]

    def _members(self, group_id: str) -> frozenset[str]:
        group = self.reader.run("read", get_group(group_id), dict, NotFound)
        if isinstance(group, NotFound):
            self.notes.append(f"the assigned group {group_id} is deleted: it has no members")
            return frozenset()
        if group.get("securityEnabled") is False:
            name = group.get("displayName") or group_id
            self.notes.append(f"the assigned group {name} is no security group: it is left out")
            return frozenset()
        question = members_of(group_id, nested=self.settings.nested_groups)
        items = _read_collection(self.reader, self.settings, question)
        return frozenset(str(item["id"]).lower() for item in items)


def _text(document: Document, name: str) -> str:
    value = document.get(name)
    return value.strip().lower() if isinstance(value, str) else ""


def _names(service_principal: Document) -> Mapping[str, str]:
    """Return the name of each role by its id: what people choose by, else its value."""
    roles = service_principal.get("appRoles")
    if not isinstance(roles, list):
        raise VendorBroken("Microsoft Graph sent an enterprise application without its roles")
    found = [role for role in roles if isinstance(role, dict)]
    names = {
        _text(role, "id"): str(role.get("displayName") or role.get("value") or "") for role in found
    }
    return {role_id: name for role_id, name in names.items() if role_id and name}
