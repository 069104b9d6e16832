"""Authenticator apps: set up by their users, signed in or about to be, and deleted by administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cenote.api.registry import operation
from cenote.domain.errors import InvalidParameter
from cenote.flows import accounts, software_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes


@operation
async def associate_software_token(
    ctx: Context, req: shapes.AssociateSoftwareTokenRequest
) -> shapes.AssociateSoftwareTokenResponse:
    if session := only_session(req):
        secret, following = await software_tokens.associate_in_session(ctx, session)
        return {"SecretCode": secret, "Session": following}
    # The model knows no UserNotFoundException here.
    access = await accounts.by_access_token(ctx, req["AccessToken"], tells_deletion=False)
    return {"SecretCode": await software_tokens.associate(ctx, access)}


@operation
async def verify_software_token(
    ctx: Context, req: shapes.VerifySoftwareTokenRequest
) -> shapes.VerifySoftwareTokenResponse:
    code, name = req["UserCode"], req.get("FriendlyDeviceName", "")
    if session := only_session(req):
        following = await software_tokens.verify_in_session(ctx, session, code, name)
        return {"Status": "SUCCESS", "Session": following}
    access = await accounts.by_access_token(ctx, req["AccessToken"])
    await software_tokens.verify(ctx, access, code, name)
    return {"Status": "SUCCESS"}


@operation
async def admin_delete_software_token(
    ctx: Context, req: shapes.AdminDeleteSoftwareTokenRequest
) -> shapes.AdminDeleteSoftwareTokenResponse:
    """Changes nothing for a user without an app (assumed: the model knows no error for it)."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    user = await accounts.get(ctx, pool, req["Username"])
    async with ctx.store.transaction():
        await ctx.store.factors.remove_token(pool.pool_id, user.sub)
    return {}


def only_session(request: Mapping[str, object]) -> str:
    """The `Session`, empty where there is an access token instead; InvalidParameter unless it is one of the two."""
    token, session = request.get("AccessToken"), request.get("Session")
    if bool(token) == bool(session):
        # Documented at VerifySoftwareToken: one, not both. The text is assumed.
        raise InvalidParameter("Either AccessToken or Session is required, and not both.")
    return str(session) if session else ""
