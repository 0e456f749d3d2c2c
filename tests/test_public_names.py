"""The public names are a promise; importing them does nothing else."""

import pkgutil

from support.packages import run_python

import jackfield

NAMES = """
CONTRACT Address AlreadyExists AlreadyRunning AmbiguousMatch Answered Applied AsyncConnector
Attribute AttributeMapping BaseUrl Capabilities Change Changes Completed ConfigurationError
Connector ConnectorError ConnectorSettings CredentialsRefused Difference Flow Grant GuardTripped
InDoubt Json Listing MatchKey MultiValue Name NotAllowed NotDeleted NotFound NotSent Page
PluginFault ProvisioningError Rate RateLimit Registry RejectedUser Request Response Secret
Sending Throttled Token UnknownUser User UserId VendorBroken WriteRefused hookimpl
"""
SIDE_EFFECTS = """
import json, locale, logging, signal, sys, threading, warnings

def state():
    return [list(warnings.filters), locale.setlocale(locale.LC_ALL), list(sys.path),
            signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)]

def is_set_up(name):
    logger = logging.getLogger(name)
    return bool(logger.handlers or logger.level or logger.filters)

before = state()
import jackfield
loggers = [name for name in logging.root.manager.loggerDict
           if name.startswith(("jackfield", "httpcore", "httpx"))]
heavy = ("sqlalchemy", "keyring", "jackfield.engine", "jackfield.cli", "jackfield.sources")
print(json.dumps({
    "threads": threading.active_count(),
    "root handlers": len(logging.root.handlers),
    "set up loggers": [name for name in loggers if is_set_up(name)],
    "event loop": "asyncio" in sys.modules
        and sys.modules["asyncio"].events._event_loop_policy is not None,
    "changed": before != state(),
    "too much": [name for name in heavy if name in sys.modules],
}))
"""


def test_public_names_are_pinned():
    assert sorted(jackfield.__all__) == sorted(NAMES.split())
    assert all(hasattr(jackfield, name) for name in NAMES.split())


def test_every_public_name_is_documented():
    plain = {"CONTRACT", "Changes", "Flow", "Json", "BaseUrl", "Secret", "UserId"}

    assert [n for n in NAMES.split() if n not in plain and not getattr(jackfield, n).__doc__] == []


def test_import_has_no_side_effect(tmp_path):
    assert run_python(tmp_path, SIDE_EFFECTS) == {
        "threads": 1,
        "root handlers": 0,
        "set up loggers": [],
        "event loop": False,
        "changed": False,
        "too much": [],
    }


def test_package_says_that_it_is_typed():
    assert pkgutil.get_data("jackfield", "py.typed") is not None
