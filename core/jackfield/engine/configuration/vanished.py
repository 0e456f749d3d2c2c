"""Jobs that the state has links of and the configuration does not name: renamed, or removed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jackfield.engine.state.facts import StateFacts


@dataclass(frozen=True, slots=True)
class VanishedJob:
    """A job of the state alone. `heir` is the one job that may have its people now, if any."""

    job: str
    link_count: int
    heir: str

    def __str__(self) -> str:
        links = "1 link" if self.link_count == 1 else f"{self.link_count} links"
        return (
            f"the state holds {links} of a job {self.job} that the configuration does not name: "
            "whoever leaves of these people keeps access, and nobody is told; "
            f"`jackfield links --rename {self.job} {self.heir or 'NEW'}` gives them to the job "
            f"that took its place, `jackfield restart {self.job} --links --yes` forgets them"
        )


def vanished_jobs(facts: StateFacts, configured: Collection[str]) -> Iterator[VanishedJob]:
    """Yield the jobs that have links and no table in the configuration, by name."""
    free = [job for job in configured if job not in facts.links]
    for job in sorted(facts.links.keys() - set(configured)):
        yield VanishedJob(job, sum(facts.links[job]), free[0] if len(free) == 1 else "")
