"""The users of a sandbox, with ids and timestamps that are the same in every run."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from jackfield.testing.sandbox.exchange import Document

_FIRST_INSTANT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def counted_uuid(number: int) -> str:
    """Return a UUID that tells its number: the ids of a vendor with UUIDs."""
    return f"5b1c0000-0000-4000-8000-{number:012x}"


class Store:
    """Users by id, in the order they were made, found by `userName` through an index.

    Every write is one second after the one before it, whatever the real clock says.
    """

    def __init__(
        self, new_id: Callable[[int], str] = counted_uuid, *, resource_type: str = "User"
    ) -> None:
        self._new_id = new_id
        self._resource_type = resource_type
        self.clear()

    def clear(self) -> None:
        """Forget all users and start ids and timestamps anew."""
        self.users: dict[str, Document] = {}
        self._ids_by_name: dict[str, list[str]] = {}
        self._write_count = 0
        self._id_count = 0

    def __len__(self) -> int:
        return len(self.users)

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self.users.values()))

    def get(self, user_id: str) -> Document | None:
        return self.users.get(user_id)

    def named(self, user_name: str) -> list[Document]:
        """Return the users of this `userName`, ignoring case; several only after a seed."""
        return [self.users[found] for found in self._ids_by_name.get(user_name.lower(), ())]

    def add(self, document: Document) -> Document:
        """Keep a new user and return it with its `id` and `meta`."""
        self._id_count += 1
        user_id = str(document.get("id") or self._new_id(self._id_count))
        return self._keep(user_id, document, created="")

    def replace(self, user_id: str, document: Document) -> Document:
        """Keep another document for a user that exists; its `meta.created` stays."""
        before = self.users[user_id]
        self._forget_name(before)
        return self._keep(user_id, document, created=before["meta"]["created"])

    def remove(self, user_id: str) -> None:
        self._forget_name(self.users.pop(user_id))
        self._write_count += 1

    def seed(self, documents: list[Document]) -> list[Document]:
        """Put users straight in, checked by nobody: duplicates and strange shapes are kept."""
        return [self.add(document) for document in documents]

    def _keep(self, user_id: str, document: Document, created: str) -> Document:
        self._write_count += 1
        now = _FIRST_INSTANT + timedelta(seconds=self._write_count)
        instant = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        kept = {**document, "id": user_id}
        kept["meta"] = {
            "resourceType": self._resource_type,
            "created": created or instant,
            "lastModified": instant,
            "version": f'W/"{self._write_count:014x}"',
        }
        self.users[user_id] = kept
        name = str(kept.get("userName", "")).lower()
        self._ids_by_name.setdefault(name, []).append(user_id)
        return kept

    def _forget_name(self, document: Document) -> None:
        name = str(document.get("userName", "")).lower()
        ids = self._ids_by_name[name]
        ids.remove(document["id"])
        if not ids:
            del self._ids_by_name[name]
