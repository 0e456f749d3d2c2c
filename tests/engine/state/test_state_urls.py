"""The password of a database stands in its URL in many ways, and is shown in none."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from support.canaries import canary, find_canary
from support.databases import postgresql
from support.frames import shown_with_variables

from jackfield import ConfigurationError
from jackfield.engine.configuration import Configuration
from jackfield.engine.state.facts import look_at_state
from jackfield.engine.state.store import Store, opened
from jackfield.engine.state.urls import DatabaseUrl, connection_of, shown_url

PASSWORD = canary("database-password")
PLACE = "127.0.0.1:9/x"
URLS = [
    f"postgresql://bob:{PASSWORD}@{PLACE}",
    f"postgresql://{PLACE}?user=bob&password={PASSWORD}",
    f"postgresql://bob:other@{PLACE}?password={PASSWORD}",
    f"postgresql://bob@{PLACE}?password=other&password={PASSWORD}",
    f"postgresql://bob:x@{PASSWORD}@{PLACE}",
    f"postgresql://bob:x/{PASSWORD}@{PLACE}",
    f"postgresql://bob:x?{PASSWORD}@{PLACE}",
    f"postgresql://bob:%2F{PASSWORD}%40@{PLACE}",
    f"postgresql://{PLACE}?sslmode=disable&sslpassword={PASSWORD}",
    f"postgresql://{PLACE}?passfile=/no/{PASSWORD}",
    f"postgresql://{PLACE}?options=-cmy.key%3D{PASSWORD}",
    f"postgresql://{PLACE}?Password={PASSWORD}",
    f"postgresql://{PLACE}?passwrd={PASSWORD}",
    f"postgres://bob:{PASSWORD}@{PLACE}",
    f"mysql://bob:{PASSWORD}@{PLACE}",
    f"postgresql://bob:{PASSWORD}@127.0.0.1:nine/x",
]


@pytest.fixture(autouse=True)
def _psycopg():
    pytest.importorskip("psycopg")


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("way", [Store.connect, look_at_state], ids=["open", "look"])
def test_a_database_that_cannot_be_opened_is_told_without_its_password(url, way):
    with pytest.raises(ConfigurationError) as caught:
        way(url)

    assert find_canary(shown_with_variables(caught.value)) == ""


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_shown_without_its_password(url):
    hidden = DatabaseUrl(url)

    assert find_canary(f"{shown_url(url)} {hidden} {hidden!r} {hidden!s}") == ""
    assert hidden == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://bob:pw@h:5433/x", "postgresql://bob:***@h:5433/x"),
        ("postgresql://bob@h/x", "postgresql://bob@h/x"),
        ("postgresql:///x?host=/run/pg&user=bob", "postgresql:///x?host=/run/pg&user=bob"),
        ("postgresql://h/x?user=bob&password=pw", "postgresql://h/x?user=bob&password=***"),
        ("postgresql://h/x?sslpassword=pw&sslmode=require", "sslpassword=***&sslmode=require"),
        ("postgresql://bob:p@w@h/x", "postgresql://bob:***@***@h/x"),
        ("postgresql://h:port/x", "***"),
    ],
)
def test_what_is_no_secret_of_a_url_is_shown(url, shown):
    assert shown_url(url).endswith(shown)


def test_parameters_that_are_not_shown_reach_the_driver_apart():
    url, apart = connection_of("postgresql://bob@h/x?password=pw&options=-cx%3D1&sslmode=require")

    assert (url.password, dict(url.query)) == ("pw", {"sslmode": "require"})
    assert apart == {"options": "-cx=1"}


def test_a_password_among_the_parameters_opens_the_database():
    with postgresql() as server:
        url = sa.make_url(server).set(password=None)
        place = url.update_query_dict({"password": PASSWORD}).render_as_string(False)

        with opened(place) as store:
            name = store._database.name
        facts = look_at_state(place)

    assert find_canary(name) == ""
    assert facts.format > 0


@pytest.mark.parametrize("reference", [True, False], ids=["by reference", "in the file"])
@pytest.mark.holds_secrets("a plain URL stands in the file", "jackfield.toml")
def test_a_configuration_does_not_show_where_its_state_is(tmp_path: Path, monkeypatch, reference):
    url = f"postgresql://{PLACE}?user=bob&password={PASSWORD}"
    monkeypatch.setenv("STATE_URL", url)
    path = tmp_path / "jackfield.toml"
    path.write_text(f'schema_version = 1\nstate = "{"env:STATE_URL" if reference else url}"\n')

    configuration = Configuration.load(path)

    assert configuration.state == url
    assert find_canary(f"{configuration} {configuration.file!r} {configuration.state!r}") == ""
    assert find_canary(f"{configuration.state}") == ""
