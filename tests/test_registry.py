"""Finding connectors: one broken package is listed as broken and stops nobody."""

import dataclasses

import pytest
from support.clock import ScriptedClock
from support.example import CAPABILITIES, ORIGIN, ExampleConnector
from support.packages import install, run_python

from jackfield import ConfigurationError, ConnectorSettings, PluginFault, Registry, hookimpl

BROKEN = {
    "raises": "raise RuntimeError('no database')",
    "syntax": "def (",
    "missing": "from json import nothing_of_that_name",
    "exits": "raise SystemExit(3)",
    "asserts": "raise AssertionError('broken')",
    "base": "class Odd(BaseException): ...\nraise Odd('odd')",
    "init": "class Connector:\n    def __init__(self): raise SystemExit(4)",
    "claims": "from support.example import ExampleConnector\n"
    "from jackfield import hookimpl\n"
    "class Connector(ExampleConnector):\n"
    "    @hookimpl\n"
    "    def capabilities(self): raise SystemExit(5)\n",
}
INSPECT_ALL = """
import json
from jackfield import Registry
registry = Registry()
names = [each.name for each in registry.connectors()]
print(json.dumps({name: registry.inspect(name).problem for name in names}))
"""


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    """Return what a fresh Python says of each of many packages, most of them broken."""
    folder = tmp_path_factory.mktemp("packages")
    for name, source in BROKEN.items():
        install(folder, f"pkg-{name}", f"x-{name} = pkg_{name}:Connector", source)
    install(folder, "pkg-sound", "x-sound = pkg_sound:Connector")
    install(folder, "pkg-module", "x-module = pkg_module")
    install(folder, "pkg-form", "x-form = ???")
    install(folder, "pkg-absent", "x-absent = pkg_absent:NoSuchClass")
    install(folder, "pkg-one", "x-twice = pkg_one:Connector")
    install(folder, "pkg-two", "x-twice = pkg_two:Connector")
    return run_python(folder, INSPECT_ALL)


@pytest.mark.parametrize("name", [*BROKEN, "absent"])
def test_package_that_fails_on_import_is_listed_with_package_version_and_reason(problems, name):
    assert f"pkg-{name} 1.2" in problems[f"x-{name}"]
    assert "Error" in problems[f"x-{name}"] or ": " in problems[f"x-{name}"]


def test_sound_package_works_beside_broken_ones(problems):
    assert problems["x-sound"] == ""


def test_name_of_two_packages_belongs_to_neither(problems):
    assert "more than one package" in problems["x-twice"]


def test_entry_point_that_is_no_class_is_said_to_be_none(problems):
    assert "names a module" in problems["x-module"]
    assert "module:Class" in problems["x-form"]


def test_listing_imports_nothing(tmp_path):
    install(tmp_path, "pkg-loud", "x-loud = pkg_loud:Connector", "raise SystemExit('imported')")

    listed = run_python(
        tmp_path,
        "import json, sys\nfrom jackfield import Registry\n"
        "found = [(e.name, e.package, e.version) for e in Registry().connectors()]\n"
        "print(json.dumps({'found': found, 'imported': 'pkg_loud' in sys.modules}))",
    )

    assert ["x-loud", "pkg-loud", "1.2"] in listed["found"]
    assert not listed["imported"]


def test_loading_one_connector_imports_no_other(tmp_path):
    install(tmp_path, "pkg-loud", "x-loud = pkg_loud:Connector", "raise SystemExit('imported')")
    install(tmp_path, "pkg-sound", "x-sound = pkg_sound:Connector")

    assert run_python(
        tmp_path,
        "import json, sys\nfrom jackfield import Registry\nRegistry().load('x-sound')\n"
        "print(json.dumps('pkg_sound' in sys.modules and 'pkg_loud' not in sys.modules))",
    )


