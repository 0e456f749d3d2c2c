"""Checks of what a source hands over: who can be believed, and of whom nothing is concluded."""

import time
from typing import Any

import pytest

from jackfield.engine.read.check import LONGEST_ID, CheckedRead, check, settled_ids
from jackfield.errors import ConfigurationError, PluginFault
from jackfield.sources import Removal, SourceObject, SourceRead
from jackfield.sources.csv import CsvSettings, CsvSource

MANY = 100_000


def person(source_id: Any = "1", place: Any = "people.csv:2", **more: Any) -> SourceObject:
    attributes = more.pop("attributes", {"userPrincipalName": f"{source_id}@example.com"})
    return SourceObject(source_id, attributes, place, **more)


def truth(value: Any) -> SourceObject:
    return person(attributes={"userPrincipalName": "ana@example.com", "accountEnabled": value})


def read_of(*people: Any, **more: Any) -> SourceRead:
    return SourceRead(**{"objects": people, "is_complete": True, "attributes": frozenset(), **more})


def ids(checked: CheckedRead) -> list[str]:
    return [one.id for one in checked.read.objects]


# --- ids -----------------------------------------------------------------------------------------


def test_sound_read_is_handed_on_as_it_is():
    read = read_of(person("7"), person("P7"), person("p7"), person("ü 7"))

    checked = check(read)

    assert checked.read is read
    assert checked.faults == ()


def test_two_people_of_one_id_are_both_at_fault_and_neither_is_gone():
    read = read_of(
        person("7", "people.csv:3"), person("8"), person("7", "people.csv:9"), watermark="w"
    )

    checked = check(read)

    assert (ids(checked), checked.read.unknown) == (["8"], {"7"})
    assert (checked.read.is_complete, checked.read.watermark) == (True, "w")
    reason = "people.csv:3 and people.csv:9 have the one id 7; neither is touched"
    assert [(f.source_id, f.place, f.reason) for f in checked.faults] == [
        ("7", "people.csv:3", reason),
        ("7", "people.csv:9", reason),
    ]
    assert {fault.name for fault in checked.faults} == {"7@example.com"}


def test_the_same_row_twice_is_two_people_of_one_id():
    one = person("7")

    assert ids(check(read_of(one, person("7", one.place)))) == []
    assert len(check(read_of(one, one)).faults) == 2


def test_three_people_of_one_id_are_named_together():
    checked = check(read_of(*(person("7", f"row {n}") for n in range(3))))

    assert len(checked.faults) == 3
    assert checked.faults[0].reason.startswith("row 0 and row 1 and row 2 have")
    assert checked.faults[0].reason.endswith("none of them is touched")


@pytest.mark.parametrize(
    "wrong",
    ["", "  ", None, 7, True, ["7"], "a\x00b", "a\nb", "\ud800", "\x85", "x" * (LONGEST_ID + 1)],
    ids=ascii,
)
def test_person_without_a_usable_id_lets_nobody_be_taken_for_gone(wrong):
    checked = check(read_of(person(wrong, "people.csv:3"), person("8")))

    assert (ids(checked), checked.read.unknown) == (["8"], frozenset())
    assert not checked.read.is_complete
    assert checked.read.notes[-1].startswith("people.csv:3: no id tells who this is")
    (fault,) = checked.faults
    assert (fault.source_id, fault.place) == ("", "people.csv:3")
    assert "id" in fault.reason


def test_many_people_without_an_id_are_counted_in_one_sentence():
    checked = check(read_of(*(person("", f"row {n}") for n in range(9))))

    (note,) = checked.read.notes
    assert note.startswith("row 0, row 1, row 2 and 6 more: ")


def test_person_is_never_both_handed_over_and_unknown_or_removed():
    gone = (Removal("7", "hard"), Removal("9", "soft"))

    checked = check(read_of(person("7"), person("8"), unknown=frozenset({"7"}), removed=gone))

    assert (ids(checked), checked.read.unknown) == (["8"], {"7"})
    assert checked.read.removed == gone[1:]


# --- truths and shapes ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 1, "no", "yes", "inactive", "active", None, "", "0", ()])
def test_what_is_no_truth_is_the_rows_fault_and_enables_nobody(value):
    checked = check(read_of(truth(value), person("8")))

    assert (ids(checked), checked.read.unknown) == (["8"], {"1"})
    (fault,) = checked.faults
    assert (fault.place, fault.name) == ("people.csv:2", "ana@example.com")
    assert fault.reason == f"accountEnabled is {value!r}; write True or False"
    with pytest.raises(ConfigurationError, match=r"^people\.csv:2: accountEnabled is "):
        truth(value).is_enabled  # noqa: B018 - the question alone is refused


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), ("TRUE", True), ("False", False), ("fAlSe", False)],
)
def test_truth_is_a_boolean_or_its_word_in_any_case(value, expected):
    assert truth(value).is_enabled is expected
    assert check(read_of(truth(value))).faults == ()


