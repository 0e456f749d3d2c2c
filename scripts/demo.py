"""A month at a company of two hundred: five vendors, and what Jackfield does for them.

Nothing leaves this machine: the vendors are imitated on loopback, in processes of their own.
"""

import os
import shlex
import shutil
import string
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jackfield_fuze.sandbox import FuzeSandbox
from jackfield_ringcentral.sandbox import RingCentralSandbox
from jackfield_vonage.sandbox import VonageSandbox
from jackfield_webex.sandbox import WebexSandbox
from jackfield_zoom.sandbox import ZoomSandbox

DATA = Path(__file__).parent / "demo_data"
VENDORS = ("webex", "zoom", "ringcentral", "vonage", "fuze")

ACCOUNTS = {
    "zoom_account": ZoomSandbox.ACCOUNT_ID,
    "zoom_client": ZoomSandbox.CLIENT_ID,
    "ringcentral_client": RingCentralSandbox.CLIENT_ID,
    "vonage_client": VonageSandbox.CLIENT_ID,
}

SECRETS = {
    "FUZE_TOKEN": FuzeSandbox.TOKEN,
    "RINGCENTRAL_JWT": RingCentralSandbox.JWT,
    "RINGCENTRAL_SECRET": RingCentralSandbox.CLIENT_SECRET,
    "VONAGE_PASSWORD": VonageSandbox.PASSWORD,
    "VONAGE_SECRET": VonageSandbox.CLIENT_SECRET,
    "WEBEX_TOKEN": WebexSandbox.TOKEN,
    "ZOOM_SECRET": ZoomSandbox.CLIENT_SECRET,
}

ONE_NAME = """
[[jobs.{job}.mappings]]   # people with one name only
target = "name.givenName"
source = "givenName"
default = "-"
"""

IS_TERMINAL = sys.stdout.isatty() and "NO_COLOR" not in os.environ
HEAD, COMMAND, OFF = ("\033[1;36m", "\033[1m", "\033[0m") if IS_TERMINAL else ("", "", "")
ALL_GOOD, SOME_FAILED, HELD = 0, 4, 5
MOST_LINES, LAST_LINES = 16, 4


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
        """Put another export of the directory where the jobs read it."""
        print(f"\n{COMMAND}$ cp exports/{name} people.csv{OFF}", flush=True)
        shutil.copy(DATA / name, self.folder / "people.csv")

    def configure(self, text: str) -> None:
        """Add lines to the configuration and show them."""
        print(f"\n{COMMAND}$ cat >> jackfield.toml{OFF}")
        print(textwrap.indent(text.strip(), "  "), flush=True)
        with (self.folder / "jackfield.toml").open("a") as file:
            file.write(text)

    def jackfield(self, *arguments: str, expect: int = ALL_GOOD) -> None:
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
        print("\n".join(_shortened(ended.stdout.rstrip().splitlines())), flush=True)
        if ended.returncode != expect:
            sys.exit(f"\ndemo: exit code {ended.returncode} was not expected here")


def _shortened(lines: list[str]) -> Iterator[str]:
    """Yield the lines of an answer; of a long one the beginning, the end, and how much is left."""
    if len(lines) <= MOST_LINES + LAST_LINES + 1:
        yield from (f"  {line}" for line in lines)
        return
    yield from (f"  {line}" for line in lines[:MOST_LINES])
    yield f"  … {len(lines) - MOST_LINES - LAST_LINES} more lines …"
    yield from (f"  {line}" for line in lines[-LAST_LINES:])


@contextmanager
def sandbox(vendor: str) -> Iterator[str]:
    """Serve an imitated vendor in a process of its own; give its origin."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"jackfield_{vendor}.sandbox", "--port", "0", "--unlimited"],
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
    """Tell how two hundred people get their accounts."""
    demo.tell(
        "The vendors answer",
        """Before anything else: are the credentials good, which organization do they belong to,
        and can users be looked up?""",
    )
    demo.jackfield("test")

    demo.tell(
        "What would happen",
        """november.csv is what Entra's "Download users" gives: 200 people. A plan reads the vendor
        and writes nothing, so it can be looked at in peace.""",
    )
    demo.export("november.csv")
    demo.jackfield("plan", "webex")

    demo.tell(
        "Let it happen",
        """The run does what the plan said, at all five vendors, and writes down every decision.
        One person fails alone and stops nobody else.""",
    )
    demo.jackfield("run", expect=SOME_FAILED)

    demo.tell(
        "Why not Sukarsa?",
        """He has one name only, and two of the vendors want a given name. A line for the mapping
        says what to send instead.""",
    )
    demo.jackfield("log", "sukarsa@example.com", "--job", "vonage")
    demo.configure(ONE_NAME.format(job="vonage") + ONE_NAME.format(job="ringcentral"))
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
        """Zuri joined, Katarzyna married and moved to another team, and Benoît left.""",
    )
    demo.export("december.csv")
    demo.jackfield("plan", "ringcentral")
    demo.jackfield("run")

    demo.tell(
        "A bad day",
        """Somebody exports the directory with a filter on, and more than two thirds of the company
        are missing from the file. People who are gone from the source would be disabled at the
        vendor: the guard holds that until a person has read the list.""",
    )
    demo.export("accident.csv")
    demo.jackfield("run", "webex", expect=HELD)

    demo.tell(
        "All is well again",
        "With the right file in place nothing is left of the accident.",
    )
    demo.export("december.csv")
    demo.jackfield("run")

    demo.tell("One person's story", "Why does Katarzyna's account look the way it does?")
    demo.jackfield("log", "katarzyna.sliwinska@example.com", "--job", "webex")


def main() -> None:
    """Set the scene, tell the story, tidy up."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jackfield-demo-")))
        origins = {vendor: stack.enter_context(sandbox(vendor)) for vendor in VENDORS}
        template = (DATA / "jackfield.toml").read_text()
        text = string.Template(template).substitute(origins | ACCOUNTS)
        (folder / "jackfield.toml").write_text(text)
        shutil.copytree(DATA, folder / "exports", ignore=shutil.ignore_patterns("*.toml"))
        print("Jackfield plugs a company's directory into its communication vendors.")
        print("jackfield.toml says it all; the other four vendors stand there alike:\n")
        print(textwrap.indent(text.partition("\n[connections.zoom]")[0], "  "), end="")
        demo = Demo(folder, {**os.environ, **SECRETS})
        first_day(demo)
        a_month_later(demo)
        print(f"\n{HEAD}That was it.{OFF} Your own file: see the README, section First steps.")


if __name__ == "__main__":
    main()
