"""Signing in on the pages without a name, by the passkey that the browser offers: SECURITY.md case 46 once more."""

import html
import json
from typing import Any

import pytest
from tests.api.idp.test_passkeys import FLOWS, ORIGIN, RP, Person, passkey_pool
from tests.authenticator import PRESENT, Authenticator, text
from tests.browser import CALLBACK, PASSWORD, App, Browser, Page, forms, oauth_app
from tests.calls import at_once, sign_in
from tests.conftest import PoolFactory

from cenote.domain.errors import CognitoError
from cenote.domain.request import RequestFacts
from cenote.flows import usernameless

WRONG = "Incorrect username or password."


def app_of(make: PoolFactory, **configuration: Any) -> App:
    pool = passkey_pool(make, {"RelyingPartyId": RP, **configuration})
    return oauth_app(make, pool=pool, ExplicitAuthFlows=FLOWS)


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return app_of(make)


def registered(app: App) -> Authenticator:
    token = sign_in(app.server.idp, app.id, app.user)["AccessToken"]
    return Person(app.server.idp, app.id, app.user, token).register()


@pytest.fixture(scope="module")
def device(app: App) -> Authenticator:
    return registered(app)


def opened(app: App, browser: Browser, **changes: str | None) -> Page:
    return browser.get("/login", app.request(**changes))


def options(page: Page) -> dict[str, Any]:
    return dict(json.loads(html.unescape(page.text.partition('data-options="')[2].partition('"')[0])))


def answered(browser: Browser, page: Page, credential: str) -> Page:
    return browser.fill(page, 1, answer=credential)


