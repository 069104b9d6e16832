"""What every way out for messages has in common: one conversation for several of them, and how each may fail.

Failures are told apart by what to do next, and never quote what was sent or to whom (SECURITY.md case 84).
"""

from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from cenote.domain.messages import Message

# Seconds that connecting, or sending one message, may take.
STEP_SECONDS: Final = 45


class Refused(Exception):
    """The message will never be taken as it is. The text is a reply code or the name of a reason."""


class Undelivered(Exception):
    """The message was not taken now. The text is a reply code or the name of a reason."""


class Failed(Undelivered):
    """Something of the pool's own failed with it, and may have done half its work: it is tried three times in all."""


class Unreachable(Undelivered):
    """Nothing is taken now: the other side is away, or set up otherwise than we are."""


class Conversation(Protocol):
    async def send(self, message: Message) -> None:
        """Returns once the other side has taken the message over; Refused, Undelivered or Unreachable otherwise."""
        ...


class Transport(Protocol):
    """One way out, wherever it leads."""

    def connected(self) -> AbstractAsyncContextManager[Conversation]:
        """A conversation, begun and in the end closed in good order; Unreachable if it cannot be begun."""
        ...
