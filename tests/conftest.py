"""What all tests share: steady property tests, and a watch for secrets that get out."""

import os

import pytest
from hypothesis import settings
from support import canary_scan

settings.register_profile("ci", deadline=None, derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(canary_scan, "canary_scan")
