"""The rules of OAuth 2.0 and OpenID Connect that need no request: errors, scopes, PKCE, what was granted.

`OAuthError` is the second error family beside `CognitoError`; its codes are those of RFC 6749 and its extensions.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from cenote.domain import base64url

OPENID: Final = "openid"
# The claims that a scope opens (documented in "Scopes, M2M, and resource servers"); `profile` opens all of them.
CLAIMS: Final[Mapping[str, frozenset[str]]] = {
    "email": frozenset({"email", "email_verified"}),
    "phone": frozenset({"phone_number", "phone_number_verified"}),
}
EVERYTHING: Final = "profile"

CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
S256: Final = "S256"


class OAuthError(Exception):
    """An error of the OAuth endpoints: `code` is `error` on the wire, `description` its `error_description`.

    `nonce` is what the next DPoP proof is to have in it.
    """

    def __init__(self, code: str, description: str = "", *, status: int = 400, nonce: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.status = status
        self.nonce = nonce


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """What an authorization came to, kept with the session that its code began.

    `resource` is the audience that was asked for, `browser_session_id` the browser session it came through, and
    `key` the thumbprint of the key that every use has to prove (DPoP). It is kept as a list: the two places that
    nothing reads are filled in sessions of before.
    """

    scopes: tuple[str, ...]
    resource: str = ""
    browser_session_id: str = ""
    former_amr: tuple[str, ...] = ()
    former_acr: str = ""
    key: str = ""

    @property
    def scope(self) -> str:
        return " ".join(self.scopes)


def granted_scopes(requested: str | None, allowed: Sequence[str]) -> tuple[str, ...]:
    """The scopes asked for, each once, or all that the client may have if it asked for none.

    invalid_scope for one that it may not have (documented at the authorize endpoint).
    """
    if requested is None:
        return tuple(allowed)
    wanted = tuple(dict.fromkeys(requested.split(" ")))
    if not set(wanted) <= set(allowed):
        raise OAuthError("invalid_scope")
    return wanted


def disclosed(scopes: Iterable[str], readable: Mapping[str, str]) -> dict[str, str]:
    """The readable attributes that these scopes open: all with `openid` alone or with `profile` (documented)."""
    held = set(scopes)
    if OPENID not in held:
        return {}
    if EVERYTHING in held or held.isdisjoint(CLAIMS):
        return dict(readable)
    opened = frozenset().union(*(claims for scope, claims in CLAIMS.items() if scope in held))
    return {name: value for name, value in readable.items() if name in opened}


def check_verifier(challenge: str, verifier: str | None) -> None:
    """PKCE by S256: a challenge needs its verifier, and no challenge refuses one (cases 18 and 19)."""
    if not challenge:
        if verifier is not None:
            raise OAuthError("invalid_grant", "code_verifier was sent for a code without a code_challenge")
        return
    if verifier is None or not VERIFIER.fullmatch(verifier):
        raise OAuthError("invalid_grant", "code_verifier is missing or malformed")
    if not hmac.compare_digest(challenge_of(verifier), challenge):
        raise OAuthError("invalid_grant", "code_verifier does not match the code_challenge")


def challenge_of(verifier: str) -> str:
    return base64url.encode(hashlib.sha256(verifier.encode("ascii")).digest())


def half_hash(token: str) -> str:
    """`at_hash`: the left half of the token's SHA-256 (OpenID Connect Core 3.1.3.6)."""
    return base64url.encode(hashlib.sha256(token.encode("ascii")).digest()[:16])


def allows(client: Mapping[str, Any], flow: str) -> bool:
    """Whether a client's document lets it use an OAuth flow: code, implicit or client_credentials."""
    return bool(client.get("AllowedOAuthFlowsUserPoolClient")) and flow in client.get("AllowedOAuthFlows", ())
