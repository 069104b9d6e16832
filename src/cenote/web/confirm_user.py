"""The page behind a confirmation link, which is `/confirmUser` on a pool's domain at Cognito.

Cognito confirms on GET. Mail scanners fetch what they find in a mail, so here GET asks and POST confirms (SECURITY.md
case 51). The code is what authorises: no cookie is involved that a foreign page could ride on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cenote.domain.errors import CognitoError
from cenote.flows import sign_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2

    from cenote.flows.context import Context

FIELDS: Final = ("client_id", "user_name", "confirmation_code")
# As long as the longest members of ConfirmSignUp.
LONGEST: Final = 2048
INCOMPLETE: Final = "The link is incomplete. Open it from the message once more, or copy all of it."


def complete(parameters: Mapping[str, str]) -> bool:
    return all(0 < len(parameters.get(name, "")) <= LONGEST for name in FIELDS)


def asking(templates: jinja2.Environment, parameters: Mapping[str, str], *, nonce: str) -> tuple[int, str]:
    """Status and page of GET: a button that sends the link's parameters back."""
    if not complete(parameters):
        return failed(templates, INCOMPLETE, nonce=nonce)
    fields = [(name, parameters[name]) for name in FIELDS]
    page = templates.get_template("confirm_user.html").render(state="ask", fields=fields, nonce=nonce)
    return 200, page


async def confirming(
    ctx: Context, templates: jinja2.Environment, parameters: Mapping[str, str], *, nonce: str
) -> tuple[int, str]:
    """Status and page of POST: confirms the user as ConfirmSignUp does, and says what came of it."""
    if not complete(parameters):
        return failed(templates, INCOMPLETE, nonce=nonce)
    client_id, user_name, code = (parameters[name] for name in FIELDS)
    try:
        pool, client = await ctx.store.clients.resolve(client_id)
        await sign_up.confirm(ctx, pool, client, user_name, code)
    except CognitoError as error:
        return failed(templates, error.message, nonce=nonce)
    return 200, templates.get_template("confirm_user.html").render(state="done", nonce=nonce)


def failed(templates: jinja2.Environment, message: str, *, nonce: str) -> tuple[int, str]:
    page = templates.get_template("confirm_user.html").render(state="failed", message=message, nonce=nonce)
    return 400, page
