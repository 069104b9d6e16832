"""Where this Cenote stands: its region and account, the URL it is reached at, the issuer it writes."""

from dataclasses import dataclass
from typing import Literal

from cenote.domain import identifiers


@dataclass(frozen=True, slots=True)
class Deployment:
    """What every node of one installation agrees on.

    `public_url` has no trailing slash. It is the only source of URLs in tokens, documents and messages: a
    request's Host header never is (SECURITY.md case 73).
    """

    region: str
    account_id: str
    public_url: str
    issuer_form: Literal["own", "aws"] = "own"
    # The routes (`domain.messages`) that messages really leave by; what takes another is kept for the outbox.
    routes: frozenset[str] = frozenset()
    # How many messages an hour go to one address or number, as far as pools' users ask for them; 0 for any number.
    most_to_one: int = 0
    # Where pools may export their logs to: services of AWS by their names, or `file`.
    log_sinks: frozenset[str] = frozenset()

    def issuer(self, pool_id: str) -> str:
        """The `iss` of a pool's tokens; with `aws` the form that verifiers derive from a pool id."""
        if self.issuer_form == "aws":
            return f"https://cognito-idp.{identifiers.region_of(pool_id)}.amazonaws.com/{pool_id}"
        return f"{self.public_url}/{pool_id}"

    def pool_arn(self, pool_id: str) -> str:
        return identifiers.user_pool_arn(self.account_id, pool_id)
