import pytest

from jackfield import ConfigurationError
from jackfield.engine.expressions import Expression

WRONG = (
    ("", "line 1, column 1: it is empty"),
    ("[mail]", "line 1, column 1: a whole expression is a function call"),
    ('"text"', "line 1, column 1: a whole expression is a function call"),
    ("1", "line 1, column 1: a whole expression is a function call"),
    ('[a] = "b"', "line 1, column 1: a whole expression is a function call"),
    ("CStr([a]", "line 1, column 9: found the end, expected ) or ,"),
    ("CStr(\n[a]\n", "line 2, column 4: found the end"),
    ("CStr", "line 1, column 5: found the end, expected ("),
    ('CStr([a]) "b"', 'line 1, column 11: "b" stands after the end of the function call'),
    ("CStr([a] [b])", "line 1, column 10: found [b], expected ) or ,"),
    ("CStr((1))", "line 1, column 6: found (, expected "),
    ("CStr('a')", "line 1, column 6: found '; strings stand between"),
    ("CStr(“a”)", "line 1, column 6: found “; strings stand between"),
    ('CStr("a)', "line 1, column 6: the string is never closed"),
    ('CStr("a\\")', "line 1, column 6: the string is never closed"),
    (r'CStr("\d")', r"line 1, column 6: a backslash in a string is written twice: \\d"),
    ("CStr([a)", "line 1, column 6: the attribute is never closed"),
    ("CStr([])", "line 1, column 6: the attribute is never closed, or has no name"),
    ("CStr([ ])", "line 1, column 6: the brackets name no attribute"),
    ("CStr(mail)", 'line 1, column 6: mail is no value; write [mail] for an attribute, "mail"'),
    ('InStr("a","a",1,vbtextcompare)', "did you mean vbTextCompare?"),
    ("CStr(1.5)", "line 1, column 6: numbers are whole"),
    ("CStr(&HXY)", "line 1, column 6: numbers are whole"),
    ("CStr(99999999999999999999)", "line 1, column 6: the number does not fit into 64 bits"),
    ("CStr(&HFFFFFFFFFFFFFFFFF)", "line 1, column 6: the number does not fit into 64 bits"),
    ("CStr(;)", "line 1, column 6: found ;, expected "),
    ("replace([a])", "line 1, column 1: there is no function replace; did you mean Replace?"),
    ("CStr(Tolower([a]))", "line 1, column 6: there is no function Tolower; did you mean ToLower?"),
    ("Swich([a], , 1, 2)", "did you mean Switch?"),
    ("__class__()", "line 1, column 1: there is no function __class__"),
    ("CStr()", "line 1, column 1: CStr takes 1 arguments and has 0"),
    ("Guid(1)", "Guid takes 0 arguments and has 1"),
    ("Left([a])", "Left takes 2 arguments and has 1"),
    ("Left([a],1,)", "Left takes 2 arguments and has 3"),
    ("InStr([a])", "InStr takes 2 to 4 arguments and has 1"),
    ("Join([a])", "Join takes at least 2 arguments and has 1"),
    ("Left(,1)", "argument 1 of Left is left empty"),
    ('Join(",", [a], )', "argument 3 of Join is left empty"),
    ('Append([a] = "b", "c")', "column 12: comparisons stand in the condition of IIF"),
    ('IIF([a], [a] = "b", "c")', "column 14: comparisons stand in the condition of IIF"),
    ("CBool([a] = [b] = [c])", "column 17: found =, expected ) or ,"),
    ('Switch([a], "b")', "Switch takes at least 4 arguments and has 2"),
    ('Switch([a], "b", "c", "d", "e")', "Switch: every key needs a value"),
    ("Append(SelectUniqueValue([a],[b]), 1)", "SelectUniqueValue has to be the outermost"),
    ("SelectUniqueValue([a])", "SelectUniqueValue takes at least 2 arguments and has 1"),
    ("CStr(AppRoleAssignmentsComplex([a]))", "has to be the outermost function"),
    ("AppRoleAssignmentsComplex(CStr([a]))", "the first argument is an attribute"),
    ('SingleAppRoleAssignment("a")', "the first argument is an attribute"),
    ('DateAdd("q", 1, [a])', "the interval q is none of yyyy, m, d, ww, h, n or s"),
    ('DateDiff("Y", [a], [b])', "the interval Y is none of"),
    ('FormatDateTime([a], "Local", "yyyy", "yyyy")', "Local is none of the styles"),
    ('FormatDateTime([a], , "Q", "yyyy")', "the one-letter format is none of"),
    ('FormatDateTime([a], , "yyyyyy", "yyyy")', "more than 4 of y"),
    ('FormatDateTime([a], , "HH:mm", "yyyy")', "the input format names no year"),
    ('FormatDateTime([a], , "yyyy HH:mm MM HH", "yyyy")', "names H twice"),
    ("FormatDateTime([a], , \"yyyy 'a\", \"yyyy\")", "stands for nothing"),
    ("FormatDateTime([a], , \"yyyy\", \"'\")", "the one-letter format"),
    ("RandomString(6,3,3,3,3)", "the minima add up to more than the length"),
    ("RandomString(257,0,0,0,0)", "the length is not between 1 and 256"),
    ("RandomString(6,-1,0,0,0)", "a minimum is negative"),
)  # fmt: skip
REPLACE_MODES = (
    'Replace([a], "b")',
    'Replace([a], , , , "b")',
    'Replace([a], "b", "c", , "d")',
    'Replace([a], "b", , , "c", , "d")',
    'Replace([a], "b", , , , [c])',
    'Replace([a], , "b", "c")',
    'Replace([a], , "b", , , [c])',
    'Replace([a], , "b", "c", "d", [e])',
    'Replace([a], , , "c", "d")',
    "Replace([a], , , , , , )",
)
PATTERNS = (
    ("(", "a ( that is never closed"),
    (")", "a ) that closes nothing"),
    ("[a", "ends in the middle"),
    (r"a\\", "ends in the middle"),
    ("*", "a * that repeats nothing"),
    ("a**", "two quantifiers side by side"),
    ("a++", "two quantifiers side by side"),
    ("(a*)*", "repeats something that may be empty"),
    ("(a?){2,3}", "repeats something that may be empty"),
    ("^*", "repeats an anchor"),
    ("(?=a)+", "repeats an anchor"),
    ("a{3,2}", "repeats from 3 to 2 times"),
    ("a{1001}", "repeats from 1001"),
    ("((a{99}){99}){99}", "too large"),
    ("[z-a]", "in no order"),
    (r"[\\d-a]", "in no order"),
    ("[a-z-[aeiou]]", "subtracts one set"),
    (r"\\p{L}", r"\p, which is not supported"),
    (r"\\G", r"\G, which is not supported"),
    (r"\\10", "a group beyond 9"),
    (r"\\1", "no group 1"),
    (r"\\k<b>", "no group b"),
    (r"\\k", r"\k without a <name>"),
    (r"\\x4", r"\x without 2 hexadecimal digits"),
    ("(?<a-b>c)", "a construct that is not supported"),
    ("(?>a)", "a construct that is not supported"),
    ("(?(1)a|b)", "a construct that is not supported"),
    ("(?P<a>b)", "a construct that is not supported"),
    ("(?#a)", "a construct that is not supported"),
    ("a(?i)", "a construct that is not supported"),
    ("(?<=a*)b", "looks behind by a length that varies"),
    ("(?<!a|bc)b", "looks behind by a length that varies"),
    ("(?<a>b)(?<a>c)", "two groups a"),
    ("(" * 30, "more than 20 deep"),
    ("(a)" * 51, "more than 50 groups"),
    ("a" * 1001, "longer than 1000 characters"),
)


