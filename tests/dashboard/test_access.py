"""Claims decide who reads, and as what."""

import pytest

from dashboard.access import Reader, has_ended, reader_of
from schemas.access_settings import Access, is_loopback
from schemas.workspace import load_workspace

ACCESS = Access(
    address="https://plumbline.example.com/",
    provider="https://login.example.com/.well-known/openid-configuration",
    client_id="plumbline",
    client_secret_env="PLUMBLINE_OIDC_SECRET",
    viewers=("engineering",),
    leaders=("leads",),
    owners=("owners",),
)


@pytest.mark.parametrize(
    ("claims", "reader"),
    [
        (
            {"groups": ["engineering"], "teams": ["lending", "acquiring"]},
            Reader("viewer", ("acquiring", "lending"), "x"),
        ),
        ({"groups": "engineering other", "teams": "lending"}, Reader("viewer", ("lending",), "x")),
        ({"groups": ["engineering"]}, Reader("viewer", (), "x")),
        ({"groups": ["engineering", "leads"], "teams": ["lending"]}, Reader("leader", None, "x")),
        ({"groups": ["leads", "owners"]}, Reader("owner", None, "x")),
        ({"groups": ["marketing"]}, None),
        ({"groups": {"engineering": True}}, None),
        ({}, None),
    ],
)
def test_the_highest_role_counts_and_only_viewers_are_limited(claims: dict[str, object], reader: Reader | None) -> None:
    assert reader_of({"sub": "x", **claims}, ACCESS) == reader


def test_everybody_may_be_a_viewer() -> None:
    everybody = ACCESS.model_copy(update={"viewers": ("*",)})
    assert reader_of({"sub": "x"}, everybody) == Reader("viewer", (), "x")


def test_a_log_in_ends_by_the_instant_of_the_token() -> None:
    assert not has_ended({"iat": 1_000_000}, ACCESS, 1_000_000 + 12 * 3600)
    assert has_ended({"iat": 1_000_000}, ACCESS, 1_000_001 + 12 * 3600)
    assert has_ended({}, ACCESS, 0)
    assert has_ended({"iat": "1000000"}, ACCESS, 1_000_000)


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("localhost", True), ("::1", True), ("0.0.0.0", False)],
)
def test_what_is_this_machine_alone(host: str, alone: bool) -> None:
    assert is_loopback(host) == alone


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ('address = "http://plumbline.example.com"', "must begin with https"),
        ('address = "plumbline"', "is no address"),
        ("viewers = []", "lets nobody in"),
        ('client_secret_file = "secrets/oidc"', "needs either client_secret_env or client_secret_file"),
        ('client_secret = "s3cr3t"', "access.client_secret is not a known key"),
        ('scopes = ["email"]', "scopes must hold openid"),
        ('client_secret_env = "s3cr3t-s3cr3t"', "must be the name of an environment variable"),
    ],
)
def test_settings_that_cannot_be_followed_are_told_without_secrets(
    changed: str, complaint: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("workspace")
    settings = {
        "address": '"https://plumbline.example.com"',
        "provider": '"https://login.example.com/.well-known/openid-configuration"',
        "client_id": '"plumbline"',
        "client_secret_env": '"PLUMBLINE_OIDC_SECRET"',
        "viewers": '["engineering"]',
    }
    key, _, value = changed.partition(" = ")
    settings[key] = value
    lines = ['name = "Guarded"', "[access]", *(f"{name} = {text}" for name, text in settings.items())]
    (root / "plumbline.toml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Exception, match=complaint) as caught:
        load_workspace(root)
    assert "s3cr3t" not in str(caught.value)
