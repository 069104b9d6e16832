"""The error page."""

import html
import logging
from typing import TYPE_CHECKING

from cenote.web import http
from cenote.web.http import Answer, Request
from cenote.web.problems import Problem

if TYPE_CHECKING:
    from cenote.web.router import Web

log = logging.getLogger("cenote.web")


def page_of(code: str) -> bytes:
    return f"<!doctype html><title>Error</title><h1>Something went wrong</h1><p>{html.escape(code)}".encode()


def page(web: "Web", request: Request, problem: Problem, *, reference: str = "") -> Answer:
    log.info("an error page", extra={"code": problem.code, "path": request.path, "reference": reference})
    return http.page(problem.status, page_of(problem.code), web.nonce())
