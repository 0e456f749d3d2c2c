"""A month at a small company: fifty people, two vendors, and what Jackfield does for them.

Nothing leaves this machine: both vendors are imitated on loopback, in processes of their own.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jackfield_ringcentral.sandbox import RingCentralSandbox
from jackfield_webex.sandbox import WebexSandbox

PEOPLE = Path(__file__).parent / "demo_data"

CONFIGURATION = """\
schema_version = 1

[sources.people]
type = "csv"
path = "people.csv"

[connections.webex]
connector = "webex"
token = "env:WEBEX_TOKEN"
rest_url = "{webex}/v1"
scim_url = "{webex}/identity/scim"
allow_loopback = true               # only because this vendor is a sandbox

[connections.ringcentral]
connector = "ringcentral"
client_id = "{client_id}"
client_secret = "env:RINGCENTRAL_SECRET"
jwt = "env:RINGCENTRAL_JWT"
base_url = "{ringcentral}"
allow_loopback = true

[connections.ringcentral.rate_limits]   # what this vendor grants us, instead of 10 writes a minute
light = {{ requests = 3000, per_seconds = 60 }}
heavy = {{ requests = 3000, per_seconds = 60 }}

[jobs.webex]
source = "people"
connection = "webex"

[jobs.ringcentral]
source = "people"
connection = "ringcentral"
"""

SECRETS = {
    "WEBEX_TOKEN": WebexSandbox.TOKEN,
    "RINGCENTRAL_SECRET": RingCentralSandbox.CLIENT_SECRET,
    "RINGCENTRAL_JWT": RingCentralSandbox.JWT,
}

IS_TERMINAL = sys.stdout.isatty() and "NO_COLOR" not in os.environ
HEAD, COMMAND, OFF = ("\033[1;36m", "\033[1m", "\033[0m") if IS_TERMINAL else ("", "", "")
ALL_GOOD = frozenset({0})
HELD = frozenset({5})


class Demo:
    """A folder with one configuration file, and the commands given in it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = environment
        self._chapter = 0

    def tell(self, title: str, text: str) -> None:
        self._chapter += 1
        print(f"\n{HEAD}{self._chapter}. {title}{OFF}")
        print(textwrap.fill(" ".join(text.split()), width=96), flush=True)

    def export(self, name: str) -> None:
        """Put another export of the directory where the job reads it."""
        print(f"\n{COMMAND}$ cp exports/{name} people.csv{OFF}", flush=True)
        shutil.copy(self.folder / "exports" / name, self.folder / "people.csv")

    def jackfield(self, *arguments: str, expect: frozenset[int] = ALL_GOOD) -> str:
        """Run the command and show what it prints; an unexpected exit code ends the demo."""
        print(f"\n{COMMAND}$ jackfield {shlex.join(arguments)}{OFF}", flush=True)
        ended = subprocess.run(
            [sys.executable, "-m", "jackfield", *arguments],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(textwrap.indent(ended.stdout.rstrip(), "  "), flush=True)
        if ended.returncode not in expect:
            sys.exit(f"\ndemo: exit code {ended.returncode} was not expected here")
        return ended.stdout


@contextmanager
def sandbox(module: str) -> Iterator[str]:
    """Serve an imitated vendor in a process of its own; give its origin."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--port", "0", "--unlimited"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def first_day(demo: Demo) -> None:
    """Tell how fifty people get their accounts."""
    demo.tell(
        "The vendors answer",
        """Before anything else: are the credentials good, which organization do they belong to,
        and can users be looked up?""",
    )
    demo.jackfield("test")

    demo.tell(
        "What would happen",
        """november.csv is what Entra's "Download users" gives: 50 people. A plan reads the vendor
        and writes nothing, so it can be looked at in peace.""",
    )
    demo.export("november.csv")
    demo.jackfield("plan", "webex")

    demo.tell(
        "Let it happen",
        "The run does what the plan said, at both vendors, and writes down every decision.",
    )
    demo.jackfield("run")

    demo.tell(
        "Once is enough",
        "The same command again finds nothing to do; it does not even ask the vendors.",
    )
    demo.jackfield("run")


def a_month_later(demo: Demo) -> None:
    """Tell how people come, change and leave, and what the guard is for."""
    demo.tell(
        "A month later",
        """Two people joined. Chloe married and has a new name and address; Ana and Jamal moved to
        another team and another city. Étienne left, and Anneliese is disabled in the directory.""",
    )
    demo.export("december.csv")
    demo.jackfield("plan", "ringcentral")
    demo.jackfield("run")

    demo.tell(
        "A bad day",
        """Somebody exports the directory with a filter on, and more than half of the company is
        missing from the file. People who are gone from the source would be disabled at the vendor:
        the guard holds that until a person has read the list.""",
    )
    demo.export("accident.csv")
    demo.jackfield("run", "webex", expect=HELD)

    demo.tell(
        "All is well again",
        "With the right file in place nothing is left of the accident.",
    )
    demo.export("december.csv")
    demo.jackfield("run")

    demo.tell("One person's story", "Why does Chloe's account look the way it does?")
    demo.jackfield("log", "chloe.bergeron@example.com")


def main() -> None:
    """Set the scene, tell the story, tidy up."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jackfield-demo-")))
        webex = stack.enter_context(sandbox("jackfield_webex.sandbox"))
        ringcentral = stack.enter_context(sandbox("jackfield_ringcentral.sandbox"))
        text = CONFIGURATION.format(
            webex=webex, ringcentral=ringcentral, client_id=RingCentralSandbox.CLIENT_ID
        )
        (folder / "jackfield.toml").write_text(text)
        shutil.copytree(PEOPLE, folder / "exports")
        print("Jackfield plugs a company's directory into its communication vendors.")
        print("This is the whole configuration, jackfield.toml; secrets stand elsewhere:\n")
        print(textwrap.indent(text, "  "), end="")
        demo = Demo(folder, {**os.environ, **SECRETS})
        first_day(demo)
        a_month_later(demo)
        print(f"\n{HEAD}That was it.{OFF} Your own file: see the README, section First steps.")


if __name__ == "__main__":
    main()
