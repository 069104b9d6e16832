"""The claims of a pool's tokens, in the order Cognito writes them (COGNITO.md 'Tokens')."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from cenote.domain import base64url, jwt, oauth
from cenote.domain import groups as group_rules
from cenote.domain.groups import Group
from cenote.domain.users import User

# The scope of tokens that the API flows issue: what GetUser and its like ask for.
SELF_SERVICE_SCOPE: Final = "aws.cognito.signin.user.admin"
BOOLEANS: Final = frozenset({"email_verified", "phone_number_verified"})


class Grant(msgspec.Struct, frozen=True):
    """What both tokens of one issue share. Times are epoch seconds; `session_id` links a token to its session."""

    issuer: str
    client_id: str
    session_id: str
    revocable: bool
    auth_time: int
    issued_at: int
    device_key: str | None = None


def id_token(
    grant: Grant,
    user: User,
    groups: Sequence[Group],
    readable: Mapping[str, str],
    *,
    jti: str,
    lifetime: int,
) -> dict[str, Any]:
    """The ID token's claims; `readable` are the attributes that the client may read."""
    claims: dict[str, Any] = {"sub": user.sub}
    if groups:
        claims["cognito:groups"] = group_rules.names(groups)
        roles = group_rules.roles(groups)
        if roles:
            claims["cognito:roles"] = roles
            preferred = group_rules.preferred_role(groups)
            if preferred is not None:
                claims["cognito:preferred_role"] = preferred
    for name, value in readable.items():
        claims[name] = claim_of(name, value)
    claims["iss"] = grant.issuer
    claims["cognito:username"] = user.username
    if grant.revocable:
        claims["origin_jti"] = grant.session_id
    claims["aud"] = grant.client_id
    claims["event_id"] = grant.session_id
    claims["token_use"] = "id"
    claims["auth_time"] = grant.auth_time
    claims["exp"] = grant.issued_at + lifetime
    claims["iat"] = grant.issued_at
    if grant.revocable:
        claims["jti"] = jti
    claims["sub"] = user.sub
    return claims


def access_token(
    grant: Grant,
    user: User,
    groups: Sequence[Group],
    *,
    jti: str,
    lifetime: int,
    granted: oauth.Grant | None = None,
) -> dict[str, Any]:
    """The access token's claims; `granted` is what an OAuth authorization gave, None for a sign-in by the API."""
    claims: dict[str, Any] = {"sub": user.sub}
    if grant.device_key is not None:
        claims["device_key"] = grant.device_key
    if groups:
        claims["cognito:groups"] = group_rules.names(groups)
    claims["iss"] = grant.issuer
    if granted is not None:
        claims["version"] = 2
        if granted.resource:
            claims["aud"] = granted.resource
        if granted.key:
            claims["cnf"] = {"jkt": granted.key}
    claims["client_id"] = grant.client_id
    if grant.revocable:
        claims["origin_jti"] = grant.session_id
    claims["event_id"] = grant.session_id
    claims["token_use"] = "access"
    claims["scope"] = SELF_SERVICE_SCOPE if granted is None else granted.scope
    claims["auth_time"] = grant.auth_time
    claims["exp"] = grant.issued_at + lifetime
    claims["iat"] = grant.issued_at
    claims["jti"] = jti
    claims["username"] = user.username
    return claims


def machine_token(
    *,
    issuer: str,
    client_id: str,
    scopes: Sequence[str],
    jti: str,
    issued_at: int,
    lifetime: int,
    key: str = "",
) -> dict[str, Any]:
    """The access token's claims of a client that acts for itself: it is its own subject (documented)."""
    bound = {"cnf": {"jkt": key}} if key else {}
    return {
        "sub": client_id,
        **bound,
        "token_use": "access",
        "scope": " ".join(scopes),
        "auth_time": issued_at,
        "iss": issuer,
        "exp": issued_at + lifetime,
        "iat": issued_at,
        "version": 2,
        "jti": jti,
        "client_id": client_id,
    }


def claim_of(name: str, value: str) -> Any:
    """An attribute as a claim: a boolean for what is verified, an object for the address, a number for a time."""
    if name in BOOLEANS:
        return value == "true"
    if name == "address":
        return {"formatted": value}
    if name == "updated_at" and value.isascii() and value.isdigit():
        return int(value)
    return value


def session_of(claims: Mapping[str, Any]) -> str:
    """The id of the session that a verified token came of; empty where it names none."""
    return str(claims.get("origin_jti") or claims.get("event_id") or "")


class _Issued(msgspec.Struct):
    iss: str


_issued = msgspec.json.Decoder(_Issued)


def pool_of(token: str) -> str | None:
    """The pool that a token says it is of, to find the keys it must then be verified with. Nothing is trusted yet."""
    segments = token.split(".", 3) if len(token) <= jwt.MAX_LENGTH else ()
    if len(segments) != 3:
        return None
    try:
        issuer = _issued.decode(base64url.lenient(segments[1])).iss
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None
    return pool_named(issuer)


def pool_named(issuer: str) -> str | None:
    """The pool whose tokens say this; None for what no pool is called, so that it is not looked for."""
    pool_id = issuer.rpartition("/")[2]
    return pool_id if pool_id.isascii() and pool_id.isprintable() and pool_id else None
