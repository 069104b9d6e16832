"""The authorize request: what a client asks for its user, checked in the order of RFC 6749 and its extensions.

The request stays in the query of every page (as at Cognito), so it is checked again at each step and no step trusts
another. Until client and redirect URI are known to be good, an error is shown and never sent anywhere (SECURITY.md
case 6).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cenote.domain import clients, oauth, tags
from cenote.domain.errors import ResourceNotFound
from cenote.domain.oauth import Grant, OAuthError
from cenote.flows.context import Context
from cenote.flows.grants import Authorization
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web.http import LARGEST_QUERY, Parameters, written
from cenote.web.oauth import device_tickets, pushed
from cenote.web.oauth.device_tickets import Ticket
from cenote.web.problems import Problem
from cenote.web.sites import Site

# The one mode in which any response_type may be answered.
FORM_POST: Final = "form_post"
# response_type, the OAuth flow that a client needs for it, and the modes that it may be answered in, the default first.
RESPONSE_TYPES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "code": ("code", ("query", "fragment", FORM_POST)),
    "token": ("implicit", ("fragment", FORM_POST)),
}
PROMPTS: Final = frozenset({"none", "login", "select_account", "consent"})
# Members that are looked at; all others travel along and are ignored (RFC 6749 3.1).
CARRIED: Final = (
    "response_type", "client_id", "redirect_uri", "response_mode", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "prompt", "max_age", "acr_values", "login_hint", "lang", "ui_locales", "resource",
    "identity_provider", "idp_identifier", "id_token_hint",
)  # fmt: skip
# And one that is looked at for the clients that have turned it on.
KEY: Final = "dpop_jkt"
LONGEST: Final[Mapping[str, int]] = {
    "state": 4096,
    "nonce": 512,
    "login_hint": 320,
    "acr_values": 512,
    "resource": 512,
}
LOCAL: Final = "COGNITO"
# More than the names of all parameters take, or what stands around a request that is sealed.
NAMES: Final = 1000
_SECONDS: Final = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(slots=True)
class AuthorizeRequest:
    """An authorize request whose client and redirect URI are good. The rest is filled in as it is checked.

    `pushed` is the `request_uri` of a request that was pushed, `device` what stands for a device's request; `carried`
    is what such a request has in its query in the place of its parameters.
    """

    pool: Pool
    client: Client
    parameters: Parameters
    redirect_uri: str = ""
    response_type: str = "code"
    response_mode: str = "query"
    scopes: tuple[str, ...] = ()
    code_challenge: str = ""
    prompts: frozenset[str] = frozenset()
    max_age: int | None = None
    resource: str = ""
    key: str = ""
    pushed: str = ""
    device: Ticket | None = None
    carried: tuple[tuple[str, str], ...] | None = None

    @property
    def query(self) -> str:
        """What goes from page to page."""
        if self.carried is not None:
            return written(self.carried)
        return written(carried_on(self.pool, self.client, self.parameters))

    @property
    def state(self) -> str | None:
        return self.parameters.get("state")

    @property
    def asks_consent(self) -> bool:
        """Whether the user decides before the client gets anything: by its request, or since anybody registered it."""
        return "consent" in self.prompts or clients.needs_consent(self.client.document)

    @property
    def login_hint(self) -> str:
        return self.parameters.get("login_hint", "")

    @property
    def authorization(self) -> Authorization:
        """What it asks of `flows/grants.py`."""
        return Authorization(
            redirect_uri=self.redirect_uri,
            grant=Grant(self.scopes, self.resource, key=self.key),
            nonce=self.parameters.get("nonce", ""),
            code_challenge=self.code_challenge,
        )


def carried_on(pool: Pool, client: Client, parameters: Parameters) -> list[tuple[str, str]]:
    """What of a client's request goes from page to page."""
    bound = tags.DPOP in tags.client_options(pool.document, client.client_id)
    names = (*CARRIED, KEY) if bound else CARRIED
    return [(name, parameters[name]) for name in names if name in parameters]


class Redirected(Exception):
    """An error that the client hears of at its redirect URI."""

    def __init__(self, request: AuthorizeRequest, error: OAuthError) -> None:
        super().__init__(error.code)
        self.request = request
        self.error = error


async def checked(
    ctx: Context,
    site: Site,
    parameters: Parameters,
    *,
    entering: set[str] | None = None,
    pushing: bool = False,
) -> AuthorizeRequest:
    """The request if all of it is good; Problem until it is known where to send an error, Redirected from then on.

    One that was pushed stands in its `request_uri`: `entering` is what the authorize endpoint has used up of such. A
    client that has every request pushed is told so, unless it is just `pushing`.
    """
    request = await addressed(ctx, site, parameters, entering)
    try:
        if not pushing:
            check_pushed(request)
        for check in CHECKS if request.device is None else DEVICE_CHECKS:
            check(request)
        for also in ASKING:
            await also(ctx, request)
    except OAuthError as error:
        raise Redirected(request, error) from None
    return request


