"""Everything that a pool's domain answers, by path: the one place where requests come in and errors become answers."""

import functools
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from cenote.domain.deployment import Deployment
from cenote.domain.oauth import OAuthError
from cenote.domain.request import RequestFacts
from cenote.flows.context import Context
from cenote.flows.risk_notices import FEEDBACK_PATH
from cenote.flows.verification import CONFIRM_PATH
from cenote.store.engine import Conflict, ForeignKeyViolation, StoreError, Unstorable
from cenote.store.transactions import retrying
from cenote.web.http import (
    FORM,
    JSON,
    LARGEST_FORM,
    LARGEST_QUERY,
    NOTHING,
    OPEN,
    Answer,
    Malformed,
    Parameters,
    Request,
    headers_of,
    json,
    parameters,
)
from cenote.web.oauth import register
from cenote.web.oauth.authorize import authorize, refused
from cenote.web.oauth.device import authorize_device
from cenote.web.oauth.logout import logout
from cenote.web.oauth.par import push
from cenote.web.oauth.requests import Redirected
from cenote.web.oauth.revoke import revoke
from cenote.web.oauth.token import token
from cenote.web.oauth.userinfo import userinfo
from cenote.web.pages import (
    branding,
    challenges,
    consent,
    device,
    forgot_password,
    links,
    login,
    passkeys,
    problem,
    sign_up,
)
from cenote.web.problems import Problem
from cenote.web.sites import Site, Sites
from cenote.wire.bodies import BodyReader, ClientGone
from cenote.wire.errors import RequestEntityTooLarge, RequestTimeout

if TYPE_CHECKING:
    from cenote.web.pages.rendering import Rendering

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Endpoint = Callable[["Web", Request], Awaitable[Answer]]
Observe = Callable[[str, str | None, float], None]

log = logging.getLogger("cenote.web")

# What apps in browsers call from their own origin. Everything else is a page, for people.
SERVICES: Final[Mapping[str, Mapping[str, Endpoint]]] = {
    "/oauth2/token": {"POST": token},
    "/oauth2/userInfo": {"GET": userinfo, "POST": userinfo},
    "/oauth2/userinfo": {"GET": userinfo, "POST": userinfo},
    "/oauth2/revoke": {"POST": revoke},
    "/oauth2/par": {"POST": push},
    "/oauth2/device_authorization": {"POST": authorize_device},
    register.PATH: {"POST": register.register},
}
# Those that read JSON in place of a form.
JSON_PATHS: Final = frozenset({register.PATH})
PAGES: Final[Mapping[str, Mapping[str, Endpoint]]] = {
    "/oauth2/authorize": {"GET": authorize, "POST": authorize},
    "/logout": {"GET": logout, "POST": logout},
    "/login": {"GET": login.shown, "POST": login.posted},
    "/mfa": {"GET": login.again, "POST": challenges.answered},
    "/selectAccount": {"GET": login.account_shown, "POST": login.account_chosen},
    "/signup": {"GET": sign_up.shown, "POST": sign_up.posted},
    "/confirm": {"GET": sign_up.confirm_shown, "POST": sign_up.confirmed},
    "/forgotPassword": {"GET": forgot_password.shown, "POST": forgot_password.posted},
    "/confirmforgotPassword": {"GET": login.again, "POST": forgot_password.reset},
    "/resendcode": {"GET": login.again, "POST": sign_up.resent},
    "/passkeys/add": {"GET": passkeys.shown, "POST": passkeys.posted},
    "/device": {"GET": device.shown, "POST": device.posted},
    "/consent": {"GET": consent.shown, "POST": consent.posted},
    CONFIRM_PATH: {"GET": links.confirmation_shown, "POST": links.confirmed},
    FEEDBACK_PATH: {"GET": links.feedback_shown, "POST": links.feedback_given},
}
ASSETS: Final = "/assets/"
PREFLIGHT: Final = (
    *OPEN,
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, dpop, x-amz-user-agent"),
    (b"access-control-max-age", b"7200"),
)


