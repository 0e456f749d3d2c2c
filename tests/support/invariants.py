"""What must be true after any run, however it ended: checks over what can be seen from outside.

Nothing here asks the engine what it believes, nor by what name it calls a step: what a write did is
judged by its effect at the vendor. Where the vendor must be in the end stands in `settled`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

from support.access import takes_access_away
from support.evidence import Evidence, Run, creators
from support.witness import VendorWrite

HAPPENED = frozenset({"success", "warning", "in_doubt"})
"""What the log may say of a write that the vendor carried out."""

LEAST_FOR_AN_EXCHANGE = 3
"""So many people who take each other's names look like ids that have moved."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, and by what."""

    rule: str
    what: str


def violations(evidence: Evidence) -> list[Violation]:
    """Return every broken rule; nothing where all is well."""
    return [Violation(rule.__name__, what) for rule in RULES for what in rule(evidence)]


# --- one account for one person --------------------------------------------------------------


def one_account_each(evidence: Evidence) -> Iterator[str]:
    living = defaultdict(set)
    for target_id, key in creators(evidence.writes).items():
        living[key].add(target_id)
    for key, link in evidence.memory.links.items():
        living[key].add(link.target_id)
    for key, ids in living.items():
        if len(there := sorted(ids & evidence.accounts.keys())) > 1:
            yield f"{key} has {len(there)} accounts: {', '.join(there)}"


def nobody_gets_a_second_account(evidence: Evidence) -> Iterator[str]:
    """The vendor may take a name twice; nobody is made whose name is there already."""
    for write in evidence.writes:
        if write.method == "POST" and write.twins:
            there = ", ".join(sorted(write.twins))
            yield f"{write.target_id} was made as {write.new_name}, which {there} had"


def unique_links(evidence: Evidence) -> Iterator[str]:
    known = {key for people in evidence.present for key in people}
    counts = Counter(link.target_id for link in evidence.memory.links.values())
    yield from (f"{target} is linked {n} times" for target, n in counts.items() if n > 1)
    for key, link in evidence.memory.links.items():
        if not link.target_id:
            yield f"{key} is linked to nothing"
        if key not in known:
            yield f"{key} is linked and was never in the source"


def nobody_taken_over(evidence: Evidence) -> Iterator[str]:
    """An account made for somebody who is still there never becomes another person's."""
    made_for = creators(evidence.writes)
    for key, link in evidence.memory.links.items():
        owner = made_for.get(link.target_id, key)
        if owner != key and owner in evidence.now:
            yield f"{link.target_id} was made for {owner} and is linked to {key}"


def links_lead_to_their_person(evidence: Evidence) -> Iterator[str]:
    """A linked account has a name that its person has or had."""
    names = defaultdict(set)
    for people in evidence.present:
        for key, person in people.items():
            names[key].add(str(person.attributes["userPrincipalName"]).lower())
    open_ = evidence.unsettled_people
    for key, link in evidence.memory.links.items():
        account = evidence.accounts.get(link.target_id)
        if account is None or link.target_id in evidence.edited or key in open_:
            continue
        if (name := str(account["userName"]).lower()) not in names[key]:
            yield f"{key} is linked to {link.target_id}, which is {name}"


def untouchable_accounts(evidence: Evidence) -> Iterator[str]:
    for write in evidence.writes:
        if write.target_id in evidence.untouchable and not write.tenant:
            yield f"{write.method} of {write.target_id}"
    for key, link in evidence.memory.links.items():
        if link.target_id in evidence.untouchable:
            yield f"{key} is linked to {link.target_id}"


def no_other_tenant_is_written_to(evidence: Evidence) -> Iterator[str]:
    for write in evidence.writes:
        if write.tenant:
            yield f"{write.method} of {write.target_id} in the tenant {write.tenant}"


def no_write_after_the_lease_was_lost(evidence: Evidence) -> Iterator[str]:
    for write in chain(evidence.writes, evidence.refused):
        if write.sender != write.holder:
            now = write.holder or "nobody"
            yield f"{write.method} of {write.target_id} by {write.sender} while {now} held the job"


# --- intents, outcomes and the log -----------------------------------------------------------


def each_write_has_an_intent(evidence: Evidence) -> Iterator[str]:
    for write in evidence.writes:
        if not write.intents:
            yield f"{write.method} of {write.target_id} came without an open intent"


def each_intent_has_an_outcome(evidence: Evidence) -> Iterator[str]:
    """Open intents are those of runs that were killed; no whole run of their job came after."""
    told = {entry.change_id for entry in evidence.memory.entries}
    may_be_open: defaultdict[str, set[str]] = defaultdict(set)
    for run in evidence.runs:
        if not run.is_whole:
            may_be_open[run.job].add(run.cycle_id)
        elif run.cycle_id:
            may_be_open[run.job].clear()
    for intent in evidence.memory.intents:
        is_told = intent.change_id in told
        if not is_told and intent.cycle_id not in may_be_open[intent.job]:
            yield f"{intent.action} of {intent.source_id} has no outcome"


