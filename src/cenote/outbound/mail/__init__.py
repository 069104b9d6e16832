"""Ways to send an e-mail: SMTP today.

Failures are told apart by what to do next, and never quote what was sent or to whom.
"""


class Refused(Exception):
    """The mail will never be taken as it is. The text is a reply code or the name of a reason."""


class Undelivered(Exception):
    """The mail was not taken now. The text is a reply code or the name of a reason."""


class Unreachable(Undelivered):
    """No mail is taken now: the server is away, or set up otherwise than we are."""
