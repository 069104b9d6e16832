"""Documents of pools and app clients, in AWS's shape: text in the database, and what is read of it in memory."""

from collections.abc import Mapping
from typing import Any

import msgspec

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read = msgspec.json.Decoder().decode

# How many parts are kept to be shared. One that most documents have is soon back if it had to go.
_LIMIT = 1024


class Documents:
    """Reads documents. Members that read alike in several of them are one object, so nobody may change what is read.

    Most pools have the same schema, which is nine tenths of a document: a thousand of them take half a megabyte and
    not sixteen, and what each request looks at is what the one before looked at.
    """

    def __init__(self) -> None:
        self._shared: dict[bytes, Any] = {}

    def read(self, text: str) -> Mapping[str, Any]:
        return {name: self._part(bytes(part)) for name, part in _members(text).items()}

    def _part(self, text: bytes) -> Any:
        if not text.startswith((b"{", b"[")):
            return _read(text)
        if text not in self._shared:
            if len(self._shared) >= _LIMIT:
                self._shared.pop(next(iter(self._shared)))
            self._shared[text] = _read(text)
        return self._shared[text]
