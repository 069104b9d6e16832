"""Styles of the managed login pages, and their images."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cenote.domain import branding as rules
from cenote.domain.branding import Asset, BrandingStyle
from cenote.domain.errors import InvalidParameter, ManagedLoginBrandingExists, ResourceNotFound
from cenote.store.engine import Engine, UniqueViolation

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, Any]).decode

COLUMNS = "pool_id, branding_id, client_id, document, created_at, updated_at"
ASSET = "category, color_mode, resource_id, asset_id, extension"


class BrandingStyles:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, pool_id: str, branding_id: str) -> BrandingStyle:
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM branding_styles WHERE pool_id = ? AND branding_id = ?",
            pool_id, branding_id,
        )  # fmt: skip
        if row is None:
            raise ResourceNotFound(f"Managed login branding {branding_id} does not exist.")  # assumed
        return style_of(row)

    async def find_of_client(self, pool_id: str, client_id: str) -> BrandingStyle | None:
        row = await self._engine.one(
            f"SELECT {COLUMNS} FROM branding_styles WHERE pool_id = ? AND client_id = ?", pool_id, client_id
        )
        return None if row is None else style_of(row)

    async def add(self, style: BrandingStyle) -> None:
        """ManagedLoginBrandingExists for a client that has one."""
        try:
            await self._engine.run(
                f"INSERT INTO branding_styles ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
                style.pool_id, style.branding_id, style.client_id, encode(style.document).decode(),
                style.created_at, style.updated_at,
            )  # fmt: skip
        except UniqueViolation:
            raise ManagedLoginBrandingExists(
                f"Managed login branding already exists for client {style.client_id}."  # assumed
            ) from None

    async def set_document(
        self, pool_id: str, branding_id: str, document: Mapping[str, Any], *, now: int
    ) -> None:
        await self._engine.run(
            "UPDATE branding_styles SET document = ?, updated_at = ? WHERE pool_id = ? AND branding_id = ?",
            encode(document).decode(), now, pool_id, branding_id,
        )  # fmt: skip

    async def remove(self, pool_id: str, branding_id: str) -> None:
        """Removes the style and its images."""
        await self._engine.run(
            "DELETE FROM branding_styles WHERE pool_id = ? AND branding_id = ?", pool_id, branding_id
        )

    async def set_assets(self, pool_id: str, branding_id: str, assets: Iterable[tuple[Asset, bytes]]) -> None:
        """Puts each image in the place of the one that was there; InvalidParameter for too many."""
        for asset, content in assets:
            await self._engine.run(
                f"INSERT INTO branding_assets (pool_id, branding_id, {ASSET}, content)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (pool_id, branding_id, category, color_mode, resource_id) DO UPDATE"
                " SET asset_id = excluded.asset_id, extension = excluded.extension, content = excluded.content",
                pool_id, branding_id, asset.category, asset.color_mode, asset.resource_id, asset.asset_id,
                asset.extension, content,
            )  # fmt: skip
        if len(await self.assets(pool_id, branding_id)) > rules.MOST_ASSETS:
            raise InvalidParameter(f"A style can have at most {rules.MOST_ASSETS} assets.")  # assumed

    async def remove_assets(self, pool_id: str, branding_id: str) -> None:
        await self._engine.run(
            "DELETE FROM branding_assets WHERE pool_id = ? AND branding_id = ?", pool_id, branding_id
        )

    async def assets(self, pool_id: str, branding_id: str) -> list[Asset]:
        """What images a style has, without their bytes."""
        rows = await self._engine.all(
            f"SELECT {ASSET} FROM branding_assets WHERE pool_id = ? AND branding_id = ?"
            " ORDER BY category, color_mode, resource_id",
            pool_id, branding_id,
        )  # fmt: skip
        return [Asset(*row) for row in rows]

    async def asset(self, pool_id: str, branding_id: str, asset_id: str) -> tuple[str, bytes] | None:
        """Extension and bytes of an image."""
        row = await self._engine.one(
            "SELECT extension, content FROM branding_assets"
            " WHERE pool_id = ? AND branding_id = ? AND asset_id = ?",
            pool_id, branding_id, asset_id,
        )  # fmt: skip
        return None if row is None else (row[0], row[1])


def style_of(row: tuple[Any, ...]) -> BrandingStyle:
    pool_id, branding_id, client_id, document, created_at, updated_at = row
    return BrandingStyle(pool_id, branding_id, client_id, decode(document), created_at, updated_at)
