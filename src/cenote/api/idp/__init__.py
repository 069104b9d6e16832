"""Amazon Cognito user pools: the `cognito-idp` operations. Each module of this package is found by itself."""
