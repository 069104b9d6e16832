"""The grants of the token endpoint, by `grant_type`: each reads its own parameters and asks `flows/` for tokens."""

from collections.abc import Awaitable, Mapping
from typing import Any, Final, Protocol

import msgspec

from cenote.domain import device_codes as device_rules
from cenote.domain import oauth
from cenote.domain import token_exchange as exchange_rules
from cenote.domain.errors import CognitoError, OperationNotEnabled
from cenote.domain.oauth import OAuthError
from cenote.flows import client_tokens, derived_tokens, device_codes, grants
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import Parameters
from cenote.web.oauth import device_tickets


class Exchange(Protocol):
    """A grant. `key` is the thumbprint of the key that the request proved to hold, for the tokens to be bound to."""

    def __call__(
        self, ctx: Context, pool: Pool, client: Client, form: Parameters, /, *, key: str
    ) -> Awaitable[Mapping[str, Any]]: ...


def required(form: Parameters, name: str) -> str:
    value = form.get(name)
    if value is None:
        raise OAuthError("invalid_request", f"{name} is missing")
    return value


_metadata = msgspec.json.Decoder(dict[str, str]).decode


def metadata(form: Parameters) -> dict[str, str]:
    """`aws_client_metadata`, for the pool's functions: a JSON object of strings (documented at the token endpoint)."""
    try:
        return _metadata(form.get("aws_client_metadata", "{}"))
    except (msgspec.MsgspecError, RecursionError):
        raise OAuthError("invalid_request", "aws_client_metadata must be a JSON object of strings") from None


async def authorization_code(
    ctx: Context, pool: Pool, client: Client, form: Parameters, *, key: str
) -> dict[str, Any]:
    code, redirect_uri = required(form, "code"), required(form, "redirect_uri")
    if not oauth.allows(client.document, "code"):
        raise OAuthError("unauthorized_client")
    return await grants.redeem(
        ctx,
        pool,
        client,
        code,
        redirect_uri=redirect_uri,
        verifier=form.get("code_verifier"),
        key=key,
        metadata=metadata(form),
    )


async def refresh_token(
    ctx: Context, pool: Pool, client: Client, form: Parameters, *, key: str
) -> dict[str, Any]:
    token = required(form, "refresh_token")
    return await grants.refresh(
        ctx, pool, client, token, scope=form.get("scope"), key=key, metadata=metadata(form)
    )


async def client_credentials(
    ctx: Context, pool: Pool, client: Client, form: Parameters, *, key: str
) -> Mapping[str, Any]:
    """A token for the client itself, which has proved its secret."""
    if not oauth.allows(client.document, "client_credentials") or not client.secrets:
        raise OAuthError("unauthorized_client")
    allowed = client.document.get("AllowedOAuthScopes", ())
    scopes = oauth.granted_scopes(form.get("scope"), allowed)
    return await client_tokens.issue_machine_token(
        ctx, pool, client, scopes, key=key, metadata=metadata(form)
    )


async def device_code(
    ctx: Context, pool: Pool, client: Client, form: Parameters, *, key: str
) -> Mapping[str, Any]:
    """What a device asks while its user decides (RFC 8628 3.4)."""
    if not device_tickets.is_on(pool, client):
        raise OAuthError("unsupported_grant_type")
    code = required(form, "device_code")
    return await device_codes.redeem(ctx, pool, client, code, key=key, metadata=metadata(form))


async def token_exchange(
    ctx: Context, pool: Pool, client: Client, form: Parameters, *, key: str
) -> Mapping[str, Any]:
    """RFC 8693. A token that is not good makes the request invalid (2.2.2), not the grant."""
    requested = form.get("requested_token_type")
    scope = form.get("scope")
    wanted = derived_tokens.Wanted(
        subject=presented(form, "subject"),
        actor=presented(form, "actor") if {"actor_token", "actor_token_type"} & set(form) else None,
        scopes=None if scope is None else scope.split(" "),
        audience=form.get("audience"),
        resource=form.get("resource"),
        kind=exchange_rules.ACCESS_TOKEN if requested is None else issuable(requested),
    )
    try:
        derived = await derived_tokens.derive(ctx, pool, client, wanted, key=key, metadata=metadata(form))
    except OperationNotEnabled as error:
        raise OAuthError("unauthorized_client", error.message) from None
    except CognitoError as error:
        raise OAuthError("invalid_request", error.message) from None
    result = {
        "AccessToken": derived.token,
        "IssuedTokenType": exchange_rules.URNS[derived.kind],
        "ExpiresIn": derived.expires_in,
        "TokenType": derived.token_type,
    }
    return {**result, "Scope": " ".join(derived.scopes)} if derived.scopes else result


def presented(form: Parameters, role: str) -> derived_tokens.Presented:
    """`subject_token` or `actor_token`, with its type."""
    token, urn = required(form, f"{role}_token"), required(form, f"{role}_token_type")
    kind = exchange_rules.TYPES.get(urn)
    if kind is None:
        raise OAuthError("invalid_request", f"{role}_token_type is not supported")
    return derived_tokens.Presented(token, kind)


def issuable(urn: str) -> str:
    kind = exchange_rules.TYPES.get(urn)
    if kind is None or kind == exchange_rules.SAML2:
        raise OAuthError("invalid_request", "requested_token_type is not supported")
    return kind


GRANTS: Final[Mapping[str, Exchange]] = {
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "client_credentials": client_credentials,
    device_rules.GRANT_TYPE: device_code,
    exchange_rules.GRANT_TYPE: token_exchange,
}
