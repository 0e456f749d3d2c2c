"""The script's own routes below `/_sandbox/`, for a sandbox that runs in another process.

POST `faults` `seed` `expire-tokens` `reset`; GET `users` `requests`. No vendor has them, and they
take no token: a sandbox listens on loopback only.
"""

import json
from typing import Any, Protocol

from jackfield.testing.sandbox.exchange import Answer, Document, RecordedRequest, SandboxRequest
from jackfield.testing.sandbox.faults import Fault, Faults
from jackfield.testing.sandbox.store import Store

CONTROL_PATH = "/_sandbox/"


class Controlled(Protocol):
    """What of a sandbox a script may reach."""

    store: Store
    faults: Faults
    requests: list[RecordedRequest]

    def seed(self, documents: list[Document]) -> list[Document]:
        """Put users straight into the store."""
        ...

    def expire_tokens(self) -> None:
        """Make every token invalid."""
        ...

    def reset(self) -> None:
        """Start anew."""
        ...


def control(sandbox: Controlled, request: SandboxRequest) -> Answer:
    """Answer one request to the script's own routes."""
    name = request.path.removeprefix(CONTROL_PATH)
    try:
        if request.method == "GET":
            return _read(sandbox, name)
        if request.method == "POST":
            return _changed(sandbox, name, json.loads(request.body or b"null"))
    except (ValueError, TypeError) as error:
        return _failed(400, str(error))
    return _failed(405, "Only GET and POST are known here.")


def _failed(status: int, reason: str) -> Answer:
    return Answer(status, {"error": reason})


def _read(sandbox: Controlled, name: str) -> Answer:
    if name == "users":
        return Answer(200, list(sandbox.store))
    if name == "requests":
        return Answer(200, [one.to_json() for one in list(sandbox.requests)])
    return _failed(404, f"Nothing is called {name!r} here.")


def _changed(sandbox: Controlled, name: str, body: Any) -> Answer:
    if name == "faults":
        sandbox.faults.add(Fault.from_json(_object(body)))
    elif name == "seed":
        if not isinstance(body, list):
            return _failed(400, "A seed is a list of user documents.")
        return Answer(200, list(sandbox.seed([_object(one) for one in body])))
    elif name == "expire-tokens":
        sandbox.expire_tokens()
    elif name == "reset":
        sandbox.reset()
    else:
        return _failed(404, f"Nothing is called {name!r} here.")
    return Answer(204)


def _object(body: Any) -> Document:
    if not isinstance(body, dict):
        raise TypeError("A JSON object is needed.")
    return body
