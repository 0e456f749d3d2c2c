"""The people, groups, roles and assignments of an imitated tenant, and the history of its people.

Imports nothing of Jackfield but the sandbox itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jackfield.testing.sandbox.exchange import Document, Refusal
from jackfield.testing.sandbox.store import Store

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one user: the names that changed, or why the user is gone.

    Neither stands for a user who is new, or back.
    """

    user_id: str
    names: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(slots=True)
class _Group:
    """A group; `uncounted` members are counted and not shown, as while a copy lags behind."""

    document: Document
    members: list[str]
    uncounted: int = 0


class Directory:
    """Everything a person does in the admin center, as methods; ids are counted.

    `unknown_by_id` are users that lists show and a read by id does not, each with Graph's code.
    """

    domain = "contoso.example"
    service_principal = "72f90000-0000-4000-8000-000000000003"

    def __init__(self, store: Store) -> None:
        self._store = store
        self.clear()

    def clear(self) -> None:
        self.history: list[Event] = []
        self._deleted: dict[str, Document] = {}
        self._groups: dict[str, _Group] = {}
        self._roles: dict[str, Document] = {}
        self._assignments: list[Document] = []
        self._count = 0
        self.unknown_by_id: dict[str, str] = {}

    # People.

    def hire(self, name: str, **more: Any) -> Document:
        """Make a user, "ana" or a whole userPrincipalName; return it with its id."""
        address = name if "@" in name else f"{name}@{self.domain}"
        ordinary = {
            "userPrincipalName": address,
            "displayName": name.partition("@")[0].title(),
            "mail": address,
            "accountEnabled": True,
            "userType": "Guest" if "#EXT#" in address else "Member",
            "businessPhones": [],
        }
        user = self._store.add({**ordinary, **more})
        self.history.append(Event(user["id"]))
        return user

    def update(self, user_id: str, **changes: Any) -> None:
        user = {**self.user(user_id), **changes}
        self._store.replace(user_id, user)
        self.history.append(Event(user_id, frozenset(changes)))

    def rename(self, user_id: str, name: str) -> None:
        self.update(user_id, userPrincipalName=f"{name}@{self.domain}", displayName=name.title())

    def disable(self, user_id: str) -> None:
        self.update(user_id, accountEnabled=False)

    def enable(self, user_id: str) -> None:
        self.update(user_id, accountEnabled=True)

    def delete(self, user_id: str) -> None:
        """Move a user to the deleted ones, from where `restore` brings it back."""
        self._deleted[user_id] = self.user(user_id)
        self._store.remove(user_id)
        self.history.append(Event(user_id, reason="changed"))

    def restore(self, user_id: str) -> None:
        self._store.add(self._deleted.pop(user_id))
        self.history.append(Event(user_id))

    def purge(self, user_id: str) -> None:
        """Delete a user for good, and its assignments with it."""
        if self._store.get(user_id):
            self._store.remove(user_id)
        self._deleted.pop(user_id, None)
        self.history.append(Event(user_id, reason="deleted"))
        self.unassign(user_id)

    def user(self, user_id: str) -> Document:
        found = self._store.get(user_id)
        if found is None:
            said = f"Resource '{user_id}' does not exist or one of its queried references is gone."
            raise Refusal(404, said)
        return found

    def user_by_id(self, user_id: str) -> Document:
        """Return a user as the copy that answers single reads knows it."""
        if code := self.unknown_by_id.get(user_id):
            raise Refusal(404, f"Resource '{user_id}' does not exist.", code=code)
        return self.user(user_id)

    def everybody(self) -> Iterator[Document]:
        return iter(self._store)

    # Groups.

    def add_group(
        self,
        name: str,
        *members: str,
        security_enabled: bool = True,
        visibility: str | None = None,
    ) -> str:
        """Make a group of users and groups, perhaps of "HiddenMembership"; return its id."""
        group_id = self._new_id()
        document = {
            "id": group_id,
            "displayName": name,
            "securityEnabled": security_enabled,
            "visibility": visibility,
        }
        self._groups[group_id] = _Group(document, list(members))
        return group_id

    def join(self, group_id: str, member_id: str) -> None:
        self._groups[group_id].members.append(member_id)

    def leave(self, group_id: str, member_id: str) -> None:
        self._groups[group_id].members.remove(member_id)

    def delete_group(self, group_id: str) -> None:
        """Delete a group; its assignments stay behind for a while."""
        del self._groups[group_id]

    def lag_count(self, group_id: str, uncounted: int) -> None:
        """Count so many more members of a group than are shown."""
        self._groups[group_id].uncounted = uncounted

    def count(self, group_id: str, shown: int) -> int:
        return shown + self._group(group_id).uncounted

    def group(self, group_id: str) -> Document:
        return self._group(group_id).document

    def members(self, group_id: str, *, nested: bool, shows_hidden: bool = True) -> list[str]:
        """Return the ids of the users in a group, each once.

        Groups that hide their members have none where `shows_hidden` is False.
        """
        groups = self.groups_in(group_id) if nested else []
        found: dict[str, None] = {}
        for one in map(self._group, [group_id, *groups]):
            if shows_hidden or one.document["visibility"] != "HiddenMembership":
                found.update(dict.fromkeys(filter(self._store.get, one.members)))
        return list(found)

    def groups_in(self, group_id: str) -> list[str]:
        """Return the ids of the groups in a group at any depth, each once."""
        found: dict[str, None] = {group_id: None}
        waiting = [group_id]
        while waiting:
            inner = [one for one in self._group(waiting.pop()).members if one in self._groups]
            waiting.extend(one for one in inner if one not in found)
            found.update(dict.fromkeys(inner))
        return list(found)[1:]

    def _group(self, group_id: str) -> _Group:
        if group_id not in self._groups:
            raise Refusal(404, f"Resource '{group_id}' does not exist.")
        return self._groups[group_id]

    # Roles and assignments.

    def add_role(self, name: str, value: str = "") -> str:
        """Give the application a role; return its id."""
        role_id = self._new_id()
        self._roles[role_id] = {
            "id": role_id,
            "displayName": name,
            "value": value or None,
            "isEnabled": True,
            "allowedMemberTypes": ["User"],
        }
        return role_id

    def rename_role(self, role_id: str, name: str) -> None:
        self._roles[role_id]["displayName"] = name

    def assign(self, principal_id: str, role_id: str = DEFAULT_ACCESS, kind: str = "User") -> None:
        """Assign a user, or a "Group" or "ServicePrincipal", to the application."""
        self._assignments.append(
            {
                "id": self._new_id(),
                "principalId": principal_id,
                "principalType": kind,
                "resourceId": self.service_principal,
                "appRoleId": role_id,
            }
        )

    def unassign(self, principal_id: str) -> None:
        """Take every assignment of a principal away."""
        kept = [one for one in self._assignments if one["principalId"] != principal_id]
        self._assignments = kept

    def application(self) -> Document:
        roles = list(self._roles.values())
        return {"id": self.service_principal, "displayName": "A vendor", "appRoles": roles}

    def assignments(self) -> list[Document]:
        return list(self._assignments)

    def _new_id(self) -> str:
        self._count += 1
        return f"72f90000-0000-4000-b000-{self._count:012x}"
