"""The provisioning steps of each entry: how far everybody came, and where it ended."""

import pytest
from support.company import Company, person

from jackfield import AttributeMapping
from jackfield.engine import Entry, GuardLimits
from jackfield.engine.log.masking import masked
from jackfield.engine.model.entry import LogFilter
from jackfield.engine.model.plan import AttributeChange
from jackfield.testing.sandbox import Fault

STRICT = GuardLimits(people=0, percent=0)


def newest(firm: Company) -> Entry:
    """Return the newest entry, as the store gives it back."""
    return firm.store.log(LogFilter())[-1]


def told(entry: Entry) -> list[tuple[str, str]]:
    return [(step.type, step.status) for step in entry.steps]


def said(entry: Entry, type_: str) -> str:
    return next(step.description for step in entry.steps if step.type == type_)


WHOLE = [
    ("import", "success"),
    ("scoping", "success"),
    ("matching", "success"),
    ("processing", "success"),
    ("export", "success"),
]


@pytest.fixture
def hired(firm: Company) -> Company:
    """One person, and another who stays as they are."""
    firm.people = [person(2), person(1)]
    firm.run()
    return firm


def test_somebody_new_goes_through_every_step(hired: Company):
    entry = newest(hired)

    assert told(entry) == WHOLE
    assert said(entry, "import") == "read at people.csv:2"
    assert said(entry, "scoping") == "in scope"
    assert said(entry, "matching") == "nobody was found by userName"
    assert said(entry, "processing").startswith("create with userName, name.givenName")
    assert said(entry, "export") == "nobody has this userName"


def test_a_change_of_somebody_linked_names_the_account(hired: Company):
    hired.people = [person(2), person(1, jobTitle="Lead")]
    hired.run()

    entry = newest(hired)

    assert told(entry) == WHOLE
    assert said(entry, "matching") == f"linked to the account {entry.target_id}"
    assert said(entry, "processing") == "update with title"


def test_an_account_that_was_there_was_found(firm: Company):
    [there] = firm.vendor.seed([{"userName": "person1@example.com", "active": True}])
    firm.people = [person(1)]
    firm.run()

    entry = newest(firm)

    assert said(entry, "matching") == f"the account {there['id']} was found by userName"


def test_a_leaver_is_out_of_scope_and_exported(hired: Company):
    hired.people = [person(2), person(1, accountEnabled="False")]
    hired.run()

    entry = newest(hired)

    assert told(entry) == WHOLE
    assert said(entry, "scoping") == entry.reason != "in scope"
    assert said(entry, "processing") == "disable with active"


def test_who_is_gone_was_not_read(hired: Company):
    hired.people = [person(2)]
    hired.run()

    assert said(newest(hired), "import") == "not in the source any more"
    assert told(newest(hired)) == WHOLE


def test_a_held_removal_is_not_exported(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1)]
    firm.run(guard=STRICT)

    entry = newest(firm)

    assert entry.status == "held"
    assert told(entry) == [*WHOLE[:-1], ("export", "skipped")]


def test_who_is_out_of_scope_without_an_account_ends_there(firm: Company):
    firm.people = [person(1, accountEnabled="False")]
    firm.run()

    assert told(newest(firm)) == [("import", "success"), ("scoping", "skipped")]


def test_two_people_of_one_name_fail_in_matching(firm: Company):
    firm.people = [person(1), person(2, userPrincipalName="person1@example.com")]
    firm.run()

    assert told(newest(firm)) == [*WHOLE[:2], ("matching", "failure")]


def test_who_lacks_what_the_vendor_requires_fails_in_processing(firm: Company):
    firm.people = [person(1, surname="")]
    firm.run()

    assert told(newest(firm)) == [*WHOLE[:3], ("processing", "failure")]


def test_a_refused_write_fails_in_export(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", status=400))
    firm.people = [person(1)]
    firm.run()

    assert told(newest(firm)) == [*WHOLE[:-1], ("export", "failure")]


def test_a_write_in_doubt_is_a_warning(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.vendor.faults.add(Fault(method="GET", status=500, after=1, times=9))
    firm.people = [person(1)]
    firm.run()

    entry = newest(firm)

    assert (entry.status, told(entry)[-1]) == ("in_doubt", ("export", "warning"))


# --- values ---------------------------------------------------------------------------------------

CHANGES = (AttributeChange("title", "Clerk", "Lead"), AttributeChange("active", None, False))


def shown(values, source_id="id-1", hidden=()):
    found = masked(CHANGES, hidden=hidden, values=values, source_id=source_id)
    return [(change.old, change.new) for change in found]


def test_full_values_are_kept_but_for_secrets():
    assert shown("full") == [("Clerk", "Lead"), (None, False)]
    assert shown("full", hidden={"title"}) == [("[Redact]", "[Redact]"), (None, False)]


def test_names_alone_keep_no_value_not_even_a_false_one():
    assert shown("names") == [("[Redact]", "[Redact]"), (None, "[Redact]")]


def test_a_hash_tells_values_apart_and_people_too():
    [(old, new), (nothing, _)] = shown("hashed")

    assert nothing is None
    assert len({old, new, *shown("hashed", "id-2")[0]}) == 4
    assert shown("hashed") == shown("hashed")
    assert shown("hashed", hidden={"title"})[0] == ("[Redact]", "[Redact]")


def test_what_the_vendor_kept_of_a_secret_is_not_told(firm: Company):
    """A warning names the attribute; its value stays out of the reason as of the changes."""
    firm.vendor.faults.add(Fault(method="POST", rewrite={"title": "Told-Nobody"}))
    secret = AttributeMapping("title", expression="Redact([jobTitle])")
    others = [line for line in firm.job().mappings if line.target != "title"]
    firm.people = [person(1)]

    firm.run(mappings=(*others, secret))

    entry = newest(firm)
    assert entry.status == "warning"
    assert entry.reason.endswith("the vendor kept other values: title")
    assert "Told-Nobody" not in str(entry.to_json())
