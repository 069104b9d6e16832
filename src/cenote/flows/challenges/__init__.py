"""One module a challenge: `issue()` asks it, `answer()` checks what came back.

Which challenge comes when is decided in `domain/sign_in.py`, never here. A module that is not in `CHALLENGES`
does not exist: adding a challenge is a module, its entry, and a row of the transition table.
"""

from collections.abc import Mapping
from typing import Protocol

from cenote.flows.attempt import Asked, Attempt, Ticket, Verdict
from cenote.flows.challenges import (
    custom_challenge,
    device_password_verifier,
    device_srp_auth,
    mfa_setup,
    new_password_required,
    one_time_code,
    password,
    password_verifier,
    select_challenge,
    select_mfa_type,
    software_token_mfa,
    web_authn,
)


class Challenge(Protocol):
    """What a challenge module offers."""

    async def issue(self, attempt: Attempt, parameters: Mapping[str, str]) -> Asked:
        """The parameters that the client sees, and what the answer will be checked against."""
        ...

    async def answer(self, attempt: Attempt, ticket: Ticket | None, responses: Mapping[str, str]) -> Verdict:
        """Whether the responses are right. Reads and computes only: what it wants written is in the verdict."""
        ...


CHALLENGES: Mapping[str, Challenge] = {
    "PASSWORD": password,
    "PASSWORD_VERIFIER": password_verifier,
    "NEW_PASSWORD_REQUIRED": new_password_required,
    "CUSTOM_CHALLENGE": custom_challenge,
    "SELECT_CHALLENGE": select_challenge,
    "SMS_MFA": one_time_code.SMS_MFA,
    "SMS_OTP": one_time_code.SMS_OTP,
    "EMAIL_OTP": one_time_code.EMAIL_OTP,
    "SOFTWARE_TOKEN_MFA": software_token_mfa,
    "SELECT_MFA_TYPE": select_mfa_type,
    "MFA_SETUP": mfa_setup,
    "DEVICE_SRP_AUTH": device_srp_auth,
    "DEVICE_PASSWORD_VERIFIER": device_password_verifier,
    "WEB_AUTHN": web_authn,
}
