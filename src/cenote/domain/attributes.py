"""User attributes: what may be written, by whom, in which form.

The schema that says so is `SchemaAttributes` of the pool document (`domain/schema.py` makes it). Attributes
are a dict by wire name with string values; an empty value in a change deletes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from cenote.domain.errors import InvalidParameter, NotAuthorized

Schema: TypeAlias = Sequence[Mapping[str, Any]]
Document: TypeAlias = Mapping[str, Any]

VERIFIED_FLAGS: Final = {"email_verified": "email", "phone_number_verified": "phone_number"}
DEVELOPER_PREFIX: Final = "dev:"
MAX_LENGTH: Final = 2048

# No space, control character, comma or angle bracket: an address goes into a mail header (SECURITY.md
# case 81).
LABEL: Final = r"[^\W_](?:[\w-]*[^\W_])?"
EMAIL: Final = re.compile(rf"""[^\s\x00-\x20\x7f@<>()\[\],;:\\"]+@(?:{LABEL}\.)+(?!\d+$){LABEL}""")
PHONE_NUMBER: Final = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
NUMBER: Final = re.compile(r"-?[0-9]{1,64}", re.ASCII)


def is_email(value: str) -> bool:
    return EMAIL.fullmatch(value) is not None


def is_phone_number(value: str) -> bool:
    return PHONE_NUMBER.fullmatch(value) is not None