class Web:
    """The endpoints of every pool, in one worker. `context` makes a Context for a request's facts.

    `observe` is told each answered path, the status of an error and the seconds.
    """

    def __init__(
        self,
        context: Callable[[RequestFacts], Context],
        deployment: Deployment,
        sites: Sites,
        *,
        entropy: Callable[[int], bytes],
        body_timeout: float,
        observe: Observe | None = None,
    ) -> None:
        self._context = context
        self._entropy = entropy
        self._bodies = BodyReader(body_timeout)
        self._observe = observe
        self.deployment = deployment
        self.sites = sites
        self.endpoints = {**SERVICES, **PAGES}

    def has(self, path: str) -> bool:
        return path in self.endpoints or path.startswith((ASSETS, branding.PREFIX))

    @functools.cached_property
    def rendering(self) -> "Rendering":
        from cenote.web.pages.rendering import Rendering  # noqa: PLC0415 (Jinja2: 50 ms that a start can spare)

        return Rendering()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        answer = await self._answered(scope, receive)
        if answer is None:
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})
        if self._observe is not None and scope["path"] in self.endpoints:
            error = None if answer.status < 400 else str(answer.status)
            self._observe(scope["path"], error, time.perf_counter() - started)

    async def _answered(self, scope: Scope, receive: Receive) -> Answer | None:
        """None where nobody waits for an answer any more."""
        path, method = scope["path"], scope["method"]
        if path.startswith(ASSETS):
            return self._asset(path.removeprefix(ASSETS), method)
        if path.startswith(branding.PREFIX):
            return await self._image(path)
        methods, service = self.endpoints[path], path in SERVICES
        if service and method == "OPTIONS":
            return Answer(204, b"", list(PREFLIGHT), cacheable=True)
        endpoint = methods.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            allowed = ", ".join(sorted(methods)).encode()
            return Answer(405, b"", [(b"allow", allowed)])
        try:
            request = await self._read(scope, receive, method)
        except ClientGone:
            return None
        except RequestEntityTooLarge:
            return Answer(413, b"", [(b"connection", b"close")])
        except RequestTimeout:
            return Answer(408, b"", [(b"connection", b"close")])
        except Malformed:
            request, endpoint = await self._bare(scope), malformed
        return await self._run(endpoint, request, service=service)

    def _asset(self, name: str, method: str) -> Answer:
        found = self.rendering.file(name) if method in {"GET", "HEAD"} else None
        return Answer(404, b"Not found\n") if found is None else found

    async def _image(self, path: str) -> Answer:
        try:
            return await branding.image(self.sites.store, path)
        except (StoreError, Unstorable):
            return Answer(404, b"Not found\n")

    async def _run(self, endpoint: Endpoint, request: Request, *, service: bool) -> Answer:
        """The endpoint's answer, or what its error becomes; run again where another transaction was in the way."""
        try:
            try:
                return await endpoint(self, request)
            except (Conflict, ForeignKeyViolation):
                return await retrying(lambda: endpoint(self, request))
        except Redirected as error:
            if error.request.device is not None:
                return problem.page(self, request, Problem(error.error.code))
            return refused(self, request, error.request, error.error)
        except OAuthError as error:
            if service:
                return oauth_error(error)
            return problem.page(self, request, Problem(error.code))
        except Problem as error:
            return problem.page(self, request, error)
        except Unstorable:
            return self._failed(request, "invalid_request", 400, service=service)
        except StoreError:
            return self._failed(request, "temporarily_unavailable", 503, service=service)
        except Exception:
            reference = self.reference()
            log.exception("a request failed", extra={"path": request.path, "reference": reference})
            return self._failed(request, "server_error", 500, service=service, reference=reference)

    def _failed(
        self, request: Request, code: str, status: int, *, service: bool, reference: str = ""
    ) -> Answer:
        if service:
            return json(status, {"error": code})
        return problem.page(self, request, Problem(code, status=status), reference=reference)

    async def _read(self, scope: Scope, receive: Receive, method: str) -> Request:
        headers = headers_of(scope["headers"])
        form, posted = NOTHING, b""
        if method == "POST":
            declared = headers.get("content-length")
            length = None if declared is None else declared.encode()
            body = await self._bodies.read(receive, length, LARGEST_FORM)
            if body:
                expected = JSON if scope["path"] in JSON_PATHS else FORM
                if headers.get("content-type", "").partition(";")[0].strip().lower() != expected:
                    raise Malformed
                form, posted = (parameters(body), b"") if expected == FORM else (NOTHING, body)
        query_string: bytes = scope["query_string"]
        if len(query_string) > LARGEST_QUERY:
            raise Malformed
        query = parameters(query_string) if query_string else NOTHING
        return await self._request(scope, headers, query, form, posted)

    async def _bare(self, scope: Scope) -> Request:
        return await self._request(scope, headers_of(scope["headers"]), NOTHING, NOTHING)

    async def _request(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        query: Parameters,
        form: Parameters,
        body: bytes = b"",
    ) -> Request:
        client = scope.get("client")
        return Request(
            method=scope["method"],
            path=scope["path"],
            site=await self._site(headers.get("host", "")),
            query=query,
            form=form,
            headers=headers,
            address=client[0] if client else "",
            query_string=scope["query_string"].decode("latin-1"),
            body=body,
        )

    async def _site(self, host: str) -> Site:
        try:
            return await self.sites.of(host)
        except (Unstorable, StoreError):
            return Site(self.deployment.public_url)

    def context(self, request: Request) -> Context:
        return self._context(
            RequestFacts(
                request_id="",
                region=None,
                address=request.address,
                user_agent=request.user_agent,
                access_key_id=None,
                operation=request.path[1:],
            )
        )

    def reference(self) -> str:
        """What an error page and the log have in common."""
        return self._entropy(6).hex()

    def nonce(self) -> str:
        """What a page's own style and script are known by."""
        return self._entropy(16).hex()


async def malformed(_web: Web, _request: Request) -> Answer:
    raise OAuthError("invalid_request", "the parameters cannot be read")


def oauth_error(error: OAuthError) -> Answer:
    """RFC 6749 5.2; with status 400 whatever it is, as Cognito answers (documented in "Token endpoint")."""
    content = {"error": error.code}
    if error.description:
        content["error_description"] = error.description
    nonce = ((b"dpop-nonce", error.nonce.encode()),) if error.nonce else ()
    return json(error.status, content, *nonce)
