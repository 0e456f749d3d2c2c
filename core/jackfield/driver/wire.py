"""What goes over the wire and what comes back, and what one request may cost.

Both hold secrets, and an error reporter prints every local of a traceback: neither shows a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Wire:
    """A request as it leaves: absolute URL, final headers, encoded body."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None

    @property
    def origin(self) -> str:
        return "/".join(self.url.partition("?")[0].split("/", 3)[:3])

    def __repr__(self) -> str:
        """Show neither path nor value: either may be a secret, as a webhook's address is."""
        return f"<Wire {self.method} {self.origin}>"


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer as it came: lower-case header names, body decompressed and within the cap."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.content)} bytes>"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost: seconds in all, seconds to connect, bytes of answer."""

    deadline_seconds: float = 30.0
    connect_seconds: float = 5.0
    body_bytes: int = 10 * 1024 * 1024
    connections: int = 32