def an_intent_is_kept(evidence: Evidence) -> Iterator[str]:
    known = {intent.change_id for intent in evidence.memory.intents}
    for write in evidence.writes:
        if any(intent.change_id not in known for intent in write.intents):
            yield f"the intent of {write.method} of {write.target_id} is lost"


def the_log_tells_of_each_write(evidence: Evidence) -> Iterator[str]:
    """A deletion that was refused, after the account was disabled, has failed all the same."""
    outcomes = {entry.change_id: entry.status for entry in evidence.memory.entries}
    for write in evidence.writes:
        said = {outcomes.get(intent.change_id, "open") for intent in write.intents}
        actions = {intent.action for intent in write.intents}
        is_half_a_deletion = write.method != "DELETE" and "delete" in actions
        if said and not said & {*HAPPENED, "open"} and not is_half_a_deletion:
            yield f"{write.method} of {write.target_id} happened, the log says {', '.join(said)}"


def the_log_tells_of_access_lost(evidence: Evidence) -> Iterator[str]:
    """A step that took access away is called a removal, or names the access among its changes."""
    entries = {entry.change_id: entry for entry in evidence.memory.entries}
    for write in evidence.writes:
        told = [entries.get(intent.change_id, intent) for intent in write.intents]
        if not write.is_removal or not told or any(_is_open(each) for each in told):
            continue
        if not any(map(takes_access_away, told)):
            yield f"{write.method} of {write.target_id} took access, the log says {told[0].action}"


def the_log_tells_of_each_link(evidence: Evidence) -> Iterator[str]:
    """The last success names the account, or a failure since, in which it was found."""
    told: defaultdict[str, set[str]] = defaultdict(set)
    for entry in evidence.memory.entries:
        if not entry.target_id:
            continue
        if entry.status in {"success", "warning", "skipped"}:
            told[entry.source_id].clear()
        told[entry.source_id].add(entry.target_id)
    for key, link in evidence.memory.links.items():
        if link.target_id not in told[key]:
            said = ", ".join(sorted(told[key])) or "nothing"
            yield f"{key} is linked to {link.target_id}, the log says {said}"


def each_cycle_ends(evidence: Evidence) -> Iterator[str]:
    for run in evidence.runs:
        if run.is_whole and run.cycle_id and evidence.memory.cycles.get(run.cycle_id) is None:
            yield f"the cycle {run.cycle_id} is not known, or has no end"
    for entry in evidence.memory.entries:
        if entry.cycle_id not in evidence.memory.cycles:
            yield f"the entry {entry.change_id} belongs to no cycle"


def a_removal_said_to_be_done_is(evidence: Evidence) -> Iterator[str]:
    """Whoever is said to have lost access, and of whom nothing is open since, has none."""
    open_ = evidence.unsettled_people
    for key, entry in evidence.latest.items():
        is_said = entry.status == "success" and entry.action in {"disable", "delete"}
        if not is_said or key in open_ or entry.target_id in evidence.edited:
            continue
        if evidence.accounts.get(entry.target_id or "", {}).get("active"):
            yield f"{entry.action} of {key} is called success, and {entry.target_id} is active"


# --- the guard, by effect --------------------------------------------------------------------


def removals_within_approval(evidence: Evidence) -> Iterator[str]:
    """Who lost access or account in a cycle, by a step of whatever name, is few or was approved.

    Losses of access count together. Deletions of accounts that were off before count by themselves.
    Whoever was let go in an earlier cycle, and not seen at the vendor then, is nobody new.
    """
    unseen = defaultdict(set)
    for entry in evidence.memory.entries:
        if entry.code == "NotSeen":
            unseen[entry.source_id].add(entry.cycle_id)
    losing, deleted = _leavers(evidence)
    for run in evidence.runs:
        for leavers, what in ((losing, "access"), (deleted, "a disabled account")):
            who = {key for key in leavers[run.cycle_id] if not unseen[key] - {run.cycle_id}}
            of = run.links_on if leavers is losing else run.links_on + len(who)
            is_everybody = leavers is losing and len(who) == of
            too_many = is_everybody or run.source_count == 0 or _is_beyond(len(who), of, run)
            if who - run.approved and too_many:
                yield f"{len(who)} of {of} people lost {what}, {len(run.approved)} approved"


