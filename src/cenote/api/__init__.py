"""The AWS operations, one handler a function, one module a noun.

A handler reads a validated request, asks the store or a flow, and renders the answer. It never parses JSON
(that is `wire/`), never writes SQL (`store/`), and never decides who gets a token (`flows/`).
"""

from collections.abc import Mapping

from cenote.api import idp
from cenote.api.registry import Handler, collected

# Every operation that is built, by service and AWS's name. Found at import, so that workers share what is loaded.
OPERATIONS: Mapping[str, Mapping[str, Handler]] = {"cognito_idp": collected(idp), "cognito_identity": {}}
