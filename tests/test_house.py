"""The house rules of CONTRIBUTING.md, read off the tree itself.

A rule takes a file's path and text and yields complaints. Sizes may have an exception: name the
file, or `file::function`, with its reason in SIZE_EXCEPTIONS.
"""

import ast
import configparser
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pytest
from packaging.requirements import Requirement

Function = ast.FunctionDef | ast.AsyncFunctionDef
Complaint = tuple[str, str]  # where, what
Rule = Callable[[str, str], Iterator[Complaint]]

ROOT = Path(__file__).resolve().parents[1]
SIZE_EXCEPTIONS: MappingProxyType[str, str] = MappingProxyType({})

FUNCTION_LINES, TEST_LINES, MODULE_LINES, CONNECTOR_LINES = 40, 30, 400, 250
PARAMETERS, NESTING = 6, 3
VAGUE = re.compile(r"(?:^|_)(common|handlers?|helpers?|managers?|misc|stuff|utils?)(?:_|$)")
CONTAINERS = re.compile(
    r"dict|list|set|bytearray|deque|Counter|defaultdict|\w+(Dict|Dictionary|Set)"
)
LOOPS = ast.For | ast.AsyncFor | ast.While
BLOCKS = LOOPS | ast.If | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match
# Joined here, so that this file does not name them either.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("npmjs", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("proxy", "golang", "org"),
    )
)


# --- the files -------------------------------------------------------------------------------


def listed_by_git() -> list[str]:
    """Return what git tracks or would track; nothing where there is no git or no repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [name for name in answer.stdout.split("\0") if (ROOT / name).is_file()]


def found_by_walking() -> list[str]:
    """Return every file outside hidden folders, build results and caches."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    hidden = re.compile(
        r"\.(?!ci$|importlinter$|gitignore$)|__pycache__$|build$|dist$|.*\.egg-info$"
    )
    return [path.as_posix() for path in found if not any(map(hidden.match, path.parts))]


@cache
def files() -> tuple[str, ...]:
    return tuple(sorted(listed_by_git() or found_by_walking()))


def texts(*patterns: str) -> Iterator[tuple[str, str]]:
    for name in files():
        if any(fnmatch(name, pattern) for pattern in patterns):
            yield name, (ROOT / name).read_text(encoding="utf-8", errors="replace")


@cache
def parse(source: str) -> ast.Module:
    return ast.parse(source)


def functions(source: str) -> Iterator[Function]:
    return (node for node in ast.walk(parse(source)) if isinstance(node, Function))


# --- sizes -----------------------------------------------------------------------------------


def length(function: Function) -> int:
    """Count the lines from `def` on, without the docstring."""
    first, last = function.body[0], function.end_lineno or function.lineno
    lines = last - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1)


def short_functions(path: str, source: str) -> Iterator[Complaint]:
    for function in functions(source):
        limit = TEST_LINES if function.name.startswith("test_") else FUNCTION_LINES
        if length(function) > limit:
            yield f"{path}::{function.name}", f"{length(function)} lines, at most {limit}"


def short_modules(path: str, source: str) -> Iterator[Complaint]:
    is_connector = fnmatch(path, "plugins/*/src/*/connector.py")
    limit = CONNECTOR_LINES if is_connector else MODULE_LINES
    lines = len(source.splitlines())
    if lines > limit:
        yield path, f"{lines} lines, at most {limit}"


def few_parameters(path: str, source: str) -> Iterator[Complaint]:
    for function in functions(source):
        spec = function.args
        named = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg]
        names = [arg.arg for arg in named if arg]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > PARAMETERS:
            yield f"{path}::{function.name}", f"{count} parameters, at most {PARAMETERS}"


def depth(node: ast.AST) -> int:
    """Count the blocks inside each other; `elif` is no deeper than its `if`."""
    inner = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and [child] == node.orelse
        inner = max(inner, depth(child) - is_elif)
    return inner + isinstance(node, BLOCKS)


def shallow_functions(path: str, source: str) -> Iterator[Complaint]:
    for function in functions(source):
        if depth(function) > NESTING:
            yield f"{path}::{function.name}", f"nests {depth(function)} deep, at most {NESTING}"


# --- names, state, imports -------------------------------------------------------------------


def telling_module_names(path: str, source: str) -> Iterator[Complaint]:
    del source
    for part in Path(path).with_suffix("").parts:
        if VAGUE.search(part):
            yield path, f"{part} says nothing of what is inside"


def no_state_in_modules(path: str, source: str) -> Iterator[Complaint]:
    """Forbid containers that begin empty at module level, and `global`: both wait to be filled."""
    for node in parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and begins_empty(node.value):
            yield path, f"line {node.lineno} keeps state in the module"
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Global):
            yield path, f"line {node.lineno} changes a global"


