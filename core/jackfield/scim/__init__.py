"""What connectors of SCIM vendors share: paths, filters, tolerant parsing, the five operations.

It builds requests and reads answers; no I/O happens here.
"""

from jackfield.scim.comparing import is_same_text, not_taken
from jackfield.scim.errors import Refusal, one_line, read_refusal, scim_error
from jackfield.scim.filters import answers, check_key, equals
from jackfield.scim.oauth import access_token, lifetime_seconds, token_error
from jackfield.scim.pages import Place, Walk, is_everything, page_of, resources_of, total_of
from jackfield.scim.parse import parse_user, user_document, with_booleans
from jackfield.scim.patching import Dialect
from jackfield.scim.path import CORE_URN, ENTERPRISE_URN, Path, read, values, write
from jackfield.scim.service import ScimService

__all__ = [
    "CORE_URN",
    "ENTERPRISE_URN",
    "Dialect",
    "Path",
    "Place",
    "Refusal",
    "ScimService",
    "Walk",
    "access_token",
    "answers",
    "check_key",
    "equals",
    "is_everything",
    "is_same_text",
    "lifetime_seconds",
    "not_taken",
    "one_line",
    "page_of",
    "parse_user",
    "read",
    "read_refusal",
    "resources_of",
    "scim_error",
    "token_error",
    "total_of",
    "user_document",
    "values",
    "with_booleans",
    "write",
]
