"""JSON values to the values that handlers get: types, coercions, known members only.

The texts are those of AWS's JSON 1.1 services: `Expected map or null` and the two `Start of …` are recorded from
Cognito (aws-amplify/amplify-js#4738, #5165), the others from services on the same framework (Athena and SES in
2026). So are the habits: a null member, list element or map value counts as absent, a decimal is cut to an
integer, an integer stops at the ends of its range, a boolean may be a word.
"""

import binascii
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cenote.wire.errors import Serialization
from cenote.wire.model import Model, Shape

Read = Callable[[Any], Any]

# AWS's own limit for free-form documents is not known; no settings document comes near this.
MAX_DOCUMENT_DEPTH = 64

_WORDS = dict.fromkeys(("true", "yes", "y", "t", "1"), True) | dict.fromkeys(
    ("false", "no", "n", "f", "0"), False
)


class Readers:
    """Readers of a model's shapes, made at first use. A reader raises `Serialization` and nothing else."""

    def __init__(self, model: Model) -> None:
        self._shapes = model.shapes
        self._made: dict[str, Read] = {}

    def of(self, name: str) -> Read:
        made = self._made.get(name)
        if made is None:
            # Standing in for itself while it is being made is what lets a shape contain itself.
            def later(value: Any) -> Any:
                return self._made[name](value)

            self._made[name] = later
            made = self._made[name] = self._make(self._shapes[name])
        return made

    def _make(self, shape: Shape) -> Read:
        if shape.type == "structure":
            return _structure({name: self.of(target) for name, target in shape.members.items()})
        if shape.type == "list" and shape.member:
            return _list(self.of(shape.member))
        if shape.type == "map" and shape.value:
            return _map(self.of(shape.value))
        return _SIMPLE[shape.type]


def _structure(members: dict[str, Read]) -> Read:
    find = members.get

    def read_structure(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _mismatch(value, "Expected null")
        known = {}
        for name, item in value.items():
            read = find(name)
            if read is not None and item is not None:
                known[name] = read(item)
        return known

    return read_structure


def _list(read: Read) -> Read:
    def read_list(value: Any) -> list[Any]:
        if type(value) is not list:
            raise _mismatch(value, "Expected list or null")
        return [read(item) for item in value if item is not None]

    return read_list


def _map(read: Read) -> Read:
    def read_map(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _mismatch(value, "Expected map or null")
        return {key: read(item) for key, item in value.items() if item is not None}

    return read_map


def _mismatch(value: Any, scalar: str) -> Serialization:
    """The error for a value of the wrong JSON type; `scalar` is its text where the value is a scalar."""
    if type(value) is list:
        return Serialization("Start of list found where not expected")
    if type(value) is dict:
        return Serialization("Start of structure or map found where not expected.")
    return Serialization(scalar)


def _inconvertible(value: Any, kind: str) -> Serialization:
    if value is True or value is False:
        token = "TRUE_VALUE" if value else "FALSE_VALUE"
    else:
        token = "STRING_VALUE" if type(value) is str else "NUMBER_VALUE"
    return _mismatch(value, f"{token} can not be converted to {kind}")


def _string(value: Any) -> str:
    if type(value) is str:
        return value
    raise _inconvertible(value, "a String")


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    if type(value) is str:
        word = _WORDS.get(value.lower())
        if word is None:
            raise _inconvertible(value, "an Boolean")
        return word
    raise _inconvertible(value, "a Boolean")


def _whole(bits: int, kind: str) -> Read:
    top: int = 2 ** (bits - 1) - 1

    def read_whole(value: Any) -> int:
        if type(value) is int or (type(value) is float and math.isfinite(value)):
            number = int(value)
            return max(-top - 1, min(top, number))
        raise _inconvertible(value, kind)

    return read_whole


def _timestamp(value: Any) -> float:
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        # Beyond the year 9999 there is no date to convert it to, here as at AWS.
        if abs(value) < 253_402_300_800:
            return float(value)
    elif type(value) is str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is not None:
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    raise _inconvertible(value, "milliseconds since epoch")


def _blob(value: Any) -> bytes:
    if type(value) is str:
        try:
            return binascii.a2b_base64(value.encode("ascii"), strict_mode=True)
        except (binascii.Error, UnicodeEncodeError):
            pass
    raise _inconvertible(value, "a Blob")


def _document(value: Any) -> Any:
    level = [value]
    for _ in range(MAX_DOCUMENT_DEPTH):
        level = [
            item
            for holder in level
            if isinstance(holder, (dict, list))
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return value
    raise Serialization


_SIMPLE: dict[str, Read] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _whole(32, "an Integer"),
    "long": _whole(64, "a Long"),
    "timestamp": _timestamp,
    "blob": _blob,
    "document": _document,
}
