"""The model's constraints on a request, and AWS's words for a request that breaks them.

A good request is only read and tested by closures, compiled when its operation is first called. The wording is
worked out afterwards, and only for a bad one. It follows what Cognito is recorded to say:

- all violations in one message, counted; members in the reverse of the model's order (aws/aws-sdk-java-v2#5528,
  amazon-archives/amazon-cognito-identity-js#388), at most ten (kept from Kinesis by mhart/kinesalite);
- a member is named with its first letter lowered, a list's element by `.N.member` (aws/aws-cdk#14175);
- a list or map of plain values is named once, with all the constraints of its elements in brackets
  (aws-solutions/media-insights-on-aws#199, aws/aws-cdk#31795);
- a sensitive value is left out: `Value at 'password' failed to satisfy constraint: …`, also where it is null.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cenote.domain.errors import CognitoError, InvalidParameter
from cenote.wire.errors import Validation
from cenote.wire.model import Model, Operation, Shape
from cenote.wire.patterns import matcher
from cenote.wire.reading import Readers

Fits = Callable[[Any], bool]

_COUNTED = frozenset({"string", "blob", "list", "map"})

MAX_VIOLATIONS = 10
_ECHOED = 4096

# Marked sensitive in the model, and yet AWS prints it (boto/boto3#3581).
_NOT_SECRET = frozenset({"ClientIdType"})


@dataclass(frozen=True, slots=True)
class Constraint:
    """One rule for one value: AWS's text for breaking it, and the test."""

    text: str
    holds: Fits


