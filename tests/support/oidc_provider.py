"""An OIDC provider on the loopback interface, in a process of its own: `python -m tests.support.oidc_provider`.

It is `oidc-provider-mock`, which speaks the real protocol with real signatures. With `--wrong-keys` it publishes other
keys than it signs with, as somebody would whose tokens are forged.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from joserfc.jwk import RSAKey
from oidc_provider_mock import User, app
from werkzeug.serving import run_simple

HOST = "localhost"
PEOPLE: Mapping[str, Mapping[str, object]] = {
    "viewer": {"name": "Vera Viewer", "groups": ["engineering"], "teams": ["lending"]},
    "stranger": {"name": "Sam Stranger", "groups": ["marketing"]},
    "leader": {"name": "Lea Leader", "groups": ["engineering", "engineering-leads"]},
    "owner": {"name": "Olu Owner", "groups": ["plumbline-owners"]},
}
"""Who can log in, by subject, with their claims."""


def with_other_keys(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The same provider, whose published keys did not sign its tokens."""
    other = json.dumps({"keys": [RSAKey.generate_key(2048).as_dict(private=False)]}).encode()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/jwks":
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [other]

    return serve


def main(port: int, *, wrong_keys: bool) -> None:
    """Serve until stopped."""
    provider = app(user_claims=[User(sub=sub, claims=dict(claims)) for sub, claims in PEOPLE.items()])
    run_simple(HOST, port, with_other_keys(provider) if wrong_keys else provider, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), wrong_keys="--wrong-keys" in sys.argv)
