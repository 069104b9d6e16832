"""Fields for attributes, as HTML wants them: at sign-up, and beside a new password for what is still missing."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
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
# Said at a field that is required and empty.
MISSING: Final = "Fill in this field, please."
# A phone number as people write it: what is between its digits, nobody's number has.
_NUMBER: Final = re.compile(r"\+[0-9][0-9 ()./-]*", re.ASCII)
SPACES: Final = "Please leave out spaces."
# What the engine says of one attribute (`domain/attributes.py`): which, and in what it does not fit.
_OF_ATTRIBUTE: Final = re.compile(
    r"(?:Attributes did not conform to the schema|Invalid user attributes): (?P<name>[^\s]+): [^\n]+\n?"
)
# Errors that are about one attribute whatever it holds, and which.
_ABOUT: Final = {
    "Invalid email address format.": "email",
    "Invalid phone number format.": "phone_number",
    "An account with the given email already exists.": "email",
    "An account with the given phone_number already exists.": "phone_number",
}
# What names consist of, by the first letter of their characters' categories (UsernameType in the model).
_NAMING: Final = frozenset("LMSNP")
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


def cleaned(name: str, value: str) -> str:
    """What was typed, without the spaces around it and those that people put into phone numbers."""
    value = value.strip()
    if name == "phone_number" and _NUMBER.fullmatch(value):
        return "+" + "".join(filter(str.isdigit, value))
    return value


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


def is_name(typed: str) -> bool:
    """Whether the API could ever speak of a user of this name."""
    return all(unicodedata.category(character)[0] in _NAMING for character in typed)


def faulty(message: str, asked: Sequence[Field]) -> str:
    """The id of the field, of those that were asked for, that an error is about; empty if of none of them."""
    found = _OF_ATTRIBUTE.fullmatch(message)
    about = found["name"] if found else _ABOUT.get(message, "")
    number = next((number for number, field in enumerate(asked, 1) if field.name == about), None)
    return "" if number is None else f"attribute-{number}"
