"""Device authorization (RFC 8628), the device's half; off unless a client's tag turns it on."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.browser import App, claims, oauth_app, turned_on
from tests.conftest import PoolFactory, RunningServer
from tests.device_flow import GRANT, allow, asked, begin, begun, forget, opened, poll, said
from tests.prover import Bound

from cenote.domain import device_codes as rules


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return turned_on(oauth_app(make), "device")


@pytest.fixture(autouse=True)
def forgotten(server: RunningServer) -> Iterator[None]:
    """All tests have one address: what it has spent is no test's but its own."""
    yield
    server.run(forget(server))


def test_a_device_is_given_its_two_codes(app: App) -> None:
    page = begun(app, scope="openid email")
    codes = page.document
    assert set(codes) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    }  # fmt: skip
    assert (codes["expires_in"], codes["interval"]) == (900, 5)
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", codes["user_code"])
    assert len(codes["device_code"]) == 43
    assert codes["verification_uri"].endswith(f"/device?client_id={app.id}")
    assert codes["verification_uri_complete"] == f"{codes['verification_uri']}&user_code={codes['user_code']}"
    assert page.headers["cache-control"] == "no-store"


def test_a_device_gets_tokens_when_its_user_has_agreed(app: App) -> None:
    codes = begin(app, scope="openid email", resource="https://api.example.com")
    assert said(app, codes["device_code"]) == "authorization_pending"
    browser, page = asked(app, codes)
    assert codes["user_code"] in page.text
    assert "See your e-mail address" in page.text
    browser.fill(page, choice="allow")
    tokens = poll(app, codes["device_code"]).document
    assert list(tokens) == ["id_token", "access_token", "refresh_token", "expires_in", "token_type"]
    access = claims(tokens["access_token"])
    assert (access["sub"], access["scope"], access["aud"]) == (
        app.sub,
        "openid email",
        "https://api.example.com",
    )
    assert app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status == 200


def test_a_code_is_redeemed_once(app: App) -> None:
    codes = begin(app)
    allow(app, codes)
    assert poll(app, codes["device_code"]).status == 200
    assert said(app, codes["device_code"]) == "invalid_grant"


def test_case_20_of_fifty_polls_at_once_one_gets_the_tokens(app: App) -> None:
    codes = begin(app)
    allow(app, codes)
    with ThreadPoolExecutor(50) as pool:
        pages = list(pool.map(lambda _: poll(app, codes["device_code"]), range(50)))
    assert sorted(page.status for page in pages) == [200] + [400] * 49
    assert {page.document["error"] for page in pages if page.status == 400} == {"invalid_grant"}


def test_a_device_that_asks_too_often_is_told_to_slow_down(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "device")
    app.server.clock.freeze()
    code = begin(app)["device_code"]
    assert said(app, code) == "authorization_pending"
    app.server.clock.advance(seconds=3)
    assert said(app, code) == "slow_down"
    app.server.clock.advance(seconds=6)
    assert said(app, code) == "slow_down", "ten seconds from now on"
    app.server.clock.advance(seconds=15)
    assert said(app, code) == "authorization_pending"


def test_a_device_that_asked_too_often_still_hears_what_was_decided(app: App) -> None:
    codes = begin(app)
    assert [said(app, codes["device_code"]) for _ in range(2)] == ["authorization_pending", "slow_down"]
    allow(app, codes)
    assert poll(app, codes["device_code"]).status == 200


def test_of_fifty_questions_at_once_one_is_in_time(app: App) -> None:
    code = begin(app)["device_code"]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: said(app, code), range(50)))
    assert sorted(answers) == ["authorization_pending"] + ["slow_down"] * 49


def test_codes_are_over_after_a_quarter_of_an_hour(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "device")
    decided, waiting, late = begin(app), begin(app), begin(app)
    allow(app, decided)
    browser, page = asked(app, late)
    app.server.clock.advance(minutes=15)
    assert said(app, decided["device_code"]) == said(app, waiting["device_code"]) == "expired_token"
    assert browser.fill(page, choice="allow").status == 400
    other = app.signed_in()
    assert "This code is not right" in other.fill(opened(app, waiting, other)).text


@pytest.mark.parametrize("code", ["", "x", "A" * 43, "A" * 5000, "\ud7ff"])
def test_what_is_no_device_code_is_refused(app: App, code: str) -> None:
    assert said(app, code) == ("invalid_grant" if code else "invalid_request")


def test_case_16_a_device_code_is_its_clients(app: App, make: PoolFactory) -> None:
    elsewhere = turned_on(oauth_app(make), "device")
    beside = oauth_app(make, pool=app.pool)
    arn = app.server.idp.describe_user_pool(UserPoolId=app.pool)["UserPool"]["Arn"]
    app.server.idp.tag_resource(ResourceArn=arn, Tags={f"cenote:client:{beside.id}": "device"})
    codes = begin(app)
    allow(app, codes)
    assert said(beside, codes["device_code"]) == said(elsewhere, codes["device_code"]) == "invalid_grant"
    assert said(app, codes["user_code"]) == "invalid_grant", "nor is the other code one"
    assert poll(app, codes["device_code"]).status == 200


