"""Where a message to a user goes, and how little of that an answer may show.

Attributes are a user's own, by wire name. Every choice gives a `Delivery`, whose `details` are what the
caller is told: the destination masked as Cognito masks it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

from cenote.domain.errors import CodeDeliveryFailure, InvalidParameter, NotAuthorized

if TYPE_CHECKING:
    from cenote.shapes.cognito_idp import CodeDeliveryDetailsType

Document: TypeAlias = Mapping[str, Any]
Attribute: TypeAlias = Literal["email", "phone_number"]

_MEDIA: Final[Mapping[Attribute, Literal["EMAIL", "SMS"]]] = {"phone_number": "SMS", "email": "EMAIL"}
_RECOVERY: Final[Mapping[str, Attribute]] = {
    "verified_phone_number": "phone_number",
    "verified_email": "email",
}
# The whole of an address as it may stand in a mail header or an SMTP command: one mailbox, no name beside it.
_ADDRESS: Final = re.compile(r"""[^\s\x00-\x20\x7f<>()\[\],;:\\"@]+@[^\s\x00-\x20\x7f<>()\[\],;:\\"@]+""")
_NUMBER: Final = re.compile(r"\+[0-9]{1,15}", re.ASCII)


class Delivery(msgspec.Struct, frozen=True):
    """One message's way: through which attribute, to which address or number."""

    attribute: Attribute
    destination: str

    @property
    def medium(self) -> Literal["EMAIL", "SMS"]:
        return _MEDIA[self.attribute]

    @property
    def details(self) -> CodeDeliveryDetailsType:
        return {
            "Destination": masked(self.attribute, self.destination),
            "DeliveryMedium": self.medium,
            "AttributeName": self.attribute,
        }


def is_number(text: str) -> bool:
    """Whether this is one phone number in E.164's form, and nothing else."""
    return _NUMBER.fullmatch(text) is not None


def masked(attribute: Attribute, destination: str) -> str:
    """Mask an address as `a***@e***`, a number as `+*******1234` (both recorded).

    Of a number the last four digits show and every other one is a star, of an address the first letters. A
    number of four digits or fewer shows none (assumed).
    """
    if attribute == "phone_number":
        digits = destination.removeprefix("+")
        hidden = len(digits) - 4
        return "+" + ("*" * hidden + digits[hidden:] if hidden > 0 else "*" * len(digits))
    local, _, domain = destination.rpartition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def for_sign_up(pool: Document, attributes: Mapping[str, str]) -> Delivery | None:
    """Choose where a new user's confirmation code goes; None where the pool verifies nothing the user has.

    The phone number goes first where both could be verified, and is then the only one (documented at the
    CDK's AutoVerifiedAttrs).
    """
    verified = pool.get("AutoVerifiedAttributes", ())
    for attribute in _MEDIA:
        if attribute in verified and attributes.get(attribute):
            return Delivery(attribute, attributes[attribute])
    return None


def for_attribute(attribute: str, attributes: Mapping[str, str]) -> Delivery:
    """Send the code that verifies an attribute to that attribute itself; InvalidParameter where there is none.

    The texts are assumed.
    """
    if attribute not in ("email", "phone_number"):
        raise InvalidParameter("Invalid attribute name: only email and phone_number can be verified.")
    name: Attribute = "email" if attribute == "email" else "phone_number"
    if not attributes.get(name):
        raise InvalidParameter(f"User does not have attribute {name}.")
    return Delivery(name, attributes[name])


def for_recovery(
    pool: Document, attributes: Mapping[str, str], mfa: Sequence[Literal["EMAIL", "SMS"]] = ()
) -> Delivery:
    """Choose where a password reset code goes: the first verified attribute in the pool's order.

    Without AccountRecoverySetting that is the phone number, then the e-mail. With it, a medium that the user
    also gets second factors through (`mfa`) does not count (both documented at AccountRecoverySetting).
    NotAuthorized where only administrators reset passwords; InvalidParameter with the recorded text where the
    user has nothing verified.
    """
    barred = mfa if "AccountRecoverySetting" in pool else ()
    for attribute in _recovery_order(pool):
        verified = attributes.get(f"{attribute}_verified") == "true"
        if verified and attributes.get(attribute) and _MEDIA[attribute] not in barred:
            return Delivery(attribute, attributes[attribute])
    raise InvalidParameter(
        "Cannot reset password for the user as there is no registered/verified email or phone_number"
    )


