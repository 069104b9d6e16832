"""What users are found by, as it stands in a database, beside what they should be found by."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from cenote.domain import usernames


def misfits(database: Path) -> list[tuple[str, str, str, str]]:
    """Rows of `user_names` that no user's attributes account for, and those that are missing.

    No foreign key holds them to their users: a user's names are removed one by one.
    """
    with closing(sqlite3.connect(database)) as opened:
        names = set(opened.execute("SELECT pool_id, sub, kind, name FROM user_names"))
        pools = {
            pool: json.loads(text) for pool, text in opened.execute("SELECT pool_id, document FROM pools")
        }
        owned = {
            (pool, sub, *name)
            for pool, sub, username, text in opened.execute(
                "SELECT pool_id, sub, username, attributes FROM users"
            )
            for name in usernames.owned(pools[pool], username, json.loads(text))
        }
    return sorted(names ^ owned)
