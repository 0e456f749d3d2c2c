"""Named places where a test kills the process, to see whether the next run finds its way.

`JACKFIELD_CRASH_AT=after-intent:3` ends the process, as a power cut would, when that point is
reached for the third time. Without the variable a point costs a look into the environment.
"""

import itertools
import os
import signal
from collections import defaultdict
from typing import Final, Literal, TypeAlias

VARIABLE: Final = "JACKFIELD_CRASH_AT"

CrashPoint: TypeAlias = Literal[
    "cycle-begun",
    "planned",
    "before-intent",
    "after-intent",
    "after-answer",
    "after-outcome",
    "before-watermark",
    "after-watermark",
    "cycle-ended",
]


class CrashPoints:
    """Counts how often each point was reached in one run."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, itertools.count[int]] = defaultdict(
            lambda: itertools.count(1)
        )

    def reach(self, point: CrashPoint) -> None:
        """Kill this process if it is the one asked for."""
        wanted = os.environ.get(VARIABLE)
        if wanted is None:
            return
        if wanted == f"{point}:{next(self._counts[point])}":
            os.kill(os.getpid(), signal.SIGKILL)
