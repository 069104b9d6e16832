"""A message as a mail: headers that user text cannot add to, HTML with a text beside it (SECURITY.md case 81)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from cenote.domain import attributes
from cenote.domain.message_text import as_text
from cenote.domain.messages import Message
from cenote.outbound.transports import Refused


@dataclass(frozen=True, slots=True)
class Letter:
    """What an SMTP server is told: the envelope's two addresses, and the mail."""

    sender: str
    recipient: str
    content: EmailMessage


def written(message: Message, *, default_sender: str) -> Letter:
    """The mail of a message; Refused for one whose addresses are none.

    The envelope names the one recipient itself, so no header can bring in another. The Message-ID is the same at
    every try: a receiver that got the mail twice can tell.
    """
    sender = mailbox(message.source or default_sender)
    recipient = mailbox(message.to)
    content = EmailMessage(policy=SMTP)
    try:
        content["From"] = sender
        content["To"] = recipient
        if message.reply_to:
            content["Reply-To"] = mailbox(message.reply_to)
        # A line break in a template's subject is a space to its reader.
        content["Subject"] = " ".join(message.subject.split())
        content["Date"] = format_datetime(datetime.fromtimestamp(message.created_at / 1000, UTC))
        content["Message-ID"] = f"<{message.message_id}@{sender.domain}>"
        if message.configuration_set:
            # How SES's SMTP servers are told (documented); nothing to any other.
            content["X-SES-CONFIGURATION-SET"] = message.configuration_set
        content["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices in reply
    except ValueError:
        raise Refused("header") from None
    if message.html:
        content.set_content(as_text(message.body) + "\n")
        content.add_alternative(message.body, subtype="html")
    else:
        content.set_content(message.body)
    return Letter(sender.addr_spec, recipient.addr_spec, content)


def mailbox(text: str) -> Address:
    """`ada@example.com` or `Ada <ada@example.com>`; Refused for anything that is not one address."""
    name, bracket, rest = text.rpartition("<")
    spec = rest.removesuffix(">") if bracket else text
    if not attributes.is_email(spec) or not name.isprintable() or (bracket and not rest.endswith(">")):
        raise Refused("address")
    local, _, domain = spec.rpartition("@")
    try:
        if local.isascii():
            # Every server takes the ASCII form of a domain, few take the other.
            domain = domain.encode("idna").decode("ascii")
        return Address(name.strip().strip('"'), local, domain)
    except ValueError:
        raise Refused("address") from None
