"""Amazon Cognito user pools: the `cognito-idp` operations."""

from cenote.api.idp import (
    clients,
    custom_attributes,
    forgot_password,
    groups,
    passwords,
    pools,
    sign_in,
    sign_up,
    tags,
    tokens,
    users,
    verification,
)

MODULES = (
    clients,
    custom_attributes,
    forgot_password,
    groups,
    passwords,
    pools,
    sign_in,
    sign_up,
    tags,
    tokens,
    users,
    verification,
)
