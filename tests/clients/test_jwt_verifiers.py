"""Verifiers that an API runs on the tokens it is sent: aws-jwt-verify, PyJWT and its JWKS client."""

import dataclasses
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from tests.clients.drivers import App, Node, Person, public_url
from tests.conftest import PoolFactory, RunningServer, running, settings_for

PROGRAM = "jwt_verify.js"


@dataclasses.dataclass(frozen=True)
class SignedIn:
    """Somebody's tokens and where they are from."""

    app: App
    person: Person
    access_token: str
    id_token: str
    other_pool_id: str

    def parameters(self) -> dict[str, str]:
        return {
            "accessToken": self.access_token,
            "idToken": self.id_token,
            "otherPoolId": self.other_pool_id,
        }


def sign_in(make: PoolFactory) -> SignedIn:
    """A member of the group `readers` signs in to a pool of their own."""
    server, person = make.server, Person()
    pool_id, other = make.pool(), make.pool()
    app = App(public_url(server), server.region, pool_id, make.client(pool_id)["ClientId"])
    make.user(pool_id, person.username, person.password, email=person.email)
    server.idp.create_group(UserPoolId=pool_id, GroupName="readers")
    server.idp.admin_add_user_to_group(UserPoolId=pool_id, GroupName="readers", Username=person.username)
    tokens = server.idp.initiate_auth(
        ClientId=app.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.username, "PASSWORD": person.password},
    )["AuthenticationResult"]
    return SignedIn(app, person, tokens["AccessToken"], tokens["IdToken"], other)


@pytest.fixture(scope="module")
def aws_form(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose tokens have AWS's issuer, for verifiers that derive it from the pool id."""
    with running(settings_for(tmp_path_factory.mktemp("aws-issuer"), issuer="aws")) as one:
        yield one


@pytest.fixture(scope="module")
def signed_in_aws(aws_form: RunningServer) -> SignedIn:
    return sign_in(PoolFactory(aws_form))


@pytest.fixture(scope="module")
def signed_in(make: PoolFactory) -> SignedIn:
    return sign_in(make)


@pytest.fixture(scope="module")
def cognito(node: Node, signed_in_aws: SignedIn) -> Any:
    return node.run(PROGRAM, "cognito", signed_in_aws.app, **signed_in_aws.parameters())


def discovery(app: App) -> dict[str, Any]:
    address = f"{app.url}/{app.pool_id}/.well-known/openid-configuration"
    with urllib.request.urlopen(address, timeout=10) as response:
        return dict(json.load(response))


@pytest.fixture(scope="module")
def openid(node: Node, signed_in: SignedIn) -> Any:
    found = discovery(signed_in.app)
    return node.run(
        PROGRAM,
        "openid",
        signed_in.app,
        **signed_in.parameters(),
        issuer=found["issuer"],
        jwksUri=found["jwks_uri"],
    )


def test_the_cognito_verifier_accepts_both_tokens_with_keys_from_our_url(
    cognito: Any, signed_in_aws: SignedIn
) -> None:
    app = signed_in_aws.app
    issuer = f"https://cognito-idp.{app.region}.amazonaws.com/{app.pool_id}"
    assert cognito["access"]["iss"] == cognito["id"]["iss"] == issuer
    assert cognito["access"]["client_id"] == cognito["id"]["aud"] == app.client_id
    assert set(cognito["fetched"]) == {f"{app.url}/{app.pool_id}/.well-known/jwks.json"}


def test_the_cognito_verifier_accepts_a_token_with_keys_given_to_it(cognito: Any) -> None:
    assert cognito["offline"] == cognito["access"]["jti"]


def test_the_cognito_verifier_reads_the_groups(cognito: Any) -> None:
    assert cognito["group"] == ["readers"]
    assert cognito["noSuchGroup"]["name"] == "CognitoJwtInvalidGroupError"


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("idAsAccess", "CognitoJwtInvalidTokenUseError"),
        ("accessAsId", "CognitoJwtInvalidTokenUseError"),
        ("otherClient", "CognitoJwtInvalidClientIdError"),
        # The verifier knows the issuers of its own pools only, and names what it finds no setting for.
        ("otherPool", "ParameterValidationError"),
        # Each pool signs with keys of its own.
        ("otherKeys", "KidNotFoundInJwksError"),
        ("alteredSignature", "JwtInvalidSignatureError"),
        ("alteredClaims", "JwtInvalidSignatureError"),
    ],
)
def test_the_cognito_verifier_refuses(cognito: Any, case: str, error: str) -> None:
    assert cognito[case]["name"] == error


