"""The page that posts an authorization response to the client (OAuth 2.0 Form Post Response Mode)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cenote.web import http
from cenote.web.http import Answer, Request
from cenote.web.pages.visits import texts_of

if TYPE_CHECKING:
    from cenote.web.router import Web


def page(web: "Web", request: Request, action: str, fields: Mapping[str, str]) -> Answer:
    """Posted by a script at once; by a button where there are no scripts."""
    nonce = web.nonce()
    html = web.rendering.page(
        "form_post.html", texts_of(web, request), nonce=nonce, action=action, fields=fields
    )
    return http.page(200, html, nonce, goes_to=action)
