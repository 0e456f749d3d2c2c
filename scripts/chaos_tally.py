"""What the kill loop has found, in a table: a line for each crash point and store."""

from collections import Counter
from dataclasses import dataclass, field

from support.invariants import Violation

COLUMNS: dict[str, frozenset[str]] = {
    "second accounts": frozenset(
        {
            "one_account_each",
            "nobody_gets_a_second_account",
            "unique_links",
            "nobody_taken_over",
            "links_lead_to_their_person",
        }
    ),
    "strangers touched": frozenset({"untouchable_accounts", "no_other_tenant_is_written_to"}),
    "late writes": frozenset({"no_write_after_the_lease_was_lost"}),
    "lost intents": frozenset(
        {"each_write_has_an_intent", "each_intent_has_an_outcome", "an_intent_is_kept"}
    ),
    "beyond approval": frozenset(
        {
            "removals_within_approval",
            "renames_within_approval",
            "names_are_not_exchanged",
            "no_removal_after_a_hold",
            "nobody_is_deleted_while_on",
            "what_hands_opened_waits",
        }
    ),
    "log gaps": frozenset(
        {
            "the_log_tells_of_each_write",
            "the_log_tells_of_access_lost",
            "the_log_tells_of_each_link",
            "a_removal_said_to_be_done_is",
            "each_cycle_ends",
            "who_waits_is_told",
        }
    ),
}
OTHER = "not settled"


@dataclass(slots=True)
class Tally:
    """What became of the seeds of one point and one store."""

    store: str
    point: str
    runs: int = 0
    kills: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def judge(self, seed: int, found: list[Violation]) -> None:
        for one in found:
            column = next((name for name, rules in COLUMNS.items() if one.rule in rules), OTHER)
            self.counts[column] += 1
            self.told.append(f"{self.store} {self.point} seed {seed}: {one.rule}: {one.what}")


def show(tallies: list[Tally]) -> bool:
    """Print the table; return whether nothing was lost and every point was reached."""
    heads = ("store", "point", "runs", "kills", *COLUMNS, OTHER)
    rows = [
        (t.store, t.point, t.runs, t.kills, *(t.counts[name] for name in (*COLUMNS, OTHER)))
        for t in tallies
    ]
    widths = [max(len(str(row[i])) for row in (heads, *rows)) for i in range(len(heads))]
    for row in (heads, *rows):
        cells = zip(row, widths, strict=True)
        print("  ".join(str(c).ljust(w) if isinstance(c, str) else f"{c:>{w}}" for c, w in cells))
    for told in (line for tally in tallies for line in tally.told):
        print(told)
    for tally in tallies:
        if not tally.kills:
            print(f"{tally.store} {tally.point}: no run reached it")
    return all(tally.kills and not tally.told for tally in tallies)
