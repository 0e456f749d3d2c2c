"""Whether, and how, a job can take access away: one rule for whoever asks. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from jackfield.capabilities import Capabilities
from jackfield.engine.expressions import ExpressionError
from jackfield.engine.map.mapper import Mapper
from jackfield.sources import SourceObject

WhyNotCode: TypeAlias = Literal["", "DeletionNotAllowed", "NotMapped", "NotOffered"]


_REMEDY = 'write "keep", or "delete"'


@dataclass(frozen=True, slots=True)
class AccessRemoval:
    """How somebody is disabled: by `paths`, all of which change; or why nobody can be.

    `why_not` is a sentence about "the vendor", `remedy` what to write instead, `code` the word that
    the log has for it; all empty where it can be done.
    """

    paths: tuple[str, ...] = ()
    code: WhyNotCode = ""
    why_not: str = ""
    remedy: str = ""

    def said_of(self, vendor: str) -> str:
        """Return why nobody can be disabled, with the vendor's name."""
        return self.why_not.replace("the vendor offers", f"{vendor} takes").replace(
            "the vendor", vendor
        )

    @property
    def is_possible(self) -> bool:
        return not self.code


def access_removal(capabilities: Capabilities, off: Collection[str]) -> AccessRemoval:
    """Return how the vendor is told that somebody has no access any more.

    `off` are the target paths whose values differ by it, as `Mapper.access` gives them.
    """
    if capabilities.disable == "delete":
        remedy = 'write "delete", or "keep"'
        return AccessRemoval((), "DeletionNotAllowed", "the vendor can only delete", remedy)
    if capabilities.disable == "unsupported":
        return AccessRemoval((), "NotOffered", "the vendor cannot disable", _REMEDY)
    if not off:
        why_not = "no mapping tells the vendor"
        return AccessRemoval((), "NotMapped", why_not, "map active from IsActive")
    if not any(map(capabilities.can_patch, off)):
        why_not = f"the vendor offers no update of {', '.join(off)}"
        return AccessRemoval((), "NotOffered", why_not, _REMEDY)
    return AccessRemoval(tuple(off))


def access_removal_of(mapper: Mapper, capabilities: Capabilities) -> AccessRemoval:
    """Return how a job takes access away, judged by somebody of whom nothing is known.

    Reading IsActive is not enough: an expression may give the same value with it and without.
    Where an expression wants other values to say anything, its target is taken to tell.
    """
    try:
        off: Collection[str] = mapper.access(SourceObject("", {}, ""))[1]
    except ExpressionError:
        off = mapper.access_targets
    return access_removal(capabilities, off)
