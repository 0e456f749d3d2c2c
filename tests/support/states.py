"""States as earlier versions left them, and entries to fill one with."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from jackfield.engine import Entry, Step, Store

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)

VERSION_1 = """
CREATE TABLE meta (version INTEGER NOT NULL, PRIMARY KEY (version));
CREATE TABLE links (
    job TEXT NOT NULL, source_id TEXT NOT NULL, target_id TEXT NOT NULL, user_name TEXT NOT NULL,
    is_on BOOLEAN NOT NULL, wanted TEXT NOT NULL, kept TEXT NOT NULL, updated_at DATETIME NOT NULL,
    PRIMARY KEY (job, source_id), UNIQUE (job, target_id)
);
CREATE TABLE cycles (
    id TEXT NOT NULL, job TEXT NOT NULL, began_at DATETIME NOT NULL, ended_at DATETIME,
    outcome TEXT, counts TEXT, PRIMARY KEY (id)
);
CREATE INDEX ix_cycles_job ON cycles (job);
CREATE TABLE intents (
    change_id TEXT NOT NULL, cycle_id TEXT NOT NULL, job TEXT NOT NULL, at DATETIME NOT NULL,
    action TEXT NOT NULL, source_id TEXT NOT NULL, target_id TEXT, user_name TEXT NOT NULL,
    place TEXT NOT NULL, PRIMARY KEY (change_id), FOREIGN KEY(cycle_id) REFERENCES cycles (id)
);
CREATE INDEX ix_intents_job ON intents (job);
CREATE TABLE log (
    number INTEGER NOT NULL, change_id TEXT NOT NULL, cycle_id TEXT NOT NULL, job TEXT NOT NULL,
    at DATETIME NOT NULL, action TEXT NOT NULL, status TEXT NOT NULL, source_id TEXT NOT NULL,
    user_name TEXT NOT NULL, place TEXT NOT NULL, reason TEXT NOT NULL, code TEXT NOT NULL,
    target_id TEXT, changes TEXT NOT NULL, request_id TEXT NOT NULL,
    duration_seconds FLOAT NOT NULL, PRIMARY KEY (number), UNIQUE (change_id),
    FOREIGN KEY(cycle_id) REFERENCES cycles (id)
);
CREATE INDEX ix_log_status ON log (status);
CREATE INDEX ix_log_user_name ON log (user_name);
CREATE INDEX ix_log_source_id ON log (source_id);
CREATE INDEX ix_log_cycle_id ON log (cycle_id);
INSERT INTO meta VALUES (1);
INSERT INTO links VALUES
    ('example', 'id-1', 'u-1', 'ada@example.com', 1, 'f', '{}', '2026-11-20 12:00:00.000000');
INSERT INTO cycles (id, job, began_at) VALUES ('c-1', 'example', '2026-11-20 12:00:00.000000');
INSERT INTO intents VALUES ('i-1', 'c-1', 'example', '2026-11-20 12:00:01.000000', 'update',
    'id-1', 'u-1', 'ada@example.com', 'people.csv:2');
"""


def make_version_1(path: Path) -> None:
    """Leave a file as the first version made it: one link, one write without an outcome."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA journal_mode=WAL; {VERSION_1}")


def step(number: int = 1, **changes: Any) -> Step:
    usual: dict[str, Any] = {
        "action": "update",
        "source_id": f"id-{number}",
        "user_name": f"person{number}@example.com",
        "place": f"people.csv:{number + 1}",
        "reason": "attributes differ",
        "target_id": f"u-{number}",
    }
    return Step(**{**usual, **changes})


def entry(cycle_id: str, number: int = 1, **changes: Any) -> Entry:
    usual: dict[str, Any] = {
        "change_id": f"{cycle_id}:{number}",
        "cycle_id": cycle_id,
        "job": "example",
        "at": NOON + dt.timedelta(minutes=number),
        "action": "update",
        "status": "success",
        "source_id": f"id-{number}",
        "user_name": f"person{number}@example.com",
        "place": f"people.csv:{number + 1}",
        "reason": "attributes differ",
    }
    return Entry(**{**usual, **changes})


def remembered(store: Store) -> dict[str, str]:
    """Return the rows of the source that are remembered: source id → fingerprint."""
    return {key: row for some in store.rows.remembered("example") for key, row in some}
