"""What goes wrong between Microsoft Graph and a read: an error, never somebody's absence."""

import json
import logging

import pytest

from jackfield.errors import (
    CredentialsRefused,
    NotAllowed,
    Throttled,
    VendorBroken,
    WriteRefused,
)
from jackfield.flow import Request
from jackfield.sources.entra.graph import GraphAccess, is_own
from jackfield.sources.reader import Reader

# --- what breaks on the way ------------------------------------------------------------------


def test_503_on_page_3_of_9_is_an_error_not_nine_leavers(tenant):
    """Nothing is returned that could make anyone a leaver."""
    tenant.hire(*(f"p{n}" for n in range(9)))
    tenant.sandbox.page_size = 1
    tenant.fail(path="delta", after=2, times=9, status=503)

    with pytest.raises(VendorBroken, match="503"):
        tenant.read()


def test_503_that_passes_is_repeated(tenant, names):
    tenant.hire("ana", "bob", "cyd")
    tenant.sandbox.page_size = 1
    tenant.fail(path="delta", after=1, times=2, status=503)

    assert names(tenant.read()) == ["ana", "bob", "cyd"]


BREAKS = {
    "time-out": {"delay_seconds": 1.0},
    "cut short": {"truncate": True},
    "dropped": {"commit_then_drop": True},
    "sign-in page": {"html": True},
    "no body": {"empty": True},
    "no list": {"rewrite": {"value": None}},
    "no link": {"rewrite": {"@odata.nextLink": ""}},
    "two links": {"rewrite": {"@odata.deltaLink": "ORIGIN/v1.0/users/delta?$deltatoken=x"}},
    "link elsewhere": {"rewrite": {"@odata.nextLink": "https://evil.example/v1.0/users/delta"}},
    "link to a look-alike": {"rewrite": {"@odata.nextLink": "ORIGIN@evil.example/users/delta"}},
    "link with a name": {"rewrite": {"@odata.nextLink": "NAMED/v1.0/users/delta"}},
    "link of no text": {"rewrite": {"@odata.nextLink": 7}},
    "object without id": {"rewrite": {"value": [{"displayName": "x"}]}},
    "object that is none": {"rewrite": {"value": ["x"]}},
}


@pytest.mark.parametrize("how", BREAKS)
def test_broken_page_is_an_error_never_absence(tenant, how):
    tenant.hire("ana", "bob", "cyd")
    tenant.sandbox.page_size = 1
    tenant.be_impatient()
    named = tenant.origin.replace("//", "//someone@")
    text = json.dumps(BREAKS[how]).replace("ORIGIN", tenant.origin).replace("NAMED", named)
    tenant.fail(path="delta", after=1, times=9, **json.loads(text))

    with pytest.raises(VendorBroken):
        tenant.read_all()


def test_pages_in_a_circle_are_an_error(tenant):
    tenant.hire("ana", "bob", "cyd")
    tenant.sandbox.page_size = 1
    links = []

    def circle(page):
        links.append(page["@odata.nextLink"])
        return {**page, "@odata.nextLink": links[0]}

    tenant.fail(path="delta", times=9, rewrite=circle)

    with pytest.raises(VendorBroken, match="circles"):
        tenant.read_all()


def test_throttled_page_waits_as_long_as_graph_says(tenant, names):
    tenant.hire("ana")
    tenant.fail(path="delta", status=429, headers={"Retry-After": "17"})

    assert names(tenant.read()) == ["ana"]
    assert tenant.time.pauses == [17.0]


def test_rate_limit_of_the_tenant_is_kept_by_waiting(tenant, names):
    tenant.hire(*(f"p{n}" for n in range(9)))
    tenant.sandbox.page_size = 1
    limits = tenant.sandbox.rate_limits.limits
    tenant.sandbox.rate_limits.limits = {"graph": type(limits["graph"])(4, 10)}
    try:
        assert len(names(tenant.read_all())) == 9
    finally:
        tenant.sandbox.rate_limits.limits = limits
    assert tenant.time.pauses


