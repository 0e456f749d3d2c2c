from collections.abc import Iterator
from pathlib import Path

import pytest
from support.company import Company, company


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Company]:
    """A company with nobody in it, a vendor with no accounts."""
    with company(tmp_path) as firm:
        yield firm
