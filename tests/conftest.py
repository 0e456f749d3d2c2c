"""What all tests share: steady property tests on machines of unknown speed."""

import os

from hypothesis import settings

settings.register_profile("ci", deadline=None, derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
