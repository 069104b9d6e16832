"""What a pool's function has to do with bound tokens and with devices."""

import pytest
from tests.browser import App, claims, oauth_app, turned_on
from tests.conftest import PoolFactory
from tests.functions import FunctionServer, answering, arn, refusing
from tests.prover import Bound

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    config = {"LambdaVersion": "V2_0", "LambdaArn": arn("PreTokenGeneration")}
    pool = make.pool(LambdaConfig={"PreTokenGenerationConfig": config})
    return turned_on(oauth_app(make, pool=pool), "dpop device")


def test_case_34_no_function_says_what_a_token_is_bound_to(app: App, functions: FunctionServer) -> None:
    changes = {
        "claimsToAddOrOverride": {"cnf": {"jkt": "another"}, "tenant": "a"},
        "claimsToSuppress": ["cnf"],
    }
    functions.answers["PreTokenGeneration"] = answering(
        claimsAndScopeOverrideDetails={"accessTokenGeneration": changes}
    )
    client = Bound(app)
    bound = claims(client.tokens()["access_token"])
    assert (bound["cnf"], bound["tenant"]) == ({"jkt": client.prover.thumbprint}, "a")
    assert "cnf" not in claims(app.tokens()["access_token"])


def test_a_function_that_fails_leaves_the_device_its_code(app: App, functions: FunctionServer) -> None:
    codes = app.browser().post("/oauth2/device_authorization", {"client_id": app.id}).document
    browser = app.signed_in()
    led = browser.fill(browser.get("/device", {"client_id": app.id, "user_code": codes["user_code"]}))
    browser.fill(browser.get(led.location), choice="allow")
    form = {"grant_type": GRANT, "device_code": codes["device_code"], "redirect_uri": None}
    functions.answers["PreTokenGeneration"] = refusing("not now")
    failed = app.token(**form)
    assert (failed.status, failed.document["error"]) == (400, "invalid_request")
    functions.reset()
    assert app.token(**form).status == 200
    (event,) = functions.events("PreTokenGeneration")
    assert event["triggerSource"] == "TokenGeneration_HostedAuth"
