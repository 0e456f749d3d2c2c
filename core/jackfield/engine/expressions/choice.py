"""Functions that choose: they evaluate no more than they return."""

from collections.abc import Iterator

from jackfield.engine.expressions.failures import Failure, FlowIgnored, NoCandidateLeft
from jackfield.engine.expressions.nodes import Call
from jackfield.engine.expressions.signatures import Evaluation
from jackfield.engine.expressions.values import Value, is_null, to_text, to_truth


def immediate_if(run: Evaluation, call: Call) -> Value:
    condition = to_truth(run.value(call.arguments[0]))
    return run.value(call.arguments[1 if condition else 2])


def switch(run: Evaluation, call: Call) -> Value:
    """Return the value after the first key that equals the source; null equals the key ""."""
    source = to_text(run.value(call.arguments[0])) or ""
    for index in range(2, len(call.arguments), 2):
        run.spend(1)
        if (to_text(run.value(call.arguments[index])) or "") == source:
            return run.value(call.arguments[index + 1])
    return run.value(call.arguments[1])


def check_switch(call: Call) -> Iterator[str]:
    if len(call.arguments) % 2:
        yield "every key needs a value: source, default, key, value, key, value…"


def coalesce(run: Evaluation, call: Call) -> Value:
    values = (run.value(argument) for argument in call.arguments)
    return next((value for value in values if not is_null(value)), None)


def is_absent(value: Value) -> bool:
    return is_null(value)


def is_absent_or_empty(value: Value) -> bool:
    return is_null(value) or value == ""


def is_present(value: Value) -> bool:
    return not is_absent_or_empty(value)


def ignore_flow(value: Value) -> Value:
    if is_absent_or_empty(value):
        raise FlowIgnored
    return value


def select_unique(run: Evaluation, call: Call) -> Value:
    """Return the first candidate that no target user has; null where every one is empty."""
    is_taken = run.environment.is_taken
    if is_taken is None:
        raise Failure("the target cannot be asked for values in use")
    tried = 0
    for candidate in call.arguments:
        value = to_text(run.value(candidate))
        tried += bool(value)
        if value and not is_taken(value):
            return value
    if not tried:
        return None
    raise NoCandidateLeft(f"all {tried} candidates are in use in the target")
