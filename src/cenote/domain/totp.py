"""Time-based one-time passwords (RFC 6238): six digits of HMAC-SHA1, a new one every 30 seconds.

Only SHA-1, as at Cognito (documented in "TOTP software token MFA"), which is also all that every authenticator app
can do. The time is the server's, and a code is good for one step to either side of it (SECURITY.md case 43).
"""

import base64
import hmac
from typing import Final
from urllib.parse import quote, urlencode

STEP: Final = 30_000
"""How long a code is good, in ms."""
DIGITS: Final = 6
WINDOW: Final = 1
# 52 characters of base32, as Cognito gives them (recorded).
SECRET_SIZE: Final = 32


def step_at(now: int) -> int:
    """The number of the step that a moment (epoch ms) lies in."""
    return now // STEP


def code_at(secret: bytes, step: int) -> str:
    """The code of a step (RFC 4226, section 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), "sha1").digest()
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, code: str, now: int) -> int | None:
    """The newest step within the window whose code this is, None if it is none's.

    Every step is compared, in constant time: how long it takes tells nothing.
    """
    given, current = code.encode("utf-8", "surrogatepass"), step_at(now)
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), given):
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """The secret as people type it: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def secret_of(text: str) -> bytes:
    """The secret that `secret_text` wrote."""
    return base64.b32decode(text + "=" * (-len(text) % 8))


def uri(secret: bytes, account: str, issuer: str) -> str:
    """The `otpauth://` address that a QR code holds (Google Authenticator's "Key Uri Format").

    The label is issuer and account with a colon between, so neither may hold one that is not encoded; the issuer
    stands among the parameters once more, for apps that don't read the label. What has its default (algorithm,
    digits, period) is left out.
    """
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret_text(secret), 'issuer': issuer}, quote_via=quote)}"
