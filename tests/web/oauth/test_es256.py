"""ES256 for the clients that ask for it: keys of their own, made when first needed, at every door."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.browser import PASSWORD, App, oauth_app, turned_on
from tests.calls import outcome
from tests.conftest import PoolFactory
from tests.prover import Bound

from cenote.flows.signing import PoolSigner

SELF_SERVICE = "openid aws.cognito.signin.user.admin"


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return turned_on(oauth_app(make), "es256")


def jwks(app: App) -> list[dict[str, str]]:
    return list(app.browser().get(f"/{app.pool}/.well-known/jwks.json").document["keys"])


def discovery(app: App) -> dict[str, Any]:
    return dict(app.browser().get(f"/{app.pool}/.well-known/openid-configuration").document)


def header(token: str) -> dict[str, str]:
    return dict(pyjwt.get_unverified_header(token))


def kinds(app: App) -> list[str]:
    return sorted(key["kty"] for key in jwks(app))


def api_tokens(app: App) -> dict[str, str]:
    answer = app.server.idp.initiate_auth(
        ClientId=app.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": app.user, "PASSWORD": PASSWORD},
    )
    return dict(answer["AuthenticationResult"])


def verified(app: App, token: str, **changes: Any) -> dict[str, Any]:
    """By PyJWT and the published keys."""
    keys = pyjwt.PyJWKSet.from_dict({"keys": jwks(app)})
    expected = {"algorithms": ["ES256"], "issuer": discovery(app)["issuer"], **changes}
    return dict(pyjwt.decode(token, keys[header(token)["kid"]], **expected))


def test_tokens_of_a_code_are_signed_with_keys_of_the_curve(app: App) -> None:
    tokens = app.tokens()
    assert header(tokens["id_token"])["alg"] == header(tokens["access_token"])["alg"] == "ES256"
    assert header(tokens["id_token"])["kid"] != header(tokens["access_token"])["kid"]
    assert verified(app, tokens["id_token"], audience=app.id)["sub"] == app.sub
    assert verified(app, tokens["access_token"])["sub"] == app.sub
    info = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {tokens['access_token']}")
    assert info.document["sub"] == app.sub


def test_tokens_of_the_api_are_too_and_it_takes_them(app: App) -> None:
    tokens = api_tokens(app)
    assert verified(app, tokens["IdToken"], audience=app.id)["sub"] == app.sub
    assert verified(app, tokens["AccessToken"])["sub"] == app.sub
    assert app.server.idp.get_user(AccessToken=tokens["AccessToken"])["Username"] == app.user
    refreshed = app.server.idp.initiate_auth(
        ClientId=app.id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    assert header(refreshed["AuthenticationResult"]["IdToken"])["alg"] == "ES256"


def test_the_pools_other_clients_keep_rs256(app: App, make: PoolFactory) -> None:
    other = oauth_app(make, pool=app.pool)
    tokens = other.tokens()
    assert {header(tokens[name])["alg"] for name in ("id_token", "access_token")} == {"RS256"}
    assert header(api_tokens(other)["AccessToken"])["alg"] == "RS256"


def test_an_id_token_of_the_curve_is_taken_as_a_hint(app: App) -> None:
    browser = app.signed_in()
    tokens = app.tokens(browser)
    back = browser.get("/oauth2/authorize", app.request(prompt="none", id_token_hint=tokens["id_token"]))
    assert "code" in back.given


def test_the_keys_are_made_when_they_are_first_needed(make: PoolFactory) -> None:
    app = oauth_app(make)
    app.tokens()
    assert kinds(app) == ["RSA", "RSA"]
    assert discovery(app)["id_token_signing_alg_values_supported"] == ["RS256"]
    turned_on(app, "es256")
    assert kinds(app) == ["RSA", "RSA"]
    assert discovery(app)["id_token_signing_alg_values_supported"] == ["RS256", "ES256"]
    app.tokens()
    assert kinds(app) == ["EC", "EC", "RSA", "RSA"]
    for key in jwks(app):
        assert not {"d", "p", "q"} & set(key)


def test_of_fifty_that_need_them_first_one_makes_them(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "es256")
    with ThreadPoolExecutor(50) as pool:
        tokens = list(pool.map(lambda _: api_tokens(app), range(50)))
    assert kinds(app) == ["EC", "EC", "RSA", "RSA"]
    published = {key["kid"] for key in jwks(app) if key["kty"] == "EC"}
    assert {header(each[name])["kid"] for each in tokens for name in ("IdToken", "AccessToken")} == published


def test_case_35_they_rotate_with_the_others_and_old_tokens_live_on(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "es256")
    server = app.server
    old = app.tokens(scope=SELF_SERVICE)["access_token"]
    before = {key["kid"] for key in jwks(app)}
    server.run(server.app.signing.rotate(app.pool, now=server.clock()))
    assert kinds(app) == ["EC"] * 4 + ["RSA"] * 4
    new = app.tokens(scope=SELF_SERVICE)["access_token"]
    assert header(new)["alg"] == "ES256"
    assert header(new)["kid"] not in before
    assert server.idp.get_user(AccessToken=old)["Username"] == app.user
    server.clock.advance(days=3)
    server.run(server.app.signing.rotate(app.pool, now=server.clock()))
    assert not before & {key["kid"] for key in jwks(app)}


def test_rotation_makes_none_where_nobody_asked(own: PoolFactory) -> None:
    app = oauth_app(own)
    app.server.run(app.server.app.signing.rotate(app.pool, now=app.server.clock()))
    assert kinds(app) == ["RSA"] * 4


def test_case_35_their_private_parts_are_in_no_file_in_the_clear(own: PoolFactory) -> None:
    app = turned_on(oauth_app(own), "es256")
    app.tokens()
    secrets = []
    signer = found(app)
    assert signer.curve is not None
    for key in (signer.curve.id_key, signer.curve.access_key):
        assert isinstance(key.private, ec.EllipticCurvePrivateKey)
        secrets.append(key.private.private_numbers().private_value.to_bytes(32, "big"))
    if app.server.app.settings.database:
        pytest.skip("the database is no file here")
    data = Path(app.server.app.settings.data)
    written = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert app.pool.encode() in written
    for secret in secrets:
        for form in (
            secret,
            secret.hex().encode(),
            base64.b64encode(secret),
            base64.urlsafe_b64encode(secret),
        ):
            assert form[:24] not in written


def test_case_27_no_token_of_one_kind_passes_under_the_others_header(app: App) -> None:
    idp, tokens = app.server.idp, app.tokens(scope=SELF_SERVICE)
    token = tokens["access_token"]
    assert idp.get_user(AccessToken=token)["Username"] == app.user
    signer = found(app)
    assert signer.curve is not None
    pairs = [(signer.access_key, "ES256"), (signer.curve.access_key, "RS256")]
    _, payload, signature = token.split(".")
    for key, alg in pairs:
        bent = base64.urlsafe_b64encode(
            json.dumps({"kid": key.kid, "alg": alg}, separators=(",", ":")).encode()
        )
        text = f"{bent.decode().rstrip('=')}.{payload}"
        own = base64.urlsafe_b64encode(key.signature(text.encode())).decode().rstrip("=")
        for written in (own, signature, ""):
            assert outcome(idp.get_user, AccessToken=f"{text}.{written}") == "Invalid Access Token"


def test_turned_off_again_old_tokens_live_on(make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "es256")
    old = app.tokens(scope=SELF_SERVICE)["access_token"]
    turned_on(app, "dpop")
    assert header(app.tokens()["access_token"])["alg"] == "RS256"
    assert app.server.idp.get_user(AccessToken=old)["Username"] == app.user


def test_a_clients_own_token_and_a_bound_one_are_signed_so_too(make: PoolFactory) -> None:
    pool = make.pool()
    scopes = [{"ScopeName": "read", "ScopeDescription": "Reads"}]
    make.server.idp.create_resource_server(UserPoolId=pool, Identifier="api", Name="api", Scopes=scopes)
    machine = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["api/read"]}
    app = turned_on(oauth_app(make, pool=pool, secret=True, with_user=False, **machine), "es256 dpop")
    plain = app.token(grant_type="client_credentials", redirect_uri=None).document["access_token"]
    bound = Bound(app).token(grant_type="client_credentials", redirect_uri=None).document["access_token"]
    assert verified(app, plain)["sub"] == app.id
    assert verified(app, bound)["cnf"]
    by_api = app.server.idp.get_client_token(ClientId=app.id, Secret=app.secret)
    assert header(by_api["ClientAuthenticationResult"]["AccessToken"])["alg"] == "ES256"


def found(app: App) -> PoolSigner:
    async def signer() -> PoolSigner:
        return await app.server.app.signing.of(await app.server.app.store.pools.get(app.pool))

    result: PoolSigner = app.server.run(signer())
    return result
