"""A browser's half of HTTP for tests: cookies, forms and redirects, one request at a time."""

import base64
import hashlib
import http.client
import json
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.conftest import PoolFactory, RunningServer

from cenote.domain.request import RequestFacts
from cenote.domain.sign_in import Flow
from cenote.flows import browser_sessions, sign_in
from cenote.flows.attempt import Door

CALLBACK = "https://app.example.com/callback"
PASSWORD = "Correct-Horse-9"
SCOPES = ("openid", "email", "phone", "profile", "aws.cognito.signin.user.admin")


@dataclass(frozen=True)
class Page:
    """One answer. `headers` are by lower-case name, `cookies` the Set-Cookie values as sent."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def location(self) -> str:
        return self.headers["location"]

    @property
    def given(self) -> dict[str, str]:
        """The parameters that a redirect carries, in its query or its fragment."""
        parts = urlsplit(self.location)
        return dict(parse_qsl(parts.fragment or parts.query))


@dataclass
class Browser:
    """Requests to one server under one host name; follows nothing by itself."""

    server: RunningServer
    host: str = ""
    jar: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, query: dict[str, str] | None = None, /, **headers: str) -> Page:
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path, None, **headers)

    def post(self, path: str, form: dict[str, str] | list[tuple[str, str]], **headers: str) -> Page:
        return self.send("POST", path, urlencode(form).encode(), **headers)

    def fill(self, page: Page, number: int = 0, /, **typed: str) -> Page:
        """Sends a form of the page, with what is typed into it; a `__` in a name is a dot."""
        form = forms(page)[number]
        given = {name.replace("__", "."): value for name, value in typed.items()}
        return self.post(form.action, {**form.fields, **given})

    def send(self, method: str, path: str, body: bytes | None, **headers: str) -> Page:
        """`headers` are named in snake_case."""
        port = urlsplit(self.server.url).port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            sent.setdefault("host", self.host or f"127.0.0.1:{port}")
            if body is not None:
                sent.setdefault("content-type", "application/x-www-form-urlencoded")
            if self.jar:
                sent.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.jar.items()))
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            raw = answer.getheaders()
            page = Page(
                answer.status,
                {name.lower(): value for name, value in raw},
                answer.read(),
                tuple(value for name, value in raw if name.lower() == "set-cookie"),
            )
        finally:
            connection.close()
        for cookie in page.cookies:
            name, _, rest = cookie.partition("=")
            value, _, attributes = rest.partition(";")
            if "max-age=0" in attributes.lower():
                self.jar.pop(name, None)
            else:
                self.jar[name] = value
        return page


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, and its fields as they stand."""

    action: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["action"], {}))
            self._open = True
        elif given.get("type") == "checkbox" and "checked" not in given:
            return  # an empty box is not sent
        elif self._open and tag == "input" and "name" in given:
            self.forms[-1].fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


def forms(page: Page) -> list[Form]:
    parser = _Forms()
    parser.feed(page.text)
    return parser.forms


@dataclass
class App:
    """A pool with a user, and an OAuth client of it."""

    server: RunningServer
    pool: str
    client: dict[str, Any]
    user: str
    sub: str

    @property
    def id(self) -> str:
        return str(self.client["ClientId"])

    @property
    def secret(self) -> str:
        return str(self.client["ClientSecret"])

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()

    def browser(self) -> Browser:
        return Browser(self.server)

    def signed_in(self, browser: Browser | None = None, user: str | None = None) -> Browser:
        """A browser in which the user has signed in on the pool's pages just now."""
        browser = browser or self.browser()
        name, value = self.server.run(self._sign_in(user or self.user))
        browser.jar[name] = value
        return browser

    async def _sign_in(self, user: str) -> tuple[str, str]:
        app = self.server.app
        ctx = app.context(RequestFacts("", None, "127.0.0.1", "a browser", None, "login"))
        pool, client = await app.store.clients.resolve(self.id)
        outcome = await sign_in.initiate(
            ctx, pool, client, Flow.USER_PASSWORD_AUTH, {"USERNAME": user, "PASSWORD": PASSWORD}, {},
            door=Door.PAGES,
        )  # fmt: skip
        assert isinstance(outcome, sign_in.Recognised)
        return browser_sessions.cookie_name(pool.pool_id, secure=False), outcome.cookie

    def request(self, **changes: str | None) -> dict[str, str]:
        """The parameters of a plain authorize request; None leaves one out."""
        plain: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": CALLBACK,
            "scope": "openid email",
            "state": "a state",
        }
        return {name: value for name, value in {**plain, **changes}.items() if value is not None}

    def code(self, browser: Browser | None = None, /, **changes: str | None) -> str:
        page = (browser or self.signed_in()).get("/oauth2/authorize", self.request(**changes))
        assert page.status == 302, page.text
        return page.given["code"]

    def token(self, browser: Browser | None = None, /, **form: str | None) -> Page:
        """A token request, with the client's secret if it has one."""
        plain: dict[str, str | None] = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
        if "ClientSecret" in self.client:
            plain |= {"client_id": self.id, "client_secret": self.secret}
        else:
            plain["client_id"] = self.id
        sent = {name: value for name, value in {**plain, **form}.items() if value is not None}
        return (browser or self.browser()).post("/oauth2/token", sent)

    def tokens(self, browser: Browser | None = None, /, **changes: str | None) -> dict[str, Any]:
        """The tokens of a sign-in."""
        page = self.token(code=self.code(browser, **changes))
        assert page.status == 200, page.text
        return dict(page.document)


def oauth_app(
    make: PoolFactory,
    *,
    secret: bool = False,
    pool: str | None = None,
    with_user: bool = True,
    **changes: Any,
) -> App:
    """A client for the code grant, of a pool of its own unless one is given, and a user."""
    pool_id = pool or make.pool()
    settings: dict[str, Any] = {
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": list(SCOPES),
        "CallbackURLs": [CALLBACK],
        "LogoutURLs": ["https://app.example.com/bye"],
        "SupportedIdentityProviders": ["COGNITO"],
        "GenerateSecret": secret,
    }
    client = make.client(pool_id, **{**settings, **changes})
    user = f"user-{secrets.token_hex(4)}"
    if not with_user:
        return App(make.server, pool_id, client, "", "")
    sub = make.user(
        pool_id,
        user,
        email=f"{user}@example.com",
        email_verified="true",
        given_name="Ada",
        phone_number="+12065550100",
        phone_number_verified="false",
    )
    return App(make.server, pool_id, client, user, sub)


def turned_on(app: App, options: str) -> App:
    """The app with what goes beyond Cognito (decision 20)."""
    idp = app.server.idp
    arn = idp.describe_user_pool(UserPoolId=app.pool)["UserPool"]["Arn"]
    idp.tag_resource(ResourceArn=arn, Tags={f"cenote:client:{app.id}": options})
    return app


def pkce() -> tuple[str, str]:
    """A code_verifier and its code_challenge."""
    verifier = secrets.token_urlsafe(48)
    return verifier, challenge_of(verifier)


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "==")))
