"""`jackfield test`: whether a connection works, and if not, which part of it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import click

from jackfield.cli.exits import Exit, exit_of, sentence_of
from jackfield.cli.screen import complain, show, show_json
from jackfield.cli.session import Session
from jackfield.connector import Connector
from jackfield.errors import AmbiguousMatch, ProvisioningError, VendorBroken
from jackfield.resources import MatchKey, User

SCHEMA = "jackfield.test/1"


@click.command("test")
@click.argument("connections", nargs=-1, metavar="[CONNECTION]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, connections: tuple[str, ...], *, as_json: bool) -> None:
    """Try connections: credentials, and one look-up of a made-up user.

    Nothing is written. Without CONNECTION, every one of the configuration is tried.
    """
    session = Session.open(ctx.obj)
    trials = _Trials(session, is_shown=not as_json)
    code = session.each(session.connections(connections), trials.add, trials.fail)
    if as_json:
        show_json({"schema": SCHEMA, "connections": trials.documents})
    ctx.exit(code)


class _Trials:
    """The trials of one command, shown as they are made."""

    def __init__(self, session: Session, *, is_shown: bool) -> None:
        self._session = session
        self._is_shown = is_shown
        self.documents: list[dict[str, Any]] = []

    def add(self, name: str) -> Exit:
        connector = self._session.configuration.connect(name, self._session.registry)
        self._session.warn()
        with connector:
            for part, attempt in _parts(connector):
                try:
                    self._note(name, part, attempt())
                except ProvisioningError as error:
                    complain(error, f"{name}: {part}", debug=self._session.options.debug)
                    self.fail(name, error, part)
                    return exit_of(error)
        return Exit.FINE

    def fail(self, name: str, error: Exception, part: str = "settings") -> None:
        self.documents.append(
            {"connection": name, "part": part, "works": False, "detail": sentence_of(error)}
        )

    def _note(self, name: str, part: str, detail: str) -> None:
        self.documents.append({"connection": name, "part": part, "works": True, "detail": detail})
        if self._is_shown:
            show(f"{name}: {part} works: {detail}")


def _parts(connector: Connector) -> tuple[tuple[str, Callable[[], str]], ...]:
    known = connector.capabilities.match_on
    path = "userName" if "userName" in known else next(iter(known), "userName")
    key = MatchKey(path, str(uuid4()))
    return (
        ("authentication", lambda: _authenticate(connector)),
        (f"look-up by {path}", lambda: look_up(connector, key)),
    )


def _authenticate(connector: Connector) -> str:
    facts = connector.authenticate().items()
    return ", ".join(f"{fact} {text}" for fact, text in facts) or "the credentials are good"


def look_up(connector: Connector, key: MatchKey) -> str:
    """Look for somebody who cannot exist.

    Raises: VendorBroken where somebody is found all the same.
    """
    try:
        found = isinstance(connector.get_user(key), User)
    except AmbiguousMatch:
        found = True
    if found:
        raise VendorBroken(
            f"the vendor found somebody named {key.value}, a name just made up, so it ignores the "
            "filter: run no job on this connection"
        )
    return f'{key.path} eq "{key.value}" found nobody, as expected'
