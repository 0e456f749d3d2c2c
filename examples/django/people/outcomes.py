"""What a command tells the operator, and its scheduler, when something went wrong.

The errors are named for what the caller does next, so a few groups are all there is to decide.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError

from jackfield import (
    AlreadyExists,
    AlreadyRunning,
    AmbiguousMatch,
    ConfigurationError,
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    NotSent,
    ProvisioningError,
    RejectedUser,
    Throttled,
    VendorBroken,
)

# The numbers of sysexits.h: a scheduler repeats 75 and tells a person of the others.
THIS_PERSON, SOFTWARE, TRY_LATER, SETTINGS = 65, 70, 75, 78

PASSING = (AlreadyRunning, InDoubt, NotSent, Throttled, VendorBroken)
ONE_PERSON = (AlreadyExists, AmbiguousMatch, NotAllowed, RejectedUser)
OF_THE_SETTINGS = (ConfigurationError, CredentialsRefused)


@contextmanager
def told() -> Iterator[None]:
    """Turn what Jackfield raises into a CommandError with a remedy and an exit code."""
    try:
        yield
    except ProvisioningError as error:
        raise CommandError(f"{error} ({error.next_step})", returncode=exit_code(error)) from error


def exit_code(error: ProvisioningError) -> int:
    """Return the exit code for an error; a plugin at fault is nobody's here to mend."""
    if isinstance(error, PASSING):
        return TRY_LATER
    if isinstance(error, ONE_PERSON):
        return THIS_PERSON
    return SETTINGS if isinstance(error, OF_THE_SETTINGS) else SOFTWARE
