"""Ways to send a text message: Amazon SNS's API, and any gateway that takes an HTTP request. Each is a `Transport`."""

from cenote.domain.delivery import is_number
from cenote.domain.messages import Message
from cenote.outbound.transports import Refused


def number(message: Message) -> str:
    """The number that the message goes to; Refused for anything that is not one (SECURITY.md case 81)."""
    if not is_number(message.to):
        raise Refused("number")
    return message.to
