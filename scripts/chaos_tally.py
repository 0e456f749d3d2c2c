"""What the kill loop has found, in a table: a line for each crash point and store."""

from collections import Counter
from dataclasses import dataclass, field

from support.invariants import Violation

COLUMNS: dict[str, frozenset[str]] = {
    "duplicate accounts": frozenset({"one_account_each", "unique_links", "nobody_taken_over"}),
    "lost intents": frozenset(
        {"each_write_has_an_intent", "each_intent_has_an_outcome", "an_intent_is_kept"}
    ),
    "removals beyond approval": frozenset(
        {"removals_within_approval", "no_removal_after_a_hold", "untouchable_accounts"}
    ),
    "log gaps": frozenset(
        {"the_log_tells_of_each_write", "the_log_tells_of_each_link", "each_cycle_ends"}
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
