"""A pool's attribute schema, in the shape of `SchemaAttributes`: the standard attributes and the pool's own.

Standard ones are always there, in the order and with the constraints that DescribeUserPool answers (recorded,
and shown in the AWS CLI's documentation). Terraform leaves an attribute out of its plan only if all of it is
equal.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from cenote.domain.errors import InvalidParameter

Attribute: TypeAlias = dict[str, Any]

CUSTOM_LIMIT: Final = 50
LONGEST: Final = 2048
CONSTRAINTS: Final = {
    "String": ("StringAttributeConstraints", "MinLength", "MaxLength"),
    "Number": ("NumberAttributeConstraints", "MinValue", "MaxValue"),
}
DISORDER: Final = {
    "StringAttributeConstraints": "length shorter than it's min length",
    "NumberAttributeConstraints": "value smaller than it's min value",
}


def string(name: str, shortest: int = 0, longest: int = LONGEST, *, sub: bool = False) -> Attribute:
    """A standard string attribute; only `sub` is required and fixed by default."""
    return {
        "Name": name,
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": not sub,
        "Required": sub,
        "StringAttributeConstraints": {"MinLength": str(shortest), "MaxLength": str(longest)},
    }


def flag(name: str) -> Attribute:
    return {
        "Name": name,
        "AttributeDataType": "Boolean",
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
    }


STANDARD: Final[tuple[Attribute, ...]] = (
    string("sub", 1, sub=True),
    *map(
        string,
        (
            "name",
            "given_name",
            "family_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "email",
        ),
    ),
    flag("email_verified"),
    string("gender"),
    string("birthdate", 10, 10),
    string("zoneinfo"),
    string("locale"),
    string("phone_number"),
    flag("phone_number_verified"),
    string("address"),
    {
        "Name": "updated_at",
        "AttributeDataType": "Number",
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
        "NumberAttributeConstraints": {"MinValue": "0"},
    },
)
STANDARD_NAMES: Final = frozenset(attribute["Name"] for attribute in STANDARD)
# What sign-up by a person can be asked for. The rest is the server's own.
FIXED_NAMES: Final = frozenset({"sub", "email_verified", "phone_number_verified"})


def created(requested: Iterable[Mapping[str, Any]]) -> list[Attribute]:
    """The schema of a new pool: the standard attributes as the request changes them, then its own."""
    own: list[Mapping[str, Any]] = []
    schema = {attribute["Name"]: copy.deepcopy(attribute) for attribute in STANDARD}
    for wish in requested:
        name = named(wish)
        if name in STANDARD_NAMES - FIXED_NAMES:
            schema[name] = standard(schema[name], wish)
        elif name == "sub":
            raise InvalidParameter("Invalid schema attribute sub")
        elif any(name == named(other) for other in own):
            raise InvalidParameter(
                f"Duplicate custom attribute names custom:{name} are not allowed in a user pool schema."
            )
        else:
            own.append(wish)
    return extended(list(schema.values()), own)


def extended(schema: Sequence[Attribute], requested: Iterable[Mapping[str, Any]]) -> list[Attribute]:
    """The schema with more custom attributes: AddCustomAttributes."""
    after = list(schema)
    names = {attribute["Name"] for attribute in schema}
    for wish in requested:
        attribute = custom(wish)
        plain = attribute["Name"].removeprefix("dev:")
        taken = {attribute["Name"], plain, f"dev:{plain}"} & names
        if taken:
            raise InvalidParameter(f"{plain}: Existing attribute already has name {taken.pop()}.")
        names.add(attribute["Name"])
        after.append(attribute)
    if len(after) - len(STANDARD_NAMES) > CUSTOM_LIMIT:
        # documented limit, assumed text
        raise InvalidParameter(f"A user pool can have at most {CUSTOM_LIMIT} custom attributes.")
    return after


def named(wish: Mapping[str, Any]) -> str:
    """The name a request gives; assumed text."""
    name = wish.get("Name")
    if not isinstance(name, str) or not name:
        raise InvalidParameter("Schema attribute name must not be empty.")
    return name


def standard(attribute: Attribute, wish: Mapping[str, Any]) -> Attribute:
    """A standard attribute as a request changes it.

    The type stays, and an attribute that the request names is immutable unless it says otherwise: the wire's
    booleans are false where they are left out (recorded in users' reports of "Attribute cannot be updated").
    """
    name, data_type = attribute["Name"], attribute["AttributeDataType"]
    if wish.get("AttributeDataType", data_type) != data_type or wish.get("DeveloperOnlyAttribute"):
        raise InvalidParameter(
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema"
            f" attribute {name}"
        )
    changed = {
        **attribute,
        "Mutable": bool(wish.get("Mutable", False)),
        "Required": bool(wish.get("Required", False)),
    }
    key = CONSTRAINTS[data_type][0]
    if wish.get(key):
        changed[key] = constraints(name, data_type, wish[key])
    return changed


def custom(wish: Mapping[str, Any]) -> Attribute:
    """A custom attribute as the pool keeps it: `custom:` before its name, `dev:custom:` if developer-only."""
    data_type = wish.get("AttributeDataType")
    if not data_type:
        raise InvalidParameter(
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
        )
    if wish.get("Required"):
        raise InvalidParameter("Required custom attributes are not supported currently.")
    name = f"custom:{named(wish)}"
    developer_only = bool(wish.get("DeveloperOnlyAttribute", False))
    attribute: Attribute = {
        "Name": f"dev:{name}" if developer_only else name,
        "AttributeDataType": data_type,
        "DeveloperOnlyAttribute": developer_only,
        "Mutable": bool(wish.get("Mutable", False)),
        "Required": False,
    }
    if data_type in CONSTRAINTS:
        key = CONSTRAINTS[data_type][0]
        attribute[key] = constraints(name, data_type, wish.get(key) or {})
    return attribute


def constraints(name: str, data_type: str, wish: Mapping[str, str]) -> dict[str, str]:
    """The limits of a String or Number attribute, or InvalidParameter with AWS's texts (recorded)."""
    key, low, high = CONSTRAINTS[data_type]
    lowest, highest = (limit(name, key, wish.get(bound)) for bound in (low, high))
    if key == "StringAttributeConstraints" and max(lowest or 0, highest or 0) > LONGEST:
        raise InvalidParameter(f"user.{name}: String attributes cannot have a length of more than {LONGEST}")
    if lowest is not None and highest is not None and lowest > highest:
        raise InvalidParameter(f"Attribute {name} cannot have a max {DISORDER[key]}")
    return {bound: wish[bound] for bound in (low, high) if wish.get(bound)}


def limit(name: str, key: str, text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 310):  # 2^1023 has 309 digits
        raise InvalidParameter(f"Invalid {key} for schema attribute {name}")
    return int(text)
