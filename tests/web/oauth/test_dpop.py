"""DPoP (RFC 9449) at the token endpoint, at userInfo and at the API; off unless a client's tag turns it on."""

import http.client
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from tests.browser import CALLBACK, PASSWORD, App, claims, oauth_app, turned_on
from tests.clients.drivers import public_url
from tests.conftest import PoolFactory
from tests.prover import Bound, Prover

from cenote.domain.oauth import OAuthError
from cenote.domain.request import RequestFacts
from cenote.flows import dpop

SELF_SERVICE = "openid aws.cognito.signin.user.admin"


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return turned_on(oauth_app(make), "dpop")


@pytest.fixture(scope="module")
def confidential(make: PoolFactory) -> App:
    return turned_on(oauth_app(make, secret=True), "dpop")


@pytest.fixture(scope="module")
def strict(make: PoolFactory) -> App:
    return turned_on(oauth_app(make, AllowedOAuthFlows=["code", "implicit"]), "dpop-required")


@pytest.fixture(scope="module")
def plain(make: PoolFactory) -> App:
    return oauth_app(make)


def refused(page: Any, error: str, status: int = 400) -> None:
    assert (page.status, page.document["error"]) == (status, error), page.text


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256"])
def test_a_code_becomes_tokens_that_are_bound_to_the_key(app: App, algorithm: str) -> None:
    client = Bound(app, Prover(algorithm))
    tokens = client.tokens()
    assert tokens["token_type"] == "DPoP"
    assert claims(tokens["access_token"])["cnf"] == {"jkt": client.prover.thumbprint}
    assert "cnf" not in claims(tokens["id_token"])
    assert client.info(tokens["access_token"]).document["sub"] == app.sub


def test_every_accepted_proof_brings_the_next_nonce(app: App) -> None:
    client = Bound(app)
    page = client.token(code=app.code())
    assert page.headers["dpop-nonce"] == client.nonce
    assert "DPoP-Nonce".lower() in page.headers["access-control-expose-headers"]
    info = client.info(page.document["access_token"])
    assert (info.status, bool(info.headers["dpop-nonce"])) == (200, True)


def test_a_client_without_a_proof_gets_bearer_tokens(app: App) -> None:
    tokens = app.tokens()
    assert tokens["token_type"] == "Bearer"
    assert "cnf" not in claims(tokens["access_token"])


def test_without_the_tag_nothing_is_different(plain: App) -> None:
    client = Bound(plain)
    led = plain.browser().get("/oauth2/authorize", plain.request(dpop_jkt="no thumbprint"))
    assert "dpop_jkt" not in led.location
    page = client.token("no proof at all", code=plain.code(dpop_jkt="no thumbprint"))
    assert (page.status, page.document["token_type"]) == (200, "Bearer")
    assert "dpop-nonce" not in page.headers
    token = page.document["access_token"]
    info = client.info(token, "no proof", scheme="DPoP")
    assert (info.status, info.headers["www-authenticate"].split()[0]) == (400, "Bearer")
    document = plain.browser().get(f"/{plain.pool}/.well-known/openid-configuration").document
    assert "dpop_signing_alg_values_supported" not in document


def test_discovery_lists_the_algorithms(app: App) -> None:
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert document["dpop_signing_alg_values_supported"] == ["ES256", "RS256", "PS256"]


def test_discovery_is_silent_once_the_client_is_gone(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make, with_user=False), "dpop")
    app.server.idp.delete_user_pool_client(UserPoolId=app.pool, ClientId=app.id)
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    assert "dpop_signing_alg_values_supported" not in document


def test_a_proof_without_our_nonce_is_asked_for_one(app: App, make: PoolFactory) -> None:
    client, elsewhere = Bound(app), Bound(turned_on(oauth_app(make), "dpop"))
    code = app.code()
    elsewhere.ask_nonce()
    for nonce in (None, "made-up", elsewhere.nonce):
        page = client.token(client.proof("/oauth2/token", nonce=nonce), code=code)
        refused(page, "use_dpop_nonce")
        assert page.headers["dpop-nonce"]
    assert client.token(code=code).status == 200, "asking for a nonce does not use the code up"


