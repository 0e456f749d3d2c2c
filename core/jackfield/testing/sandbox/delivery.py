"""Writing an answer to the wire, whole or broken as a fault has it."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from jackfield.testing.sandbox.exchange import Answer
from jackfield.testing.sandbox.faults import Fault


async def deliver(
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    answer: Answer,
    fault: Fault | None,
) -> None:
    """Send the answer; a fault drips it, cuts it short or drops the connection before the body.

    Returning before the declared length is sent makes the server close the connection.
    """
    body = answer.encoded()
    breaks = fault is not None and (fault.truncate or fault.commit_then_drop)
    # 204 and 304 have no body that could be cut short: a broken one is announced as 200.
    bare = answer.status in (204, 304)
    status = 200 if bare and breaks else answer.status
    length = max(len(body), 2) if breaks else len(body)
    headers = [] if bare and not breaks else [(b"content-length", str(length).encode())]
    if body:
        headers.append((b"content-type", answer.content_type.encode()))
    headers += [
        (name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if fault is None or not (breaks or fault.drip_seconds):
        await send({"type": "http.response.body", "body": body})
    elif breaks:
        half = b"" if fault.commit_then_drop else body[: len(body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
    else:
        for byte in body:
            message = {"type": "http.response.body", "body": bytes((byte,)), "more_body": True}
            await send(message)
            await asyncio.sleep(fault.drip_seconds)
        await send({"type": "http.response.body", "body": b""})
