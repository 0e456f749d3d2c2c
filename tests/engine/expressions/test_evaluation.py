import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jackfield.engine.expressions import (
    AllTaken,
    Environment,
    Expression,
    ExpressionError,
    Role,
)

AT = datetime(2021, 7, 2, 15, 33, 38, tzinfo=UTC)
SEVERAL = 'SelectUniqueValue([a], [b], Append([a], "2"))'


def test_flow_is_ignored_when_the_value_is_null_or_empty(result_of):
    text = "IgnoreFlowIfNullOrEmpty([department])"

    assert result_of(text).outcome == "ignore"
    assert result_of(text, {"department": ""}).outcome == "ignore"
    assert result_of(text, {"department": ()}).outcome == "ignore"
    assert result_of(text, {"department": "Sales"}).value == "Sales"


def test_flow_ignored_inside_another_function_is_ignored_as_a_whole(result_of):
    assert result_of('Append(IgnoreFlowIfNullOrEmpty([x]), "a")').outcome == "ignore"


def test_redacted_value_flows_and_is_not_shown(result_of):
    result = result_of('Append(Redact([x]), "!")', {"x": "secret"})

    assert result.value == "secret!"
    assert result.logged == "[Redact]"
    assert "secret" not in repr(result)


def test_result_shows_its_value(result_of):
    assert repr(result_of("CStr([x])", {"x": "a"})) == "Result('value', 'a')"


def test_only_the_chosen_branch_is_evaluated(value_of):
    bad = "Item([x], 0)"

    assert value_of(f"IIF(1, 2, {bad})") == 2
    assert value_of(f"Switch(1, {bad}, 1, 2, {bad}, {bad})") == 2
    assert value_of(f"Coalesce(1, {bad})") == 1
    assert value_of(f"SelectUniqueValue(1, {bad})", {}, lambda _: False) == "1"


def test_first_value_that_is_free_is_selected(value_of):
    taken = {"ada"}

    assert value_of(SEVERAL, {"a": "ada", "b": ""}, taken.__contains__) == "ada2"
    assert value_of(SEVERAL, {"a": "bob"}, taken.__contains__) == "bob"


def test_no_free_value_holds_the_source_object(value_of):
    with pytest.raises(AllTaken, match="all 2 candidates are in use in the target"):
        value_of(SEVERAL, {"a": "ada"}, lambda _: True)


def test_error_names_the_inner_function_and_its_place(value_of):
    with pytest.raises(ExpressionError, match="Mid at line 2, column 3: the start is below 1"):
        value_of('Append("a",\n  Mid([b], 0, 1))', {"b": "c"})


def test_random_string_keeps_its_minima(value_of):
    value = value_of('RandomString(10,2,2,2,1,"?,")')

    assert len(value) == 10
    assert len(re.findall(r"[0-9]", value)) >= 2
    assert len(re.findall(r"[A-Z]", value)) >= 2
    assert len(re.findall(r"[a-z]", value)) >= 1
    assert len(re.findall(r"[^A-Za-z0-9]", value)) >= 2
    assert not set(value) & set("?,")


def test_random_string_uses_no_class_that_is_not_asked_for(value_of):
    assert re.fullmatch("[0-9a-z]{200}", value_of("RandomString(200,3,0,0,3)"))
    assert re.fullmatch("[0-9A-Za-z]{200}", value_of("RandomString(200,0,0,0,0)"))


@pytest.mark.parametrize(
    "text",
    [
        'RandomString(3,1,0,0,0,"0123456789")',
        "RandomString(3,[low],0,0,0)",
        "RandomString([high],0,0,0,0)",
        "RandomString(3,2,[high],0,0)",
        "RandomString(3,0,0,0,0,[every])",
    ],
)
def test_random_string_that_cannot_be_is_an_error(value_of, text):
    every = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

    with pytest.raises(ExpressionError, match="RandomString"):
        value_of(text, {"low": -1, "high": 300, "every": every})


def test_guid_is_a_version_4_uuid(value_of):
    version_4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

    assert re.fullmatch(version_4, value_of("Guid()"))


def test_role_is_written_as_entra_does():
    assert Role("admin", "Administrator").to_scim() == {
        "primary": False,
        "type": "WindowsAzureActiveDirectoryRole",
        "display": "Administrator",
        "value": "admin",
    }


def test_instant_has_to_be_in_utc():
    with pytest.raises(ValueError, match="UTC"):
        Environment(AT.replace(tzinfo=None))
    with pytest.raises(ValueError, match="UTC"):
        Environment(AT.astimezone(timezone(timedelta(hours=1))))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("CStr([x])", {"x": "a" * 70_000}),
        ("Count([x])", {"x": ("",) * 70_000}),
        ("Append([x], [x])", {"x": "a" * 40_000}),
        ("ConvertToBase64([x])", {"x": "a" * 60_000}),
        ('Replace([x], "a", , , [x])', {"x": "a" * 60_000}),
        ('Replace([x], "a", , , , , [x])', {"x": "a" * 60_000}),
        ('Replace([x], , "a", , [x])', {"x": "a" * 60_000}),
        ('Replace([x], , "a+", , "$0$0$0")', {"x": "a" * 60_000}),
        (f"Join(1{', [x]' * 1900})", {"x": "a" * 60_000}),
        (f"Join(1{', PCase([x])' * 700})", {"x": "aA" * 30_000}),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_value_that_is_too_large_is_an_error(value_of, text, values):
    with pytest.raises(ExpressionError, match=r"longer than 65536|too long for this expression"):
        value_of(text, values)


