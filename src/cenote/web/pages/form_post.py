"""The page that posts an authorization response to the client (OAuth 2.0 Form Post Response Mode)."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cenote.web import http
from cenote.web.http import Answer, Request

if TYPE_CHECKING:
    from cenote.web.router import Web


def page(web: "Web", _request: Request, action: str, fields: Mapping[str, str]) -> Answer:
    """Posted by a script at once; by a button where there are no scripts."""
    nonce = web.nonce()
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    body = (
        f'<!doctype html><title>Continue</title><form method="post" action="{html.escape(action)}">{hidden}'
        f'<button>Continue</button></form><script nonce="{nonce}">document.forms[0].submit()</script>'
    )
    return http.page(200, body.encode(), nonce, goes_to=action)
