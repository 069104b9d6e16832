"""A passkey as a browser makes and uses one: Chromium, with its own virtual authenticator."""

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, sync_playwright
from tests.api.idp.test_passkeys import FLOWS, passkey_pool, person
from tests.api.idp.test_user_auth import WRONG, begin, respond
from tests.calls import claims_of, refusal
from tests.conftest import PoolFactory

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next((path for path in map(shutil.which, NAMES) if path), None)
# A page under development: browsers take localhost for safe, on any port.
APP = "http://localhost:5173/"
CREATE = """async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}"""
GET = """async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}"""
FAILING = """async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return await navigator.credentials.create({ publicKey }).then(() => "made", (error) => error.name);
}"""

pytestmark = pytest.mark.skipif(
    BROWSER is None,
    reason="Chromium is not installed: passkeys are tried with the software authenticator only.",
)


def empty(route: Route) -> None:
    """The app: the browser needs a page of that origin, and nothing on it."""
    route.fulfill(content_type="text/html", body="<!doctype html><title>App</title>")


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of the app in a browser whose device verifies its user."""
    with sync_playwright() as playwright:
        # Chromium's sandbox needs an ordinary user.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=BROWSER, args=arguments)
        page = browser.new_page()
        page.route("**/*", empty)
        page.goto(APP)
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        yield page
        browser.close()


def test_a_browser_registers_a_passkey_and_signs_in_with_it(make: PoolFactory, page: Page) -> None:
    pool = passkey_pool(make, {"RelyingPartyId": "localhost", "UserVerification": "required"})
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    ada.complete(page.evaluate(CREATE, ada.start()))
    [listed] = ada.listed()
    assert listed["RelyingPartyId"] == "localhost"
    assert listed["AuthenticatorAttachment"] == "platform"
    assert listed["AuthenticatorTransports"] == ["internal"]

    for _ in range(2):  # the signature counter grows by itself
        asked = begin(ada.idp, ada.app, ada.name, PREFERRED_CHALLENGE="WEB_AUTHN")
        done = answered(ada.idp, ada.app, ada.name, asked, page)
        assert claims_of(done["AuthenticationResult"]["IdToken"])["cognito:username"] == ada.name

    # The device knows from excludeCredentials that it has one.
    assert page.evaluate(FAILING, ada.start()) == "InvalidStateError"


def test_a_browsers_answer_is_good_for_its_own_challenge_only(make: PoolFactory, page: Page) -> None:
    pool = passkey_pool(make, {"RelyingPartyId": "localhost"})
    ada = person(make, pool, make.client(pool, ExplicitAuthFlows=FLOWS)["ClientId"])
    ada.complete(page.evaluate(CREATE, ada.start()))
    first, second = (begin(ada.idp, ada.app, ada.name, PREFERRED_CHALLENGE="WEB_AUTHN") for _ in range(2))
    stale = page.evaluate(GET, request_options(first))
    proof = json.dumps(stale)
    assert refusal(respond, ada.idp, ada.app, second, "WEB_AUTHN", ada.name, CREDENTIAL=proof) == WRONG
    assert "AuthenticationResult" in respond(ada.idp, ada.app, first, "WEB_AUTHN", ada.name, CREDENTIAL=proof)


def request_options(asked: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]))


def answered(idp: Any, app: str, name: str, asked: dict[str, Any], page: Page) -> dict[str, Any]:
    proof = json.dumps(page.evaluate(GET, request_options(asked)))
    return respond(idp, app, asked, "WEB_AUTHN", name, CREDENTIAL=proof)
