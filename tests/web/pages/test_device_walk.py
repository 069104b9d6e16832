"""A device's user at the pages, in Chromium: light and dark, on a phone and on a desktop, with scripts and without.

The images are kept beside those of the other walk; axe-core finds nothing serious.
"""

import pytest
from playwright.sync_api import Browser
from tests.browser import PASSWORD, App, oauth_app, turned_on
from tests.clients.test_chromium import BROWSER
from tests.conftest import PoolFactory
from tests.web.pages.test_walk import LOOKS, Walk

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed: the pages are walked by HTTP only."
)


@pytest.fixture(scope="module")
def app(make: PoolFactory) -> App:
    return turned_on(oauth_app(make, ClientName="Living-room TV"), "device")


def begin(app: App) -> dict[str, str]:
    page = app.browser().post(
        "/oauth2/device_authorization", {"client_id": app.id, "scope": "openid email profile"}
    )
    return dict(page.document)


def poll(app: App, codes: dict[str, str]) -> dict[str, str]:
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    return dict(app.token(grant_type=grant, device_code=codes["device_code"], redirect_uri=None).document)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_a_device_is_connected(chromium: Browser, app: App, look: str, *, scripts: bool) -> None:
    context = chromium.new_context(
        **LOOKS[look],  # type: ignore[arg-type]
        locale="en-GB",
        java_script_enabled=scripts,
    )
    page, codes = context.new_page(), begin(app)
    walk = Walk(app, page, look, way="device-", scripts=scripts)
    page.goto(codes["verification_uri"])
    walk.see("Connect a device")
    walk.type(Code="BCDF-GHJK")
    walk.press("Next")
    walk.see("Connect a device")
    walk.type(Code=codes["user_code"].lower())
    walk.press("Next")
    walk.see("Sign in")
    walk.type(User_name=app.user, Password=PASSWORD)
    walk.press("Sign in")
    walk.see("Allow Living-room TV?")
    assert page.get_by_text(codes["user_code"]).is_visible()
    walk.press("Allow")
    walk.see("Your device is connected")
    assert "access_token" in poll(app, codes)
    denied = begin(app)
    page.goto(denied["verification_uri_complete"])
    walk.press("Next")
    walk.see("Allow Living-room TV?")
    walk.press("Deny")
    walk.see("Your device was not connected")
    assert poll(app, denied) == {"error": "access_denied"}
    context.close()
