"""Tokens derived from tokens (RFC 8693): GetDerivedToken and the token-exchange grant.

A derived token belongs to its subject's session, so that whatever ends the session ends it too; nothing is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cenote.domain import attributes, claims, identifiers, jwt, oauth
from cenote.domain import clients as client_rules
from cenote.domain import token_exchange as rules
from cenote.domain.errors import InvalidParameter, NotAuthorized, OperationNotEnabled, ResourceNotFound
from cenote.domain.oauth import OAuthError
from cenote.domain.sessions import Session
from cenote.domain.token_changes import TokenChanges
from cenote.domain.users import User
from cenote.flows import bearers, dpop
from cenote.flows.bearers import Bearer
from cenote.flows.context import Context
from cenote.flows.triggers import pre_token_generation
from cenote.flows.triggers.firing import Occasion
from cenote.flows.triggers.pre_token_generation import Source
from cenote.store.clients import Client
from cenote.store.pools import Pool


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that the request brings: `kind` is AWS's word for its type, `provider` an issuer beside the pool."""

    token: str
    kind: str
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for. `scopes` is None where it names none; of audience and resource one may be given."""

    subject: Presented
    actor: Presented | None = None
    scopes: Sequence[str] | None = None
    audience: str | None = None
    resource: str | None = None
    kind: str = rules.ACCESS_TOKEN


@dataclass(frozen=True, slots=True)
class Derived:
    token: str
    kind: str
    expires_in: int
    scopes: tuple[str, ...]
    key: str

    @property
    def token_type(self) -> str:
        """An ID token is none to call an API with (RFC 8693 2.2.1)."""
        if self.kind == rules.ID_TOKEN:
            return "N_A"
        return "DPoP" if self.key else "Bearer"


async def derive(
    ctx: Context,
    pool: Pool,
    client: Client,
    wanted: Wanted,
    *,
    key: str = "",
    metadata: Mapping[str, str],
) -> Derived:
    """A new token for the subject's user; the caller has checked the client's secret.

    `key` is the thumbprint of the key that the request proved to hold, which an access token is then bound to.

    OAuthError (unauthorized_client, invalid_scope, invalid_target) for what the client or the subject may not have;
    NotAuthorized and UserNotFound for a token that is not good, InvalidParameter for a request that cannot be.
    """
    dpop.require(pool, client, key)
    check_request(pool, client, wanted)
    subject = await presented(ctx, pool, wanted.subject)
    if subject.user is None or subject.session is None:
        raise NotAuthorized("The subject token represents no user.")
    actor = None if wanted.actor is None else await acting(ctx, pool, client, wanted.actor)
    issuer = ctx.deployment.issuer(pool.pool_id)
    own = {"sub": client.client_id, "client_id": client.client_id, "iss": issuer}
    rules.check_may_act(subject.claims, own if actor is None else {**actor, "client_id": client.client_id})
    held = str(subject.claims.get("scope", "")).split()
    scopes = rules.narrowed(wanted.scopes, held, client.document.get("AllowedOAuthScopes", ()))
    target = await target_of(ctx, pool, client, wanted)
    if target is None and wanted.kind == rules.ACCESS_TOKEN and subject.claims["token_use"] == "access":
        target = subject.claims.get("aud")  # what was bound to one service is bound to it still
    occasion = Occasion(ctx, pool, client, metadata)
    changes = await pre_token_generation.changes(occasion, subject.user, Source.TOKEN_EXCHANGE, scopes)
    if changes is not None:
        changes = replace(changes, add_scopes=())  # a function that adds them at sign-in must not widen this
    issuing = Issuing(ctx, client, subject, subject.user, subject.session, scopes, target, changes)
    content = await issuing.access() if wanted.kind == rules.ACCESS_TOKEN else await issuing.identity()
    if "may_act" in subject.claims:
        content["may_act"] = subject.claims["may_act"]
    act = rules.acting(subject.claims, actor)
    if act is not None:
        content["act"] = act
    if key and wanted.kind == rules.ACCESS_TOKEN:
        content["cnf"] = {"jkt": key}
    keys = await ctx.signing.pair_for(pool, client.client_id, now=ctx.clock())
    signing_key = keys.access_key if wanted.kind == rules.ACCESS_TOKEN else keys.id_key
    token = await ctx.work.run(jwt.sign, content, signing_key)
    given = tuple(str(content.get("scope", "")).split())
    return Derived(token, wanted.kind, content["exp"] - content["iat"], given, key)


def check_request(pool: Pool, client: Client, wanted: Wanted) -> None:
    """Whether the pool and the client exchange such tokens at all."""
    if pool.document["UserPoolTier"] == "LITE":
        raise OperationNotEnabled("Token exchange is not available in the LITE tier.")  # assumed
    flow = rules.IMPERSONATION if wanted.actor is None else rules.DELEGATION
    if flow not in client_rules.auth_flows(client.document):
        raise OAuthError("unauthorized_client", f"{flow} is not enabled for this client")
    for one in (wanted.subject, wanted.actor):
        if one is not None and one.provider is not None:
            raise ResourceNotFound(f"Identity provider {one.provider} does not exist.")
        if one is not None and one.kind == rules.SAML2:
            raise InvalidParameter(
                "SAML2: Cenote has no SAML providers yet; only tokens of the pool are exchanged."
            )
    if wanted.audience is not None and wanted.resource is not None:
        raise InvalidParameter("Audiences and Resources cannot be requested together.")


async def presented(ctx: Context, pool: Pool, one: Presented) -> Bearer:
    return await bearers.of_token(ctx, pool, one.token, "access" if one.kind == rules.ACCESS_TOKEN else "id")


async def acting(ctx: Context, pool: Pool, client: Client, one: Presented) -> Mapping[str, Any]:
    """The claims of an actor token, which has to be the requesting client's: nobody names another as the actor."""
    actor = await presented(ctx, pool, one)
    if actor.client.client_id != client.client_id:
        raise NotAuthorized("The actor token was not issued to this client.")
    return actor.claims


