"""AdminCreateUser: made, invited, invited again. Texts are recorded unless a test says otherwise."""

import re
from typing import Any

import pytest
from tests.calls import PASSWORD, at_once, attempt, attributes_of, outcome, pairs, refusal, sign_in
from tests.conftest import PoolFactory, RunningServer

TEMPORARY = "Temporary-1"
SUPPRESSED: dict[str, Any] = {"MessageAction": "SUPPRESS"}
DAY = 24 * 3600 * 1000


@pytest.fixture(scope="module")
def pool(make: PoolFactory) -> str:
    return make.pool()


@pytest.fixture(scope="module")
def app(make: PoolFactory, pool: str) -> str:
    return str(make.client(pool)["ClientId"])


def messages(server: RunningServer, to: str) -> list[Any]:
    return list(server.run(server.app.store.messages.list_(to=to, limit=50)))


def create(idp: Any, pool: str, name: str, **request: Any) -> dict[str, Any]:
    return dict(idp.admin_create_user(UserPoolId=pool, Username=name, **request)["User"])


def test_a_new_user_is_answered_as_it_is_then_seen(idp: Any, pool: str) -> None:
    user = create(idp, pool, "new", **SUPPRESSED, UserAttributes=pairs({"email": "new@example.com"}))
    assert user["Username"] == "new"
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert user["Enabled"] is True
    seen = idp.admin_get_user(UserPoolId=pool, Username="new")
    assert attributes_of(user) == attributes_of(seen)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", attributes_of(user)["sub"])


def test_whether_an_address_is_verified_is_shown_as_it_was_given(idp: Any, pool: str) -> None:
    """Recorded in amazon-archives/amazon-cognito-identity-js#532; Terraform would plan a change otherwise."""
    for name, given in (
        ("silent", {}),
        ("denied", {"email_verified": "false"}),
        ("vouched", {"email_verified": "true"}),
    ):
        attributes = {"email": f"{name}@example.com", **given}
        create(idp, pool, name, **SUPPRESSED, UserAttributes=pairs(attributes))
        seen = attributes_of(idp.admin_get_user(UserPoolId=pool, Username=name))
        assert seen == {"sub": seen["sub"], **attributes}


def test_the_temporary_password_must_be_replaced(idp: Any, pool: str, app: str) -> None:
    create(idp, pool, "temp", TemporaryPassword=TEMPORARY, **SUPPRESSED)
    assert attempt(idp, app, "temp", TEMPORARY)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert outcome(attempt, idp, app, "temp", "Wrong-Password-1") == "Incorrect username or password."


def test_a_password_is_made_up_and_sent_where_none_is_given(
    idp: Any, server: RunningServer, pool: str, app: str
) -> None:
    create(
        idp,
        pool,
        "invited",
        UserAttributes=pairs({"email": "invited@example.com"}),
        DesiredDeliveryMediums=["EMAIL"],
    )
    (message,) = messages(server, "invited@example.com")
    assert message.medium == "EMAIL"
    assert message.subject == "Your temporary password"
    assert "invited" in message.body
    assert attempt(idp, app, "invited", message.code)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_an_invitation_says_what_the_pool_says(idp: Any, make: PoolFactory, server: RunningServer) -> None:
    template = {
        "EmailSubject": "Welcome",
        "EmailMessage": "<b>{username}</b>: {####}",
        "SMSMessage": "{username}/{####}",
    }
    pool = make.pool(AdminCreateUserConfig={"InviteMessageTemplate": template})
    reach = {"email": "templated@example.com", "phone_number": "+15550123"}
    create(
        idp, pool, "<i>", TemporaryPassword="Te<mp>orary-1", UserAttributes=pairs(reach),
        DesiredDeliveryMediums=["EMAIL", "SMS"],
    )  # fmt: skip
    (mail,) = messages(server, "templated@example.com")
    (sms,) = messages(server, "+15550123")
    assert (mail.subject, mail.body) == ("Welcome", "<b>&lt;i&gt;</b>: Te&lt;mp&gt;orary-1")
    assert (sms.medium, sms.body) == ("SMS", "<i>/Te<mp>orary-1")


def test_an_invitation_goes_by_sms_where_nobody_says_how(idp: Any, server: RunningServer, pool: str) -> None:
    reach = {"email": "both@example.com", "phone_number": "+15550124"}
    create(idp, pool, "both", UserAttributes=pairs(reach))  # documented
    assert len(messages(server, "+15550124")) == 1
    assert messages(server, "both@example.com") == []


