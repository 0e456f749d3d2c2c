"""`jackfield doctor`: whether everything around the jobs is well."""

import os
import platform
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, entry_points, requires, version
from pathlib import Path
from typing import Literal, TypeAlias

import click
from pydantic import BaseModel

from jackfield.cli.app import Options
from jackfield.cli.commands.schema import secret_settings
from jackfield.cli.exits import Exit, sentence_of
from jackfield.cli.results import doubts_told
from jackfield.cli.screen import show, show_json
from jackfield.connector import Connector
from jackfield.driver.addresses import Reach
from jackfield.driver.transport import Limits, SyncTransport, Wire
from jackfield.engine.configuration import Configuration
from jackfield.engine.configuration.sources import GROUP, load_source
from jackfield.engine.configuration.vanished import vanished_jobs
from jackfield.engine.state.facts import StateFacts, look_at_state
from jackfield.engine.state.sqlite_file import check_place
from jackfield.engine.state.tables import SCHEMA_VERSION
from jackfield.errors import ProvisioningError
from jackfield.references import is_reference
from jackfield.registry import Registry

SCHEMA = "jackfield.doctor/1"
Health: TypeAlias = Literal["fine", "warning", "wrong"]
COLOURS: dict[Health, str] = {"fine": "green", "warning": "yellow", "wrong": "red"}

LEAST_FREE_BYTES = 200 * 1024 * 1024
SKEW_NOTED_SECONDS = 30.0
SKEW_WRONG_SECONDS = 300.0
"""Vendors refuse signed tokens, and tokens seem good for too long, from about here on."""
PROBE = Limits(deadline_seconds=10.0, connect_seconds=5.0, body_bytes=1024 * 1024)

IGNORED = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
)
"""Variables that other programs obey and connections here do not."""

_PACKAGE = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `detail` says what to do where it is not fine."""

    area: str
    subject: str
    health: Health
    detail: str


Checks: TypeAlias = Iterator[Check]


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Ask no vendor what time it is.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, *, offline: bool, as_json: bool) -> None:
    """Look whether everything around the jobs is well.

    Plugins, Python and packages, state, clock, environment, permissions of secrets. Each vendor is
    asked for its first page once, without credentials, for the time it has. Changes nothing; exits
    with 1 where something is wrong.
    """
    checks = list(_checks(ctx.obj, offline=offline))
    if as_json:
        show_json({"schema": SCHEMA, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            line = f"{check.health:7}  {check.area}: {check.subject}: {check.detail}"
            show(line, colour=None if check.health == "fine" else COLOURS[check.health])
    ctx.exit(Exit.ERROR if any(check.health == "wrong" for check in checks) else Exit.FINE)


def _checks(options: Options, *, offline: bool) -> Checks:
    registry = Registry()
    yield from _guarded("python", _python)
    yield from _guarded("connector", lambda: _connectors(registry))
    yield from _guarded("source", _sources)
    yield from _guarded("environment", _environment)
    if not options.config.exists():
        detail = "there is none; `jackfield init` writes one, --config names another"
        yield Check("configuration", str(options.config), "warning", detail)
        return
    try:
        configuration = Configuration.load(options.config)
    except ProvisioningError as error:
        yield Check("configuration", str(options.config), "wrong", str(error))
        return
    yield Check("configuration", str(options.config), "fine", "it can be read")
    yield from _guarded("state", lambda: _state(configuration))
    yield from _guarded("connection", lambda: _connections(configuration, registry, offline))
    yield from _guarded("secrets", lambda: _secrets(configuration, registry))


def _guarded(area: str, look: Callable[[], Checks]) -> Checks:
    """Yield what one part finds; what breaks it stops no other part."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - a look at what may be broken
        yield Check(area, "this look", "wrong", sentence_of(error))


def _python() -> Checks:
    yield Check(
        "python", platform.python_version(), "fine", f"{sys.executable}, {platform.system()}"
    )
    for text in requires("jackfield") or ():
        name, _, condition = text.partition(";")
        package = _PACKAGE.match(name.strip())
        if package is None or ("extra" in condition and "engine" not in condition):
            continue
        try:
            found = version(package[0])
        except PackageNotFoundError:
            detail = f'{name.strip()} is missing: pip install "jackfield[engine]"'
            yield Check("package", package[0], "wrong", detail)
            continue
        yield Check("package", package[0], "fine", found)
    yield Check("package", "jackfield", "fine", version("jackfield"))


