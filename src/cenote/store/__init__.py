"""All SQL: the engines (SQLite, PostgreSQL), sealing at rest, one module per noun, migrations.

Only `engine` modules know the dialect. Rules live in `domain/`; the store keeps and finds.
"""