def test_directory_that_does_not_say_lets_people_sign_in():
    assert person(attributes={}).is_enabled


WRONG = {
    "attributes None": {"attributes": None},
    "attributes list": {"attributes": [("mail", "a@example.com")]},
    "number": {"attributes": {"employeeId": 7}},
    "null": {"attributes": {"mail": None}},
    "list": {"attributes": {"otherMails": ["a@example.com"]}},
    "numbers": {"attributes": {"otherMails": (7,)}},
    "mapping": {"attributes": {"name": {"givenName": "Ana"}}},
    "name of no text": {"attributes": {7: "x"}},
    "roles None": {"roles": None},
    "roles text": {"roles": "Admin"},
    "roles list": {"roles": ["Admin"]},
    "roles of numbers": {"roles": (7,)},
    "assigned 0": {"is_assigned": 0},
    "assigned word": {"is_assigned": "yes"},
    "entitled None": {"is_entitled": None},
    "place None": {"place": None},
}


@pytest.mark.parametrize("how", WRONG)
def test_wrong_shape_is_that_rows_fault(how):
    checked = check(read_of(person("1", **WRONG[how]), person("8")))

    assert (ids(checked), checked.read.unknown) == (["8"], {"1"})
    assert [fault.source_id for fault in checked.faults] == ["1"]
    assert checked.read.is_complete


def test_texts_truths_and_several_texts_are_values():
    values = {"mail": "a@example.com", "flag": False, "otherMails": ("b@example.com", "c")}

    assert check(read_of(person(attributes=values))).faults == ()


NO_READ: dict[str, Any] = {
    "None": None,
    "document": {"objects": ()},
    "person is a document": read_of({"id": "7"}),
    "person is None": read_of(None),
    "nobody": read_of(objects=None),
    "text": read_of(objects="ana"),
    "mapping": read_of(objects={"7": person("7")}),
    "iterator": read_of(objects=iter(())),
    "complete in words": read_of(is_complete="no"),
    "delta None": read_of(is_delta=None),
    "attributes in a list": read_of(attributes=["mail"]),
    "unknown number": read_of(unknown={7}),
    "one note": read_of(notes="a note"),
    "no watermark": read_of(watermark=None),
    "removed id": read_of(removed=("7",)),
    "removed somehow": read_of(removed=(Removal("7", "perhaps"),)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("what", NO_READ)
def test_what_is_no_read_is_the_plugins_fault(what):
    with pytest.raises(PluginFault, match="the source hr broke the contract of sources") as caught:
        check(NO_READ[what], "hr")

    assert caught.value.connector == "hr"


# --- the people of a file ------------------------------------------------------------------------


def test_people_of_a_file_are_checked_by_their_ids_alone(tmp_path):
    rows = "".join(f"{n},p{n}@example.com,True\n" for n in range(MANY))
    (tmp_path / "people.csv").write_text(
        f"id,userPrincipalName,accountEnabled\n{rows}", encoding="utf-8"
    )
    read = CsvSource().read(CsvSettings(path="people.csv"), tmp_path)
    people: Any = read.objects
    people._table = None  # a walk would need it

    began = time.perf_counter()
    checked = check(read)

    assert checked.read is read
    assert time.perf_counter() - began < 0.5


# --- ids in another letter case ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read_ids", "linked_ids", "expected"),
    [
        (["p0001"], ["P0001"], {"p0001": "P0001"}),
        (["p1", "P2"], ["P1", "p2", "p3"], {"p1": "P1", "P2": "p2"}),
        (["P1"], ["P1"], {}),
        (["p1", "P1"], ["P1"], {}),
        (["p1"], ["P1", "p1"], {}),
        (["pA1", "Pa1"], ["PA1"], {}),
        (["pa1"], ["PA1", "Pa1"], {}),
        (["pa1", "Pa1"], ["PA1", "Pa1"], {}),
        (["p2"], ["P1"], {}),
        ([], ["P1"], {}),
    ],
)
def test_change_of_case_alone_is_settled_where_nothing_else_can_be_meant(
    read_ids, linked_ids, expected
):
    assert settled_ids(read_ids, linked_ids) == expected


def test_many_ids_are_settled_quickly():
    lower = [f"72f90000-0000-4000-9000-{n:012x}a" for n in range(MANY)]

    began = time.perf_counter()
    found = settled_ids(lower, map(str.upper, lower))

    assert len(found) == MANY
    assert time.perf_counter() - began < 5
