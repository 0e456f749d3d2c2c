"""What must be true after any run, however it ended: checks over what can be seen from outside.

Nothing here asks the engine what it believes. The vendor witnesses each write together with the
intents that were open when it arrived; the rows of the store are read as they stand.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from jackfield.engine import GuardLimits, Job, Store
from jackfield.engine.state.journal import Link
from jackfield.engine.state.store import Intent
from jackfield.engine.state.tables import cycles, entries, intents
from jackfield.scim import read
from jackfield.sources import SourceObject
from jackfield.testing.sandbox import Answer, SandboxRequest, ScimSandbox

REMOVALS = frozenset({"disable", "delete"})
HAPPENED = frozenset({"success", "warning", "in_doubt"})
"""What the log may say of a write that the vendor carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorWrite:
    """A write that the vendor carried out; `open_intents` are those it found on arrival."""

    method: str
    target_id: str
    names: frozenset[str]
    is_removal: bool
    open_intents: tuple[Intent, ...]

    @property
    def intents(self) -> tuple[Intent, ...]:
        """The open intents that this write may have come from."""
        return tuple(intent for intent in self.open_intents if self._fits(intent))

    def _fits(self, intent: Intent) -> bool:
        if (self.method == "POST") != (intent.action == "create"):
            return False
        return intent.target_id == self.target_id or intent.user_name.lower() in self.names