def _leavers(evidence: Evidence) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return by cycle who lost access, and who lost an account that was off before."""
    acted = {intent.change_id for write in evidence.writes for intent in write.intents}
    losing, deleted = defaultdict(set), defaultdict(set)
    for intent in evidence.memory.intents:
        if intent.change_id in acted and intent.action in {"disable", "delete"}:
            leavers = losing if intent.action == "disable" else deleted
            leavers[intent.cycle_id].add(intent.source_id)
    for write in evidence.writes:
        for intent in write.intents if write.is_removal else ():
            losing[intent.cycle_id].add(intent.source_id)
    return losing, defaultdict(set, {key: who - losing[key] for key, who in deleted.items()})


def renames_within_approval(evidence: Evidence) -> Iterator[str]:
    for run in evidence.runs:
        renamed = {_who(write) for write in _renames(evidence, run).values()}
        if renamed - run.approved and _is_beyond(len(renamed), run.links_on, run):
            yield f"{len(renamed)} of {run.links_on} people got another name, not approved"


def names_are_not_exchanged(evidence: Evidence) -> Iterator[str]:
    for run in evidence.runs:
        renamed = _renames(evidence, run)
        before = {key: _first(evidence, run, key).old_name for key in renamed}
        takers = {
            _who(write)
            for key, write in renamed.items()
            if write.new_name in {name for other, name in before.items() if other != key}
        }
        if len(takers) >= LEAST_FOR_AN_EXCHANGE and not takers <= run.approved:
            yield f"{len(takers)} people took each other's names: {', '.join(sorted(takers))}"


def no_removal_after_a_hold(evidence: Evidence) -> Iterator[str]:
    held = {
        entry.cycle_id
        for entry in evidence.memory.entries
        if entry.status == "held" and takes_access_away(entry)
    }
    for intent in evidence.memory.intents:
        if intent.cycle_id in held and intent.action in {"disable", "delete"}:
            yield f"{intent.action} of {intent.source_id} in a cycle that held its removals"


def nobody_is_deleted_while_on(evidence: Evidence) -> Iterator[str]:
    """Where it was refused to disable an account, its deletion takes the access all the same."""
    for write in evidence.writes:
        if write.method == "DELETE" and write.was_on and not write.is_after_refusal:
            yield f"{write.target_id} was deleted before it was disabled"


def what_hands_opened_waits(evidence: Evidence) -> Iterator[str]:
    """Access that a run took and somebody gave back by hand is not taken again unasked."""
    by_target = defaultdict(list)
    for write in evidence.writes:
        by_target[write.target_id].append(write)
    done = {e.change_id for e in evidence.memory.entries if e.status in {"success", "warning"}}
    places = {run.cycle_id: number for number, run in enumerate(evidence.runs) if run.cycle_id}
    for before, write in chain.from_iterable(map(pairwise, by_target.values())):
        is_again = before.is_removal and write.is_removal and before.intents and write.intents
        if not is_again or not done & {intent.change_id for intent in before.intents}:
            continue
        first, last = (places.get(each.intents[0].cycle_id, -1) for each in (before, write))
        key = write.intents[0].source_id
        was_back = any(key in people for people in evidence.present[first + 1 : last + 1])
        if last >= 0 and not was_back and key not in evidence.runs[last].approved:
            yield f"{write.target_id} was opened by hand, and {key} lost it again"


def quiet_when_nothing_changes(evidence: Evidence) -> Iterator[str]:
    for write in evidence.late_writes:
        yield f"{write.method} of {write.target_id} in a run that had nothing to do"


RULES: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    one_account_each,
    nobody_gets_a_second_account,
    unique_links,
    nobody_taken_over,
    links_lead_to_their_person,
    untouchable_accounts,
    no_other_tenant_is_written_to,
    no_write_after_the_lease_was_lost,
    each_write_has_an_intent,
    each_intent_has_an_outcome,
    an_intent_is_kept,
    the_log_tells_of_each_write,
    the_log_tells_of_access_lost,
    the_log_tells_of_each_link,
    each_cycle_ends,
    a_removal_said_to_be_done_is,
    removals_within_approval,
    renames_within_approval,
    names_are_not_exchanged,
    no_removal_after_a_hold,
    nobody_is_deleted_while_on,
    what_hands_opened_waits,
    quiet_when_nothing_changes,
)


def _is_beyond(count: int, of: int, run: Run) -> bool:
    """Say whether the guard must hold so many; written from the rule, not from the guard."""
    limits, share = run.limits, 100.0 * count / max(1, of)
    return count > limits.at_most or (count > limits.people and share > limits.percent)


def _of_run(evidence: Evidence, run: Run) -> Iterator[VendorWrite]:
    for write in evidence.writes:
        if run.cycle_id and any(intent.cycle_id == run.cycle_id for intent in write.intents):
            yield write


def _renames(evidence: Evidence, run: Run) -> dict[str, VendorWrite]:
    """Return the last renaming of each account in a run."""
    return {write.target_id: write for write in _of_run(evidence, run) if write.is_rename}


def _first(evidence: Evidence, run: Run, target_id: str) -> VendorWrite:
    return next(write for write in _of_run(evidence, run) if write.target_id == target_id)


def _who(write: VendorWrite) -> str:
    return write.intents[0].source_id


def _is_open(told: Any) -> bool:
    """Say whether an intent has no outcome, or one that tells no changes."""
    return getattr(told, "status", "in_doubt") == "in_doubt"