def test_a_passkey_says_whose_it_is(app: App, device: Authenticator) -> None:
    browser = app.browser()
    page = opened(app, browser)
    assert 'autocomplete="username webauthn"' in page.text
    asked = options(page)
    assert (asked["rpId"], asked["allowCredentials"]) == (RP, [])
    back = answered(browser, page, device.get(asked, ORIGIN))
    assert back.location.startswith(f"{CALLBACK}?code=")
    tokens = app.token(code=back.given["code"]).document
    info = app.browser().get("/oauth2/userInfo", authorization=f"Bearer {tokens['access_token']}")
    assert info.document["sub"] == app.sub


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"},
        {"challenge": text(b"x" * 32)},
        {"origin": f"https://{RP}.evil.example"},
        {"rp_id": "evil.example"},
        {"type": "webauthn.create"},
        {"crossOrigin": True},
        {"handle": text(b"somebody-else")},
        {"flags": 0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_case_46_an_assertion_that_is_wrong_in_anything_signs_nobody_in(
    app: App, device: Authenticator, wrong: dict[str, Any]
) -> None:
    browser = app.browser()
    page = opened(app, browser)
    changes = {"origin": ORIGIN, **wrong}
    answer = answered(browser, page, device.get(options(page), **changes))
    assert (answer.status, WRONG in answer.text) == (400, True)
    # It counted as a wrong try, and a right one forgets it.
    assert answered(browser, answer, device.get(options(answer), ORIGIN)).status == 303


def test_case_46_a_passkey_without_its_users_handle_names_nobody(app: App, device: Authenticator) -> None:
    browser = app.browser()
    page = opened(app, browser)
    credential = json.loads(device.get(options(page), ORIGIN))
    del credential["response"]["userHandle"]
    assert answered(browser, page, json.dumps(credential)).status == 400


@pytest.mark.parametrize("credential", ["x", "{}", "[]", '{"id": 1}', '{"id": "AAAA"}', "[" * 10_000])
def test_what_no_browser_sends_is_refused(app: App, credential: str) -> None:
    browser = app.browser()
    assert answered(browser, opened(app, browser), credential).status == 400


def test_case_46_a_challenge_is_answered_once_by_one(app: App, device: Authenticator) -> None:
    browser = app.browser()
    page = opened(app, browser)
    credential = device.get(options(page), ORIGIN)
    pages = at_once(lambda _: answered(Browser(app.server, jar=dict(browser.jar)), page, credential), 50)
    assert sorted(page.status for page in pages) == [303] + [400] * 49


def test_case_50_a_challenge_of_another_browser_is_none(app: App, device: Authenticator) -> None:
    mine, theirs = app.browser(), app.browser()
    page = opened(app, mine)
    opened(app, theirs)
    answer = answered(theirs, page, device.get(options(page), ORIGIN))
    assert (answer.status, "no longer valid" in answer.text) == (400, True)


def test_case_44_its_session_is_good_for_no_other_question(app: App) -> None:
    session = forms(opened(app, app.browser()))[1].fields["session"]
    idp = app.server.idp
    for challenge, answer in (("WEB_AUTHN", "CREDENTIAL"), ("PASSWORD", "PASSWORD")):
        with pytest.raises(idp.exceptions.NotAuthorizedException):
            idp.respond_to_auth_challenge(
                ClientId=app.id,
                ChallengeName=challenge,
                Session=session,
                ChallengeResponses={"USERNAME": app.user, answer: PASSWORD},
            )


def test_case_44_a_session_of_another_question_is_none_here(app: App, device: Authenticator) -> None:
    """The question of a user who gave a name is answered in that name."""
    browser = app.browser()
    chosen = browser.fill(opened(app, browser), username=app.user)
    asked = browser.fill(chosen, answer="WEB_AUTHN")
    login = opened(app, browser)
    session = forms(asked)[0].fields["session"]
    answer = browser.fill(login, 1, answer=device.get(options(asked), ORIGIN), session=session)
    assert (answer.status, "no longer valid" in answer.text) == (400, True)


def test_a_page_that_lay_open_for_a_while_still_takes_a_passkey(own: PoolFactory) -> None:
    app = app_of(own)
    device, browser = registered(app), app.browser()
    page = opened(app, browser)
    app.server.clock.advance(minutes=30)
    assert answered(browser, page, device.get(options(page), ORIGIN)).status == 303
    late = opened(app, browser, prompt="login")
    app.server.clock.advance(minutes=60)
    assert answered(browser, late, device.get(options(late), ORIGIN)).status == 400


@pytest.mark.parametrize("gone", ["disabled", "deleted", "passkey"])
def test_who_may_not_sign_in_may_not_this_way_either(make: PoolFactory, gone: str) -> None:
    app = app_of(make)
    device, browser, idp = registered(app), app.browser(), app.server.idp
    page = opened(app, browser)
    if gone == "disabled":
        idp.admin_disable_user(UserPoolId=app.pool, Username=app.user)
    elif gone == "deleted":
        idp.admin_delete_user(UserPoolId=app.pool, Username=app.user)
    else:
        token = sign_in(idp, app.id, app.user)["AccessToken"]
        idp.delete_web_authn_credential(AccessToken=token, CredentialId=device.id)
    assert answered(browser, page, device.get(options(page), ORIGIN)).status == 400


def test_a_pool_that_insists_on_verification_gets_it(make: PoolFactory) -> None:
    app = app_of(make, UserVerification="required")
    device, browser = registered(app), app.browser()
    page = opened(app, browser)
    assert options(page)["userVerification"] == "required"
    unverified = answered(browser, page, device.get(options(page), ORIGIN, flags=PRESENT))
    assert unverified.status == 400
    assert answered(browser, unverified, device.get(options(unverified), ORIGIN)).status == 303


def test_case_45_a_user_with_a_second_factor_is_not_let_in_by_one(make: PoolFactory) -> None:
    """A passkey that does not count as two is no way in for who has turned MFA on: nobody offers it to them."""
    app = app_of(make)
    device, browser, idp = registered(app), app.browser(), app.server.idp
    idp.set_user_pool_mfa_config(
        UserPoolId=app.pool,
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration={"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}},
        WebAuthnConfiguration={"RelyingPartyId": RP},
    )
    idp.admin_set_user_mfa_preference(
        UserPoolId=app.pool, Username=app.user, SMSMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    page = opened(app, browser)
    answer = answered(browser, page, device.get(options(page), ORIGIN))
    assert (answer.status, WRONG in answer.text) == (400, True)


def test_a_client_without_choice_offers_no_passkey(make: PoolFactory) -> None:
    app = oauth_app(make, pool=passkey_pool(make), ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    page = opened(app, app.browser())
    assert "data-options" not in page.text
    assert 'autocomplete="username"' in page.text
    query = forms(page)[0].action.partition("?")[2]
    browser = app.browser()
    again = opened(app, browser)
    answer = browser.post(f"/login?{query}", {**forms(again)[0].fields, "answer": '{"id":"AAAA"}'})
    assert (answer.status, "Enter your user name." in answer.text) == (400, True)


def test_case_51_a_passkey_is_added_to_the_session_that_was_asked(app: App) -> None:
    """The page for adding one was given to another session of the same browser."""
    browser = app.browser()
    browser.get("/login", app.request())
    page = app.signed_in(browser).get("/passkeys/add", app.request())
    assert "Add a passkey" in page.text
    other = oauth_app(PoolFactory(app.server), pool=app.pool, ExplicitAuthFlows=FLOWS)
    app.signed_in(browser, other.user)
    made = json.dumps(Authenticator().make(options(page), ORIGIN))
    answer = browser.fill(page, answer=made)
    assert (answer.status, "no longer valid" in answer.text) == (400, True)
    token = sign_in(app.server.idp, app.id, other.user)["AccessToken"]
    assert app.server.idp.list_web_authn_credentials(AccessToken=token)["Credentials"] == []


def test_case_44_the_engine_takes_no_ticket_of_another_question_for_this_one(
    app: App, device: Authenticator
) -> None:
    server = app.server
    asked = server.idp.initiate_auth(
        ClientId=app.id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": app.user, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
    )
    given = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])

    async def answer() -> str:
        ctx = server.app.context(RequestFacts("", None, "127.0.0.1", "a browser", None, "login"))
        pool, client = await server.app.store.clients.resolve(app.id)
        try:
            await usernameless.answer(ctx, pool, client, asked["Session"], device.get(given, ORIGIN))
        except CognitoError as error:
            return error.message
        return ""

    assert server.run(answer()) == "Invalid session for the user."
