"""Users, the names they are found by, and their passwords."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from cenote.domain.errors import UserNotFound
from cenote.domain.usernames import SUB, USERNAME
from cenote.domain.users import User
from cenote.store.engine import Engine, Param, UniqueViolation
from cenote.store.pools import Pool
from cenote.store.transactions import in_transaction

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, str]).decode

COLUMNS = "u.sub, u.username, u.status, u.attributes, u.created_at, u.updated_at, u.disabled_at"
PASSWORD_COLUMNS = "password_sealed, password_history_sealed, password_set_at, password_expires_at"
# The table that passwords once stood in: what is sealed there has to open still.
SEALED_FOR = "passwords"
# Attributes that ListUsers searches have a column each, beside their place in the attributes.
SEARCHED = ("email", "phone_number", "name", "given_name", "family_name", "preferred_username")

# Behind all that begins alike.
LAST = "\U0010ffff"


class NameTaken(Exception):
    """Another user of the pool is found by that name already; `kind` says as what."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class StoredPassword(msgspec.Struct, frozen=True):
    """What a password is checked against: the encoded record, those before it (newest first), and its end."""

    record: bytes
    history: tuple[bytes, ...]
    set_at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one searched column; `prefix` for "starts with".

    The columns of `SEARCHED` hold lower case, and so must the value that is compared with one. User names are compared
    with their case; `fold` says that they are found without, as the pool wants it.
    """

    column: str
    value: str
    prefix: bool
    fold: bool = False

    def __post_init__(self) -> None:
        if self.column not in {*SEARCHED, "username", "status", "sub", "disabled"}:
            raise ValueError(f"no column {self.column} to search")

    @property
    def ordered(self) -> bool:
        """Whether what it finds comes in the order of the column: the index that finds it is in that order."""
        return self.prefix and self.column in SEARCHED

    def name(self, username: str) -> str:
        """What such a user name stands as among the names that users are found by."""
        return username.lower() if self.fold else username

    @property
    def names(self) -> tuple[str, str]:
        """The first and the last name, in that sense, of a user that a condition on user names may fit."""
        if not self.prefix:
            return self.name(self.value), self.name(self.value)
        # A sigma is the one letter whose lower case depends on what follows it.
        first = self.name(self.value.partition("Σ")[0])
        return first, first + LAST


def position(where: Filter | None, user: User) -> str:
    """Where a user stands in a list: what the next page of it begins behind."""
    if where is not None and where.column == "username":
        return where.name(user.username)
    if where is None or not where.ordered:
        return user.sub
    return f"{user.attributes[where.column].lower()}\0{user.sub}"


class Users:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, pool_id: str, sub: str) -> User:
        """The user, or UserNotFound. Inside a transaction nobody else changes the user until it ends.

        So what is decided of a user (a sign-in, a new password, a change of attributes) begins with this.
        """
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM users u WHERE u.pool_id = ? AND u.sub = ?{self._lock()}", pool_id, sub
        )
        if row is None:
            raise UserNotFound("User does not exist.")
        return user_of(pool_id, row)

    async def find(self, pool_id: str, names: Iterable[tuple[str, str]]) -> User | None:
        """The user found by the first of (kind, name) that somebody has, if any. Locked as by `get`."""
        lock = self._lock()
        for kind, name in names:
            if kind == SUB:
                row = await self._engine.one(
                    f"SELECT {COLUMNS} FROM users u WHERE u.pool_id = ? AND u.sub = ?{lock}", pool_id, name
                )
                if row is not None:
                    return user_of(pool_id, row)
                continue
            row = await self._engine.one(
                f"SELECT {COLUMNS} FROM user_names n JOIN users u ON u.pool_id = n.pool_id AND u.sub = n.sub"
                f" WHERE n.pool_id = ? AND n.name = ? AND n.kind = ?{lock}",
                pool_id, name, kind,
            )  # fmt: skip
            if row is not None:
                return user_of(pool_id, row)
        return None

    def _lock(self) -> str:
        """Of the user's row alone: their names are changed by who holds it."""
        lock = self._engine.row_lock if in_transaction() else ""
        return f"{lock} OF u" if lock else ""

    async def add(
        self,
        pool: Pool,
        user: User,
        names: Iterable[tuple[str, str]],
        password: StoredPassword | None = None,
    ) -> None:
        """Adds a user with the names it is found by; NameTaken if one of them is another's."""
        searched = searched_in(user.attributes)
        await self._engine.run(
            "INSERT INTO users (pool_id, sub, username, status, attributes, email, phone_number, name, given_name,"
            f" family_name, preferred_username, created_at, updated_at, disabled_at, {PASSWORD_COLUMNS})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            user.pool_id, user.sub, user.username, user.status, encode(user.attributes).decode(), *searched,
            user.created_at, user.updated_at, user.disabled_at, *sealed_password(pool, user.sub, password),
        )  # fmt: skip
        for kind, name in sorted(names, reverse=True):  # the user name's own kind comes first
            await self.add_name(user.pool_id, user.sub, kind, name)

    async def add_name(self, pool_id: str, sub: str, kind: str, name: str) -> None:
        try:
            await self._engine.run(
                "INSERT INTO user_names (pool_id, name, kind, sub) VALUES (?, ?, ?, ?)",
                pool_id,
                name,
                kind,
                sub,
            )
        except UniqueViolation:
            raise NameTaken(kind) from None

    async def set_names(
        self, pool_id: str, sub: str, names: frozenset[tuple[str, str]], *, before: frozenset[tuple[str, str]]
    ) -> None:
        """Makes these the user's names in place of those `before`; NameTaken if one of them is another's."""
        await self._remove_names(pool_id, sub, before - names)
        for kind, name in sorted(names - before, reverse=True):
            await self.add_name(pool_id, sub, kind, name)

    async def _remove_names(self, pool_id: str, sub: str, names: Iterable[tuple[str, str]]) -> None:
        for kind, name in sorted(names):
            await self._engine.run(
                "DELETE FROM user_names WHERE pool_id = ? AND name = ? AND kind = ? AND sub = ?",
                pool_id, name, kind, sub,
            )  # fmt: skip

    async def name_holder(self, pool_id: str, kind: str, name: str) -> str | None:
        """The sub of the user found by that name, if any."""
        row = await self._engine.one(
            "SELECT sub FROM user_names WHERE pool_id = ? AND name = ? AND kind = ?", pool_id, name, kind
        )
        return None if row is None else str(row[0])

    async def set_attributes(
        self, pool_id: str, sub: str, attributes: Mapping[str, str], *, now: int
    ) -> None:
        searched = searched_in(attributes)
        await self._engine.run(
            "UPDATE users SET attributes = ?, email = ?, phone_number = ?, name = ?, given_name = ?,"
            " family_name = ?, preferred_username = ?, updated_at = ? WHERE pool_id = ? AND sub = ?",
            encode(attributes).decode(), *searched, now, pool_id, sub,
        )  # fmt: skip

    async def set_status(
        self, pool_id: str, sub: str, status: str, *, now: int, only_from: str | None = None
    ) -> bool:
        """Whether the status changed; with `only_from`, only a user who has that one is touched."""
        changed = await self._engine.run(
            "UPDATE users SET status = ?, updated_at = ? WHERE pool_id = ? AND sub = ? AND (? = '' OR status = ?)",
            status, now, pool_id, sub, only_from or "", only_from or "",
        )  # fmt: skip
        return changed > 0

    async def set_disabled(self, pool_id: str, sub: str, disabled_at: int | None, *, now: int) -> None:
        await self._engine.run(
            "UPDATE users SET disabled_at = ?, updated_at = ? WHERE pool_id = ? AND sub = ?",
            disabled_at, now, pool_id, sub,
        )  # fmt: skip

    async def remove(self, pool_id: str, sub: str, names: Iterable[tuple[str, str]]) -> None:
        """Removes the user, who is found by these names, and all that is theirs."""
        await self._remove_names(pool_id, sub, names)
        await self._engine.run("DELETE FROM users WHERE pool_id = ? AND sub = ?", pool_id, sub)

    async def list_(self, pool_id: str, *, where: Filter | None, after: str, limit: int) -> list[User]:
        """Users in the order of their `position`, beginning behind the one that `after` is of."""
        if where is not None and where.column == "username":
            return await self._list_by_username(pool_id, where, after, limit)
        if where is not None and where.ordered:
            return await self._list_by(pool_id, where, after, limit)
        condition, params = condition_of(where)
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM users u WHERE u.pool_id = ? AND u.sub > ?{condition} ORDER BY u.sub LIMIT ?",
            pool_id, after, *params, limit,
        )  # fmt: skip
        return [user_of(pool_id, row) for row in rows]

    async def _list_by(self, pool_id: str, where: Filter, after: str, limit: int) -> list[User]:
        """A page in the order of the column. Its one lower bound is where it begins: what an index seeks."""
        value, _, sub = after.rpartition("\0")
        column = where.column
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM users u WHERE u.pool_id = ? AND (u.{column}, u.sub) > (?, ?)"
            f" AND u.{column} < ? ORDER BY u.{column}, u.sub LIMIT ?",
            pool_id, value or where.value, sub, where.value + LAST, limit,
        )  # fmt: skip
        return [user_of(pool_id, row) for row in rows]

    async def _list_by_username(self, pool_id: str, where: Filter, after: str, limit: int) -> list[User]:
        """A page in the order of the names that users are found by.

        What is found so may be a preferred user name, or begin otherwise but for its case: then it is passed over.
        """
        first, last = where.names
        # No kind stands behind LAST, none before the empty one.
        begin = (after, LAST) if after else (first, "")
        found: list[User] = []
        while len(found) < limit:
            rows = await self._engine.all(
                f"SELECT n.name, {COLUMNS} FROM user_names n JOIN users u ON u.pool_id = n.pool_id AND u.sub = n.sub"
                " WHERE n.pool_id = ? AND (n.name, n.kind) > (?, ?) AND n.name <= ? AND n.kind = ?"
                " ORDER BY n.name, n.kind LIMIT ?",
                pool_id, *begin, last, USERNAME, limit,
            )  # fmt: skip
            for key, *row in rows:
                user = user_of(pool_id, tuple(row))
                if where.name(user.username) == key and user.username.startswith(where.value):
                    found.append(user)
            if len(rows) < limit:
                break
            begin = (rows[-1][0], LAST)
        return found[:limit]

    async def password(self, pool: Pool, sub: str) -> StoredPassword | None:
        row = await self._engine.one(
            f"SELECT {PASSWORD_COLUMNS} FROM users WHERE pool_id = ? AND sub = ?", pool.pool_id, sub
        )
        if row is None or row[0] is None:
            return None
        record = pool.sealer.open(row[0], table=SEALED_FOR, row=sub)
        history: tuple[bytes, ...] = ()
        if row[1] is not None:
            sealed = pool.sealer.open(row[1], table=SEALED_FOR, row=f"{sub}/history")
            history = msgspec.msgpack.decode(sealed, type=tuple[bytes, ...])
        return StoredPassword(record, history, row[2], row[3])

    async def password_expiry(self, pool_id: str, sub: str) -> int | None:
        """When a temporary password ends; None for one that does not."""
        row = await self._engine.one(
            "SELECT password_expires_at FROM users WHERE pool_id = ? AND sub = ?", pool_id, sub
        )
        return None if row is None else row[0]

    async def set_password(self, pool: Pool, sub: str, password: StoredPassword) -> None:
        await self._engine.run(
            f"UPDATE users SET ({PASSWORD_COLUMNS}) = (?, ?, ?, ?) WHERE pool_id = ? AND sub = ?",
            *sealed_password(pool, sub, password), pool.pool_id, sub,
        )  # fmt: skip


