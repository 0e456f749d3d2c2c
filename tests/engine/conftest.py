from collections.abc import Iterator
from pathlib import Path

import pytest
from support.company import Company, company
from support.databases import postgresql, schema

from jackfield.engine import Store


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Company]:
    """A company with nobody in it, a vendor with no accounts."""
    with company(tmp_path) as firm:
        yield firm


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server for this session."""
    with postgresql() as url:
        yield url


@pytest.fixture
def server_url(postgresql_url: str) -> Iterator[str]:
    """A place for a state in PostgreSQL, with nothing in it."""
    with schema(postgresql_url) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a state that is not there yet, in each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jackfield.db"
    url: str = request.getfixturevalue("server_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with nothing in it, in each kind of database."""
    store = Store.connect(store_url)
    yield store
    store.close()
