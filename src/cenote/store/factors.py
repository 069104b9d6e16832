"""Users' second factors: an authenticator app's secret, what is turned on, what is preferred."""

from dataclasses import dataclass

from cenote.domain import mfa
from cenote.domain.mfa import Factors
from cenote.store.engine import Engine
from cenote.store.pools import Pool
from cenote.store.sealing import Sealer

# The column that tells since when a factor is turned on.
ENABLED = {
    mfa.SMS: "sms_enabled_at",
    mfa.TOTP: "totp_enabled_at",
    mfa.EMAIL: "email_enabled_at",
    mfa.PASSKEY: "passkey_enabled_at",
}


@dataclass(frozen=True, slots=True)
class SoftwareToken:
    """A verified app's secret, and the last step that a code of it was used of. `sealed` names this very secret."""

    secret: bytes
    last_step: int
    sealed: bytes


class FactorRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, pool_id: str, sub: str) -> Factors:
        """What a user has; of one who never had any, nothing."""
        row = await self._engine.one(
            f"SELECT totp_verified_at, totp_name, preferred, {', '.join(ENABLED.values())} FROM factors"
            " WHERE pool_id = ? AND sub = ?",
            pool_id, sub,
        )  # fmt: skip
        if row is None:
            return Factors()
        verified_at, name, preferred, *since = row
        enabled = frozenset(name for name, moment in zip(ENABLED, since, strict=True) if moment is not None)
        return Factors(verified_at is not None, name or "", enabled, preferred or "")

    async def set_preferences(self, pool_id: str, sub: str, factors: Factors, *, now: int) -> None:
        """Turns on what is enabled there, since now where it was not, and all else off."""
        switches = [now if name in factors.enabled else None for name in ENABLED]
        columns = list(ENABLED.values())
        kept = ", ".join(
            f"{column} = CASE WHEN excluded.{column} IS NULL THEN NULL"
            f" ELSE COALESCE(factors.{column}, excluded.{column}) END"
            for column in columns
        )
        await self._engine.run(
            f"INSERT INTO factors (pool_id, sub, preferred, {', '.join(columns)}) VALUES (?, ?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (pool_id, sub) DO UPDATE SET preferred = excluded.preferred, {kept}",
            pool_id, sub, factors.preferred or None, *switches,
        )  # fmt: skip

    async def drop(self, pool_id: str, sub: str, name: str) -> None:
        """Turns one factor off: the attribute that it needs is gone."""
        await self._engine.run(
            f"UPDATE factors SET {ENABLED[name]} = NULL, preferred = NULLIF(preferred, ?)"
            " WHERE pool_id = ? AND sub = ?",
            name, pool_id, sub,
        )  # fmt: skip

    async def software_token(self, pool: Pool, sub: str) -> SoftwareToken | None:
        """The app that the user verified, if any."""
        row = await self._engine.one(
            "SELECT totp_sealed, totp_last_step FROM factors WHERE pool_id = ? AND sub = ?", pool.pool_id, sub
        )
        if row is None or row[0] is None:
            return None
        return SoftwareToken(_opened(pool.sealer, sub, row[0]), row[1], row[0])

    async def pending_token(self, pool: Pool, sub: str) -> SoftwareToken | None:
        """The secret that waits for its first code, if any."""
        row = await self._engine.one(
            "SELECT pending_sealed FROM factors WHERE pool_id = ? AND sub = ?", pool.pool_id, sub
        )
        if row is None or row[0] is None:
            return None
        return SoftwareToken(_opened(pool.sealer, sub, row[0]), -1, row[0])

    async def set_pending_token(self, pool: Pool, sub: str, secret: bytes) -> None:
        """Lets a new secret wait for its first code; an app that is verified stays good until then."""
        await self._engine.run(
            "INSERT INTO factors (pool_id, sub, pending_sealed) VALUES (?, ?, ?)"
            " ON CONFLICT (pool_id, sub) DO UPDATE SET pending_sealed = excluded.pending_sealed",
            pool.pool_id, sub, _sealed(pool.sealer, sub, secret),
        )  # fmt: skip

    async def verify_token(
        self, pool_id: str, sub: str, pending: SoftwareToken, *, name: str, step: int, now: int
    ) -> bool:
        """Puts the waiting secret in the place of the app before it. Whether it still waited: one caller sees True."""
        changed = await self._engine.run(
            "UPDATE factors SET totp_sealed = pending_sealed, pending_sealed = NULL, totp_name = ?,"
            " totp_verified_at = ?, totp_last_step = ? WHERE pool_id = ? AND sub = ? AND pending_sealed = ?",
            name or None, now, step, pool_id, sub, pending.sealed,
        )  # fmt: skip
        return changed > 0

    async def add_token(self, pool: Pool, sub: str, secret: bytes, *, name: str, step: int, now: int) -> bool:
        """Gives an app to a user who has none, turned on. Whether there was none: one of many callers sees True."""
        changed = await self._engine.run(
            "INSERT INTO factors (pool_id, sub, totp_sealed, totp_name, totp_verified_at, totp_last_step,"
            " totp_enabled_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (pool_id, sub) DO UPDATE SET"
            " totp_sealed = excluded.totp_sealed, totp_name = excluded.totp_name, pending_sealed = NULL,"
            " totp_verified_at = excluded.totp_verified_at, totp_last_step = excluded.totp_last_step,"
            " totp_enabled_at = excluded.totp_enabled_at WHERE factors.totp_sealed IS NULL",
            pool.pool_id, sub, _sealed(pool.sealer, sub, secret), name or None, now, step, now,
        )  # fmt: skip
        return changed > 0

    async def use_step(self, pool_id: str, sub: str, token: SoftwareToken, step: int) -> bool:
        """Whether this caller is the first to use a code of that step, or a later one, of this very secret.

        The update is the gate (SECURITY.md case 42): of many on any node one wins, and no earlier code is good after.
        """
        changed = await self._engine.run(
            "UPDATE factors SET totp_last_step = ?"
            " WHERE pool_id = ? AND sub = ? AND totp_sealed = ? AND totp_last_step < ?",
            step, pool_id, sub, token.sealed, step,
        )  # fmt: skip
        return changed > 0

    async def remove_token(self, pool_id: str, sub: str) -> None:
        """Ends the user's app and a secret that waits, and the preference for them."""
        await self._engine.run(
            "UPDATE factors SET totp_sealed = NULL, totp_name = NULL, totp_verified_at = NULL,"
            " totp_last_step = NULL, pending_sealed = NULL, totp_enabled_at = NULL,"
            " preferred = NULLIF(preferred, ?) WHERE pool_id = ? AND sub = ?",
            mfa.TOTP, pool_id, sub,
        )  # fmt: skip


def _sealed(sealer: Sealer, sub: str, secret: bytes) -> bytes:
    # One place for both columns: a secret that waited is moved, not sealed anew.
    return sealer.seal(secret, table="factors", row=f"{sub}/totp")


def _opened(sealer: Sealer, sub: str, sealed: bytes) -> bytes:
    return sealer.open(sealed, table="factors", row=f"{sub}/totp")