def test_a_nonce_is_good_for_five_minutes(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "dpop")
    client = Bound(app)
    client.ask_nonce()
    app.server.clock.advance(minutes=4)
    assert client.token(client.proof("/oauth2/token"), code=app.code()).status == 200
    app.server.clock.advance(minutes=6)
    refused(client.token(client.proof("/oauth2/token"), code=app.code()), "use_dpop_nonce")


@pytest.mark.parametrize(
    "bent",
    [
        lambda client: "",
        lambda client: "no proof",
        lambda client: client.proof("/oauth2/revoke"),
        lambda client: client.proof("/oauth2/token", "GET"),
        lambda client: client.proof("/oauth2/token", now=client.app.server.clock() - 400_000),
        lambda client: client.proof("/oauth2/token", header={"jwk": Prover().jwk}),
        lambda client: client.proof("/oauth2/token", jti=None),
    ],
)
def test_a_wrong_proof_is_refused_and_uses_nothing_up(app: App, bent: Callable[[Bound], str]) -> None:
    client, code = Bound(app), app.code()
    client.ask_nonce()
    refused(client.token(bent(client), code=code), "invalid_dpop_proof")
    assert client.token(code=code).status == 200


def test_more_than_one_proof_is_none(app: App) -> None:

    client = Bound(app)
    client.ask_nonce()
    body = urlencode({"grant_type": "authorization_code", "client_id": app.id, "code": "c"})
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(app.server.url).port, timeout=30)
    connection.putrequest("POST", "/oauth2/token")
    for name, value in [
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", str(len(body))),
        ("dpop", client.proof("/oauth2/token")),
        ("dpop", client.proof("/oauth2/token")),
    ]:
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse().read()
    connection.close()
    assert b"invalid_dpop_proof" in answer


def test_a_proof_counts_once(app: App) -> None:
    client = Bound(app)
    client.ask_nonce()
    proof = client.proof("/oauth2/token")
    assert client.token(proof, code=app.code()).status == 200
    page = client.token(proof, code=app.code())
    refused(page, "invalid_dpop_proof")
    assert page.document["error_description"] == "the proof was used before"


def test_a_request_that_is_run_again_after_a_conflict_keeps_its_proof(app: App) -> None:
    client = Bound(app)
    client.ask_nonce()
    url = public_url(app.server) + "/oauth2/token"
    text = client.proof("/oauth2/token")

    async def proved(used: set[str]) -> str:
        ctx = app.server.app.context(RequestFacts("", None, "127.0.0.1", "", None, "token"))
        pool = await ctx.store.pools.get(app.pool)
        return await dpop.proved(ctx, pool, text, method="POST", url=url, used=used)

    used: set[str] = set()
    assert {app.server.run(proved(used)) for _ in range(2)} == {client.prover.thumbprint}
    with pytest.raises(OAuthError, match="invalid_dpop_proof"):
        app.server.run(proved(set()))


def test_of_fifty_uses_of_one_proof_one_counts(app: App) -> None:
    client, token = Bound(app), ""
    token = client.tokens()["access_token"]
    proof = client.proof("/oauth2/userInfo", "GET", token=token)
    with ThreadPoolExecutor(50) as pool:
        pages = list(pool.map(lambda _: client.info(token, proof), range(50)))
    assert sorted(page.status for page in pages) == [200] + [401] * 49
    assert {page.document["error"] for page in pages if page.status == 401} == {"invalid_dpop_proof"}


def test_case_20_of_fifty_redemptions_with_good_proofs_one_wins(app: App) -> None:
    client, code = Bound(app), app.code()
    client.ask_nonce()
    proofs = [client.proof("/oauth2/token") for _ in range(50)]
    with ThreadPoolExecutor(50) as pool:
        pages = list(pool.map(lambda proof: client.token(proof, code=code), proofs))
    assert sorted(page.status for page in pages) == [200] + [400] * 49


