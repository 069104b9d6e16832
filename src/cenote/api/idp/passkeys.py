"""Passkeys of the user whose token it is, and the factors that a user may sign in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api import paging, render
from cenote.api.idp.mfa import settings_of
from cenote.api.registry import operation
from cenote.domain import mfa
from cenote.domain import passkeys as rules
from cenote.domain.errors import ResourceNotFound
from cenote.flows import accounts, factors
from cenote.flows import passkeys as flow

if TYPE_CHECKING:
    from cenote.domain.passkeys import Passkey
    from cenote.domain.users import User
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool

PAGE = 20


@operation
async def start_web_authn_registration(
    ctx: Context, req: shapes.StartWebAuthnRegistrationRequest
) -> shapes.StartWebAuthnRegistrationResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"], tells_deletion=False)
    options = await flow.offer(ctx, access.pool, access.user, access.session.client_id)
    return {"CredentialCreationOptions": options}


@operation
async def complete_web_authn_registration(
    ctx: Context, req: shapes.CompleteWebAuthnRegistrationRequest
) -> shapes.CompleteWebAuthnRegistrationResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"], tells_deletion=False)
    client_id = access.session.client_id
    await flow.register(ctx, access.pool, access.user.sub, client_id, req["Credential"])
    return {}


@operation
async def list_web_authn_credentials(
    ctx: Context, req: shapes.ListWebAuthnCredentialsRequest
) -> shapes.ListWebAuthnCredentialsResponse:
    """A page of the user's passkeys, oldest first."""
    access = await accounts.by_access_token(ctx, req["AccessToken"], tells_deletion=False)
    pool, sub = access.pool, access.user.sub
    limit = req.get("MaxResults") or PAGE
    after = paging.begin(ctx, req.get("NextToken"), pool.pool_id, sub)
    held = [
        passkey
        for passkey in await ctx.store.passkeys.of_user(pool, sub)
        if not after or place(passkey) > after
    ]
    page, token = paging.cut(ctx, held, limit, place, pool.pool_id, sub)
    answer: shapes.ListWebAuthnCredentialsResponse = {"Credentials": [described(passkey) for passkey in page]}
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
async def delete_web_authn_credential(
    ctx: Context, req: shapes.DeleteWebAuthnCredentialRequest
) -> shapes.DeleteWebAuthnCredentialResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"], tells_deletion=False)
    pool_id, sub, credential_id = access.pool.pool_id, access.user.sub, req["CredentialId"]
    async with ctx.store.transaction():
        known = rules.is_credential_id(credential_id)
        if not known or not await ctx.store.passkeys.remove(pool_id, sub, credential_id):
            raise ResourceNotFound("The passkey does not exist.")  # assumed
    return {}


@operation
async def admin_get_user_auth_factors(
    ctx: Context, req: shapes.AdminGetUserAuthFactorsRequest
) -> shapes.AdminGetUserAuthFactorsResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    answer: Any = await _factors(ctx, pool, await accounts.get(ctx, pool, req["Username"]))
    return answer


@operation
async def get_user_auth_factors(
    ctx: Context, req: shapes.GetUserAuthFactorsRequest
) -> shapes.GetUserAuthFactorsResponse:
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    answer: Any = await _factors(ctx, access.pool, access.user)
    return answer


async def _factors(ctx: Context, pool: Pool, user: User) -> dict[str, Any]:
    """What the user may sign in with; an app is a second factor only (documented at ConfiguredUserAuthFactors)."""
    offered = await factors.offered_to(ctx, pool, user)
    configured = [name for name in offered if name != "PASSWORD_SRP"]
    if mfa.is_on(pool.document) and (await ctx.store.factors.find(pool.pool_id, user.sub)).has_totp:
        configured.append("SOFTWARE_TOKEN")
    settings = await settings_of(ctx, pool, user)
    settings.pop("MFAOptions", None)
    return {"Username": user.username, **settings, "ConfiguredUserAuthFactors": configured}


def described(passkey: Passkey) -> shapes.WebAuthnCredentialDescription:
    shape: shapes.WebAuthnCredentialDescription = {
        "CredentialId": passkey.credential_id,
        "FriendlyCredentialName": passkey.name,
        "RelyingPartyId": passkey.relying_party,
        "AuthenticatorTransports": list(passkey.transports),
        "CreatedAt": render.seconds(passkey.created_at),
    }
    if passkey.attachment:
        shape["AuthenticatorAttachment"] = passkey.attachment
    return shape


def place(passkey: Passkey) -> str:
    """Where a passkey stands in its user's list."""
    return f"{passkey.created_at:015} {passkey.credential_id}"
