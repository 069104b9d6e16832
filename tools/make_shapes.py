"""Generate `src/cenote/shapes/` from the service models that the installed botocore carries.

    python tools/make_shapes.py           write the files
    python tools/make_shapes.py --check   write nothing; fail if a file is not what would be written

For each service three files come out: TypedDicts for handlers to be typed with (`.pyi`), the same names as they are
when the program runs (`.py`), and the model stripped of its prose as JSON, which `cenote.wire` validates and
serialises by. The server itself never imports botocore.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore

SERVICES = ("cognito-idp", "cognito-identity")
SHAPES = Path(__file__).resolve().parent.parent / "src" / "cenote" / "shapes"

# What of a shape the server needs; everything else in the model is prose or about SDKs.
KEPT_TRAITS = ("enum", "max", "min", "pattern", "required", "sensitive")
SIMPLE = {
    "blob": "bytes",
    "boolean": "bool",
    "double": "float",
    "float": "float",
    "integer": "int",
    "long": "int",
    "string": "str",
    "timestamp": "float",
}

# What the model says and AWS does not do. A custom domain has dots (documented at CreateUserPoolDomain), and the
# pattern of a prefix is checked where it is known to be one.
UNTRUE = {("DomainType", "pattern")}
# Documented: the client's own id and secret authorise; GetDerivedToken takes IAM credentials as well, not instead here.
UNSIGNED = {"GetClientToken", "GetDerivedToken"}

Model = dict[str, Any]


def read_model(service: str) -> Model:
    """The newest service model of `service` in botocore's own data (never one from `~/.aws/models`)."""
    folder = Path(botocore.__file__).parent / "data" / service
    newest = max(path for path in folder.iterdir() if path.is_dir())
    packed = newest / "service-2.json.gz"
    text = (
        gzip.decompress(packed.read_bytes()) if packed.exists() else (newest / "service-2.json").read_bytes()
    )
    model: Model = json.loads(text)
    return model


def references(shape: Model) -> Iterator[str]:
    for member in shape.get("members", {}).values():
        yield member["shape"]
    for part in ("member", "key", "value"):
        if part in shape:
            yield shape[part]["shape"]


def used_shapes(model: Model) -> list[str]:
    """Names of all shapes that some input or output reaches, sorted."""
    used: set[str] = set()
    left = [
        operation[side]["shape"]
        for operation in model["operations"].values()
        for side in ("input", "output")
        if side in operation
    ]
    while left:
        name = left.pop()
        if name not in used:
            used.add(name)
            left.extend(references(model["shapes"][name]))
    return sorted(used)


def strip_shape(name: str, shape: Model) -> Model:
    """A shape with its type, constraints and references, and nothing else."""
    stripped: Model = {"type": "document" if shape.get("document") else shape["type"]}
    kept = (trait for trait in KEPT_TRAITS if trait in shape and (name, trait) not in UNTRUE)
    stripped.update({trait: shape[trait] for trait in kept})
    if stripped["type"] == "structure":
        stripped["members"] = {name: member["shape"] for name, member in shape["members"].items()}
    for part in ("member", "key", "value"):
        if part in shape:
            stripped[part] = shape[part]["shape"]
    return stripped


def strip_operation(name: str, operation: Model) -> Model:
    stripped: Model = {"input": operation["input"]["shape"]}
    if "output" in operation:
        stripped["output"] = operation["output"]["shape"]
    stripped["errors"] = sorted(error["shape"] for error in operation["errors"])
    # An operation is unsigned where its list of schemes offers no authentication at all.
    unsigned = operation.get("authtype") == "none" or "smithy.api#noAuth" in operation.get("auth", ())
    stripped["signed"] = not (unsigned or name in UNSIGNED)
    return stripped


def strip_model(service: str, model: Model) -> Model:
    metadata = model["metadata"]
    if metadata["protocol"] != "json":
        sys.exit(f"{service} speaks {metadata['protocol']} now: wire/ does not")
    return {
        "service": service,
        "signing_name": metadata.get("signingName", metadata["endpointPrefix"]),
        "target_prefix": metadata["targetPrefix"],
        "operations": {name: strip_operation(name, op) for name, op in sorted(model["operations"].items())},
        "shapes": {name: strip_shape(name, model["shapes"][name]) for name in used_shapes(model)},
    }