@pytest.mark.parametrize(("text", "complaint"), WRONG, ids=[text for text, _ in WRONG])
def test_wrong_expression_is_refused_with_its_place(text, complaint):
    with pytest.raises(ConfigurationError) as caught:
        Expression.parse(text)

    assert complaint in str(caught.value)


@pytest.mark.parametrize("text", REPLACE_MODES)
def test_replace_refuses_arguments_that_are_no_mode(text):
    with pytest.raises(ConfigurationError, match="is no way to replace"):
        Expression.parse(text)


@pytest.mark.parametrize(("pattern", "complaint"), PATTERNS, ids=[row[0][:20] for row in PATTERNS])
def test_written_pattern_is_refused_when_parsed(pattern, complaint):
    with pytest.raises(ConfigurationError) as caught:
        Expression.parse(f'Replace([a], , "{pattern}", , "b")')

    assert complaint in str(caught.value)


def test_replacement_that_names_no_group_is_refused():
    with pytest.raises(ConfigurationError, match="the pattern has no such group"):
        Expression.parse('Replace([a], , "(?<a>x)", , "${b}")')

    with pytest.raises(ConfigurationError, match="the pattern has no such group"):
        Expression.parse('Replace([a], , "(?<a>x)", "b", "c")')


def test_old_value_that_is_empty_is_refused():
    with pytest.raises(ConfigurationError, match="the text to replace is empty"):
        Expression.parse('Replace([a], "", , , "c")')


