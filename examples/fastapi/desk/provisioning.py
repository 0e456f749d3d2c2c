"""What runs in the background, where nobody waits for an error: it is logged with its remedy."""

import logging

from jackfield import (
    AlreadyExists,
    AsyncConnector,
    InDoubt,
    MatchKey,
    NotFound,
    ProvisioningError,
    User,
)

_logger = logging.getLogger(__name__)


async def provision(webex: AsyncConnector, user: User) -> None:
    """Give a person an account unless there is one; never raise."""
    email = user.userName or ""
    try:
        done = await _provisioned(webex, email, user)
    except ProvisioningError as error:
        _logger.error("%s: %s (%s)", email, error, error.next_step)  # noqa: TRY400 - no traceback
    else:
        _logger.info("%s %s", email, done)


async def _provisioned(webex: AsyncConnector, email: str, user: User) -> str:
    key = MatchKey("userName", email)
    if not isinstance(await webex.get_user(key), NotFound):
        return "has an account already"
    try:
        await webex.create_user(user)
    except (InDoubt, AlreadyExists):
        # The account may be there: look before anything else.
        if isinstance(await webex.get_user(key), NotFound):
            raise
    return "has a new account"