def for_invitation(media: Sequence[str], attributes: Mapping[str, str]) -> list[Delivery]:
    """Choose where an invitation goes: through each of the media asked for (DesiredDeliveryMediums).

    InvalidParameter where the user lacks what one of them needs (the text for e-mail is recorded). Nobody asks
    is SMS (documented), and e-mail for who has no number (assumed); it may be nowhere.
    """
    ways: list[Delivery] = []
    for attribute, medium in _MEDIA.items():
        destination = attributes.get(attribute)
        if medium in media and not destination:
            spelled = {"EMAIL": "Email", "SMS": "SMS"}[medium]
            noun = attribute.replace("_", " ")
            raise InvalidParameter(f"No {noun} provided but desired delivery medium was {spelled}")
        if destination and (medium in media or not media):
            ways.append(Delivery(attribute, destination))
    return ways if media else ways[:1]


def decoy(pool: Document, secret: bytes, username: str, *, recovery: bool) -> Delivery:
    """Make up where a code for a user who does not exist would have gone: the same at every try.

    It has the medium that a user of this pool would most likely be reached through, by a reset code if
    `recovery`, else by a confirmation code. A name that is itself an address or a number of that kind is the
    destination, as it would be for a user who signs in with it. `username` is folded as the pool folds names;
    `secret` is 32 bytes that belong to the pool. NotAuthorized as for a user who exists.
    """
    usual = pool.get("AutoVerifiedAttributes") or pool.get("UsernameAttributes") or ("email",)
    order = _recovery_order(pool) if recovery else tuple(_MEDIA)
    attribute = next((name for name in order if name in usual), order[0])
    named: Attribute | None = (
        "email" if "@" in username else "phone_number" if _NUMBER.fullmatch(username) else None
    )
    if named in order and (named == attribute or named in usual):
        return Delivery(named, username)
    return _made_up(attribute, secret, username)


def decoy_at(attribute: Attribute, secret: bytes, username: str) -> Delivery:
    """Make up where a user who does not exist would get a code through this attribute; see `decoy`."""
    if (attribute == "email") == ("@" in username) and (attribute == "email" or _NUMBER.fullmatch(username)):
        return Delivery(attribute, username)
    return _made_up(attribute, secret, username)


def _made_up(attribute: Attribute, secret: bytes, username: str) -> Delivery:
    digest = hmac.new(secret, b"destination\0" + username.encode(), "sha256").digest()
    if attribute == "phone_number":
        return Delivery(attribute, f"+1{int.from_bytes(digest[:8], 'big') % 10**10:010}")
    letters = [chr(ord("a") + byte % 26) for byte in digest[:2]]
    return Delivery(attribute, f"{letters[0]}@{letters[1]}")


def require_single_recipient(delivery: Delivery) -> str:
    """Give the destination if it is one plain address or number, so that it can add no header or recipient.

    CodeDeliveryFailure otherwise (SECURITY.md case 81): attributes are checked where they are written, and
    once more here, where it counts.
    """
    pattern = _ADDRESS if delivery.attribute == "email" else _NUMBER
    if not pattern.fullmatch(delivery.destination):
        raise CodeDeliveryFailure("The destination is not a single address.")
    return delivery.destination


def _recovery_order(pool: Document) -> tuple[Attribute, ...]:
    mechanisms = pool.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", ())
    if not mechanisms:
        return tuple(_MEDIA)
    names = [option["Name"] for option in sorted(mechanisms, key=lambda option: int(option["Priority"]))]
    if "admin_only" in names:
        # assumed: the text that other implementations give as AWS's
        raise NotAuthorized("Contact administrator to reset password.")
    return tuple(_RECOVERY[name] for name in names)