def _connectors(registry: Registry) -> Checks:
    names = dict.fromkeys(listing.name for listing in registry.connectors())
    if not names:
        yield Check("connector", "none", "warning", "install one: pip install jackfield-webex")
    for name in names:
        found = registry.inspect(name)
        package = f"{found.package} {found.version}".strip()
        if found.problem:
            detail = f"{found.problem}; update or uninstall {found.package}"
            yield Check("connector", name, "wrong", detail)
        else:
            yield Check("connector", name, "fine", package)


def _sources() -> Checks:
    installed = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    for name in dict.fromkeys(entry.name for entry in installed):
        packages = {
            f"{e.dist.name} {e.dist.version}" for e in installed if e.name == name and e.dist
        }
        told = ", ".join(sorted(packages)) or "an unknown package"
        try:
            load_source(name)
        except ProvisioningError as error:
            yield Check("source", name, "wrong", f"{error}; update or uninstall it ({told})")
        else:
            yield Check("source", name, "fine", told)


def _environment() -> Checks:
    """Look for variables that do not do what somebody may expect; values may hold passwords."""
    found = [name for one in IGNORED for name in (one, one.lower()) if os.environ.get(name)]
    for name in dict.fromkeys(found):
        detail = "is set and ignored: connections go out directly and trust certifi's authorities"
        yield Check("environment", name, "warning", detail)
    if os.environ.get("SSLKEYLOGFILE"):
        detail = "is set: whoever reads that file can read all traffic, tokens included; unset it"
        yield Check("environment", "SSLKEYLOGFILE", "wrong", detail)
    if not found and not os.environ.get("SSLKEYLOGFILE"):
        yield Check("environment", "proxy and TLS variables", "fine", "none is set")


def _state(configuration: Configuration) -> Checks:
    state = configuration.state
    if isinstance(state, Path):
        yield from _place(state)
        if not state.exists():
            return
        name = str(state)
    else:
        name = "PostgreSQL"
    try:
        if isinstance(state, Path):
            check_place(state)
        facts = look_at_state(state)
    except Exception as error:  # noqa: BLE001 - whatever the database says
        yield Check("state", name, "wrong", sentence_of(error))
        return
    yield from _facts(name, facts)
    for vanished in vanished_jobs(facts, configuration.jobs):
        yield Check("state", f"job {vanished.job}", "warning", str(vanished))


def _place(state: Path) -> Checks:
    folder = next(each for each in state.absolute().parents if each.exists())
    free = shutil.disk_usage(folder).free
    enough = free >= LEAST_FREE_BYTES
    yield Check(
        "state",
        f"disk of {folder}",
        "fine" if enough else "wrong",
        f"{_size(free)} free" + ("" if enough else "; free some: no run goes on without"),
    )
    if not state.exists():
        yield Check("state", str(state), "fine", "there is none before the first run")
        return
    files = [Path(f"{state}{end}") for end in ("", "-wal", "-shm")]
    size = sum(path.stat().st_size for path in files if path.exists())
    yield Check("state", str(state), "fine", f"{_size(size)} large")
    yield from (check for path in files for check in _private(path, "state"))


def _facts(name: str, facts: StateFacts) -> Checks:
    if facts.format > SCHEMA_VERSION:
        detail = f"format {facts.format}, newer than {SCHEMA_VERSION}; install a newer Jackfield"
        yield Check("state", name, "wrong", detail)
        return
    older = "" if facts.format == SCHEMA_VERSION else "; the next run brings it up to date"
    yield Check("state", name, "fine", f"format {facts.format}{older}")
    for lease in facts.leases:
        seen = f"last heard of {lease.heartbeat_at.astimezone():%Y-%m-%d %H:%M:%S %z}"
        if lease.is_live:
            yield Check("state", f"job {lease.job}", "fine", f"run by {lease.holder}, {seen}")
        else:
            detail = f"{lease.holder} ended without a word, {seen}; the next run takes over"
            yield Check("state", f"job {lease.job}", "warning", detail)
    for job, count in facts.doubts.items():
        yield Check("state", f"job {job}", "warning", doubts_told(count))
    for job, count in facts.unseen.items():
        detail = f"{count} linked accounts are not seen at the vendor; they may be on"
        yield Check("state", f"job {job}", "warning", detail)
    for job, count in facts.open_intents.items():
        if any(lease.job == job and lease.is_live for lease in facts.leases):
            continue
        detail = f"{count} writes of unknown end; run it: it looks at the vendor first"
        yield Check("state", f"job {job}", "warning", detail)


