"""What a request says of its own host and origin reaches nothing that is written, and no address (case 73)."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from tests.calls import PASSWORD, claims_of
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.security.raw import Answer, ask, call

from cenote.domain.request import RequestFacts
from cenote.server.proxies import Proxies
from cenote.server.settings import SettingsError

PUBLIC = "https://id.example.com/base"
EVIL = "evil.example"
# Everything by which a client or a proxy says what the server is called, and whom it speaks for.
CLAIMS = {
    "Host": EVIL,
    "X_Forwarded_Host": EVIL,
    "X_Forwarded_Proto": "gopher",
    "X_Forwarded_Port": "66",
    "X_Forwarded_Prefix": f"/{EVIL}",
    "X_Forwarded_For": "203.0.113.66",
    "X_Forwarded_Server": EVIL,
    "X_Original_URL": f"https://{EVIL}/",
    "X_Rewrite_URL": f"https://{EVIL}/",
    "X_Real_IP": "203.0.113.66",
    "True_Client_IP": "203.0.113.66",
    "CF_Connecting_IP": "203.0.113.66",
    "Forwarded": f"for=203.0.113.66;host={EVIL};proto=gopher",
    "Via": f"1.1 {EVIL}",
    "Origin": f"https://{EVIL}",
    "Referer": f"https://{EVIL}/",
}

# These say nothing of where a request comes from.
OF_THE_PAGE = {"Origin", "Referer", "X_Forwarded_Prefix", "X_Original_URL", "X_Rewrite_URL"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(settings_for(tmp_path_factory.mktemp("public") / "data", public_url=f"{PUBLIC}/")) as one:
        yield one


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(settings_for(tmp_path_factory.mktemp("private") / "data")) as one:
        yield one


@pytest.fixture(scope="module")
def make(server: RunningServer) -> PoolFactory:
    return PoolFactory(server)


def mentions(answer: Answer) -> bool:
    return EVIL.encode() in answer.body or any(EVIL in value for value in answer.headers.values())


def test_case_73_the_issuer_and_the_place_of_the_keys_are_the_public_url(make: PoolFactory) -> None:
    pool = make.pool()
    app = make.client(pool)["ClientId"]
    make.user(pool, "ada")
    parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD}
    request = {"ClientId": app, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    url = make.server.url
    result = call(url, "InitiateAuth", request, **CLAIMS).document["AuthenticationResult"]
    for name in ("IdToken", "AccessToken"):
        assert claims_of(result[name])["iss"] == f"{PUBLIC}/{pool}"
    discovery = ask(url, "GET", f"/{pool}/.well-known/openid-configuration", **CLAIMS)
    assert discovery.document["issuer"] == f"{PUBLIC}/{pool}"
    assert discovery.document["jwks_uri"] == f"{PUBLIC}/{pool}/.well-known/jwks.json"
    keys = ask(url, "GET", f"/{pool}/.well-known/jwks.json", **CLAIMS)
    assert not mentions(discovery)
    assert not mentions(keys)
    # And a token of the public issuer is good whatever the next request calls the server.
    token = {"AccessToken": result["AccessToken"]}
    assert call(url, "GetUser", token, **CLAIMS).document["Username"] == "ada"


def test_case_73_a_link_in_a_message_leads_to_the_public_url(make: PoolFactory) -> None:
    template = {"DefaultEmailOption": "CONFIRM_WITH_LINK"}
    pool = make.pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=template)
    app = make.client(pool)["ClientId"]
    mail = [{"Name": "email", "Value": "linked@example.com"}]
    request = {"ClientId": app, "Username": "linked", "Password": PASSWORD, "UserAttributes": mail}
    answer = call(make.server.url, "SignUp", request, **CLAIMS)
    assert answer.status == 200
    app_of = make.server.app
    (message,) = make.server.run(app_of.store.messages.list_(to="linked@example.com", limit=50))
    assert message.link.startswith(f"{PUBLIC}/confirmUser?")
    assert EVIL not in repr(message)


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics/", "/_cenote/outbox/", "/_cenote", "/health/", "/confirmUser/", "/confirmUser", "//x", "/none",
     f"//{EVIL}/%2e%2e", f"/\\{EVIL}", "/_cenote/outbox.json", "/metrics"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
def test_case_73_no_answer_leads_to_where_the_request_says_it_is(
    server: RunningServer, method: str, path: str
) -> None:
    answer = ask(server.url, method, path, **CLAIMS)
    assert "location" not in answer.headers
    assert answer.status < 500
    if not path.startswith("//") and "\\" not in path:
        assert not mentions(answer)


@pytest.mark.parametrize("claim", [name for name in CLAIMS if name not in OF_THE_PAGE])
def test_case_73_what_is_this_machines_own_is_shown_to_nobody_who_may_come_from_elsewhere(
    private: RunningServer, claim: str
) -> None:
    """A forwarded request, or one for another name, may be anybody's: a proxy's, a page's that rebound its name."""
    for path in ("/_cenote/outbox", "/_cenote/outbox.json"):
        assert ask(private.url, "GET", path).status == 200
        assert ask(private.url, "GET", path, **{claim: CLAIMS[claim]}).status == 404
    assert ask(private.url, "GET", "/metrics", **{claim: CLAIMS[claim]}).status == 401


