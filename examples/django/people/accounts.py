"""Joining and leaving: each looks first, so that doing it twice does no harm."""

from jackfield import (
    AlreadyExists,
    Change,
    Connector,
    InDoubt,
    MatchKey,
    MultiValue,
    Name,
    NotFound,
    RejectedUser,
    User,
    UserId,
)


def join(vendor: Connector, email: str, name: Name) -> str:
    """Give a person an account that is on; return what was done."""
    found = vendor.get_user(MatchKey("userName", email))
    if isinstance(found, NotFound):
        return create(vendor, email, name)
    if found.active:
        return "has an account already"
    switch(vendor, found, on=True)
    return "has the old account back"


def leave(vendor: Connector, email: str) -> str:
    """Switch a person's account off, and keep it; return what was done."""
    found = vendor.get_user(MatchKey("userName", email))
    if isinstance(found, NotFound):
        return "has no account"
    if found.active is False:
        return "was disabled already"
    switch(vendor, found, on=False)
    return "is disabled"


def create(vendor: Connector, email: str, name: Name) -> str:
    """Create the account. Where the answer was lost, the vendor is asked before anything else."""
    address = MultiValue(value=email, type="work", primary=True)
    wanted = User(userName=email, name=name, emails=(address,), active=True)
    try:
        vendor.create_user(wanted)
    except (InDoubt, AlreadyExists):
        if isinstance(vendor.get_user(MatchKey("userName", email)), NotFound):
            raise
    return "has a new account"


def switch(vendor: Connector, user: User, *, on: bool) -> None:
    """Enable or disable an account, and believe it only when the vendor kept it."""
    change = Change("replace", "active", on)
    applied = vendor.patch_user(UserId(user.id or ""), (change,))
    if applied.not_taken:
        reason = "the vendor answered with success and kept the old value"
        raise RejectedUser(attribute="active", reason=reason)
