"""Text that means something elsewhere: in a filter, a mail, a page, a log, a header (cases 80, 81)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.calls import PASSWORD, outcome, pairs, sign_in
from tests.conftest import PoolFactory, RunningServer, running, settings_for
from tests.outbox import code_to, messages_to, newest_to
from tests.post_office import post_office
from tests.security.raw import ask, call

# Filters

HOSTILE = [
    "'", '"', "' OR '1'='1", '" OR "1"="1', "'; DROP TABLE users; --", "%", "_", "*", "\\", "\\\\", "\x00", "\u2028",
    "{}", "$1", "?", "1) UNION SELECT seal_key FROM pools --", "ada' --", "ad%", "ad_", "\U0010ffff", "\ud83d\udc69",
    "a" * 2000, "ad\x00a",
]  # fmt: skip


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    pool = make.pool()
    for name in ("ada", "eve"):
        make.user(pool, name, email=f"{name}@filters.example", given_name=f"{name} lovelace")
    return pool


def listed(server: RunningServer, pool: str, text: str) -> set[str] | str:
    """The names found, or the error."""
    answer = call(server.url, "ListUsers", {"UserPoolId": pool, "Filter": text})
    if answer.status == 200:
        return {user["Username"] for user in answer.document["Users"]}
    assert answer.status == 400
    return answer.error[0]


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize(
    "attribute", ["username", "email", "name", "status", "cognito:user_status", "sub", "given_name"]
)
@pytest.mark.parametrize("operator", ["=", "^="])
def test_case_80_a_value_finds_what_is_called_so_and_no_more(
    server: RunningServer, pool: str, attribute: str, operator: str
) -> None:
    for value in HOSTILE:
        found = listed(server, pool, f"{attribute} {operator} {quoted(value)}")
        assert found in (set(), "InvalidParameter"), value
    assert listed(server, pool, 'username = "ada"') == {"ada"}


@pytest.mark.parametrize(
    "text",
    [
        "username", "username =", 'username = "ada', 'username = ada"', "username = 'ada'", 'username == "ada"',
        'username != "x"', 'username > ""', 'username like "a%"', 'username = "ada" or "1" = "1"', '"a" = "a"',
        'username = "ada" and status = "Enabled"', '(username = "ada")', 'username = "a" "b"', '1 = "1"',
        'password_sealed = "x"', 'u.username = "ada"', 'custom:note = "x"', 'attributes = "{}"', 'pool_id ^= "e"',
        "username^=" + '"' * 200, "(" * 250, 'username = ("ada")', 'username = "\\u0061da"', 'email_verified = "true"',
        'disabled_at = ""', 'disabled = "true"', "username = \uff02ada\uff02", 'user\u0131d = "x"', ";" * 256,
    ],
)  # fmt: skip
def test_case_80_what_is_no_filter_is_refused(server: RunningServer, pool: str, text: str) -> None:
    assert listed(server, pool, text) == "InvalidParameter"


# Addresses

ADDRESSES = [
    "a@b.example\r\nBcc: victim@example.com", "a@b.example\nBcc: victim@example.com", "a@b.example, victim@example.com",
    "a@b.example;victim@example.com", "victim@example.com a@b.example", "<victim@example.com>", "A <a@b.example>",
    '"a b"@b.example', "a@b.example>", "a@b.example\x00", "a@b.example\x0b", "a@b.example\u2028x", "a@b@c.example",
    "a@b.example\t", " a@b.example", "a@[127.0.0.1]", "a@", "@b.example", "a@b", "a\\@b.example", "a(b)@b.example",
    "a@b..example", "a@-b.example", "a@b.example.", "RCPT TO:<a@b.example>", "a@xn--\r\n.example", "a@b\uff0cc.example",
]  # fmt: skip


@pytest.fixture(scope="module")
def signed_in(make: PoolFactory, server: RunningServer) -> tuple[str, str, str]:
    """A pool, a client, and the access token of its one user."""
    pool = make.pool(AutoVerifiedAttributes=["email"])
    app = str(make.client(pool)["ClientId"])
    make.user(pool, "ada", email="ada@addresses.example")
    return pool, app, str(sign_in(server.idp, app, "ada")["AccessToken"])


@pytest.mark.parametrize("address", ADDRESSES)
def test_case_81_what_is_no_single_address_is_taken_by_no_door(
    server: RunningServer, signed_in: tuple[str, str, str], address: str
) -> None:
    pool, app, token = signed_in
    mail, named = pairs({"email": address}), {"UserPoolId": pool, "Username": "ada"}
    before = server.run(server.app.store.messages.list_(to=None, limit=1000))
    for operation, request in {
        "SignUp": {"ClientId": app, "Username": "x", "Password": PASSWORD, "UserAttributes": mail},
        "UpdateUserAttributes": {"AccessToken": token, "UserAttributes": mail},
        "AdminUpdateUserAttributes": {**named, "UserAttributes": mail},
        "AdminCreateUser": {
            **named,
            "Username": "y",
            "UserAttributes": mail,
            "DesiredDeliveryMediums": ["EMAIL"],
        },
    }.items():
        answer = call(server.url, operation, request)
        assert (operation, answer.error[0]) == (operation, "InvalidParameter")
    assert server.run(server.app.store.messages.list_(to=None, limit=1000)) == before


# Text in messages

TEXTS = [
    "<script>alert(1)</script>",
    "<img/src=x>",
    "{####}",
    "{username}",
    "&lt;",
    "a'b\"c",
    "{{7*7}}",
]


@pytest.mark.parametrize("text", TEXTS)
def test_case_81_a_user_name_is_text_in_every_message(
    make: PoolFactory, server: RunningServer, text: str
) -> None:
    template = {
        "EmailMessage": "<p>{username}: {####}</p>",
        "EmailSubject": "For you",
        "SMSMessage": "{username} {####}",
    }
    pool = make.pool(AdminCreateUserConfig={"InviteMessageTemplate": template})
    to = f"invited@{pool.replace('_', '-')}.example"
    request = {"UserAttributes": pairs({"email": to}), "TemporaryPassword": "T<b>&emporary-1"}
    server.idp.admin_create_user(UserPoolId=pool, Username=text, DesiredDeliveryMediums=["EMAIL"], **request)
    (message,) = messages_to(server.url, to)
    assert message["subject"] == "For you"
    assert message["body"].startswith("<p>")
    inside = message["body"].removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inside
    assert "T&lt;b&gt;&amp;emporary-1" in inside
    if "{" in text:
        assert text in inside
        assert inside.count("T&lt;b&gt;") == 1


@contextmanager
def mailing(folder: Path) -> Iterator[tuple[RunningServer, Any]]:
    with post_office() as office:
        url = f"smtp://127.0.0.1:{office.port}"
        with running(settings_for(folder / "data", smtp_url=url)) as server:
            yield server, office


def test_case_81_a_mail_goes_to_its_one_recipient_with_its_own_headers(tmp_path: Path) -> None:
    template = {
        "EmailSubject": "Hello {username} X-Evil: 1",
        "EmailMessage": "{username} {####}\r\n.\r\nMAIL FROM:<x@evil.example>\r\nSubject: other",
    }
    with mailing(tmp_path) as (server, office):
        make = PoolFactory(server)
        pool = make.pool(AdminCreateUserConfig={"InviteMessageTemplate": template})
        server.idp.admin_create_user(
            UserPoolId=pool,
            Username="bcc:victim@evil.example",
            UserAttributes=pairs({"email": "only@mail.example"}),
            DesiredDeliveryMediums=["EMAIL"],
            TemporaryPassword="Temporary-1",
        )
        received = office.next()
    assert received.recipients == ["only@mail.example"]
    assert received.mail.get_all("To") == ["only@mail.example"]
    assert "\n" not in str(received.mail["Subject"])
    assert {name.lower() for name in received.mail} & {"bcc", "cc", "x-evil"} == set()
    assert office.received.empty()


def test_case_81_codes_are_sent_so_often_an_hour_and_to_nobody_more_often(own: PoolFactory) -> None:
    own.server.clock.freeze()
    idp, pool = own.server.idp, own.pool(AutoVerifiedAttributes=["email"])
    app = own.client(pool, AccessTokenValidity=2)["ClientId"]
    own.user(pool, "ada", email="ada@quota.example", email_verified="false")
    token = sign_in(idp, app, "ada")["AccessToken"]

    def ask_for_codes() -> None:
        outcome(idp.get_user_attribute_verification_code, AccessToken=token, AttributeName="email")
        for address in ("b@quota.example", "a@quota.example"):
            change = pairs({"email": address})
            outcome(idp.update_user_attributes, AccessToken=token, UserAttributes=change)

    def sent() -> int:
        return len(own.server.run(own.server.app.store.messages.list_(to=None, limit=1000)))

    for _ in range(10):
        ask_for_codes()
    assert sent() == 5  # documented: five an hour, for an attribute
    own.server.clock.advance(hours=1)
    ask_for_codes()
    assert sent() > 5


# Pages and headers


def test_case_81_text_of_a_link_is_text_on_the_page_behind_it(
    make: PoolFactory, server: RunningServer, pool: str
) -> None:
    app = make.client(pool)["ClientId"]
    for text in ("%3Cscript%3Ealert(1)%3C/script%3E", "%22%3E%3Cimg%20src=x%3E", "%27%20onload=%27x"):
        path = f"/confirmUser?client_id={app}&user_name={text}&confirmation_code={text}"
        answer = ask(server.url, "GET", path)
        assert answer.status == 200
        assert b"<script>alert" not in answer.body
        assert b"<img" not in answer.body
        assert b"' onload='" not in answer.body
        assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
        outbox = ask(server.url, "GET", f"/_cenote/outbox?to={text}")
        assert b"<script>alert" not in outbox.body
        assert b"<img" not in outbox.body


def test_no_error_adds_a_header(server: RunningServer, pool: str) -> None:
    for name in ("x\r\nSet-Cookie: a=b", "x\nx: y", "é\u2028\x7f", "x" * 5000):
        answer = call(server.url, "AdminGetUser", {"UserPoolId": name, "Username": name})
        assert answer.status == 400
        assert "set-cookie" not in answer.headers
        assert len(answer.headers.get("x-amzn-errormessage", "")) <= 1024


def test_the_outbox_shows_hostile_text_as_text(make: PoolFactory, server: RunningServer) -> None:
    template = {"EmailMessage": "<script>alert(document.domain)</script>{####}", "EmailSubject": "<b>{####}"}
    pool = make.pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=template)
    app = make.client(pool)["ClientId"]
    mail = pairs({"email": "shown@outbox.example"})
    server.idp.sign_up(ClientId=app, Username="shown", Password=PASSWORD, UserAttributes=mail)
    assert code_to(server.url, "shown@outbox.example")
    assert newest_to(server.url, "shown@outbox.example")["body"].startswith("<script>")
    page = ask(server.url, "GET", "/_cenote/outbox?to=shown@outbox.example")
    assert b"<script>alert(document.domain)" not in page.body
    assert b"<b>" not in page.body
