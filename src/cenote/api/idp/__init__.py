"""Amazon Cognito user pools: the `cognito-idp` operations."""

from cenote.api.idp import groups, sign_in, tokens

MODULES = (groups, sign_in, tokens)
