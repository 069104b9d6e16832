"""Token exchange (RFC 8693): what a derived token may be, which is never more than its subject token and its client.

Who acts for whom stands in `act`: the newest actor outermost, those before it inside (RFC 8693 4.1). Nobody leaves it
by exchanging once more. `may_act` of a subject token names the one party that may act (4.4), and stays as well.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cenote.domain import oauth
from cenote.domain.claims import SELF_SERVICE_SCOPE
from cenote.domain.errors import NotAuthorized
from cenote.domain.oauth import OAuthError

Claims = Mapping[str, Any]

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = "ACCESS_TOKEN"
ID_TOKEN: Final = "ID_TOKEN"
SAML2: Final = "SAML2"
# The token types of the API by their names in RFC 8693 3.
TYPES: Final[Mapping[str, str]] = {
    "urn:ietf:params:oauth:token-type:access_token": ACCESS_TOKEN,
    "urn:ietf:params:oauth:token-type:id_token": ID_TOKEN,
    "urn:ietf:params:oauth:token-type:saml2": SAML2,
}
URNS: Final = {name: urn for urn, name in TYPES.items()}
IMPERSONATION: Final = "ALLOW_TOKEN_EXCHANGE_IMPERSONATION"
DELEGATION: Final = "ALLOW_TOKEN_EXCHANGE_DELEGATION"
FLOWS: Final = frozenset({IMPERSONATION, DELEGATION})
# AudienceType and ResourceServerIdentifierType of the model.
TARGET: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,256}")
# Actors in a row; nobody needs that many, and a token must not grow for ever.
MOST_ACTORS: Final = 8


def narrowed(requested: Sequence[str] | None, held: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """The scopes of the subject token that the client may have as well, and that were asked for (documented).

    invalid_scope where scopes were asked for and none is left.
    """
    asked = held if requested is None else requested
    scopes = tuple(scope for scope in dict.fromkeys(asked) if scope in held and scope in allowed)
    if requested and not scopes:
        raise OAuthError("invalid_scope", "none of the scopes is one of the subject token's and the client's")
    return scopes


def disclosed(subject: Claims, scopes: Sequence[str], readable: Mapping[str, str]) -> dict[str, str]:
    """The attributes that a derived ID token shows: no more than its subject told, or than its scopes open."""
    if subject["token_use"] == "id":
        return {name: value for name, value in readable.items() if name in subject}
    if oauth.OPENID in scopes:
        return oauth.disclosed(scopes, readable)
    if SELF_SERVICE_SCOPE in scopes:
        return dict(readable)
    raise OAuthError("invalid_scope", "an ID token needs a subject token and a client with the scope openid")


def acting(subject: Claims, actor: Claims | None) -> dict[str, Any] | None:
    """`act` of the derived token; None where nobody acts for its user."""
    before = subject.get("act")
    if actor is None:
        return before
    act = {"sub": actor["sub"], "client_id": issued_to(actor)}
    if before is not None:
        act["act"] = before
    depth, inner = 1, before
    while isinstance(inner, Mapping):
        depth, inner = depth + 1, inner.get("act")
    if depth > MOST_ACTORS:
        raise NotAuthorized(f"A token can have at most {MOST_ACTORS} actors in a row.")
    return act


def check_may_act(subject: Claims, party: Claims) -> None:
    """NotAuthorized unless the subject token lets this party act, or says nothing about it."""
    if "may_act" not in subject:
        return
    named = subject["may_act"]
    if not isinstance(named, Mapping) or not named or any(party.get(key) != named[key] for key in named):
        raise NotAuthorized("The subject token does not let this party act for its user.")


def issued_to(claims: Claims) -> str:
    """The client that a genuine token was issued to; of an ID token for another audience, its authorized party."""
    if claims["token_use"] == "id":
        return str(claims.get("azp") or claims.get("aud"))
    return str(claims.get("client_id"))


def lifetime(subject: Claims, own: int, *, now: int) -> int:
    """Seconds: a client's own, but never longer than the subject token lives. `now` is epoch seconds."""
    return min(own, int(subject["exp"]) - now)
