"""One request to a page: its checked authorize request, its browser and language, and how it is answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from cenote.domain.errors import CodeMismatch, CognitoError, ExpiredCode
from cenote.flows import browser_sessions
from cenote.flows.browser_sessions import Live
from cenote.flows.context import Context
from cenote.store.clients import Client
from cenote.store.pools import Pool
from cenote.web import http
from cenote.web.http import Answer, Request, redirect
from cenote.web.oauth import authorize, device_tickets, requests
from cenote.web.oauth.requests import AuthorizeRequest
from cenote.web.pages import branding, forms
from cenote.web.pages.forms import Form
from cenote.web.pages.languages import Texts, chosen
from cenote.web.problems import Problem

if TYPE_CHECKING:
    from cenote.web.router import Web

LANGUAGE_LIFETIME: Final = 365 * 24 * 3600
# As long as the model lets them be at the API (UsernameType, PasswordType, AttributeValueType); a passkey's answer and
# our own tokens have longer fields of their own.
LONGEST: Final = {
    "username": 128,
    "password": 256,
    "choice": 16,
    "answer": 16_384,
    "form": 4096,
    "session": 4096,
}
LONGEST_ATTRIBUTE: Final = 2048
# The parameter by which a page hears that the request's sign-in has been done, and for how long that counts.
ANSWERED: Final = "answered"
ANSWERED_LIFETIME: Final = 10 * 60 * 1000
# The field by which a user chooses a language in a page that only a form leads to.
LANGUAGE: Final = "lang"
SPOKEN: Final = (LANGUAGE, "ui_locales")
# Where such pages post that to, by what their own form is for: they are shown once more, with all that they know.
SHOWN_AGAIN: Final = {"challenge": "/mfa", "confirm": "/confirm", "reset": "/confirmforgotPassword"}
# Where the others are found by their address.
FOUND_AT: Final = {
    "signup": "/signup",
    "forgot": "/forgotPassword",
    "account": "/selectAccount",
    "consent": "/consent",
    "add passkey": "/passkeys/add",
}
# Said of a form that is not this browser's, or too old.
STALE: Final = "This page is no longer valid. Please try again."
# Said of a code where nobody is to learn whether somebody waits for one: the API has an error for each (case 37).
WRONG_CODE: Final = "This code is wrong or too old. Check it, or ask for a new one."


@dataclass(frozen=True, slots=True)
class Faulty:
    """What is wrong with what was sent: the id of the field that it is about, if of one, and the sentence."""

    field: str
    text: str


@dataclass(slots=True)
class Visit:
    """`query` is what the page's links and forms carry on; `goes_to` where its form may lead in the end.

    `named` is whether the page is the client's own, and `begins_at` where its first page is.
    """

    web: "Web"
    request: Request
    ctx: Context
    pool: Pool
    client: Client
    query: str
    goes_to: str
    browser: str
    texts: Texts
    cookies: list[str] = field(default_factory=list)
    authorize: AuthorizeRequest | None = None
    named: bool = True
    begins_at: str = "/login"

    @property
    def wanted(self) -> AuthorizeRequest:
        """The authorize request that the page belongs to."""
        if self.authorize is None:
            raise TypeError("this page belongs to no authorize request")
        return self.authorize

    async def live(self) -> Live | None:
        """Who is signed in in this browser."""
        request = self.request
        return await browser_sessions.live(self.ctx, self.pool, request.cookies, secure=request.site.secure)

    def form(self, page: str) -> Form | None:
        """The form that was posted, if it is this browser's for this page."""
        return forms.opened(self.ctx, self.pool, self.client, self.request, page)

    async def show(
        self,
        template: str,
        *,
        page: str = "",
        data: Mapping[str, str] | None = None,
        session: str = "",
        error: str = "",
        faulty: str = "",
        notice: str = "",
        **values: Any,
    ) -> Answer:
        """A page; `page` is what its form is for, with the data that the next step needs. 400 with an error.

        `faulty` is the id of the field that the error is about: the error stands there, and the field has the focus. An
        error of no field stands above them all, and has it itself.
        """
        web, nonce = self.web, self.web.nonce()
        sealed = forms.token(
            self.ctx, self.pool, self.client, self.browser, page, session=session, data=data or {}
        )
        look = await branding.of(self.ctx, self.pool, self.client, self.request.site)
        html = web.rendering.page(
            template,
            self.texts,
            nonce=nonce,
            app=self.client.document["ClientName"] if self.named else "",
            query=self.query,
            languages_query=self.languages_query(page),
            languages_form=SHOWN_AGAIN.get(page, "") if self.request.method == "POST" else "",
            form=sealed,
            session=session,
            faulty=Faulty(faulty, self.texts.of_error(error)) if error else None,
            notice=self.texts(notice) if notice else "",
            look=look,
            **values,
        )
        return self.kept(http.page(400 if error else 200, html, nonce, goes_to=self.goes_to))

    def languages_query(self, page: str) -> str:
        """The query without its language, for the links that choose one."""
        parameters = [(name, value) for name, value in self.request.query.items() if name != LANGUAGE]
        path = self.request.path if self.request.method == "GET" else FOUND_AT.get(page, self.begins_at)
        return f"{path}?{urlencode(parameters)}"

    @property
    def chooses_language(self) -> bool:
        """Whether the form was posted only to see its page in another language."""
        return LANGUAGE in self.request.form

    def leave(self, path: str, live: Live) -> Answer:
        """To another page of the same request, which hears that this session has just answered it."""
        answered = forms.token(
            self.ctx,
            self.pool,
            self.client,
            self.browser,
            ANSWERED,
            data=self.bound_to(live),
            lifetime=ANSWERED_LIFETIME,
        )
        target = f"{path}?{self.query}&{ANSWERED}={answered}"
        return self.kept(redirect(target, after_post=self.request.method == "POST"))

    async def lets_on(self, live: Live) -> bool:
        """Whether the session is one that the client's request goes on with: fresh enough, and of the user it means.

        One that has just answered it is: asked again after each page, nobody would get past `max_age=0`. A request for
        a new sign-in (`prompt=login`) goes on only with such a session.
        """
        wanted = self.wanted
        if not await authorize.is_meant(self.ctx, wanted, live):
            return False
        if self.has_answered(live):
            return True
        return "login" not in wanted.prompts and authorize.suits(self.ctx, wanted, live)

    def has_answered(self, live: Live) -> bool:
        """Whether the sign-in that began the session was one on the way of this very request, in this browser."""
        text = self.request.query.get(ANSWERED, "")
        token = forms.read(self.ctx, self.pool, self.client, self.request, ANSWERED, text)
        return token is not None and token.data == self.bound_to(live)

    def bound_to(self, live: Live) -> dict[str, str]:
        """What says for which session and which request something was given: it is good for no other.

        A page may be read in another language meanwhile.
        """
        return {"session": live.session.session_id, "query": forms.digest(unspoken(self.query)).hex()}

    def told(self, error: CognitoError) -> str:
        """An error in words that do not tell whether there is such a user, where the client hides that."""
        hidden = isinstance(error, (CodeMismatch, ExpiredCode)) and not self.client.reveals_users
        return WRONG_CODE if hidden else error.message

    def kept(self, answer: Answer) -> Answer:
        for cookie in self.cookies:
            answer.set_cookie(cookie)
        self.cookies.clear()
        return answer


