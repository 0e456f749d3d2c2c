"""`jackfield links`: who is tied to which account, and how to untie one."""

import datetime as dt
import getpass
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import click

from jackfield.cli.screen import note, show, show_json, show_table
from jackfield.cli.session import Session
from jackfield.engine import Entry, Store
from jackfield.engine.model.change import Settled
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import matching_form
from jackfield.engine.state.database import WAIT_SECONDS
from jackfield.engine.state.opening import open_database
from jackfield.engine.state.renaming import rename_job
from jackfield.engine.state.store import opened
from jackfield.errors import ConfigurationError

SCHEMA = "jackfield.links/1"
OUTCOME = "link removed by hand"


@click.command("links")
@click.argument("job", default="")
@click.argument("user", default="")
@click.option("--remove", is_flag=True, help="Forget the link of USER; the account stays.")
@click.option(
    "--rename", nargs=2, metavar="OLD NEW", help="Give what is stored of job OLD to job NEW."
)
@click.option("--rebind", is_flag=True, help="The connection leads to the same accounts elsewhere.")
@click.option("--yes", "is_confirmed", is_flag=True, help="Remove it without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    job: str,
    user: str,
    *,
    rename: tuple[str, str] | None,
    as_json: bool,
    **flags: bool,
) -> None:
    """List who is linked to which account, forget one link, rename a job, or bind it anew.

    USER is a userName, a source id or a vendor's id. A person without a link is matched anew by the
    next run, as somebody it never saw; the account at the vendor is not touched.

    A job that got another name in the configuration knows nobody under it: with --rename the new
    name gets links, failures, log and all else that is stored of the old one.

    Links are bound to the vendor's tenant, and a job stops where its connection leads to another
    one. With --rebind each link of JOB is bound anew, as soon as a look shows that its account is
    there under its name; until then nothing is done to it.
    """
    session = Session.open(ctx.obj)
    rebind, removes = flags.pop("rebind"), flags["remove"]
    if rename and (job or rebind or removes):
        raise click.UsageError("--rename names its jobs itself: give nothing else")
    if rebind and (not job or user or removes):
        raise click.UsageError("--rebind needs JOB, and nothing else")
    if rename:
        _rename(session, *rename, as_json=as_json)
    elif rebind:
        _rebind(session, job, as_json=as_json)
    else:
        _list_or_remove(session, job, user, as_json=as_json, **flags)


def _rename(session: Session, old: str, new: str, *, as_json: bool) -> None:
    """Give the memory of one job to another.

    Raises: AlreadyRunning; ConfigurationError where the new name is in no configuration, the old
    one still is, or the new one has links.
    """
    session.configuration.check_job(new)
    if old in session.configuration.jobs:
        raise ConfigurationError(
            f"{old}: the configuration still has this job, and it would know nobody any more; "
            "rename it there first"
        )
    state = session.configuration.state
    if isinstance(state, Path) and not state.exists():
        raise ConfigurationError(f"{state}: nothing has run yet, so nobody is linked")
    with closing(open_database(state, WAIT_SECONDS)) as database:
        count = rename_job(database, old, new, by=_person())
    if as_json:
        show_json({"schema": SCHEMA, "renamed": {"from": old, "to": new, "links": count}})
    else:
        show(f"{new}: {count} links and all else that was stored of {old} are this job's now")


def _rebind(session: Session, job: str, *, as_json: bool) -> None:
    """Let the links of a job be bound to another tenant.

    Raises: AlreadyRunning; ConfigurationError where there is no such job.
    """
    session.configuration.check_job(job)
    with opened(session.configuration.state) as store, store.lease(job) as lease:
        count = store.under(lease).rebind(job)
    if as_json:
        show_json({"schema": SCHEMA, "rebound": {"job": job, "links": count}})
    else:
        show(f"{job}: {count} links are bound anew, each once its account was seen under its name")


