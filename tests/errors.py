"""Which of the model's errors the operations around signing in can answer with, and why they cannot with the others.

`witnessed` notes what the servers of a test run have answered, so that `tests/test_errors.py` can tell what no test
came by.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.security.requests import MODEL

FUNCTIONS = "UserLambdaValidation UnexpectedLambda InvalidLambdaResponse"
POOL = "InvalidParameter ResourceNotFound"
USER = f"{POOL} UserNotFound"
TOKEN = "InvalidParameter NotAuthorized UserNotFound"
TRACKED = "OperationNotEnabled"
WATCHED = "UserPoolAddOnNotEnabled"
SIGN_IN = f"{POOL} NotAuthorized PasswordResetRequired TooManyRequests UserNotConfirmed {FUNCTIONS}"
ANSWER = f"{SIGN_IN} AliasExists CodeMismatch ExpiredCode InvalidPassword PasswordHistoryPolicyViolation"
PASSKEYS = "InvalidParameter NotAuthorized LimitExceeded WebAuthnNotEnabled"

OCCUR: Mapping[str, frozenset[str]] = {
    operation: frozenset(errors.split())
    for operation, errors in {
        "InitiateAuth": f"{SIGN_IN} UserNotFound",
        "AdminInitiateAuth": f"{SIGN_IN} UserNotFound",
        "RespondToAuthChallenge": f"{ANSWER} SoftwareTokenMFANotFound",
        "AdminRespondToAuthChallenge": f"{ANSWER} SoftwareTokenMFANotFound",
        "AssociateSoftwareToken": f"{POOL} NotAuthorized SoftwareTokenMFANotFound",
        "VerifySoftwareToken": f"{POOL} {TOKEN} SoftwareTokenMFANotFound EnableSoftwareTokenMFA",
        "SetUserPoolMfaConfig": f"{POOL} FeatureUnavailableInTier",
        "GetUserPoolMfaConfig": POOL,
        "SetUserMFAPreference": TOKEN,
        "AdminSetUserMFAPreference": USER,
        "SetUserSettings": TOKEN,
        "AdminSetUserSettings": USER,
        "GetUserAuthFactors": TOKEN,
        "AdminGetUserAuthFactors": USER,
        "AdminDeleteSoftwareToken": USER,
        "StartWebAuthnRegistration": f"{PASSKEYS} WebAuthnConfigurationMissing",
        "CompleteWebAuthnRegistration": f"{PASSKEYS} WebAuthnChallengeNotFound WebAuthnClientMismatch"
        " WebAuthnCredentialNotSupported WebAuthnOriginNotAllowed WebAuthnRelyingPartyMismatch",
        "ListWebAuthnCredentials": "InvalidParameter NotAuthorized",
        "DeleteWebAuthnCredential": "InvalidParameter NotAuthorized ResourceNotFound",
        "ConfirmDevice": f"{TOKEN} DeviceKeyExists",
        "ListDevices": TOKEN,
        "GetDevice": f"{TOKEN} ResourceNotFound",
        "ForgetDevice": f"{TOKEN} ResourceNotFound",
        "UpdateDeviceStatus": f"{TOKEN} ResourceNotFound",
        "AdminListDevices": POOL,
        "AdminGetDevice": POOL,
        "AdminForgetDevice": USER,
        "AdminUpdateDeviceStatus": USER,
        "GetUserPoolSessionConfiguration": POOL,
        "SetUserPoolSessionConfiguration": f"{POOL} FeatureUnavailableInTier",
        "GetUserPoolClientSessionConfiguration": POOL,
        "SetUserPoolClientSessionConfiguration": f"{POOL} FeatureUnavailableInTier {TRACKED}",
        "ListUserSessions": f"{TOKEN} {TRACKED}",
        "RevokeUserSession": f"{TOKEN} ResourceNotFound {TRACKED}",
        "AdminListUserSessions": f"{USER} {TRACKED}",
        "AdminRevokeUserSession": f"{USER} {TRACKED}",
        "GetClientToken": f"{POOL} NotAuthorized",
        "GetDerivedToken": f"{POOL} {TOKEN} {FUNCTIONS} OperationNotEnabled",
        "GetTokensFromRefreshToken": f"{POOL} NotAuthorized RefreshTokenReuse {FUNCTIONS}",
        "SetRiskConfiguration": f"{POOL} {WATCHED}",
        "DescribeRiskConfiguration": f"{POOL} {WATCHED}",
        "AdminListUserAuthEvents": f"{USER} {WATCHED}",
        "AdminUpdateAuthEventFeedback": f"{USER} {WATCHED}",
        "UpdateAuthEventFeedback": f"{POOL} NotAuthorized {WATCHED}",
    }.items()
}

# Of the errors that the model lists for one of these operations and that it does not occur at: why.
NEVER: Mapping[str, str] = {
    "CodeDeliveryFailure": "settings send no mail",
    "CodeMismatch": "a wrong code of a new app is EnableSoftwareTokenMFA (recorded)",
    "ConcurrentModification": "writes wait for each other, and one that was in the way is carried out again",
    "FeatureUnavailableInTier": "tiers are looked at where something is configured",
    "Forbidden": "no firewall answers in Cenote's name",
    "InternalError": "what is foreseen has another error",
    "InvalidEmailRoleAccessPolicy": "messages go out after the answer",
    "InvalidLambdaResponse": "ConfirmDevice calls no function",
    "InvalidPassword": "ConfirmDevice is given no password, only a verifier",
    "InvalidSmsRoleAccessPolicy": "messages go out after the answer",
    "InvalidSmsRoleTrustRelationship": "messages go out after the answer",
    "InvalidUserPoolConfiguration": "what makes a pool impossible is refused where it is configured",
    "LimitExceeded": "only one passkey too many exceeds a limit, not lists or deletions",
    "MFAMethodNotFound": "nobody is asked for a factor that they do not have",
    "NotAuthorized": "administrators may do everything; what is wrong with a signature is an error of the protocol",
    "OperationNotEnabled": "only tracked sessions and token exchange are turned on apart",
    "PasswordResetRequired": "a reset ends the user's sessions, and their tokens are refused as revoked",
    "ResourceNotFound": "a token of a pool or client that is gone is refused as revoked or invalid",
    "TooManyRequests": "no call is throttled by itself, only what sends codes",
    "UnsupportedOperation": "a flow that a client may not use is InvalidParameter (recorded)",
    "UserNotConfirmed": "who holds a token has confirmed, and administrators may set up anybody",
    "UserNotFound": "a session, refresh token or feedback token of who was deleted is refused as such",
    "UsernameExists": "ConfirmDevice makes no user",
}

ANSWERED: set[tuple[str, str]] = set()
"""Operations and what they answered in this run: `ok`, or an error less `Exception`."""

Scope = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]


def listed(operation: str) -> set[str]:
    """The errors that the model lists for an operation."""
    return {error.removesuffix("Exception") for error in MODEL.operations[operation].errors}


def impossible() -> set[tuple[str, str]]:
    """What was answered in this run, and cannot occur."""
    return {
        (operation, error) for operation in OCCUR for error in listed(operation) - OCCUR[operation]
    } & ANSWERED


def witnessed(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The application, with its answers to API calls noted."""

    async def served(scope: Scope, receive: Any, send: Send) -> None:
        target = (
            dict(scope.get("headers", ())).get(b"x-amz-target", b"").rpartition(b".")[2].decode("latin-1")
        )

        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                error = dict(message["headers"]).get(b"x-amzn-errortype", b"ok").decode("latin-1")
                ANSWERED.add((target, error.partition(":")[0].removesuffix("Exception")))
            await send(message)

        await app(scope, receive, told if target else send)

    return served