Handler = Callable[[Visit], Awaitable[Answer]]


def page(handler: Handler) -> Callable[["Web", Request], Awaitable[Answer]]:
    """An endpoint of a page that belongs to an authorize request, which is checked at each step.

    Nothing longer than anybody types gets as far as a password's hash (SECURITY.md case 54).
    """

    async def endpoint(web: "Web", request: Request) -> Answer:
        for name, value in request.form.items():
            if len(value) > LONGEST.get(name, LONGEST_ATTRIBUTE):
                raise Problem("invalid_request")
        ctx = web.context(request)
        wanted = await requests.checked(ctx, request.site, request.query)
        if wanted.device is not None and not device_tickets.is_of(wanted.device, forms.browser_of(request)):
            raise Problem("invalid_request")
        visit = begun(web, request, ctx, wanted.pool, wanted.client, wanted.query, wanted.redirect_uri)
        visit.authorize = wanted
        if visit.chooses_language:
            # From here on it is the cookie's.
            visit.query = unspoken(wanted.query)
        return visit.kept(await handler(visit))

    return endpoint


def begun(
    web: "Web", request: Request, ctx: Context, pool: Pool, client: Client, query: str, goes_to: str
) -> Visit:
    """The visit of a browser, which gets an id and its language kept if it has none yet."""
    cookies: list[str] = []
    browser = forms.browser_of(request)
    if browser is None:
        browser = ctx.entropy(forms.BROWSER_ID_SIZE).hex()
        cookies.append(forms.browser_cookie(request, browser))
    texts = texts_of(web, request)
    if LANGUAGE in request.query or LANGUAGE in request.form:
        secure = request.site.secure
        name = language_cookie(secure=secure)
        cookies.append(http.cookie(name, texts.language, secure=secure, max_age=LANGUAGE_LIFETIME))
    return Visit(web, request, ctx, pool, client, query, goes_to, browser, texts, cookies)


def unspoken(query: str) -> str:
    """A query without its language."""
    return urlencode([pair for pair in parse_qsl(query) if pair[0] not in SPOKEN])


def language_cookie(*, secure: bool) -> str:
    return browser_sessions.cookie_name("lang", secure=secure)


def texts_of(web: "Web", request: Request) -> Texts:
    """What was chosen just now, `lang` or `ui_locales`, then the cookie, then what the browser accepts."""
    asked = request.form.get(LANGUAGE) or " ".join(filter(None, map(request.query.get, SPOKEN)))
    kept = request.cookies.get(language_cookie(secure=request.site.secure))
    return web.rendering.languages[chosen(asked, kept, request.headers.get("accept-language", ""))]