def _connections(configuration: Configuration, registry: Registry, offline: bool) -> Checks:
    for name in configuration.connections:
        table = configuration.file.connections[name]
        try:
            connector = registry.connect(
                table.connector, table.settings, folder=configuration.folder
            )
        except ProvisioningError as error:
            yield Check("connection", name, "wrong", str(error))
            continue
        with connector:
            # A vendor's usual hosts count where the settings name no other: a sandbox does.
            origins = sorted(connector.settings.origins() or connector.capabilities.hosts)
            if offline or not origins:
                yield Check("connection", name, "fine", "its settings are complete")
            for origin in () if offline else origins:
                yield _clock(name, connector, origin)


def _clock(name: str, connector: Connector, origin: str) -> Check:
    settings = connector.settings
    reach = Reach(loopback=settings.allow_loopback, private=settings.allow_private_network)
    transport = SyncTransport(PROBE, reach)
    began = time.time()
    try:
        answer = transport.send(Wire("HEAD", f"{origin}/", {"accept": "*/*"}))
    except ProvisioningError as error:
        return Check("connection", name, "wrong", f"{origin}: {sentence_of(error)}")
    finally:
        transport.close()
    middle = (began + time.time()) / 2
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return Check("connection", name, "fine", f"{origin} answers, and does not tell the time")
    # The header has whole seconds, cut off.
    skew = middle - theirs - 0.5
    if abs(skew) < SKEW_NOTED_SECONDS:
        return Check("connection", name, "fine", f"{origin} answers, and has the same time")
    health: Health = "wrong" if abs(skew) >= SKEW_WRONG_SECONDS else "warning"
    way = "ahead of" if skew > 0 else "behind"
    detail = f"this clock is {abs(skew):.0f} s {way} {origin}; synchronise it (NTP)"
    return Check("connection", name, health, detail)


def _secrets(configuration: Configuration, registry: Registry) -> Checks:
    plain = _holds_plain_secrets(configuration, registry)
    tables = {**configuration.file.sources, **configuration.file.connections}
    given = [value for table in tables.values() for value in table.settings.values()]
    texts = [value for value in (*given, configuration.file.state) if isinstance(value, str)]
    named = [configuration.folder / t.removeprefix("file:") for t in texts if t.startswith("file:")]
    state = configuration.state
    beside = state.parent if isinstance(state, Path) else configuration.folder
    found = [
        check
        for path in (
            *dict.fromkeys(named),
            *sorted((beside / "grants").glob("*.json")),
            *((configuration.path,) if plain else ()),
        )
        for check in _private(path, "secrets")
    ]
    yield from found
    if not found:
        yield Check("secrets", "files", "fine", "none can be read by other users")


def _holds_plain_secrets(configuration: Configuration, registry: Registry) -> bool:
    file = configuration.file
    for connection in file.connections.values():
        with suppress(ProvisioningError):
            model = registry.load(connection.connector).settings
            if _has_plain(model, connection.settings):
                return True
    for source in file.sources.values():
        with suppress(ProvisioningError):
            if _has_plain(load_source(source.type).settings, source.settings):
                return True
    return False


def _has_plain(model: type[BaseModel], given: Mapping[str, object]) -> bool:
    secret = secret_settings(model)
    return any(name in secret and not is_reference(value) for name, value in given.items())


def _private(path: Path, area: str) -> Checks:
    """Complain of a file that other users can read; on Windows nothing is known of that."""
    if os.name != "posix" or not path.exists():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        detail = f"other users can read or write it (mode {mode:04o}): chmod 600 {path}"
        yield Check(area, str(path), "wrong", detail)


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
