"""Signatures against values from the senders' own documentation, and what must not pass for one."""

import pytest

from pipelines.hooks.signatures import is_signed_as_standard, is_signed_in_hexadecimal

GITHUB_SECRET = "It's a Secret to Everybody"
GITHUB_SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""The example of https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""

STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The example of the specification's reference libraries."""
THEN = 1614265330.0


def test_githubs_own_example() -> None:
    assert is_signed_in_hexadecimal(GITHUB_SIGNATURE, "sha256=", [GITHUB_SECRET], b"Hello, World!")
    assert not is_signed_in_hexadecimal(GITHUB_SIGNATURE, "sha256=", [GITHUB_SECRET], b"Hello, World?")
    assert not is_signed_in_hexadecimal(GITHUB_SIGNATURE.upper(), "sha256=", [GITHUB_SECRET], b"Hello, World!")


def test_any_of_several_signatures_and_secrets() -> None:
    several = f"sha256=00,{GITHUB_SIGNATURE}"
    assert is_signed_in_hexadecimal(several, "sha256=", ["another", GITHUB_SECRET], b"Hello, World!")
    assert not is_signed_in_hexadecimal(several, "v1=", ["another", GITHUB_SECRET], b"Hello, World!")
    assert not is_signed_in_hexadecimal("", "sha256=", [GITHUB_SECRET], b"Hello, World!")
    assert not is_signed_in_hexadecimal(GITHUB_SIGNATURE, "sha256=", [], b"Hello, World!")


def test_the_standards_own_example() -> None:
    assert is_signed_as_standard(STANDARD_HEADERS, ["other", STANDARD_SECRET], STANDARD_BODY, THEN)
    rotated = {**STANDARD_HEADERS, "webhook-signature": f"v1,AAAA v1a,x {STANDARD_HEADERS['webhook-signature']}"}
    assert is_signed_as_standard(rotated, [STANDARD_SECRET], STANDARD_BODY, THEN + 299)


@pytest.mark.parametrize(
    ("change", "secret", "now"),
    [
        ({"webhook-id": "msg_2"}, STANDARD_SECRET, THEN),
        ({"webhook-timestamp": "1614265331"}, STANDARD_SECRET, THEN),
        ({"webhook-timestamp": "soon"}, STANDARD_SECRET, THEN),
        ({"webhook-signature": ""}, STANDARD_SECRET, THEN),
        ({}, STANDARD_SECRET, THEN + 301),
        ({}, STANDARD_SECRET, THEN - 301),
        ({}, STANDARD_SECRET.removeprefix("whsec_"), THEN),
        ({}, "whsec_", THEN),
        ({}, "whsec_not base64", THEN),
    ],
)
def test_what_is_no_signature_of_the_standard(change: dict[str, str], secret: str, now: float) -> None:
    assert not is_signed_as_standard({**STANDARD_HEADERS, **change}, [secret], STANDARD_BODY, now)
