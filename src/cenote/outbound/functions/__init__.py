"""Functions that a pool's triggers call: behind a URL, behind the Lambda Invoke API, or on this machine.

A pool names a function (the ARN in its LambdaConfig), and the operator's settings say where that name is. Nothing
that a pool's administrator or a user writes becomes an address (SECURITY.md case 70). What is called when, and what
an answer means, is decided in `flows/triggers/`.
"""

from typing import Protocol


class FunctionFailed(Exception):
    """The function ran and ended with an error: its text, which is for the caller of the API."""


class Unreachable(Exception):
    """The function could not be called, or did not answer as one. The text is for the log."""


class Unknown(Unreachable):
    """The settings name no target for the function."""


class Function(Protocol):
    """One function, wherever it runs."""

    async def invoke(self, payload: bytes, *, key: str) -> bytes:
        """The bytes that the function answers an event with; FunctionFailed or Unreachable otherwise.

        `key` is the same each time the same event is sent. `payload` is JSON.
        """
        ...
