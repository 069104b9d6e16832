"""The smallest request that the model lets through, for any operation: tables made of it miss no new one."""

from typing import Any

from cenote.api import OPERATIONS
from cenote.wire.model import Model, load_model
from cenote.wire.patterns import matcher

MODEL: Model = load_model("cognito_idp")
BUILT = frozenset(OPERATIONS["cognito_idp"])
# What fits one pattern or another.
SAMPLES = (
    "000000", "a", "eu-central-1_Absent000", "https://a.example/", "a@a.example", "arn:aws:iam::000000000000:role/a",
    "arn:aws:cognito-idp:eu-central-1:000000000000:userpool/eu-central-1_Absent000", "eu-central-1", "A.A.A", "{####}",
    "eu-central-1_0", "tkn0000000000000000000000000", "00000000-0000-4000-8000-000000000000", "import-0",
    "terms-of-use",
)  # fmt: skip


def members(operation: str) -> frozenset[str]:
    """The names of what a request may hold."""
    return frozenset(MODEL.shapes[MODEL.operations[operation].input].members)


def taking(*names: str) -> list[str]:
    """The built operations whose request may hold one of these members."""
    return sorted(operation for operation in BUILT if members(operation) & set(names))


def minimal(operation: str, **values: Any) -> dict[str, Any]:
    """A request of the required members, and of those among `values` that the operation knows."""
    known = {name: value for name, value in values.items() if name in members(operation)}
    return {**_minimal(MODEL.operations[operation].input), **known}


def _minimal(name: str) -> Any:
    shape = MODEL.shapes[name]
    match shape.type:
        case "structure":
            return {member: _minimal(shape.members[member]) for member in shape.required}
        case "list":
            return [_minimal(str(shape.member))] * int(shape.min or 0)
        case "map" | "document":
            return {}
        case "boolean":
            return False
        case "integer" | "long" | "timestamp":
            return int(shape.min or 1)
        case "blob":
            return "AAAA"
    if shape.enum:
        return min(shape.enum)
    fits = matcher(shape.pattern) if shape.pattern else bool
    least, most = int(shape.min or 1), int(shape.max or 4096)
    for sample in SAMPLES:
        text = sample * -(-least // len(sample))
        if len(text) <= most and fits(text):
            return text
    raise LookupError(f"no sample fits {name}: {shape.pattern}, {least} to {most} characters")
