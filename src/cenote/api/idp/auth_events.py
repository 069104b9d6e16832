"""The history of a user's account, and what people say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cenote.api import paging, render
from cenote.api.registry import operation
from cenote.domain import risk as rules
from cenote.domain.auth_events import AuthEvent
from cenote.flows import accounts, risk_notices

if TYPE_CHECKING:
    from cenote.flows.context import Context
    from cenote.shapes import cognito_idp as shapes

PAGE: Final = 60


@operation
async def admin_list_user_auth_events(
    ctx: Context, req: shapes.AdminListUserAuthEventsRequest
) -> shapes.AdminListUserAuthEventsResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    rules.require_add_ons(pool.document)
    user = await accounts.get(ctx, pool, req["Username"])
    limit = req.get("MaxResults") or PAGE  # 0 is 60 (documented)
    before = paging.begin(ctx, req.get("NextToken"), pool.pool_id, user.sub)
    found = await ctx.store.auth_events.list_(pool.pool_id, user.sub, before=before, limit=limit + 1)
    page, token = paging.cut(ctx, found, limit, lambda event: event.event_id, pool.pool_id, user.sub)
    answer: shapes.AdminListUserAuthEventsResponse = {"AuthEvents": [described(event) for event in page]}
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
async def admin_update_auth_event_feedback(
    ctx: Context, req: shapes.AdminUpdateAuthEventFeedbackRequest
) -> shapes.AdminUpdateAuthEventFeedbackResponse:
    pool = await ctx.store.pools.get(req["UserPoolId"])
    rules.require_add_ons(pool.document)
    user = await accounts.get(ctx, pool, req["Username"])
    await risk_notices.keep(ctx, pool, user, req["EventId"], req["FeedbackValue"], by="Admin")
    return {}


@operation
async def update_auth_event_feedback(
    ctx: Context, req: shapes.UpdateAuthEventFeedbackRequest
) -> shapes.UpdateAuthEventFeedbackResponse:
    """For who has the token of the mail about this very event."""
    pool = await ctx.store.pools.get(req["UserPoolId"])
    await risk_notices.answered(
        ctx, pool, req["Username"], req["EventId"], req["FeedbackToken"], req["FeedbackValue"]
    )
    return {}


def described(event: AuthEvent) -> shapes.AuthEventType:
    """Nobody is told where an address is."""
    origin = event.origin
    risk: shapes.EventRiskType = {
        "RiskDecision": event.risk_decision,  # type: ignore[typeddict-item]
        "CompromisedCredentialsDetected": event.compromised,
    }
    if event.risk_level:
        risk["RiskLevel"] = event.risk_level  # type: ignore[typeddict-item]
    shape: shapes.AuthEventType = {
        "EventId": event.event_id,
        "EventType": event.event_type,  # type: ignore[typeddict-item]
        "CreationDate": render.seconds(event.created_at),
        "EventResponse": event.response,  # type: ignore[typeddict-item]
        "EventRisk": risk,
        "ChallengeResponses": [
            {"ChallengeName": name, "ChallengeResponse": outcome}  # type: ignore[typeddict-item]
            for name, outcome in event.challenges
        ],
        "EventContextData": {
            "IpAddress": origin.address,
            "DeviceName": origin.device_name,
            "Timezone": origin.timezone,
            "City": "unknown",
            "Country": "unknown",
        },
    }
    if event.feedback is not None:
        shape["EventFeedback"] = {
            "FeedbackValue": event.feedback.value,  # type: ignore[typeddict-item]
            "Provider": event.feedback.by,
            "FeedbackDate": render.seconds(event.feedback.at),
        }
    return shape
