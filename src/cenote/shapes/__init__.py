"""GENERATED from the AWS service model by `make shapes`: TypedDicts, and the stripped model that `wire/` reads."""

from pathlib import Path


def read_model(name: str) -> bytes:
    """The stripped model `cognito_idp` or `cognito_identity`, as JSON."""
    return (Path(__file__).parent / f"{name}.json").read_bytes()
