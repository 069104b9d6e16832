"""Groups of a user pool and who is in them."""

from cenote.domain.errors import GroupExists, ResourceNotFound
from cenote.domain.groups import Group
from cenote.domain.users import User
from cenote.store.engine import Engine, UniqueViolation
from cenote.store.users import COLUMNS as USER_COLUMNS
from cenote.store.users import user_of

COLUMNS = "g.group_name, g.description, g.role_arn, g.precedence, g.created_at, g.updated_at"


class Groups:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, pool_id: str, name: str) -> Group:
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM user_groups g WHERE g.pool_id = ? AND g.group_name = ?", pool_id, name
        )
        if row is None:
            raise ResourceNotFound("Group not found.")
        return Group(pool_id, *row)

    async def add(self, group: Group) -> None:
        try:
            await self._engine.run(
                "INSERT INTO user_groups (pool_id, group_name, description, role_arn, precedence, created_at,"
                " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                group.pool_id, group.name, group.description, group.role_arn, group.precedence,
                group.created_at, group.updated_at,
            )  # fmt: skip
        except UniqueViolation:
            raise GroupExists("A group with the name already exists.") from None

    async def set_details(self, group: Group) -> None:
        await self._engine.run(
            "UPDATE user_groups SET description = ?, role_arn = ?, precedence = ?, updated_at = ?"
            " WHERE pool_id = ? AND group_name = ?",
            group.description, group.role_arn, group.precedence, group.updated_at, group.pool_id, group.name,
        )  # fmt: skip

    async def remove(self, pool_id: str, name: str) -> bool:
        """Whether there was such a group; its members leave it."""
        return (
            await self._engine.run(
                "DELETE FROM user_groups WHERE pool_id = ? AND group_name = ?", pool_id, name
            )
            > 0
        )

    async def list_(self, pool_id: str, *, after: str, limit: int) -> list[Group]:
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM user_groups g WHERE g.pool_id = ? AND g.group_name > ?"
            " ORDER BY g.group_name LIMIT ?",
            pool_id, after, limit,
        )  # fmt: skip
        return [Group(pool_id, *row) for row in rows]

    async def add_member(self, pool_id: str, name: str, sub: str, *, now: int) -> None:
        """Puts the user into the group; nothing changes for one who is in it."""
        await self._engine.run(
            "INSERT INTO memberships (pool_id, sub, group_name, joined_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (pool_id, sub, group_name) DO NOTHING",
            pool_id, sub, name, now,
        )  # fmt: skip

    async def remove_member(self, pool_id: str, name: str, sub: str) -> None:
        await self._engine.run(
            "DELETE FROM memberships WHERE pool_id = ? AND sub = ? AND group_name = ?", pool_id, sub, name
        )

    async def of_user(self, pool_id: str, sub: str) -> list[Group]:
        """All groups of a user, by name."""
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM memberships m JOIN user_groups g"
            " ON g.pool_id = m.pool_id AND g.group_name = m.group_name"
            " WHERE m.pool_id = ? AND m.sub = ? ORDER BY g.group_name",
            pool_id, sub,
        )  # fmt: skip
        return [Group(pool_id, *row) for row in rows]

    async def page_of_user(self, pool_id: str, sub: str, *, after: str, limit: int) -> list[Group]:
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM memberships m JOIN user_groups g"
            " ON g.pool_id = m.pool_id AND g.group_name = m.group_name"
            " WHERE m.pool_id = ? AND m.sub = ? AND m.group_name > ? ORDER BY g.group_name LIMIT ?",
            pool_id, sub, after, limit,
        )  # fmt: skip
        return [Group(pool_id, *row) for row in rows]

    async def members(self, pool_id: str, name: str, *, after: str, limit: int) -> list[User]:
        """Users in the group, in the order of their sub, beginning behind `after`."""
        rows = await self._engine.all(
            f"SELECT {USER_COLUMNS} FROM memberships m JOIN users u"
            " ON u.pool_id = m.pool_id AND u.sub = m.sub"
            " WHERE m.pool_id = ? AND m.group_name = ? AND m.sub > ? ORDER BY m.sub LIMIT ?",
            pool_id, name, after, limit,
        )  # fmt: skip
        return [user_of(pool_id, row) for row in rows]
