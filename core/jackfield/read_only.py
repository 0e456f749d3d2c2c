"""A mapping that nobody can change, and that travels: it can be pickled and copied.

`types.MappingProxyType` can do neither, so a value that held one stayed in its process.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class ReadOnly(dict[_K, _V]):
    """A dict that refuses every change with TypeError."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} mapping cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Callable[[Mapping[_K, _V]], "ReadOnly[_K, _V]"], tuple[Any, ...]]:
        return type(self), (dict(self),)