def test_a_suppressed_invitation_is_not_sent(idp: Any, server: RunningServer, pool: str) -> None:
    create(idp, pool, "quiet", **SUPPRESSED, UserAttributes=pairs({"email": "quiet@example.com"}))
    assert messages(server, "quiet@example.com") == []


def test_nobody_is_made_who_could_not_be_reached(idp: Any, pool: str) -> None:
    assert refusal(create, idp, pool, "unreachable", DesiredDeliveryMediums=["EMAIL"]) == (
        "InvalidParameter",
        "No email provided but desired delivery medium was Email",
    )
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="unreachable")[0] == "UserNotFound"


def test_a_name_is_taken_in_any_case(idp: Any, make: PoolFactory, pool: str) -> None:
    taken = ("UsernameExists", "User already exists")
    create(idp, pool, "Taken", **SUPPRESSED)
    assert refusal(create, idp, pool, "tAKEN", **SUPPRESSED) == taken
    strict = make.pool(UsernameConfiguration={"CaseSensitive": True})
    create(idp, strict, "Taken", **SUPPRESSED)
    create(idp, strict, "tAKEN", **SUPPRESSED)
    assert refusal(create, idp, strict, "Taken", **SUPPRESSED) == taken


def test_of_many_at_once_one_gets_the_name(idp: Any, pool: str) -> None:
    results = at_once(lambda _: outcome(create, idp, pool, "race", **SUPPRESSED), 20)
    assert sorted(results) == ["User already exists"] * 19 + ["ok"]


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Sh0rt-A", "Password not long enough"),
        ("no-upper-case-1", "Password must have uppercase characters"),
        ("NO-LOWER-CASE-1", "Password must have lowercase characters"),
        ("No-Numbers-Here", "Password must have numeric characters"),
        ("NoSymbols123", "Password must have symbol characters"),
    ],
)
def test_a_temporary_password_conforms_to_the_policy(idp: Any, pool: str, password: str, reason: str) -> None:
    assert refusal(create, idp, pool, "weak", TemporaryPassword=password, **SUPPRESSED) == (
        "InvalidPassword",
        f"Password did not conform with password policy: {reason}",
    )
    assert refusal(idp.admin_get_user, UserPoolId=pool, Username="weak")[0] == "UserNotFound"


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"email": "nonsense"}, "Invalid email address format."),
        ({"phone_number": "5550100"}, "Invalid phone number format."),
        ({"sub": "x"}, "Cannot modify the non-mutable attribute sub"),
        (
            {"custom:none": "x"},
            "Attributes did not conform to the schema: custom:none: Attribute does not exist in the schema.\n",
        ),
        (
            {"birthdate": "1"},
            "Attributes did not conform to the schema: birthdate: String must be no shorter than 10 characters\n",
        ),
    ],
)
def test_attributes_fit_the_schema(idp: Any, pool: str, attributes: dict[str, str], text: str) -> None:
    refused = refusal(create, idp, pool, "misfit", UserAttributes=pairs(attributes), **SUPPRESSED)
    assert refused == ("InvalidParameter", text)