def test_evaluation_reaches_no_attribute_of_python(value_of):
    assert value_of("CStr([__class__])") is None
    with pytest.raises(ExpressionError):
        value_of("CStr([x])", {"x": object()})


def test_text_is_left_alone_by_what_it_looks_like(value_of):
    assert value_of('Append([x], "")', {"x": "[mail] Guid()"}) == "[mail] Guid()"


FORMATS = (
    ("yyyy-MM-ddTHH:mm:ss.fffZ", "2021-07-02T15:33:38.120Z"),
    ("o", "2021-07-02T15:33:38.1200000Z"),
    ("s", "2021-07-02T15:33:38"),
    ("u", "2021-07-02 15:33:38Z"),
    ("R", "Fri, 02 Jul 2021 15:33:38 GMT"),
    ("d", "07/02/2021"),
    ("%d", "2"),
    ("d.M.yy h:m:s t", "2.7.21 3:33:38 P"),
    ("dddd, d MMMM yyyy", "Friday, 2 July 2021"),
    ("ddd d MMM", "Fri 2 Jul"),
    ("hh tt", "03 PM"),
    ("H 'o''clock' \\\\h", "15 oclock h"),
    ("ss.FFFFF", "38.12"),
    ("HH:mmzzz zz %z".replace("%z", "z"), "15:33+00:00 +00 +0"),
    ("yyyy-MM-ddK", "2021-07-02Z"),
    ("yyy y", "2021 21"),
)


@pytest.mark.parametrize(("wanted", "expected"), FORMATS, ids=[row[0] for row in FORMATS])
def test_date_is_written_in_a_dotnet_format(value_of, wanted, expected):
    text = f'FormatDateTime([d], , "yyyy-MM-dd HH:mm:ss.ffK", "{wanted}")'

    assert value_of(text, {"d": "2021-07-02 17:33:38.12+02:00"}) == expected


READ = (
    ("d/M/yyyy", "2/7/2021", "2021-07-02T00:00:00.000"),
    ("dd.MM.yy", "02.07.49", "2049-07-02T00:00:00.000"),
    ("dd.MM.yy", "02.07.50", "1950-07-02T00:00:00.000"),
    ("yyyyMMdd", "20210702", "2021-07-02T00:00:00.000"),
    ("yyyy", "2021", "2021-01-01T00:00:00.000"),
    ("M/d/yyyy h:mm:ss tt", "12/31/2020 12:00:01 am", "2020-12-31T00:00:01.000"),
    ("M/d/yyyy h:mm t", "12/31/2020 12:05 P", "2020-12-31T12:05:00.000"),
    ("ddd, d MMM yyyy", "fri, 2 JUL 2021", "2021-07-02T00:00:00.000"),
    ("d MMMM yyyy", "2 July 2021", "2021-07-02T00:00:00.000"),
    ("yyyy-MM-dd HH:mmzzz", "2021-07-02 01:00+02:30", "2021-07-01T22:30:00.000"),
    ("yyyy-MM-dd HH:mmzz", "2021-07-02 01:00-05", "2021-07-02T06:00:00.000"),
    ("yyyy-MM-ddTHH:mm:ssK", "2021-07-02T01:00:00", "2021-07-02T01:00:00.000"),
    ("yyyy-MM-dd ss.FFF", "2021-07-02 01.2", "2021-07-02T00:00:01.200"),
    ("yyyy-MM-dd", "  2021-07-02 ", "2021-07-02T00:00:00.000"),
)


@pytest.mark.parametrize(("given", "date", "expected"), READ, ids=[f"{r[0]} {r[1]}" for r in READ])
def test_date_is_read_in_a_dotnet_format(value_of, given, date, expected):
    text = f'FormatDateTime([d], , "{given}", "yyyy-MM-ddTHH:mm:ss.fff")'

    assert value_of(text, {"d": date}) == expected


@pytest.mark.parametrize(
    ("given", "date"),
    [
        ("yyyy-MM-dd", "2021-7-02"),
        ("yyyy-MM-dd", "2021-02-29"),
        ("yyyy-MM-dd", "2021-07-02T00:00"),
        ("yyyy-MM-dd h tt", "2021-07-02 13 PM"),
        ("yyyy-MM-ddzzz", "2021-07-02+99:00"),
        ("yyyy-MM-dd", "202\u0661-07-02"),
    ],
)
def test_date_in_another_format_is_an_error(value_of, given, date):
    with pytest.raises(ExpressionError, match="does not have the input format"):
        value_of(f'FormatDateTime([d], , "{given}", "yyyy")', {"d": date})


def test_styles_decide_on_spaces(value_of):
    text = 'FormatDateTime([d], "{}", "yyyy-MM-dd", "yyyy")'

    assert value_of(text.format("AllowInnerWhite"), {"d": "2021 - 07-02"}) == "2021"
    assert value_of(text.format("DateTimeStyles.AllowWhiteSpaces"), {"d": " 2021 -07-02"}) == "2021"
    with pytest.raises(ExpressionError):
        value_of(text.format("None, AssumeUniversal"), {"d": " 2021-07-02"})


def test_expression_can_be_evaluated_from_many_places():
    expression = Expression.parse('Append([a], "b")')

    first = expression.evaluate({"a": "1"}, Environment(AT))
    second = expression.evaluate({"a": "2"}, Environment(AT))

    assert (first.value, second.value) == ("1b", "2b")
