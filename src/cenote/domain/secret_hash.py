"""SECRET_HASH: the proof that an app client knows its secret (COGNITO.md 'Secrets and SRP')."""

import base64
import hmac
from collections.abc import Iterable

from cenote.domain.errors import NotAuthorized


def compute(client_id: str, secret: str, username: str) -> str:
    """Base64 of HMAC-SHA256 under the client's secret, over the user name followed by the client id."""
    return base64.b64encode(
        hmac.new(secret.encode(), f"{username}{client_id}".encode(), "sha256").digest()
    ).decode()


def check(client_id: str, secrets: Iterable[str], username: str, given: str | None) -> None:
    """Check the hash that came with a request; `secrets` are all that are good now: none, one or two.

    NotAuthorized if it is wrong, missing, or given although the client has no secret (the first two texts are
    recorded, for the third AWS's is assumed to be the first). The time tells nothing of any secret.
    """
    expected = [compute(client_id, secret, username) for secret in secrets]
    if given is None:
        if expected:
            raise NotAuthorized(
                f"Client {client_id} is configured with secret but SECRET_HASH was not received"
            )
        return
    # Each secret is tried, so that the time does not tell which one was used.
    if not sum(matches(hashed, given) for hashed in expected):
        raise NotAuthorized(f"Unable to verify secret hash for client {client_id}")


def matches(expected: str, given: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
