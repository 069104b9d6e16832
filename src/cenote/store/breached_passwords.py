"""Passwords from breaches, in a file beside the database: it is read here and nothing is sent anywhere.

The file has a SHA-1 hash of a password on each line, in hexadecimal and in ascending order, perhaps with `:` and how
often it was found: the form that Have I Been Pwned's downloader writes.
"""

import hashlib
import mmap
import re
from pathlib import Path
from typing import Final

_HASH_SIZE: Final = 40
_LINE: Final = re.compile(rb"[0-9A-Fa-f]{40}(?::\d+)?\r?(?:\n|$)")


class NoSuchFile(Exception):
    """The file cannot be read or is not of that form; the text says so in a sentence."""


class BreachedPasswords:
    """What a file holds; without one, nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self._data: bytes | mmap.mmap = b""
        if path is None:
            return
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise NoSuchFile(f"{path} cannot be read: {error}") from error
        if not _LINE.match(self._data[: _HASH_SIZE + 24]):
            raise NoSuchFile(f"{path} has no SHA-1 hash in its first line.")

    def __bool__(self) -> bool:
        return bool(self._data)

    def holds(self, password: str) -> bool:
        """Whether the password is in the file; some forty reads in one of any size."""
        wanted = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        target, data = wanted.upper().encode(), self._data
        low, high = 0, len(data)
        while low < high:
            start = data.rfind(b"\n", low, (low + high) // 2) + 1 or low
            if data[start : start + _HASH_SIZE].upper() < target:
                low = data.find(b"\n", start) + 1 or len(data)
            else:
                high = start
        return data[low : low + _HASH_SIZE].upper() == target

    def close(self) -> None:
        if isinstance(self._data, mmap.mmap):
            self._data.close()
            self._data = b""
