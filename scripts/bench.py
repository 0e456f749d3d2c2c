"""Measure what Jackfield costs beside what one would write without it.

cycle    a whole cycle beside the vendor's limit, bare httpx, and the csv module; with --full
         10,000 people are provisioned at ten requests a second, which takes 17 minutes
driver   a request through a connector beside the same request with bare httpx
import   what `import jackfield` costs, what an installation brings along, what a listing imports

Without a name everything is measured. Both sides are measured in the same run, turn by turn, and
every figure is a median; ratios travel between machines, microseconds do not. Exits 1 where a
figure is over its target. Each module in scripts/benchmarks says what its figures mean.
"""

import argparse
import sys
from functools import partial

from benchmarks import cycle, driver, imports
from benchmarks.figures import summary

NAMES = ("cycle", "driver", "import")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=NAMES, help="left out: all of them")
    parser.add_argument("--full", action="store_true", help="cycle: 10,000 people, not 300")
    options = parser.parse_args()
    wanted = options.name
    cycles = partial(cycle.measure, is_full=options.full)
    benchmarks = {"cycle": cycles, "driver": driver.measure, "import": imports.measure}
    figures = []
    for name, measure in benchmarks.items():
        if wanted in {None, name}:
            figures += measure()
            print()
    print(summary(figures))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
