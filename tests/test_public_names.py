"""The public names are a promise; importing them does nothing else."""

import pkgutil

from support.packages import run_python

import jackfield

NAMES = [
    "CONTRACT",
    "Address",
    "AlreadyExists",
    "AlreadyRunning",
    "AmbiguousMatch",
    "Answered",
    "Applied",
    "AsyncConnector",
    "Attribute",
    "AttributeMapping",
    "BaseUrl",
    "Capabilities",
    "Change",
    "Changes",
    "Completed",
    "ConfigurationError",
    "Connector",
    "ConnectorError",
    "ConnectorSettings",
    "CredentialsRefused",
    "Difference",
    "Flow",
    "GuardTripped",
    "InDoubt",
    "Json",
    "Listing",
    "MatchKey",
    "MultiValue",
    "Name",
    "NotAllowed",
    "NotFound",
    "NotSent",
    "Page",
    "PluginFault",
    "ProvisioningError",
    "Rate",
    "RateLimit",
    "Registry",
    "RejectedUser",
    "Request",
    "Response",
    "Secret",
    "Sending",
    "Throttled",
    "Token",
    "UnknownUser",
    "User",
    "UserId",
    "VendorBroken",
    "WriteRefused",
    "hookimpl",
]
SIDE_EFFECTS = """
import asyncio, json, locale, logging, signal, sys, threading, warnings
before = (list(warnings.filters), locale.setlocale(locale.LC_ALL), signal.getsignal(signal.SIGTERM),
          list(sys.path))
import jackfield
after = (list(warnings.filters), locale.setlocale(locale.LC_ALL), signal.getsignal(signal.SIGTERM),
         list(sys.path))
ours = [name for name in logging.Logger.manager.loggerDict if name.startswith(("jackfield", "httpcore"))]
try:
    asyncio.get_running_loop()
    loop = True
except RuntimeError:
    loop = False
print(json.dumps({
    "threads": threading.active_count(),
    "root handlers": len(logging.getLogger().handlers),
    "set up loggers": [n for n in ours if logging.getLogger(n).handlers or logging.getLogger(n).level
                       or logging.getLogger(n).filters],
    "loop": loop,
    "changed": before != after,
    "too much": [m for m in ("sqlalchemy", "click", "rich", "jackfield.engine", "jackfield.cli",
                             "jackfield.sources", "jackfield.testing", "keyring") if m in sys.modules],
}))
"""


def test_public_names_are_pinned():
    assert sorted(jackfield.__all__) == sorted(NAMES)
    assert all(hasattr(jackfield, name) for name in NAMES)


def test_every_public_name_is_documented():
    plain = {"CONTRACT", "Changes", "Flow", "Json", "BaseUrl", "Secret", "UserId"}

    assert [n for n in NAMES if n not in plain and not getattr(jackfield, n).__doc__] == []


def test_import_has_no_side_effect(tmp_path):
    """H12, I10."""
    assert run_python(tmp_path, SIDE_EFFECTS) == {
        "threads": 1,
        "root handlers": 0,
        "set up loggers": [],
        "loop": False,
        "changed": False,
        "too much": [],
    }


def test_package_says_that_it_is_typed():
    assert pkgutil.get_data("jackfield", "py.typed") is not None
