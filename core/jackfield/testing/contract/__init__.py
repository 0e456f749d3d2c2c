"""The contract of connectors as tests to inherit: `ConnectorContract`.

Needs the extra `testing`. A claimed capability without evidence fails; one that is not claimed is
skipped. No socket is opened and no time passes.
"""

from jackfield.testing.contract.levels import Level, level_of
from jackfield.testing.contract.scenarios import SCENARIOS
from jackfield.testing.contract.suite import ConnectorContract, Verdict, failures, judge

__all__ = ["SCENARIOS", "ConnectorContract", "Level", "Verdict", "failures", "judge", "level_of"]
