"""Points 1 and 2 of acceptance: each row of the tables, and each function, has its test."""

from pathlib import Path

import pytest

from jackfield.engine.expressions.table import FUNCTIONS

TESTS = Path(__file__).parent

ROWS = {
    "test_scope.py": """
        an_absent_attribute_passes_is_null_alone
        a_null_attribute_passes_is_null_alone
        an_empty_attribute_passes_is_null_alone
        an_equal_attribute
        an_attribute_in_other_case_is_another_value
        an_attribute_that_ends_with_the_value
        an_attribute_that_is_a_part_of_the_value
        several_values_without_a_quantifier_are_a_configuration_error
        a_boolean_attribute
        an_integer_attribute
    """,
    "test_nulls.py": """
        create_sends_a_value
        create_sends_the_default_where_there_is_nothing
        create_omits_what_has_neither_value_nor_default
        update_sends_a_value_that_differs
        update_sends_no_value_that_is_there_already
        update_omits_nothing_and_the_target_keeps_its_value
        update_with_clearing_sends_a_value_that_differs
        update_with_clearing_clears_the_target_and_ignores_the_default
        create_with_clearing_sends_the_default_all_the_same
        an_ignored_flow_clears_nothing
    """,
    "test_states.py": "row linked_and",
    "test_job_states.py": """
        attempts_in_quarantine_are_counted_from_the_first_failure
        any_successful_attempt_lifts_the_quarantine
        after_28_days_in_quarantine_the_job_is_disabled
    """,
    "test_cycle.py": "a_leaver_whose_account_has_a_new_id_is_disabled_under_it",
    "test_quarantine.py": """
        the_published_cases_end_as_published
        attempts_become_rarer_down_to_one_a_day
        a_job_is_switched_off_after_four_weeks
    """,
    "test_how.py": """
        refused_credentials_put_the_job_into_quarantine_until_a_good_cycle
        too_many_failures_put_the_job_into_quarantine
    """,
    "../cli/test_pause.py": "status_says_who_paused_it_and_why no_schedule_runs_a_paused_job",
    "../cli/test_status.py": "held_removals_are_a_quarantine_that_slows_nothing",
    "answers/test_vendor_answers.py": """
        filter_query_200_without_results_creates
        filter_query_404_puts_the_job_into_quarantine_at_once
        filter_query_200_with_several_results_is_a_failure_without_a_write
        filter_query_refused_is_a_configuration_error
        post_201_without_an_id_is_looked_up
        post_409_with_a_unique_hit_links_and_updates
        post_409_without_a_unique_hit_is_an_escrow
        get_by_id_404_matches_again_and_creates
        patch_404_is_an_invalid_anchor_and_the_next_cycle_matches_again
        an_account_to_delete_that_is_not_shown_is_gone_after_a_day_of_looks
    """,
    "answers/test_any_call.py": """
        any_401_after_the_renewal_puts_the_job_into_quarantine
        403_to_every_look_up_puts_the_job_into_quarantine
        any_429_is_waited_for_as_long_as_the_vendor_says
        any_5xx_or_timeout_of_a_read_is_repeated
        any_200_with_a_body_that_is_not_scim_proves_nothing
    """,
}


@pytest.mark.parametrize("file", ROWS)
def test_01_each_row_of_the_tables_is_one_test(file):
    text = next(TESTS.rglob(file)).read_text(encoding="utf-8")

    assert [name for name in ROWS[file].split() if f"\ndef test_{name}(" not in text] == []


def test_02_every_function_has_its_vectors():
    files = (TESTS / "expressions").glob("test_*.py")
    text = "".join(file.read_text(encoding="utf-8") for file in files)

    assert [name for name in FUNCTIONS if f"{name}(" not in text] == []