class WitnessedVendor(ScimSandbox):
    """An ordinary SCIM vendor that notes who wrote what, and what the store said just then.

    `look` reads the open intents.
    """

    def __init__(self, look: Callable[[], Iterable[Intent]] = tuple) -> None:
        super().__init__(unlimited=True)
        self.look = look
        self.writes: list[VendorWrite] = []

    def dispatch(self, request: SandboxRequest) -> Answer:
        if request.method == "GET":
            return super().dispatch(request)
        waiting = tuple(self.look())
        before = self.store.get(request.path.rpartition("/")[2]) or {}
        answer = super().dispatch(request)
        shown = answer.document if isinstance(answer.document, dict) else {}
        after = self.store.get(str(shown.get("id"))) or {}
        names = {str(one["userName"]).lower() for one in (before, after) if one}
        lost = bool(before.get("active", True)) and not after.get("active", False)
        self.writes.append(
            VendorWrite(
                method=request.method,
                target_id=str(before.get("id") or after.get("id")),
                names=frozenset(names),
                is_removal=bool(before) and lost,
                open_intents=waiting,
            )
        )
        return answer

    def reset(self) -> None:
        super().reset()
        self.writes.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as the person who started it knows it.

    `cycle_id` is empty for a run that ended before its cycle began. `approved` are the source ids
    of the removals that this run was told to let pass. `is_whole`: it was not killed.
    """

    cycle_id: str
    limits: GuardLimits
    source_count: int
    links_on: int
    approved: frozenset[str] = frozenset()
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The rows of the store. Outcomes and entries are rows of the log, oldest first."""

    links: Mapping[str, Link]
    intents: tuple[Any, ...]
    entries: tuple[Any, ...]
    cycles: Mapping[str, dt.datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything a judgement needs.

    `present` are the people of the source at each run, by source id. `untouchable` are accounts
    that no run may write to. `late_writes` were sent by runs that had nothing to do.
    """

    present: tuple[Mapping[str, SourceObject], ...]
    accounts: Mapping[str, Mapping[str, Any]]
    writes: tuple[VendorWrite, ...]
    memory: Memory
    runs: tuple[Run, ...]
    untouchable: frozenset[str] = frozenset()
    late_writes: tuple[VendorWrite, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, and by what."""

    rule: str
    what: str


def remember(store: Store, job: str) -> Memory:
    """Read everything that the store holds of a job."""
    with store._database.read() as connection:
        begun = connection.execute(sa.select(cycles).where(cycles.c.job == job))
        ended = {row.id: row.ended_at for row in begun}
        query = sa.select(intents).where(intents.c.job == job).order_by(intents.c.at)
        sent = tuple(connection.execute(query))
        query = sa.select(entries).where(entries.c.job == job).order_by(entries.c.number)
        told = tuple(connection.execute(query))
    return Memory(links=store.links(job), intents=sent, entries=told, cycles=ended)


def links_on(before: Memory, after: Memory, cycle_id: str) -> int:
    """Count who had access when a run counted: also those whom it found before its cycle began."""
    news = after.entries[len(before.entries) :]
    found = {e.source_id for e in news if e.action == "link" and e.cycle_id != cycle_id}
    return len(found | {source_id for source_id, link in before.links.items() if link.is_on})


def violations(evidence: Evidence) -> list[Violation]:
    """Return every broken rule; nothing where all is well."""
    return [Violation(rule.__name__, what) for rule in RULES for what in rule(evidence)]


# --- the rules -------------------------------------------------------------------------------


def one_account_each(evidence: Evidence) -> Iterator[str]:
    living = defaultdict(list)
    for target_id, source_id in creators(evidence.writes).items():
        if target_id in evidence.accounts:
            living[source_id].append(target_id)
    for source_id, ids in living.items():
        if len(ids) > 1:
            yield f"{source_id} has {len(ids)} accounts: {', '.join(ids)}"


def unique_links(evidence: Evidence) -> Iterator[str]:
    known = {source_id for people in evidence.present for source_id in people}
    counts = Counter(link.target_id for link in evidence.memory.links.values())
    yield from (f"{target} is linked {n} times" for target, n in counts.items() if n > 1)
    for source_id, link in evidence.memory.links.items():
        if not link.target_id:
            yield f"{source_id} is linked to nothing"
        if source_id not in known:
            yield f"{source_id} is linked and was never in the source"


def nobody_taken_over(evidence: Evidence) -> Iterator[str]:
    """An account made for somebody who is still there never becomes another person's."""
    made_for = creators(evidence.writes)
    now = evidence.present[-1] if evidence.present else {}
    for source_id, link in evidence.memory.links.items():
        owner = made_for.get(link.target_id, source_id)
        if owner != source_id and owner in now:
            yield f"{link.target_id} was made for {owner} and is linked to {source_id}"


def untouchable_accounts(evidence: Evidence) -> Iterator[str]:
    for write in evidence.writes:
        if write.target_id in evidence.untouchable:
            yield f"{write.method} of {write.target_id}"


def each_write_has_an_intent(evidence: Evidence) -> Iterator[str]:
    for write in evidence.writes:
        if not write.intents:
            yield f"{write.method} of {write.target_id} came without an open intent"
        elif write.is_removal and not any(i.action in REMOVALS for i in write.intents):
            yield f"{write.method} took access from {write.target_id} without such an intent"


def each_intent_has_an_outcome(evidence: Evidence) -> Iterator[str]:
    """Open intents are those of runs that were killed and that no whole run came after."""
    told = {entry.change_id for entry in evidence.memory.entries}
    whole = [number for number, run in enumerate(evidence.runs) if run.is_whole and run.cycle_id]
    later = {run.cycle_id for run in evidence.runs[max(whole, default=-1) + 1 :]}
    for intent in evidence.memory.intents:
        if intent.change_id not in told and intent.cycle_id not in later:
            yield f"{intent.action} of {intent.source_id} has no outcome"


def an_intent_is_kept(evidence: Evidence) -> Iterator[str]:
    known = {intent.change_id for intent in evidence.memory.intents}
    for write in evidence.writes:
        if any(intent.change_id not in known for intent in write.intents):
            yield f"the intent of {write.method} of {write.target_id} is lost"


def the_log_tells_of_each_write(evidence: Evidence) -> Iterator[str]:
    outcomes = {entry.change_id: entry.status for entry in evidence.memory.entries}
    for write in evidence.writes:
        said = {outcomes.get(intent.change_id, "open") for intent in write.intents}
        if said and not said & {*HAPPENED, "open"}:
            yield f"{write.method} of {write.target_id} happened, the log says {', '.join(said)}"


def the_log_tells_of_each_link(evidence: Evidence) -> Iterator[str]:
    told: dict[str, str] = {}
    for entry in evidence.memory.entries:
        if entry.status in {"success", "warning", "skipped"} and entry.target_id:
            told[entry.source_id] = entry.target_id
    for source_id, link in evidence.memory.links.items():
        if told.get(source_id) != link.target_id:
            yield f"{source_id} is linked to {link.target_id}, the log says {told.get(source_id)}"


def each_cycle_ends(evidence: Evidence) -> Iterator[str]:
    for run in evidence.runs:
        if run.is_whole and run.cycle_id and evidence.memory.cycles.get(run.cycle_id) is None:
            yield f"the cycle {run.cycle_id} is not known, or has no end"
    for entry in evidence.memory.entries:
        if entry.cycle_id not in evidence.memory.cycles:
            yield f"the entry {entry.change_id} belongs to no cycle"


def removals_within_approval(evidence: Evidence) -> Iterator[str]:
    leaving = defaultdict(set)
    for intent in evidence.memory.intents:
        if intent.action in REMOVALS:
            leaving[intent.cycle_id].add(intent.source_id)
    for run in evidence.runs:
        who = leaving[run.cycle_id] if run.cycle_id else set()
        if not who <= run.approved and _is_too_many(len(who), run):
            yield f"{len(who)} of {run.links_on} people lost access, {len(run.approved)} approved"


def no_removal_after_a_hold(evidence: Evidence) -> Iterator[str]:
    held = {entry.cycle_id for entry in evidence.memory.entries if entry.status == "held"}
    for intent in evidence.memory.intents:
        if intent.cycle_id in held and intent.action in REMOVALS:
            yield f"{intent.action} of {intent.source_id} in a cycle that held its removals"


def quiet_when_nothing_changes(evidence: Evidence) -> Iterator[str]:
    for write in evidence.late_writes:
        yield f"{write.method} of {write.target_id} in a run that had nothing to do"


RULES: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    one_account_each,
    unique_links,
    nobody_taken_over,
    untouchable_accounts,
    each_write_has_an_intent,
    each_intent_has_an_outcome,
    an_intent_is_kept,
    the_log_tells_of_each_write,
    the_log_tells_of_each_link,
    each_cycle_ends,
    removals_within_approval,
    no_removal_after_a_hold,
    quiet_when_nothing_changes,
)


