"""Settings: URLs that are checked, secrets that never print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, ValidationError

from jackfield import BaseUrl, ConnectorSettings, RateLimit, Secret
from jackfield.registry import explain
from jackfield.settings import origin_of


class VendorSettings(ConnectorSettings):
    url: BaseUrl = "https://api.example.com"
    other_url: BaseUrl | None = None
    token: Secret | None = None


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "ftp://api.example.com",
        "api.example.com",
        "https://",
        "https://user@api.example.com",
        "https://user:pw@api.example.com",
        "https://api.example.com/?a=1",
        "https://api.example.com/?",
        "https://api.example.com/#top",
        "https://api.example.com\\@evil.example",
        "https://api.example.com\r\nx: y",
        "https://api.example.com ",
        "https://\u0430pi.example.com",
        "https://\U0001d41api.example.com",
        "https://api.example.com.",
        "https://api.example.com:22",
        "https://api.example.com:99999",
        "https://[::1",
    ],
)
def test_doubtful_base_url_is_refused_by_name(url):
    with pytest.raises(ValidationError) as caught:
        VendorSettings(url=url)

    assert "url" in explain(caught.value, VendorSettings)


@given(st.text(min_size=1, max_size=8).filter(lambda text: not text.isascii()))
def test_no_character_outside_ascii_gets_into_a_base_url(text):
    with pytest.raises(ValidationError):
        VendorSettings(url=f"https://api.{text}.example.com")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"]
)
def test_plain_http_reaches_this_machine_with_the_flag_only(url):
    assert VendorSettings(url=url, allow_loopback=True).url == url
    with pytest.raises(ValidationError, match="allow_loopback"):
        VendorSettings(url=url)
    with pytest.raises(ValidationError, match="other_url"):
        VendorSettings(other_url=url)


def test_flag_for_this_machine_does_not_allow_plain_http_elsewhere():
    with pytest.raises(ValidationError):
        VendorSettings(url="http://127.0.0.1.example.com", allow_loopback=True)


@pytest.mark.parametrize(
    "pasted",
    ["abc123\n", "  abc123 ", "Bearer abc123", "bearer Bearer  abc123", "Bearer abc123\r\n"],
)
def test_pasted_secret_is_cleaned(pasted):
    assert VendorSettings(token=pasted).token.get_secret_value() == "abc123"


@pytest.mark.parametrize(
    "pasted", ["", " ", "Bearer ", "abc\u2019123", "abc\n123", "abc\0123", "a b"]
)
def test_secret_that_no_header_can_carry_is_refused_without_showing_it(pasted):
    with pytest.raises(ValidationError) as caught:
        VendorSettings(token=pasted)

    said = explain(caught.value, VendorSettings)
    assert said.startswith("token: ")
    assert "123" not in said + str(caught.value)


def test_secret_never_prints():
    settings = VendorSettings(token="abc123")

    assert (
        "abc123"
        not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    )


def test_every_secret_is_known_to_the_redactor_wherever_it_stands():
    class Account(BaseModel):
        key: SecretStr

    class Deep(ConnectorSettings):
        keys: tuple[Secret, ...]
        accounts: dict[str, Account]

    settings = Deep(keys=("first", "second"), accounts={"a": {"key": "third"}})

    assert settings.secrets() == {"first", "second", "third"}


def test_origins_are_those_of_every_url():
    settings = VendorSettings(
        url="https://API.example.com:443/v1/", other_url="https://b.example:8443"
    )

    assert settings.origins() == {"https://api.example.com", "https://b.example:8443"}
    assert origin_of("http://[::1]:8080/a") == "http://[::1]:8080"


def test_misspelt_setting_is_named_with_the_nearest():
    with pytest.raises(ValidationError) as caught:
        VendorSettings(tokn="abc123")

    assert explain(caught.value, VendorSettings) == "there is no setting tokn; did you mean token?"


def test_settings_do_not_change():
    settings = VendorSettings()

    with pytest.raises(ValidationError):
        settings.url = "https://evil.example"


@pytest.mark.parametrize(
    "figures", [(0, 1.0), (-1, 1.0), (1, 0.0), (1, float("inf")), (1, float("nan"))]
)
def test_rate_limit_must_be_a_limit(figures):
    with pytest.raises(ValidationError):
        RateLimit(requests=figures[0], per_seconds=figures[1])
