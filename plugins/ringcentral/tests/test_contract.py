"""RingCentral against the contract: recordings of its sandbox, and by hand what they lack."""

from pathlib import Path
from typing import ClassVar

from jackfield import Change, Response
from jackfield.testing.contract import ConnectorContract
from jackfield_ringcentral import RingCentralConnector
from jackfield_ringcentral.scenarios import ADA, ADA_ID, NOBODY_ID, SUITE

FOUND = {**ADA.to_scim(), "id": ADA_ID}
OTHER = {**FOUND, "id": "1271140002"}
UNTITLED = {name: value for name, value in FOUND.items() if name != "title"}


class TestRingCentral(ConnectorContract):
    connector = RingCentralConnector
    settings = SUITE.settings
    cassettes = Path(__file__).resolve().parents[3] / "cassettes" / "ringcentral"
    user = ADA
    user_id = ADA_ID
    unknown_id = NOBODY_ID
    change = Change("replace", "title", "Lead")
    exchanges: ClassVar = {
        "get_user: found by id": [Response(200, FOUND)],
        "get_user: unknown id": [Response(404, {"status": "404"})],
        "get_user: ambiguous match": [
            Response(200, {"totalResults": 2, "Resources": [FOUND, OTHER]})
        ],
        "patch_user: clear one attribute": [Response(200, UNTITLED)],
        "patch_user: disable twice": [Response(200, {**FOUND, "active": False})],
        "delete_user: already gone": [Response(404, {"status": "404"})] * 2,
    }
