from datetime import UTC, datetime
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield import ConfigurationError
from jackfield.engine.expressions import Environment, Expression, ExpressionError, Role
from jackfield.engine.expressions.table import FUNCTIONS

ENVIRONMENT = Environment(datetime(2021, 7, 2, tzinfo=UTC), Random(1), lambda value: "a" in value)
OUTCOMES = {"value", "null", "ignore"}

texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "True", "12", "-1", "2021-02-28", "3/16/2020 7:00:00 AM", "(a+)+", "__class__"]
    ),
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    texts,
    st.lists(texts, max_size=3).map(tuple),
    st.just((Role("a"), Role("b"))),
)
sources = st.dictionaries(st.sampled_from(["a", "b", "__class__"]), values)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


leaves = st.one_of(
    st.sampled_from(
        ["[a]", "[b]", "[__class__]", "", "vbTextCompare", "&HF7", '"d"', '"yyyy-MM-dd"']
    ),
    texts.map(quoted),
    st.integers(-(10**19), 10**19).map(str),
)


def call(inner):
    arguments = st.lists(inner, max_size=7).map(",".join)
    return st.builds("{}({})".format, st.sampled_from(sorted(FUNCTIONS)), arguments)


def fitting_call(inner):
    """Write calls that have the right number of arguments, so that most are evaluated."""

    def write(name):
        function = FUNCTIONS[name]
        most = function.least + 2 if function.most is None else function.most
        arguments = st.lists(inner, min_size=function.least, max_size=most)
        return arguments.map(lambda given: f"{name}({','.join(given)})")

    return st.sampled_from(sorted(FUNCTIONS)).flatmap(write)


expressions = st.recursive(leaves, lambda inner: fitting_call(inner) | call(inner), max_leaves=12)


@settings(deadline=None)
@given(text=st.one_of(expressions, fitting_call(leaves), fitting_call(expressions)), values=sources)
def test_expression_gives_a_result_or_says_what_is_wrong(text, values):
    try:
        result = Expression.parse(text).evaluate(values, ENVIRONMENT)
    except (ConfigurationError, ExpressionError):
        return

    assert result.outcome in OUTCOMES


@settings(deadline=None)
@given(text=st.text(max_size=200) | st.text('CStr()[]",\\&H<>=1a \n', max_size=40))
def test_any_text_is_parsed_or_refused(text):
    try:
        expression = Expression.parse(text)
    except ConfigurationError:
        return

    assert expression.text == text


@settings(deadline=None)
@given(
    pattern=st.text("ab(?<n>)[]{}1,*+?|^$.\\dwk-:=!", max_size=20),
    source=st.text("ab1-", max_size=20),
)
def test_any_pattern_is_used_or_refused(pattern, source):
    text = f'Replace([a], , {quoted(pattern)}, , "$0")'

    try:
        result = Expression.parse(text).evaluate({"a": source}, ENVIRONMENT)
    except (ConfigurationError, ExpressionError):
        return

    assert result.value == source
