"""What connectors of SCIM vendors share: paths, filters, tolerant parsing, the five operations.

It builds requests and reads answers; no I/O happens here.
"""

from jackfield.scim.filters import equals
from jackfield.scim.path import CORE_URN, ENTERPRISE_URN, Path, read, values, write

__all__ = ["CORE_URN", "ENTERPRISE_URN", "Path", "equals", "read", "values", "write"]
