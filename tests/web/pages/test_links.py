"""The pages behind the links of mails: a sign-up is confirmed, a risky sign-in is said to be one's own or not."""

import html
import urllib.request
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from tests.browser import Browser, Page, forms
from tests.calls import PASSWORD, at_once, pairs, refusal
from tests.conftest import PoolFactory, RunningServer
from tests.outbox import newest_to, wrong
from tests.protection import CAFE, enter, history, mail_to, protected, takeover

DONE = "Your registration has been confirmed!"


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool(
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_LINK",
            "EmailMessageByLink": "Welcome! {##Confirm##}",
        },
    )


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


@pytest.fixture
def browser(server: RunningServer) -> Browser:
    return Browser(server)


def link_of(server: RunningServer, app: str, name: str) -> str:
    """The path and query of the link that a new user gets."""
    to = f"{abs(hash(name))}@example.com"
    server.idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=pairs({"email": to}))
    message = newest_to(server.url, to)
    assert html.escape(message["link"]) in message["body"]
    assert message["link"].startswith(f"{server.app.settings.base_url}/confirmUser?")
    return str(message["link"]).removeprefix(server.app.settings.base_url)


def changed(link: str, **changes: str) -> str:
    """The link with other parameters; an empty one is left out."""
    given = {**dict(parse_qsl(urlsplit(link).query)), **changes}
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{urlsplit(link).path}?{query}"


def press(browser: Browser, page: Page) -> Page:
    assert page.status == 200
    return browser.fill(page)


def status_of(idp: Any, pool: str, name: str) -> str:
    return str(idp.admin_get_user(UserPoolId=pool, Username=name)["UserStatus"])


# /confirmUser


def test_case_51_opening_the_link_confirms_nobody_until_the_button_is_pressed(
    server: RunningServer, idp: Any, pool: str, app: str, browser: Browser
) -> None:
    link = link_of(server, app, "ada")
    for _ in range(3):
        page = browser.get(link)
    assert status_of(idp, pool, "ada") == "UNCONFIRMED"
    # Whichever browser it is: the link is what counts, and a mail program keeps no cookies.
    answer = press(Browser(server), page)
    assert (answer.status, DONE in answer.text) == (200, True)
    assert status_of(idp, pool, "ada") == "CONFIRMED"


def test_case_47_a_link_works_once(server: RunningServer, app: str, browser: Browser) -> None:
    many = browser.get(link_of(server, app, "many"))
    answers = at_once(lambda _: press(Browser(server), many).status, 50)
    assert sorted(answers) == [200] + [400] * 49
    page = browser.get(link_of(server, app, "once"))
    assert press(browser, page).status == 200
    again = press(browser, page)
    assert "Your account is confirmed already." in again.text
    assert forms(again) == []


def test_case_47_a_link_is_its_users_alone(
    server: RunningServer, idp: Any, pool: str, app: str, browser: Browser
) -> None:
    link = link_of(server, app, "one")
    link_of(server, app, "other")
    code = dict(parse_qsl(urlsplit(link).query))["confirmation_code"]
    for bad in ({"user_name": "other"}, {"confirmation_code": wrong(code)}, {"user_name": "nobody"}):
        answer = browser.post(changed(link, **bad), {})
        assert (answer.status, DONE in answer.text) == (400, False)
    assert browser.post(changed(link, client_id="0" * 26), {}).status == 400
    assert status_of(idp, pool, "other") == status_of(idp, pool, "one") == "UNCONFIRMED"


def test_any_user_name_survives_the_way_through_the_link(
    server: RunningServer, idp: Any, pool: str, app: str, browser: Browser
) -> None:
    name = "a&b=c?#%<\"'>ü+"
    assert press(browser, browser.get(link_of(server, app, name))).status == 200
    assert status_of(idp, pool, name) == "CONFIRMED"


def test_the_page_speaks_the_language_that_is_chosen(
    server: RunningServer, app: str, browser: Browser
) -> None:
    link = link_of(server, app, "deutsch")
    page = browser.get(f"{link}&lang=de")
    assert "Konto bestätigen" in page.text
    assert "Ihre Registrierung ist bestätigt!" in press(browser, page).text


def test_case_9_what_a_link_says_is_shown_only_escaped(app: str, browser: Browser) -> None:
    page = browser.get("/confirmUser", {"client_id": app, "user_name": "<b>", "confirmation_code": '"><b>'})
    assert (page.status, "<b>" in page.text) == (200, False)


@pytest.mark.parametrize("missing", ["client_id", "user_name", "confirmation_code"])
def test_an_incomplete_link_says_so(
    server: RunningServer, idp: Any, pool: str, app: str, browser: Browser, missing: str
) -> None:
    link = link_of(server, app, f"half-{missing}")
    for page in (
        browser.get(changed(link, **{missing: ""})),
        browser.post(changed(link, **{missing: ""}), {}),
        browser.get(changed(link, **{missing: "x" * 3000})),
        browser.post(f"{link}&{missing}=x", {}),
    ):
        assert page.status == 400
        assert "The link is incomplete" in page.text
    assert status_of(idp, pool, f"half-{missing}") == "UNCONFIRMED"


def test_case_83_a_huge_form_is_refused(app: str, browser: Browser) -> None:
    assert browser.post("/confirmUser", {"client_id": "x" * 100_000}).status == 413