def test_the_openid_verifier_accepts_both_tokens_of_our_own_issuer(openid: Any, signed_in: SignedIn) -> None:
    app = signed_in.app
    assert openid["id"]["iss"] == openid["access"]["iss"] == f"{app.url}/{app.pool_id}"
    assert openid["id"]["email"] == signed_in.person.email
    assert openid["access"]["username"] == signed_in.person.username


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("accessAsId", "JwtInvalidAudienceError"),
        ("otherAudience", "JwtInvalidAudienceError"),
        ("otherIssuer", "JwtInvalidIssuerError"),
        ("alteredSignature", "JwtInvalidSignatureError"),
        ("alteredClaims", "JwtInvalidSignatureError"),
    ],
)
def test_the_openid_verifier_refuses(openid: Any, case: str, error: str) -> None:
    assert openid[case]["name"] == error


@pytest.fixture(scope="module")
def keys(signed_in: SignedIn) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(discovery(signed_in.app)["jwks_uri"])


def test_pyjwt_verifies_an_id_token_by_the_discovery_document(
    signed_in: SignedIn, keys: jwt.PyJWKClient
) -> None:
    found, token = discovery(signed_in.app), signed_in.id_token
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=found["id_token_signing_alg_values_supported"],
        audience=signed_in.app.client_id,
        issuer=found["issuer"],
        options={"require": ["exp", "iat", "iss", "sub", "aud"]},
    )
    assert claims["token_use"] == "id"
    assert claims["cognito:username"] == signed_in.person.username


def test_pyjwt_verifies_an_access_token_which_has_no_audience(
    signed_in: SignedIn, keys: jwt.PyJWKClient
) -> None:
    token = signed_in.access_token
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=["RS256"],
        issuer=discovery(signed_in.app)["issuer"],
        options={"require": ["exp", "iat", "iss", "sub"]},
    )
    assert claims["token_use"] == "access"
    assert "aud" not in claims


def test_each_token_is_signed_with_its_own_key_of_two(signed_in: SignedIn, keys: jwt.PyJWKClient) -> None:
    of_id, of_access = (
        jwt.get_unverified_header(token) for token in (signed_in.id_token, signed_in.access_token)
    )
    assert {of_id["kid"], of_access["kid"]} == {key.key_id for key in keys.get_signing_keys()}
    assert of_id["kid"] != of_access["kid"]
    assert set(of_id) == set(of_access) == {"kid", "alg"}  # recorded: no `typ`


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"audience": "another"}, jwt.InvalidAudienceError),
        ({"issuer": "https://example.com/another"}, jwt.InvalidIssuerError),
        ({"algorithms": ["HS256", "ES256"]}, jwt.InvalidAlgorithmError),
    ],
)
def test_pyjwt_refuses_a_token_that_is_meant_for_somebody_else(
    signed_in: SignedIn, keys: jwt.PyJWKClient, changes: dict[str, Any], error: type[Exception]
) -> None:
    token = signed_in.id_token
    expected = {"audience": signed_in.app.client_id, "algorithms": ["RS256"], **changes}
    with pytest.raises(error):
        jwt.decode(token, keys.get_signing_key_from_jwt(token).key, **expected)


def test_pyjwt_finds_no_key_of_another_pool(signed_in: SignedIn) -> None:
    other = jwt.PyJWKClient(f"{signed_in.app.url}/{signed_in.other_pool_id}/.well-known/jwks.json")
    with pytest.raises(jwt.PyJWKClientError):
        other.get_signing_key_from_jwt(signed_in.id_token)
