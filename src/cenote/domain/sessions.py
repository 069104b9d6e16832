"""A session: one sign-in of one user through one client, and every token that came of it."""

import msgspec

from cenote.domain.oauth import Grant


class Session(msgspec.Struct, frozen=True):
    """`session_id` is the origin_jti of its tokens; `generation` counts rotations of its refresh token.

    `client_revision` and `pool_revision` are the app client's and the pool's when the session was read. `device_key`
    is the device that signed in, or the key that was given out for it, in a pool that tracks devices. `grant` is what
    an OAuth authorization gave it; None for a sign-in by the API. `grouped` tells that its user may be in groups.
    """

    pool_id: str
    session_id: str
    sub: str
    client_id: str
    auth_time: int
    expires_at: int
    revoked_at: int | None = None
    generation: int = 0
    rotated_at: int | None = None
    client_revision: int = 0
    device_key: str | None = None
    pool_revision: int = 0
    grant: Grant | None = None
    grouped: bool = True
