"""Browsers that are remembered as devices of their users: which of them one is, in a cookie, and how it becomes one.

A pool remembers every device, or those whose user says so. To a user that matters where a remembered device stands for
the second factor, so only there they are asked, beside the code.
"""

import re
from collections.abc import Mapping
from typing import Final

from cenote.domain import devices as rules
from cenote.flows import browser_sessions, devices
from cenote.flows.sign_in import Recognised
from cenote.store.pools import Pool
from cenote.web.http import Request, cookie
from cenote.web.pages.visits import Visit

# Browsers keep no cookie longer.
LIFETIME: Final = 400 * 24 * 3600
# So many people share a browser before the first is forgotten.
MOST: Final = 5
_KEPT: Final = re.compile(
    rf"([a-z0-9_-]{{1,{rules.MOST_KEY}}})\.([0-9a-f]{{{2 * devices.SECRET_SIZE}}})", re.ASCII
)


def cookie_name(pool_id: str, *, secure: bool) -> str:
    return browser_sessions.cookie_name(f"device-{pool_id}", secure=secure)


def kept(request: Request, pool: Pool) -> Mapping[str, str]:
    """The secrets that the browser keeps, by device key, the newest first."""
    if not rules.tracks(pool.document):
        return {}
    value = request.cookies.get(cookie_name(pool.pool_id, secure=request.site.secure), "")
    found = map(_KEPT.fullmatch, value.split("~")[:MOST])
    return {match[1]: match[2] for match in found if match}


def asks(pool: Pool) -> bool:
    """Whether a page asks its user for the browser to be remembered."""
    return rules.tracks(pool.document) and rules.asks_user(pool.document) and rules.replace_mfa(pool.document)


async def remember(visit: Visit, outcome: Recognised) -> None:
    """Remembers the browser of a sign-in that has just been done, where the pool or the user wants it."""
    pool, request, new = visit.pool, visit.request, outcome.new_device
    if new is None:
        return
    wished = asks(pool) and request.form.get("remember") == "yes"
    if rules.asks_user(pool.document) and not wished:
        return
    key = new["DeviceKey"]
    secret = await devices.remember(visit.ctx, pool, outcome.user, key)
    secrets = {key: secret, **kept(request, pool)}
    value = "~".join(f"{key}.{secret}" for key, secret in list(secrets.items())[:MOST])
    secure = request.site.secure
    visit.cookies.append(
        cookie(cookie_name(pool.pool_id, secure=secure), value, secure=secure, max_age=LIFETIME)
    )
