"""Decides what each person needs. Pure: reads nothing, writes nothing.

The states are those of Microsoft Entra, "How application provisioning works" (read 2026-11-20): a
person the engine never linked is never disabled; a disabled person is never created.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from jackfield.engine.comparing import differences, is_known_difference
from jackfield.engine.job import Job
from jackfield.engine.mapping import Desired, fingerprint, map_attributes, matching_form
from jackfield.engine.plan import AttributeChange, Plan, Step
from jackfield.engine.store import Link
from jackfield.errors import AmbiguousMatch, ConnectorError
from jackfield.resources import MatchKey, User, UserId
from jackfield.sources import SourceObject, SourceRead


@dataclass(frozen=True, slots=True)
class Target:
    """What the vendor showed of one person: a user, nobody, or an error in its place.

    `is_matched`: found by the matching attribute, not through a link.
    """

    user: User | None = None
    is_matched: bool = False
    failure: ConnectorError | None = None


class Planner:
    """The decisions of one cycle of one job."""

    def __init__(self, job: Job, read: SourceRead, links: Mapping[str, Link]) -> None:
        self._job = job
        self._read = read
        self._links = links
        self._owners = {link.target_id: link.source_id for link in links.values()}
        self._doubles = _doubles(job, read.objects)

    def question(self, source: SourceObject) -> MatchKey | UserId | None:
        """Return what must be read of the vendor before this person can be decided on."""
        link = self._links.get(source.id)
        if not source.is_enabled or source.id in self._doubles:
            return None
        if link is None:
            return self.matching_key(source)
        if link.is_on and link.wanted == self._wanted(source):
            return None
        return UserId(link.target_id)

    def matching_key(self, source: SourceObject) -> MatchKey | None:
        """Return what finds this person at the vendor; None where the value is missing."""
        value = map_attributes(source, self._job.mappings, creating=True).get(self._job.matching)
        return MatchKey(self._job.matching, str(value)) if value is not None else None

    def decide(self, source: SourceObject, target: Target | None) -> Step:
        """Return the one step this person needs in this cycle."""
        link = self._links.get(source.id)
        if target is None:
            return self._decide_unread(source, link)
        if target.failure is not None:
            code = "DuplicateTargetEntries" if isinstance(target.failure, AmbiguousMatch) else ""
            return self._step("fail", source, str(target.failure), code or "Unreadable")
        if target.user is None:
            return self._create(source)
        return self._align(source, link, target.user, is_matched=target.is_matched)

    def leavers(self) -> Iterable[Step]:
        """Yield the removal of everybody who is linked and gone from a complete source."""
        if not self._read.is_complete:
            return
        present = {source.id for source in self._read.objects}
        for link in self._links.values():
            if link.is_on and link.source_id not in present:
                gone = SourceObject(link.source_id, {}, "")
                yield self._disable(gone, link, "no longer in the source")

    def plan(self, steps: Iterable[Step]) -> Plan:
        """Return the finished plan: these steps, then the leavers."""
        linked = sum(link.is_on for link in self._links.values())
        return Plan(
            self._job.name,
            (*steps, *self.leavers()),
            source_count=len(self._read.objects),
            linked_count=linked,
            is_complete=self._read.is_complete,
        )

    def _decide_unread(self, source: SourceObject, link: Link | None) -> Step:
        """Decide on those for whom nothing at the vendor matters."""
        if source.id in self._doubles:
            return self._step("fail", source, self._doubles[source.id], "DuplicateSourceEntries")
        if not source.is_enabled:
            return self._decide_disabled(source, link)
        if link and link.is_on and link.wanted == self._wanted(source):
            return self._step("unchanged", source, "nothing changed in the source", link=link)
        reason = f"{self._job.matching} has no value, so nobody can be matched or created"
        return self._step("fail", source, reason, "MissingValues")

    def _decide_disabled(self, source: SourceObject, link: Link | None) -> Step:
        if link is None:
            reason = "disabled in the source, and a disabled user is never created"
            return self._step("skip", source, reason, "EntrySynchronizationSkipped")
        if not link.is_on:
            return self._step("unchanged", source, "disabled already", link=link)
        return self._disable(source, link, "disabled in the source")

    def _disable(self, source: SourceObject, link: Link, reason: str) -> Step:
        if not self._job.carries_access:
            reason = f"{reason}, and no mapping tells the vendor: map active from IsActive"
            return self._step("skip", source, reason, "NotMapped", link=link)
        changes = (AttributeChange("active", None, new=False),)
        return replace(self._step("disable", source, reason, link=link), changes=changes)

    def _create(self, source: SourceObject) -> Step:
        desired = map_attributes(source, self._job.mappings, creating=True)
        capabilities = self._job.connector.capabilities
        missing = [p for p in capabilities.required_on_create() if p not in desired]
        if not capabilities.create:
            return self._step("skip", source, "the vendor offers no creation of users", "NoCreate")
        if missing:
            reason = f"{self._job.connector.name} requires {', '.join(missing)}, which has no value"
            return self._step("fail", source, reason, "MandatoryFieldsMissing")
        reason = f"nobody has this {self._job.matching}"
        return replace(
            self._step("create", source, reason),
            attributes=dict(desired),
            wanted=self._wanted(source),
        )

    def _align(
        self, source: SourceObject, link: Link | None, user: User, *, is_matched: bool
    ) -> Step:
        target_id = user.id or ""
        owner = self._owners.get(target_id, source.id)
        if owner != source.id:
            reason = f"the account {target_id} belongs to the source object {owner}"
            return self._step("fail", source, reason, "DuplicateSourceEntries", user=user)
        if is_matched and not self._job.adopt:
            reason = "the vendor has this user already, and adopt = false forbids to link it"
            return self._step("fail", source, reason, "Conflict", user=user)
        desired = map_attributes(source, self._job.mappings, creating=False)
        step = self._compared(source, link, user, desired)
        return replace(step, target_id=target_id, wanted=fingerprint(desired))

    def _compared(
        self, source: SourceObject, link: Link | None, user: User, desired: Desired
    ) -> Step:
        capabilities = self._job.connector.capabilities
        found = differences(desired, user, capabilities)
        kept = link.kept if link else {}
        fresh = [change for change in found if not is_known_difference(change, kept)]
        changes = tuple(change for change in fresh if capabilities.can_patch(change.path))
        fixed = ", ".join(c.path for c in fresh if not capabilities.can_patch(c.path))
        note = f"; the vendor offers no update of {fixed}" if fixed else ""
        if link is not None and not link.is_on:
            access = AttributeChange("active", None, new=True)
            others = tuple(change for change in changes if change.path != "active")
            step = self._step("enable", source, f"back in the source{note}", link=link)
            return replace(step, changes=(access, *others))
        matched = f"matched by {self._job.matching}; " if link is None else ""
        if changes:
            step = self._step("update", source, f"{matched}attributes differ{note}", link=link)
            return replace(step, changes=changes)
        reason = f"{matched}the vendor has every value{note}"
        if link is None:
            return self._step("link", source, reason)
        return self._step("skip", source, reason, "RedundantExport", link=link)

    def _wanted(self, source: SourceObject) -> str:
        return fingerprint(map_attributes(source, self._job.mappings, creating=False))

    def _step(
        self,
        action: str,
        source: SourceObject,
        reason: str,
        code: str = "",
        *,
        link: Link | None = None,
        user: User | None = None,
    ) -> Step:
        key = self.matching_key(source) if source.attributes else None
        name = key.value if key else (link.user_name if link else source.id)
        target_id = link.target_id if link else (user.id if user else None)
        return Step(
            action=action,  # type: ignore[arg-type]
            source_id=source.id,
            user_name=name,
            place=source.place,
            reason=reason,
            code=code,
            target_id=target_id,
        )


def _doubles(job: Job, objects: Iterable[SourceObject]) -> dict[str, str]:
    """Return, for people who share one matching value, why none of them is touched."""
    holders: dict[str, list[SourceObject]] = defaultdict(list)
    for source in objects:
        if not source.is_enabled:
            continue
        value = map_attributes(source, job.mappings, creating=True).get(job.matching)
        if value is not None:
            holders[matching_form(str(value))].append(source)
    reasons = {}
    for sharing in holders.values():
        if len(sharing) > 1:
            places = " and ".join(source.place for source in sharing)
            reason = f"{places} have the same {job.matching}; neither is touched"
            reasons.update({source.id: reason for source in sharing})
    return reasons
