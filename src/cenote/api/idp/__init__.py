"""Amazon Cognito user pools: the `cognito-idp` operations."""

from cenote.api.idp import clients, custom_attributes, groups, pools, sign_in, tags, tokens

MODULES = (clients, custom_attributes, groups, pools, sign_in, tags, tokens)
