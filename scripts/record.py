"""Record the scenarios of a connector into cassettes/VENDOR/SCENARIO.yaml.

Without --live the vendor is its sandbox on this machine; no account is needed, nothing leaves.

With --live it is a real tenant, which must be one for tests, without real people. Credentials are
read from the environment, one variable a setting, as JACKFIELD_WEBEX_CLIENT_SECRET; each holds a
reference, never the secret: env:NAME, file:/path or keyring:service/user. JACKFIELD_WEBEX_DOMAIN, a
plain name, is the tenant's mail domain, replaced by example.com. Only scenarios that need nothing
prepared and leave no user behind are played. Read the difference before you commit it.
"""

import argparse
import datetime as dt
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from jackfield import ConfigurationError, ConnectorSettings, ProvisioningError, Registry
from jackfield.references import is_reference
from jackfield.testing.cassette import UnsafeRecording, record
from jackfield.testing.sandbox import serve
from jackfield.testing.scenario import Scenario, SteppingClock, Suite, play, problems, settings_at

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"


class Unexpected(Exception):
    """The vendor, or we, did something else than the scenario says."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("vendor", help="the name of an installed connector, or all")
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help="left out: all of them")
    parser.add_argument("--live", action="store_true", help="record a real tenant; see above")
    options = parser.parse_args()
    failed = 0
    for suite in suites(options.vendor):
        for scenario in chosen(suite, options.scenarios, live=options.live):
            failed += not is_recorded(suite, scenario, live=options.live)
    return 1 if failed else 0


def suites(wanted: str) -> Iterator[Suite]:
    """Yield the scenarios of one connector, or of all that ship some."""
    if wanted != "all":
        yield suite_of(wanted)
        return
    for listing in Registry().connectors():
        try:
            yield suite_of(listing.name)
        except ProvisioningError as error:
            print(f"{listing.name}: left out, {error}", file=sys.stderr)


def suite_of(name: str) -> Suite:
    """Return the scenarios that a connector's package ships."""
    package = type(Registry().load(name)).__module__.partition(".")[0]
    if importlib.util.find_spec(f"{package}.scenarios") is None:
        raise ConfigurationError(f"{package} ships no scenarios")
    suite: Suite = importlib.import_module(f"{package}.scenarios").SUITE
    return suite


def chosen(suite: Suite, names: list[str], *, live: bool) -> list[Scenario]:
    known = {scenario.name: scenario for scenario in suite.scenarios}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(f"no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    wanted = [known[name] for name in names or known]
    return [scenario for scenario in wanted if scenario.is_live or not live]


def is_recorded(suite: Suite, scenario: Scenario, *, live: bool) -> bool:
    path = CASSETTES / suite.connector / f"{scenario.name}.yaml"
    try:
        (record_live if live else record_sandbox)(suite, scenario, path)
    except (UnsafeRecording, Unexpected) as error:
        print(f"{suite.connector}/{scenario.name}: {error}", file=sys.stderr)
        return False
    print(f"{suite.connector}/{scenario.name}")
    return True


def record_sandbox(suite: Suite, scenario: Scenario, path: Path) -> None:
    model: type[ConnectorSettings] = Registry().load(suite.connector).settings
    given = suite.settings_of(scenario)
    defaults = model.model_validate(given)
    sandbox = suite.sandbox()
    scenario.prepare(sandbox)
    clock = SteppingClock()
    with ExitStack() as stack:
        served = {real: stack.enter_context(serve(sandbox)) for real in sorted(defaults.origins())}
        settings = {**given, **settings_at(defaults, served)}
        connector = stack.enter_context(
            Registry().connect(suite.connector, settings, clock=clock.clock)
        )
        rename = {local: real for real, local in served.items()}
        with record(
            path,
            origin="sandbox",
            source=suite.source,
            rename=rename,
            secrets=defaults.secrets(),
            allowed=suite.allowed,
        ):
            check(problems(scenario, play(scenario, connector, sandbox), clock.slept))


def record_live(suite: Suite, scenario: Scenario, path: Path) -> None:
    with Registry().connect(suite.connector, live_settings(suite)) as connector:
        domain = os.environ.get(variable(suite, "domain"))
        with record(
            path,
            origin="recorded",
            source=f"live vendor, {dt.datetime.now(dt.UTC).date().isoformat()}",
            rename={domain: "example.com"} if domain else {},
            secrets=connector.settings.secrets(),
            allowed=suite.allowed,
        ):
            check(problems(scenario, play(scenario, connector)))


def live_settings(suite: Suite) -> dict[str, object]:
    """Return the settings named in the environment, the same ones that the sandbox takes.

    Raises: ConfigurationError where one is missing, or holds a value instead of a reference.
    """
    variables = {field: variable(suite, field) for field in suite.settings}
    missing = [name for name in variables.values() if name not in os.environ]
    if missing:
        raise ConfigurationError(f"--live needs credentials: set {', '.join(missing)}")
    found = {field: os.environ[name] for field, name in variables.items()}
    for field, value in found.items():
        if not is_reference(value):
            raise ConfigurationError(
                f"{variables[field]} must hold a reference (env:, file: or keyring:), not a value"
            )
    return dict(found)


def variable(suite: Suite, field: str) -> str:
    return f"JACKFIELD_{suite.connector}_{field}".upper()


def check(found: list[str]) -> None:
    if found:
        raise Unexpected("nothing was saved: " + "; ".join(found))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProvisioningError as error:
        sys.exit(f"error: {error}")
