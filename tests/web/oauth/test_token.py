"""The token endpoint: codes redeemed and refused, refreshing, client authentication."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.browser import CALLBACK, App, challenge_of, claims, oauth_app, pkce
from tests.conftest import PoolFactory

from cenote.domain.oauth import half_hash


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return oauth_app(make)


@pytest.fixture(scope="module")
def confidential(make: PoolFactory) -> App:
    return oauth_app(make, secret=True)


def refused(app: App, error: str = "invalid_grant", **form: str | None) -> None:
    page = app.token(**form)
    assert (page.status, page.document["error"]) == (400, error), page.text


def test_a_code_becomes_an_id_an_access_and_a_refresh_token(app: App) -> None:
    page = app.token(code=app.code(nonce="n-0"))
    assert page.status == 200
    assert list(page.document) == ["id_token", "access_token", "refresh_token", "expires_in", "token_type"]
    assert (page.document["expires_in"], page.document["token_type"]) == (3600, "Bearer")
    assert page.headers["content-type"] == "application/json;charset=UTF-8"
    assert (page.headers["cache-control"], page.headers["pragma"]) == ("no-store", "no-cache")


def test_case_12_no_answer_of_the_token_endpoint_is_kept_or_told_to_others(app: App) -> None:
    """RFC 6749 5.1 and 5.2: with tokens, and with an error."""
    code = app.code()
    first = app.token(code=code)
    refreshed = app.token(
        grant_type="refresh_token", redirect_uri=None, refresh_token=first.document["refresh_token"]
    )
    wrong = app.token(code=code)
    assert [page.status for page in (first, refreshed, wrong)] == [200, 200, 400]
    for page in (first, refreshed, wrong):
        assert (page.headers["cache-control"], page.headers["pragma"]) == ("no-store", "no-cache")
        assert page.headers["referrer-policy"] == "no-referrer"


def test_the_tokens_of_a_code_say_what_was_asked_and_granted(app: App) -> None:
    tokens = app.tokens(nonce="n-0", scope="openid email")
    access, identity = claims(tokens["access_token"]), claims(tokens["id_token"])
    assert (access["scope"], access["version"], access["client_id"]) == ("openid email", 2, app.id)
    assert (access["token_use"], access["sub"], access["username"]) == ("access", app.sub, app.user)
    assert (identity["aud"], identity["nonce"], identity["token_use"]) == (app.id, "n-0", "id")
    assert identity["at_hash"] == half_hash(tokens["access_token"])
    assert identity["origin_jti"] == access["origin_jti"]
    assert identity["auth_time"] == access["auth_time"]


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        ("openid", {"email", "email_verified", "phone_number", "phone_number_verified", "given_name"}),
        ("openid email", {"email", "email_verified"}),
        ("openid phone", {"phone_number", "phone_number_verified"}),
        ("openid email phone", {"email", "email_verified", "phone_number", "phone_number_verified"}),
        (
            "openid profile",
            {"email", "email_verified", "phone_number", "phone_number_verified", "given_name"},
        ),
    ],
)
def test_scopes_open_their_claims_and_no_others(app: App, scope: str, shown: set[str]) -> None:
    """Documented: `openid` alone shows all that the client may read, beside others only what those open."""
    tokens = app.tokens(scope=scope)
    personal = {"email", "email_verified", "phone_number", "phone_number_verified", "given_name"}
    assert personal & set(claims(tokens["id_token"])) == shown
    info = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {tokens['access_token']}")
    assert personal & set(info.document) == shown


def test_without_openid_there_is_no_id_token(app: App) -> None:
    assert "id_token" not in app.tokens(scope="aws.cognito.signin.user.admin")


def test_an_audience_that_was_asked_for_is_in_the_access_token(app: App) -> None:
    tokens = app.tokens(resource="https://api.example.com")
    assert claims(tokens["access_token"])["aud"] == "https://api.example.com"
    assert claims(tokens["id_token"])["aud"] == app.id


def test_the_self_service_scope_opens_the_api_and_no_other_does(app: App) -> None:
    idp = app.server.idp
    good = app.tokens(scope="openid aws.cognito.signin.user.admin")["access_token"]
    assert idp.get_user(AccessToken=good)["Username"] == app.user
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="required scopes"):
        idp.get_user(AccessToken=app.tokens(scope="openid email")["access_token"])


def test_case_15_a_second_use_of_a_code_ends_what_the_first_began(app: App) -> None:
    code = app.code(scope="openid aws.cognito.signin.user.admin")
    first = app.token(code=code).document
    refused(app, code=code)
    refused(app, grant_type="refresh_token", refresh_token=first["refresh_token"])
    with pytest.raises(app.server.idp.exceptions.NotAuthorizedException, match="revoked"):
        app.server.idp.get_user(AccessToken=first["access_token"])


def test_case_15_a_use_after_its_time_ends_what_the_first_began(own: PoolFactory) -> None:
    app = oauth_app(own)
    code = app.code()
    first = app.token(code=code).document
    app.server.clock.advance(minutes=6)
    refused(app, code=code)
    refused(app, grant_type="refresh_token", refresh_token=first["refresh_token"])


def test_case_16_a_code_is_bound_to_its_client(app: App, make: PoolFactory) -> None:
    beside, elsewhere = oauth_app(make, pool=app.pool), oauth_app(make)
    code = app.code()
    refused(beside, code=code)
    refused(elsewhere, code=code)
    assert app.token(code=code).status == 200, "a try by somebody else does not use it up"


@pytest.mark.parametrize("uri", [f"{CALLBACK}/", "https://app.example.com/other", CALLBACK.upper()])
def test_case_16_a_code_is_bound_to_its_redirect_uri(make: PoolFactory, uri: str) -> None:
    app = oauth_app(make, CallbackURLs=[CALLBACK, "https://app.example.com/other"])
    code = app.code()
    refused(app, code=code, redirect_uri=uri)
    refused(app, "invalid_request", code=code, redirect_uri=None)


def test_case_16_each_binding_alone_is_not_enough(app: App, make: PoolFactory) -> None:
    beside = oauth_app(make, pool=app.pool)
    verifier, challenge = pkce()
    code = app.code(code_challenge=challenge, code_challenge_method="S256")
    refused(beside, code=code, code_verifier=verifier)
    refused(app, code=code, code_verifier=verifier, redirect_uri="https://app.example.com/")
    refused(app, code=code, code_verifier=pkce()[0])
    assert app.token(code=code, code_verifier=verifier).status == 200


def test_case_17_a_code_is_good_for_five_minutes(own: PoolFactory) -> None:
    app = oauth_app(own)
    app.server.clock.freeze()
    code, late = app.code(), app.code()
    app.server.clock.advance(ms=5 * 60_000 - 1)
    assert app.token(code=code).status == 200
    app.server.clock.advance(ms=1)
    refused(app, code=late)


def test_case_18_a_challenge_needs_its_verifier_and_no_challenge_refuses_one(app: App) -> None:
    verifier, challenge = pkce()
    code = app.code(code_challenge=challenge, code_challenge_method="S256")
    refused(app, code=code)
    refused(app, code=code, code_verifier=challenge)
    assert app.token(code=code, code_verifier=verifier).status == 200
    refused(app, code=app.code(), code_verifier=verifier)


@pytest.mark.parametrize("length", [42, 129])
def test_case_19_a_verifier_of_the_wrong_length_is_refused(app: App, length: int) -> None:
    verifier = "v" * length
    challenge = challenge_of(verifier)
    refused(
        app, code=app.code(code_challenge=challenge, code_challenge_method="S256"), code_verifier=verifier
    )


@pytest.mark.parametrize("character", ["+", "/", "=", " ", "é"])
def test_case_19_a_verifier_of_other_characters_is_refused(app: App, character: str) -> None:
    verifier = "v" * 43 + character
    challenge = challenge_of(verifier)
    refused(
        app, code=app.code(code_challenge=challenge, code_challenge_method="S256"), code_verifier=verifier
    )


def test_case_20_of_50_parallel_redemptions_one_wins(app: App) -> None:
    code = app.code()
    with ThreadPoolExecutor(50) as threads:
        pages = list(threads.map(lambda _: app.token(code=code), range(50)))
    assert sorted(page.status for page in pages) == [200, *[400] * 49]


def test_a_code_that_was_tampered_with_or_made_up_is_refused(app: App) -> None:
    code = app.code()
    for bad in (
        code[:-1],
        code + "A",
        code[:40] + ("A" if code[40] != "A" else "B") + code[41:],
        "x",
        "=" * 64,
    ):
        refused(app, code=bad)
    refused(app, "invalid_request", code=None)


@pytest.mark.parametrize("ending", ["admin_user_global_sign_out", "admin_disable_user", "admin_delete_user"])
def test_a_code_ends_with_its_users_sessions(make: PoolFactory, ending: str) -> None:
    app = oauth_app(make)
    code = app.code()
    getattr(app.server.idp, ending)(UserPoolId=app.pool, Username=app.user)
    refused(app, code=code)


def test_a_code_ends_with_its_browser_session(app: App) -> None:
    browser = app.signed_in()
    code = app.code(browser)
    left = browser.get("/logout", {"client_id": app.id, "logout_uri": "https://app.example.com/bye"})
    assert left.status == 302
    refused(app, code=code)


def test_a_refresh_token_gives_new_tokens_with_the_same_scope_and_no_new_refresh_token(app: App) -> None:
    first = app.tokens(scope="openid email", nonce="n-0")
    page = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"], redirect_uri=None)
    assert set(page.document) == {"id_token", "access_token", "expires_in", "token_type"}
    assert claims(page.document["access_token"])["scope"] == "openid email"
    assert "nonce" not in claims(page.document["id_token"])
    assert claims(page.document["id_token"])["auth_time"] == claims(first["id_token"])["auth_time"]


def test_a_refresh_may_ask_for_less_and_not_for_more(app: App) -> None:
    first = app.tokens(scope="openid email")
    less = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"], scope="openid")
    assert claims(less.document["access_token"])["scope"] == "openid"
    refused(
        app,
        "invalid_scope",
        grant_type="refresh_token",
        refresh_token=first["refresh_token"],
        scope="openid phone",
    )


def test_with_rotation_each_refresh_brings_the_next_token_and_reuse_ends_the_family(
    make: PoolFactory,
) -> None:
    app = oauth_app(
        make,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )
    first = app.tokens()["refresh_token"]
    second = app.token(grant_type="refresh_token", refresh_token=first).document["refresh_token"]
    assert second != first
    refused(app, grant_type="refresh_token", refresh_token=first)
    refused(app, grant_type="refresh_token", refresh_token=second)


def test_case_23_a_refresh_token_is_bound_to_its_client(app: App, make: PoolFactory) -> None:
    beside = oauth_app(make, pool=app.pool)
    token = app.tokens()["refresh_token"]
    refused(beside, grant_type="refresh_token", refresh_token=token)
    assert app.token(grant_type="refresh_token", refresh_token=token).status == 200


def test_a_refresh_token_of_the_api_works_here_and_the_other_way_round(app: App) -> None:
    """Recorded by apps that mix Amplify and the hosted pages: one session, two doors."""
    idp = app.server.idp
    result = idp.initiate_auth(
        ClientId=app.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": app.user, "PASSWORD": "Correct-Horse-9"},
    )["AuthenticationResult"]
    here = app.token(grant_type="refresh_token", refresh_token=result["RefreshToken"])
    assert claims(here.document["access_token"])["scope"] == "aws.cognito.signin.user.admin"
    there = idp.get_tokens_from_refresh_token(ClientId=app.id, RefreshToken=app.tokens()["refresh_token"])
    assert claims(there["AuthenticationResult"]["AccessToken"])["scope"] == "openid email"


def test_a_client_with_a_secret_proves_it_in_the_header_or_in_the_form(confidential: App) -> None:
    app = confidential
    assert app.token(code=app.code()).status == 200
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": app.code()}
    assert app.browser().post("/oauth2/token", form, authorization=app.basic).status == 200


@pytest.mark.parametrize("secret", ["", "wrong", None])
def test_a_client_without_its_secret_is_refused(confidential: App, secret: str | None) -> None:
    refused(confidential, "invalid_client", code=confidential.code(), client_secret=secret)


def test_case_82_every_prefix_of_the_secret_is_as_wrong_as_any(confidential: App) -> None:
    for length in (1, len(confidential.secret) - 1):
        refused(confidential, "invalid_client", code="x", client_secret=confidential.secret[:length])


def test_a_client_without_a_secret_has_none_to_give(app: App) -> None:
    refused(app, "invalid_client", code=app.code(), client_secret="made-up")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Bearer x", "Basic eA==", "Basic Og=="])
def test_a_header_that_names_no_client_is_refused(confidential: App, header: str) -> None:
    page = confidential.browser().post(
        "/oauth2/token", {"grant_type": "authorization_code"}, authorization=header
    )
    assert page.document["error"] == "invalid_client"


def test_a_client_given_in_the_header_and_in_the_form_is_refused(confidential: App) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_secret": confidential.secret}
    page = confidential.browser().post("/oauth2/token", form, authorization=confidential.basic)
    assert page.document["error"] == "invalid_request"


def test_a_client_that_does_not_exist_and_one_of_another_host_are_refused(app: App) -> None:
    refused(app, "invalid_client", client_id="0" * 26, code="x")
    refused(app, "invalid_request", client_id=None, code="x")


@pytest.mark.parametrize("grant", ["password", "authorization_code ", "implicit"])
def test_a_grant_that_is_not_offered_is_refused(app: App, grant: str) -> None:
    refused(app, "unsupported_grant_type", grant_type=grant)


def test_a_missing_grant_type_is_refused(app: App) -> None:
    refused(app, "invalid_request", grant_type=None)


def test_a_client_for_the_implicit_grant_redeems_no_codes(make: PoolFactory) -> None:
    refused(oauth_app(make, AllowedOAuthFlows=["implicit"]), "unauthorized_client", code="x")


def test_case_8_a_repeated_parameter_is_refused(app: App) -> None:
    form = [("grant_type", "authorization_code"), ("client_id", app.id), ("client_id", app.id)]
    page = app.browser().post("/oauth2/token", form)
    assert (page.status, page.document["error"]) == (400, "invalid_request")


def test_parameters_of_another_kind_are_refused(app: App) -> None:
    browser = app.browser()
    for body, kind in ((b"{}", "application/json"), (b"a=%ff", "application/x-www-form-urlencoded")):
        page = browser.send("POST", "/oauth2/token", body, content_type=kind)
        assert (page.status, page.document["error"]) == (400, "invalid_request")
    assert browser.send("POST", "/oauth2/token", b"a=" + b"x" * 70_000).status == 413
    assert browser.get("/oauth2/token").status == 405


def test_nothing_given_in_the_query_counts(app: App) -> None:
    query = f"grant_type=refresh_token&client_id={app.id}&refresh_token={app.tokens()['refresh_token']}"
    page = app.browser().send("POST", f"/oauth2/token?{query}", b"")
    assert page.document["error"] == "invalid_request"


def test_case_85_any_origin_may_ask_and_none_with_its_cookies(app: App) -> None:
    browser = app.signed_in()
    page = browser.post(
        "/oauth2/token", {"grant_type": "x", "client_id": app.id}, origin="https://evil.example"
    )
    assert page.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in page.headers
    preflight = browser.send("OPTIONS", "/oauth2/token", None, origin="https://evil.example")
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (204, "*")
    authorize = browser.get("/oauth2/authorize", app.request(), origin="https://evil.example")
    assert "access-control-allow-origin" not in authorize.headers
