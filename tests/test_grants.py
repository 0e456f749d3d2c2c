import json
import multiprocessing
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from support.renewing import renew

from jackfield.errors import ConfigurationError
from jackfield.grants import FileGrants, Grant, MemoryGrants

FIRST = Grant(SecretStr("refresh-1"), SecretStr("access-1"), 1_800_000_000.0)
SECOND = Grant(SecretStr("refresh-2"))


def test_a_grant_is_read_back_as_it_was_saved(tmp_path: Path):
    FileGrants(tmp_path / "zoom.json").save(FIRST)
    assert FileGrants(tmp_path / "zoom.json").load() == FIRST

    FileGrants(tmp_path / "zoom.json").save(SECOND)
    assert FileGrants(tmp_path / "zoom.json").load() == SECOND


def test_there_is_no_grant_before_the_first_one(tmp_path: Path):
    assert FileGrants(tmp_path / "zoom.json").load() is None


def test_a_grant_is_for_its_owner_alone_and_leaves_nothing_beside_it(tmp_path: Path):
    FileGrants(tmp_path / "grants" / "zoom.json").save(FIRST)

    assert stat.S_IMODE((tmp_path / "grants").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "grants" / "zoom.json").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "grants").glob("*.json*")] == ["zoom.json"]


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", "null", '{"refresh_token": 1, "access_token": null, "good_until": null}'],
)
def test_a_file_that_is_no_grant_is_refused_without_its_content(tmp_path: Path, content: str):
    (tmp_path / "zoom.json").write_text(content)

    with pytest.raises(ConfigurationError, match=r"zoom\.json: this is no stored authorization"):
        FileGrants(tmp_path / "zoom.json").load()


def test_secrets_of_a_grant_do_not_print():
    assert "refresh-1" not in repr(FIRST)
    assert "access-1" not in str(FIRST)


def test_two_processes_never_renew_at_once(tmp_path: Path):
    path = tmp_path / "zoom.json"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=renew, args=(str(path), 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert json.loads(path.read_text())["refresh_token"] == "60"


def test_a_host_stores_a_grant_before_it_is_used():
    kept: list[Grant] = []
    grants = MemoryGrants(FIRST, saved=kept.append)

    grants.save(SECOND)

    assert kept == [SECOND]
    assert grants.load() == SECOND


def test_a_host_that_cannot_store_a_grant_does_not_get_to_use_it():
    def refuse(_: Grant) -> None:
        raise OSError("disk full")

    grants = MemoryGrants(FIRST, saved=refuse)

    with pytest.raises(OSError, match="disk full"):
        grants.save(SECOND)
    assert grants.load() == FIRST
