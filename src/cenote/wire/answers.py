"""Answers to JSON, and the check of an answer against its shape that tests run with."""

from collections.abc import Iterator
from typing import Any

import msgspec

from cenote.wire.model import Model, Shape

_encode = msgspec.json.Encoder().encode

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (float, int),
    "blob": (bytes,),
}


def encode_answer(model: Model, output: str | None, answer: Any) -> bytes:
    """The body of an answer of shape `output`: empty where the operation has none, as at AWS.

    Members that are None are left out. Looking for them costs more than writing the JSON, so that happens only
    where the text says null somewhere.
    """
    if output is None:
        return b""
    body = _encode(answer or {})
    return _encode(_without_nulls(model, output, answer)) if b"null" in body else body


def _without_nulls(model: Model, name: str, value: Any) -> Any:
    """`value` without its None members, elements and entries; free-form documents stay as they are."""
    shape = model.shapes[name]
    if shape.type == "structure" and isinstance(value, dict):
        return {
            member: _without_nulls(model, shape.members[member], item) if member in shape.members else item
            for member, item in value.items()
            if item is not None
        }
    if shape.type == "list" and shape.member and isinstance(value, (list, tuple)):
        return [_without_nulls(model, shape.member, item) for item in value if item is not None]
    if shape.type == "map" and shape.value and isinstance(value, dict):
        return {
            key: _without_nulls(model, shape.value, item) for key, item in value.items() if item is not None
        }
    return value


def misfits(model: Model, output: str | None, answer: Any) -> list[str]:
    """Where an answer departs from its output shape: wrong types, unknown or missing members, strange enums.

    Lengths and patterns are not held against an answer: AWS itself breaks those.
    """
    if output is None:
        return [f"an answer where the operation has none: {type(answer).__name__}"] if answer else []
    return list(_misfits(model, output, {} if answer is None else answer, output))


def _misfits(model: Model, name: str, value: Any, path: str) -> Iterator[str]:
    shape = model.shapes[name]
    if shape.type == "document":
        return
    if not _is_a(shape.type, value):
        yield f"{path} is a {type(value).__name__}, not a {shape.type}"
    elif shape.type == "structure":
        yield from _member_misfits(model, shape, value, path)
    elif shape.type == "list" and shape.member:
        for number, item in enumerate(value):
            if item is not None:
                yield from _misfits(model, shape.member, item, f"{path}[{number}]")
    elif shape.type == "map" and shape.key and shape.value:
        for key, item in value.items():
            yield from _misfits(model, shape.key, key, f"a key of {path}")
            if item is not None:
                yield from _misfits(model, shape.value, item, f"{path}[{key!r}]")
    elif shape.enum and value not in shape.enum:
        yield f"{path} is {value!r}, none of {', '.join(shape.enum)}"


def _is_a(kind: str, value: Any) -> bool:
    # A bool is an int to Python, and not to JSON.
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _member_misfits(model: Model, shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for member in shape.required:
        if value.get(member) is None:
            yield f"{path}.{member} is missing"
    for member, item in value.items():
        target = shape.members.get(member)
        if target is None:
            yield f"{path}.{member} is not in the model"
        elif item is not None:
            yield from _misfits(model, target, item, f"{path}.{member}")
