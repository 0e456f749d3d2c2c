"""Checks a connector class before it is used: pluggy alone lets most mistakes through.

Each rule guards against a failure that was seen: a misspelt hook is silently ignored, a wrapper
returns None, a keyword-only argument is never passed, an `async def` hook hands back a coroutine.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from jackfield.capabilities import CONTRACT, Capabilities
from jackfield.hooks import PROJECT, ConnectorSpec, ObserverSpec
from jackfield.settings import ConnectorSettings, origin_of

_MARK = f"{PROJECT}_impl"
_ALWAYS = ("capabilities", "authenticate", "get_user")
_PLAIN_ARGUMENTS = inspect.Parameter.POSITIONAL_OR_KEYWORD


def contract_problems(connector: object) -> list[str]:
    """Return one sentence for each way in which this object is not a connector; empty if it is."""
    problems = [*_hook_problems(connector), *_settings_problems(connector)]
    if problems:
        return problems
    capabilities = connector.capabilities()  # type: ignore[attr-defined]
    if not isinstance(capabilities, Capabilities):
        return [f"capabilities returns {type(capabilities).__name__}, not Capabilities"]
    if capabilities.contract != CONTRACT:
        built_for = f"it is built for hook contract {capabilities.contract}"
        return [f"{built_for}, this Jackfield speaks {CONTRACT}: install versions that agree"]
    problems += _host_problems(capabilities)
    return problems + [
        f"its capabilities claim what needs the hook {hook}, which it does not implement"
        for hook in _claimed_hooks(capabilities)
        if not _is_marked(getattr(connector, hook, None))
    ]


def observer_problems(observer: object) -> list[str]:
    """Return one sentence for each hook that an observer may not have: it only watches."""
    name = type(observer).__name__
    problems: list[str] = []
    for hook, method in inspect.getmembers(observer, _is_marked):
        options = getattr(method, _MARK)
        if not hasattr(ObserverSpec, options.get("specname") or hook):
            problems.append(f"{name}.{hook} is no hook of observers")
        elif inspect.iscoroutinefunction(method):
            problems.append(f"{name}.{hook} is async: nobody would await it")
    return problems


def _host_problems(capabilities: Capabilities) -> list[str]:
    return [
        f"its capabilities name the host {host!r}, which is no origin such as https://api.vendor.com"
        for host in sorted(capabilities.hosts)
        if not host.startswith("https://") or not _is_origin(host)
    ]


def _is_origin(host: str) -> bool:
    try:
        return origin_of(host) == host
    except ValueError:
        return False


def _claimed_hooks(capabilities: Capabilities) -> Iterator[str]:
    if capabilities.create:
        yield "create_user"
    if capabilities.patch or capabilities.disable == "active" or capabilities.enable:
        yield "patch_user"
    if capabilities.list_users:
        yield "list_users"
    if capabilities.delete or capabilities.disable == "delete":
        yield "delete_user"


def _hook_problems(connector: object) -> Iterator[str]:
    for name in _ALWAYS:
        if not _is_marked(getattr(connector, name, None)):
            yield f"it lacks the hook {name}, marked with @hookimpl"
    for name, method in inspect.getmembers(connector, _is_marked):
        spec = getattr(ConnectorSpec, name, None)
        if spec is None:
            yield f"{name} is marked as a hook, and there is no hook of that name"
        else:
            yield from _signature_problems(name, method, spec)


def _is_marked(method: object) -> bool:
    return inspect.ismethod(method) and hasattr(method, _MARK)


def _signature_problems(
    name: str, method: Callable[..., Any], spec: Callable[..., Any]
) -> Iterator[str]:
    options = getattr(method, _MARK)
    if options.get("wrapper") or options.get("hookwrapper"):
        yield f"{name} is a wrapper: a connector answers hooks, it does not wrap them"
    if options.get("specname") not in {None, name}:
        yield f"{name} answers another hook, {options['specname']}: name it so"
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        yield f"{name} is async: a hook yields requests and awaits nothing"
    elif name != "capabilities" and not inspect.isgeneratorfunction(method):
        yield f"{name} is not a generator function: it must yield its requests"
    known = inspect.signature(spec).parameters
    for argument in inspect.signature(method).parameters.values():
        if argument.kind is not _PLAIN_ARGUMENTS or argument.default is not argument.empty:
            yield f"{name}: the argument {argument.name} must be plain, without a default"
        elif argument.name not in known:
            expected = ", ".join(n for n in known if n != "self")
            yield f"{name}: there is no argument {argument.name}; the hook has ({expected})"


def _settings_problems(connector: object) -> Iterator[str]:
    model = getattr(connector, "settings", None)
    if not (isinstance(model, type) and issubclass(model, ConnectorSettings)):
        yield "its attribute `settings` must be a subclass of ConnectorSettings"
