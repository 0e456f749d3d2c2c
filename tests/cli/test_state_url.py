"""Commands whose state is a database tell where it is, and never its password."""

import pytest
from support.canaries import canary, find_canary

PASSWORD = canary("database-password")
COMMANDS = ["run", "status", "doctor", "plan", "log", "links", "pause", "prune", "validate", "test"]
URLS = {
    "a parameter": f"postgresql://127.0.0.1:9/x?user=bob&password={PASSWORD}",
    "the usual place": f"postgresql://bob:{PASSWORD}@127.0.0.1:9/x",
    "not escaped": f"postgresql://bob:x@{PASSWORD}@127.0.0.1:9/x",
    "no URL": f"postgresql://bob:{PASSWORD}@127.0.0.1:nine/x",
    "another database": f"mysql://127.0.0.1:9/x?user=bob&password={PASSWORD}",
}


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.holds_secrets("a plain URL stands in the file", "jackfield.toml")
def test_no_command_shows_the_password_of_the_database(office, command, url):
    pytest.importorskip("psycopg")
    office.config.write_text(f'state = "{URLS[url]}"\n{office.config.read_text()}')

    done = office.call(command, *(["webex"] if command in {"links", "pause"} else []))

    assert find_canary(done.output + done.stderr) == ""


def test_the_place_of_the_database_is_told(office):
    pytest.importorskip("psycopg")
    office.config.write_text(
        f'state = "postgresql://127.0.0.1:9/x?user=bob&password=pw"\n{office.config.read_text()}'
    )

    done = office.call("run")

    assert "postgresql://127.0.0.1:9/x?user=bob&password=***" in done.stderr
