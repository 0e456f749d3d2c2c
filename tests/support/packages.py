"""Installed packages as folders, and a fresh Python that sees them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SOUND = """
from support.example import ExampleConnector as Connector
"""


def install(
    folder: Path, package: str, entry_points: str, source: str = SOUND, *, version: str = "1.2"
) -> None:
    """Lay out one distribution; its module has the package's name with underscores."""
    metadata = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    )
    (metadata / "entry_points.txt").write_text(f"[jackfield.connectors]\n{entry_points}\n")
    (folder / f"{package.replace('-', '_')}.py").write_text(source)


def run_python(folder: Path, source: str) -> Any:
    """Run a script that ends by printing JSON, with the folder's packages installed."""
    tests = Path(__file__).resolve().parents[1]
    places = (str(folder), str(tests), os.environ.get("PYTHONPATH", ""))
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", source],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
