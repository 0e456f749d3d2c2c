"""What a client of the desk is answered when the vendor cannot be asked, or refuses."""

import math

from fastapi import Request
from fastapi.responses import JSONResponse

from jackfield import AmbiguousMatch, NotAllowed, NotSent, RejectedUser, Throttled


async def answer_for(_: Request, error: Exception) -> JSONResponse:
    """Return a status by what to do next; the sentence holds no secret, and names the person."""
    headers = {}
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    return JSONResponse({"detail": str(error)}, status_of(error), headers)


def status_of(error: Exception) -> int:
    """Return 503 for what passes by itself, 409 and 422 for one person, else 502."""
    if isinstance(error, NotSent | Throttled):
        return 503
    if isinstance(error, AmbiguousMatch):
        return 409
    return 422 if isinstance(error, NotAllowed | RejectedUser) else 502
