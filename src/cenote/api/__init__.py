"""The AWS operations, one handler a function, one module a noun.

A handler reads a validated request, asks the store or a flow, and renders the answer. It never parses JSON
(that is `wire/`), never writes SQL (`store/`), and never decides who gets a token (`flows/`).
"""

from collections.abc import Mapping

from cenote.api import idp
from cenote.api.registry import Handler, collected

__all__ = ["operations"]


def operations() -> Mapping[str, Mapping[str, Handler]]:
    """Every operation that is built, by service and AWS's name."""
    return {"cognito_idp": collected(*idp.MODULES), "cognito_identity": {}}
