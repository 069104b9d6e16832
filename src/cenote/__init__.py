"""Cenote: a self-hosted identity server that speaks Amazon Cognito's own wire protocol."""
