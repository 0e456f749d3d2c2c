"""Webex against the contract: recordings of its sandbox, and by hand what they lack."""

from pathlib import Path
from typing import ClassVar

from jackfield import Change, Response
from jackfield.testing.contract import ConnectorContract
from jackfield_webex import WebexConnector
from jackfield_webex.scenarios import ADA, ADA_ID, NOBODY_ID, SUITE

FOUND = {**ADA.to_scim(), "id": ADA_ID, "userType": "user"}
OTHER = {**FOUND, "id": "5b1c0000-0000-4000-8000-000000000002"}
UNTITLED = {name: value for name, value in FOUND.items() if name != "title"}


class TestWebex(ConnectorContract):
    connector = WebexConnector
    settings = SUITE.settings
    cassettes = Path(__file__).resolve().parents[3] / "cassettes" / "webex"
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
