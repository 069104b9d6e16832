"""Pages that nobody comes by twice, in Chromium: a first sign-in, what the links of mails lead to, an answer by form.

Light and dark, on a phone and on a desktop, as in the other walks; and at last, whether any page was seen in none.
"""

import pytest
from playwright.sync_api import Browser, Route
from tests.browser import PASSWORD, oauth_app
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory
from tests.outbox import newest_to
from tests.web.pages.accessibility import SEEN
from tests.web.pages.test_links import Warned, link_of
from tests.web.pages.test_walk import LOOKS, Walk

from cenote.web.pages import rendering

TEMPORARY = "First-Horse-9"
# What others are made of.
PARTS = {"base.html", "parts.html"}

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed: the pages are walked by HTTP only."
)


@pytest.mark.parametrize("look", LOOKS)
def test_a_user_whom_an_administrator_made_signs_in_first(
    chromium: Browser, make: PoolFactory, callback: str, look: str
) -> None:
    names = ("given_name", "birthdate")
    schema = [{"Name": name, "Required": True, "AttributeDataType": "String"} for name in names]
    app = oauth_app(make, pool=make.pool(Schema=schema), with_user=False, CallbackURLs=[callback])
    app.server.idp.admin_create_user(
        UserPoolId=app.pool, Username="ada", TemporaryPassword=TEMPORARY, MessageAction="SUPPRESS"
    )
    context = chromium.new_context(**LOOKS[look], locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    walk = Walk(app, page, look, way="first-")
    walk.begin()
    walk.type(User_name="ada", Password=TEMPORARY)
    walk.press("Sign in")
    walk.see("Choose a new password")
    walk.type(New_password="short", Given_name="Ada", Date_of_birth="1815-12-10")
    walk.press("Change password")
    walk.see("Choose a new password")
    assert page.get_by_role("alert").inner_text() == "This password is too short."
    walk.type(New_password=PASSWORD)
    walk.press("Change password")
    walk.back_at_the_app()
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_the_links_of_mails_lead_to_pages_that_ask(chromium: Browser, make: PoolFactory, look: str) -> None:
    pool = make.pool(
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_LINK",
            "EmailMessageByLink": "{##Confirm##}",
        },
    )
    app, base = oauth_app(make, pool=pool, with_user=False), make.server.app.settings.base_url
    context = chromium.new_context(**LOOKS[look], locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    walk = Walk(app, page, look, way="links-")
    link = f"{base}{link_of(make.server, app.id, f'links-{look}')}"
    page.goto(f"{link}1")
    walk.see("Confirm your account")
    walk.press("Confirm")
    walk.see("Confirm your account")
    assert page.get_by_role("alert").inner_text().startswith("Invalid verification code provided")
    page.goto(link)
    walk.press("Confirm")
    walk.see("Your registration has been confirmed!")
    warned = Warned(make)
    for path, button in ((warned.valid, "Yes, it was me"), (warned.invalid, "No, it was not me")):
        page.goto(f"{base}{path}")
        walk.see("Was this sign-in yours?")
        walk.press(button)
        walk.see("Thank you")
    assert newest_to(app.server.url, f"{warned.pool}@example.com")
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_an_answer_by_form_is_a_page_for_the_moment_that_it_takes(
    chromium: Browser, make: PoolFactory, callback: str, look: str
) -> None:
    app = oauth_app(make, CallbackURLs=[callback])
    context = chromium.new_context(**LOOKS[look], locale="en-GB")  # type: ignore[arg-type]
    page, posted = context.new_page(), []

    def hold(route: Route) -> None:
        """The app takes its time: the browser stays where it is."""
        posted.append(route.request.post_data or "")
        route.fulfill(status=204)

    page.route(f"{callback}**", hold)
    walk = Walk(app, page, look, way="form-post-")
    walk.begin(response_mode="form_post")
    walk.type(User_name=app.user, Password=PASSWORD)
    walk.press("Sign in")
    walk.see("One moment")
    walk.press("Continue")
    page.wait_for_function("() => true")
    assert len(posted) > 1
    assert all("code=" in one for one in posted)
    context.close()


@pytest.mark.whole_run
def test_every_page_was_seen_in_every_look() -> None:
    """With an image, axe-core's opinion and its weight: looks back at the walks of a run of all tests of the pages."""
    templates = {path.name for path in (rendering.HERE / "templates").glob("*.html")} - PARTS
    unseen = {name: set(LOOKS) - SEEN.get(name, set()) for name in templates}
    assert {name: looks for name, looks in unseen.items() if looks} == {}