def test_place_counts_lines():
    with pytest.raises(ConfigurationError, match="line 3, column 3: there is no function Uppr"):
        Expression.parse("Append(\n  [a],\n  Uppr([b]))")


def test_expression_may_have_ten_thousand_characters_and_no_more():
    fitting = 'Append([a], "' + "b" * (10_000 - 15) + '")'

    assert Expression.parse(fitting).functions == ("Append",)
    with pytest.raises(ConfigurationError, match="has 10001 characters"):
        Expression.parse(fitting + " ")


def test_expression_is_nested_sixty_four_deep_and_no_more():
    assert Expression.parse("CStr(" * 63 + "Now()" + ")" * 63).functions == ("CStr", "Now")
    with pytest.raises(ConfigurationError, match="more than 64 deep"):
        Expression.parse("CStr(" * 64 + "Now()" + ")" * 64)


def test_expression_says_what_it_reads_and_calls():
    expression = Expression.parse('IIF([b] = [a], Append([a], "x"), Coalesce([c], [b]))')

    assert expression.attributes == ("b", "a", "c")
    assert expression.functions == ("IIF", "Append", "Coalesce")
    assert expression.is_stable
    assert not expression.redacts
    assert expression.warnings == ()


def test_expression_is_parsed_once():
    assert Expression.parse("CStr([a])") is Expression.parse("CStr([a])")


@pytest.mark.parametrize(
    "text", ["Guid()", "Now()", "RandomString(6,3,0,0,3)", "SelectUniqueValue([a],[b])"]
)
def test_expression_that_differs_each_time_is_not_stable_and_warns(text):
    expression = Expression.parse(text)

    assert not expression.is_stable
    assert any("only during creation" in warning for warning in expression.warnings)


@pytest.mark.parametrize(
    "condition", ['[a] = ""', '"" <> [a]', "IsNullOrEmpty([a])", "IsPresent([a])", "IsNull([a])"]
)
def test_condition_on_an_empty_value_warns(condition):
    (warning,) = Expression.parse(f"CStr(IIF({condition}, 1, 2))").warnings

    assert warning.startswith("IIF at line 1, column 6: Microsoft Entra fails such a condition")


def test_switch_on_a_test_of_presence_warns():
    assert "the key" in Expression.parse("Switch(IsPresent([a]), [a], 1, 2)").warnings[0]


def test_roles_that_are_only_added_warn():
    expression = Expression.parse("AppRoleAssignmentsComplex([appRoleAssignments])")

    assert expression.adds_only
    assert "never removes a role" in expression.warnings[0]
    assert not Expression.parse("AssertiveAppRoleAssignmentsComplex([r])").adds_only


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'CStr("say \"a\\b\"")', r'say "a\b"'),
        ('CStr ( "a\n b" )', "a\n b"),
        ("CStr(&hff)", "255"),
        ("CStr(-5)", "-5"),
        ("CStr([ urn:ietf:params:scim:User:tag.2 ])", "tagged"),
    ],
    ids=lambda value: value[:12],
)
def test_lexical_forms(value_of, text, value):
    assert value_of(text, {"urn:ietf:params:scim:User:tag.2": "tagged"}) == value