def test_case_82_a_client_with_a_secret_has_to_show_it(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make, secret=True), "device")
    for secret in ("wrong", app.secret[:-1]):
        assert begun(app, client_secret=secret).document["error"] == "invalid_client"
    codes = begin(app)
    allow(app, codes)
    assert poll(app, codes["device_code"], client_secret="wrong").document["error"] == "invalid_client"
    assert poll(app, codes["device_code"]).status == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"resource": "no-address"}, "invalid_target"),
        ({"resource": "https://a.example/" + "x" * 600}, "invalid_request"),
        ({"client_id": "nobody"}, "invalid_client"),
    ],
)
def test_a_device_may_ask_for_what_an_app_may(app: App, form: dict[str, str], error: str) -> None:
    page = begun(app, **form)
    assert (page.status, page.document["error"]) == (400, error)


def test_a_device_that_asks_for_nothing_gets_all_that_its_client_may_have(app: App) -> None:
    codes = begin(app)
    allow(app, codes)
    scope = claims(poll(app, codes["device_code"]).document["access_token"])["scope"]
    assert scope.split() == ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"]


def test_one_address_asks_for_so_many_codes(app: App) -> None:
    for _ in range(rules.MOST_ASKED):
        assert begun(app).status == 200
    assert begun(app).document["error"] == "slow_down"


def test_case_7_a_client_without_oauth_has_no_devices(make: PoolFactory) -> None:
    pool = make.pool()
    client = make.client(pool)
    app = turned_on(App(make.server, pool, client, "", ""), "device")
    assert begun(app).document["error"] == "unauthorized_client"


def test_a_client_that_names_no_provider_has_nobody_to_connect_a_device(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make, SupportedIdentityProviders=[]), "device")
    assert begun(app).document["error"] == "unauthorized_client"
    assert begun(turned_on(oauth_app(make), "device")).status == 200


def test_case_24_who_may_not_sign_in_any_more_gets_nothing(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device")
    idp = app.server.idp
    codes = begin(app)
    allow(app, codes)
    idp.admin_disable_user(UserPoolId=app.pool, Username=app.user)
    assert said(app, codes["device_code"]) == "invalid_grant"
    idp.admin_enable_user(UserPoolId=app.pool, Username=app.user)
    assert said(app, codes["device_code"]) == "invalid_grant", "the session in which it was agreed is over"


def test_case_24_signing_out_takes_back_what_was_not_redeemed_yet(app: App) -> None:
    codes = begin(app)
    browser = allow(app, codes)
    browser.get("/logout", {"client_id": app.id, "logout_uri": "https://app.example.com/bye"})
    assert said(app, codes["device_code"]) == "invalid_grant"


def test_the_tokens_of_a_device_are_bound_to_its_key(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device dpop-required")
    client, codes = Bound(app), begin(app)
    allow(app, codes)
    assert said(app, codes["device_code"]) == "invalid_dpop_proof"
    form = {"grant_type": GRANT, "device_code": codes["device_code"], "redirect_uri": None}
    tokens = client.token(**form).document
    assert tokens["token_type"] == "DPoP"
    assert claims(tokens["access_token"])["cnf"] == {"jkt": client.prover.thumbprint}


def test_a_client_that_has_every_request_pushed_may_have_devices(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device par-required")
    codes = begin(app)
    allow(app, codes)
    assert poll(app, codes["device_code"]).status == 200


def test_case_7_without_the_tag_nothing_is_different(make: PoolFactory) -> None:
    app = oauth_app(make)
    assert begun(app).document["error"] == "unauthorized_client"
    assert said(app, "x") == "unsupported_grant_type"
    assert app.browser().get(f"/device?client_id={app.id}").status == 404
    ignored = app.signed_in().get("/oauth2/authorize", {**app.request(), "device_ticket": "x"})
    assert "code" in ignored.given
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert "device_authorization_endpoint" not in document
    assert GRANT not in document["grant_types_supported"]


def test_case_7_codes_of_a_client_that_lost_the_tag_are_no_use(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "device")
    codes = begin(app)
    browser, page = asked(app, codes)
    turned_on(app, "dpop")
    assert browser.fill(page, choice="allow").status == 400
    assert said(app, codes["device_code"]) == "unsupported_grant_type"


def test_discovery_names_the_endpoint_and_the_grant(app: App) -> None:
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert document["device_authorization_endpoint"].endswith("/oauth2/device_authorization")
    assert document["grant_types_supported"][-1] == GRANT
