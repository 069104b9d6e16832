"""Where this Cenote stands: its region and account, the URL it is reached at, the issuer it writes."""

from dataclasses import dataclass
from typing import Literal



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

    def issuer(self, pool_id: str) -> str:
        """The `iss` of a pool's tokens; with `aws` the form that verifiers derive from a pool id."""
        if self.issuer_form == "aws":
            region = pool_id.partition("_")[0]
            return f"https://cognito-idp.{region}.amazonaws.com/{pool_id}"
        return f"{self.public_url}/{pool_id}"

    def pool_arn(self, pool_id: str) -> str:
        region = pool_id.partition("_")[0]
        return f"arn:aws:cognito-idp:{region}:{self.account_id}:userpool/{pool_id}"
