"""All SQL: the engines (SQLite, PostgreSQL), sealing at rest, one module per noun, migrations.

Only `engine` modules know the dialect. Rules live in `domain/`; the store keeps and finds. `Store` holds one
attribute a noun; what is called inside `async with store.transaction()` belongs to that transaction.
"""

import os
from contextlib import AbstractAsyncContextManager

from cenote.store.access_keys import AccessKeys
from cenote.store.attempts import Attempts
from cenote.store.auth_events import AuthEvents
from cenote.store.branding import BrandingStyles
from cenote.store.breached_passwords import BreachedPasswords
from cenote.store.browser_sessions import BrowserSessions
from cenote.store.clients import Clients
from cenote.store.codes import Codes
from cenote.store.device_codes import DeviceCodes
from cenote.store.devices import Devices
from cenote.store.domains import Domains
from cenote.store.engine import Engine
from cenote.store.factors import FactorRecords
from cenote.store.groups import Groups
from cenote.store.log_events import LogEvents
from cenote.store.messages import Messages
from cenote.store.passkeys import Passkeys
from cenote.store.pools import Pools
from cenote.store.resource_servers import ResourceServers
from cenote.store.sealing import Keyring, Sealer
from cenote.store.sessions import Sessions
from cenote.store.terms import TermsDocuments
from cenote.store.ui_customizations import UICustomizations
from cenote.store.users import Users

__all__ = ["Store"]


class Store:
    """Everything kept, by noun. `server` seals and derives what belongs to no pool."""

    def __init__(self, engine: Engine, keyring: Keyring, server: Sealer) -> None:
        self.engine = engine
        self.server = server
        self.access_keys = AccessKeys(engine, server)
        self.pools = Pools(engine, keyring)
        self.clients = Clients(engine, self.pools)
        self.domains = Domains(engine)
        self.resource_servers = ResourceServers(engine)
        self.branding = BrandingStyles(engine)
        self.ui_customizations = UICustomizations(engine)
        self.terms = TermsDocuments(engine)
        self.users = Users(engine)
        self.groups = Groups(engine)
        self.sessions = Sessions(engine)
        self.browser_sessions = BrowserSessions(engine)
        self.codes = Codes(engine)
        self.factors = FactorRecords(engine)
        self.passkeys = Passkeys(engine)
        self.devices = Devices(engine)
        self.device_codes = DeviceCodes(engine)
        self.attempts = Attempts(engine)
        self.auth_events = AuthEvents(engine)
        self.breached_passwords = BreachedPasswords()
        self.messages = Messages(engine, self.pools, server)
        self.log_events = LogEvents(engine, self.pools)

    @classmethod
    async def opened(cls, engine: Engine, keyring: Keyring) -> "Store":
        """The store on a migrated database; the first process to come makes the server's own data key."""
        select = "SELECT seal_key FROM server_keys WHERE name = 'server'"
        row = await engine.one(select)
        if row is None:
            async with engine.transaction():
                await engine.run(
                    "INSERT INTO server_keys (name, seal_key) VALUES ('server', ?) ON CONFLICT (name) DO NOTHING",
                    keyring.wrap(os.urandom(32), table="server_keys", row="server"),
                )
                row = await engine.one(select)
        if row is None:
            raise RuntimeError("the server's data key is gone")
        return cls(engine, keyring, Sealer(keyring.unwrap(row[0], table="server_keys", row="server")))

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """All or nothing, durable when the block is left; `raise Keep(error)` keeps the writes and raises."""
        return self.engine.transaction()

    async def close(self) -> None:
        await self.engine.close()