async def addressed(
    ctx: Context, site: Site, parameters: Parameters, entering: set[str] | None = None
) -> AuthorizeRequest:
    """The request of a known client to one of its own redirect URIs, letter for letter (cases 1 to 6)."""
    if {"client_id", "redirect_uri"} & parameters.repeated:
        raise Problem("invalid_request")
    pool, client = await client_of(ctx, site, parameters.get("client_id"))
    ticket, uri = parameters.get(device_tickets.PARAMETER, ""), parameters.get("request_uri", "")
    if ticket and entering is None and device_tickets.is_on(pool, client):
        return of_device(pool, client, device_tickets.opened(ctx, pool, client, ticket), ticket)
    if not uri or not pushed.is_on(pool, client):
        return to_own_address(AuthorizeRequest(pool, client, parameters))
    if "request_uri" in parameters.repeated:
        raise Problem("invalid_request")
    if entering is None:
        given = pushed.carried(ctx, pool, client, uri)
    else:
        given = await pushed.entered(ctx, pool, client, uri, entering)
        uri = pushed.sealed(ctx, pool, client, given, pushed.ENTERED)
    language = {**given, **parameters}
    shown = [(name, language[name]) for name in pushed.SHOWN if name in language]
    carried = (("client_id", client.client_id), ("request_uri", uri), *shown)
    return to_own_address(AuthorizeRequest(pool, client, given, pushed=uri, carried=carried))


def of_device(pool: Pool, client: Client, ticket: Ticket, text: str) -> AuthorizeRequest:
    """What a device asks for, on its way through the pages: it leads nowhere, and its user is always asked."""
    given = [("scope", ticket.scope), ("resource", ticket.resource), ("prompt", "consent")]
    carried = (("client_id", client.client_id), (device_tickets.PARAMETER, text))
    parameters = Parameters([(name, value) for name, value in given if value])
    return AuthorizeRequest(pool, client, parameters, device=ticket, carried=carried)


def to_own_address(request: AuthorizeRequest) -> AuthorizeRequest:
    """The request with where it leads back to; Problem for an address that is not the client's."""
    document, parameters = request.client.document, request.parameters
    uri = parameters.get("redirect_uri") or document.get("DefaultRedirectURI")
    if uri is None:
        raise Problem("redirect_missing")
    if uri not in document.get("CallbackURLs", ()):
        raise Problem("redirect_mismatch")
    request.redirect_uri = uri
    if parameters.get("response_mode") == FORM_POST:
        # Whatever else is wrong with the request, its client hears of it as of an answer.
        request.response_mode = FORM_POST
    return request


async def client_of(ctx: Context, site: Site, client_id: str | None) -> tuple[Pool, Client]:
    """The client of this site; Problem for one that is missing, unknown or another pool's."""
    if client_id is None:
        raise Problem("client_missing")
    try:
        pool, client = await ctx.store.clients.resolve(client_id)
    except ResourceNotFound:
        raise Problem("client_unknown") from None
    if site.pool_id not in {None, pool.pool_id}:
        raise Problem("client_unknown")
    return pool, client


def check_pushed(request: AuthorizeRequest) -> None:
    """Whether the request came as its client has all of them come (RFC 9126 6)."""
    came_otherwise = request.pushed or request.device is not None
    if not came_otherwise and pushed.is_required(request.pool, request.client):
        raise OAuthError("invalid_request", "the client has to push its requests")


def check_form(request: AuthorizeRequest) -> None:
    """Each parameter once, and none longer than anybody needs (cases 8 and 9)."""
    parameters = request.parameters
    if parameters.repeated:
        raise OAuthError("invalid_request", f"{min(parameters.repeated)} was given more than once")
    for name, limit in LONGEST.items():
        if len(parameters.get(name, "")) > limit:
            raise OAuthError("invalid_request", f"{name} is too long")
    # In a query a letter takes twelve at most: few requests have to be written to be measured.
    most = 12 * sum(map(len, parameters.values())) + NAMES
    if most > LARGEST_QUERY and len(request.query) > LARGEST_QUERY:
        raise OAuthError("invalid_request", "the request is too long")


def check_response_type(request: AuthorizeRequest) -> None:
    wanted = request.parameters.get("response_type")
    if wanted is None:
        raise OAuthError("invalid_request", "response_type is missing")
    if wanted not in RESPONSE_TYPES:
        raise OAuthError("unsupported_response_type")
    flow, modes = RESPONSE_TYPES[wanted]
    request.response_type = wanted
    if request.response_mode not in modes:
        request.response_mode = modes[0]
    refused = flow == "implicit" and tags.is_strict(request.pool.document)
    if refused or not oauth.allows(request.client.document, flow):
        raise OAuthError("unauthorized_client")


