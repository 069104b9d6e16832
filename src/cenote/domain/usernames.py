"""The names a user can be found by: user name, sub, sign-in attributes, aliases.

A name is a pair (kind, key). Keys of one kind are unique in a pool; user names and preferred user names share
a kind, so neither can be taken for the other. `owned` says what a user is found by, `candidates` what a typed
name may mean; both fold case as the pool does.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from cenote.domain import attributes as attribute_rules
from cenote.domain.errors import AliasExists, CognitoError, InvalidParameter, UsernameExists

Document: TypeAlias = Mapping[str, Any]
Name: TypeAlias = tuple[str, str]

USERNAME: Final = "username"
SUB: Final = "sub"
EMAIL: Final = "email"
PHONE_NUMBER: Final = "phone_number"

UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def case_sensitive(pool: Document) -> bool:
    """Absent means insensitive, as for every pool made since 2020 (COGNITO.md 'Identifiers')."""
    return bool(pool.get("UsernameConfiguration", {}).get("CaseSensitive", False))


def key(pool: Document, name: str) -> str:
    """What a name is compared by.

    Simple lower case, not full folding: `straße` and `strasse` are two people.
    """
    return name if case_sensitive(pool) else name.lower()


def generates_username(pool: Document) -> bool:
    """Whether e-mail or phone number is the user name, and `Username` therefore the sub."""
    return bool(pool.get("UsernameAttributes"))


def sign_in_attribute(pool: Document, typed: str) -> str | None:
    """Which of the pool's UsernameAttributes a typed name is, if it has the form of one."""
    allowed = pool.get("UsernameAttributes", ())
    if EMAIL in allowed and attribute_rules.is_email(typed):
        return EMAIL
    if PHONE_NUMBER in allowed and attribute_rules.is_phone_number(typed):
        return PHONE_NUMBER
    return None


def is_contact(pool: Document, typed: str) -> bool:
    """Whether a typed name has the form of an e-mail address or phone number that may sign in to this pool."""
    allowed = {*pool.get("UsernameAttributes", ()), *pool.get("AliasAttributes", ())}
    return (EMAIL in allowed and attribute_rules.is_email(typed)) or (
        PHONE_NUMBER in allowed and attribute_rules.is_phone_number(typed)
    )


def check_new(pool: Document, typed: str) -> None:
    """The form a new user's name must have; InvalidParameter with AWS's texts.

    Recorded: the three "should be" texts and the e-mail one; the phone one is assumed from its beginning.
    """
    if generates_username(pool):
        if sign_in_attribute(pool, typed) is not None:
            return
        wanted = set(pool["UsernameAttributes"])
        if wanted == {EMAIL}:
            raise InvalidParameter("Username should be an email.")
        if wanted == {PHONE_NUMBER}:
            raise InvalidParameter("Username should be a phone number.")
        raise InvalidParameter("Username should be either an email or a phone number.")
    aliases = pool.get("AliasAttributes", ())
    if EMAIL in aliases and attribute_rules.is_email(typed):
        raise InvalidParameter(
            "Username cannot be of email format, since user pool is configured for email alias."
        )
    if PHONE_NUMBER in aliases and attribute_rules.is_phone_number(typed):
        raise InvalidParameter(
            "Username cannot be of phone number format, since user pool is configured for phone number alias."
        )


def candidates(pool: Document, typed: str) -> tuple[Name, ...]:
    """What a typed name may mean, in the order to look it up.

    The sub comes first where the name has its form: nobody can pass for another user by taking that user's
    sub as a name.
    """
    folded = key(pool, typed)
    found: list[Name] = []
    if UUID.fullmatch(typed):
        found.append((SUB, typed.lower()))
    if generates_username(pool):
        kind = sign_in_attribute(pool, typed)
        return (*found, (kind, folded)) if kind else tuple(found)
    found.append((USERNAME, folded))
    aliases = pool.get("AliasAttributes", ())
    if EMAIL in aliases and "@" in typed:
        found.append((EMAIL, folded))
    if PHONE_NUMBER in aliases and typed.startswith("+"):
        found.append((PHONE_NUMBER, folded))
    return tuple(found)


def owned(pool: Document, username: str, attributes: Mapping[str, str]) -> frozenset[Name]:
    """Every (kind, key) row of a user with this name and these attributes.

    The sub is not among them: it is the user's own key. E-mail and phone number count as sign-in
    attributes verified or not, as aliases only once verified.
    """
    names: set[Name] = set()
    if generates_username(pool):
        for kind in pool["UsernameAttributes"]:
            if attributes.get(kind):
                names.add((kind, key(pool, attributes[kind])))
        return frozenset(names)
    names.add((USERNAME, key(pool, username)))
    aliases = pool.get("AliasAttributes", ())
    for kind in (EMAIL, PHONE_NUMBER):
        if kind in aliases and attributes.get(kind) and attributes.get(f"{kind}_verified") == "true":
            names.add((kind, key(pool, attributes[kind])))
    if "preferred_username" in aliases and attributes.get("preferred_username"):
        names.add((USERNAME, key(pool, attributes["preferred_username"])))
    return frozenset(names)


def with_sign_in_attribute(pool: Document, typed: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """A new user's attributes with the e-mail or phone number that was given as the user name.

    Attributes that name another one contradict the request (assumed text).
    """
    kind = sign_in_attribute(pool, typed)
    if kind is None:
        return dict(attributes)
    given = attributes.get(kind)
    if given and key(pool, given) != key(pool, typed):
        noun = "email" if kind == EMAIL else "phone number"
        raise InvalidParameter(f"Username and the given {noun} must be the same.")
    return {**attributes, kind: typed}


def already_taken(kind: str, *, creating: bool) -> CognitoError:
    """The error for a name that another user has, by its kind (recorded texts).

    A new user gets UsernameExists for an alias, too: SignUp and AdminCreateUser have no other in the model
    (recorded in boto/boto3#3213, against the text of ForceAliasCreation).
    """
    if kind == USERNAME and creating:
        return UsernameExists("User already exists")
    return (UsernameExists if creating else AliasExists)(account_exists(kind))


def account_exists(kind: str) -> str:
    return f"An account with the given {kind} already exists."
