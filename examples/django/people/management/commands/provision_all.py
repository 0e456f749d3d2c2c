"""`manage.py provision_all JOB`: one cycle of a job of jackfield.toml."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser

from jackfield import GuardTripped, Registry
from jackfield.engine import CycleResult, Progress, run_cycle
from jackfield.engine.configuration import Configuration
from jackfield.engine.state.store import opened
from people.outcomes import THIS_PERSON, told


class Command(BaseCommand):
    """Runs a job, as `jackfield run` does."""

    help = "Provision everybody in the source of a job. Removals beyond its guard are held."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the job, and the word that lets held removals pass."""
        parser.add_argument("job")
        parser.add_argument("--approve", default="", metavar="WORD")

    def handle(self, **options: Any) -> None:
        """Run one cycle and tell how it ended."""
        with told():
            result = self._run(options["job"], options["approve"])
            self._tell(result)
            if result.stopped:
                raise result.stopped
            if result.hold:
                word = result.hold.approval
                raise GuardTripped(f"{result.hold.reason}; --approve {word} lets them pass")
        if result.failed:
            raise CommandError(f"{len(result.failed)} failed", returncode=THIS_PERSON)

    def _run(self, name: str, approval: str) -> CycleResult:
        registry = Registry(packages=settings.JACKFIELD_PACKAGES)
        configuration = Configuration.load(settings.JACKFIELD_FILE)
        job = configuration.job(name, registry, dry_run=False)
        with job.connector, opened(configuration.state) as store:
            return run_cycle(job, store, approval=approval, report=self._progress)

    def _progress(self, progress: Progress) -> None:
        """Say how far it is, every fifty people and at the end of a phase."""
        if progress.done and (progress.done % 50 == 0 or progress.done == progress.total):
            line = f"{progress.phase}: {progress.done} of {progress.total}"
            self.stderr.write(line, style_func=str)  # not in the red of errors

    def _tell(self, result: CycleResult) -> None:
        for entry in result.failed:
            self.stderr.write(f"{entry.user_name}: {entry.reason}")
        counts = ", ".join(f"{count} {status}" for status, count in result.counts.items())
        self.stdout.write(counts or "nothing to do")
