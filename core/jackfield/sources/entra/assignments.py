"""Who is assigned to the enterprise application, and with which roles.

A group whose members are not all shown leaves open who else is assigned: then nobody is known not
to be.

Changes of assignments do not appear among the changes of users, so they are read in full each time.
A role reaches the direct members of an assigned group, as at Microsoft; nested groups are an option
of ours. Source: learn.microsoft.com/graph, "appRoleAssignment resource type"; learn.microsoft.com/
entra, "How application provisioning works" (read 2026-11-20).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from jackfield.errors import NotAllowed, VendorBroken
from jackfield.resources import NotFound
from jackfield.sources.base import DEFAULT_ACCESS
from jackfield.sources.entra.graph import (
    HIDDEN_PERMISSION,
    Document,
    Expired,
    GraphPage,
    Question,
    Unclear,
    assignments_of,
    get_app_roles,
    get_group,
    get_page,
    hides_members,
    members_of,
    nested_groups_of,
)
from jackfield.sources.entra.settings import EntraSettings
from jackfield.sources.reader import Reader


@dataclass(frozen=True, slots=True)
class Assignments:
    """The effective roles of everybody assigned, by id of the user; the union of all ways there.

    A role is its display name, or `DEFAULT_ACCESS`. `notes` tell of assigned groups that count for
    nothing, and of those whose members were not all shown; with one of these it is not complete.
    """

    roles_of: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    is_complete: bool = True

    def on_top_of(self, before: Mapping[str, tuple[str, ...]]) -> "Assignments":
        """Return these where nobody has lost a role since."""
        ids = before.keys() | self.roles_of.keys()
        both = {one: {*before.get(one, ()), *self.roles_of.get(one, ())} for one in ids}
        return replace(self, roles_of={one: tuple(sorted(roles)) for one, roles in both.items()})


def read_assignments(reader: Reader, settings: EntraSettings) -> Assignments:
    """Read all of them.

    Raises: the errors of `Reader.run`; then nobody's assignments are known.
    """
    return _Reading(reader, settings).run()


@dataclass(frozen=True, slots=True)
class _Collection:
    """Every item of every page, and how many Graph counts, 0 where it does not."""

    items: tuple[Document, ...]
    count: int = 0

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(str(item["id"]).lower() for item in self.items)

    @property
    def is_complete(self) -> bool:
        return len(self.ids) >= self.count


def _read_collection(reader: Reader, settings: EntraSettings, question: Question) -> _Collection:
    """Return every item; where fewer come than Graph counts, it is asked once more.

    Raises: VendorBroken where the pages go round in circles, or a link expires on the way.
    """
    for _ in range(2):
        pages = list(_read_pages(reader, settings, question))
        found = _Collection(tuple(i for page in pages for i in page.items), pages[0].count)
        if found.is_complete:
            break
    return found


def _read_pages(reader: Reader, settings: EntraSettings, question: Question) -> Iterator[GraphPage]:
    seen = set[str]()
    while True:
        page = reader.run("read", get_page(question, settings), GraphPage, Expired)
        if isinstance(page, Expired):
            raise VendorBroken(f"Graph's pages of {question.what} expired while they were read")
        yield page
        if not page.next_link:
            return
        if page.next_link in seen:
            raise VendorBroken(f"Graph's pages of {question.what} go round in circles")
        seen.add(page.next_link)
        question = question.at(page.next_link)


@dataclass(slots=True)
class _Reading:
    reader: Reader
    settings: EntraSettings
    roles: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    notes: list[str] = field(default_factory=list)
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    is_complete: bool = True

    def run(self) -> Assignments:
        names = _names(self.reader.run("read", get_app_roles(self.settings), dict))
        question = assignments_of(self.settings)
        for assignment in _read_collection(self.reader, self.settings, question).items:
            role_id = _text(assignment, "appRoleId") or DEFAULT_ACCESS
            for user_id in self._people(assignment):
                self.roles[user_id].add(names.get(role_id, role_id))
        ordered = {user_id: tuple(sorted(roles)) for user_id, roles in self.roles.items()}
        return Assignments(ordered, tuple(self.notes), self.is_complete)

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
        group = self.reader.run("read", get_group(group_id), dict, NotFound, Unclear)
        if isinstance(group, NotFound):
            self.notes.append(f"the assigned group {group_id} is deleted: it has no members")
            return frozenset()
        if isinstance(group, Unclear):
            self._leave_open(f"Microsoft Graph does not show the assigned group {group_id}")
            return frozenset()
        name = str(group.get("displayName") or group_id)
        if group.get("securityEnabled") is False:
            self.notes.append(f"the assigned group {name} is no security group: it is left out")
            return frozenset()
        try:
            question = members_of(group_id, nested=self.settings.nested_groups)
            found = _read_collection(self.reader, self.settings, question)
            why = self._withheld(group | {"id": group_id}, name, found)
        except NotAllowed:
            if not hides_members(group):
                raise
            found, why = _Collection(()), _lacking(name, is_known=True)
        if why:
            self._leave_open(why)
        return found.ids

    def _leave_open(self, why: str) -> None:
        """Note that there may be members who were not shown."""
        self.is_complete = False
        self.notes.append(f"{why}: nobody is taken for unassigned in this read")

    def _withheld(self, group: Document, name: str, found: _Collection) -> str:
        """Return why a group may have members that were not shown; empty where it has none."""
        if not found.is_complete:
            shown = f"counts {found.count} members of the assigned group {name} and shows"
            return f"Microsoft Graph {shown} {len(found.ids)}"
        granted = self.reader.facts().get("roles")
        if granted is not None and HIDDEN_PERMISSION.lower() in granted.lower().split():
            return ""
        if hides_members(group):
            # Without the permission there is an empty list; some members are proof of it.
            is_readable = granted is None and bool(found.ids)
            return "" if is_readable else _lacking(name, is_known=granted is not None)
        return self._withheld_below(group, name, is_known=granted is not None)

    def _withheld_below(self, group: Document, name: str, *, is_known: bool) -> str:
        if not self.settings.nested_groups:
            return ""
        question = nested_groups_of(str(group["id"]))
        nested = _read_collection(self.reader, self.settings, question)
        if not nested.is_complete:
            return f"Microsoft Graph does not show all groups in the assigned group {name}"
        hiding = (
            item.get("displayName") or item["id"] for item in nested.items if hides_members(item)
        )
        inner = next(hiding, "")
        return _lacking(f"{name} with the group {inner} in it", is_known=is_known) if inner else ""


def _lacking(name: str, *, is_known: bool) -> str:
    """Return the sentence on a group that hides its members."""
    if is_known:
        lack = f"this app lacks the permission {HIDDEN_PERMISSION}; let an administrator consent"
    else:
        lack = f"whether this app has the permission {HIDDEN_PERMISSION} is not known; grant it"
    return f"the assigned group {name} hides its members, and {lack}"


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
