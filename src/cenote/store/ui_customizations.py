"""The looks of the classic pages: of one client, or of all."""

from cenote.domain.ui_customizations import ALL, UICustomization
from cenote.store.engine import Engine

COLUMNS = "pool_id, client_id, css, style, image_id, image_extension, version, created_at, updated_at"


class UICustomizations:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, pool_id: str, client_id: str) -> UICustomization | None:
        """What was set for exactly this client, or for ALL."""
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM ui_customizations WHERE pool_id = ? AND client_id = ?", pool_id, client_id
        )
        return None if row is None else UICustomization(*row)

    async def for_client(self, pool_id: str, client_id: str) -> UICustomization | None:
        """What a client's pages look like: as was set for it, or else for all (documented)."""
        rows = await self._engine.all(
            f"SELECT {COLUMNS} FROM ui_customizations WHERE pool_id = ? AND client_id IN (?, ?)",
            pool_id, client_id, ALL,
        )  # fmt: skip
        found = {row[1]: UICustomization(*row) for row in rows}
        return found.get(client_id) or found.get(ALL)

    async def set_(self, customization: UICustomization, image: bytes | None) -> None:
        """Replaces all that was set for the client but the time of the first."""
        one = customization
        await self._engine.run(
            f"INSERT INTO ui_customizations ({COLUMNS}, image) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (pool_id, client_id) DO UPDATE SET css = excluded.css, style = excluded.style,"
            " image_id = excluded.image_id, image_extension = excluded.image_extension,"
            " version = excluded.version, updated_at = excluded.updated_at, image = excluded.image",
            one.pool_id, one.client_id, one.css, one.style, one.image_id, one.image_extension, one.version,
            one.created_at, one.updated_at, image,
        )  # fmt: skip

    async def remove(self, pool_id: str, client_id: str) -> None:
        await self._engine.run(
            "DELETE FROM ui_customizations WHERE pool_id = ? AND client_id = ?", pool_id, client_id
        )

    async def image(self, pool_id: str, client_id: str, image_id: str) -> tuple[str, bytes] | None:
        """Extension and bytes of a logo that is in use."""
        row = await self._engine.one(
            "SELECT image_extension, image FROM ui_customizations"
            " WHERE pool_id = ? AND client_id = ? AND image_id = ?",
            pool_id, client_id, image_id,
        )  # fmt: skip
        return None if row is None else (row[0], row[1])
