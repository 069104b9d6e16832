"""The OAuth endpoints and the sign-in page: what they cost on Cenote, and on oidc-provider beside it.

A user signs in once on the pages, by form; from then on the browser's cookie is what is sent. Codes are got before they
are measured.
"""

import base64
import html
import itertools
import re
import shutil
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import msgspec

from bench.cryptography_alone import Crypto, CryptographyAlone
from bench.load import Answer, Load, Script
from bench.machine import BenchError, Cores
from bench.measure import Effort, say, time_operation
from bench.pool import PASSWORD, call
from bench.servers import Cenote, NotHere, Running, Server, run, started

CALLBACK: Final = "https://app.example.com/callback"
SCOPE: Final = "bench/read"


class OidcProvider(Server):
    """panva's oidc-provider as its guide starts it: state in memory, JWT access tokens, RS256 as here."""

    name = "oidc-provider"
    keeps = "memory"
    ready_path = "/.well-known/openid-configuration"

    def install(self) -> str:
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise NotHere("Node.js and npm are not installed")
        self.folder.mkdir(parents=True, exist_ok=True)
        package = self.folder / "node_modules" / "oidc-provider"
        if not package.exists():
            run("npm", "install", "--no-audit", "--no-fund", "oidc-provider@9", cwd=self.folder)
        return run("node", "-p", f"require({str(package / 'package.json')!r}).version")

    def command(self, data: Path, port: int, workers: int) -> list[str | Path]:
        del data, port, workers
        # Modules are found from where the script is.
        script = self.folder / "server.mjs"
        script.write_text((Path(__file__).parent / "oidc_provider.mjs").read_text())
        return ["node", script]

    def environment(self, data: Path, port: int) -> dict[str, str]:
        del data
        return {"PORT": str(port), "CALLBACK": CALLBACK}


@dataclass
class Browser:
    """Follows redirects and fills in forms until it is led out of the server."""

    address: tuple[str, int]
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[HTTPResponse, str]:
        connection = HTTPConnection(*self.address, timeout=30)
        headers = {"host": f"localhost:{self.address[1]}", "cookie": self.cookie}
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        connection.close()
        return answer, text

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def walk(self, path: str, typed: dict[str, str]) -> str:
        """The URL outside that the server leads to in the end."""
        method, form = "GET", None
        for _ in range(20):
            answer, text = self.send(method, path, form)
            location = answer.headers.get("location")
            if location is not None:
                if location.startswith(CALLBACK):
                    return location
                parts = urlsplit(urljoin(path, location))
                path, method, form = f"{parts.path}?{parts.query}".rstrip("?"), "GET", None
                continue
            path, form = filled_in(path, text, typed)
            method = "POST"
        raise BenchError(f"{path} leads nowhere: {text[:300]}")


