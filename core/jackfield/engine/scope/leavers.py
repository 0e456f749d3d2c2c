"""What becomes of the account of somebody who should not have it any more.

Microsoft Entra disables whoever leaves its scope and deletes only after a hard deletion; here each
event has a setting of its own. Source: "How application provisioning works" (read 2026-11-20).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Fate: TypeAlias = Literal["keep", "disable", "delete"]
HiredAgain: TypeAlias = Literal["ask", "relink"]
Event: TypeAlias = Literal["unassigned", "disabled", "soft_deleted", "deleted"]


@dataclass(frozen=True, slots=True)
class Leavers:
    """One fate for each event.

    `unassigned`: no longer assigned, or out of scope. `disabled`: in the source. `soft_deleted`: in
    the source, where it can be restored. `deleted`: gone for good.

    `delete_after_days`: what is to be deleted is disabled first, for so many days.

    `hired_again`: whether somebody new with the name of one who has left gets that one's account,
    or a person is asked: it may be another human with an address that was used before.
    """

    unassigned: Fate = "disable"
    disabled: Fate = "disable"
    soft_deleted: Fate = "disable"
    deleted: Fate = "disable"
    delete_after_days: int = 0
    hired_again: HiredAgain = "ask"

    def fate(self, event: Event) -> Fate:
        fates: dict[Event, Fate] = {
            "unassigned": self.unassigned,
            "disabled": self.disabled,
            "soft_deleted": self.soft_deleted,
            "deleted": self.deleted,
        }
        return fates[event]


REASONS: dict[Event, str] = {
    "unassigned": "no longer in scope",
    "disabled": "disabled in the source",
    "soft_deleted": "deleted in the source, where it can be restored",
    "deleted": "no longer in the source",
}
