"""What a plugin may not do by being imported: seen from outside, in a Python of its own."""

import json
import os
import subprocess
import sys
from functools import lru_cache

from jackfield.driver.checking import contract_problems
from jackfield.testing.contract.case import Broken, Case, NotClaimed

_PROBE = """
import json, sys
module, name = sys.argv[1:]
import asyncio, contextlib, importlib, locale, logging, os, signal, threading, warnings
import jackfield, jackfield.scim

for number in signal.valid_signals():  # the process that started this one may ignore some
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)

def state():
    names = list(logging.root.manager.loggerDict)
    loggers = [logging.root, *map(logging.getLogger, names)]
    return {
        "logging": [(one.name, one.level, len(one.handlers), len(one.filters), one.disabled)
                    for one in loggers if one.level or one.handlers or one.filters or one.disabled]
                   + [logging.root.manager.disable, logging.raiseExceptions],
        "signal handlers": [repr(signal.getsignal(n)) for n in sorted(signal.valid_signals())
                            if signal.getsignal(n) is not None],
        "locale": locale.setlocale(locale.LC_ALL),
        "warnings": [repr(one) for one in warnings.filters],
        "sys.path": list(sys.path),
        "the event loop": repr(type(asyncio.events._event_loop_policy)),
        "threads": threading.active_count(),
        "the environment": sorted(os.environ.items()),
        "the working folder": os.getcwd(),
        "sys.excepthook": repr(sys.excepthook),
    }

deeds = []
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "urllib.")):
        deeds.append(event)
    if event == "open" and isinstance(arguments[2], int):
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            deeds.append(f"open {arguments[0]!r} to write")

before = state()
sys.addaudithook(watch)
connector = importlib.import_module(module)
for part in name.split("."):
    connector = getattr(connector, part)
capabilities = connector().capabilities()
done = list(deeds)
after = state()
changed = [what for what in before if before[what] != after[what]]
print("\\n" + json.dumps({"changed": changed, "deeds": sorted(set(done))}))
"""

_KEPT = ("HOME", "LANG", "PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "USERPROFILE", "XDG_CACHE_HOME")
"""Not all of the environment: the plugin may have changed it here already."""


def loads(case: Case) -> None:
    """Make the checks of the registry; capabilities must be the same each time."""
    problems = contract_problems(case.given.connector())
    if problems:
        raise Broken("; ".join(problems))
    first, second = (case.given.connector().capabilities() for _ in range(2))
    if first != second:
        raise Broken("capabilities are static data: two connectors claim different things")
    if not first.match_on:
        raise Broken("capabilities.match_on is empty: no user could be found")


def leaves_the_process_alone(case: Case) -> None:
    changed = _seen(case)["changed"]
    if changed:
        raise Broken(
            "expected: importing the plugin changes nothing in the process\n"
            f"happened: it changed {', '.join(changed)}"
        )


def listing_is_silent(case: Case) -> None:
    deeds = _seen(case)["deeds"]
    if deeds:
        raise Broken(
            "expected: importing the plugin and asking for its capabilities performs no I/O\n"
            f"happened: {'; '.join(deeds)}"
        )


def _seen(case: Case) -> dict[str, list[str]]:
    connector = case.given.connector
    if "<locals>" in connector.__qualname__:
        raise NotClaimed("the connector is made inside a function: it cannot be imported alone")
    return _probed(connector.__module__, connector.__qualname__, os.pathsep.join(sys.path))


@lru_cache(maxsize=8)
def _probed(module: str, name: str, path: str) -> dict[str, list[str]]:
    done = subprocess.run(  # noqa: S603 - this Python, and names of the author's own class
        [sys.executable, "-B", "-c", _PROBE, module, name],
        env={name: os.environ[name] for name in _KEPT if name in os.environ}
        | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise Broken(f"{module}:{name} cannot be imported in a fresh Python: {last}")
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found
