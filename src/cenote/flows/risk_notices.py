"""The e-mail about a risky sign-in, the links and the token in it that let its reader say whether it was them."""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from msgspec.structs import replace

from cenote.domain import delivery as deliveries
from cenote.domain import risk, sealed_tokens
from cenote.domain.auth_events import Feedback
from cenote.domain.delivery import Delivery
from cenote.domain.errors import NotAuthorized, ResourceNotFound
from cenote.domain.message_templates import Content
from cenote.domain.origins import Origin
from cenote.domain.risk import Document
from cenote.domain.users import User
from cenote.flows import accounts, delivery
from cenote.flows.context import Context
from cenote.flows.triggers import custom_senders
from cenote.flows.triggers.firing import Occasion
from cenote.store.clients import Client
from cenote.store.pools import Pool

# How many of these an hour anybody gets, whatever is tried on their account (SECURITY.md case 81).
MOST: Final = 5
HOUR: Final = 3600 * 1000
# The page behind the links.
FEEDBACK_PATH: Final = "/riskFeedback"
_PLACEHOLDER: Final = re.compile(r"\{([a-z-]+)\}")


async def send(
    ctx: Context,
    pool: Pool,
    client: Client,
    user: User,
    settings: Document,
    action: str,
    event_id: str,
    origin: Origin,
) -> None:
    """Queues the mail for what was done, in the caller's transaction; nothing for who has no verified address."""
    if not user.attributes.get("email") or user.attributes.get("email_verified") != "true":
        return
    notify = settings["AccountTakeoverRiskConfiguration"].get("NotifyConfiguration", {})
    template = notify.get(risk.EMAILS[action])
    if template is None:
        return
    within = await ctx.store.attempts.spend(
        pool.pool_id, user.sub, "send risk", limit=MOST, now=ctx.clock(), window=HOUR
    )
    if not within:
        return
    values = {
        "username": user.username,
        "ip-address": origin.address,
        "device-name": origin.device_name,
        "city": "unknown",
        "country": "unknown",
        "login-time": datetime.fromtimestamp(ctx.clock() / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "event-id": event_id,
        "feedback-token": feedback_token(ctx, pool, user, event_id),
    }
    values |= {name: link(ctx, client, values, said) for name, said in risk.ONE_CLICK.items()}
    to = Delivery("email", user.attributes["email"])
    deliveries.require_single_recipient(to)
    handed = custom_senders.handed(
        Occasion(ctx, pool, client), user, custom_senders.TAKE_OVER, to, told(values, action)
    )
    message = delivery.written(ctx, pool, to, content(template, values), handed)
    message = replace(
        message,
        source=notify.get("From", message.source),
        reply_to=notify.get("ReplyTo", message.reply_to),
        html="HtmlBody" in template,
    )
    await ctx.store.messages.add(pool.sealer, message, state=delivery.state_of(ctx, message))


def told(values: dict[str, str], action: str) -> dict[str, str]:
    """What a function that delivers mail hears in place of attributes (names as in AWS's type definitions for Lambda
    functions).
    """
    return {
        "EVENT_ID": values["event-id"],
        "USER_NAME": values["username"],
        "IP_ADDRESS": values["ip-address"],
        "ACCOUNT_TAKE_OVER_ACTION": action,
        "LOGIN_TIME": values["login-time"],
        "FEEDBACK_TOKEN": values["feedback-token"],
        "CITY": values["city"],
        "COUNTRY": values["country"],
        "DEVICE_NAME": values["device-name"],
        "ONE_CLICK_LINK_VALID": values["one-click-link-valid"],
        "ONE_CLICK_LINK_INVALID": values["one-click-link-invalid"],
    }


def link(ctx: Context, client: Client, values: dict[str, str], said: str) -> str:
    """The address of the page on which a reader says this of the sign-in."""
    query = {
        "client_id": client.client_id,
        "user_name": values["username"],
        "event_id": values["event-id"],
        "feedback_token": values["feedback-token"],
        "feedback_value": said,
    }
    return f"{ctx.deployment.public_url}{FEEDBACK_PATH}?{urlencode(query)}"


def content(template: Document, values: dict[str, str]) -> Content:
    """The template filled in. What is HTML gets its values escaped, a subject gets them on one line."""
    is_html = "HtmlBody" in template
    escaped = {name: html.escape(value) if is_html else value for name, value in values.items()}
    body = filled(template.get("HtmlBody") or template["TextBody"], escaped)
    subject = " ".join(filled(template["Subject"], values).split())
    return Content(subject=subject, body=body, code=None, link=None)


def filled(text: str, values: Mapping[str, str]) -> str:
    """In one pass: nothing that is filled in is taken for a placeholder."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def feedback_token(ctx: Context, pool: Pool, user: User, event_id: str) -> str:
    nonce = ctx.entropy(sealed_tokens.NONCE_SIZE)
    return sealed_tokens.seal(
        pool.sealer.derive("feedback"), nonce, purpose(user.sub, event_id), event_id.encode()
    )


def allows_feedback(pool: Pool, sub: str, event_id: str, token: str) -> bool:
    """Whether the token came in the mail about this event of this user."""
    return (
        sealed_tokens.open_(pool.sealer.derive("feedback"), purpose(sub, event_id), token)
        == event_id.encode()
    )


async def answered(ctx: Context, pool: Pool, username: str, event_id: str, token: str, value: str) -> None:
    """Keeps what a reader of the mail says. To anybody else nothing is told: NotAuthorized (text assumed).

    UserPoolAddOnNotEnabled where the pool is not protected any more.
    """
    risk.require_add_ons(pool.document)
    user = await accounts.find(ctx, pool, username)
    sub = "" if user is None else user.sub
    allowed = allows_feedback(pool, sub, event_id, token)
    if user is None or not allowed:
        raise NotAuthorized("Invalid feedback token.")
    await keep(ctx, pool, user, event_id, value, by="User")


async def keep(ctx: Context, pool: Pool, user: User, event_id: str, value: str, *, by: str) -> None:
    feedback = Feedback(value, by, ctx.clock())
    async with ctx.store.transaction():
        if not await ctx.store.auth_events.set_feedback(pool.pool_id, user.sub, event_id, feedback):
            raise ResourceNotFound("Authentication event does not exist.")  # assumed


def purpose(sub: str, event_id: str) -> str:
    return f"feedback {sub} {event_id}"
