"""`jackfield restart`: forget what a job remembers, so that it begins anew."""

from typing import Any

import click

from jackfield.cli.screen import show, show_json
from jackfield.cli.session import Session
from jackfield.engine.model.job_state import JobState, RestartScope
from jackfield.engine.state.store import opened

SCHEMA = "jackfield.restart/1"

USUAL: tuple[RestartScope, ...] = ("watermark", "escrows", "quarantine")
"""What is forgotten where nothing is named, as by the button in Microsoft Entra."""

TOLD: dict[RestartScope, str] = {
    "watermark": "the next cycle reads the whole source and compares everybody",
    "escrows": "whoever failed is tried again at once",
    "quarantine": "the job runs at its usual interval again",
    "links": "everybody is matched anew, and nobody who left before that is disabled",
}


@click.command("restart")
@click.argument("job")
@click.option("--watermark", is_flag=True, help="Compare everybody again.")
@click.option("--escrows", is_flag=True, help="Forget who failed, and their pauses.")
@click.option("--quarantine", is_flag=True, help="End a quarantine, or enable a disabled job.")
@click.option("--links", is_flag=True, help="Forget who is who at the vendor; needs --yes.")
@click.option("--yes", is_flag=True, help="Really forget the links.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, /, job: str, *, yes: bool, as_json: bool, **flags: bool) -> None:
    """Let a job begin anew: forget its watermark, failures and quarantine.

    Name what to forget, or nothing for these three. The next cycle does the work; no vendor is
    written to now.
    """
    scopes = tuple(scope for scope in TOLD if flags[scope]) or USUAL
    if "links" in scopes and not yes:
        raise click.UsageError(
            "--links forgets who is who at the vendor: everybody is matched anew, and whoever left "
            "the source before that keeps the account; add --yes where that is meant"
        )
    session = Session.open(ctx.obj)
    session.known(job)
    with opened(session.configuration.state) as store, store.lease(job) as lease:
        ours = store.under(lease)
        before = store.jobs.get(job)
        counts = {"escrows": len(store.escrows.all(job)), "links": len(store.links(job))}
        ours.jobs.restart(job, scopes)
    had = {scope: _had(scope, before, counts) for scope in scopes}
    if as_json:
        show_json({"schema": SCHEMA, "job": job, "forgotten": _document(had)})
        return
    for scope in scopes:
        show(f"{job}: {scope} forgotten ({had[scope]}): {TOLD[scope]}")


def _had(scope: RestartScope, before: JobState, counts: dict[str, int]) -> str:
    """Return what there was to forget."""
    if scope == "watermark":
        return "there was one" if before.watermark else "there was none"
    if scope == "quarantine":
        why = "" if before.quarantine is None else f": {before.quarantine.error}"
        return f"the job was {before.status}{why}"
    return f"there were {counts[scope]}"


def _document(had: dict[RestartScope, str]) -> list[dict[str, Any]]:
    return [{"scope": scope, "before": text, "effect": TOLD[scope]} for scope, text in had.items()]
