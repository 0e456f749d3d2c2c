"""Levels come from evidence that is about these very sources, and from its days."""

import datetime as dt
import json

import pytest

from jackfield import Registry
from jackfield.testing.contract.evidence import Evidence
from jackfield.testing.contract.levels import FILE, digest_of, level_at, level_of

TODAY = dt.date(2026, 11, 21)


@pytest.fixture
def package(tmp_path):
    (tmp_path / "connector.py").write_text("VALUE = 1\n")
    return tmp_path


def prove(package, **said):
    evidence = {"conforms_on": "2026-11-20", "recorded_on": None, "digest": digest_of(package)}
    (package / FILE).write_text(json.dumps(evidence | said))


def test_without_evidence_a_connector_loads(package):
    assert str(level_at(package, TODAY)) == "loads: the package has no evidence.json"


def test_evidence_of_these_sources_conforms(package):
    prove(package)

    assert level_at(package, TODAY).name == "conforms"
    assert level_at(package, TODAY).on == dt.date(2026, 11, 20)


def test_evidence_is_void_once_the_sources_change(package):
    prove(package)
    (package / "connector.py").write_text("VALUE = 2\n")

    assert str(level_at(package, TODAY)) == "loads: its evidence.json is about other sources"


@pytest.mark.parametrize(
    ("recorded_on", "level"),
    [
        ("2026-11-21", "verified"),
        ("2026-05-25", "verified"),
        ("2026-05-24", "recorded"),
        ("2026-11-22", "recorded"),
    ],
    ids=["today", "180 days ago", "181 days ago", "tomorrow"],
)
def test_recordings_of_the_last_180_days_verify(package, recorded_on, level):
    prove(package, recorded_on=recorded_on)

    assert level_at(package, TODAY).name == level


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"conforms_on": "soon"}'])
def test_damaged_evidence_proves_nothing(package, text):
    (package / FILE).write_text(text)

    assert str(level_at(package, TODAY)) == "loads: its evidence.json cannot be read"


def test_a_connector_that_does_not_load_is_broken():
    level = level_of("made-up", Registry(connectors={"made-up": dict}), TODAY)

    assert level.name == "broken"
    assert "capabilities" in level.lacks


@pytest.mark.parametrize(
    ("head", "day"),
    [
        ("# origin: recorded (tenant of ours, 2026-11-02)", dt.date(2026, 11, 2)),
        ("# origin: recorded (some day)", None),
        ("# origin: sandbox (jackfield_acme.sandbox, 2026-11-02)", None),
    ],
)
def test_only_a_dated_recording_of_the_live_vendor_counts(tmp_path, head, day):
    (tmp_path / "found.yaml").write_text(f"{head}\nversion: 1\ninteractions: []\n")

    assert Evidence({}, tmp_path).recorded_on("found") == day
