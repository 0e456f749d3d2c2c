"""The expression language of attribute mappings, as Microsoft Entra defines it.

`Expression.parse(text)` reads and checks an expression once; `evaluate` gives a `Result` for one
source object. Nothing here can reach Python, the disk or the network, and neither the time nor the
size of an evaluation can grow without bound.
"""

from jackfield.engine.expressions.expression import REDACTED, Expression, Result
from jackfield.engine.expressions.failures import AllTaken, ExpressionError, SeveralValues
from jackfield.engine.expressions.nodes import Position
from jackfield.engine.expressions.values import Environment, Role, Value

__all__ = [
    "REDACTED",
    "AllTaken",
    "Environment",
    "Expression",
    "ExpressionError",
    "Position",
    "Result",
    "Role",
    "SeveralValues",
    "Value",
]
