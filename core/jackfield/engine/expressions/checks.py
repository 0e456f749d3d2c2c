"""What is known to be wrong, or odd, before any value is seen."""

from collections.abc import Iterator

from jackfield.engine.expressions.nodes import Call, Comparison, Literal, Nothing, calls_in
from jackfield.engine.expressions.parsing import closest, refuse
from jackfield.engine.expressions.signatures import Function
from jackfield.engine.expressions.table import FUNCTIONS

_ABSENCE = ("IsNull", "IsNullOrEmpty", "IsPresent")
_COMPARING = ("IIF", "CBool")


def check(expression: Call) -> None:
    """Refuse unknown functions, wrong arguments and misplaced comparisons.

    Raises: ConfigurationError with line and column.
    """
    for call in calls_in(expression):
        function = FUNCTIONS.get(call.name)
        if function is None:
            refuse(call.at, f"there is no function {call.name}{closest(call.name, [*FUNCTIONS])}")
        _count(function, call)
        _places(function, call)
        if function.stands_alone and call is not expression:
            refuse(call.at, f"{call.name} has to be the outermost function")
        for complaint in function.check(call) if function.check else ():
            refuse(call.at, f"{call.name}: {complaint}")


def _count(function: Function, call: Call) -> None:
    given, least, most = len(call.arguments), function.least, function.most
    if given >= least and (most is None or given <= most):
        return
    if most is None:
        wanted = f"at least {least}"
    else:
        wanted = str(least) if least == most else f"{least} to {most}"
    refuse(call.at, f"{call.name} takes {wanted} arguments and has {given}")


def _places(function: Function, call: Call) -> None:
    for index, argument in enumerate(call.arguments):
        if isinstance(argument, Nothing) and not function.may_omit(index):
            refuse(call.at, f"argument {index + 1} of {call.name} is left empty")
        if isinstance(argument, Comparison) and not (call.name in _COMPARING and index == 0):
            refuse(argument.at, "comparisons stand in the condition of IIF and in CBool only")


def warnings(expression: Call) -> Iterator[str]:
    """Yield what works here and may surprise, each as a sentence with its place."""
    for call in calls_in(expression):
        first = call.arguments[0] if call.arguments else None
        if call.name == "IIF" and (_tests_absence(first) or _compares_with_empty(first)):
            yield (
                f"{call.name} at {call.at}: Microsoft Entra fails such a condition; here no value "
                f'equals "". Switch with the key "" means the same in both.'
            )
        if call.name == "Switch" and _tests_absence(first):
            yield f'{call.name} at {call.at}: use the key "" instead of a test as the source.'
        if not FUNCTIONS[call.name].is_stable:
            yield (
                f"{call.name} at {call.at}: gives another value each time; "
                "apply the mapping only during creation."
            )
        if call.name == "AppRoleAssignmentsComplex":
            yield (
                f"{call.name} at {call.at}: never removes a role from the target; "
                "AssertiveAppRoleAssignmentsComplex does."
            )


def _tests_absence(node: object) -> bool:
    return isinstance(node, Call) and node.name in _ABSENCE


def _compares_with_empty(node: object) -> bool:
    if not isinstance(node, Comparison):
        return False
    return any(isinstance(side, Literal) and side.value == "" for side in (node.left, node.right))