def python_type(shapes: dict[str, Model], name: str) -> str:
    """How a value of shape `name` is annotated; structures and enums by their own name."""
    shape = shapes[name]
    kind = shape["type"]
    if kind == "structure" or "enum" in shape:
        return name
    if kind == "document":
        return "Any"
    if kind == "list":
        return f"list[{python_type(shapes, shape['member'])}]"
    if kind == "map":
        return f"dict[{python_type(shapes, shape['key'])}, {python_type(shapes, shape['value'])}]"
    return SIMPLE[kind]


def write_structure(shapes: dict[str, Model], name: str) -> Iterator[str]:
    shape = shapes[name]
    required = set(shape.get("required", ()))
    yield f"class {name}(TypedDict):"
    for member, target in shape["members"].items():
        annotation = python_type(shapes, target)
        yield f"    {member}: {annotation if member in required else f'NotRequired[{annotation}]'}"
    if not shape["members"]:
        yield "    pass"
    yield ""


def write_enum(name: str, values: list[str]) -> Iterator[str]:
    yield f"{name}: TypeAlias = Literal["
    yield from (f"    {json.dumps(value)}," for value in values)
    yield "]"
    yield ""


def write_heading(service: str, *more: str) -> list[str]:
    return [
        f'"""GENERATED by `make shapes` from the {service} model of botocore {botocore.__version__}.',
        "",
        *more,
        '"""',
        "",
    ]


def write_types(service: str, stripped: Model) -> str:
    """What a type checker reads."""
    shapes = stripped["shapes"]
    any_ = "Any, " if any(shape["type"] == "document" for shape in shapes.values()) else ""
    lines = [
        *write_heading(
            service,
            "Do not edit. Names are the model's; timestamps are epoch seconds; blobs are decoded bytes.",
        ),
        f"from typing import {any_}Literal, NotRequired, TypeAlias, TypedDict",
        "",
    ]
    for name, shape in shapes.items():
        if "enum" in shape:
            lines += write_enum(name, shape["enum"])
        elif shape["type"] == "structure":
            lines += write_structure(shapes, name)
    return "\n".join(lines)


def write_names(service: str, stripped: Model) -> str:
    """What the program runs: a TypedDict is a plain dict there, and even to load the classes would slow every start."""
    lines = write_heading(service, "Do not edit. What the names stand for is in the `.pyi` beside this file.")
    for name, shape in stripped["shapes"].items():
        if "enum" in shape:
            lines.append(f"{name} = str")
        elif shape["type"] == "structure":
            lines.append(f"{name} = dict")
    return "\n".join(lines) + "\n"


def generate() -> dict[Path, str]:
    """Every generated file with its text; the same botocore always gives the same texts."""
    files = {}
    for service in SERVICES:
        stripped = strip_model(service, read_model(service))
        stem = service.replace("-", "_")
        files[SHAPES / f"{stem}.pyi"] = write_types(service, stripped)
        files[SHAPES / f"{stem}.py"] = write_names(service, stripped)
        # One line per operation or shape: small to read at start, and a diff still shows what changed.
        files[SHAPES / f"{stem}.json"] = write_json(stripped)
    return files


def write_json(stripped: Model) -> str:
    def packed(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=True)

    parts = []
    for key, value in stripped.items():
        if isinstance(value, dict):
            rows = ",\n".join(f"{packed(name)}:{packed(item)}" for name, item in value.items())
            parts.append(f"{packed(key)}:{{\n{rows}\n}}")
        else:
            parts.append(f"{packed(key)}:{packed(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if a generated file is out of date")
    check = parser.parse_args().check
    stale = [
        (path, text)
        for path, text in generate().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        print(f"{path.name}: {'out of date: run `make shapes`' if check else 'written'}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
