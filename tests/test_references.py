"""Secrets by reference are resolved once, and their values never named."""

import os

import pytest

from jackfield import ConfigurationError
from jackfield.references import is_reference, resolve_references


def resolve(value, folder):
    return resolve_references({"token": value}, folder)["token"]


def test_reference_to_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("VENDOR_TOKEN", " abc123\n")

    assert resolve("env:VENDOR_TOKEN", tmp_path) == "abc123"


def test_reference_to_a_file_beside_the_configuration(tmp_path):
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbfabc123\r\n")

    assert resolve("file:token", tmp_path) == "abc123"
    assert resolve(f"file:{tmp_path / 'token'}", tmp_path / "elsewhere") == "abc123"


def test_secret_that_looks_like_a_reference_stays_text(monkeypatch, tmp_path):
    monkeypatch.setenv("VENDOR_TOKEN", "env:HOME")

    assert resolve("env:VENDOR_TOKEN", tmp_path) == "env:HOME"


def test_what_is_no_reference_passes_unchanged(tmp_path):
    given = {"token": "abc123", "port": 1, "url": "https://a.example"}

    assert resolve_references(given, tmp_path) == given
    assert [is_reference(value) for value in ("env:A", "abc", 1)] == [True, False, False]


@pytest.mark.parametrize(
    "reference",
    [
        "env:MISSING_NAME",
        "env:EMPTY_NAME",
        "env:",
        "file:missing",
        "file:",
        "file:blank",
        "file:binary",
        "file:large",
        "file:a\0b",
        "keyring:nothing/here",
    ],
)
def test_reference_that_leads_nowhere_is_named_with_its_setting(reference, monkeypatch, tmp_path):
    monkeypatch.setenv("EMPTY_NAME", "  ")
    (tmp_path / "blank").write_text("\n")
    (tmp_path / "binary").write_bytes(b"abc123\xff")
    (tmp_path / "large").write_bytes(b"abc123" * 20_000)

    with pytest.raises(ConfigurationError) as caught:
        resolve(reference, tmp_path)

    assert str(caught.value).startswith("token: ")
    assert "abc123" not in str(caught.value)


def test_endless_file_is_not_read_to_its_end(tmp_path):
    with pytest.raises(ConfigurationError, match="too large"):
        resolve("file:/dev/zero", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_file_without_permission_is_named(tmp_path):
    secret = tmp_path / "token"
    secret.write_text("abc123")
    secret.chmod(0)

    with pytest.raises(ConfigurationError, match="Permission denied"):
        resolve("file:token", tmp_path)