def creators(writes: Iterable[VendorWrite]) -> dict[str, str]:
    """Return for whom each account was made: target id → source id."""
    return {
        write.target_id: write.intents[0].source_id
        for write in writes
        if write.method == "POST" and write.intents
    }


def _is_too_many(count: int, run: Run) -> bool:
    """Say whether the guard must hold so many; written from the rule, not from the guard."""
    limits, share = run.limits, 100.0 * count / max(1, run.links_on)
    is_everybody = count == run.links_on or run.source_count == 0
    beyond_share = count > limits.people and share > limits.percent
    return count > 0 and (is_everybody or count > limits.at_most or beyond_share)


# --- the end state ---------------------------------------------------------------------------


def unsettled(evidence: Evidence, job: Job, exempt: Iterable[str] = ()) -> list[Violation]:
    """Return where the vendor is not what the source wants, once nothing more is under way.

    `exempt` are accounts that somebody changed by hand. Whoever wants a name that another account
    has is left out: that needs a person, and the log must say so.
    """
    skipped = set(exempt)
    found = [Violation("everybody_as_wanted", what) for what in _unserved(evidence, job, skipped)]
    return found + [Violation("no_access_left", what) for what in _unclosed(evidence, skipped)]


def _unserved(evidence: Evidence, job: Job, exempt: set[str]) -> Iterator[str]:
    for source_id, person in evidence.present[-1].items():
        link = evidence.memory.links.get(source_id)
        is_exempt = link is not None and link.target_id in exempt
        if not person.is_enabled or is_exempt or blocked_by(evidence, person, link):
            continue
        account = evidence.accounts.get(link.target_id) if link else None
        yield from (f"{source_id} {what}" for what in _wrong(account, person, job))


def _unclosed(evidence: Evidence, exempt: set[str]) -> Iterator[str]:
    """Yield active accounts of people who are gone or disabled in the source."""
    people = evidence.present[-1]
    holders = creators(evidence.writes)
    holders |= {link.target_id: key for key, link in evidence.memory.links.items()}
    for target_id, source_id in holders.items():
        person = people.get(source_id)
        is_active = evidence.accounts.get(target_id, {}).get("active") and target_id not in exempt
        if is_active and (person is None or not person.is_enabled):
            yield f"{target_id} of {source_id} is active"


def blocked_by(evidence: Evidence, person: SourceObject, link: Link | None) -> str:
    """Return the account that has this person's name and is not this person's."""
    name = person.attributes["userPrincipalName"].lower()
    own = link.target_id if link else ""
    linked = {each.target_id for each in evidence.memory.links.values()}
    for target_id, account in evidence.accounts.items():
        is_free = not link and target_id not in linked
        if account["userName"].lower() == name and target_id != own and not is_free:
            return target_id
    return ""


def _wrong(account: Mapping[str, Any] | None, person: SourceObject, job: Job) -> Iterator[str]:
    if account is None:
        yield "has no account"
        return
    capabilities = job.connector.capabilities
    for path, wanted in job.mapper.desired(person).items():
        kept = read(dict(account), path)
        if kept != wanted and capabilities.can_patch(path):
            yield f"has {path} = {kept!r}, not {wanted!r}"
