"""An entry of a user's history."""

from dataclasses import dataclass, field

from cenote.domain.origins import Origin


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody said of an event later: Valid or Invalid, who, and when (epoch ms)."""

    value: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class AuthEvent:
    """One thing that happened, by AWS's words for its type, response, risk level and decision.

    `challenges` are pairs of a challenge (Password, Mfa) and its outcome (Success, Failure).
    """

    pool_id: str
    sub: str
    event_id: str
    event_type: str
    created_at: int
    response: str
    origin: Origin
    risk_level: str = ""
    risk_decision: str = "NoRisk"
    compromised: bool = False
    challenges: tuple[tuple[str, str], ...] = field(default=())
    feedback: Feedback | None = None
