"""What a vendor answers to the next requests, and what a cycle then says."""

from typing import Any

from support.company import Company, person

from jackfield.engine import Entry
from jackfield.errors import ProvisioningError
from jackfield.testing.sandbox import Fault

EVER = 99


def answer(firm: Company, method: str = "*", times: int = EVER, **fault: Any) -> None:
    firm.vendor.faults.add(Fault(method=method, times=times, **fault))


def hired(firm: Company, *numbers: int) -> None:
    """Give these people accounts; forget the requests that took."""
    firm.people = [person(number) for number in numbers]
    firm.run()
    firm.vendor.requests.clear()


def said(entries: tuple[Entry, ...]) -> list[tuple[str, str, str]]:
    return [(entry.action, entry.status, entry.code) for entry in entries]


def what_ended(firm: Company, **job: Any) -> ProvisioningError | None:
    """Run a cycle; return the error that ended it, before or after the plan."""
    try:
        return firm.run(**job).stopped
    except ProvisioningError as error:
        return error
