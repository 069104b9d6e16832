"""MFA_SETUP: a user of a pool that insists on a second factor, and who has none, sets one up.

An authenticator app is set up through AssociateSoftwareToken and VerifySoftwareToken (`flows/software_tokens.py`),
each of which takes a `Session` and gives the next; the last one is the answer here. An address may be the answer, too
(`EMAIL`, which Amplify sends): a code goes there, and once it has come back the address is the user's. At the API a
phone number is added to the user, and the sign-in begun again (documented at RespondToAuthChallenge); on the pages,
where nobody else would add it, it is the answer as an address is.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from cenote.domain import attributes, mfa
from cenote.domain.delivery import Attribute
from cenote.domain.errors import InvalidParameter, NotAuthorized
from cenote.domain.sign_in import Proof
from cenote.flows import factors
from cenote.flows.attempt import INVALID_SESSION, Asked, Attempt, Door, Ticket, Verdict
from cenote.flows.challenges.earlier_proofs import require_current
from cenote.flows.challenges.parameters import listed, second_factor

EMAIL: Final = "EMAIL"
PHONE_NUMBER: Final = "PHONE_NUMBER"
# What the ticket holds: nothing, a secret that waits for its first code, or the mark of one that was verified.
_OFFERED: Final = b"secret:"
_VERIFIED: Final = b"verified:"


async def issue(attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG001 - the Protocol's
    can_set_up = (await factors.second(attempt)).can_set_up
    return Asked(second_factor(attempt, MFAS_CAN_SETUP=listed(can_set_up)))


async def answer(attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
    if ticket is None or attempt.user is None:
        raise TypeError("only a known user is asked to set up a second factor")
    if EMAIL in responses:
        return await contact(attempt, mfa.EMAIL, "email", responses[EMAIL])
    if PHONE_NUMBER in responses and attempt.door is Door.PAGES:
        return await contact(attempt, mfa.SMS, "phone_number", responses[PHONE_NUMBER])
    if not ticket.data.startswith(_VERIFIED):
        # recorded as the text of SetUserMFAPreference; for this call it is assumed
        raise InvalidParameter("User has not set up software token mfa")
    pool, sub, store = attempt.pool, attempt.user.sub, attempt.ctx.store

    async def require_same() -> None:
        await require_current(attempt, ticket)
        token = await store.factors.software_token(pool, sub)
        if token is None or not hmac.compare_digest(verified(token.secret), ticket.data):
            raise NotAuthorized(INVALID_SESSION)

    return Verdict(Proof.MFA, counts=False, write=require_same)


async def contact(attempt: Attempt, factor: str, attribute: Attribute, value: str) -> Verdict:
    """Proves nothing: the code that goes there is asked for next. What cannot be set up uses nothing up."""
    if factor not in (await factors.second(attempt)).can_set_up:
        raise InvalidParameter(f"{factor} is not an MFA type that the user can set up.")  # assumed
    if not value:
        raise InvalidParameter(f"Missing required parameter {attribute.upper()}")
    schema = attempt.pool.document["SchemaAttributes"]
    attributes.authorize_write(schema, attempt.client.document, [attribute])
    attributes.check_change(schema, {attribute: value})
    attempt.new_contact = (attribute, value)
    return Verdict(counts=False, chosen=factor)


def offered(secret: bytes) -> bytes:
    """The ticket's data while a secret waits for its first code."""
    return _OFFERED + secret


def secret_in(ticket: Ticket) -> bytes | None:
    """The secret that waits, if one does."""
    return ticket.data.removeprefix(_OFFERED) if ticket.data.startswith(_OFFERED) else None


def verified(secret: bytes) -> bytes:
    """The ticket's data once a code of the secret was right: its mark, not the secret."""
    return _VERIFIED + hashlib.sha256(secret).digest()
