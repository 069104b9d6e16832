"""Errors that the protocol itself raises, and how any error looks on the wire.

`x-amzn-ErrorType` ends in a colon and `SerializationException` spells its text `Message`: both as recorded from
Cognito (localstack/localstack#3201, aws-amplify/amplify-js#4738).
"""

import msgspec

from cenote.domain.errors import CognitoError

CONTENT_TYPE = b"application/x-amz-json-1.1"

# A header longer than this is refused by proxies; the body has the whole text.
_HEADER_TEXT = 1024

Headers = list[tuple[bytes, bytes]]


class Serialization(CognitoError):
    """The body is not JSON, or a member has the wrong JSON type. AWS gives malformed JSON no text at all."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)


class Validation(CognitoError):
    """Broken constraints, for an operation that does not list `InvalidParameterException`."""


class UnknownOperation(CognitoError):
    def __init__(self, message: str = "") -> None:
        super().__init__(message)


class MissingAuthenticationToken(CognitoError):
    def __init__(self) -> None:
        super().__init__("Missing Authentication Token")


class AccessDenied(CognitoError): ...


class IncompleteSignature(CognitoError): ...


class InvalidSignature(CognitoError): ...


class UnrecognizedClient(CognitoError):
    def __init__(self) -> None:
        super().__init__("The security token included in the request is invalid.")


class ExpiredToken(CognitoError):
    """For a key look-up to raise where a key exists and is past its time."""

    def __init__(self) -> None:
        super().__init__("The security token included in the request is expired")


class RequestEntityTooLarge(CognitoError):
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body exceeds {limit} bytes.")


class RequestTimeout(CognitoError):
    status = 408

    def __init__(self) -> None:
        super().__init__("Your socket connection to the server was not read from within the timeout period.")


# Errors that any operation may answer with, whatever its own list says.
COMMON = frozenset(
    error.code
    for error in (
        Serialization,
        Validation,
        UnknownOperation,
        MissingAuthenticationToken,
        AccessDenied,
        IncompleteSignature,
        InvalidSignature,
        UnrecognizedClient,
        ExpiredToken,
        RequestEntityTooLarge,
        RequestTimeout,
    )
) | {"InternalErrorException"}


def error_body(error: CognitoError) -> bytes:
    """The JSON body of an error."""
    body = {"__type": error.code}
    if error.message:
        body["Message" if isinstance(error, Serialization) else "message"] = error.message
    return msgspec.json.encode(body)


def error_headers(error: CognitoError) -> Headers:
    """`x-amzn-ErrorType` and `x-amzn-ErrorMessage`. What no header can carry becomes a question mark."""
    headers = [(b"x-amzn-errortype", error.code.encode("ascii") + b":")]
    if error.message:
        text = "".join(char if " " <= char <= "~" else "?" for char in error.message[:_HEADER_TEXT])
        headers.append((b"x-amzn-errormessage", text.encode("ascii")))
    return headers
