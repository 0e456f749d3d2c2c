"""Scenarios of look-ups and listings; each rests on the author's evidence."""

from jackfield.errors import AmbiguousMatch
from jackfield.resources import NotFound, Page, User
from jackfield.scim import read
from jackfield.testing.contract.case import Broken, Case
from jackfield.testing.contract.judging import all_used, error, fail, no_write, result
from jackfield.testing.contract.vendor import Operation, Script, Told


def signs_in(case: Case) -> None:
    told = case.bench.ask(lambda calls: calls.authenticate(), Script(sign_in=case.sign_in))
    if told.error is not None or told.vendor.problem:
        raise fail("authenticate returns a Token", told)
    unused = len(case.sign_in) - len(told.vendor.asked)
    if unused:
        raise fail("every answer of `token` is used", told, f"the last {unused} were not")


def found(case: Case) -> None:
    name = "get_user: found"
    told = case.ask(name, lambda calls: calls.get_user(case.key))
    user = result(told, User, f"the user with {case.key}")
    path, value = case.key.path, case.key.value
    if str(read(user.to_scim(), path)).lower() != value.lower():
        kept = read(user.to_scim(), path)
        raise fail(f"the user with {case.key}", told, f"its {path} is {kept!r}")
    _end(case, name, told)


def found_by_id(case: Case) -> None:
    name = "get_user: found by id"
    told = case.ask(name, lambda calls: calls.get_user(case.user_id))
    result(told, User, f"the user {case.user_id}")
    _end(case, name, told)


def absent(case: Case) -> None:
    name = "get_user: absent"
    told = case.ask(name, lambda calls: calls.get_user(case.key))
    result(told, NotFound, "NotFound: absence is an answer, no error")
    _end(case, name, told)


def unknown_id(case: Case) -> None:
    name = "get_user: unknown id"
    told = case.ask(name, lambda calls: calls.get_user(case.unknown_id))
    result(told, NotFound, f"NotFound for the id {case.unknown_id}")
    _end(case, name, told)


def ambiguous(case: Case) -> None:
    name = "get_user: ambiguous match"
    told = case.ask(name, lambda calls: calls.get_user(case.key))
    raised = error(told, AmbiguousMatch, "AmbiguousMatch, for several users have the value")
    if len(set(raised.user_ids)) < 2:
        raise fail("AmbiguousMatch names the users", told, f"user_ids is {raised.user_ids!r}")
    _end(case, name, told)


def listed(case: Case) -> None:
    """Walk through the pages, each answered by what is left of the evidence.

    Its last page ends the walk, too, for one more may be asked for as proof of the end.
    """
    name = "list_users: all"
    answers, ids = case.answers(name), set[str]()
    cursor: str | None = None
    seen = set[str | None]()
    while cursor not in seen:
        seen.add(cursor)
        told = case.ask_with(_page_at(cursor), answers)
        page = result(told, Page, "a Page of users")
        no_write(told, "a listing only reads")
        ids |= {user.id or "" for user in page.users}
        answers = answers[len(answers) - told.vendor.left_count :]
        if page.next_cursor is None or not (answers or page.next_cursor in seen):
            _check_listing(case, ids, len(answers))
            return
        cursor = page.next_cursor
    raise Broken(f"expected: the listing ends\nhappened: the cursor {cursor!r} came again")


def _page_at(cursor: str | None) -> Operation:
    return lambda calls: calls.list_page(cursor)


def _check_listing(case: Case, ids: set[str], left: int) -> None:
    if case.user_id not in ids:
        raise Broken(
            f"expected: the listing holds the user {case.user_id}\nhappened: it holds {sorted(ids)}"
        )
    if left and case.is_written("list_users: all"):
        raise Broken(f"expected: every page is read\nhappened: {left} exchanges were not used")


def _end(case: Case, name: str, told: Told) -> None:
    no_write(told, "a look-up only reads")
    if case.is_written(name):
        all_used(told)
