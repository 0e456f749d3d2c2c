"""When two ids are one, and which ids can be kept and asked for. The one place that decides it.

RFC 7643 section 3.1: an `id` is opaque and case-exact. Services are known that were asked for one
id and show it in another letter case, or a UUID in braces or as a URN (RFC 9562 section 4). In an
answer about one user such a spelling is the same id; everything else is another user's.
"""

import re
import unicodedata

LONGEST_ID = 512
"""Characters of an id; the longest that a vendor is known to have are below a hundred."""

_HEX_GROUPS = r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})"
_UUID = re.compile(rf"(?:urn:uuid:|\{{)?{_HEX_GROUPS}\}}?", re.ASCII)
_UNKEPT = frozenset({"Cc", "Cs", "Zl", "Zp"})


def is_same_id(one: str, other: str) -> bool:
    """Say whether an answer about one id is about the user asked for by the other.

    Two ids that a vendor shows side by side are counted exactly: "aB" and "Ab" may be two users.
    """
    return one == other or _canonical(one) == _canonical(other)


def _canonical(user_id: str) -> str:
    lowered = user_id.lower()
    found = _UUID.fullmatch(lowered)
    return "-".join(found.groups()) if found else lowered


def problem_of_id(user_id: str | None) -> str:
    """Return what is wrong with an id from a vendor; empty where it can be kept and asked for.

    Dot segments survive percent-encoding and would change which resource is meant (RFC 3986
    section 5.2.4); control characters and halves of surrogate pairs cannot be stored or sent.
    """
    if user_id is None or not user_id.strip():
        return "no id"
    if len(user_id) > LONGEST_ID:
        return f"an id of {len(user_id)} characters, of which {LONGEST_ID} are the most"
    if not user_id.isprintable() and any(unicodedata.category(c) in _UNKEPT for c in user_id):
        return f"an id with characters that cannot be kept, {user_id[:40]!a}"
    if user_id in {".", ".."}:
        return f"{user_id!r} for an id, which is no address"
    return ""