def test_case_16_a_code_is_bound_to_the_key_that_was_named(app: App) -> None:
    client, other = Bound(app), Bound(app)
    code = app.code(dpop_jkt=client.prover.thumbprint)
    refused(other.token(code=code), "invalid_grant")
    refused(app.token(code=code), "invalid_grant")
    assert client.token(code=code).status == 200


@pytest.mark.parametrize("jkt", ["short", "x" * 44, "=" * 43])
def test_a_thumbprint_that_is_none_is_refused(app: App, jkt: str) -> None:
    answer = app.signed_in().get("/oauth2/authorize", app.request(dpop_jkt=jkt)).given
    assert answer["error"] == "invalid_request"


def test_what_is_no_code_is_bound_to_nothing(make: PoolFactory) -> None:
    """A token that comes by the address is a bearer token; who asks for another is told so."""
    app = turned_on(oauth_app(make, AllowedOAuthFlows=["code", "implicit"]), "dpop")
    browser, jkt = app.signed_in(), Prover().thumbprint
    answer = browser.get("/oauth2/authorize", app.request(response_type="token", dpop_jkt=jkt)).given
    assert answer["error"] == "invalid_request"
    plain = browser.get("/oauth2/authorize", app.request(response_type="token")).given
    assert plain["token_type"] == "Bearer"


def test_a_proof_is_for_the_host_that_it_is_sent_to(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "dpop")
    app.server.idp.create_user_pool_domain(Domain=f"proof-{app.id[:8]}", UserPoolId=app.pool)
    document = app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document
    client, code = Bound(app), app.code()
    client.ask_nonce()

    def asked(url: str) -> Any:
        browser = app.browser()
        browser.host = urlsplit(document["token_endpoint"]).netloc
        form = {
            "grant_type": "authorization_code",
            "client_id": app.id,
            "code": code,
            "redirect_uri": CALLBACK,
        }
        proof = client.prover.proof("POST", url, now=app.server.clock(), nonce=client.nonce)
        return browser.post("/oauth2/token", form, dpop=proof)

    refused(asked(public_url(app.server) + "/oauth2/token"), "invalid_dpop_proof")
    assert asked(document["token_endpoint"]).document["token_type"] == "DPoP"


def test_the_named_key_survives_the_login_pages(app: App) -> None:
    client, browser = Bound(app), app.browser()
    led = browser.get("/oauth2/authorize", app.request(dpop_jkt=client.prover.thumbprint))
    back = browser.fill(browser.get(led.location), username=app.user, password=PASSWORD)
    code = back.given["code"]
    refused(app.token(code=code), "invalid_grant")
    assert client.token(code=code).status == 200


def test_case_22_a_public_clients_refresh_token_is_bound_to_its_key(app: App) -> None:
    client, other = Bound(app), Bound(app)
    token = client.tokens()["refresh_token"]
    refused(other.token(grant_type="refresh_token", refresh_token=token), "invalid_grant")
    refused(app.token(grant_type="refresh_token", refresh_token=token), "invalid_grant")
    page = client.token(grant_type="refresh_token", refresh_token=token)
    assert page.document["token_type"] == "DPoP"
    assert claims(page.document["access_token"])["cnf"] == {"jkt": client.prover.thumbprint}


def test_a_client_with_a_secret_may_change_its_key_but_not_do_without(confidential: App) -> None:
    """Documented in RFC 9449 5: its refresh tokens are bound to it already."""
    client, newer = Bound(confidential), Bound(confidential)
    token = client.tokens()["refresh_token"]
    page = newer.token(grant_type="refresh_token", refresh_token=token)
    assert claims(page.document["access_token"])["cnf"] == {"jkt": newer.prover.thumbprint}
    refused(confidential.token(grant_type="refresh_token", refresh_token=token), "invalid_grant")


