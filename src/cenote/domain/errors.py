"""The one error family of the API: each class is an AWS error, named as on the wire less `Exception`.

A `CognitoError` is raised wherever the rule is known and becomes an AWS error body in `wire/`. Messages are
those that AWS sends: clients match on them.
"""

from typing import ClassVar


class CognitoError(Exception):
    """An error that reaches the caller; `code` is its `__type` on the wire, `message` its text."""

    code: ClassVar[str]
    status: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __init_subclass__(cls) -> None:
        cls.code = cls.__name__ + "Exception"


class AliasExists(CognitoError): ...


class CodeDeliveryFailure(CognitoError): ...


class CodeMismatch(CognitoError): ...


class ConcurrentModification(CognitoError): ...


class DeviceKeyExists(CognitoError): ...


class EnableSoftwareTokenMFA(CognitoError): ...


class ExpiredCode(CognitoError): ...


class FeatureUnavailableInTier(CognitoError): ...


class Forbidden(CognitoError): ...


class GroupExists(CognitoError): ...


class InternalError(CognitoError):
    status = 500


class InvalidLambdaResponse(CognitoError): ...


class InvalidOAuthFlow(CognitoError): ...


class InvalidParameter(CognitoError): ...


class InvalidPassword(CognitoError): ...


class LimitExceeded(CognitoError): ...


class ManagedLoginBrandingExists(CognitoError): ...


class NotAuthorized(CognitoError): ...


class OperationNotEnabled(CognitoError): ...


class PasswordHistoryPolicyViolation(CognitoError): ...


class PasswordResetRequired(CognitoError): ...


class RefreshTokenReuse(CognitoError): ...


class ResourceNotFound(CognitoError): ...


class ScopeDoesNotExist(CognitoError): ...


class SoftwareTokenMFANotFound(CognitoError): ...


class TermsExists(CognitoError): ...


class TooManyFailedAttempts(CognitoError): ...


class TooManyRequests(CognitoError): ...


class Unauthorized(CognitoError): ...


class UnexpectedLambda(CognitoError): ...


class UnsupportedOperation(CognitoError): ...


class UnsupportedTokenType(CognitoError): ...


class UnsupportedUserState(CognitoError): ...


class UserLambdaValidation(CognitoError): ...


class UserNotConfirmed(CognitoError): ...


class UserNotFound(CognitoError): ...


class UserPoolAddOnNotEnabled(CognitoError): ...


class UsernameExists(CognitoError): ...


class WebAuthnChallengeNotFound(CognitoError): ...


class WebAuthnClientMismatch(CognitoError): ...


class WebAuthnConfigurationMissing(CognitoError): ...


class WebAuthnCredentialNotSupported(CognitoError): ...


class WebAuthnNotEnabled(CognitoError): ...


class WebAuthnOriginNotAllowed(CognitoError): ...


class WebAuthnRelyingPartyMismatch(CognitoError): ...


class InvalidUserPoolConfiguration(CognitoError): ...
