"""Domains: where a pool's OAuth endpoints and pages are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cenote.api.registry import operation
from cenote.domain import domains as rules
from cenote.domain.domains import Domain
from cenote.domain.errors import InvalidParameter, ResourceNotFound

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes
    from cenote.store.pools import Pool

NO_SUCH_DOMAIN: Final = "No such domain or user pool exists."  # recorded


@operation
async def create_user_pool_domain(
    ctx: Context, req: shapes.CreateUserPoolDomainRequest
) -> shapes.CreateUserPoolDomainResponse:
    """One prefix and one custom domain a pool (documented)."""
    name, custom = req["Domain"], "CustomDomainConfig" in req
    rules.check_name(name, custom=custom)
    rules.check_routing(req, custom=custom)
    now = ctx.clock()
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        document = rules.created(pool.document, req)
        for other in await ctx.store.domains.of_pool(pool.pool_id):
            if other.is_custom is custom:
                raise InvalidParameter(
                    f"User pool already has a {'custom domain' if custom else 'domain'} configured."
                )
        domain = Domain(pool.pool_id, name, document, now if custom else None, now)
        await ctx.store.domains.add(domain)
    return answered(domain)


@operation
async def describe_user_pool_domain(
    ctx: Context, req: shapes.DescribeUserPoolDomainRequest
) -> shapes.DescribeUserPoolDomainResponse:
    """An empty description for a domain that does not exist (recorded)."""
    domain = await ctx.store.domains.find(req["Domain"])
    if domain is None:
        return {"DomainDescription": {}}
    description: Any = {
        "UserPoolId": domain.pool_id,
        "AWSAccountId": ctx.deployment.account_id,
        "Domain": domain.name,
        "S3Bucket": f"aws-cognito-prod-{domain.pool_id.partition('_')[0]}-assets",
        "CloudFrontDistribution": front_of(domain),
        "Version": str(domain.created_at),
        "Status": "ACTIVE",
        **domain.document,
    }
    return {"DomainDescription": description}


@operation
async def update_user_pool_domain(
    ctx: Context, req: shapes.UpdateUserPoolDomainRequest
) -> shapes.UpdateUserPoolDomainResponse:
    async with ctx.store.transaction():
        pool = await ctx.store.pools.get(req["UserPoolId"])
        domain = await own(ctx, pool, req["Domain"])
        rules.check_routing(req, custom=domain.is_custom)
        if domain.is_custom is not ("CustomDomainConfig" in req) and not domain.is_custom:
            raise InvalidParameter("A prefix domain has no CustomDomainConfig.")  # assumed
        document = rules.updated(pool.document, domain.document, req)
        await ctx.store.domains.set_document(domain.pool_id, domain.name, document)
    return answered(Domain(domain.pool_id, domain.name, document, domain.custom_at, domain.created_at))


@operation
async def delete_user_pool_domain(
    ctx: Context, req: shapes.DeleteUserPoolDomainRequest
) -> shapes.DeleteUserPoolDomainResponse:
    async with ctx.store.transaction():
        domain = await own(ctx, await ctx.store.pools.get(req["UserPoolId"]), req["Domain"])
        await ctx.store.domains.remove(domain.pool_id, domain.name)
    return {}


async def own(ctx: Context, pool: Pool, name: str) -> Domain:
    """The domain, if it is this pool's."""
    domain = await ctx.store.domains.find(name)
    if domain is None or domain.pool_id != pool.pool_id:
        raise ResourceNotFound(NO_SUCH_DOMAIN)
    return domain


def answered(domain: Domain) -> Any:
    """What creating and updating answer: for a custom domain, the name that its DNS record points to."""
    answer: dict[str, Any] = {"ManagedLoginVersion": domain.managed_login_version}
    if domain.is_custom:
        answer["CloudFrontDomain"] = front_of(domain)
    return answer


def front_of(domain: Domain) -> str:
    """Nothing stands in front of a domain here: its DNS record points to this server."""
    return domain.name
