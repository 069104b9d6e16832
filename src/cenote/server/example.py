"""The example pool of `cenote serve --example`: one pool, one app client, one user, on loopback only."""

USERNAME = "alice"
PASSWORD = "Cenote-2026!"
CLIENT_ID = "1cenote0example0client0000"
POOL_NAME = "Example01"


def pool_id(region: str) -> str:
    return f"{region}_{POOL_NAME}"