def begins_empty(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        name = ast.unparse(value.func).split("[")[0].rpartition(".")[2]
        given = [argument for argument in value.args if name != "defaultdict"]
        return CONTAINERS.fullmatch(name) is not None and not given and not value.keywords
    if isinstance(value, ast.Dict):
        return not value.keys
    return isinstance(value, ast.List) and not value.elts


def imports(source: str) -> Iterator[tuple[str, str]]:
    """Yield (what is imported, the name it gets here), both ends of `from a import b` as a.b."""
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Import):
            yield from ((item.name, item.asname or item.name.split(".")[0]) for item in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((f"{node.module}.{i.name}", i.asname or i.name) for i in node.names)


def no_mocks(path: str, source: str) -> Iterator[Complaint]:
    for name, _ in imports(source):
        if re.match(r"(unittest\.mock|mock|pytest_mock)(\.|$)", name):
            yield path, f"imports {name}; hand in a replay, a sandbox or a clock instead"
    for function in functions(source):
        if any(argument.arg == "mocker" for argument in function.args.args):
            yield path, f"{function.name} uses pytest-mock"


def no_patching_of_our_code(path: str, source: str) -> Iterator[Complaint]:
    ours = {local for name, local in imports(source) if name.startswith("jackfield")}
    for node in ast.walk(parse(source)):
        is_patch = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("patch.setattr")
        if is_patch and node.args:
            target = ast.unparse(node.args[0]).strip("'\"").split(".")[0]
            if target in ours or target.startswith("jackfield"):
                yield path, f"line {node.lineno} patches our own code"


def http_client_only_in_transport(path: str, source: str) -> Iterator[Complaint]:
    in_product = fnmatch(path, "core/*") or fnmatch(path, "plugins/*/src/*")
    if not in_product or path == "core/jackfield/driver/transport.py":
        return
    if any(name.split(".")[0] == "httpx" for name, _ in imports(source)):
        yield path, "imports httpx; only core/jackfield/driver/transport.py may"


# --- files of other kinds --------------------------------------------------------------------


def no_registry_host(path: str, text: str) -> Iterator[Complaint]:
    for host in REGISTRY_HOSTS:
        if host in text.lower():
            yield path, f"names the package registry {host}"


def cassettes_name_their_origin(path: str, text: str) -> Iterator[Complaint]:
    if not re.match(r"# origin: (recorded|sandbox)\b", text):
        yield path, "begins with neither '# origin: recorded' nor '# origin: sandbox'"


def plugin_accepts_core(path: str, text: str) -> Iterator[Complaint]:
    version = core_project()["version"]
    wanted = map(Requirement, tomllib.loads(text)["project"].get("dependencies", []))
    ranges = [requirement.specifier for requirement in wanted if requirement.name == "jackfield"]
    if not ranges:
        yield path, "does not depend on jackfield"
    elif not ranges[0].contains(version, prereleases=True):
        yield path, f"wants jackfield {ranges[0]}, which is {version} here"


def core_project() -> dict[str, str]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


SIZES: tuple[Rule, ...] = (short_functions, short_modules, few_parameters, shallow_functions)
CONDUCT: tuple[Rule, ...] = (
    telling_module_names,
    no_state_in_modules,
    no_mocks,
    no_patching_of_our_code,
    http_client_only_in_transport,
)
PYTHON = ("core/*.py", "plugins/*.py", "tests/*.py", "scripts/*.py")


def complaints(rule: Rule, *patterns: str) -> list[Complaint]:
    return [found for name, text in texts(*patterns) for found in rule(name, text)]


def is_excepted(where: str, exceptions: Iterable[str]) -> bool:
    return where in exceptions or where.partition("::")[0] in exceptions


# --- the tree keeps the rules ----------------------------------------------------------------


@pytest.mark.parametrize("rule", SIZES, ids=lambda rule: rule.__name__)
def test_sizes_stay_within_their_limits(rule):
    found = complaints(rule, *PYTHON)

    assert [what for what in found if not is_excepted(what[0], SIZE_EXCEPTIONS)] == []


@pytest.mark.parametrize("rule", CONDUCT, ids=lambda rule: rule.__name__)
def test_python_files_keep_the_rule(rule):
    assert complaints(rule, *PYTHON) == []


def test_every_exception_has_a_reason_and_is_still_needed():
    places = {where for rule in SIZES for where, _ in complaints(rule, *PYTHON)}
    needed = places | {where.partition("::")[0] for where in places}

    assert all(SIZE_EXCEPTIONS.values())
    assert SIZE_EXCEPTIONS.keys() <= needed


def test_no_file_names_a_package_registry():
    assert complaints(no_registry_host, "*") == []


def test_every_cassette_names_its_origin():
    assert complaints(cassettes_name_their_origin, "cassettes/*.yaml", "cassettes/*.yml") == []


def test_every_plugin_accepts_this_core():
    assert complaints(plugin_accepts_core, "plugins/*/pyproject.toml") == []


def test_every_plugin_is_under_the_import_rules():
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter", encoding="utf-8")
    modules = [Path(name).parts for name in files() if fnmatch(name, "plugins/*/src/*.py")]

    assert {parts[3] for parts in modules} <= set(rules["importlinter"]["root_packages"].split())


def test_the_files_are_found_with_and_without_git():
    assert "tests/test_house.py" in files()
    assert "tests/test_house.py" in found_by_walking()
    assert ".ci/run" in found_by_walking()
    assert not any(name.startswith((".venv/", ".git/")) for name in found_by_walking())


# --- the rules can be broken -----------------------------------------------------------------

DEEP = "def f(a):\n if a:\n  for b in a:\n   with b:\n    while b:\n     pass\n"
OFFENDERS = (
    (short_functions, "x.py", "def f():\n" + " x\n" * 40),
    (short_functions, "x.py", "class A:\n async def f():\n" + "  x\n" * 40),
    (short_functions, "x.py", "def test_f():\n" + " x\n" * 30),
    (short_modules, "x.py", "x\n" * 401),
    (short_modules, "plugins/a/src/jackfield_a/connector.py", "x\n" * 251),
    (few_parameters, "x.py", "def f(a, b, c, /, d, *, e, f, g): ..."),
    (few_parameters, "x.py", "class A:\n def f(self, a, b, c, d, e, *f, **g): ..."),
    (shallow_functions, "x.py", DEEP),
    (telling_module_names, "core/jackfield/http_utils.py", ""),
    (telling_module_names, "core/jackfield/common/people.py", ""),
    (no_state_in_modules, "x.py", "REGISTRY: dict[str, type] = {}"),
    (no_state_in_modules, "x.py", "seen = set()"),
    (no_state_in_modules, "x.py", "by_name = collections.defaultdict(list)"),
    (no_state_in_modules, "x.py", "def f():\n global count"),
    (no_mocks, "x.py", "from unittest import mock"),
    (no_mocks, "x.py", "from unittest.mock import patch"),
    (no_mocks, "x.py", "def test_a(mocker): ..."),
    (no_patching_of_our_code, "x.py", "monkeypatch.setattr('jackfield.driver.driver.sleep', 1)"),
    (
        no_patching_of_our_code,
        "x.py",
        "from jackfield import flow\nmonkeypatch.setattr(flow, 'a', 1)",
    ),
    (http_client_only_in_transport, "core/jackfield/driver/driver.py", "from httpx import Client"),
    (http_client_only_in_transport, "plugins/a/src/jackfield_a/b.py", "def f():\n import httpx"),
    (no_registry_host, "notes.md", f"https://{REGISTRY_HOSTS[0].upper()}/simple"),
    (cassettes_name_their_origin, "cassettes/a/b.yaml", "interactions: []\n# origin: recorded"),
    (plugin_accepts_core, "x.toml", "[project]\ndependencies = ['jackfield>=99']"),
    (plugin_accepts_core, "x.toml", "[project]\ndependencies = ['rich']"),
)
KEEPERS = (
    (short_functions, "x.py", "def f():\n '''One.\n\n Two.\n '''\n" + " x\n" * 39),
    (short_modules, "x.py", "x\n" * 400),
    (few_parameters, "x.py", "class A:\n def f(self, a, b, c, d, e, f): ..."),
    (
        shallow_functions,
        "x.py",
        "def f(a):\n" + " if a: ...\n elif a: ...\n elif a: ...\n elif a: ...",
    ),
    (telling_module_names, "core/jackfield/mappings.py", ""),
    (no_state_in_modules, "x.py", "WORDS = {'a': 1}\ndef f():\n seen = set()"),
    (no_mocks, "x.py", "from unittest import TestCase"),
    (no_patching_of_our_code, "x.py", "import time\nmonkeypatch.setattr(time, 'sleep', print)"),
    (http_client_only_in_transport, "core/jackfield/driver/transport.py", "import httpx"),
    (cassettes_name_their_origin, "cassettes/a/b.yaml", "# origin: sandbox\ninteractions: []"),
    (plugin_accepts_core, "x.toml", "[project]\ndependencies = ['jackfield>=0']"),
)


def name_of(value: object) -> str:
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("rule", "path", "text"), OFFENDERS, ids=name_of)
def test_rule_notices_an_offender(rule, path, text):
    assert list(rule(path, text)) != []


@pytest.mark.parametrize(("rule", "path", "text"), KEEPERS, ids=name_of)
def test_rule_leaves_a_keeper_alone(rule, path, text):
    assert list(rule(path, text)) == []


def test_exception_covers_a_file_or_one_function():
    assert is_excepted("a.py::f", {"a.py": "why"})
    assert is_excepted("a.py::f", {"a.py::f": "why"})
    assert not is_excepted("a.py::g", {"a.py::f": "why"})
