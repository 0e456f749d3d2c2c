"""`jackfield test`: does a connection work, and if not, which part of it?"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import click

from jackfield.cli.app import Options
from jackfield.cli.exits import Exit
from jackfield.cli.screen import note, show
from jackfield.cli.session import Session
from jackfield.connector import Connector
from jackfield.errors import AmbiguousMatch, ProvisioningError
from jackfield.resources import MatchKey, NotFound

_IGNORED = (
    "the vendor found somebody of a made-up name, so it ignores the filter; do not run jobs on "
    "this connection, and report it to the author of the connector"
)


@click.command("test")
@click.argument("connections", nargs=-1, metavar="[CONNECTION]...")
@click.pass_context
def command(ctx: click.Context, connections: tuple[str, ...]) -> None:
    """Try connections: credentials, and one look-up of a made-up user.

    Nothing is written. Without CONNECTION, every one of the configuration is tried.
    """
    options: Options = ctx.obj
    session = Session.open(options)

    def act(name: str) -> Exit:
        connector = session.configuration.connect(name, session.registry)
        session.warn()
        with connector:
            return _try(name, connector)

    ctx.exit(session.each(session.connections(connections), act))


def _try(name: str, connector: Connector) -> Exit:
    with _part(name, "authentication"):
        facts = connector.authenticate()
    told = ", ".join(f"{fact} {text}" for fact, text in facts.items())
    show(f"{name}: authentication works{f': {told}' if told else ''}")
    known = connector.capabilities.match_on
    path = "userName" if "userName" in known else next(iter(known), "userName")
    key = MatchKey(path, str(uuid4()))
    with _part(name, f'the look-up {path} eq "{key.value}"'):
        is_fine = _finds_nobody(connector, key)
    if not is_fine:
        note(f"error: {name}: {_IGNORED}", colour="red")
        return Exit.ERROR
    show(f'{name}: the look-up {path} eq "{key.value}" works: nobody, as expected')
    return Exit.FINE


def _finds_nobody(connector: Connector, key: MatchKey) -> bool:
    try:
        return isinstance(connector.get_user(key), NotFound)
    except AmbiguousMatch:
        return False


@contextmanager
def _part(name: str, what: str) -> Iterator[None]:
    """Say which part failed; the error itself goes on."""
    try:
        yield
    except ProvisioningError:
        show(f"{name}: {what} failed", colour="red")
        raise