def _list_or_remove(
    session: Session, job: str, user: str, *, remove: bool, is_confirmed: bool, as_json: bool
) -> None:
    if remove and not (job and user):
        raise click.UsageError("--remove needs JOB and USER")
    vanished = [one.job for one in session.vanished()] if not job else []
    names = (session.known(job),) if job else (*session.jobs(()), *vanished)
    state = session.configuration.state
    if isinstance(state, Path) and not state.exists():
        if remove:
            raise ConfigurationError(f"{state}: nothing has run yet, so nobody is linked")
        note(f"nothing has run yet: there is no {state}")
        found: dict[str, list[Link]] = {}
    else:
        with session.looked_at() as store:
            if remove:
                found = {job: [_removed(store, job, user, is_confirmed=is_confirmed)]}
            else:
                found = {name: _fitting(store, name, user) for name in names}
    rows = [(name, link) for name, several in found.items() for link in several]
    if as_json:
        links = [{"job": name, **asdict(link)} for name, link in rows]
        show_json({"schema": SCHEMA, "removed": remove, "links": links})
    elif remove:
        show(f"{job}: {_told(rows[0][1])}: no longer linked; the next run matches anew")
    elif rows:
        header = ("job", "user", "source id", "target id", "access")
        show_table(header, [_row(name, link) for name, link in rows])
    else:
        note("no link fits")


def _fitting(store: Store, job: str, user: str) -> list[Link]:
    links = store.links(job).values()
    return [link for link in links if not user or _is_of(link, user)]


def _is_of(link: Link, user: str) -> bool:
    return user in {link.source_id, link.target_id} or matching_form(user) in link.names


def _row(job: str, link: Link) -> tuple[str, ...]:
    access = "yes" if link.is_on else "taken away"
    return (job, link.user_name, link.source_id, link.target_id, access)


def _told(link: Link) -> str:
    return f"{link.user_name} (source id {link.source_id}, account {link.target_id})"


def _removed(store: Store, job: str, user: str, *, is_confirmed: bool) -> Link:
    """Forget one link while no run can, and log it.

    Raises: AlreadyRunning; ConfigurationError where not exactly one link fits, where a write about
    the person is still open, or where nobody confirms.
    """
    with store.lease(job) as lease:
        store = store.under(lease)
        known = store.links(job).get(user)
        link = known or _only(_fitting(store, job, user), job, user)
        if any(intent.source_id == link.source_id for intent in store.open_intents(job)):
            raise ConfigurationError(
                f"{job}: the end of a write about {_told(link)} is unknown; run the job first, it "
                "looks at the vendor"
            )
        if not is_confirmed:
            _ask(job, link)
        cycle_id = store.begin_cycle(job)
        removed = Settled(entry=_entry(job, cycle_id, link), is_unlinked=True)
        store.journal.write(job, settled=[removed])
        store.rows.forget(job, [link.source_id])
        store.jobs.set_watermark(job, "")
        counts = {"success": 1}
        store.end_cycle(cycle_id, OUTCOME, counts, is_whole=False)
    return link


def _only(found: list[Link], job: str, user: str) -> Link:
    if not found:
        raise ConfigurationError(f"{job}: nobody linked is known as {user}; see `jackfield links`")
    if len(found) > 1:
        told = "; ".join(map(_told, found))
        raise ConfigurationError(
            f"{job}: {user} is {len(found)} people: {told}; name one by source id"
        )
    return found[0]


def _ask(job: str, link: Link) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigurationError(f"{job}: {_told(link)}: add --yes to forget this link")
    note(f"{job}: {_told(link)}")
    click.confirm("Forget this link?", abort=True, err=True)


def _entry(job: str, cycle_id: str, link: Link) -> Entry:
    return Entry(
        change_id=str(uuid4()),
        cycle_id=cycle_id,
        job=job,
        at=dt.datetime.now(dt.UTC),
        action="unlink",
        status="success",
        source_id=link.source_id,
        user_name=link.user_name,
        place="",
        reason=f"{OUTCOME} by {_person()}",
        code="LinkRemoved",
        target_id=link.target_id,
    )


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "an unknown user"