def filled_in(path: str, text: str, typed: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The first form of a page with the fields that were typed: where to post it, and what."""
    found = re.search(r"<form[^>]*>.*?</form>", text, re.DOTALL)
    if found is None:
        raise BenchError(f"no form on {path}: {text[:300]}")
    action = re.search(r'action="([^"]*)"', found[0])
    form = {}
    for tag in re.findall(r"<input[^>]*>", found[0]):
        named = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in named:
            name = html.unescape(named["name"])
            form[name] = typed.get(name, html.unescape(named.get("value", "")))
    parts = urlsplit(urljoin(path, html.unescape(action[1]) if action else ""))
    return f"{parts.path}?{parts.query}".rstrip("?"), form


@dataclass(frozen=True)
class App:
    """A client for codes and one for itself, on a server, and a browser in which a user is signed in."""

    address: tuple[str, int]
    client_id: str
    machine: dict[str, str]
    browser: Browser
    authorize_path: str
    token_path: str
    login_path: str

    @property
    def authorize(self) -> bytes:
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid email",
            "state": "bench",
        }
        return get(f"{self.authorize_path}?{urlencode(query)}", self.browser.cookie)

    def codes(self, count: int) -> list[str]:
        got: list[str] = []

        def script() -> Script:
            got.append(code_of((yield self.authorize)))

        with Load(self.address, 8) as load:
            load.run((script() for _ in itertools.repeat(None)), count=count)
        return got

    def exchange(self, codes: Sequence[str]) -> Iterator[Script]:
        def script(code: str) -> Script:
            form = {
                "grant_type": "authorization_code",
                "client_id": self.client_id,
                "redirect_uri": CALLBACK,
                "code": code,
            }
            accept((yield post(self.token_path, form)), {"access_token", "id_token"})

        return (script(code) for code in codes)

    def machines(self) -> Iterator[Script]:
        form = {"grant_type": "client_credentials", "scope": self.machine["scope"]}
        if "resource" in self.machine:
            form["resource"] = self.machine["resource"]
        pair = f"{self.machine['id']}:{self.machine['secret']}"
        request = post(self.token_path, form, "Basic " + base64.b64encode(pair.encode()).decode())

        def script() -> Script:
            accept((yield request), {"access_token"})

        return (script() for _ in itertools.repeat(None))

    def redirects(self) -> Iterator[Script]:
        def script() -> Script:
            code_of((yield self.authorize))

        return (script() for _ in itertools.repeat(None))

    def pages(self) -> Iterator[Script]:
        def script() -> Script:
            answer = yield get(self.login_path, "")
            if answer.status != 200 or b"<form" not in answer.body:
                raise BenchError(f"no sign-in page: {answer.status} {answer.body[:200]!r}")

        return (script() for _ in itertools.repeat(None))


def get(path: str, cookie: str) -> bytes:
    line = f"Cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n".encode()


def post(path: str, form: dict[str, str], authorization: str = "") -> bytes:
    body = urlencode(form).encode()
    line = f"Authorization: {authorization}\r\n" if authorization else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n{line}\r\n"
    ).encode() + body


def code_of(answer: Answer) -> str:
    location = re.search(rb"(?i)\r\nlocation: ([^\r\n]+)", answer.head)
    given = parse_qs(urlsplit(location[1].decode()).query) if location else {}
    if "code" not in given:
        raise BenchError(f"no code: {answer.status} {answer.head[:300]!r}")
    return given["code"][0]


def accept(answer: Answer, members: set[str]) -> None:
    if answer.status != 200 or not members <= set(msgspec.json.decode(answer.body)):
        raise BenchError(f"no tokens: {answer.status} {answer.body[:300]!r}")


def on_cenote(address: tuple[str, int]) -> App:
    pool = call(address, "CreateUserPool", {"PoolName": "oauth"})["UserPool"]["Id"]
    scopes = [{"ScopeName": "read", "ScopeDescription": "reads"}]
    call(
        address,
        "CreateResourceServer",
        {"UserPoolId": pool, "Identifier": "bench", "Name": "bench", "Scopes": scopes},
    )
    oauth: dict[str, Any] = {
        "UserPoolId": pool,
        "AllowedOAuthFlowsUserPoolClient": True,
        "SupportedIdentityProviders": ["COGNITO"],
    }
    client = call(
        address,
        "CreateUserPoolClient",
        {
            **oauth,
            "ClientName": "app",
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email"],
            "CallbackURLs": [CALLBACK],
        },
    )["UserPoolClient"]
    machine = call(
        address,
        "CreateUserPoolClient",
        {
            **oauth,
            "ClientName": "machine",
            "GenerateSecret": True,
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": [SCOPE],
        },
    )["UserPoolClient"]
    email = [{"Name": "email", "Value": "ada@example.com"}]
    call(
        address,
        "AdminCreateUser",
        {"UserPoolId": pool, "Username": "ada", "MessageAction": "SUPPRESS", "UserAttributes": email},
    )
    permanent = {"UserPoolId": pool, "Username": "ada", "Password": PASSWORD, "Permanent": True}
    call(address, "AdminSetUserPassword", permanent)
    query = {
        "response_type": "code",
        "client_id": client["ClientId"],
        "redirect_uri": CALLBACK,
        "scope": "openid email",
    }
    app = App(
        address,
        client["ClientId"],
        {"id": machine["ClientId"], "secret": machine["ClientSecret"], "scope": SCOPE},
        Browser(address),
        "/oauth2/authorize",
        "/oauth2/token",
        f"/login?{urlencode(query)}",
    )
    app.browser.walk(f"/oauth2/authorize?{urlencode(query)}", {"username": "ada", "password": PASSWORD})
    return app


def on_oidc_provider(address: tuple[str, int]) -> App:
    machine = {"id": "machine", "secret": "secret-of-the-machine", "scope": "read", "resource": "urn:bench"}
    app = App(address, "app", machine, Browser(address), "/auth", "/token", "")
    path = app.authorize.split(b" ")[1].decode()
    app.browser.walk(path, {"login": "ada", "password": "any"})
    return app


@dataclass(frozen=True, slots=True)
class Task:
    """`scripts` gets an app and how many to have ready."""

    title: str
    crypto: Crypto
    scripts: Callable[[App, int], Iterator[Script]]
    least_share: float | None = None
    most_cpu: float | None = None


TASKS: Final = (
    Task("client_credentials", Crypto(signatures=1), lambda app, _: app.machines(), least_share=0.5),
    Task(
        "authorization_code, two tokens",
        Crypto(signatures=2),
        lambda app, count: app.exchange(app.codes(count)),
        least_share=0.6,
    ),
    Task("/oauth2/authorize with a live session", Crypto(), lambda app, _: app.redirects(), most_cpu=400),
    Task("/login, the page", Crypto(), lambda app, _: app.pages(), most_cpu=1500),
)


def measured(
    running: Running, app: App, task: Task, cores: Cores, effort: Effort, alone: CryptographyAlone
) -> tuple[float, float]:
    """Microseconds of CPU, and the part of it that is cryptography: the medians of the rounds."""
    count = 50 * effort.connections if effort.seconds > 1 else 10 * effort.connections
    cpu, shares = [], []
    for _ in range(effort.rounds):
        scripts = task.scripts(app, count + 4 * effort.connections)
        sample = time_operation(
            running, scripts, cores=cores, effort=effort, crypto=task.crypto, alone=alone, count=count
        )
        cpu.append(sample.cpu)
        shares.append(sample.share)
    return statistics.median(cpu), statistics.median(shares)


def findings(cores: Cores, effort: Effort) -> Iterator[tuple[str, str, str, bool | None]]:
    """What, how much, the target and whether it is met, of Cenote; then the peer's, without targets."""
    alone = CryptographyAlone()
    with started(Cenote(), {cores.server}) as running:
        app = on_cenote(running.address)
        for task in TASKS:
            cpu, share = measured(running, app, task, cores, effort, alone)
            value = f"{cpu:,.0f} µs of CPU" + (f", {share:.2f} of it cryptography" if share else "")
            if task.least_share is not None:
                yield task.title, value, f"≥ {task.least_share:.2f}", share >= task.least_share
            else:
                yield task.title, value, f"≤ {task.most_cpu:,.0f} µs", cpu <= (task.most_cpu or 0)
    peer = OidcProvider()
    try:
        version = peer.install()
    except NotHere as error:
        say(f"oidc-provider: n/a: {error}")
        return
    with started(peer, {cores.server}) as running:
        app = on_oidc_provider(running.address)
        for task in TASKS[:3]:
            cpu, share = measured(running, app, task, cores, effort, alone)
            value = f"{cpu:,.0f} µs of CPU" + (f", {share:.2f} of it cryptography" if share else "")
            yield f"the same on oidc-provider {version} (state in memory): {task.title}", value, "", None
