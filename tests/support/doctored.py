"""Stories that are not true: each changes a true one so that one rule of the judge is broken."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

from support.evidence import Evidence

from jackfield.engine import GuardLimits


def a_second_account(story: Evidence) -> Evidence:
    again = replace(story.writes[0], target_id="u-again")
    accounts = {**story.accounts, "u-again": {"userName": "again@example.com", "active": False}}
    return replace(story, writes=(*story.writes, again), accounts=accounts)


def two_links_to_one_account(story: Evidence) -> Evidence:
    links = story.memory.links
    return with_links(story, {**links, "id-1": replace(links["id-2"], source_id="id-1")})


def a_link_of_nobody(story: Evidence) -> Evidence:
    links = story.memory.links
    stranger = replace(links["id-1"], source_id="id-9", target_id="u-9")
    return with_links(story, {**links, "id-9": stranger})


def swapped_accounts(story: Evidence) -> Evidence:
    links = dict(story.memory.links)
    one, other = links["id-1"], links["id-2"]
    links["id-1"] = replace(one, target_id=other.target_id)
    links["id-2"] = replace(other, target_id=one.target_id)
    return with_links(story, links)


def a_second_account_under_one_name(story: Evidence) -> Evidence:
    return with_write(story, twins=frozenset({"u-before"}))


def an_adopted_account_beside_the_one_made(story: Evidence) -> Evidence:
    links = story.memory.links
    accounts = {**story.accounts, "u-adopted": {"userName": "person1@example.com"}}
    adopted = replace(links["id-1"], target_id="u-adopted")
    return replace(with_links(story, {**links, "id-1": adopted}), accounts=accounts)


def a_link_to_somebody_of_another_name(story: Evidence) -> Evidence:
    target_id = story.memory.links["id-1"].target_id
    renamed = {**story.accounts[target_id], "userName": "somebody@example.com"}
    return replace(story, accounts={**story.accounts, target_id: renamed})


def a_link_to_the_untouchable(story: Evidence) -> Evidence:
    untouchable = frozenset({story.memory.links["id-1"].target_id})
    return replace(story, untouchable=untouchable, writes=())


def a_write_in_another_tenant(story: Evidence) -> Evidence:
    return with_write(story, tenant="another")


def a_write_of_a_run_that_was_replaced(story: Evidence) -> Evidence:
    return with_write(story, sender="run-1", holder="run-2")


def a_refused_write_of_a_run_that_was_replaced(story: Evidence) -> Evidence:
    late = replace(story.writes[0], sender="run-1", holder="")
    return replace(story, refused=(late,))


def a_write_to_the_untouchable(story: Evidence) -> Evidence:
    return replace(story, untouchable=frozenset({story.writes[0].target_id}))


def a_write_without_an_intent(story: Evidence) -> Evidence:
    return with_write(story, open_intents=())


def a_removal_under_another_name(story: Evidence) -> Evidence:
    """The update of a title turns access off; its log entry does not tell."""
    return with_writes(story, "id-2", is_removal=True)


def removals_by_another_name_that_nobody_approved(story: Evidence) -> Evidence:
    """Two people lose access by updates, one by the name for it."""
    return removals_nobody_approved(a_removal_under_another_name(story))


def an_intent_without_an_outcome(story: Evidence) -> Evidence:
    return with_memory(story, entries=story.memory.entries[1:])


def a_log_that_denies_a_write(story: Evidence) -> Evidence:
    return with_first_entry(story, status="failure")


def a_lost_intent(story: Evidence) -> Evidence:
    return with_memory(story, intents=story.memory.intents[1:])


def a_log_that_tells_of_another_account(story: Evidence) -> Evidence:
    return with_first_entry(story, target_id="u-other")


def a_cycle_without_an_end(story: Evidence) -> Evidence:
    return with_memory(story, cycles=dict.fromkeys(story.memory.cycles))


def an_entry_of_no_cycle(story: Evidence) -> Evidence:
    return with_first_entry(story, cycle_id="c-unknown")


def removals_nobody_approved(story: Evidence) -> Evidence:
    strict = tuple(replace(run, limits=GuardLimits(people=0, percent=0)) for run in story.runs)
    return replace(story, runs=strict)


def deletions_nobody_approved(story: Evidence) -> Evidence:
    return removals_nobody_approved(a_deletion_of_an_account_that_was_off(story))


def a_deletion_of_an_account_that_was_off(story: Evidence) -> Evidence:
    """Its owner, id-4, lost no access in this cycle."""
    intents = tuple(
        SimpleNamespace(**{**vars(each), "action": "delete"}) if each.action == "disable" else each
        for each in story.memory.intents
    )
    gone = with_writes(story, "id-4", method="DELETE", was_on=False, is_removal=False)
    return with_memory(gone, intents=intents)


def a_hold_that_held_nothing(story: Evidence) -> Evidence:
    removal = next(e for e in story.memory.entries if e.action == "disable")
    held = SimpleNamespace(**{**vars(removal), "status": "held", "change_id": "held"})
    return with_memory(story, entries=(*story.memory.entries, held))


def names_that_nobody_approved(story: Evidence) -> Evidence:
    strict = removals_nobody_approved(story)
    return with_writes(strict, "id-2", old_name="p2@example.com", new_name="lead@example.com")


def names_that_moved_by_one(story: Evidence) -> Evidence:
    """Three people get the name of the one before them, as where ids are numbers of rows."""
    update = next(write for write in story.writes if write.method == "PATCH")
    intent = update.intents[0]
    people = ("id-1", "id-2", "id-3", "id-4")
    ids = [story.memory.links[key].target_id for key in people]
    moved = tuple(
        replace(
            update,
            target_id=target_id,
            open_intents=(replace(intent, source_id=key, target_id=target_id),),
            old_name=f"person{number}@example.com",
            new_name=f"person{number - 1}@example.com",
        )
        for number, (key, target_id) in enumerate(zip(people, ids, strict=True), start=1)
    )
    return replace(story, writes=(*story.writes, *moved))


def a_deletion_of_somebody_with_access(story: Evidence) -> Evidence:
    return with_writes(story, "id-4", method="DELETE", was_on=True)


def a_removal_of_what_hands_had_opened(story: Evidence) -> Evidence:
    """The leaver's account is disabled again in a later run, which nobody asked."""
    first = story.writes[-1]
    again = replace(first, open_intents=(replace(first.intents[0], cycle_id="c-later"),))
    later = replace(story.runs[-1], cycle_id="c-later", is_whole=False)
    runs, present = (*story.runs, later), (*story.present, story.present[-1])
    return replace(story, writes=(*story.writes, again), runs=runs, present=present)


