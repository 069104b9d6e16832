"""Where messages and the like may go, as the settings say it, and whether they say it right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cenote.outbound import aws, kms
from cenote.outbound.sms import gateway

if TYPE_CHECKING:
    from cenote.server.settings import Settings

# Each of AWS's services that may be called, by its name in signatures.
ENDPOINTS: Final = {
    "ses": "ses_endpoint",
    "sns": "sns_endpoint",
    "sts": "sts_endpoint",
    "kms": "kms_endpoint",
    "logs": "logs_endpoint",
    "firehose": "firehose_endpoint",
    "s3": "s3_endpoint",
}


def check(settings: Settings) -> None:
    """ValueError with a sentence for what the settings of ways out get wrong; none quotes a secret."""
    named = [field for field in ENDPOINTS.values() if getattr(settings, field)]
    for field in named:
        check_endpoint(field, getattr(settings, field))
    if named and not (settings.aws_access_key_id and settings.aws_secret_access_key):
        raise ValueError(f"{named[0]} needs aws_access_key_id and aws_secret_access_key.")
    if settings.sns_endpoint and settings.sms_gateway:
        raise ValueError("sns_endpoint and sms_gateway are two ways for the same messages: leave one out.")
    if settings.kms_endpoint and settings.sender_key:
        raise ValueError("kms_endpoint and sender_key are two ways to encrypt codes: leave one out.")
    if settings.sms_gateway:
        gateway.parsed(settings.sms_gateway)
    if settings.sender_key:
        kms.parsed(settings.sender_key)
    if settings.messages_per_hour < 0:
        raise ValueError("messages_per_hour must not be negative; 0 is for no limit.")


def check_endpoint(name: str, url: str) -> None:
    try:
        parts = urlsplit(url.replace(aws.PLACEHOLDER, "region"))
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isascii() or parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"{name} must look like https://host, perhaps with {{region}} in it.")
