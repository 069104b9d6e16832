"""Where messages go and what answers show of it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.domain import delivery
from cenote.domain.delivery import Delivery
from cenote.domain.errors import CodeDeliveryFailure, InvalidParameter, NotAuthorized

EMAIL = {"email": "ada@example.com", "email_verified": "true"}
PHONE = {"phone_number": "+15555550123", "phone_number_verified": "true"}
BOTH = EMAIL | PHONE
TO_EMAIL = Delivery("email", "ada@example.com")
TO_PHONE = Delivery("phone_number", "+15555550123")
SECRET = bytes(range(32))


def recovery(*names: str) -> dict[str, Any]:
    mechanisms = [{"Priority": priority, "Name": name} for priority, name in enumerate(names, 1)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": mechanisms}}


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        # recorded, of numbers of 11, 12 and 13 digits
        ("+15555550123", "+*******0123"),
        ("+447700900114", "+********0114"),
        ("+5511987654516", "+*********4516"),
        # assumed
        ("+12345", "+*2345"),
        ("+1234", "+****"),
    ],
)
def test_a_number_shows_its_last_four_digits(number: str, shown: str) -> None:
    assert delivery.masked("phone_number", number) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        # recorded: victimsemail@gmail.com as v***@g***
        ("victimsemail@gmail.com", "v***@g***"),
        ("a@b.co", "a***@b***"),
        ("ada+tag@mail.example.com", "a***@m***"),
    ],
)
def test_an_address_shows_its_first_letters(address: str, shown: str) -> None:
    assert delivery.masked("email", address) == shown


@given(st.emails())
def test_no_more_of_any_address_than_two_letters_is_shown(address: str) -> None:
    assert len(delivery.masked("email", address)) == 9


def test_details_are_what_the_caller_is_told() -> None:
    assert TO_EMAIL.details == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert TO_PHONE.details["DeliveryMedium"] == "SMS"


@pytest.mark.parametrize(
    ("verified", "attributes", "way"),
    [
        (["email"], BOTH, TO_EMAIL),
        (["phone_number"], BOTH, TO_PHONE),
        # documented at the CDK's AutoVerifiedAttrs: with both, only the phone number
        (["email", "phone_number"], BOTH, TO_PHONE),
        (["email", "phone_number"], EMAIL, TO_EMAIL),
        (["phone_number"], EMAIL, None),
        (["email"], {"email": ""}, None),
        ([], BOTH, None),
    ],
)
def test_a_confirmation_code_goes_to_an_attribute_that_the_pool_verifies(
    verified: list[str], attributes: dict[str, str], way: Delivery | None
) -> None:
    assert delivery.for_sign_up({"AutoVerifiedAttributes": verified}, attributes) == way


def test_a_verification_code_goes_to_the_attribute_it_verifies() -> None:
    assert delivery.for_attribute("email", BOTH) == TO_EMAIL
    assert delivery.for_attribute("phone_number", BOTH) == TO_PHONE


@pytest.mark.parametrize(
    ("attribute", "attributes"), [("email", PHONE), ("phone_number", EMAIL), ("name", BOTH)]
)
def test_what_cannot_be_verified_is_refused(attribute: str, attributes: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter):
        delivery.for_attribute(attribute, attributes)


@pytest.mark.parametrize(
    ("pool", "attributes", "way"),
    [
        # documented: without the setting, SMS is preferred over e-mail
        ({}, BOTH, TO_PHONE),
        ({}, EMAIL, TO_EMAIL),
        ({}, BOTH | {"phone_number_verified": "false"}, TO_EMAIL),
        (recovery("verified_email", "verified_phone_number"), BOTH, TO_EMAIL),
        (recovery("verified_email", "verified_phone_number"), PHONE, TO_PHONE),
        (recovery("verified_phone_number", "verified_email"), BOTH, TO_PHONE),
        (recovery("verified_phone_number"), BOTH, TO_PHONE),
    ],
)
def test_a_reset_code_goes_to_the_first_verified_attribute_in_the_pools_order(
    pool: dict[str, Any], attributes: dict[str, str], way: Delivery
) -> None:
    assert delivery.for_recovery(pool, attributes) == way


def test_the_priorities_decide_not_the_order_they_are_written_in() -> None:
    pool = recovery("verified_email", "verified_phone_number")
    pool["AccountRecoverySetting"]["RecoveryMechanisms"].reverse()
    assert delivery.for_recovery(pool, BOTH) == TO_EMAIL


@pytest.mark.parametrize(
    ("pool", "attributes"),
    [
        ({}, {}),
        ({}, {"email": "ada@example.com"}),
        ({}, {"email": "ada@example.com", "email_verified": "false"}),
        ({}, {"email_verified": "true"}),
        (recovery("verified_phone_number"), EMAIL),
        (recovery("verified_email"), PHONE),
    ],
)
def test_a_user_with_nothing_verified_gets_no_reset_code(
    pool: dict[str, Any], attributes: dict[str, str]
) -> None:
    # recorded text
    with pytest.raises(
        InvalidParameter,
        match=r"^Cannot reset password for the user as there is no registered/verified email or phone_number$",
    ):
        delivery.for_recovery(pool, attributes)


def test_a_second_factors_medium_does_not_recover_the_first() -> None:
    # documented at AccountRecoverySetting; not so in its absence
    pool = recovery("verified_phone_number", "verified_email")
    assert delivery.for_recovery(pool, BOTH, ["SMS"]) == TO_EMAIL
    assert delivery.for_recovery({}, BOTH, ["SMS"]) == TO_PHONE
    with pytest.raises(InvalidParameter):
        delivery.for_recovery(pool, BOTH, ["SMS", "EMAIL"])


def test_where_only_administrators_reset_passwords_nobody_else_can() -> None:
    # assumed text
    with pytest.raises(NotAuthorized, match="Contact administrator to reset password"):
        delivery.for_recovery(recovery("admin_only"), BOTH)
    with pytest.raises(NotAuthorized, match="Contact administrator to reset password"):
        delivery.decoy(recovery("admin_only"), SECRET, "nobody", recovery=True)


@pytest.mark.parametrize(
    ("media", "attributes", "ways"),
    [
        (["EMAIL"], BOTH, [TO_EMAIL]),
        (["SMS"], BOTH, [TO_PHONE]),
        (["EMAIL", "SMS"], BOTH, [TO_PHONE, TO_EMAIL]),
        # documented: the default is SMS
        ([], BOTH, [TO_PHONE]),
        # assumed
        ([], EMAIL, [TO_EMAIL]),
        ([], {}, []),
    ],
)
def test_an_invitation_goes_through_the_media_asked_for(
    media: list[str], attributes: dict[str, str], ways: list[Delivery]
) -> None:
    assert delivery.for_invitation(media, attributes) == ways


@pytest.mark.parametrize(
    ("media", "attributes", "text"),
    [
        # recorded
        (["EMAIL"], PHONE, "No email provided but desired delivery medium was Email"),
        # assumed
        (["SMS"], EMAIL, "No phone number provided but desired delivery medium was SMS"),
    ],
)
def test_an_invitation_through_a_medium_the_user_lacks_is_refused(
    media: list[str], attributes: dict[str, str], text: str
) -> None:
    with pytest.raises(InvalidParameter, match=f"^{text}$"):
        delivery.for_invitation(media, attributes)


@pytest.mark.parametrize("in_recovery", [True, False])
@pytest.mark.parametrize(
    ("pool", "attribute"),
    [
        ({}, "email"),
        ({"AutoVerifiedAttributes": ["email"]}, "email"),
        ({"AutoVerifiedAttributes": ["phone_number"]}, "phone_number"),
        ({"AutoVerifiedAttributes": ["email", "phone_number"]}, "phone_number"),
        ({"UsernameAttributes": ["phone_number"]}, "phone_number"),
    ],
)
def test_case_37_an_unknown_user_is_told_of_a_believable_destination(
    pool: dict[str, Any], attribute: str, in_recovery: bool
) -> None:
    way = delivery.decoy(pool, SECRET, "nobody", recovery=in_recovery)
    assert way.attribute == attribute
    shape = r"[a-z]\*\*\*@[a-z]\*\*\*" if attribute == "email" else r"\+\*{7}[0-9]{4}"
    assert re.fullmatch(shape, way.details["Destination"])


def test_case_37_it_is_the_same_at_every_try_and_differs_between_names_and_pools() -> None:
    pool = {"AutoVerifiedAttributes": ["phone_number"]}
    way = delivery.decoy(pool, SECRET, "nobody", recovery=True)
    assert way == delivery.decoy(pool, SECRET, "nobody", recovery=True)
    assert way != delivery.decoy(pool, SECRET, "somebody", recovery=True)
    assert way != delivery.decoy(pool, bytes(32), "nobody", recovery=True)


@pytest.mark.parametrize(
    ("pool", "username", "shown"),
    [
        ({"UsernameAttributes": ["email"]}, "someone@else.org", "s***@e***"),
        ({"UsernameAttributes": ["phone_number"]}, "+15555550199", "+*******0199"),
    ],
)
def test_case_37_a_name_that_is_an_address_is_the_destination(
    pool: dict[str, Any], username: str, shown: str
) -> None:
    # so it is for a user who exists
    assert delivery.decoy(pool, SECRET, username, recovery=True).details["Destination"] == shown


def test_case_37_recovery_follows_the_pools_order_for_unknown_users_too() -> None:
    pool = {
        "AutoVerifiedAttributes": ["email", "phone_number"],
        **recovery("verified_email", "verified_phone_number"),
    }
    assert delivery.decoy(pool, SECRET, "nobody", recovery=True).attribute == "email"
    assert (
        delivery.decoy(recovery("verified_phone_number"), SECRET, "a@b.c", recovery=True).attribute
        == "phone_number"
    )


def test_case_81_a_plain_destination_is_given_out() -> None:
    assert delivery.require_single_recipient(TO_EMAIL) == "ada@example.com"
    assert delivery.require_single_recipient(TO_PHONE) == "+15555550123"
    assert (
        delivery.require_single_recipient(Delivery("email", "jürgen@müller.example"))
        == "jürgen@müller.example"
    )


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\nSubject: x",
        "ada@example.com, eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com eve@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        "ada@eve@example.com",
        '"ada, eve@example.com"@example.com',
        "ada@example.com\0",
        "@example.com",
        "ada@",
        "",
    ],
)
def test_case_81_an_address_that_could_add_headers_or_recipients_is_refused(address: str) -> None:
    with pytest.raises(CodeDeliveryFailure):
        delivery.require_single_recipient(Delivery("email", address))


@pytest.mark.parametrize(
    "number", ["", "5555550123", "+1555555012x", "+1555,+1666", "+15555550123\n", "+" + "1" * 16]
)
def test_case_81_a_number_that_is_not_one_number_is_refused(number: str) -> None:
    with pytest.raises(CodeDeliveryFailure):
        delivery.require_single_recipient(Delivery("phone_number", number))
