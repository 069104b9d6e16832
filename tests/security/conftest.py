"""A real PostgreSQL for the tests of several nodes."""

from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
