"""Whom a request speaks for: what an app says of its user's address, browser and device."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from cenote.domain import origins
from cenote.flows.context import Context
from cenote.store.clients import Client

USER_AGENT = "user-agent"


def seen(ctx: Context, client: Client, req: Mapping[str, Any]) -> Context:
    """The context with the facts of the user that the request speaks for, where it says any.

    ContextData comes from a server with credentials and is believed. UserContextData comes from anybody: its address
    counts only for a client that proves a secret and may pass addresses on (documented in "Adding user device and
    session data to API requests").
    """
    facts = ctx.request
    data = req.get("ContextData")
    if data is not None:
        origins.check_address(data["IpAddress"])
        headers = {
            header.get("headerName", "").lower(): header.get("headerValue", "")
            for header in data["HttpHeaders"]
        }
        facts = replace(
            facts,
            address=data["IpAddress"],
            user_agent=headers.get(USER_AGENT, facts.user_agent),
            context=data.get("EncodedData", ""),
        )
    given = req.get("UserContextData")
    if given is not None:
        facts = replace(facts, context=given.get("EncodedData", ""))
        if "IpAddress" in given and client.document["EnablePropagateAdditionalUserContextData"]:
            origins.check_address(given["IpAddress"])
            facts = replace(facts, address=given["IpAddress"])
    return ctx if facts is ctx.request else replace(ctx, request=facts)
