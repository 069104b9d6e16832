"""What a pool exports of its log: messages that could not be delivered, and what happened to users' accounts.

The shapes are those of "Exporting logs from Amazon Cognito user pools" and of a real log's fields; what they leave open
is assumed, as said where it is.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from cenote.domain.auth_events import AuthEvent
from cenote.domain.errors import FeatureUnavailableInTier, InvalidParameter

Document: TypeAlias = Mapping[str, Any]
Source: TypeAlias = Literal["userNotification", "userAuthEvents"]

MEMBER: Final = "LogDeliveryConfiguration"
# Documented at LogConfigurationType: what each source's level is, and where it may go.
LEVELS: Final = {"userNotification": "ERROR", "userAuthEvents": "INFO"}
EVENT_SOURCES: Final = {"userNotification": "USER_NOTIFICATION", "userAuthEvents": "USER_AUTH_EVENTS"}
# Each destination's member, the member of its ARN, and the service that it is of.
DESTINATIONS: Final = {
    "CloudWatchLogsConfiguration": ("LogGroupArn", "logs"),
    "FirehoseConfiguration": ("StreamArn", "firehose"),
    "S3Configuration": ("BucketArn", "s3"),
}
# In place of any service: a file that the server's settings name.
FILE: Final = "file"
# Assumed: how the log spells what AdminListUserAuthEvents calls NoRisk, AccountTakeover and Block.
DECISIONS: Final = {"NoRisk": "PASS", "AccountTakeover": "ACCOUNT_TAKEOVER", "Block": "BLOCK"}


def configured(
    pool: Document, configurations: Sequence[Document], ways: frozenset[str]
) -> list[dict[str, Any]]:
    """The configurations, if each can be done.

    `ways` are the services that the server reaches, and FILE. InvalidParameter or FeatureUnavailableInTier otherwise
    (the texts are assumed).
    """
    sources = [one["EventSource"] for one in configurations]
    if len(set(sources)) < len(sources):
        raise InvalidParameter("Only one log configuration is allowed for each event source.")
    for one in configurations:
        check(pool, one, ways)
    return [dict(one) for one in configurations]


def check(pool: Document, one: Document, ways: frozenset[str]) -> None:
    source = one["EventSource"]
    if one["LogLevel"] != LEVELS[source]:
        raise InvalidParameter(f"The log level of {source} is {LEVELS[source]}.")
    named = [member for member in DESTINATIONS if one.get(member)]
    if len(named) != 1:
        raise InvalidParameter(f"Exactly one destination is required for {source}.")
    if source == "userNotification" and named != ["CloudWatchLogsConfiguration"]:
        raise InvalidParameter("userNotification can only be sent to CloudWatch Logs.")
    if source == "userAuthEvents" and pool.get("UserPoolTier") != "PLUS":
        raise FeatureUnavailableInTier(
            "userAuthEvents can only be exported in the PLUS tier: UserPoolTier has to be PLUS."
        )
    service, arn = destination(one)
    if arn.split(":")[2:3] != [service]:
        raise InvalidParameter(f"{named[0]} needs the ARN of a destination of its own kind.")
    if service not in ways and FILE not in ways:
        raise InvalidParameter(
            f"{named[0]}: the server's settings open no way there (logs_endpoint, firehose_endpoint, s3_endpoint, or"
            " log_export_file)."
        )


def destination(one: Document) -> tuple[str, str]:
    """The service and the ARN that a configuration names."""
    for member, (arn, service) in DESTINATIONS.items():
        if one.get(member):
            return service, str(one[member].get(arn, ""))
    return "", ""


def of_source(pool: Document, source: Source) -> Document | None:
    """The pool's configuration for a source, if it has one."""
    return next((one for one in pool.get(MEMBER, ()) if one["EventSource"] == source), None)


def enveloped(pool_id: str, source: Source, message: Document, *, now: int) -> dict[str, Any]:
    """An event as it is delivered; `now` is epoch ms."""
    return {
        "eventTimestamp": str(now),
        "eventSource": EVENT_SOURCES[source],
        "logLevel": LEVELS[source],
        "message": message,
        "logSourceId": {"userPoolId": pool_id},
    }


def undelivered(medium: str, reason: str) -> dict[str, str]:
    """What is said of a message that was given up: neither to whom it was nor what it said (SECURITY.md case 84)."""
    return {"details": f"{'SMS' if medium == 'SMS' else 'Email'} message could not be delivered: {reason}"}


def happened(
    event: AuthEvent, username: str, client_id: str, request_id: str, *, with_context: bool
) -> dict[str, Any]:
    """What is said of something that happened to a user's account. All of it is text, as in AWS's logs."""
    created = datetime.fromtimestamp(event.created_at / 1000, UTC)
    return {
        "version": "1",
        "eventId": event.event_id,
        "eventType": event.event_type,
        "userSub": event.sub,
        "userName": username,
        "userPoolId": event.pool_id,
        "clientId": client_id,
        "creationDate": created.strftime("%a %b %d %H:%M:%S UTC %Y"),
        "eventResponse": event.response,
        "riskLevel": event.risk_level,
        "riskDecision": DECISIONS[event.risk_decision],
        "challenges": [f"{name}:{outcome}" for name, outcome in event.challenges],
        "deviceName": event.origin.device_name,
        "ipAddress": event.origin.address,
        "requestId": request_id,
        "idpName": "",
        "compromisedCredentialDetected": "true" if event.compromised else "false",
        "city": "unknown",
        "country": "unknown",
        "eventFeedbackValue": "",
        "eventFeedbackDate": "",
        "eventFeedbackProvider": "",
        "hasContextData": "true" if with_context else "false",
    }
