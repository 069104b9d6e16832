"""What the second factors' challenges show alike (recorded)."""

from collections.abc import Iterable

import msgspec

from cenote.flows.attempt import Attempt


def second_factor(attempt: Attempt, **parameters: str) -> dict[str, str]:
    """ChallengeParameters: those of the challenge, and the name that the next answer goes by."""
    return {**parameters, "USER_ID_FOR_SRP": attempt.username}


def listed(names: Iterable[str]) -> str:
    """Names as they stand in MFAS_CAN_CHOOSE and MFAS_CAN_SETUP: a JSON list in a string."""
    return msgspec.json.encode(list(names)).decode()
