"""What Jackfield costs before it does anything: importing, installing, listing.

import jackfield      beside `import httpx, pydantic`, in fresh processes of a new environment
in use                every public name loaded, beside httpx and one pydantic model and nothing
                      else: names are loaded when used, so this is what a host really waits for
distributions         what `pip install .` brings into an empty environment, Jackfield included
connectors imported   by listing 100 installed connectors; the time includes reading 100 packages
"""

import json
import os
import shutil
import subprocess
import tempfile
import venv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, alternating, table

ROUNDS = 15
ROOT = Path(__file__).resolve().parents[2]
CONNECTORS = 100
BARE = "import httpx, pydantic"
BARE_IN_USE = "import httpx, pydantic\nclass One(pydantic.BaseModel):\n    name: str"
OURS_IN_USE = "from jackfield import *"
TIMED = "import time\nbegan = time.perf_counter()\n{}\nprint(time.perf_counter() - began)"
LISTING = """
import json, sys, time
from jackfield import Registry
Registry().connectors()  # what is imported or compiled once is not what a listing costs
began = time.perf_counter()
found = Registry().connectors()
spent = time.perf_counter() - began
print(json.dumps({
    "listed": sum(each.name.startswith("bench") for each in found),
    "imported": sum(name.startswith("bench_vendor") for name in sys.modules),
    "seconds": spent,
}))
"""


def measure() -> list[Figure]:
    """Install into a new environment and measure there; return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        python = installed(Path(folder) / "venv")
        figures, rows = [], []
        for name, ours, theirs in (
            ("import jackfield", "import jackfield", BARE),
            ("import jackfield, in use", OURS_IN_USE, BARE_IN_USE),
        ):
            pair = next(alternating(timed(python, ours), timed(python, theirs), ROUNDS))
            rows.append((name, *(f"{each * 1e3:.0f}" for each in pair)))
            # Only the plain import has a target: no program does so little as the other side.
            target = None if "in use" in name else 1.2
            figures.append(Figure(name, pair[0] / pair[1], target, "times httpx and pydantic"))
        print(table(("median of fresh processes", "ms", "bare ms"), rows))
        names = distributions(python)
        print(f"\npip install . brings {', '.join(names)}")
        figures.append(Figure("distributions installed", len(names), 14, digits=0))
        return figures + list(_listing(python, Path(folder) / "connectors"))


def timed(python: Path, statement: str) -> partial[tuple[float]]:
    return partial(_seconds, python, TIMED.format(statement))


def _seconds(python: Path, program: str) -> tuple[float]:
    return (float(_run(python, "-c", program)),)


def _listing(python: Path, folder: Path) -> Iterator[Figure]:
    for number in range(CONNECTORS):
        pretend_connector(folder, f"bench{number}")
    found = json.loads(_run(python, "-c", LISTING, PYTHONPATH=str(folder)))
    if found["listed"] != CONNECTORS:
        raise RuntimeError(f"listed {found['listed']} of {CONNECTORS} connectors")
    yield Figure("connectors imported by listing 100", found["imported"], 0, digits=0)
    yield Figure("listing 100 connectors", found["seconds"] * 1e3, None, "ms", digits=1)


def pretend_connector(folder: Path, name: str) -> None:
    """Write a package as pip leaves it, with an entry point to a module that is there."""
    package = folder / f"jackfield_{name}-1.0.dist-info"
    package.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: jackfield-{name}\nVersion: 1.0\n"
    (package / "METADATA").write_text(metadata)
    module = f"bench_vendor_{name}"
    (package / "entry_points.txt").write_text(
        f"[jackfield.connectors]\n{name} = {module}:Connector\n"
    )
    (folder / f"{module}.py").write_text("class Connector:\n    pass\n")


# --- the environment ---------------------------------------------------------------------------


def installed(folder: Path) -> Path:
    """Install a copy of this tree, as a user would, and return the interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "core", source / "core")
    _run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", str(source))
    return python


def distributions(python: Path) -> list[str]:
    """Return what is installed, without what every new environment has."""
    listed = json.loads(_run(python, "-m", "pip", "list", "--format=json"))
    return sorted({each["name"] for each in listed} - {"pip", "setuptools", "wheel"})


def _run(python: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [str(python), *arguments],
        env={**os.environ, **environment},
        cwd=python.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)[:60]} failed:\n{done.stderr}")
    return done.stdout
