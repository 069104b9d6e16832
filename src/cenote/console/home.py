"""The welcome of a server on its own machine: where it is, what to paste, where to look."""

from collections.abc import Mapping

import jinja2

from cenote import __version__


def page(
    templates: jinja2.Environment,
    *,
    url: str,
    snippets: Mapping[str, str],
    login: str,
    account: str,
    redemption: str,
    nonce: str,
) -> str:
    """HTML. `snippets` are what to paste, by client. If there is an example, `login` leads to its login page and
    `account` says who can sign in there; `redemption` is what gives tokens to who has just come from it.
    """
    return templates.get_template("home.html").render(
        url=url,
        snippets=snippets,
        login=login,
        account=account,
        redemption=redemption,
        nonce=nonce,
        version=__version__,
    )
