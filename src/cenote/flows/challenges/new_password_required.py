"""NEW_PASSWORD_REQUIRED: whoever signed in with a temporary password sets one of their own.

On the wire `requiredAttributes` and `userAttributes` are JSON in strings, and required attributes that are
still missing come back as `userAttributes.<name>` (documented at RespondToAuthChallenge).
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from cenote.domain import attributes, users
from cenote.domain.errors import InvalidParameter, NotAuthorized
from cenote.domain.passwords import Wording
from cenote.domain.sign_in import Proof
from cenote.domain.users import User
from cenote.flows import attributes as attribute_flow
from cenote.flows import passwords, protection
from cenote.flows.attempt import INVALID_SESSION, Asked, Attempt, Ticket, Verdict, required
from cenote.store.engine import Conflict
from cenote.store.users import StoredPassword

PREFIX: Final = "userAttributes."


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    user = user_of(attempt)
    stored = await attempt.ctx.store.users.password(attempt.pool, user.sub)
    return Asked(
        parameters={
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": json([PREFIX + name for name in missing(attempt, user)]),
            "userAttributes": json(attributes.readable(attempt.client.document, user.attributes)),
        },
        data=fingerprint(stored),
    )


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    """Errors in what was sent are raised before the ticket is used up: its bearer may try again."""
    user, ctx, pool = user_of(attempt), attempt.ctx, attempt.pool
    stored = await ctx.store.users.password(pool, user.sub)
    if ticket is None or ticket.data != fingerprint(stored):
        # The temporary password that was proved has been replaced since, and with it the right to this.
        raise NotAuthorized(INVALID_SESSION)
    wanted = required(responses, "NEW_PASSWORD")
    added = new_attributes(attempt, user, responses)
    await protection.check_new_password(ctx, pool, attempt.client, wanted, "PASSWORD_CHANGE")
    new = await passwords.prepared(ctx, pool, user.username, wanted, Wording.REPLACE, previous=stored)

    async def write() -> None:
        await passwords.replace(ctx, pool, user.sub, new, previous=stored)
        await ctx.store.users.set_status(pool.pool_id, user.sub, users.CONFIRMED, now=ctx.clock())
        current = await ctx.store.users.get(pool.pool_id, user.sub)
        if current.attributes != user.attributes:
            raise Conflict("the attributes were changed by another request")
        if added:
            after = attributes.changed(current.attributes, added)
            current = await attribute_flow.store(ctx, pool, current, after)
        attempt.user = current

    return Verdict(Proof.NEW_PASSWORD, counts=False, write=write)


def new_attributes(attempt: Attempt, user: User, responses: Mapping[str, str]) -> dict[str, str]:
    """The attributes that came with the answer, once they are all that is missing and nothing that is not.

    The two texts are recorded (amazon-cognito-identity-js reports; aws-saas-factory-bootcamp issue 67).
    """
    schema, current = attempt.pool.document["SchemaAttributes"], user.attributes
    given = {name.removeprefix(PREFIX): value for name, value in responses.items() if name.startswith(PREFIX)}
    attributes.authorize_write(schema, attempt.client.document, given)
    for name in missing(attempt, user):
        if not given.get(name):
            raise InvalidParameter(f"Invalid attributes given, {name} is missing")
    needed = set(attributes.required(schema))
    for name, value in given.items():
        # A contact that is there changes by verification only (case 55), required or not.
        contact = name in attributes.VERIFIED_FLAGS.values() and value != current.get(name)
        if current.get(name) and (name in needed or contact):
            raise NotAuthorized(f"Cannot modify an already provided {name}")
    added = {name: value for name, value in given.items() if value and value != current.get(name)}
    attributes.check_change(schema, {name: added[name] for name in added if current.get(name)})
    attributes.check_new(schema, added, require=False)
    return added


def missing(attempt: Attempt, user: User) -> list[str]:
    """The required attributes that an administrator left out."""
    names = attributes.required(attempt.pool.document["SchemaAttributes"])
    return [name for name in names if not user.attributes.get(name)]


def fingerprint(stored: StoredPassword | None) -> bytes:
    """What ties the ticket to the very password that was proved."""
    return b"" if stored is None else hashlib.sha256(stored.record).digest()


def user_of(attempt: Attempt) -> User:
    if attempt.user is None:
        raise TypeError("only a user who proved a password is asked for a new one")
    return attempt.user


def json(value: object) -> str:
    return msgspec.json.encode(value).decode()
