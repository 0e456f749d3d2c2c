"""The kill loop: runs die or stop, at crash points and in scenarios, and what is left is judged.

Each seed is a company that is hired, then changed: titles, names, leavers. Half of them are read
whole, half by what changed since the watermark. The vendor lives in this process and sees
everything; the runs are processes of their own, which SIGKILL and SIGSTOP end or halt.
Run it as `scripts/chaos`, which knows where `support` is.
"""

import argparse
import itertools
import multiprocessing as mp
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import get_args

import pytest
from chaos_scenarios import SCENARIOS
from chaos_tally import Tally, show
from chaos_trial import Trial
from support.databases import postgresql, schema
from support.witness import WitnessedVendor

from jackfield.engine.apply.crash_points import CrashPoint
from jackfield.testing.sandbox import serve

ROOT = Path(__file__).resolve().parents[1]
STATE_MACHINE = "tests/engine/test_state_machine.py"


@contextmanager
def fresh_place(url: str) -> Iterator[str]:
    """Yield a place for a state: a schema of a server, or a file where there is no URL."""
    if url:
        with schema(url) as place:
            yield place
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        yield str(Path(folder) / "jackfield.db")


def try_all(name: str, url: str, seeds: range, trial: type[Trial] | None = None) -> Tally:
    """Live through every seed at one crash point, or of one scenario."""
    tally = Tally("PostgreSQL" if url else "SQLite", name)
    kind = trial or SCENARIOS.get(name, Trial)
    point = "" if name in SCENARIOS else name
    vendor = WitnessedVendor()
    with serve(vendor) as origin:
        for seed in seeds:
            with fresh_place(url) as place:
                one = kind(vendor, origin, place, f"{name} {seed}", point)
                tally.judge(seed, one.live())
            tally.runs += len(one.runs)
            tally.kills += one.kills
    return tally


def draw_lives(count: int, jobs: int) -> int:
    """Let the state machine draw so many lives, in several processes; return an exit code."""
    shares = [share for share in (len(range(n, count, jobs)) for n in range(jobs)) if share]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", STATE_MACHINE]
    running = []
    for number, share in enumerate(shares):
        environment = {**os.environ, "JACKFIELD_LIVES": str(share)}
        seed = f"--hypothesis-seed={time.time_ns() + number}"
        running.append(subprocess.Popen([*command, seed], cwd=ROOT, env=environment))
    return max(process.wait() for process in running)


def _noted(tally: Tally) -> Tally:
    print(f"{tally.store} {tally.point}: {tally.kills} kills", file=sys.stderr, flush=True)
    return tally


def _options() -> argparse.Namespace:
    points = get_args(CrashPoint)
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="how many of each")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")
    parser.add_argument("--point", choices=points, action="append", help="this crash point alone")
    scenarios = tuple(SCENARIOS)
    parser.add_argument("--scenario", choices=scenarios, action="append", help="this one alone")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="this store alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once")
    parser.add_argument("--lives", type=int, metavar="N", help="draw N lives of a company instead")
    return parser.parse_args()


def _names(options: argparse.Namespace) -> list[str]:
    asked = [*(options.point or ()), *(options.scenario or ())]
    return asked or [*get_args(CrashPoint), *SCENARIOS]


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))  # ends the server, too
    if options.lives:
        return draw_lives(options.lives, options.jobs)
    seeds = range(options.first, options.first + options.seeds)
    began = time.monotonic()
    with ExitStack() as stack:
        urls = [] if options.store == "postgresql" else [""]
        if options.store != "sqlite":
            try:
                urls.append(stack.enter_context(postgresql()))
            except pytest.skip.Exception as missing:
                print(f"PostgreSQL is left out: {missing}")
        orders = [(name, url, seeds) for url in urls for name in _names(options)]
        if options.jobs == 1:
            coming = itertools.starmap(try_all, orders)
        else:
            context = mp.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(options.jobs, mp_context=context))
            coming = pool.map(try_all, *zip(*orders, strict=True))
        tallies = [_noted(tally) for tally in coming]
    is_well = bool(tallies) and show(tallies)
    verdict = "well" if is_well else "NOT WELL"
    print(f"{len(seeds)} seeds, {time.monotonic() - began:.0f} seconds: {verdict}")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
