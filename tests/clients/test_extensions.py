"""What goes beyond Cognito, with openid-client 6, which knows all of it."""

import pytest
from tests.browser import claims, oauth_app, turned_on
from tests.clients.drivers import Node, public_url
from tests.clients.test_relying_parties import given
from tests.conftest import PoolFactory

PROGRAM = "extensions.js"


@pytest.fixture(scope="module")
def node() -> Node:
    return Node.found()


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256"])
def test_openid_client_proves_its_key(node: Node, make: PoolFactory, algorithm: str) -> None:
    app = turned_on(oauth_app(make), "dpop-required")
    done = node.run(PROGRAM, "dpop", **given(app, algorithm=algorithm))
    assert done["info"]["sub"] == app.sub
    # The library writes it in small letters.
    assert (done["type"], done["refreshedType"]) == ("dpop", "dpop")
    assert claims(done["accessToken"])["cnf"] == {"jkt": done["thumbprint"]}
    assert done["algorithms"] == ["ES256", "RS256", "PS256"]
    assert done["stolen"]
    assert done["bearer"]


def test_openid_client_jose_and_aws_jwt_verify_take_es256(node: Node, make: PoolFactory) -> None:
    app = turned_on(oauth_app(make), "es256")
    done = node.run(PROGRAM, "es256", **given(app))
    assert done["sub"] == done["access"]["sub"] == app.sub
    assert done["header"]["alg"] == "ES256"
    assert done["algorithms"] == ["RS256", "ES256"]
    assert done["asRSA"] == "JOSEAlgNotAllowed"
    issuer = f"{public_url(app.server)}/{app.pool}"
    verified = node.run(
        PROGRAM,
        "awsVerifier",
        issuer=issuer,
        jwksUri=f"{issuer}/.well-known/jwks.json",
        clientId=app.id,
        accessToken=done["accessToken"],
        idToken=done["idToken"],
    )
    assert (verified["id"], verified["access"]) == (app.sub, app.sub)
    assert verified["altered"] == "JwtInvalidSignatureError"


@pytest.mark.parametrize("secret", [False, True])
def test_openid_client_pushes_its_requests(node: Node, make: PoolFactory, *, secret: bool) -> None:
    app = turned_on(oauth_app(make, secret=secret), "par-required dpop")
    done = node.run(PROGRAM, "par", **given(app))
    assert sorted(done["parameters"]) == ["client_id", "request_uri"]
    assert done["sub"] == app.sub
    # The key that the pushing proved is the only one that the code is good with.
    assert done["unproved"] == "ResponseBodyError"
    assert done["wrong"] == "ResponseBodyError"
    assert done["plain"] == "invalid_request"