def test_case_73_the_link_is_on_the_public_url_whatever_host_was_asked(
    server: RunningServer, app: str
) -> None:
    to = "hosted@example.com"
    request = urllib.request.Request(
        server.url,
        data=(
            f'{{"ClientId":"{app}","Username":"hosted","Password":"{PASSWORD}",'
            f'"UserAttributes":[{{"Name":"email","Value":"{to}"}}]}}'
        ).encode(),
        headers={
            "Host": "evil.example",
            "X-Forwarded-Host": "evil.example",
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp",
        },
    )
    urllib.request.urlopen(request, timeout=10).close()
    assert newest_to(server.url, to)["link"].startswith(server.app.settings.base_url)


# /riskFeedback

WORDS = {
    "Subject": "Was it you?",
    "HtmlBody": '<a href="{one-click-link-valid}">yes</a> <a href="{one-click-link-invalid}">no</a>',
}


class Warned:
    """Somebody whose account was tried from elsewhere, and the links of the mail about it."""

    def __init__(self, make: PoolFactory, name: str = "ada") -> None:
        self.server, self.name = make.server, name
        self.pool = protected(make)
        self.client = str(make.client(self.pool)["ClientId"])
        to = f"{self.pool}@example.com"
        make.user(self.pool, name, email=to, email_verified="true")
        settings = takeover("BLOCK", notify=True, BlockEmail=WORDS)
        self.server.idp.set_risk_configuration(UserPoolId=self.pool, **settings)
        enter(self.server.idp, self.pool, self.client, name=name)
        refused = refusal(enter, self.server.idp, self.pool, self.client, CAFE, name=name)
        assert refused[0] == "NotAuthorized"
        (mail,) = mail_to(self.server, to)
        valid, invalid = (html.unescape(part.partition('"')[0]) for part in mail.body.split('href="')[1:])
        base = self.server.app.settings.base_url
        assert valid.startswith(f"{base}/riskFeedback?")
        self.valid, self.invalid = valid.removeprefix(base), invalid.removeprefix(base)

    def said(self) -> list[tuple[str, str] | None]:
        """What is said of each event, newest first."""
        found = [event.get("EventFeedback") for event in history(self.server.idp, self.pool, self.name)]
        return [None if one is None else (one["FeedbackValue"], one["Provider"]) for one in found]


@pytest.fixture(scope="module")
def warned(make: PoolFactory) -> Warned:
    return Warned(make, "<ada>&b")


def test_case_51_opening_a_links_page_says_nothing(warned: Warned, browser: Browser) -> None:
    for link in (warned.valid, warned.invalid):
        assert browser.get(link).status == 200
    assert warned.said() == [None, None]


@pytest.mark.parametrize(
    ("value", "button", "then"),
    [("Valid", "Yes, it was me", "You can close this page."), ("Invalid", "No, it was not me", "password")],
)
def test_what_a_link_says_is_kept_when_its_button_is_pressed(
    warned: Warned, browser: Browser, value: str, button: str, then: str
) -> None:
    page = browser.get(warned.valid if value == "Valid" else warned.invalid)
    assert button in page.text
    answer = press(Browser(warned.server), page)
    assert (answer.status, "Thank you" in answer.text, then in answer.text) == (200, True, True)
    assert warned.said() == [(value, "User"), None]


def test_a_link_is_for_its_own_event_and_user(warned: Warned, make: PoolFactory, browser: Browser) -> None:
    other = Warned(make, warned.name)
    before, event = warned.said(), history(warned.server.idp, warned.pool, warned.name)[1]["EventId"]
    token = dict(parse_qsl(urlsplit(other.valid).query))["feedback_token"]
    for bad in (
        {"feedback_token": token},
        {"feedback_token": "x"},
        {"event_id": event},
        {"user_name": "nobody"},
        {"client_id": other.client},
    ):
        answer = browser.post(changed(warned.valid, **bad), {})
        assert (answer.status, "This link is not valid." in answer.text) == (400, True)
    assert warned.said() == before
    assert other.said() == [None, None]


@pytest.mark.parametrize("name", ["client_id", "user_name", "event_id", "feedback_token", "feedback_value"])
@pytest.mark.parametrize("value", ["", "x" * 3000])
def test_half_a_link_says_so(warned: Warned, browser: Browser, name: str, value: str) -> None:
    before = warned.said()
    for page in (
        browser.get(changed(warned.valid, **{name: value})),
        browser.post(changed(warned.valid, **{name: value}), {}),
    ):
        assert (page.status, "The link is incomplete" in page.text) == (400, True)
    assert warned.said() == before


def test_a_pool_that_is_not_protected_any_more_hears_nothing(make: PoolFactory, browser: Browser) -> None:
    """As UpdateAuthEventFeedback answers there."""
    one = Warned(make)
    add_ons = {"AdvancedSecurityMode": "OFF"}
    one.server.idp.update_user_pool(UserPoolId=one.pool, UserPoolTier="PLUS", UserPoolAddOns=add_ons)
    answer = browser.post(one.invalid, {})
    assert (answer.status, "This link is not valid." in answer.text) == (400, True)
    add_ons["AdvancedSecurityMode"] = "ENFORCED"
    one.server.idp.update_user_pool(UserPoolId=one.pool, UserPoolTier="PLUS", UserPoolAddOns=add_ons)
    assert one.said() == [None, None]


def test_no_third_thing_is_said_of_a_sign_in(warned: Warned, browser: Browser) -> None:
    assert browser.post(changed(warned.valid, feedback_value="Maybe"), {}).status == 400
