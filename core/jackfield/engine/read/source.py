"""Reads the source of a job: from where, how far it is believed, and whom it must be asked for."""

from dataclasses import replace
from itertools import chain

from jackfield.engine.job import Job
from jackfield.engine.read.check import CheckedRead, check
from jackfield.engine.read.rows import configuration_of
from jackfield.engine.state.store import Store
from jackfield.errors import ProvisioningError


def read_source(job: Job, store: Store, *, is_settled: bool) -> CheckedRead:
    """Read the source from where its last read ended, and check what it says of each person.

    Raises: the source's errors, marked as such: they say nothing of the vendor.
    """
    since = _watermark(job, store, is_settled=is_settled)
    try:
        return _with_the_absent(check(job.read_source(since)), job, store)
    except ProvisioningError as error:
        error.is_of_source = True
        raise


def _with_the_absent(checked: CheckedRead, job: Job, store: Store) -> CheckedRead:
    """Ask the source for everybody who would be a leaver for not being in its list alone."""
    read = checked.read
    if read.ask_for is None or not read.is_complete:
        return checked
    told = chain((one.id for one in read.objects), (one.id for one in read.removed), read.unknown)
    here = frozenset(map(str.lower, told))
    links = store.links(job.name).values()
    absent = [
        link.source_id for link in links if link.may_be_on and link.source_id.lower() not in here
    ]
    if not absent:
        return checked
    found = check(read.ask_for(absent))
    note = (
        f"{len(found.read.objects)} people with access are not in the source's list, and there "
        "when they are asked for by id: the list is cut short, and others may be missing from it"
    )
    whole = replace(
        read,
        objects=(*read.objects, *found.read.objects),
        unknown=read.unknown | found.read.unknown,
        notes=(*read.notes, note) if found.read.objects else read.notes,
    )
    return replace(checked, read=whole, faults=(*checked.faults, *found.faults))


def _watermark(job: Job, store: Store, *, is_settled: bool) -> str | None:
    """Return where the source may begin; None where something earlier is not settled."""
    if not is_settled or store.open_intents(job.name):
        return None
    state = store.jobs.get(job.name)
    return state.watermark or None if state.configuration == configuration_of(job) else None
