"""What a whole cycle costs: beside the vendor's limit, bare httpx, and the csv module.

initial      people into a sandbox of ten requests a second, beside requests ÷ limit. The routine
             run takes 300 people; `--full` takes 10,000, which is 17 minutes of waiting
CPU          of this process per created user, without a limit, beside a bare loop of httpx POSTs
             of the same bodies; the vendor is a process of its own. 2,000 users a round, so that
             what a cycle costs once does not count with the users
unchanged    an incremental cycle over 100,000 people of a CSV file with no change, beside reading
             and hashing the file with the csv module; each in fresh processes
memory       what the peak of such a cycle grows by, per person, from 10,000 to 100,000
engine       planning and applying without any request; the rest is database and reading the file
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from benchmarks.directory import (
    JOB,
    MAPPINGS,
    connected,
    job_of,
    link_everybody,
    reader,
    write_people,
)
from benchmarks.figures import Figure, alternating, table

from jackfield.engine import Store, plan_job, run_job
from jackfield.engine.map.mapper import Mapper, user_of
from jackfield.testing.sandbox import RateLimit, ScimSandbox, serve

FULL, ROUTINE = 10_000, 300
LIMIT = 10
CREATED, ROUNDS = 2000, 5
FEW, MANY, UNCHANGED_ROUNDS = 10_000, 100_000, 7
HERE = Path(__file__).parent
VENDOR = "from jackfield.testing.sandbox import ScimSandbox, main\nmain(ScimSandbox)"


class LimitedSandbox(ScimSandbox):
    """Refuses the eleventh request of any second."""

    LIMITS = {"all": RateLimit(LIMIT, 1.0)}  # noqa: RUF012 - as the sandbox declares it


def measure(*, is_full: bool = False) -> list[Figure]:
    """Run every case, print the tables, return the figures."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures += _unchanged(folder)
        figures += _created(folder)
        figures += _engine(folder)
        figures += _initial(folder, FULL if is_full else ROUTINE)
    return figures


# --- the initial cycle -------------------------------------------------------------------------


def _initial(folder: Path, count: int) -> Iterator[Figure]:
    file = write_people(folder / "initial.csv", count)
    vendor = LimitedSandbox()
    with serve(vendor) as url, connected("limited", url) as connector:
        store = Store.open(folder / "initial.db")
        began = time.perf_counter()
        result = run_job(job_of(connector, file), store)
        seconds = time.perf_counter() - began
        store.close()
    created, sent = len(vendor.store), len(vendor.requests)
    if created != count or result.failed:
        raise RuntimeError(f"created {created} of {count}: {result.counts}")
    least = sent / LIMIT
    row = (f"{count:,}", f"{sent:,}", f"{seconds:.1f}", f"{least:.1f}")
    print(table(("people, initial cycle", "requests", "s", "requests / limit"), [row]), end="\n\n")
    yield Figure(f"cycle, initial of {count:,}, time", seconds / least, 1.05, "times the limit's")
    yield Figure("cycle, requests per created user", sent / created, 1.02, digits=3)


# --- the CPU of the client ---------------------------------------------------------------------


def _created(folder: Path) -> Iterator[Figure]:
    file = write_people(folder / "created.csv", CREATED)
    mapper = Mapper(MAPPINGS)
    people = reader(file)(None).objects
    bodies = [user_of(mapper.desired(each, creating=True)).to_scim() for each in people]
    rows = []
    for workers in (1, 8):
        ours = partial(_provision, folder, file, workers)
        (wall, cpu) = alternating(ours, partial(_post, bodies), ROUNDS)
        name = f"{workers} workers" if workers > 1 else "1 worker"
        cells = [f"{each * 1e6:.0f}" for each in (*wall, *cpu)]
        rows.append((name, *cells[:2], *cells[2:], f"{cpu[0] / cpu[1]:.2f}"))
        yield Figure(f"cycle, CPU per created user, {name}", cpu[0] / cpu[1], 2.0, "times httpx")
    header = ("per created user", "wall us", "bare", "CPU us", "bare", "ratio")
    print(table(header, rows), end="\n\n")