def test_required_attributes_may_be_left_to_the_user(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(Schema=[{"Name": "given_name", "Required": True, "Mutable": True}])
    assert set(attributes_of(create(idp, pool, "later", **SUPPRESSED))) == {"sub"}  # documented


def test_where_the_email_is_the_user_name_the_sub_is_shown(
    idp: Any, make: PoolFactory, server: RunningServer
) -> None:
    pool = make.pool(UsernameAttributes=["email"])
    user = create(idp, pool, "Byron@example.com", DesiredDeliveryMediums=["EMAIL"])
    attributes = attributes_of(user)
    assert user["Username"] == attributes["sub"]
    assert attributes["email"] == "Byron@example.com"
    # The message names what the user signs in with.
    assert "Byron@example.com" in messages(server, "Byron@example.com")[0].body
    assert refusal(create, idp, pool, "byron@example.com", **SUPPRESSED) == (
        "UsernameExists",
        "An account with the given email already exists.",
    )
    assert refusal(create, idp, pool, "byron", **SUPPRESSED) == (
        "InvalidParameter",
        "Username should be an email.",
    )


def test_an_alias_is_not_taken_unless_forced(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AliasAttributes=["email"])
    app = make.client(pool)["ClientId"]
    verified = {"email": "alias@example.com", "email_verified": "true"}
    make.user(pool, "first", PASSWORD, **verified)
    # UsernameExists where the documentation says AliasExists, which the model does not list (boto/boto3#3213).
    assert refusal(create, idp, pool, "second", UserAttributes=pairs(verified), **SUPPRESSED) == (
        "UsernameExists",
        "An account with the given email already exists.",
    )
    assert sign_in(idp, app, "alias@example.com")
    create(
        idp, pool, "second", UserAttributes=pairs(verified), ForceAliasCreation=True, TemporaryPassword=TEMPORARY,
        **SUPPRESSED,
    )  # fmt: skip
    answer = attempt(idp, app, "alias@example.com", TEMPORARY)
    assert answer["ChallengeParameters"]["USER_ID_FOR_SRP"] == "second"
    # documented: the previous user signs in with that alias no more, and keeps the rest
    former = attributes_of(idp.admin_get_user(UserPoolId=pool, Username="first"))
    assert (former["email"], former["email_verified"]) == ("alias@example.com", "false")
    assert sign_in(idp, app, "first")


def test_an_unverified_email_is_no_alias(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AliasAttributes=["email"])
    app = make.client(pool)["ClientId"]
    for name in ("one", "two"):
        make.user(pool, name, PASSWORD, email="shared@example.com")
    assert outcome(sign_in, idp, app, "shared@example.com") == "User does not exist."


def test_a_user_name_cannot_look_like_an_alias(idp: Any, make: PoolFactory) -> None:
    pool = make.pool(AliasAttributes=["email"])
    assert refusal(create, idp, pool, "a@example.com", **SUPPRESSED) == (
        "InvalidParameter",
        "Username cannot be of email format, since user pool is configured for email alias.",
    )


def test_an_invitation_is_sent_again_with_a_new_password(
    idp: Any, server: RunningServer, pool: str, app: str
) -> None:
    reach = {"DesiredDeliveryMediums": ["EMAIL"]}
    attributes = pairs({"email": "invited-again@example.com"})
    created = create(idp, pool, "again", TemporaryPassword=TEMPORARY, UserAttributes=attributes, **reach)
    resent = create(idp, pool, "again", MessageAction="RESEND", **reach)
    assert attributes_of(resent) == attributes_of(created)
    old, new = (message.code for message in messages(server, "invited-again@example.com"))
    assert old == TEMPORARY
    assert outcome(attempt, idp, app, "again", old) == "Incorrect username or password."
    assert attempt(idp, app, "again", new)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_only_who_has_not_come_yet_is_invited_again(idp: Any, make: PoolFactory, pool: str) -> None:
    make.user(pool, "settled")
    assert refusal(create, idp, pool, "settled", MessageAction="RESEND") == (
        "UnsupportedUserState",
        "Resend not possible. settled status is not FORCE_CHANGE_PASSWORD",
    )
    assert refusal(create, idp, pool, "nobody", MessageAction="RESEND") == (
        "UserNotFound",
        "User does not exist.",
    )


def test_nobody_is_made_in_a_pool_that_is_not_there(idp: Any) -> None:
    absent = "eu-central-1_Absent000"
    assert refusal(create, idp, absent, "ada", **SUPPRESSED) == (
        "ResourceNotFound",
        f"User pool {absent} does not exist.",
    )


@pytest.mark.parametrize("days", [1, 7])
def test_case_58_a_temporary_password_ends_to_the_millisecond(own: PoolFactory, days: int) -> None:
    idp, store = own.server.idp, own.server.app.store
    policy = {"MinimumLength": 8, "TemporaryPasswordValidityDays": days}
    pool = own.pool(Policies={"PasswordPolicy": policy})
    app = own.client(pool)["ClientId"]
    sub = attributes_of(create(idp, pool, "late", TemporaryPassword=TEMPORARY, **SUPPRESSED))["sub"]
    now = own.server.clock()
    ends = own.server.run(store.users.password_expiry(pool, sub))
    assert 0 <= now + days * DAY - ends < 10_000
    own.server.clock.freeze(ends - 1)
    answer = attempt(idp, app, "late", TEMPORARY)
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    own.server.clock.freeze(ends)
    expired = ("NotAuthorized", "Temporary password has expired and must be reset by an administrator.")
    assert refusal(attempt, idp, app, "late", TEMPORARY) == expired
    # Whoever began in time comes too late as well.
    assert (
        refusal(
            idp.respond_to_auth_challenge,
            ClientId=app,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=answer["Session"],
            ChallengeResponses={"USERNAME": "late", "NEW_PASSWORD": PASSWORD},
        )
        == expired
    )
    assert outcome(attempt, idp, app, "late", "Wrong-Password-1") == "Incorrect username or password."
    create(idp, pool, "late", MessageAction="RESEND", TemporaryPassword=TEMPORARY)
    assert attempt(idp, app, "late", TEMPORARY)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
