"""Commands after which everybody is looked at anew, with a source that tells changes alone."""

import sys

import pytest

from jackfield.engine.state.store import opened

FEED = """
from jackfield.sources import SourceObject, SourceRead, SourceSettings

KNOWN = frozenset({"id", "userPrincipalName", "givenName", "surname", "displayName", "jobTitle"})


def person(name):
    values = {"id": name, "userPrincipalName": f"{name}@example.com", "displayName": name}
    return SourceObject(name, {**values, "givenName": name, "surname": "Lee"}, f"feed:{name}")


class FeedSource:
    settings = SourceSettings

    def read(self, settings, folder, since=None):
        if since is not None:
            return SourceRead((), False, KNOWN, watermark="w", is_delta=True)
        return SourceRead((person("ada"), person("bob")), True, KNOWN, watermark="w")
"""


@pytest.fixture
def fed(office, monkeypatch):
    """The office, its people from a feed of changes, after a first run."""
    plugin = office.folder / "plugin"
    info = plugin / "feed_source-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: feed-source\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[jackfield.sources]\nfeed = feed_source:FeedSource\n")
    (plugin / "feed_source.py").write_text(FEED)
    monkeypatch.syspath_prepend(plugin)
    text = office.config.read_text()
    office.config.write_text(text.replace('type = "csv"\npath = "people.csv"', 'type = "feed"'))
    assert office.call("run").exit_code == 0
    yield office
    sys.modules.pop("feed_source", None)


def linked(office) -> set[str]:
    with opened(office.folder / "jackfield.db") as store:
        return set(store.links("webex"))


def test_a_link_that_was_removed_is_made_anew(fed):
    fed.call("links", "webex", "ada", "--remove", "--yes")
    assert linked(fed) == {"bob"}

    fed.call("run")

    assert linked(fed) == {"ada", "bob"}


def test_links_that_were_forgotten_are_made_anew(fed):
    fed.call("restart", "webex", "--links", "--yes")
    assert linked(fed) == set()

    fed.call("run")

    assert linked(fed) == {"ada", "bob"}
