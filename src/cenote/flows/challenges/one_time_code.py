"""SMS_MFA, EMAIL_OTP and SMS_OTP: a code that was sent to the user's number or address.

EMAIL_OTP is a second factor, and in a choice-based sign-in a first one: which, is told by what was proved before. The
code's hash travels in the sealed ticket, so a code is good for its own challenge only and as long as that is.
As a first factor it is asked of names that nobody has, too: then everything is done, and nothing sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from cenote.domain import attributes as attribute_rules
from cenote.domain import codes, identifiers, message_templates, usernames
from cenote.domain import delivery as deliveries
from cenote.domain.codes import Purpose
from cenote.domain.delivery import Attribute, Delivery
from cenote.domain.errors import CodeMismatch, NotAuthorized, TooManyRequests
from cenote.domain.sign_in import FIRST_FACTORS, Proof
from cenote.domain.users import User
from cenote.flows import attributes, delivery
from cenote.flows.attempt import INVALID_SESSION, Asked, Attempt, Ticket, Verdict, required
from cenote.flows.challenges.earlier_proofs import require_current
from cenote.flows.challenges.parameters import second_factor
from cenote.flows.challenges.software_token_mfa import MISMATCH
from cenote.flows.delivery import HOUR, TOO_MANY
from cenote.flows.triggers import custom_message
from cenote.flows.triggers.custom_message import Source
from cenote.flows.triggers.firing import Occasion

# How often an hour a user, or a name, may have a code sent for signing in: more than anybody signs in, and too few to
# flood somebody's phone (SECURITY.md case 81).
SENDS: Final = 20


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """What a ticket holds of a code: its hash, and the address or number that it went to.

    `new` tells that the code is to make it the user's, who has none yet.
    """

    code_hash: bytes
    destination: str
    new: bool = False


_decode = msgspec.msgpack.Decoder(Sent).decode


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """One challenge of the kind: by its name, through which attribute."""

    name: str
    attribute: Attribute

    async def issue(self, attempt: Attempt, parameters: Mapping[str, str]) -> Asked:  # noqa: ARG002 - the Protocol's
        ctx, pool = attempt.ctx, attempt.pool
        value = attempt.attributes.get(self.attribute, "")
        name = usernames.key(pool.document, attempt.typed)
        to = (
            Delivery(self.attribute, value)
            if value
            else deliveries.decoy_at(self.attribute, attempt.decoy_key(), name)
        )
        code = identifiers.new_code(ctx.entropy(16))
        worded, occasion = pool, Occasion(ctx, pool, attempt.client, attempt.metadata)
        if attempt.user is not None and value:
            worded = await custom_message.worded(occasion, attempt.user, Source.AUTHENTICATION, (to.medium,))
        content = message_templates.sign_in(worded.document, to.medium, code)
        async with ctx.store.transaction():
            if not await ctx.store.attempts.spend(
                pool.pool_id, attempt.subject, "send sign_in", limit=SENDS, now=ctx.clock(), window=HOUR
            ):
                raise TooManyRequests(TOO_MANY)
            if attempt.user is not None and value:
                await delivery.send(occasion, pool, attempt.user, Source.AUTHENTICATION, to, content)
            else:
                await delivery.pretend(ctx, pool, to, content)
        shown = {
            "CODE_DELIVERY_DELIVERY_MEDIUM": to.medium,
            "CODE_DELIVERY_DESTINATION": deliveries.masked(to.attribute, to.destination),
        }
        sent = Sent(self._hashed(attempt, code), value, new=self._is_new(attempt))
        return Asked(
            second_factor(attempt, **shown) if attempt.proved & FIRST_FACTORS else shown,
            data=msgspec.msgpack.encode(sent),
        )

    async def answer(self, attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
        if ticket is None:
            raise TypeError("a code answers the challenge that it was sent for")
        guess = required(responses, f"{self.name}_CODE")
        sent = _decode(ticket.data)
        key, subject = attempt.pool.sealer.derive("codes"), attempt.subject
        right = codes.matches(
            sent.code_hash, key, guess, pool_id=attempt.pool.pool_id, sub=subject, purpose=Purpose.SIGN_IN
        )
        proof = Proof.MFA if attempt.proved & FIRST_FACTORS else Proof.CODE
        user = attempt.user
        # A code proves the address that it was sent to, so nothing once the user has another.
        held = "" if user is None else user.attributes.get(self.attribute, "")
        if not right or user is None or held != ("" if sent.new else sent.destination):
            return Verdict(proof, CodeMismatch(MISMATCH), code=True)
        return Verdict(proof, code=True, write=lambda: self._accept(attempt, ticket, sent))

    def _is_new(self, attempt: Attempt) -> bool:
        return attempt.new_contact is not None and attempt.new_contact[0] == self.attribute

    def _hashed(self, attempt: Attempt, code: str) -> bytes:
        return codes.hashed(
            attempt.pool.sealer.derive("codes"),
            code,
            pool_id=attempt.pool.pool_id,
            sub=attempt.subject,
            purpose=Purpose.SIGN_IN,
        )

    async def _accept(self, attempt: Attempt, ticket: Ticket, sent: Sent) -> None:
        await require_current(attempt, ticket)
        await (self._add(attempt, sent.destination) if sent.new else self._verify(attempt))

    async def _add(self, attempt: Attempt, destination: str) -> None:
        """Gives the user the address or number whose code came back; AliasExists where another signs in by it."""
        ctx, pool = attempt.ctx, attempt.pool
        if attempt.user is None:
            raise TypeError("nobody sets up a second factor")
        user = await ctx.store.users.get(pool.pool_id, attempt.user.sub)
        if user.attributes.get(self.attribute):
            # Somebody has given the user another one meanwhile.
            raise NotAuthorized(INVALID_SESSION)
        verified = {self.attribute: destination, f"{self.attribute}_verified": "true"}
        attempt.user = await attributes.store(ctx, pool, user, {**user.attributes, **verified})

    async def _verify(self, attempt: Attempt) -> None:
        """Marks the address as verified: its holder has just read what was sent there (documented).

        Not where somebody else is found by it already: the sign-in is this user's all the same.
        """
        ctx, pool = attempt.ctx, attempt.pool
        if attempt.user is None or attempt.user.attributes.get(f"{self.attribute}_verified") == "true":
            return
        user = await ctx.store.users.get(pool.pool_id, attempt.user.sub)
        if await self._is_taken(attempt, user):
            return
        after = attribute_rules.changed(user.attributes, {f"{self.attribute}_verified": "true"})
        attempt.user = await attributes.store(ctx, pool, user, after)

    async def _is_taken(self, attempt: Attempt, user: User) -> bool:
        document = attempt.pool.document
        name = usernames.key(document, user.attributes.get(self.attribute, ""))
        holder = await attempt.ctx.store.users.name_holder(attempt.pool.pool_id, self.attribute, name)
        return holder not in {None, user.sub}


SMS_MFA: Final = OneTimeCode("SMS_MFA", "phone_number")
SMS_OTP: Final = OneTimeCode("SMS_OTP", "phone_number")
EMAIL_OTP: Final = OneTimeCode("EMAIL_OTP", "email")
