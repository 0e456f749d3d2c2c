import sqlite3
import stat
from pathlib import Path

import pytest
from support.company import Company, person

from jackfield import ConfigurationError
from jackfield.engine import Store
from jackfield.engine.model.change import Change
from jackfield.engine.model.entry import LogFilter


def test_the_state_is_readable_by_its_owner_alone(tmp_path: Path):
    Store.open(tmp_path / "deep" / "jackfield.db").close()

    assert stat.S_IMODE((tmp_path / "deep" / "jackfield.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700


def test_a_damaged_state_is_refused_and_never_replaced(tmp_path: Path):
    file = tmp_path / "jackfield.db"
    file.write_bytes(b"this is no database" * 100)

    with pytest.raises(ConfigurationError, match="restore it from a backup"):
        Store.open(file)

    assert file.read_bytes().startswith(b"this is no database")


def test_a_state_of_another_version_is_refused(tmp_path: Path):
    file = tmp_path / "jackfield.db"
    Store.open(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE meta SET version = 99")
    connection.close()

    with pytest.raises(ConfigurationError, match="its format is 99"):
        Store.open(file)


def test_an_intent_is_on_the_disk_before_the_request_and_closed_after_it(firm: Company):
    firm.people = [person(1)]
    plan = firm.plan()
    cycle_id = firm.store.begin_cycle("example")

    firm.store.journal.write("example", ahead=[Change("c-1", cycle_id, plan.steps[0])])

    (intent,) = firm.store.open_intents("example")
    assert (intent.action, intent.source_id) == ("create", "id-1")
    assert firm.store.open_intents("another") == []


def test_the_log_is_found_by_any_name_a_person_ever_had(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1, userPrincipalName="married@example.com"), person(2)]
    firm.run()

    for name in ("person1@example.com", "MARRIED@example.com", "id-1"):
        story = firm.store.log(LogFilter(user=name))
        assert [entry.action for entry in story] == ["create", "update"], name


def test_the_log_is_filtered_by_job_status_and_length(firm: Company):
    firm.people = [person(1), person(2, surname="")]
    firm.run()

    assert len(firm.store.log(LogFilter(status="failure"))) == 1
    assert len(firm.store.log(LogFilter(limit=1))) == 1
    assert firm.store.log(LogFilter(job="another")) == []


def test_a_log_entry_has_the_member_names_of_microsoft_graph(firm: Company):
    firm.people = [person(1)]
    (entry,) = firm.run().entries

    document = entry.to_json()

    assert document["provisioningAction"] == "create"
    assert document["provisioningStatusInfo"]["status"] == "success"
    assert document["sourceIdentity"] == {"id": "id-1", "place": "people.csv:2"}
    assert document["modifiedProperties"][0]["newValue"] == "person1@example.com"