def _provision(folder: Path, file: Path, workers: int) -> tuple[float, float]:
    with vendor_process() as url, connected("open", url) as connector:
        state = folder / f"created-{time.monotonic_ns()}.db"
        store = Store.open(state)
        began = _instants()
        result = run_job(job_of(connector, file, workers=workers), store)
        spent = _spent(began, CREATED)
        store.close()
    if result.counts != {"success": CREATED}:
        raise RuntimeError(f"not everybody was created: {result.counts}")
    return spent


def _post(bodies: list[dict[str, Any]]) -> tuple[float, float]:
    headers = {"authorization": f"Bearer {ScimSandbox.TOKEN}"}
    with vendor_process() as url, httpx.Client(headers=headers, trust_env=False) as http:
        began = _instants()
        for body in bodies:
            http.post(f"{url}/scim/v2/Users", json=body).json()
        return _spent(began, CREATED)


@contextmanager
def vendor_process() -> Iterator[str]:
    """Run the sandbox in a process of its own; yield its URL."""
    command = [sys.executable, "-c", VENDOR]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _instants() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _spent(began: tuple[float, float], count: int) -> tuple[float, float]:
    wall, cpu = _instants()
    return (wall - began[0]) / count, (cpu - began[1]) / count


# --- the unchanged cycle -----------------------------------------------------------------------


def _unchanged(folder: Path) -> Iterator[Figure]:
    costs = {}
    for count in (FEW, MANY):
        file, state = folder / f"{count}.csv", folder / f"{count}.db"
        link_everybody(write_people(file, count), state)
        _child("cycle", file, state)  # the first cycle remembers the rows
        cycle, bare = partial(_child, "cycle", file, state), partial(_child, "bare", file, state)
        costs[count] = list(alternating(cycle, bare, UNCHANGED_ROUNDS))
    rows = []
    for count, (seconds, cpu, peak) in costs.items():
        times = [f"{each:.2f}" for each in (*seconds, *cpu)]
        rows.append((f"{count:,}", *times, f"{peak[0] / 1024:.0f}", f"{peak[1] / 1024:.0f}"))
    header = ("people, no change", "s", "csv + hash", "CPU s", "csv + hash", "peak MiB", "csv")
    print(table(header, rows), end="\n\n")
    seconds = costs[MANY][0]
    grown = (costs[MANY][2][0] - costs[FEW][2][0]) / (MANY - FEW)
    yield Figure("cycle, unchanged, 100,000", seconds[0] / seconds[1], 3.0, "times csv and hash")
    yield Figure("cycle, unchanged, requests", 0.0, 0, "or it would have failed", digits=0)
    yield Figure("cycle, unchanged, KiB a person", grown, 1.5, "from 10,000 to 100,000")


def _child(side: str, file: Path, state: Path) -> tuple[float, ...]:
    done = subprocess.run(
        [sys.executable, str(HERE / "unchanged.py"), side, str(file), str(state)],
        env={**os.environ, "PYTHONPATH": _search_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the {side} failed:\n{done.stderr}")
    found = json.loads(done.stdout)
    return found["seconds"], found["cpu"], found["peak_kib"]


def _search_path() -> str:
    return os.pathsep.join(filter(None, (str(HERE.parent), os.environ.get("PYTHONPATH"))))


# --- the engine alone --------------------------------------------------------------------------


def _engine(folder: Path) -> Iterator[Figure]:
    count = 1000
    file = write_people(folder / "engine.csv", count)
    spent = [_alone(folder, file, number) for number in range(ROUNDS)]
    plan, apply = (median(each) for each in zip(*spent, strict=True))
    rows = [("plan", f"{plan:.3f}"), ("apply", f"{apply:.3f}")]
    print(table(("per 1,000 people, no requests", "s"), rows), end="\n\n")
    yield Figure("cycle, engine alone, plan", plan, None, "s per 1,000", digits=3)
    yield Figure("cycle, engine alone, apply", apply, None, "s per 1,000", digits=3)


def _alone(folder: Path, file: Path, number: int) -> tuple[float, float]:
    with connected("silent", "http://127.0.0.1:18999") as connector:
        job = job_of(connector, file)
        store = Store.open(folder / f"engine-{number}.db")
        began = time.perf_counter()
        plan_job(job, store)
        planned = time.perf_counter()
        run_job(job, store)
        ended = time.perf_counter()
        if len(store.links(JOB)) != len(job.read_source(None).objects):
            raise RuntimeError("not everybody was created")
        store.close()
    plan = planned - began
    return plan, ended - planned - plan