def test_longer_wait_than_there_is_patience_for_is_an_error(tenant):
    tenant.be_impatient()
    tenant.fail(path="delta", status=429, headers={"Retry-After": "600"})

    with pytest.raises(Throttled) as caught:
        tenant.read()

    assert caught.value.retry_after_seconds == 600


# --- credentials -----------------------------------------------------------------------------


def test_token_is_asked_for_once_and_renewed_when_refused(tenant, names):
    tenant.hire("ana", "bob", "cyd")
    tenant.sandbox.page_size = 1
    tenant.fail(path="delta", after=1, status=401)

    assert names(tenant.read_all()) == ["ana", "bob", "cyd"]
    tokens = [one for one in tenant.sandbox.requests if one.path.endswith("/token")]
    assert len(tokens) == 2
    assert tokens[0].path == f"/{tenant.sandbox.TENANT}/oauth2/v2.0/token"


def test_tenant_may_be_named_by_a_domain(tenant, names):
    tenant.hire("ana")

    assert names(tenant.read(tenant="contoso.example")) == ["ana"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"client_secret": "not-the-secret-9"}, "AADSTS7000215"),
        ({"tenant": "fabrikam.example"}, "AADSTS90002"),
    ],
    ids=["secret", "tenant"],
)
def test_wrong_credentials_are_refused_with_the_code_of_the_directory(tenant, wrong, code):
    with pytest.raises(CredentialsRefused, match=code) as caught:
        tenant.read(**wrong)

    assert caught.value.connector == "entra"


def test_missing_consent_names_the_permission(tenant):
    body = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}
    tenant.fail(path="delta", status=403, body=body)

    with pytest.raises(NotAllowed, match=r"User\.Read\.All.*Authorization_RequestDenied"):
        tenant.read()


def test_secrets_are_neither_logged_nor_in_errors(tenant, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "an-0ther/secret+value"
    tenant.hire("ana")
    read = tenant.read()
    tenant.fail(
        path="token", status=400, body={"error": "invalid_client", "error_description": secret}
    )

    with pytest.raises(CredentialsRefused) as caught:
        tenant.read(client_secret=secret)

    told = f"{caplog.text} {caught.value!r} {read!r} {tenant.settings()!r}"
    assert secret not in told
    assert tenant.sandbox.CLIENT.client_secret not in told
    assert tenant.sandbox.TOKEN not in told


# --- where requests go -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "https://login.microsoftonline.com/v1.0/users/delta",
        "https://graph.microsoft.com.evil.example/v1.0/users/delta",
        "https://graph.microsoft.com@evil.example/v1.0/users/delta",
        "https://someone@graph.microsoft.com/v1.0/users/delta",
        "http://graph.microsoft.com/v1.0/users/delta",
        "https://graph.microsoft.com:8443/v1.0/users/delta",
        "https://graph.microsoft.com:x/v1.0/users/delta",
        "//graph.microsoft.com/v1.0/users/delta",
        "/users/delta",
    ],
)
def test_link_that_leaves_graph_is_not_ours(tenant, link):
    settings = tenant.settings(
        graph_url="https://graph.microsoft.com", login_url="https://login.microsoftonline.com"
    )

    assert is_own("https://graph.microsoft.com/v1.0/users/delta?$deltatoken=x", settings)
    assert not is_own(link, settings)


def test_watermark_that_leads_elsewhere_is_not_followed(tenant):
    tenant.hire("ana")
    first = tenant.read()
    altered = json.loads(first.watermark) | {"link": "https://evil.example/v1.0/users/delta"}

    assert tenant.read(json.dumps(altered)).is_complete


def test_source_cannot_write(tenant):
    def write():
        yield Request("PATCH", "/users/1", json={"accountEnabled": False})

    with (
        Reader(
            "entra",
            GraphAccess(),
            tenant.settings(),
            policy=tenant.policy,
            clock=tenant.time.clock(),
        ) as reader,
        pytest.raises(WriteRefused),
    ):
        reader.run("write", write(), object)

    assert tenant.sandbox.requests == []
