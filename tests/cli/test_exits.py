"""The exit codes, which scripts rely on."""

from dataclasses import replace

import pytest
from support.states import entry

from jackfield.cli.exits import ADVICE, Exit, Terminated, exit_of, sentence_of, worst
from jackfield.cli.results import exit_of_result
from jackfield.engine import CycleResult, Plan
from jackfield.engine.model.codes import NEXT_CYCLE
from jackfield.errors import (
    AlreadyRunning,
    ConfigurationError,
    ConnectorError,
    CredentialsRefused,
    NotSent,
    ProvisioningError,
    VendorBroken,
)


def test_codes_are_the_published_ones():
    assert {code.name: int(code) for code in Exit} == {
        "FINE": 0,
        "ERROR": 1,
        "USAGE": 2,
        "CHANGES": 3,
        "SOME_FAILED": 4,
        "HELD": 5,
        "UNAUTHORISED": 6,
        "BUSY": 7,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("x"), Exit.ERROR),
        (NotSent("x"), Exit.ERROR),
        (CredentialsRefused("x"), Exit.UNAUTHORISED),
        (AlreadyRunning("x"), Exit.BUSY),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (Terminated(), Exit.TERMINATED),
        (RuntimeError("x"), Exit.ERROR),
    ],
    ids=lambda given: type(given).__name__,
)
def test_error_has_its_code(error, code):
    assert exit_of(error) == code


def test_worst_code_is_not_the_highest_number():
    assert worst([Exit.FINE, Exit.HELD, Exit.ERROR, Exit.BUSY]) == Exit.ERROR
    assert worst([Exit.SOME_FAILED, Exit.HELD]) == Exit.HELD
    assert worst([]) == Exit.FINE


def test_vendor_error_names_subject_request_and_remedy():
    error = VendorBroken("the vendor answered 500")
    error.request_id = "abc-1"

    said = sentence_of(error, "webex")

    assert said.startswith("webex: the vendor answered 500 (request id abc-1); run again later")


def test_error_that_names_its_job_is_not_prefixed():
    error = ConfigurationError("jackfield.toml: jobs.webex: wrong")

    assert sentence_of(error, "webex") == "jackfield.toml: jobs.webex: wrong"


def test_unexpected_error_shows_its_first_line_alone():
    said = sentence_of(RuntimeError("boom\n[parameters: ('ada@example.com',)]"), "webex")

    assert said.startswith("webex: unexpected RuntimeError: boom; run again with --debug")


def test_advice_is_given_for_known_errors_alone():
    assert all(issubclass(kind, ProvisioningError) for kind in ADVICE)
    assert ConnectorError not in ADVICE


@pytest.mark.parametrize(("code", "expected"), [("", Exit.FINE), (NEXT_CYCLE, Exit.SOME_FAILED)])
def test_whoever_keeps_an_access_until_the_next_cycle_is_no_success(code: str, expected: Exit):
    told = replace(entry("c-1"), status="skipped", code=code)
    plan = Plan("example", (), source_count=1, linked_count=1, is_complete=True)

    assert exit_of_result(CycleResult("c-1", plan, (told,))) is expected