def user_of(pool_id: str, row: tuple) -> User:  # type: ignore[type-arg]
    """A row of `COLUMNS` as a user."""
    sub, username, status, attributes, created_at, updated_at, disabled_at = row
    return User(pool_id, sub, username, status, decode(attributes), created_at, updated_at, disabled_at)


def sealed_password(pool: Pool, sub: str, password: StoredPassword | None) -> tuple[Param, ...]:
    """The `PASSWORD_COLUMNS` of a user."""
    if password is None:
        return None, None, None, None
    seal = pool.sealer.seal
    history = None
    if password.history:
        history = seal(msgspec.msgpack.encode(password.history), table=SEALED_FOR, row=f"{sub}/history")
    return seal(password.record, table=SEALED_FOR, row=sub), history, password.set_at, password.expires_at


def searched_in(attributes: Mapping[str, str]) -> list[str | None]:
    """What the searched columns hold: they are compared without case, unlike the attributes themselves."""
    return [None if value is None else value.lower() for value in map(attributes.get, SEARCHED)]


def condition_of(where: Filter | None) -> tuple[str, tuple[str, ...]]:
    """The SQL of a filter. Its column is one of ours; the value stays a parameter."""
    if where is None:
        return "", ()
    if where.column == "disabled":
        return f" AND u.disabled_at IS {'NOT ' if where.value == 'true' else ''}NULL", ()
    if where.column == "status" and where.value != "CONFIRMED":
        # In the words of the index, which holds no other.
        return " AND u.status = ? AND u.status <> 'CONFIRMED'", (where.value,)
    if where.prefix:
        # Text compares by code points in both databases, so a prefix is a range.
        return f" AND u.{where.column} >= ? AND u.{where.column} < ?", (where.value, where.value + LAST)
    return f" AND u.{where.column} = ?", (where.value,)
