"""A project of one app. No secret stands here: `env:` says where each one is."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "")
INSTALLED_APPS = ["people"]
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"people": {"handlers": ["stderr"], "level": "WARNING"}},
}

JACKFIELD_CONNECTOR = "webex"
JACKFIELD_SETTINGS = {"token": "env:WEBEX_TOKEN"}
JACKFIELD_PACKAGES = {"jackfield-webex"}  # no other installed package is ever loaded
JACKFIELD_FILE = BASE_DIR / "jackfield.toml"
