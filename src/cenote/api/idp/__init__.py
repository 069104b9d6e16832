"""Amazon Cognito user pools: the `cognito-idp` operations."""

from cenote.api.idp import (
    attributes,
    clients,
    custom_attributes,
    groups,
    invitations,
    passwords,
    pools,
    sign_in,
    tags,
    tokens,
    users,
)

MODULES = (
    attributes,
    clients,
    custom_attributes,
    groups,
    invitations,
    passwords,
    pools,
    sign_in,
    tags,
    tokens,
    users,
)