def from_wire(pairs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """AttributeType items as a dict; the last of a name wins. A missing value is refused (recorded text)."""
    attributes: dict[str, str] = {}
    for pair in pairs:
        name, value = pair["Name"], pair.get("Value")
        if value is None:
            raise InvalidParameter(f"Attribute value for {name} must not be null")
        attributes[name] = value.lower() if name in VERIFIED_FLAGS else value
    return attributes


def to_wire(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def authorize_write(schema: Schema, client: Document, names: Iterable[str]) -> None:
    """Whether an app client may write these attributes, for its user or a new one (SECURITY.md case 55).

    The verified flags and developer attributes never; what `WriteAttributes` lists, and required attributes
    always (documented at "Attribute permissions and scopes"); everything where nothing is listed, as the AWS
    console says. NotAuthorized with AWS's text.
    """
    listed = client.get("WriteAttributes")
    allowed = None if not listed else {*listed, *required(schema)}
    for name in names:
        refused = name in VERIFIED_FLAGS or name.startswith(DEVELOPER_PREFIX)
        if refused or (allowed is not None and name not in allowed):
            raise NotAuthorized("A client attempted to write unauthorized attribute")


def readable(client: Document, attributes: Mapping[str, str]) -> dict[str, str]:
    """What GetUser and ID tokens of this client show: the sub and what `ReadAttributes` lists."""
    listed = client.get("ReadAttributes")
    if not listed:
        return dict(attributes)
    return {name: value for name, value in attributes.items() if name == "sub" or name in listed}


def check_new(schema: Schema, attributes: Mapping[str, str], *, require: bool) -> None:
    """A new user's attributes against the schema; `require` for sign-up, which needs the required ones.

    InvalidParameter with every violation in one text, a line each (recorded). An administrator may leave
    required attributes out (documented under "User pool attributes"). An empty value counts as none given:
    `changed({}, …)` drops it.
    """
    if "sub" in attributes:
        raise InvalidParameter("Cannot modify the non-mutable attribute sub")
    rules = by_name(schema)
    lines = [
        line
        for name, value in attributes.items()
        if value or name not in rules
        for line in violations(rules.get(name), name, value)
    ]
    if require:
        lines += [
            f"{name}: The attribute is required" for name in required(schema) if not attributes.get(name)
        ]
    if lines:
        raise InvalidParameter("Attributes did not conform to the schema: " + joined(lines))
    check_formats(attributes)


def check_change(schema: Schema, changes: Mapping[str, str], *, pinned: Iterable[str] = ()) -> None:
    """Changes to an existing user's attributes against the schema; an empty value asks for deletion.

    `pinned` names attributes that must not go although the schema doesn't require them: those that the user
    signs in with. The texts are recorded.
    """
    rules = by_name(schema)
    unknown = [name for name in changes if name not in rules]
    if unknown:
        raise InvalidParameter(
            joined(f"user.{name}: Attribute does not exist in the schema." for name in unknown)
        )
    fixed = [name for name in changes if not rules[name].get("Mutable")]
    if fixed:
        raise InvalidParameter(joined(f"user.{name}: Attribute cannot be updated." for name in fixed))
    kept = {*required(schema), *pinned}
    lines = [
        f"{name}: Required attribute cannot be deleted."
        for name in changes
        if not changes[name] and name in kept
    ]
    lines += [
        line for name, value in changes.items() if value for line in violations(rules[name], name, value)
    ]
    if lines:
        raise InvalidParameter("Invalid user attributes: " + joined(lines))
    check_formats(changes)


def check_deletion(schema: Schema, names: Iterable[str], *, pinned: Iterable[str] = ()) -> None:
    """DeleteUserAttributes and its admin twin, by the rules of a change to nothing."""
    check_change(schema, dict.fromkeys(names, ""), pinned=pinned)


def changed(current: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """The attributes after a change.

    A new e-mail or phone number is unverified unless the change itself says otherwise, and a verified flag
    goes with its attribute.
    """
    after = {**current, **changes}
    for flag, name in VERIFIED_FLAGS.items():
        if name not in changes or flag in changes:
            continue
        if not changes[name]:
            after.pop(flag, None)
        elif changes[name] != current.get(name):
            after[flag] = "false"
    return {name: value for name, value in after.items() if value}


def awaiting_verification(
    pool: Document, current: Mapping[str, str], changes: Mapping[str, str]
) -> dict[str, str]:
    """Those of the changes that wait until the user has shown to read what is sent to the new address or number.

    The pool says which attributes do, at AttributesRequireVerificationBeforeUpdate; an administrator who sets the
    verified flag as well gets the new value at once (documented at AdminUpdateUserAttributes).
    """
    waiting = pool.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate", ())
    return {
        name: changes[name]
        for flag, name in VERIFIED_FLAGS.items()
        if name in waiting
        and changes.get(name)
        and changes[name] != current.get(name)
        and changes.get(flag) != "true"
    }


def to_be_verified(pool: Document, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """What of a change the pool verifies by itself: a new address or number that nobody has called verified."""
    return {
        name: after[name]
        for flag, name in VERIFIED_FLAGS.items()
        if name in pool.get("AutoVerifiedAttributes", ())
        and after.get(name)
        and after[name] != before.get(name)
        and after.get(flag) != "true"
    }


def by_name(schema: Schema) -> dict[str, Mapping[str, Any]]:
    return {rule["Name"]: rule for rule in schema}


def required(schema: Schema) -> list[str]:
    """The names of the attributes that sign-up needs; the sub is given by the server."""
    return [rule["Name"] for rule in schema if rule.get("Required") and rule["Name"] != "sub"]


def violations(rule: Mapping[str, Any] | None, name: str, value: str) -> Iterable[str]:
    """What is wrong with one value. The string texts are recorded, those of the other types assumed."""
    if rule is None:
        yield f"{name}: Attribute does not exist in the schema."
        return
    match rule.get("AttributeDataType"):
        case "Number":
            yield from number_violations(rule.get("NumberAttributeConstraints") or {}, name, value)
        case "Boolean":
            if value.lower() not in ("true", "false"):
                yield f"{name}: Must be a boolean"
        case "DateTime":
            if not is_time(value):
                yield f"{name}: Must be a date and time"
        case _:
            yield from string_violations(rule.get("StringAttributeConstraints") or {}, name, value)


def string_violations(limits: Mapping[str, str], name: str, value: str) -> Iterable[str]:
    longest = min(int(limits.get("MaxLength") or MAX_LENGTH), MAX_LENGTH)
    shortest = int(limits.get("MinLength") or 0)
    if len(value) > longest:
        yield f"{name}: String must be no longer than {longest} characters"
    if len(value) < shortest:
        yield f"{name}: String must be no shorter than {shortest} characters"


def number_violations(limits: Mapping[str, str], name: str, value: str) -> Iterable[str]:
    if not NUMBER.fullmatch(value):
        yield f"{name}: Must be a number"
        return
    if limits.get("MaxValue") and int(value) > int(limits["MaxValue"]):
        yield f"{name}: Number must be no greater than {limits['MaxValue']}"
    if limits.get("MinValue") and int(value) < int(limits["MinValue"]):
        yield f"{name}: Number must be no less than {limits['MinValue']}"


def is_time(value: str) -> bool:
    """ISO 8601, or epoch milliseconds."""
    if NUMBER.fullmatch(value):
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def check_formats(attributes: Mapping[str, str]) -> None:
    """E-mail address and phone number, each with an error of its own (recorded texts)."""
    if attributes.get("email") and not is_email(attributes["email"]):
        raise InvalidParameter("Invalid email address format.")
    if attributes.get("phone_number") and not is_phone_number(attributes["phone_number"]):
        raise InvalidParameter("Invalid phone number format.")


def check_flags(changes: Mapping[str, str], after: Mapping[str, str]) -> None:
    """A verified flag is of an attribute that the user has after the change (texts as cognito-local has them)."""
    if changes.get("email_verified") and not after.get("email"):
        raise InvalidParameter("Email is required to verify/un-verify an email")
    if changes.get("phone_number_verified") and not after.get("phone_number"):
        raise InvalidParameter("Phone Number is required to verify/un-verify a phone number")


def joined(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)
