"""App clients and their secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cenote.api import paging, render
from cenote.api.registry import operation
from cenote.domain import clients as rules
from cenote.domain import identifiers, registration
from cenote.domain.errors import InvalidParameter, LimitExceeded, ResourceNotFound
from cenote.store.clients import ClientSecret

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.clients import Client

PAGE = 60


@operation
async def create_user_pool_client(
    ctx: Context, req: shapes.CreateUserPoolClientRequest
) -> shapes.CreateUserPoolClientResponse:
    if req.get("GenerateSecret") and "ClientSecret" in req:  # documented rule, assumed text
        raise InvalidParameter("GenerateSecret and ClientSecret cannot be given together.")
    pool = await ctx.store.pools.get(req["UserPoolId"])
    confidential = bool(req.get("GenerateSecret") or "ClientSecret" in req)
    document = rules.created(
        pool.document,
        req,
        pool_id=pool.pool_id,
        confidential=confidential,
        scopes=await ctx.store.resource_servers.scopes(pool.pool_id),
    )
    client_id = identifiers.new_client_id(ctx.entropy(32))
    now = ctx.clock()
    async with ctx.store.transaction():
        if not await ctx.store.clients.has_room(pool.pool_id, rules.MOST):
            raise LimitExceeded(f"A user pool can have at most {rules.MOST} app clients.")  # assumed
        await ctx.store.clients.add(pool, client_id, document, now=now)
        if confidential:
            await ctx.store.clients.add_secret(pool, client_id, new_secret(ctx, client_id, req, ()))
        client = await ctx.store.clients.get(pool, client_id)
    return {"UserPoolClient": described(client)}


@operation
async def describe_user_pool_client(
    ctx: Context, req: shapes.DescribeUserPoolClientRequest
) -> shapes.DescribeUserPoolClientResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    return {"UserPoolClient": described(await ctx.store.clients.get(pool, req["ClientId"]))}


@operation
async def update_user_pool_client(
    ctx: Context, req: shapes.UpdateUserPoolClientRequest
) -> shapes.UpdateUserPoolClientResponse:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client = await ctx.store.clients.get(pool, req["ClientId"])
        document = rules.updated(
            pool.document,
            client.document,
            req,
            pool_id=pool.pool_id,
            confidential=bool(client.secrets),
            scopes=await ctx.store.resource_servers.scopes(pool.pool_id),
        )
        await ctx.store.clients.set_document(pool.pool_id, client.client_id, document, now=ctx.clock())
        client = await ctx.store.clients.get(pool, client.client_id)
    return {"UserPoolClient": described(client)}


@operation
async def delete_user_pool_client(ctx: Context, req: shapes.DeleteUserPoolClientRequest) -> None:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client = await ctx.store.clients.get(pool, req["ClientId"])
        await ctx.store.clients.remove(pool.pool_id, client.client_id)


@operation
async def list_user_pool_clients(
    ctx: Context, req: shapes.ListUserPoolClientsRequest
) -> shapes.ListUserPoolClientsResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    limit = req.get("MaxResults", PAGE)
    after = paging.begin(ctx, req.get("NextToken"), pool.pool_id)
    clients = await ctx.store.clients.list_(pool, after=after, limit=limit + 1)
    page, token = paging.cut(ctx, clients, limit, lambda client: client.client_id, pool.pool_id)
    wanted = req.get("ClientType")
    # Of a page, which may then be empty while another follows (documented).
    shown = [summary(client) for client in page if wanted in {None, client_type(client)}]
    answer: shapes.ListUserPoolClientsResponse = {"UserPoolClients": shown}
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
async def add_user_pool_client_secret(
    ctx: Context, req: shapes.AddUserPoolClientSecretRequest
) -> shapes.AddUserPoolClientSecretResponse:
    """A second secret, so that one can be exchanged while both are good. Texts assumed."""
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client = await ctx.store.clients.get(pool, req["ClientId"])
        registration.require_regular(client.document)
        if not client.secrets:
            raise InvalidParameter(f"Client {client.client_id} is configured without a secret.")
        if len(client.secrets) >= rules.MAX_SECRETS:
            raise LimitExceeded(f"An app client can have at most {rules.MAX_SECRETS} secrets.")
        secret = new_secret(ctx, client.client_id, req, client.secrets)
        await ctx.store.clients.add_secret(pool, client.client_id, secret)
    descriptor = secret_described(secret)
    if "ClientSecret" not in req:  # what the caller chose is not repeated (documented)
        descriptor["ClientSecretValue"] = secret.value
    return {"ClientSecretDescriptor": descriptor}


@operation
async def delete_user_pool_client_secret(
    ctx: Context, req: shapes.DeleteUserPoolClientSecretRequest
) -> shapes.DeleteUserPoolClientSecretResponse:
    """Texts assumed; that the last one stays is documented."""
    secret_id = req["ClientSecretId"]
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client = await ctx.store.clients.get(pool, req["ClientId"])
        registration.require_regular(client.document)
        if secret_id not in {secret.secret_id for secret in client.secrets}:
            raise ResourceNotFound(f"Client secret {secret_id} does not exist.")
        if len(client.secrets) == 1:
            raise InvalidParameter("The last secret of an app client cannot be deleted.")
        await ctx.store.clients.remove_secret(pool.pool_id, client.client_id, secret_id)
    return {}


@operation
async def list_user_pool_client_secrets(
    ctx: Context, req: shapes.ListUserPoolClientSecretsRequest
) -> shapes.ListUserPoolClientSecretsResponse:
    """All of them, at most two, in one page; their values are told only when they are made."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    client = await ctx.store.clients.get(pool, req["ClientId"])
    registration.require_regular(client.document)
    paging.begin(ctx, req.get("NextToken"), client.client_id)
    return {"ClientSecrets": [secret_described(secret) for secret in client.secrets]}


def new_secret(ctx: Context, client_id: str, req: Any, others: tuple[ClientSecret, ...]) -> ClientSecret:
    """A secret, chosen by the request or drawn. Its id carries its time (documented), so no two share one."""
    now = max([ctx.clock(), *(secret.created_at + 1 for secret in others)])
    value = req.get("ClientSecret") or identifiers.new_client_secret(ctx.entropy(64))
    return ClientSecret(f"{client_id}--{now}", value, now)


def described(client: Client) -> shapes.UserPoolClientType:
    shape: Any = {
        "UserPoolId": client.pool_id,
        "ClientId": client.client_id,
        **{name: value for name, value in client.document.items() if name not in rules.APART},
        "ClientType": client_type(client),
        "LastModifiedDate": render.seconds(client.updated_at),
        "CreationDate": render.seconds(client.created_at),
    }
    if client.secrets:
        shape["ClientSecret"] = client.secrets[0].value
    return shape


def client_type(client: Client) -> shapes.ClientTypeType:
    return "DCR" if rules.is_registered(client.document) else "REGULAR"


def summary(client: Client) -> shapes.UserPoolClientDescription:
    return {
        "ClientId": client.client_id,
        "UserPoolId": client.pool_id,
        "ClientName": client.document["ClientName"],
    }


def secret_described(secret: ClientSecret) -> shapes.ClientSecretDescriptorType:
    return {
        "ClientSecretId": secret.secret_id,
        "ClientSecretCreateDate": render.seconds(secret.created_at),
    }
