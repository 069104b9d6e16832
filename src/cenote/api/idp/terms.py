"""Terms documents: what a client's sign-up page links to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cenote.api import paging, render
from cenote.api.registry import operation
from cenote.domain import identifiers
from cenote.domain import terms as rules
from cenote.domain.errors import ResourceNotFound
from cenote.domain.terms import Terms

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes

PAGE: Final = 60


@operation
async def create_terms(ctx: Context, req: shapes.CreateTermsRequest) -> shapes.CreateTermsResponse:
    document, now = rules.created(req), ctx.clock()
    terms_id = identifiers.new_uuid(ctx.entropy(16))
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        client = await ctx.store.clients.get(pool, req["ClientId"])
        terms = Terms(pool.pool_id, terms_id, client.client_id, req["TermsName"], document, now, now)
        await ctx.store.terms.add(terms)
    return {"Terms": described(terms)}


@operation
async def describe_terms(ctx: Context, req: shapes.DescribeTermsRequest) -> shapes.DescribeTermsResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    return {"Terms": described(await ctx.store.terms.get(pool.pool_id, req["TermsId"]))}


@operation
async def describe_terms_by_client(
    ctx: Context, req: shapes.DescribeTermsByClientRequest
) -> shapes.DescribeTermsByClientResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    client = await ctx.store.clients.get(pool, req["ClientId"])
    for terms in await ctx.store.terms.of_client(pool.pool_id, client.client_id):
        if terms.name == req["TermsName"]:
            return {"Terms": described(terms)}
    raise ResourceNotFound(f"Terms {req['TermsName']} do not exist for client {client.client_id}.")  # assumed


@operation
async def update_terms(ctx: Context, req: shapes.UpdateTermsRequest) -> shapes.UpdateTermsResponse:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        terms = await ctx.store.terms.get(pool.pool_id, req["TermsId"])
        terms = replace(
            terms,
            name=req.get("TermsName", terms.name),
            document=rules.updated(terms.document, req),
            updated_at=ctx.clock(),
        )
        await ctx.store.terms.set_document(terms)
    return {"Terms": described(terms)}


@operation
async def delete_terms(ctx: Context, req: shapes.DeleteTermsRequest) -> None:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        terms = await ctx.store.terms.get(pool.pool_id, req["TermsId"])
        await ctx.store.terms.remove(pool.pool_id, terms.terms_id)


@operation
async def list_terms(ctx: Context, req: shapes.ListTermsRequest) -> shapes.ListTermsResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    limit = req.get("MaxResults", PAGE)
    after = paging.begin(ctx, req.get("NextToken"), pool.pool_id)
    found = await ctx.store.terms.list_(pool.pool_id, after=after, limit=limit + 1)
    page, token = paging.cut(ctx, found, limit, lambda terms: terms.terms_id, pool.pool_id)
    answer: shapes.ListTermsResponse = {"Terms": [summary(terms) for terms in page]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def described(terms: Terms) -> shapes.TermsType:
    shape: Any = {
        "TermsId": terms.terms_id,
        "UserPoolId": terms.pool_id,
        "ClientId": terms.client_id,
        "TermsName": terms.name,
        **terms.document,
        "CreationDate": render.seconds(terms.created_at),
        "LastModifiedDate": render.seconds(terms.updated_at),
    }
    return shape


def summary(terms: Terms) -> shapes.TermsDescriptionType:
    return {
        "TermsId": terms.terms_id,
        "TermsName": "terms-of-use" if terms.name == "terms-of-use" else "privacy-policy",
        "Enforcement": "NONE",
        "CreationDate": render.seconds(terms.created_at),
        "LastModifiedDate": render.seconds(terms.updated_at),
    }
