"""One side of the comparison of unchanged cycles, in a process of its own; prints what it cost.

bare    reading and hashing every row of the file with the csv module
cycle   an unchanged cycle over the same file

Usage: unchanged.py bare|cycle FILE STATE. Peak memory is what the operating system counted.
"""

import csv
import gc
import hashlib
import json
import resource
import socket
import sys
import time
from pathlib import Path

from benchmarks.directory import connected, job_of

from jackfield.engine import Store, run_job


def bare(file: Path) -> int:
    """Hash every row; return how many there are."""
    count = 0
    with file.open(newline="", encoding="utf-8") as stream:
        for cells in csv.reader(stream):
            hashlib.blake2b("\x1f".join(cells).encode(), digest_size=16).hexdigest()
            count += 1
    return count


def cycle(file: Path, state: Path) -> tuple[float, float]:
    """Run one cycle; fail where it sends anything or decides on anything but "unchanged"."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with connected("open", url) as connector:
            began = time.perf_counter(), time.process_time()
            store = Store.open(state)
            result = run_job(job_of(connector, file), store)
            store.close()
            spent = time.perf_counter() - began[0], time.process_time() - began[1]
        if result.entries or result.stopped or set(result.plan.counts()) - {"unchanged"}:
            raise RuntimeError(f"the cycle was not unchanged: {result.plan.counts()}")
        nobody.setblocking(False)
        try:
            nobody.accept()
        except BlockingIOError:
            return spent
    raise RuntimeError("the cycle sent a request")


def peak_kib() -> int:
    """Return the largest memory of this process; on Linux without what its parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def main() -> None:
    side, file, state = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    gc.collect()
    if side == "bare":
        began = time.perf_counter(), time.process_time()
        bare(file)
        spent = time.perf_counter() - began[0], time.process_time() - began[1]
    else:
        spent = cycle(file, state)
    print(json.dumps({"seconds": spent[0], "cpu": spent[1], "peak_kib": peak_kib()}))


if __name__ == "__main__":
    main()
