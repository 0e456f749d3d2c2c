"""`jackfield authorize`: an administrator says yes in the browser, and the grant is kept."""

import sys
import webbrowser

import click

from jackfield.cli.screen import note, show
from jackfield.cli.session import Session
from jackfield.connector import Connector
from jackfield.driver.loopback import listening
from jackfield.errors import ConfigurationError, CredentialsRefused
from jackfield.oauth import Pending


@click.command("authorize")
@click.argument("connection")
@click.option("--no-browser", is_flag=True, help="Print the page to open, and open none.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port of the callback URL; left out, a free one.",
)
@click.option(
    "--timeout",
    "timeout_seconds",
    type=click.FloatRange(min=1, max=3600),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the browser.",
)
@click.option("--paste", is_flag=True, help="Read the URL that the browser ends at from the input.")
@click.pass_context
def command(
    ctx: click.Context,
    connection: str,
    *,
    no_browser: bool,
    port: int,
    timeout_seconds: float,
    paste: bool,
) -> None:
    """Let an administrator authorise a connection in the browser.

    The callback URL is http://127.0.0.1:PORT/callback; most vendors want it registered with the
    app. Use --paste with --port where the browser runs on another machine.
    """
    if paste and not port:
        raise click.UsageError("--paste needs --port: the one of the registered callback URL")
    session = Session.open(ctx.obj)
    connector = session.configuration.connect(connection, session.registry)
    session.warn()
    with connector:
        if paste:
            pending, url = _pasted(connector, port)
        else:
            pending, url = _redirected(connector, port, timeout_seconds, is_opened=not no_browser)
        facts = connector.finish_authorization(pending, url)
    told = ", ".join(f"{fact} {text}" for fact, text in facts.items())
    show(f"{connection}: authorised" + (f": {told}" if told else ""))


def _redirected(
    connector: Connector, port: int, timeout_seconds: float, *, is_opened: bool
) -> tuple[Pending, str]:
    """Wait for the browser to come back to this machine."""
    try:
        with listening(port) as listener:
            pending = _begun(connector, listener.redirect_uri)
            if is_opened and not webbrowser.open(pending.url):
                note("no browser could be opened: open the page above by hand")
            return pending, listener.wait(timeout_seconds)
    except OSError as error:
        why = error.strerror or error
        raise ConfigurationError(
            f"nothing can listen on port {port} of this machine ({why}); name another with --port"
        ) from None


def _pasted(connector: Connector, port: int) -> tuple[Pending, str]:
    """Let a person carry the URL over from the browser of another machine."""
    pending = _begun(connector, f"http://127.0.0.1:{port}/callback")
    note("The browser ends at a page that it cannot show. Paste the URL of that page here:")
    url = sys.stdin.readline().strip() if sys.stdin is not None else ""
    if not url:
        raise CredentialsRefused("no URL was pasted; begin again")
    return pending, url


def _begun(connector: Connector, redirect_uri: str) -> Pending:
    pending = connector.begin_authorization(redirect_uri)
    note("Sign in to the vendor as an administrator, and agree, on this page:")
    show(pending.url)
    return pending
