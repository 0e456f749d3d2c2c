"""A vendor that costs next to nothing: every request gets the same SCIM user, kept ready as bytes.

Runs as a process of its own and prints its port. It understands as much HTTP as the two clients
send: a head, `content-length`, connections that stay open.
"""

import asyncio
import json
import re

USER_ID = "2819c223-7f76-453a-919d-413861904646"
USER = {
    "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    ],
    "id": USER_ID,
    "externalId": "701984",
    "userName": "barbara.jensen@example.com",
    "name": {
        "formatted": "Ms. Barbara J Jensen",
        "familyName": "Jensen",
        "givenName": "Barbara",
        "middleName": "Jane",
    },
    "displayName": "Barbara Jensen",
    "title": "Tour Guide",
    "preferredLanguage": "en-US",
    "timezone": "America/Los_Angeles",
    "active": True,
    "emails": [{"value": "barbara.jensen@example.com", "type": "work", "primary": True}],
    "phoneNumbers": [
        {"value": "+1 201 555 0123", "type": "work"},
        {"value": "+1 201 555 0124", "type": "mobile"},
    ],
    "addresses": [
        {
            "type": "work",
            "streetAddress": "100 Universal City Plaza",
            "locality": "Hollywood",
            "region": "CA",
            "postalCode": "91608",
            "country": "US",
        }
    ],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "employeeNumber": "701984",
        "department": "Tour Operations",
        "costCenter": "4130",
    },
    "meta": {"resourceType": "User", "lastModified": "2026-05-13T04:42:34Z"},
}
BODY = json.dumps(USER).encode()
ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    b"date: Mon, 05 Jan 2026 10:00:00 GMT\r\n"
    b"content-type: application/scim+json\r\n"
    b"cache-control: no-store\r\n"
    b"x-request-id: 0b8f6a5e-5a43-4b7e-9d5b-1f0f3c2f6a11\r\n"
    b"content-length: %d\r\n\r\n%b"
) % (len(BODY), BODY)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Vendor(asyncio.Protocol):
    """One connection: an answer for each whole request, several at once where several came."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP has nothing else
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        count = 0
        while size := self._request_size():
            self._received = self._received[size:]
            count += 1
        if count and self._transport is not None:
            self._transport.write(ANSWER * count)

    def _request_size(self) -> int:
        """Return the bytes of the first request; 0 while it is not whole."""
        ends_at = self._received.find(b"\r\n\r\n")
        if ends_at < 0:
            return 0
        found = _LENGTH.search(self._received, 0, ends_at)
        size = ends_at + 4 + (int(found[1]) if found else 0)
        return size if len(self._received) >= size else 0


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
