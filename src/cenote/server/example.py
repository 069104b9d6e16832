"""The example of `cenote serve --example`: one pool, one app client, one user, on loopback only."""

import re
from typing import Final
from urllib.parse import urlencode

from cenote.domain import clients as client_rules
from cenote.domain import pools as pool_rules
from cenote.domain import usernames
from cenote.domain.passwords import Wording
from cenote.domain.users import CONFIRMED, User
from cenote.flows import passwords
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool

USERNAME = "alice"
EMAIL = "alice@example.com"
PASSWORD = "Cenote-2026!"
CLIENT_ID = "1cenote0example0client0000"
POOL_NAME = "Example01"
# Where an app under development is as a rule.
CALLBACK = "http://localhost:3000/"
# As many as the model lets a client have.
MOST_URLS = 100
SUB = "00000000-0000-4000-8000-000000000001"
# Nothing that a shell would take for more than a word: the address may come from anybody.
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,4096}")

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


def snippets(url: str, region: str) -> dict[str, str]:
    """What points each client at the example: by its name, what to paste. `url` is the server's own."""
    cli = (
        f"aws cognito-idp initiate-auth --endpoint-url {url} --region {region} \\",
        f"  --no-sign-request --client-id {CLIENT_ID} \\",
        f"  --auth-flow USER_PASSWORD_AUTH --auth-parameters USERNAME={USERNAME},PASSWORD={PASSWORD}",
    )
    boto3 = (
        f'boto3.client("cognito-idp", endpoint_url="{url}", region_name="{region}",',
        '  aws_access_key_id="any", aws_secret_access_key="any")',
    )
    amplify = (
        "Amplify.configure({ Auth: { Cognito: {",
        f'  userPoolId: "{pool_id(region)}", userPoolClientId: "{CLIENT_ID}",',
        f'  userPoolEndpoint: "{url}" }} }} }})',
    )
    lines = {"AWS CLI": cli, "boto3": boto3, "Amplify (JavaScript)": amplify}
    return {name: "\n".join(text) for name, text in lines.items()}


def first_step(url: str) -> str:
    """What to paste where there is no example yet."""
    return f"aws cognito-idp create-user-pool --pool-name first --endpoint-url {url}"


def login_url(url: str) -> str:
    """The example client's login page, which leads back to the server's own welcome: no app has to be there yet."""
    given = {"client_id": CLIENT_ID, "response_type": "code", "scope": "openid", "redirect_uri": home(url)}
    return f"{url}/login?{urlencode(given)}"


def home(url: str) -> str:
    return f"{url}/"


def redemption(url: str, code: str) -> str:
    """What to paste for tokens in exchange for a code that came back to the welcome; empty for what is no code."""
    if not _CODE.fullmatch(code):
        return ""
    lines = (
        f"curl {url}/oauth2/token -d grant_type=authorization_code -d client_id={CLIENT_ID} \\",
        f"  -d redirect_uri={home(url)} \\",
        f"  -d code={code}",
    )
    return "\n".join(lines)


async def make(ctx: Context) -> None:
    """Makes of the example what is missing. Several workers may try at once: one does, the others find it."""
    id_ = pool_id(ctx.deployment.region)
    pool = await ctx.store.pools.find(id_) or await with_client(ctx, id_)
    await lead_home(ctx, pool)
    if await ctx.store.users.find(id_, [(usernames.SUB, SUB)]) is not None:
        return
    password = await passwords.prepared(ctx, pool, USERNAME, PASSWORD, Wording.SET)
    attributes = {"email": EMAIL, "email_verified": "true"}
    now = ctx.clock()
    user = User(id_, SUB, USERNAME, CONFIRMED, attributes, now, now)
    async with ctx.store.transaction():
        if await ctx.store.users.find(id_, [(usernames.SUB, SUB)]) is None:
            names = usernames.owned(pool.document, USERNAME, attributes)
            await ctx.store.users.add(pool, user, names, password)


async def lead_home(ctx: Context, pool: Pool) -> None:
    """Lets the client lead back to this server, wherever it listens this time. A client that was deleted stays so."""
    here, clients = home(ctx.deployment.public_url), ctx.store.clients
    if not await clients.exists(pool.pool_id, CLIENT_ID) or here in callbacks(
        await clients.get(pool, CLIENT_ID)
    ):
        return
    async with ctx.store.transaction():
        client = await clients.get(pool, CLIENT_ID)
        urls = callbacks(client)
        if here not in urls and len(urls) < MOST_URLS:
            document = {**client.document, "CallbackURLs": [*urls, here]}
            await clients.set_document(pool.pool_id, CLIENT_ID, document, now=ctx.clock())


def callbacks(client: Client) -> list[str]:
    return list(client.document.get("CallbackURLs", ()))


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
