"""The error page: a sentence for people, and a code that the log knows."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cenote.web import http
from cenote.web.http import Answer, Request
from cenote.web.pages.visits import texts_of
from cenote.web.problems import Problem

if TYPE_CHECKING:
    from cenote.web.router import Web

log = logging.getLogger("cenote.web")

SENTENCES: Final[Mapping[str, str]] = {
    "client_missing": "The app did not say which app it is.",
    "client_unknown": "The app is not known here.",
    "redirect_missing": "The app did not say where to send you back to.",
    "redirect_mismatch": "The app wants to send you back to an address that is not registered for it.",
    "logout_mismatch": "The app wants to send you to an address that is not registered for it.",
    "id_token_hint": "The app could not prove which session it wants to end.",
    "invalid_request_uri": "This request is over. Please go back to the app and try again.",
    "expired_token": "This request is over. Please go back to the app and try again.",
    "link_incomplete": "The link is incomplete. Open it from the message once more, or copy all of it.",
    "temporarily_unavailable": "The service cannot answer now. Please try again soon.",
}
ANY: Final = "The request cannot be answered."


def page(web: "Web", request: Request, problem: Problem, *, reference: str = "") -> Answer:
    """`reference` is the log's, made here where there is none yet."""
    reference = reference or web.reference()
    log.info(
        "an error page was shown", extra={"code": problem.code, "path": request.path, "reference": reference}
    )
    nonce, texts = web.nonce(), texts_of(web, request)
    sentence = SENTENCES.get(problem.code, ANY)
    html = web.rendering.page(
        "problem.html", texts, nonce=nonce, sentence=texts(sentence), code=problem.code, reference=reference
    )
    return http.page(problem.status, html, nonce)