def check_response_mode(request: AuthorizeRequest) -> None:
    mode = request.parameters.get("response_mode")
    if mode is None:
        return
    if mode not in RESPONSE_TYPES[request.response_type][1]:
        raise OAuthError("invalid_request", "response_mode is not supported for this response_type")
    request.response_mode = mode


def check_scope(request: AuthorizeRequest) -> None:
    allowed = request.client.document.get("AllowedOAuthScopes", ())
    request.scopes = oauth.granted_scopes(request.parameters.get("scope"), allowed)


def check_challenge(request: AuthorizeRequest) -> None:
    """PKCE with S256 alone: a missing method would mean `plain` (RFC 7636 4.3, case 18). Strict pools insist on it."""
    challenge = request.parameters.get("code_challenge")
    method = request.parameters.get("code_challenge_method")
    if challenge is None and method is None:
        if tags.is_strict(request.pool.document):
            raise OAuthError("invalid_request", "code_challenge is missing")
        return
    if method != oauth.S256:
        raise OAuthError("invalid_request", "code_challenge_method must be S256")
    if challenge is None or not oauth.CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "code_challenge is missing or malformed")
    request.code_challenge = challenge


def check_key(request: AuthorizeRequest) -> None:
    """The key that the code is bound to (RFC 9449 10). Nothing that this endpoint itself gives could be bound."""
    options = tags.client_options(request.pool.document, request.client.client_id)
    if tags.DPOP not in options:
        return
    if tags.DPOP_REQUIRED in options and request.response_type != "code":
        raise OAuthError("unauthorized_client")
    key = request.parameters.get(KEY, "")
    if key and (request.response_type != "code" or not oauth.CHALLENGE.fullmatch(key)):
        raise OAuthError("invalid_request", "dpop_jkt is the thumbprint of a key, for a code to be bound to")
    request.key = key


def check_prompt(request: AuthorizeRequest) -> None:
    prompts = frozenset(request.parameters.get("prompt", "").split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise OAuthError("invalid_request", "prompt has a value that is unknown, or one beside none")
    request.prompts = prompts


def check_max_age(request: AuthorizeRequest) -> None:
    text = request.parameters.get("max_age")
    if text is None:
        return
    if not _SECONDS.fullmatch(text):
        raise OAuthError("invalid_request", "max_age must be a number of seconds")
    request.max_age = int(text)


def check_resource(request: AuthorizeRequest) -> None:
    """An audience for the access token: an absolute URL without a fragment (RFC 8707 2, documented at Cognito)."""
    resource = request.parameters.get("resource")
    if resource is None:
        return
    try:
        parts = urlsplit(resource)
        absolute = parts.scheme in {"http", "https"} and bool(parts.netloc)
    except ValueError:
        absolute = False
    if not absolute or "#" in resource:
        raise OAuthError("invalid_target", "resource must be an absolute URL without a fragment")
    request.resource = resource


def check_provider(request: AuthorizeRequest) -> None:
    """Users of other providers come with federation; until then the pool's own are the only ones.

    A client whose SupportedIdentityProviders do not name them has nobody to sign in: Cognito's pages are not there for
    it either (reported at hashicorp/terraform-provider-aws#23374).
    """
    if LOCAL not in request.client.document.get("SupportedIdentityProviders", ()):
        raise OAuthError("unauthorized_client", "the client's SupportedIdentityProviders do not name COGNITO")
    if "idp_identifier" in request.parameters or request.parameters.get("identity_provider", LOCAL) != LOCAL:
        raise OAuthError("invalid_request", "the identity provider does not exist")


def check_request_object(request: AuthorizeRequest) -> None:
    """Signed request objects are not read, and what is not read must not seem to be (OpenID Connect Core 3.1.2.6)."""
    if "request" in request.parameters:
        raise OAuthError("request_not_supported")
    if "request_uri" in request.parameters:  # of a client that pushes nothing
        raise OAuthError("request_uri_not_supported")


# In the order of the specifications; what comes first is what a client hears of.
CHECKS: Final[tuple[Callable[[AuthorizeRequest], None], ...]] = (
    check_form,
    check_request_object,
    check_response_type,
    check_response_mode,
    check_scope,
    check_challenge,
    check_key,
    check_prompt,
    check_max_age,
    check_resource,
    check_provider,
)
# Of those, what a device can ask for.
DEVICE_CHECKS: Final = (check_scope, check_prompt, check_resource, check_provider)
# Those that have to look something up.
ASKING: Final[tuple[Callable[[Context, AuthorizeRequest], Awaitable[Any]], ...]] = ()