def test_rotated_refresh_tokens_stay_bound(make: PoolFactory) -> None:
    rotating = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    app = turned_on(oauth_app(make, RefreshTokenRotation=rotating, ExplicitAuthFlows=flows), "dpop")
    client, other = Bound(app), Bound(app)
    first = client.tokens()["refresh_token"]
    refused(other.token(grant_type="refresh_token", refresh_token=first), "invalid_grant")
    second = client.token(grant_type="refresh_token", refresh_token=first).document["refresh_token"]
    refused(other.token(grant_type="refresh_token", refresh_token=second), "invalid_grant")
    assert client.token(grant_type="refresh_token", refresh_token=second).status == 200


def test_a_bound_refresh_token_is_no_good_at_the_api(app: App) -> None:
    idp, token = app.server.idp, Bound(app).tokens()["refresh_token"]
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="bound to a key"):
        idp.get_tokens_from_refresh_token(ClientId=app.id, RefreshToken=token)
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="bound to a key"):
        idp.initiate_auth(
            ClientId=app.id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
        )


def test_a_bound_access_token_is_no_bearer_token(app: App) -> None:
    client = Bound(app)
    token = client.tokens(scope=SELF_SERVICE)["access_token"]
    idp = app.server.idp
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="bound to a key"):
        idp.get_user(AccessToken=token)
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="bound to a key"):
        idp.global_sign_out(AccessToken=token)
    page = client.info(token, scheme="Bearer")
    refused(page, "invalid_token", 401)
    assert page.headers["www-authenticate"].startswith('DPoP error="invalid_token"')
    assert client.info(token).status == 200


def test_userinfo_wants_a_proof_for_this_token_by_the_key_it_is_bound_to(app: App) -> None:
    client, other = Bound(app), Bound(app)
    token, another = client.tokens()["access_token"], client.tokens()["access_token"]
    other.nonce = client.nonce
    page = client.info(token, other.proof("/oauth2/userInfo", "GET", token=token))
    refused(page, "invalid_token", 401)
    refused(
        client.info(token, client.proof("/oauth2/userInfo", "GET", token=another)), "invalid_dpop_proof", 401
    )
    refused(client.info(token, client.proof("/oauth2/userInfo", "GET")), "invalid_dpop_proof", 401)
    refused(client.info(token, ""), "invalid_dpop_proof", 401)
    page = client.info(token, client.proof("/oauth2/userInfo", "GET", token=token, nonce="old"))
    refused(page, "use_dpop_nonce", 401)
    assert page.headers["www-authenticate"] == (
        'DPoP error="use_dpop_nonce", error_description="the proof needs the nonce of this answer",'
        ' algs="ES256 RS256 PS256"'
    )


def test_a_bearer_token_is_no_dpop_token(app: App) -> None:
    client = Bound(app)
    client.ask_nonce()
    token = app.tokens()["access_token"]
    page = client.info(token)
    assert page.status == 400
    assert client.info(token, "", scheme="Bearer").status == 200


def test_a_token_that_only_says_it_is_bound_opens_nothing(app: App) -> None:
    client = Bound(app)
    header, _, signature = app.tokens()["access_token"].split(".")
    forged = Prover().proof("GET", "https://example.com", cnf={"jkt": client.prover.thumbprint}).split(".")[1]
    refused(client.info(f"{header}.{forged}.{signature}"), "invalid_token", 401)


def test_a_client_that_takes_nothing_else_is_refused_without_a_proof(strict: App) -> None:
    code = strict.code()
    page = strict.token(code=code)
    refused(page, "invalid_dpop_proof")
    assert Bound(strict).token(code=code).document["token_type"] == "DPoP"
    implicit = strict.signed_in().get("/oauth2/authorize", strict.request(response_type="token"))
    assert implicit.given["error"] == "unauthorized_client"


def test_a_client_that_takes_nothing_else_does_not_sign_in_at_the_api(strict: App) -> None:
    idp = strict.server.idp
    for password in (PASSWORD, "Wrong-Horse-9"):
        with pytest.raises(idp.exceptions.NotAuthorizedException, match="bound to a key"):
            idp.initiate_auth(
                ClientId=strict.id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": strict.user, "PASSWORD": password},
            )


