"""Where the master keys come from: a file of our own in the data directory, or the operator.

The form is the same everywhere: 32 bytes in base64 each, newest first. In a file each stands on a line,
which may go on with the epoch milliseconds at which it was made, and `#` opens a comment; in the
environment commas or spaces stand between. All this is blocking file work, for the start of a process and
for `cenote keys`.
"""

import base64
import binascii
import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32
# A process may still be writing a data key that it wrapped just before the keys were rotated.
PRUNE_AFTER = 60_000
_HEAD = (
    "# Cenote's master keys, newest first. Without them the database cannot be read: keep a copy elsewhere.\n"
)


class MasterKeyError(Exception):
    """The master keys cannot be used as they are; the message tells the operator what to do."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """`key` is 32 bytes, `made_at` epoch milliseconds (0 if not known)."""

    key: bytes
    made_at: int

    def line(self) -> str:
        return f"{base64.b64encode(self.key).decode()} {self.made_at}\n"


class MasterKeys:
    """The keys of one source, newest first; never none. `origin` names the source in messages."""

    def __init__(self, keys: list[MasterKey], origin: str) -> None:
        self.origin = origin
        self._keys = keys
        self._path: Path | None = None
        self._own = False
        self._stamp: tuple[int, ...] = ()

    @classmethod
    def load(cls, data_dir: Path, environ: Mapping[str, str]) -> "MasterKeys":
        """From CENOTE_MASTER_KEY, the file CENOTE_MASTER_KEY_FILE, or `master.key` in `data_dir`.

        The last is made, for its owner only, if it is not there: by the first of any processes that come at
        once. Raises MasterKeyError.
        """
        text, file = environ.get("CENOTE_MASTER_KEY"), environ.get("CENOTE_MASTER_KEY_FILE")
        if text and file:
            raise MasterKeyError("Set CENOTE_MASTER_KEY or CENOTE_MASTER_KEY_FILE, not both.")
        if text:
            return cls(_parsed(re.split(r"[\s,]+", text), "CENOTE_MASTER_KEY"), "CENOTE_MASTER_KEY")
        path = Path(file) if file else data_dir / "master.key"
        if not file and not path.exists():
            _make(path)
        keys = cls([], str(path))
        keys._path, keys._own = path, not file
        keys.reload()
        return keys

    @property
    def keys(self) -> tuple[bytes, ...]:
        return tuple(key.key for key in self._keys)

    def reload(self) -> bool:
        """Reads the file again if it was replaced since; returns whether it was."""
        if self._path is None:
            return False
        try:
            found = self._path.stat()
            stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
            if stamp == self._stamp:
                return False
            self._keys, self._stamp = _read(self._path), stamp
        except OSError as error:
            raise _trouble(self._path, error) from error
        return True

    def rotate(self, *, now: int) -> None:
        """Puts a new key at the head of our own file; MasterKeyError if the keys come from elsewhere."""
        self._replace(lambda keys: [MasterKey(os.urandom(KEY_BYTES), now), *keys])

    def prune(self, *, now: int) -> int:
        """Drops all keys but the newest from our own file and returns how many.

        Raises MasterKeyError if the newest is so young that another process may not yet have met it.
        """
        dropped = 0

        def newest(keys: list[MasterKey]) -> list[MasterKey]:
            nonlocal dropped
            dropped = len(keys) - 1
            if dropped and now - keys[0].made_at < PRUNE_AFTER:
                raise MasterKeyError("The newest master key is less than a minute old: prune a little later.")
            return keys[:1]

        self._replace(newest)
        return dropped

    def _replace(self, change: Callable[[list[MasterKey]], list[MasterKey]]) -> None:
        if self._path is None or not self._own:
            raise MasterKeyError(
                f"The master keys come from {self.origin}: put the new key first there, and leave the old"
                " ones behind it until the data keys are wrapped again."
            )
        with _alone(self._path):
            _write(self._path, change(_read(self._path)))
        self.reload()


def _parsed(words: list[str], origin: str) -> list[MasterKey]:
    keys = []
    for word in filter(None, words):
        text, _, made_at = word.strip().partition(" ")
        try:
            key = MasterKey(base64.b64decode(text, validate=True), int(made_at or 0))
        except (binascii.Error, ValueError):
            key = MasterKey(b"", 0)
        if len(key.key) != KEY_BYTES:
            raise MasterKeyError(f"{origin} holds something else than master keys of 32 bytes in base64.")
        keys.append(key)
    if not keys:
        raise MasterKeyError(f"{origin} holds no master key.")
    return keys


def _read(path: Path) -> list[MasterKey]:
    with path.open(encoding="ascii", errors="replace") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise MasterKeyError(
                f"{path} can be read by others than its owner: run `chmod 600 {path}` first."
            )
        lines = [line.strip() for line in file]
    return _parsed([line for line in lines if not line.startswith("#")], str(path))


def _make(path: Path) -> None:
    with _alone(path):
        if not path.exists():
            _write(path, [MasterKey(os.urandom(KEY_BYTES), 0)])


def _write(path: Path, keys: list[MasterKey]) -> None:
    """Puts the file in place as a whole and durably: no reader ever sees half of it."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(_HEAD + "".join(key.line() for key in keys))
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keeps other processes from changing the key file meanwhile."""
    try:
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)
    except OSError as error:
        raise _trouble(path, error) from error


def _trouble(path: Path, error: OSError) -> MasterKeyError:
    return MasterKeyError(f"{path} cannot be read or written: {error.strerror}.")