def test_case_73_behind_a_proxy_it_is_shown_to_nobody_whatever_the_proxy_says(server: RunningServer) -> None:
    """nginx, as it is delivered, passes a request on under the name of the server behind it, and says nothing else."""
    for path in ("/_cenote/outbox", "/_cenote/outbox.json"):
        assert ask(server.url, "GET", path).status == 404
    assert ask(server.url, "GET", "/metrics").status == 401


# Proxies

PROXY, OTHER_PROXY, CLIENT = "10.0.0.1", "10.0.0.2", "198.51.100.7"


def address(trusted: str, peer: str, *headers: tuple[str, str]) -> str:
    """Who a request comes from, to a server that trusts these proxies."""
    scope: MutableMapping[str, Any] = {
        "client": (peer, 4711),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    return str(Proxies(trusted).applied(scope)["client"][0])


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (CLIENT, ["203.0.113.66"], CLIENT),  # nobody's proxy
        (PROXY, [], PROXY),
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"203.0.113.66, {CLIENT}"], CLIENT),  # what the client wrote itself stands to the left
        (PROXY, ["203.0.113.66", CLIENT], CLIENT),  # in a header of its own, too
        (PROXY, [f"203.0.113.66, {CLIENT}, {OTHER_PROXY}"], CLIENT),
        (PROXY, [f"{OTHER_PROXY}, {OTHER_PROXY}"], OTHER_PROXY),
        (PROXY, [f"203.0.113.66, not an address, {OTHER_PROXY}"], OTHER_PROXY),
        (PROXY, ["unknown"], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, ["203.0.113.66\x00"], PROXY),
        (PROXY, ["2001:db8::1"], "2001:db8::1"),
        (PROXY, ["0x7f.1, 0127.0.0.1"], PROXY),  # no other spelling of an address is one
        ("::ffff:10.0.0.1", [CLIENT], "::ffff:10.0.0.1"),
    ],
)
def test_case_73_only_trusted_proxies_are_believed_and_only_the_nearest_strangers_address(
    peer: str, forwarded: list[str], expected: str
) -> None:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    assert address("10.0.0.0/30", peer, *headers) == expected


def test_case_73_no_other_header_tells_an_address() -> None:
    others = [("X-Real-IP", CLIENT), ("Forwarded", f"for={CLIENT}"), ("CF-Connecting-IP", CLIENT)]
    assert (
        address("10.0.0.0/30", PROXY, *others, ("X-Forwarded", CLIENT), ("X_Forwarded_For", CLIENT)) == PROXY
    )


def test_case_73_who_is_trusted_is_exact() -> None:
    assert address(PROXY, PROXY, ("X-Forwarded-For", CLIENT)) == CLIENT
    assert address(PROXY, OTHER_PROXY, ("X-Forwarded-For", CLIENT)) == OTHER_PROXY
    assert address("", PROXY, ("X-Forwarded-For", CLIENT)) == PROXY
    with pytest.raises(SettingsError):
        Proxies("10.0.0.0/33")
    with pytest.raises(SettingsError):
        Proxies("localhost")


@pytest.mark.parametrize(
    ("trusted", "expected"), [("", "127.0.0.1"), ("127.0.0.1", CLIENT), ("10.0.0.1", "127.0.0.1")]
)
def test_case_73_the_running_server_knows_the_address_by_the_same_rule(
    tmp_path: Path, trusted: str, expected: str
) -> None:
    seen: list[str] = []
    with running(settings_for(tmp_path / "data", trusted_proxies=trusted)) as one:
        context = one.app.context

        def noting(request: RequestFacts) -> Any:
            seen.append(request.address)
            return context(request)

        one.app.dispatcher._context = noting
        call(one.url, "GetUser", {"AccessToken": "x.y.z"}, X_Forwarded_For=f"203.0.113.66, {CLIENT}")
    assert seen == [expected]