def test_a_sign_in_that_had_begun_at_the_api_ends_with_the_tag(make: PoolFactory) -> None:
    app = oauth_app(make)
    idp = app.server.idp
    asked = idp.initiate_auth(
        ClientId=app.id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": app.user, "SRP_A": "a" * 64},
    )
    turned_on(app, "dpop-required")
    block = asked["ChallengeParameters"]["SECRET_BLOCK"]
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="bound to a key"):
        idp.respond_to_auth_challenge(
            ClientId=app.id,
            ChallengeName=asked["ChallengeName"],
            ChallengeResponses={
                "USERNAME": asked["ChallengeParameters"]["USER_ID_FOR_SRP"],
                "PASSWORD_CLAIM_SECRET_BLOCK": block,
                "PASSWORD_CLAIM_SIGNATURE": "c2lnbmF0dXJl",
                "TIMESTAMP": "Fri Nov 27 17:00:00 UTC 2026",
            },
        )


def test_what_the_api_began_before_the_tag_is_bound_to_nothing_and_ends(make: PoolFactory) -> None:
    app = oauth_app(make)
    answer = app.server.idp.initiate_auth(
        ClientId=app.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": app.user, "PASSWORD": PASSWORD},
    )
    token = answer["AuthenticationResult"]["RefreshToken"]
    turned_on(app, "dpop-required")
    refused(Bound(app).token(grant_type="refresh_token", refresh_token=token), "invalid_grant")


def test_case_22_of_fifty_rotations_with_good_proofs_one_goes_on(make: PoolFactory) -> None:
    rotating = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    app = turned_on(oauth_app(make, RefreshTokenRotation=rotating, ExplicitAuthFlows=flows), "dpop")
    client = Bound(app)
    token = client.tokens()["refresh_token"]
    proofs = [client.proof("/oauth2/token") for _ in range(50)]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    with ThreadPoolExecutor(50) as pool:
        pages = list(pool.map(lambda proof: client.token(proof, **form), proofs))
    assert sorted(page.status for page in pages) == [200] + [400] * 49
    newest = [page.document["refresh_token"] for page in pages if page.status == 200]
    for each in (token, *newest):
        refused(client.token(grant_type="refresh_token", refresh_token=each), "invalid_grant")


def test_bearer_refresh_tokens_of_before_end_with_the_tag(make: PoolFactory) -> None:
    app = oauth_app(make)
    token = app.tokens()["refresh_token"]
    turned_on(app, "dpop-required")
    refused(app.token(grant_type="refresh_token", refresh_token=token), "invalid_dpop_proof")
    idp = app.server.idp
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="bound to a key"):
        idp.get_tokens_from_refresh_token(ClientId=app.id, RefreshToken=token)


def test_a_clients_own_token_is_bound_too(make: PoolFactory) -> None:
    pool = make.pool()
    scopes = [{"ScopeName": "read", "ScopeDescription": "Reads"}]
    make.server.idp.create_resource_server(UserPoolId=pool, Identifier="api", Name="api", Scopes=scopes)
    machine = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["api/read"]}
    app = turned_on(oauth_app(make, pool=pool, secret=True, with_user=False, **machine), "dpop-required")
    client = Bound(app)
    page = client.token(grant_type="client_credentials", redirect_uri=None)
    assert page.document["token_type"] == "DPoP"
    assert claims(page.document["access_token"])["cnf"] == {"jkt": client.prover.thumbprint}
    refused(app.token(grant_type="client_credentials", redirect_uri=None), "invalid_dpop_proof")
    with pytest.raises(app.server.idp.exceptions.NotAuthorizedException, match="bound to a key"):
        app.server.idp.get_client_token(ClientId=app.id, Secret=app.secret)


def test_case_12_the_callback_is_no_place_of_a_bound_token(app: App) -> None:
    """The code goes there, and it is no use to who reads it there: the key is not with it."""
    client = Bound(app)
    answer = app.signed_in().get("/oauth2/authorize", app.request(dpop_jkt=client.prover.thumbprint))
    assert answer.location.startswith(CALLBACK)
    refused(Bound(app).token(code=answer.given["code"]), "invalid_grant")
