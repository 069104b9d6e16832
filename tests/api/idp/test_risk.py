"""What threat protection's settings do. Behaviour is documented; texts are assumed unless a test says otherwise."""

from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, outcome, refresh, refusal, sign_in
from tests.conftest import PoolFactory
from tests.protection import (
    ARN,
    CAFE,
    HOME,
    PHONE,
    STRANGER,
    compromised,
    enter,
    from_,
    gathered,
    history,
    mail_to,
    protected,
    takeover,
)

ABSENT = "eu-central-1_Absent000"
BLOCKED = ("NotAuthorized", "Request not allowed due to security reasons.")  # recorded
OFF = ("UserPoolAddOnNotEnabled", "User pool add-ons are not enabled for this user pool.")
WRONG = ("NotAuthorized", "Incorrect username or password.")
TEMPLATE = {"Subject": "A new sign-in", "TextBody": "{username} from {ip-address} on {device-name}"}


@pytest.fixture
def pool(make: PoolFactory) -> str:
    pool = protected(make)
    make.user(pool, "ada")
    return pool


@pytest.fixture
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def set_(idp: Any, pool: str, *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    request: dict[str, Any] = dict(more)
    for part in parts:
        request |= part
    return dict(idp.set_risk_configuration(UserPoolId=pool, **request)["RiskConfiguration"])


# The settings themselves


def test_what_is_set_is_described_with_its_defaults(idp: Any, pool: str, app: str) -> None:
    exceptions = {"BlockedIPRangeList": ["198.51.100.0/24"], "SkippedIPRangeList": ["2001:db8::/32"]}
    made = set_(idp, pool, compromised(), takeover("BLOCK"), {"RiskExceptionConfiguration": exceptions})
    assert made["UserPoolId"] == pool
    assert "ClientId" not in made
    credentials = made["CompromisedCredentialsRiskConfiguration"]
    assert set(credentials["EventFilter"]) == {
        "SIGN_IN",
        "SIGN_UP",
        "PASSWORD_CHANGE",
    }  # "Defaults to all events"
    assert made["RiskExceptionConfiguration"] == exceptions
    assert idp.describe_risk_configuration(UserPoolId=pool)["RiskConfiguration"] == made
    assert "RiskConfiguration" not in idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    own = set_(idp, pool, takeover("NO_ACTION"), ClientId=app)
    assert (own["ClientId"], "CompromisedCredentialsRiskConfiguration" in own) == (app, False)
    assert idp.describe_risk_configuration(UserPoolId=pool, ClientId=app)["RiskConfiguration"] == own


def test_settings_outlive_an_update_and_go_when_nothing_is_set(idp: Any, pool: str, app: str) -> None:
    set_(idp, pool, takeover("BLOCK"))
    set_(idp, pool, takeover("BLOCK"), ClientId=app)
    add_ons = {"AdvancedSecurityMode": "ENFORCED"}
    idp.update_user_pool(UserPoolId=pool, UserPoolTier="PLUS", UserPoolAddOns=add_ons)
    idp.update_user_pool_client(UserPoolId=pool, ClientId=app, ClientName="renamed")
    for where in ({}, {"ClientId": app}):
        described = idp.describe_risk_configuration(UserPoolId=pool, **where)["RiskConfiguration"]
        assert "AccountTakeoverRiskConfiguration" in described
        set_(idp, pool, **where)
        described = idp.describe_risk_configuration(UserPoolId=pool, **where)["RiskConfiguration"]
        assert described == {"UserPoolId": pool, **where}


def test_a_pool_without_add_ons_has_none(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    assert refusal(idp.set_risk_configuration, UserPoolId=pool) == OFF
    assert refusal(idp.describe_risk_configuration, UserPoolId=pool) == OFF


@pytest.mark.parametrize("tier", ["LITE", "ESSENTIALS"])
@pytest.mark.parametrize("mode", ["AUDIT", "ENFORCED"])
def test_protection_needs_the_plus_tier(make: PoolFactory, tier: str, mode: str) -> None:
    request = {"UserPoolTier": tier, "UserPoolAddOns": {"AdvancedSecurityMode": mode}}
    assert refusal(make.pool, **request)[0] == "FeatureUnavailableInTier"


def test_a_pool_or_client_that_is_not_there_has_none(idp: Any, make: PoolFactory, pool: str) -> None:
    sibling = make.client(protected(make))["ClientId"]
    for where in ({"UserPoolId": ABSENT}, {"UserPoolId": pool, "ClientId": sibling}):
        for call in (idp.set_risk_configuration, idp.describe_risk_configuration):
            assert refusal(call, **where)[0] == "ResourceNotFound"


@pytest.mark.parametrize("kind", ["BlockedIPRangeList", "SkippedIPRangeList"])
@pytest.mark.parametrize("text", ["", "example.com", "192.0.2.1/33", "1.2.3", "::1/129"])
def test_what_is_no_range_is_refused(idp: Any, pool: str, kind: str, text: str) -> None:
    request = {"UserPoolId": pool, "RiskExceptionConfiguration": {kind: [text]}}
    assert refusal(idp.set_risk_configuration, **request)[0] == "InvalidParameter"


@pytest.mark.parametrize(
    "settings",
    [
        takeover("BLOCK", notify=True),
        takeover("BLOCK", notify=True, MfaEmail=TEMPLATE),
        takeover("MFA_REQUIRED", notify=True, BlockEmail=TEMPLATE),
        takeover("BLOCK", BlockEmail={"Subject": "No body"}),
    ],
)
def test_a_notice_needs_words_that_cenote_can_send(idp: Any, pool: str, settings: dict[str, Any]) -> None:
    assert refusal(idp.set_risk_configuration, UserPoolId=pool, **settings)[0] == "InvalidParameter"


# New devices and addresses


def test_the_first_sign_in_is_like_no_other(idp: Any, pool: str, app: str) -> None:
    set_(idp, pool, takeover("BLOCK"))
    assert enter(idp, pool, app)["AuthenticationResult"]
    assert enter(idp, pool, app)["AuthenticationResult"]


LEVELS = {"Low": (CAFE, PHONE), "Medium": (HOME, STRANGER), "High": (CAFE, STRANGER)}


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_has_its_own_answer(idp: Any, pool: str, app: str, level: str) -> None:
    enter(idp, pool, app)
    actions = {f"{level}Action": {"Notify": False, "EventAction": "BLOCK"}}
    set_(idp, pool, {"AccountTakeoverRiskConfiguration": {"Actions": actions}})
    for name, (address, program) in LEVELS.items():
        if name == level:
            assert refusal(enter, idp, pool, app, address, program) == BLOCKED
            event = history(idp, pool)[0]
            assert event["EventResponse"] == "Fail"
            assert event["EventRisk"]["RiskLevel"] == level
            assert event["EventRisk"]["RiskDecision"] == "Block"
    assert enter(idp, pool, app)["AuthenticationResult"]


def test_a_blocked_sign_in_makes_nothing_known(idp: Any, pool: str, app: str) -> None:
    enter(idp, pool, app)
    set_(idp, pool, takeover("BLOCK"))
    for _ in range(3):
        assert refusal(enter, idp, pool, app, CAFE, STRANGER) == BLOCKED
    # Nor does a wrong password, from wherever it comes.
    assert refusal(enter, idp, pool, app, CAFE, password="Wrong-Horse-1") == WRONG
    assert refusal(enter, idp, pool, app, CAFE) == BLOCKED


def test_an_accepted_sign_in_makes_its_device_and_address_known(idp: Any, pool: str, app: str) -> None:
    enter(idp, pool, app)
    set_(idp, pool, takeover("NO_ACTION"))
    enter(idp, pool, app, CAFE, STRANGER)
    assert history(idp, pool)[0]["EventRisk"]["RiskLevel"] == "High"
    assert history(idp, pool)[0]["EventRisk"]["RiskDecision"] == "AccountTakeover"
    set_(idp, pool, takeover("BLOCK"))
    assert enter(idp, pool, app, CAFE, STRANGER)["AuthenticationResult"]


def test_auditing_writes_down_and_does_nothing(idp: Any, make: PoolFactory) -> None:
    pool = protected(make, "AUDIT")
    make.user(pool, "ada", password="Password1!")
    app = make.client(pool)["ClientId"]
    blocked = {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["0.0.0.0/0"]}}
    set_(idp, pool, takeover("BLOCK"), compromised(), blocked)
    for place in ((HOME, PHONE), (CAFE, STRANGER)):
        assert enter(idp, pool, app, *place, password="Password1!")["AuthenticationResult"]
    risk = history(idp, pool)[0]["EventRisk"]
    expected = {"RiskLevel": "High", "RiskDecision": "NoRisk", "CompromisedCredentialsDetected": True}
    assert risk == expected


def test_a_pool_without_protection_asks_nobody(idp: Any, make: PoolFactory) -> None:
    pool = make.pool()
    make.user(pool, "ada")
    app = make.client(pool)["ClientId"]
    for address in (HOME, CAFE):
        assert enter(idp, pool, app, address)["AuthenticationResult"]
    count = make.server.run(
        make.server.app.store.engine.one("SELECT COUNT(*) FROM auth_events WHERE pool_id = ?", pool)
    )
    assert count == (0,)


def test_a_clients_own_settings_come_before_its_pools(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    other = make.client(pool)["ClientId"]
    enter(idp, pool, app)
    set_(idp, pool, takeover("BLOCK"))
    set_(idp, pool, takeover("NO_ACTION"), ClientId=other)
    assert refusal(enter, idp, pool, app, CAFE) == BLOCKED
    assert enter(idp, pool, other, CAFE)["AuthenticationResult"]


def test_a_device_that_names_itself_is_known_under_any_program(idp: Any, pool: str, app: str) -> None:
    mine, other = (gathered(DeviceId=name, DeviceName="Pixel") for name in ("a1", "b2"))
    enter(idp, pool, app, encoded=mine)
    set_(idp, pool, takeover("BLOCK"))
    assert enter(idp, pool, app, HOME, STRANGER, encoded=mine)["AuthenticationResult"]
    assert refusal(enter, idp, pool, app, encoded=other) == BLOCKED
    assert refusal(enter, idp, pool, app, encoded="not base64 of anything") == BLOCKED


# A second factor because of the risk


@pytest.fixture
def with_mail(make: PoolFactory) -> tuple[str, str]:
    """A pool that offers codes by e-mail, and a user who has not turned them on."""
    pool = protected(
        make,
        EmailConfiguration={"EmailSendingAccount": "DEVELOPER", "SourceArn": ARN, "From": "a@example.com"},
    )
    make.server.idp.set_user_pool_mfa_config(
        UserPoolId=pool,
        MfaConfiguration="OPTIONAL",
        EmailMfaConfiguration={},
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    make.user(pool, "ada", email=f"{pool}@example.com", email_verified="true")
    make.user(pool, "bob")
    return pool, str(make.client(pool)["ClientId"])


@pytest.mark.parametrize("action", ["MFA_IF_CONFIGURED", "MFA_REQUIRED"])
def test_a_risk_asks_for_the_factor_that_the_user_could_use(
    idp: Any, make: PoolFactory, with_mail: tuple[str, str], action: str
) -> None:
    pool, app = with_mail
    assert enter(idp, pool, app)["AuthenticationResult"]
    set_(idp, pool, takeover(action))
    asked = enter(idp, pool, app, CAFE)
    assert asked["ChallengeName"] == "EMAIL_OTP"
    (event, *_) = history(idp, pool)
    assert (event["EventResponse"], event["EventRisk"]["RiskDecision"]) == ("InProgress", "AccountTakeover")
    code = str(mail_to(make.server, f"{pool}@example.com")[-1].code)

    def answer(guess: str) -> dict[str, Any]:
        return dict(
            idp.admin_respond_to_auth_challenge(
                UserPoolId=pool,
                ClientId=app,
                ChallengeName="EMAIL_OTP",
                Session=asked["Session"],
                ChallengeResponses={"USERNAME": "ada", "EMAIL_OTP_CODE": guess},
                **from_(CAFE),
            )
        )

    wrong = "000000" if code != "000000" else "111111"
    assert refusal(answer, wrong)[0] == "CodeMismatch"
    assert history(idp, pool)[0]["EventResponse"] == "Fail"
    assert answer(code)["AuthenticationResult"]
    (event, *_) = history(idp, pool)
    assert event["EventResponse"] == "Pass"
    assert event["ChallengeResponses"] == [
        {"ChallengeName": "Password", "ChallengeResponse": "Success"},
        {"ChallengeName": "Mfa", "ChallengeResponse": "Success"},
    ]


def test_who_has_no_factor_is_let_in_or_blocked_as_the_settings_say(
    idp: Any, with_mail: tuple[str, str]
) -> None:
    pool, app = with_mail
    enter(idp, pool, app, name="bob")
    set_(idp, pool, takeover("MFA_REQUIRED"))
    assert refusal(enter, idp, pool, app, CAFE, name="bob") == BLOCKED
    set_(idp, pool, takeover("MFA_IF_CONFIGURED"))
    assert enter(idp, pool, app, CAFE, name="bob")["AuthenticationResult"]


def test_case_45_a_pool_that_lets_users_set_a_factor_up_does_not_let_a_stranger(
    idp: Any, with_mail: tuple[str, str]
) -> None:
    pool, app = with_mail
    enter(idp, pool, app, name="bob")
    idp.set_user_pool_mfa_config(
        UserPoolId=pool, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    assert enter(idp, pool, app, name="bob")["ChallengeName"] == "MFA_SETUP"
    set_(idp, pool, takeover("MFA_REQUIRED"))
    assert refusal(enter, idp, pool, app, CAFE, name="bob") == BLOCKED


# Address ranges


def test_a_blocked_address_signs_nobody_in(idp: Any, pool: str, app: str) -> None:
    ranges = {"BlockedIPRangeList": ["203.0.113.0/24", "2001:db8::/32"]}
    set_(idp, pool, {"RiskExceptionConfiguration": ranges})
    for address in (CAFE, "2001:db8::1", f"::ffff:{CAFE}"):
        assert refusal(enter, idp, pool, app, address) == BLOCKED
        # Whoever it is, and whatever they know.
        assert refusal(enter, idp, pool, app, address, password="Wrong-Horse-1") == BLOCKED
        assert refusal(enter, idp, pool, app, address, name="nobody") == BLOCKED
    assert enter(idp, pool, app, HOME)["AuthenticationResult"]


def test_a_blocked_address_answers_no_challenge_either(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    idp.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Brief-Horse-1", Permanent=False)
    asked = enter(idp, pool, app, CAFE, password="Brief-Horse-1")
    set_(idp, pool, {"RiskExceptionConfiguration": {"BlockedIPRangeList": [f"{CAFE}/32"]}})
    request = {
        "UserPoolId": pool,
        "ClientId": app,
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": asked["Session"],
        "ChallengeResponses": {"USERNAME": "ada", "NEW_PASSWORD": "Third-Horse-3"},
    }
    assert refusal(idp.admin_respond_to_auth_challenge, **request, **from_(CAFE)) == BLOCKED
    assert idp.admin_respond_to_auth_challenge(**request, **from_(HOME))["AuthenticationResult"]


def test_a_skipped_address_is_never_a_risk(idp: Any, pool: str, app: str) -> None:
    enter(idp, pool, app)
    ranges = {"SkippedIPRangeList": ["203.0.113.0/24"]}
    set_(idp, pool, takeover("BLOCK"), {"RiskExceptionConfiguration": ranges})
    assert enter(idp, pool, app, CAFE, STRANGER)["AuthenticationResult"]
    assert "RiskLevel" not in history(idp, pool)[0]["EventRisk"]
    assert refusal(enter, idp, pool, app, "198.51.100.1", STRANGER) == BLOCKED


def test_case_73_only_a_client_that_may_pass_addresses_on_does(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    set_(idp, pool, {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["203.0.113.0/24"]}})
    request = {
        "ClientId": app,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ada", "PASSWORD": PASSWORD},
        "UserContextData": {"IpAddress": CAFE, "EncodedData": "x"},
    }
    assert idp.initiate_auth(**request)["AuthenticationResult"]  # documented: ignored without the setting
    assert history(idp, pool)[0]["EventContextData"]["IpAddress"] == "127.0.0.1"


@pytest.mark.parametrize("address", ["", "nowhere", "1.2.3.4.5", "192.0.2.1/32"])
def test_an_address_that_is_none_is_refused(idp: Any, pool: str, app: str, address: str) -> None:
    assert refusal(enter, idp, pool, app, address)[0] == "InvalidParameter"


# Notices


def test_who_is_at_risk_is_told_by_mail(idp: Any, make: PoolFactory) -> None:
    pool = protected(make)
    to = f"{pool}@example.com"
    make.user(pool, "<b>ada", email=to, email_verified="true")
    app = make.client(pool)["ClientId"]
    words = {
        "Subject": "Was it\nyou, {username}?",
        "HtmlBody": "<p>{username}, {ip-address}, {device-name}, {city}: {event-id}</p>",
    }
    templates = {"From": "Guard <guard@example.com>", "ReplyTo": "help@example.com", "BlockEmail": words}
    set_(idp, pool, takeover("BLOCK", notify=True, **templates))
    enter(idp, pool, app, name="<b>ada")
    assert mail_to(make.server, to) == []
    assert refusal(enter, idp, pool, app, CAFE, name="<b>ada") == BLOCKED
    (mail,) = mail_to(make.server, to)
    assert mail.subject == "Was it you, <b>ada?"
    event = history(idp, pool, "<b>ada")[0]["EventId"]
    # Case 81: what a user chose is text, in a body of HTML too.
    assert mail.body == f"<p>&lt;b&gt;ada, {CAFE}, Shop on Android, unknown: {event}</p>"
    assert (mail.source, mail.reply_to, mail.html) == ("Guard <guard@example.com>", "help@example.com", True)
    for _ in range(7):
        assert refusal(enter, idp, pool, app, CAFE, name="<b>ada") == BLOCKED
    assert len(mail_to(make.server, to)) == 5


def test_an_address_that_was_never_verified_is_told_nothing(idp: Any, make: PoolFactory) -> None:
    pool = protected(make)
    to = f"{pool}@example.com"
    make.user(pool, "ada", email=to)
    app = make.client(pool)["ClientId"]
    set_(idp, pool, takeover("NO_ACTION", notify=True, NoActionEmail=TEMPLATE))
    enter(idp, pool, app)
    assert enter(idp, pool, app, CAFE)["AuthenticationResult"]
    assert mail_to(make.server, to) == []
    idp.admin_update_user_attributes(
        UserPoolId=pool, Username="ada", UserAttributes=[{"Name": "email_verified", "Value": "true"}]
    )
    assert enter(idp, pool, app, "198.51.100.9")["AuthenticationResult"]
    (mail,) = mail_to(make.server, to)
    assert mail.body == "ada from 198.51.100.9 on Shop on Android"
    assert mail.html is False


# Compromised passwords

COMMON = "Password1!"
USELESS = ("InvalidPassword", "Provided password cannot be used for security reasons.")  # recorded


def test_a_compromised_password_is_refused_at_sign_up(idp: Any, pool: str, app: str) -> None:
    request = {"ClientId": app, "Username": "eve"}
    set_(idp, pool, compromised("BLOCK", "SIGN_UP"))
    for password in (COMMON, "P@ssw0rd2026", "Qwerty123!"):
        assert refusal(idp.sign_up, **request, Password=password) == USELESS
    assert idp.sign_up(**request, Password=PASSWORD)["UserSub"]


def test_a_compromised_password_is_refused_in_a_change(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    set_(idp, pool, compromised("BLOCK", "PASSWORD_CHANGE"))
    tokens = sign_in(idp, app, "ada")
    change = {"AccessToken": tokens["AccessToken"], "PreviousPassword": PASSWORD}
    assert refusal(idp.change_password, **change, ProposedPassword=COMMON) == USELESS
    idp.change_password(**change, ProposedPassword="Another-Horse-1")
    reset = {"ClientId": app, "Username": "ada", "ConfirmationCode": "123456"}
    assert refusal(idp.confirm_forgot_password, **reset, Password=COMMON) == USELESS
    idp.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Brief-Horse-1", Permanent=False)
    asked = enter(idp, pool, app, password="Brief-Horse-1")

    def replaced(password: str) -> Any:
        return idp.respond_to_auth_challenge(
            ClientId=app,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": password},
        )

    assert refusal(replaced, COMMON) == USELESS
    assert replaced("Third-Horse-3")["AuthenticationResult"]


def test_a_compromised_password_at_sign_in_has_to_be_reset(
    idp: Any, make: PoolFactory, pool: str, app: str
) -> None:
    idp.admin_set_user_password(UserPoolId=pool, Username="ada", Password=COMMON, Permanent=True)
    set_(idp, pool, compromised("BLOCK", "SIGN_IN"))
    assert refusal(enter, idp, pool, app, password="Wrong-Horse-1") == WRONG
    assert refusal(enter, idp, pool, app, password=COMMON)[0] == "PasswordResetRequired"
    assert idp.admin_get_user(UserPoolId=pool, Username="ada")["UserStatus"] == "RESET_REQUIRED"  # documented
    event = history(idp, pool)[0]
    assert event["EventRisk"]["CompromisedCredentialsDetected"] is True
    assert (event["EventResponse"], event["EventRisk"]["RiskDecision"]) == ("Fail", "Block")
    assert refusal(enter, idp, pool, app, password=COMMON)[0] == "PasswordResetRequired"


@pytest.mark.parametrize("settings", [{}, compromised("NO_ACTION"), compromised("BLOCK", "SIGN_UP")])
def test_a_compromised_password_is_only_written_down_where_nothing_else_is_asked(
    idp: Any, pool: str, app: str, settings: dict[str, Any]
) -> None:
    idp.admin_set_user_password(UserPoolId=pool, Username="ada", Password=COMMON, Permanent=True)
    set_(idp, pool, settings)
    assert enter(idp, pool, app, password=COMMON)["AuthenticationResult"]
    assert history(idp, pool)[0]["EventRisk"]["CompromisedCredentialsDetected"] is True


def test_other_events_than_the_filters_are_let_be(idp: Any, pool: str, app: str) -> None:
    set_(idp, pool, compromised("BLOCK", "SIGN_IN"))
    assert idp.sign_up(ClientId=app, Username="eve", Password=COMMON)["UserSub"]


def test_of_fifty_sign_ins_with_a_compromised_password_none_gets_in(idp: Any, pool: str, app: str) -> None:
    idp.admin_set_user_password(UserPoolId=pool, Username="ada", Password=COMMON, Permanent=True)
    set_(idp, pool, compromised())
    results = at_once(lambda _: outcome(enter, idp, pool, app, password=COMMON), 50)
    assert "ok" not in results


def test_a_refresh_is_no_sign_in(idp: Any, pool: str, app: str) -> None:
    tokens = enter(idp, pool, app)["AuthenticationResult"]
    set_(idp, pool, takeover("BLOCK"), compromised())
    assert refresh(idp, app, tokens["RefreshToken"])
    assert len(history(idp, pool)) == 1