async def target_of(ctx: Context, pool: Pool, client: Client, wanted: Wanted) -> str | None:
    """The audience of the new token; invalid_target for one that cannot be asked for."""
    target = wanted.audience if wanted.resource is None else wanted.resource
    if target is None:
        return None
    if not rules.TARGET.fullmatch(target):
        raise OAuthError("invalid_target", "the audience or resource is malformed")
    if wanted.resource is not None:
        try:
            await ctx.store.resource_servers.get(pool.pool_id, target)
        except ResourceNotFound:
            raise OAuthError("invalid_target", f"Resource server {target} does not exist.") from None
    if wanted.kind == rules.ID_TOKEN and target != client.client_id and await is_client(ctx, pool, target):
        # It would pass for a sign-in at that client, and for its users at an identity pool.
        raise OAuthError("invalid_target", "an ID token cannot be issued for another app client")
    return target


async def is_client(ctx: Context, pool: Pool, client_id: str) -> bool:
    try:
        await ctx.store.clients.get(pool, client_id)
    except ResourceNotFound:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Issuing:
    """All that a derived token is made of."""

    ctx: Context
    client: Client
    subject: Bearer
    user: User
    session: Session
    scopes: tuple[str, ...]
    target: str | None
    changes: TokenChanges | None

    async def access(self) -> dict[str, Any]:
        content = claims.access_token(
            self.grant(),
            self.user,
            await self.ctx.store.groups.of_user(self.user.pool_id, self.user.sub),
            jti=identifiers.new_uuid(self.ctx.entropy(16)),
            lifetime=self.lifetime(self.client.lifetimes.access),
            granted=oauth.Grant(self.scopes),
        )
        if self.changes is not None:
            content = self.changes.of_access_token(content)
        if not content.get("scope"):
            content.pop("scope", None)
        if self.target is not None:
            content["aud"] = self.target
        return content

    async def identity(self) -> dict[str, Any]:
        """For another audience than the client itself, with the client as authorized party."""
        readable = attributes.readable(self.client.document, self.user.attributes)
        content = claims.id_token(
            self.grant(),
            self.user,
            await self.ctx.store.groups.of_user(self.user.pool_id, self.user.sub),
            rules.disclosed(self.subject.claims, self.scopes, readable),
            jti=identifiers.new_uuid(self.ctx.entropy(16)),
            lifetime=self.lifetime(self.client.lifetimes.id),
        )
        if self.changes is not None:
            content = self.changes.of_id_token(content)
        if self.target not in {None, self.client.client_id}:
            content |= {"aud": self.target, "azp": self.client.client_id}
        return content

    def grant(self) -> claims.Grant:
        return claims.Grant(
            issuer=self.ctx.deployment.issuer(self.user.pool_id),
            client_id=self.client.client_id,
            session_id=self.session.session_id,
            revocable=True,
            auth_time=self.session.auth_time // 1000,
            issued_at=self.ctx.clock() // 1000,
        )

    def lifetime(self, own: int) -> int:
        return rules.lifetime(self.subject.claims, own, now=self.ctx.clock() // 1000)
