"""After a rotation of the master key: every data key is wrapped again, while the server runs.

Only the wrapping changes, never the data key: what other processes hold in memory stays good.
"""

from cenote.store.engine import Engine
from cenote.store.sealing import Keyring

_PAGE = 100
# Table and key column of every wrapped data key; the column is `seal_key` in each.
_TABLES = (("server_keys", "name"), ("pools", "pool_id"))


class StillWrapped(Exception):
    """Data keys under an older master key keep turning up: it must not be dropped."""


async def rewrap(engine: Engine, keyring: Keyring) -> int:
    """Wraps every data key that is under an older master key with the newest; returns how many.

    In small transactions, so that it may run beside a busy server, and may be run again after an
    interruption.
    """
    count = 0
    keyring.reload()
    for table, column in _TABLES:
        after = ""
        select = f"SELECT {column}, seal_key FROM {table} WHERE {column} > ? ORDER BY {column} LIMIT {_PAGE}"
        while rows := await engine.all(select, after):
            after = rows[-1][0]
            older = [(row, wrapped) for row, wrapped in rows if not keyring.is_newest(wrapped)]
            if older:
                count += await _rewrap_page(engine, keyring, table, column, older)
    return count


async def _rewrap_page(
    engine: Engine, keyring: Keyring, table: str, column: str, rows: list[tuple[str, bytes]]
) -> int:
    # Only if it is still the one that was read: another process may be at it too.
    update = f"UPDATE {table} SET seal_key = ? WHERE {column} = ? AND seal_key = ?"
    count = 0
    async with engine.transaction():
        for row, wrapped in rows:
            data_key = keyring.unwrap(wrapped, table=table, row=row)
            count += await engine.run(update, keyring.wrap(data_key, table=table, row=row), row, wrapped)
    return count


async def prune(engine: Engine, keyring: Keyring, *, now: int) -> int:
    """Drops the older master keys from our file once nothing needs them; returns how many.

    `now` is in epoch milliseconds. Raises StillWrapped, or MasterKeyError if the newest key is too young or
    the keys come from elsewhere.
    """
    await rewrap(engine, keyring)
    if await rewrap(engine, keyring):
        raise StillWrapped("Data keys under an older master key are still being written: try again.")
    return keyring.prune(now=now)
