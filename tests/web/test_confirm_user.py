"""The page behind a confirmation link."""

import html
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
from tests.calls import PASSWORD, pairs
from tests.conftest import PoolFactory, RunningServer
from tests.console.test_outbox import get
from tests.outbox import newest_to, wrong


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


def link_of(server: RunningServer, idp: Any, app: str, name: str) -> str:
    """The path and query of the link that a new user gets."""
    to = f"{abs(hash(name))}@example.com"
    idp.sign_up(ClientId=app, Username=name, Password=PASSWORD, UserAttributes=pairs({"email": to}))
    message = newest_to(server.url, to)
    assert html.escape(message["link"]) in message["body"]
    assert message["link"].startswith(f"{server.app.settings.base_url}/confirmUser?")
    return str(message["link"]).removeprefix(server.app.settings.base_url)


def fields_of(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def post(server: RunningServer, fields: dict[str, str]) -> tuple[int, str]:
    data = urllib.parse.urlencode(fields).encode()
    request = urllib.request.Request(f"{server.url}/confirmUser", data=data, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def status_of(idp: Any, pool: str, name: str) -> str:
    return str(idp.admin_get_user(UserPoolId=pool, Username=name)["UserStatus"])


def test_case_51_opening_the_link_confirms_nobody_until_the_button_is_pressed(
    server: RunningServer, idp: Any, pool: str, app: str
) -> None:
    link = link_of(server, idp, app, "ada")
    for _ in range(3):
        status, _, page = get(server, link)
        assert status == 200
    assert status_of(idp, pool, "ada") == "UNCONFIRMED"
    status, answer = post(server, fields_of(page))
    assert status == 200
    assert "Your registration has been confirmed!" in answer
    assert status_of(idp, pool, "ada") == "CONFIRMED"


def test_case_47_a_link_works_once(server: RunningServer, idp: Any, app: str) -> None:
    fields = fields_of(get(server, link_of(server, idp, app, "once"))[2])
    assert post(server, fields)[0] == 200
    status, page = post(server, fields)
    assert status == 400
    assert "User cannot be confirmed. Current status is CONFIRMED" in page


def test_case_47_a_link_is_its_users_alone(server: RunningServer, idp: Any, pool: str, app: str) -> None:
    fields = fields_of(get(server, link_of(server, idp, app, "one"))[2])
    link_of(server, idp, app, "other")
    status, page = post(server, fields | {"user_name": "other"})
    assert status == 400
    assert "Invalid verification code provided" in page
    assert post(server, fields | {"confirmation_code": wrong(fields["confirmation_code"])})[0] == 400
    assert post(server, fields | {"client_id": "0" * 26})[0] == 400
    assert status_of(idp, pool, "other") == status_of(idp, pool, "one") == "UNCONFIRMED"


def test_any_user_name_survives_the_way_through_the_link(
    server: RunningServer, idp: Any, pool: str, app: str
) -> None:
    name = "a&b=c?#%<\"'>ü+"
    fields = fields_of(get(server, link_of(server, idp, app, name))[2])
    assert fields["user_name"] == name
    assert post(server, fields)[0] == 200
    assert status_of(idp, pool, name) == "CONFIRMED"


def test_case_9_what_a_link_says_is_shown_only_escaped(server: RunningServer) -> None:
    query = urllib.parse.urlencode(
        {"client_id": '"><script>x</script>', "user_name": "<b>", "confirmation_code": "1"}
    )
    page = get(server, f"/confirmUser?{query}")[2]
    assert "<script>" not in page
    assert "<b>" not in page


def test_an_incomplete_link_says_so(server: RunningServer) -> None:
    for query in (
        "",
        "?client_id=x",
        "?client_id=x&user_name=y",
        "?client_id=x&user_name=&confirmation_code=1",
    ):
        status, _, page = get(server, f"/confirmUser{query}")
        assert status == 400
        assert "The link is incomplete" in page
    assert post(server, {"client_id": "x"})[0] == 400


def test_case_83_a_huge_form_is_refused(server: RunningServer) -> None:
    assert post(server, {"client_id": "x" * 100_000})[0] == 413
    assert post(server, {f"name{index}": "x" for index in range(100)})[0] == 413


def test_case_12_the_page_is_neither_cached_nor_framed_nor_leaked(server: RunningServer) -> None:
    headers = get(server, "/confirmUser?client_id=x&user_name=y&confirmation_code=1")[1]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy


def test_the_link_is_on_the_public_url_whatever_host_was_asked(
    server: RunningServer, idp: Any, app: str
) -> None:
    """Case 73: never from a Host header."""
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
