"""Cenote: a self-hosted identity server that speaks Amazon Cognito's own wire protocol."""

__version__ = "0.1.0"