def test_package_without_metadata_is_listed_all_the_same(tmp_path, monkeypatch):
    install(tmp_path, "pkg-bare", "x-bare = pkg_bare:Connector")
    (tmp_path / "pkg_bare-1.2.dist-info" / "METADATA").unlink()
    monkeypatch.syspath_prepend(str(tmp_path))

    listing = next(each for each in Registry().connectors() if each.name == "x-bare")

    assert listing.package == "an unknown package"


def test_installed_name_is_not_overridden_by_the_host(tmp_path, monkeypatch):
    install(tmp_path, "pkg-sound", "x-sound = pkg_sound:Connector")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ConfigurationError, match="more than one"):
        Registry(connectors={"x-sound": ExampleConnector}).load("x-sound")


# --- connecting --------------------------------------------------------------------------------


def registry_of(connector=ExampleConnector, **options):
    return Registry(connectors={"example": connector}, **options)


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ConfigurationError, match="did you mean example"):
        registry_of().load("exampel")


@pytest.mark.parametrize("error", [SystemExit(1), ValueError("odd"), AssertionError()], ids=repr)
def test_connector_that_raises_when_asked_what_it_can_do_is_a_plugin_fault(error):
    class Raising(ExampleConnector):
        @hookimpl
        def capabilities(self):
            raise error

    with pytest.raises(PluginFault, match=type(error).__name__):
        registry_of(Raising).load("example")
    assert type(error).__name__ in registry_of(Raising).inspect("example").problem


def test_broken_contract_names_connector_and_package():
    class Lacking(ExampleConnector):
        get_user = None

    with pytest.raises(PluginFault, match="this application: it lacks the hook get_user"):
        registry_of(Lacking).load("example")


def test_wrong_settings_are_named_without_their_values():
    with pytest.raises(ConfigurationError) as caught:
        registry_of().connect("example", {"url": "ftp://private", "client_secrt": "private"})

    said = str(caught.value)
    assert "example: url: must begin with https://" in said
    assert "did you mean client_secret?" in said
    assert "private" not in said


def test_settings_of_another_connector_are_refused():
    with pytest.raises(ConfigurationError, match="needs ExampleSettings"):
        registry_of().connect("example", ConnectorSettings())


def test_settings_may_be_references(monkeypatch):
    monkeypatch.setenv("THE_SECRET", "abc-12345")
    given = {"url": ORIGIN, "allow_loopback": True, "client_secret": "env:THE_SECRET"}

    with registry_of().connect("example", given, clock=ScriptedClock().clock()) as connector:
        assert connector.settings.client_secret.get_secret_value() == "abc-12345"


def test_observer_that_answers_hooks_is_refused():
    class Impostor:
        @hookimpl
        def get_user(self, key):
            yield

    with pytest.raises(ConfigurationError, match="no hook of observers"):
        registry_of(observers=[Impostor()])


def test_two_connections_share_nothing():
    """Each has hooks, token and limits of its own."""
    other = dataclasses.replace(CAPABILITIES, match_on=("emails.value",))

    class Other(ExampleConnector):
        def __init__(self):
            super().__init__(other)

    registry = Registry(connectors={"one": ExampleConnector, "two": Other})
    given = {"url": ORIGIN, "allow_loopback": True}
    with registry.connect("one", given) as one, registry.connect("two", given) as two:
        assert one.capabilities.match_on == ("userName",)
        assert two.capabilities.match_on == ("emails.value",)
        assert one._calls.driver.tokens is not two._calls.driver.tokens


ALLOW_ONE = """
import json
from jackfield import Registry
registry = Registry(packages=["pkg-wanted"])
print(json.dumps({each.name: each.problem for each in registry.connectors()}))
"""


def test_connector_of_an_unexpected_package_is_shown_and_not_loaded(tmp_path):
    install(tmp_path, "pkg-wanted", "x-wanted = pkg_wanted:Connector")
    install(tmp_path, "pkg-uninvited", "x-uninvited = pkg_uninvited:Connector", "raise SystemExit")

    listed = run_python(tmp_path, ALLOW_ONE)

    assert listed["x-wanted"] == ""
    assert "not among those" in listed["x-uninvited"]
