"""Sealing at rest: AES-256-GCM, bound to the table and the row it stands in.

Two levels. The master keys (`master_key.py`) never enter the database: they wrap data keys, one for each
pool and one for the server, each in its own row. Data keys seal everything else. Rotating the master key so
rewraps one row per pool and touches nothing else.

Sealed bytes are: version (1) · key id (4) · nonce (12) · ciphertext and tag (16). The key id is a
fingerprint of the key. Nonces are random: good for 2**32 seals under one data key, that is one pool.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cenote.store.master_key import KEY_BYTES, MasterKeyError, MasterKeys

_VERSION = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12
_HEADER_BYTES = len(_VERSION) + _ID_BYTES
_LEAST_BYTES = _HEADER_BYTES + _NONCE_BYTES + 16


class Unsealable(Exception):
    """The bytes were not sealed with this key for this row, or were changed or cut since."""


class UnknownMasterKey(MasterKeyError):
    """A data key is wrapped by a master key that this server was not given."""


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"cenote " + purpose.encode()).derive(key)


def _place(table: str, row: str) -> bytes:
    name, key = table.encode(), row.encode()
    return b"%c%b%b" % (len(name), name, key)


class _Key:
    """One AES key with its fingerprint."""

    __slots__ = ("_aead", "key_id")

    def __init__(self, key: bytes, purpose: str) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        self._aead = AESGCM(_derived(key, purpose))
        self.key_id = _derived(key, f"{purpose} id")[:_ID_BYTES]

    def seal(self, plaintext: bytes, *, table: str, row: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        header = _VERSION + self.key_id
        return header + nonce + self._aead.encrypt(nonce, plaintext, header + _place(table, row))

    def open(self, sealed: bytes, *, table: str, row: str) -> bytes:
        header = _VERSION + self.key_id
        if len(sealed) < _LEAST_BYTES or not sealed.startswith(header):
            raise Unsealable(f"{table}: not sealed with this key")
        nonce = sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
        try:
            return self._aead.decrypt(
                nonce, sealed[_HEADER_BYTES + _NONCE_BYTES :], header + _place(table, row)
            )
        except InvalidTag:
            raise Unsealable(f"{table}: changed since it was sealed, or sealed for another row") from None


class Sealer:
    """What one data key of 32 bytes seals, and the secrets derived from it."""

    __slots__ = ("_data_key", "_derived", "_key")

    def __init__(self, data_key: bytes) -> None:
        self._key = _Key(data_key, "seal")
        self._data_key = data_key
        self._derived: dict[str, bytes] = {}

    def seal(self, plaintext: bytes, *, table: str, row: str) -> bytes:
        """The sealed bytes, good only for this row of this table; 33 bytes longer than the plaintext."""
        return self._key.seal(plaintext, table=table, row=row)

    def open(self, sealed: bytes, *, table: str, row: str) -> bytes:
        """The plaintext; raises Unsealable on anything that `seal` did not make for this row."""
        return self._key.open(sealed, table=table, row=row)

    def derive(self, purpose: str) -> bytes:
        """32 secret bytes for one purpose (HKDF-SHA256 of the data key): keys of HMACs and the like.

        `purpose` is a constant of the code, never a value from a request: what is derived is kept.
        """
        derived = self._derived.get(purpose)
        if derived is None:
            derived = self._derived[purpose] = _derived(self._data_key, f"derive {purpose}")
        return derived


class Keyring:
    """The master keys at work: wraps data keys with the newest, unwraps with any."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._source = master_keys
        self._take(master_keys)

    @classmethod
    def load(cls, data_dir: Path, environ: Mapping[str, str]) -> "Keyring":
        """See `MasterKeys.load`: raises MasterKeyError with a sentence for the operator."""
        return cls(MasterKeys.load(data_dir, environ))

    def _take(self, master_keys: MasterKeys) -> None:
        keys = [_Key(key, "wrap") for key in master_keys.keys]
        self._newest = keys[0]
        self._by_id = {key.key_id: key for key in keys}

    def reload(self) -> None:
        """Takes up keys that another process put into the file since."""
        if self._source.reload():
            self._take(self._source)

    def wrap(self, data_key: bytes, *, table: str, row: str) -> bytes:
        """The data key sealed for its row under the newest master key."""
        self.reload()
        return self._newest.seal(data_key, table=table, row=row)

    def unwrap(self, wrapped: bytes, *, table: str, row: str) -> bytes:
        """The data key. Raises UnknownMasterKey, or Unsealable if the bytes are not this row's."""
        key_id = wrapped[len(_VERSION) : _HEADER_BYTES]
        key = self._by_id.get(key_id)
        if key is None:
            self.reload()
            key = self._by_id.get(key_id)
        if key is None:
            raise UnknownMasterKey(
                f"{table} is sealed under master key {key_id.hex()}, which is not in {self._source.origin}:"
                " start Cenote with the master key that this database was made with."
            )
        return key.open(wrapped, table=table, row=row)

    def is_newest(self, wrapped: bytes) -> bool:
        """Whether the data key is wrapped by the newest master key."""
        return wrapped.startswith(_VERSION + self._newest.key_id)

    def rotate(self, *, now: int) -> None:
        """Puts a new newest key into the file; MasterKeyError if the keys come from elsewhere."""
        self._source.rotate(now=now)
        self._take(self._source)

    def prune(self, *, now: int) -> int:
        """Drops all keys but the newest from the file; returns how many. To be asked by `rewrapping` only."""
        dropped = self._source.prune(now=now)
        self._take(self._source)
        return dropped
