"""Fields for attributes, as HTML wants them: at sign-up, and beside a new password for what is still missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cenote.domain import attributes as attribute_rules
from cenote.store.pools import Pool

LABELS: Final = {
    "email": "E-mail address",
    "phone_number": "Phone number",
    "name": "Name",
    "given_name": "Given name",
    "family_name": "Family name",
    "middle_name": "Middle name",
    "nickname": "Nickname",
    "preferred_username": "Preferred user name",
    "birthdate": "Date of birth",
    "address": "Address",
    "gender": "Gender",
    "locale": "Language",
    "zoneinfo": "Time zone",
    "website": "Website",
    "profile": "Profile page",
    "picture": "Picture",
    "updated_at": "Updated at",
}
TYPES: Final = {"email": "email", "phone_number": "tel", "birthdate": "date", "website": "url"}
COMPLETE: Final = {
    "email": "email", "phone_number": "tel", "name": "name", "given_name": "given-name",
    "family_name": "family-name", "middle_name": "additional-name", "nickname": "nickname",
    "birthdate": "bday", "address": "street-address", "website": "url",
}  # fmt: skip
# Where people are called by their family's name first.
FAMILY_FIRST: Final = frozenset({"ja", "ko", "zh-CN", "zh-TW"})


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute to fill in, as HTML wants it."""

    name: str
    label: str
    type: str
    autocomplete: str
    required: bool
    value: str


def of(name: str, *, required: bool, value: str = "") -> Field:
    return Field(
        name,
        LABELS.get(name, name.removeprefix("custom:")),
        TYPES.get(name, "text"),
        COMPLETE.get(name, "off"),
        required,
        value,
    )


def of_pool(pool: Pool, given: Mapping[str, str], language: str) -> list[Field]:
    """What the pool requires, and the address or number that its users are found or verified by."""
    document = pool.document
    required = set(attribute_rules.required(document["SchemaAttributes"])) - {"sub"}
    by = set(document.get("UsernameAttributes", ()))
    wanted = required | set(document.get("AutoVerifiedAttributes", ()))
    # The name that users sign in by is asked for first, in a field of its own.
    names = [name for name in (*LABELS, *sorted(wanted - set(LABELS))) if name in wanted and by != {name}]
    if language in FAMILY_FIRST and {"given_name", "family_name"} <= wanted:
        names.remove("family_name")
        names.insert(names.index("given_name"), "family_name")
    return [of(name, required=name in required, value=given.get(name, "")) for name in names]
