"""Whether a delivery comes from who knows the secret. Every comparison takes the same time, right or wrong."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence

STANDARD_PREFIX = "whsec_"
"""Begins a signing secret of the Standard Webhooks specification, whose rest is the key in base64."""
TOLERANCE_SECONDS = 300.0
"""How far a signed timestamp may be from our clock, as that specification has it."""

Headers = Mapping[str, str]
"""A request's headers by their names in lower case."""


def is_any(given: Iterable[str], expected: Iterable[str]) -> bool:
    """Whether one of the texts given is one of those expected; compares them all."""
    wanted = [text.encode() for text in expected]
    return any([hmac.compare_digest(text.encode(), each) for text in given for each in wanted])  # noqa: C419


def hexadecimal(secret: str, content: bytes) -> str:
    """HMAC-SHA256 in hexadecimal."""
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def is_signed_in_hexadecimal(header: str, prefix: str, secrets: Sequence[str], body: bytes) -> bool:
    """Whether a header of one or more `<prefix><hexadecimal>`, divided by commas, signs the body.

    `sha256=…` is GitHub's form, `v1=…,v1=…` PagerDuty's, which sends several while a secret is being replaced.
    """
    given = [part.strip() for part in header.split(",")]
    return is_any(given, [prefix + hexadecimal(secret, body) for secret in secrets])


def is_signed_as_standard(headers: Headers, secrets: Sequence[str], body: bytes, now: float) -> bool:
    """Whether `webhook-id`, `-timestamp` and `-signature` sign the body (https://www.standardwebhooks.com).

    Only secrets that begin with `whsec_` are keys of this kind. `now` is in seconds since the epoch; a timestamp
    further away than TOLERANCE_SECONDS is refused.
    """
    identifier, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - float(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{identifier}.{timestamp}.".encode() + body
    given = [part.partition(",")[2] for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in map(_standard_key, secrets) if key]
    return is_any(given, [base64.b64encode(digest).decode() for digest in digests])


def _standard_key(secret: str) -> bytes | None:
    if not secret.startswith(STANDARD_PREFIX):
        return None
    try:
        return base64.b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True) or None
    except binascii.Error:
        return None
