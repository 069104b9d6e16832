"""Amazon Cognito user pools: the `cognito-idp` operations."""

from cenote.api.idp import (
    attributes,
    clients,
    custom_attributes,
    forgot_password,
    groups,
    invitations,
    mfa,
    passwords,
    pools,
    sign_in,
    sign_up,
    software_tokens,
    tags,
    tokens,
    users,
    verification,
)

MODULES = (
    attributes,
    clients,
    custom_attributes,
    forgot_password,
    groups,
    invitations,
    mfa,
    passwords,
    pools,
    sign_in,
    sign_up,
    software_tokens,
    tags,
    tokens,
    users,
    verification,
)
