"""A browser session: a user who signed in on a pool's pages, and may go on to other apps without being asked again."""

from typing import Final

import msgspec

# No app reuses a session for longer (the most that SetUserPoolClientSessionConfiguration takes: 129600 minutes).
LIFETIME: Final = 129_600 * 60_000


class BrowserSession(msgspec.Struct, frozen=True):
    """`auth_time` is when its user proved who they are, `amr` by what; times are epoch milliseconds."""

    pool_id: str
    session_id: str
    sub: str
    client_id: str
    auth_time: int
    amr: tuple[str, ...]
    expires_at: int
    revoked_at: int | None = None
    device_key: str | None = None