def a_leaver_called_gone_who_is_there(story: Evidence) -> Evidence:
    target_id = story.memory.links["id-4"].target_id
    account = {**story.accounts[target_id], "active": True}
    return replace(story, accounts={**story.accounts, target_id: account})


def a_run_that_could_not_rest(story: Evidence) -> Evidence:
    return replace(story, late_writes=story.writes[:1])


DOCTORED: tuple[tuple[str, Callable[[Evidence], Evidence]], ...] = (
    ("one_account_each", a_second_account),
    ("one_account_each", an_adopted_account_beside_the_one_made),
    ("nobody_gets_a_second_account", a_second_account_under_one_name),
    ("unique_links", two_links_to_one_account),
    ("unique_links", a_link_of_nobody),
    ("nobody_taken_over", swapped_accounts),
    ("links_lead_to_their_person", a_link_to_somebody_of_another_name),
    ("links_lead_to_their_person", swapped_accounts),
    ("untouchable_accounts", a_write_to_the_untouchable),
    ("untouchable_accounts", a_link_to_the_untouchable),
    ("no_other_tenant_is_written_to", a_write_in_another_tenant),
    ("no_write_after_the_lease_was_lost", a_write_of_a_run_that_was_replaced),
    ("no_write_after_the_lease_was_lost", a_refused_write_of_a_run_that_was_replaced),
    ("each_write_has_an_intent", a_write_without_an_intent),
    ("the_log_tells_of_access_lost", a_removal_under_another_name),
    ("each_intent_has_an_outcome", an_intent_without_an_outcome),
    ("the_log_tells_of_each_write", a_log_that_denies_a_write),
    ("an_intent_is_kept", a_lost_intent),
    ("the_log_tells_of_each_link", a_log_that_tells_of_another_account),
    ("each_cycle_ends", a_cycle_without_an_end),
    ("each_cycle_ends", an_entry_of_no_cycle),
    ("a_removal_said_to_be_done_is", a_leaver_called_gone_who_is_there),
    ("removals_within_approval", removals_nobody_approved),
    ("removals_within_approval", removals_by_another_name_that_nobody_approved),
    ("removals_within_approval", deletions_nobody_approved),
    ("renames_within_approval", names_that_nobody_approved),
    ("names_are_not_exchanged", names_that_moved_by_one),
    ("nobody_is_deleted_while_on", a_deletion_of_somebody_with_access),
    ("what_hands_opened_waits", a_removal_of_what_hands_had_opened),
    ("no_removal_after_a_hold", a_hold_that_held_nothing),
    ("quiet_when_nothing_changes", a_run_that_could_not_rest),
)


def with_links(story: Evidence, links: dict) -> Evidence:
    return with_memory(story, links=links)


def with_memory(story: Evidence, **parts: object) -> Evidence:
    return replace(story, memory=replace(story.memory, **parts))


def with_write(story: Evidence, **parts: object) -> Evidence:
    """Return the story with another first write."""
    return replace(story, writes=(replace(story.writes[0], **parts), *story.writes[1:]))


def with_writes(story: Evidence, key: str, **parts: object) -> Evidence:
    """Return the story with each later write to a person's account changed."""
    target_id = story.memory.links[key].target_id
    changed = tuple(
        replace(write, **parts)
        if write.target_id == target_id and write.method != "POST"
        else write
        for write in story.writes
    )
    return replace(story, writes=changed)


def with_first_entry(story: Evidence, **parts: object) -> Evidence:
    first, *others = story.memory.entries
    return with_memory(story, entries=(SimpleNamespace(**{**vars(first), **parts}), *others))
