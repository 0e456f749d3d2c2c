"""Measure what Jackfield costs beside what one would write without it.

driver   a request through a connector beside the same request with bare httpx
import   what `import jackfield` costs, what an installation brings along, what a listing imports

Without a name everything is measured. Both sides are measured in the same run, turn by turn, and
every figure is a median; ratios travel between machines, microseconds do not. Exits 1 where a
figure is over its target. Each module in scripts/benchmarks says what its figures mean.
"""

import argparse
import sys

from benchmarks import driver, imports
from benchmarks.figures import summary

BENCHMARKS = {"driver": driver.measure, "import": imports.measure}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=[*BENCHMARKS], help="left out: all of them")
    wanted = parser.parse_args().name
    figures = []
    for name, measure in BENCHMARKS.items():
        if wanted in {None, name}:
            figures += measure()
            print()
    print(summary(figures))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
