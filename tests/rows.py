"""What the database has, and what came of a call that was to change nothing."""

from tests.conftest import RunningServer

# Each row as text, with the time at which it is over, if ever.
Rows = dict[str, int | None]


def rows(server: RunningServer, *, pool_id: str | None = None) -> Rows:
    """All rows, or those of a pool."""
    engine, run, found = server.app.store.engine, server.run, Rows()
    for (table,) in run(engine.all("SELECT name FROM sqlite_master WHERE type = 'table'")):
        columns = [name for (name,) in run(engine.all(f"SELECT name FROM pragma_table_info('{table}')"))]
        if pool_id is None:
            read = run(engine.all(f"SELECT * FROM {table}"))
        elif "pool_id" in columns:
            read = run(engine.all(f"SELECT * FROM {table} WHERE pool_id = ?", pool_id))
        else:
            continue
        over = columns.index("expires_at") if "expires_at" in columns else None
        found.update((f"{table} {row!r}", None if over is None else row[over]) for row in read)
    return found


def changes(server: RunningServer, before: Rows, *, pool_id: str | None = None) -> list[str]:
    """Rows that are new or gone since; what is over may be swept away at any time."""
    after, now = rows(server, pool_id=pool_id), server.app.clock()
    gone = [row for row, over in before.items() if row not in after and (over is None or over > now)]
    return gone + [row for row in after if row not in before]
