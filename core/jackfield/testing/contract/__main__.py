"""`python -m jackfield.testing.contract`: the levels of what is installed, or one test file's run.

python -m jackfield.testing.contract                            prints each connector's level
python -m jackfield.testing.contract tests/test_connector.py    plays it, writes evidence.json
"""

import argparse
import datetime as dt
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from jackfield.registry import Registry
from jackfield.testing.contract.levels import level_at, level_of, package_of, write_evidence
from jackfield.testing.contract.suite import ConnectorContract


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m jackfield.testing.contract")
    parser.add_argument("file", nargs="?", type=Path, help="a test file with a ConnectorContract")
    file: Path | None = parser.parse_args(arguments).file
    today = dt.datetime.now(dt.UTC).date()
    if file is None:
        registry = Registry()
        for name in dict.fromkeys(listing.name for listing in registry.connectors()):
            sys.stdout.write(f"{name}: {level_of(name, registry, today)}\n")
        return 0
    found = list(_contracts(file))
    if not found:
        sys.stderr.write(f"error: {file} holds no subclass of ConnectorContract\n")
        return 2
    return max([_play(contract, today) for contract in found])


def _play(contract: type[ConnectorContract], today: dt.date) -> int:
    name = contract.connector.__name__
    failed = write_evidence(contract, today)
    for scenario, failure in failed.items():
        sys.stdout.write(f"{name}, {scenario}\n{failure}\n\n")
    sys.stdout.write(f"{name}: {level_at(package_of(contract.connector), today)}\n")
    return 1 if failed else 0


def _contracts(file: Path) -> Iterator[type[ConnectorContract]]:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    # A package that is not installed lies beside its tests.
    sys.path.insert(0, str(file.resolve().parent.parent / "src"))
    spec.loader.exec_module(module)
    for value in vars(module).values():
        is_contract = isinstance(value, type) and issubclass(value, ConnectorContract)
        if is_contract and value is not ConnectorContract:
            yield value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