class Validator:
    """Reads and checks requests of one service. One per model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._shapes = model.shapes
        self._readers = Readers(model)
        self._fits: dict[str, Fits | None] = {}
        self._constraints: dict[str, tuple[Constraint, ...]] = {}

    def compile(self, operation: Operation) -> Callable[[Any], dict[str, Any]]:
        """A reader of requests: decoded JSON in, the known members out.

        It raises `Serialization` for wrong types, and for broken constraints `InvalidParameter`, or `Validation`
        where the operation does not list that.
        """
        read = self._readers.of(operation.input)
        fits = self._fits_of(operation.input)
        listed = InvalidParameter.code in operation.errors
        failure: type[CognitoError] = InvalidParameter if listed else Validation

        def validate(value: Any) -> dict[str, Any]:
            request: dict[str, Any] = read(value)
            if fits is not None and not fits(request):
                raise failure(self._message(operation.input, request))
            return request

        return validate

    def _message(self, name: str, request: dict[str, Any]) -> str:
        found = list(islice(self._violations(name, request, ""), MAX_VIOLATIONS))
        return f"{len(found)} validation error{'s'[: len(found) > 1]} detected: {'; '.join(found)}"

    def _constraints_of(self, name: str) -> tuple[Constraint, ...]:
        made = self._constraints.get(name)
        if made is None:
            made = self._constraints[name] = tuple(_constraints(self._shapes[name]))
        return made

    def _fits_of(self, name: str) -> Fits | None:
        """A test of values that were read as `name`; None where any value will do."""
        if name not in self._fits:
            # Standing in for itself while it is being made is what lets a shape contain itself.
            def later(value: Any) -> bool:
                return (self._fits[name] or _anything)(value)

            self._fits[name] = later
            self._fits[name] = self._make_fits(name)
        return self._fits[name]

    def _make_fits(self, name: str) -> Fits | None:
        shape = self._shapes[name]
        if shape.type == "structure":
            return self._structure_fits(shape)
        tests = _tests(shape)
        if shape.type == "list" and shape.member and (item := self._fits_of(shape.member)):
            tests.append(_each(item))
        if shape.type == "map" and shape.key and (key := self._fits_of(shape.key)):
            tests.append(_each(key))
        if shape.type == "map" and shape.value and (item := self._fits_of(shape.value)):
            tests.append(_each_value(item))
        return _all(tests)

    def _structure_fits(self, shape: Shape) -> Fits | None:
        required = shape.required
        checked = {
            name: fits
            for name, target in shape.members.items()
            if (fits := self._fits_of(target)) is not None
        }
        if not required and not checked:
            return None

        def structure_fits(value: dict[str, Any]) -> bool:
            for name in required:
                if name not in value:
                    return False
            for name, item in value.items():
                fits = checked.get(name)
                if fits is not None and not fits(item):
                    return False
            return True

        return structure_fits

    def _violations(self, name: str, value: Any, path: str) -> Iterator[str]:
        shape = self._shapes[name]
        if shape.type == "structure":
            yield from self._member_violations(shape, value, path)
            return
        for constraint in self._constraints_of(name):
            if not constraint.holds(value):
                yield self._said(name, value, path, constraint.text)
        if shape.type == "list" and shape.member:
            yield from self._item_violations(name, shape.member, value, path)
        elif shape.type == "map" and shape.key and shape.value:
            yield from self._entry_violations(name, shape.key, shape.value, value, path)

    def _member_violations(self, shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
        for name in reversed(shape.members):
            target = shape.members[name]
            at = f"{path}.{_lowered(name)}" if path else _lowered(name)
            if name in value:
                yield from self._violations(target, value[name], at)
            elif name in shape.required:
                null = "Value" if self._is_secret(target) else "Value null"
                yield f"{null} at '{at}' failed to satisfy constraint: Member must not be null"

    def _item_violations(self, name: str, member: str, value: list[Any], path: str) -> Iterator[str]:
        if self._is_plain(member):
            if not all(map(self._fits_of(member) or _anything, value)):
                yield self._said(name, value, path, f"Member must satisfy constraint: {self._all_of(member)}")
            return
        for number, item in enumerate(value, start=1):
            yield from self._violations(member, item, f"{path}.{number}.member")

    def _entry_violations(
        self, name: str, key: str, member: str, value: dict[str, Any], path: str
    ) -> Iterator[str]:
        if not all(map(self._fits_of(key) or _anything, value)):
            yield self._said(name, value, path, f"Map keys must satisfy constraint: {self._all_of(key)}")
        if self._is_plain(member):
            if not all(map(self._fits_of(member) or _anything, value.values())):
                yield self._said(
                    name, value, path, f"Map value must satisfy constraint: {self._all_of(member)}"
                )
            return
        for entry, item in value.items():
            yield from self._violations(member, item, f"{path}.{entry[:_ECHOED]}.member")

    def _all_of(self, name: str) -> str:
        return f"[{', '.join(constraint.text for constraint in reversed(self._constraints_of(name)))}]"

    def _said(self, name: str, value: Any, path: str, text: str) -> str:
        shown = "" if self._is_secret(name) and value not in ([], {}) else f" '{_shown(value)[:_ECHOED]}'"
        return f"Value{shown} at '{path}' failed to satisfy constraint: {text}"

    def _is_plain(self, name: str) -> bool:
        return not self._shapes[name].parts and self._shapes[name].type != "structure"

    def _is_secret(self, name: str) -> bool:
        """Whether a value of this shape, or anything that it would print, is not to be echoed."""
        shape = self._shapes[name]
        if name in _NOT_SECRET:
            return False
        return shape.sensitive or shape.type == "structure" or any(map(self._is_secret, shape.parts))


def _constraints(shape: Shape) -> Iterator[Constraint]:
    """A value's own constraints, in the order in which AWS names them."""
    if shape.enum:
        text = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        yield Constraint(text, frozenset(shape.enum).__contains__)
    if shape.pattern:
        text = f"Member must satisfy regular expression pattern: {shape.pattern}"
        yield Constraint(text, matcher(shape.pattern))
    noun = "length" if shape.type in _COUNTED else "value"
    if shape.min is not None:
        text = f"Member must have {noun} greater than or equal to {shape.min}"
        yield Constraint(text, _between(shape.type, shape.min, None))
    if shape.max is not None:
        text = f"Member must have {noun} less than or equal to {shape.max}"
        yield Constraint(text, _between(shape.type, None, shape.max))


def _tests(shape: Shape) -> list[Fits]:
    """The same constraints in as few tests as possible, the cheapest first."""
    tests: list[Fits] = []
    least = None if shape.type in _COUNTED and shape.min == 0 else shape.min
    if least is not None or shape.max is not None:
        tests.append(_between(shape.type, least, shape.max))
    if shape.enum:
        tests.append(frozenset(shape.enum).__contains__)
    if shape.pattern:
        tests.append(matcher(shape.pattern))
    return tests


def _between(kind: str, least: int | None, most: int | None) -> Fits:
    """A test of the length, or for numbers of the value, against bounds of which one may be missing."""
    low = -sys.maxsize if least is None else least
    high = sys.maxsize if most is None else most
    if kind not in _COUNTED:
        return lambda value: low <= value <= high
    if least is None:
        return lambda value: len(value) <= high
    return lambda value: low <= len(value) <= high


def _anything(_: Any) -> bool:
    return True


def _each(test: Fits) -> Fits:
    return lambda values: all(map(test, values))


def _each_value(test: Fits) -> Fits:
    return lambda entries: all(map(test, entries.values()))


def _all(tests: list[Fits]) -> Fits | None:
    """One test that is all of `tests`."""
    if len(tests) < 2:
        return tests[0] if tests else None
    first, second, *others = tests

    def both(value: Any) -> bool:
        return first(value) and second(value)

    return _all([both, *others])


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


def _shown(value: Any) -> str:
    """A value as Java prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    return str(value)
