"""What is known of one service: found once for each connection, carried as the token's facts.

Facts are texts that people read too; a list of paths is written with commas.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jackfield.scim import ScimService
from jackfield_scim.settings import ScimSettings

_YES_OR_NO = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One service. Where it says nothing of something, the field is None or empty.

    `filtered`: paths whose filter was seen to find, whatever the case; an empty answer counts.
    `listed`: paths whose filter was seen to fail; nothing is filtered by them.
    `required`: a path below another, as in `name.formatted`, only counts where its parent is there
    or required. `set_once` may be given to new users only.
    """

    users_path: str = "/Users"
    patch: bool | None = None
    takes_count: bool = True
    filtered: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    required_schemas: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    set_once: tuple[str, ...] = ()
    not_offered: tuple[str, ...] = ()

    @classmethod
    def from_facts(cls, facts: Mapping[str, str]) -> "Tenant":
        """Return what `facts` told; without facts, nothing is known."""
        patch = {"yes": True, "no": False}.get(facts.get("patch", ""))
        lists = {name: _parted(facts.get(said, "")) for name, said in _LISTS.items()}
        return cls(
            users_path=facts.get("users", "/Users"),
            patch=patch,
            takes_count=facts.get("count") != "not accepted",
            **lists,
        )

    def service(self, settings: ScimSettings) -> ScimService:
        """Return the operations of this service, in the dialect of the settings."""
        return ScimService(
            users_path=self.users_path,
            content_type=settings.content_type,
            required_schemas=self.required_schemas,
            page_size=settings.page_size if self.takes_count else 0,
            dialect=settings.dialect,
        )

    def facts(self) -> dict[str, str]:
        """Return what is known, as texts; what is not known is left out."""
        found = {"users": self.users_path}
        if self.patch is not None:
            found["patch"] = _YES_OR_NO[self.patch]
        if not self.takes_count:
            found["count"] = "not accepted"
        for name, said in _LISTS.items():
            paths: tuple[str, ...] = getattr(self, name)
            if paths:
                found[said] = ", ".join(paths)
        return found


_LISTS = {
    "filtered": "found by filter",
    "listed": "found by listing",
    "required": "required",
    "required_schemas": "required schemas",
    "read_only": "read-only",
    "set_once": "set once",
    "not_offered": "not offered",
}


def _parted(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(", ") if part)
