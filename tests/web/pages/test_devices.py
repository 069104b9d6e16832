"""Browsers that are remembered: they stand for the second factor where the pool lets them, and for nothing else."""

from typing import Any

import pyotp
import pytest
from tests.browser import PASSWORD, App, Browser, Page, oauth_app
from tests.calls import at_once, claims_of
from tests.conftest import PoolFactory

ASKS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
WISH = "Do not ask for a code in this browser again"


class Person:
    """A user with an authenticator app, in a pool that asks for a second factor."""

    def __init__(self, make: PoolFactory, configuration: dict[str, Any] | None, **client: Any) -> None:
        changes = {} if configuration is None else {"DeviceConfiguration": configuration}
        pool = make.pool(**changes)
        make.server.idp.set_user_pool_mfa_config(
            UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON"
        )
        self.app: App = oauth_app(make, pool=pool, **client)
        self.totp: pyotp.TOTP | None = None
        # Each code is good once: the next sign-in takes the next one, which is good already.
        self.steps = 0

    def code(self) -> str:
        assert self.totp is not None
        self.steps += 1
        clock = self.app.server.clock
        clock.advance(seconds=30)
        return self.totp.at(clock() // 1000)

    def begin(self, browser: Browser) -> Page:
        page = browser.get("/login", self.app.request(prompt="login"))
        return browser.fill(page, username=self.app.user, password=PASSWORD)

    def sign_in(self, browser: Browser, **ticked: str) -> Page:
        """With the code that is asked for, which the first time sets the app up."""
        page = self.begin(browser)
        if self.totp is None:
            self.totp = pyotp.TOTP(page.text.partition('class="secret">')[2].partition("<")[0])
        return browser.fill(page, answer=self.code(), **ticked)

    def devices(self) -> list[dict[str, Any]]:
        idp = self.app.server.idp
        return list(idp.admin_list_devices(UserPoolId=self.app.pool, Username=self.app.user)["Devices"])


def test_a_browser_whose_user_wants_it_is_asked_for_no_code_again(own: PoolFactory) -> None:
    ada = Person(own, ASKS)
    browser = ada.app.browser()
    assert WISH in ada.begin(browser).text
    assert "code" in ada.sign_in(browser, remember="yes").given
    assert "code" in ada.begin(browser).given
    [device] = ada.devices()
    attributes = {entry["Name"]: entry["Value"] for entry in device["DeviceAttributes"]}
    assert attributes["dev:device_remembered_status"] == "remembered"
    assert WISH in ada.begin(ada.app.browser()).text  # any other browser is still asked


def test_a_browser_whose_user_does_not_is_asked_each_time(own: PoolFactory) -> None:
    ada = Person(own, ASKS)
    browser = ada.app.browser()
    ada.sign_in(browser)
    assert ada.devices() == []
    assert "Enter your code" in ada.begin(browser).text


def test_a_pool_that_remembers_always_asks_nobody(own: PoolFactory) -> None:
    ada = Person(own, ALWAYS)
    browser = ada.app.browser()
    assert WISH not in ada.begin(browser).text
    ada.sign_in(browser)
    for _ in range(2):
        assert "code" in ada.begin(browser).given
    assert len(ada.devices()) == 1


def test_a_pool_without_devices_remembers_nobody_whatever_is_posted(own: PoolFactory) -> None:
    ada = Person(own, None)
    browser = ada.app.browser()
    ada.sign_in(browser, remember="yes")
    assert not any("device" in name for name in browser.jar)
    assert "Enter your code" in ada.begin(browser).text


def test_a_remembered_browser_is_the_device_of_its_tokens(own: PoolFactory) -> None:
    ada = Person(own, ASKS)
    browser = ada.app.browser()
    ada.sign_in(browser, remember="yes")
    code = ada.begin(browser).given["code"]
    access = claims_of(ada.app.token(code=code).document["access_token"])
    assert access["device_key"] == ada.devices()[0]["DeviceKey"]


def forged(value: str) -> list[str]:
    key, _, secret = value.partition(".")
    return [f"{key}.{'0' * 64}", f"{key}.", key, f"x{key}.{secret}", f"{key}.{secret}0", "~" * 2000, "é.ü"]


def test_case_45_a_forged_device_skips_nothing(own: PoolFactory) -> None:
    ada = Person(own, ASKS)
    browser = ada.app.browser()
    ada.sign_in(browser, remember="yes")
    name = f"cenote-device-{ada.app.pool}"
    kept = browser.jar[name]
    for value in forged(kept):
        browser.jar[name] = value.encode().decode("latin-1")
        assert "Enter your code" in ada.begin(browser).text, value
    browser.jar[name] = kept
    assert "code" in ada.begin(browser).given


def test_case_45_a_device_without_the_password_is_nothing(own: PoolFactory) -> None:
    ada = Person(own, ASKS)
    browser = ada.app.browser()
    ada.sign_in(browser, remember="yes")
    page = browser.get("/login", ada.app.request(prompt="login"))
    assert browser.fill(page, username=ada.app.user, password="Wrong-Horse-9").status == 400


def test_case_45_somebody_elses_device_skips_nothing(own: PoolFactory) -> None:
    ada = Person(own, ASKS)
    browser = ada.app.browser()
    ada.sign_in(browser, remember="yes")
    grace = Person.__new__(Person)
    grace.app, grace.totp, grace.steps = oauth_app(own, pool=ada.app.pool), None, 0
    assert "Set up an authenticator app" in grace.begin(browser).text
    grace.sign_in(browser, remember="yes")
    # Both are remembered here now, each as themselves.
    assert "code" in grace.begin(browser).given
    assert "code" in ada.begin(browser).given


@pytest.mark.parametrize("how", ["forgotten", "not remembered", "untracked"])
def test_a_device_that_is_remembered_no_more_is_asked_again(own: PoolFactory, how: str) -> None:
    ada = Person(own, ASKS)
    browser, idp = ada.app.browser(), ada.app.server.idp
    ada.sign_in(browser, remember="yes")
    named = {
        "UserPoolId": ada.app.pool,
        "Username": ada.app.user,
        "DeviceKey": ada.devices()[0]["DeviceKey"],
    }
    if how == "forgotten":
        idp.admin_forget_device(**named)
    elif how == "not remembered":
        idp.admin_update_device_status(**named, DeviceRememberedStatus="not_remembered")
    else:
        idp.update_user_pool(UserPoolId=ada.app.pool)
        idp.set_user_pool_mfa_config(
            UserPoolId=ada.app.pool,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            MfaConfiguration="ON",
        )
    assert "Enter your code" in ada.begin(browser).text


def test_case_52_the_devices_cookie_is_for_this_host_and_no_script(own: PoolFactory) -> None:
    ada = Person(own, ASKS)
    done = ada.sign_in(ada.app.browser(), remember="yes")
    [cookie] = [cookie for cookie in done.cookies if "device" in cookie]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes


def test_a_remembered_browser_signs_in_many_times_at_once(own: PoolFactory) -> None:
    ada = Person(own, ALWAYS)
    browser = ada.app.browser()
    ada.sign_in(browser)
    page = browser.get("/login", ada.app.request(prompt="login"))
    filled = {"username": ada.app.user, "password": PASSWORD}
    copies = at_once(lambda _: Browser(ada.app.server, jar=dict(browser.jar)).fill(page, **filled), 50)
    assert all("code" in page.given for page in copies)
    assert len(ada.devices()) == 1


def refreshed(ada: Person, way: str, token: str, key: str | None) -> Any:
    """Refreshes as an app does; raises, or fails to have tokens, where that is refused."""
    idp, client = ada.app.server.idp, ada.app.id
    if way == "token endpoint":
        return ada.app.token(grant_type="refresh_token", refresh_token=token, redirect_uri=None).document[
            "access_token"
        ]
    if way == "InitiateAuth":
        parameters = {"REFRESH_TOKEN": token} | ({} if key is None else {"DEVICE_KEY": key})
        return idp.initiate_auth(ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)[
            "AuthenticationResult"
        ]["AccessToken"]
    named = {} if key is None else {"DeviceKey": key}
    return idp.get_tokens_from_refresh_token(ClientId=client, RefreshToken=token, **named)[
        "AuthenticationResult"
    ]["AccessToken"]


WAYS = ("token endpoint", "InitiateAuth", "GetTokensFromRefreshToken")
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@pytest.mark.parametrize("configuration", [ASKS, ALWAYS])
@pytest.mark.parametrize("way", WAYS)
def test_an_app_that_came_by_the_pages_refreshes_without_a_key_it_never_heard_of(
    own: PoolFactory, way: str, configuration: dict[str, Any]
) -> None:
    ada = Person(own, configuration, ExplicitAuthFlows=FLOWS)
    browser = ada.app.browser()
    for ticked in ({}, {"remember": "yes"}):
        code = ada.sign_in(browser, **ticked).given["code"]
        tokens = ada.app.token(code=code).document
        assert claims_of(tokens["access_token"])["device_key"]
        # An app that has a key of its own from another sign-in sends that (aws-amplify does).
        for key in (None, "eu-central-1_11111111-2222-3333-4444-555555555555"):
            again = claims_of(refreshed(ada, way, tokens["refresh_token"], key))
            assert again["origin_jti"] == claims_of(tokens["access_token"])["origin_jti"]
        if configuration is ALWAYS:
            break  # the next sign-in is asked for no code


@pytest.mark.parametrize("way", WAYS)
def test_forgetting_the_browser_ends_the_refreshing_of_its_apps(own: PoolFactory, way: str) -> None:
    ada = Person(own, ALWAYS, ExplicitAuthFlows=FLOWS)
    tokens = ada.app.token(code=ada.sign_in(ada.app.browser()).given["code"]).document
    assert refreshed(ada, way, tokens["refresh_token"], None)
    [device] = ada.devices()
    ada.app.server.idp.admin_forget_device(
        UserPoolId=ada.app.pool, Username=ada.app.user, DeviceKey=device["DeviceKey"]
    )
    with pytest.raises((KeyError, ada.app.server.idp.exceptions.NotAuthorizedException)):
        refreshed(ada, way, tokens["refresh_token"], None)


@pytest.mark.parametrize("way", WAYS[1:])
def test_an_app_that_signed_in_by_the_api_still_needs_its_key(own: PoolFactory, way: str) -> None:
    ada = Person(own, ALWAYS, ExplicitAuthFlows=FLOWS)
    own.server.idp.set_user_pool_mfa_config(UserPoolId=ada.app.pool, MfaConfiguration="OFF")
    result = own.server.idp.initiate_auth(
        ClientId=ada.app.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ada.app.user, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    assert "NewDeviceMetadata" in result
    with pytest.raises(own.server.idp.exceptions.NotAuthorizedException):
        refreshed(ada, way, result["RefreshToken"], None)
