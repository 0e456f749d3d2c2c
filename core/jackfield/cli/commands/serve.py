"""`jackfield serve`: every job at its interval, until the process is asked to end."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from types import FrameType

import click

from jackfield.cli.events import EventLog
from jackfield.cli.exits import Exit, worst
from jackfield.cli.schedule import JobLoop, Service
from jackfield.cli.session import Session
from jackfield.engine.state.store import opened

_SECONDS_BETWEEN_LOOKS = 0.2


@click.command("serve")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--once", is_flag=True, help="Run each job once, then end with the codes of `run`.")
@click.option("--json", "as_json", is_flag=True, help="Write each event as a JSON document.")
@click.pass_context
def command(ctx: click.Context, jobs: tuple[str, ...], *, once: bool, as_json: bool) -> None:
    """Run every job at its interval, until it is stopped.

    The interval is `interval_minutes` of the job. Each event is one line on standard error. The
    configuration is read at the start; a secret that the vendor refuses is read anew. On SIGTERM
    or SIGINT requests under way are finished, none waits for the vendor any more, and it exits
    with 143 or 130; a second signal ends it at once.
    """
    session = Session.open(ctx.obj)
    names = session.jobs(jobs)
    log = EventLog(as_json=as_json)
    with opened(session.configuration.state) as store, _listening() as asked:
        service = Service(
            options=session.options,
            configuration=session.configuration,
            store=store,
            log=log,
            registry=session.registry,
        )
        with closing(service):
            loops = [JobLoop(name, service) for name in names]
            log.info("service.began", jobs=",".join(names), pid=os.getpid())
            codes = _serve(loops, service, asked, once=once)
            log.info("service.ended")
    ctx.exit(128 + asked.number if asked.number else worst(codes.values()))


@dataclass(slots=True)
class _Asked:
    """The first signal that came; 0 before that."""

    number: int = 0

    def take(self, number: int, _frame: FrameType | None) -> None:
        """Remember a signal; nothing that waits for a lock may be done here."""
        if self.number:
            os._exit(128 + number)
        self.number = number


@contextmanager
def _listening() -> Iterator[_Asked]:
    """Take SIGTERM and SIGINT until the end of the block."""
    asked = _Asked()
    before = {each: signal.signal(each, asked.take) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, way in before.items():
            signal.signal(number, way)


def _serve(
    loops: Sequence[JobLoop], service: Service, asked: _Asked, *, once: bool
) -> Mapping[str, Exit]:
    """Let each job go on in a thread of its own, so that a slow one delays no other."""
    codes: dict[str, Exit] = {}

    def run(loop: JobLoop) -> None:
        if once:
            codes[loop.name] = loop.tick()
        else:
            loop.loop()

    threads = [threading.Thread(target=run, args=(loop,), name=loop.name) for loop in loops]
    for thread in threads:
        thread.start()
    while waiting := [thread for thread in threads if thread.is_alive()]:
        waiting[0].join(_SECONDS_BETWEEN_LOOKS)
        if asked.number and not service.stop.is_set():
            name = signal.Signals(asked.number).name
            service.log.warning("service.stopping", signal=name)
            service.stop.set()
    return codes
