"""Amazon Cognito user pools: the `cognito-idp` operations."""
