"""The example of `cenote serve --example`: one pool, one app client, one user, on loopback only."""

from cenote.domain import clients as client_rules
from cenote.domain import pools as pool_rules
from cenote.domain import usernames
from cenote.domain.passwords import Wording
from cenote.domain.users import CONFIRMED, User
from cenote.flows import passwords
from cenote.flows.context import Context
from cenote.store.pools import Pool

USERNAME = "alice"
EMAIL = "alice@example.com"
PASSWORD = "Cenote-2026!"
CLIENT_ID = "1cenote0example0client0000"
POOL_NAME = "Example01"
# Where an app under development is as a rule.
CALLBACK = "http://localhost:3000/"
SUB = "00000000-0000-4000-8000-000000000001"

POOL = {"PoolName": "example", "AutoVerifiedAttributes": ["email"]}
CLIENT = {
    "ClientName": "example-app",
    "ExplicitAuthFlows": [
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    ],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile", "aws.cognito.signin.user.admin"],
    "CallbackURLs": [CALLBACK],
    "LogoutURLs": [CALLBACK],
    "SupportedIdentityProviders": ["COGNITO"],
}


def pool_id(region: str) -> str:
    return f"{region}_{POOL_NAME}"


async def make(ctx: Context) -> None:
    """Makes of the example what is missing. Several workers may try at once: one does, the others find it."""
    id_ = pool_id(ctx.deployment.region)
    pool = await ctx.store.pools.find(id_) or await with_client(ctx, id_)
    if await ctx.store.users.find(id_, [(usernames.SUB, SUB)]) is not None:
        return
    password = await passwords.prepared(ctx, pool, USERNAME, PASSWORD, Wording.SET)
    attributes = {"email": EMAIL, "email_verified": "true"}
    now = ctx.clock()
    user = User(id_, SUB, USERNAME, CONFIRMED, attributes, now, now)
    async with ctx.store.transaction():
        if await ctx.store.users.find(id_, [(usernames.SUB, SUB)]) is None:
            await ctx.store.users.add(user, usernames.owned(pool.document, USERNAME, attributes))
            await ctx.store.users.set_password(pool, SUB, password)


async def with_client(ctx: Context, id_: str) -> Pool:
    now = ctx.clock()
    keys = await ctx.signing.new_pair(now=now)
    document = pool_rules.created(POOL)
    client = client_rules.created(document, CLIENT, pool_id=id_, confidential=False)
    async with ctx.store.transaction():
        if await ctx.store.pools.find(id_) is None:
            pool = await ctx.store.pools.add(id_, ctx.deployment.region, document, now=now)
            for key in keys:
                await ctx.store.pools.add_signing_key(pool, key)
            await ctx.store.clients.add(pool, CLIENT_ID, client, now=now)
    return await ctx.store.pools.get(id_)
