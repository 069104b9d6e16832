"""What of the engine the pages can lead to, read from its source: every text of an error that one of them may be told.

A function leads to whatever it names: a function, a class with all its methods, a table of a module with what is in it.
Of a method nobody knows here whose it is, so that any of that name counts. That finds more than can happen and, in our
own code, nothing less; who calls the engine in a new way needs no list of it.
"""

import ast
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cenote
from cenote.domain import errors
from cenote.domain.errors import CognitoError

SOURCE = Path(cenote.__file__).parent
FAMILY = frozenset(
    name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, CognitoError)
)
ANY = "{}"
"""Stands in a text for what is filled in."""


@dataclass
class Module:
    """A module's functions, classes and tables by name, and what its other names are imported from."""

    name: str
    nodes: dict[str, ast.AST] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


def module_of(path: Path) -> Module:
    parts = ("cenote", *path.relative_to(SOURCE).with_suffix("").parts)
    found = Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.imported |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.nodes[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.nodes |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return found


@functools.cache
def modules() -> dict[str, Module]:
    read = map(module_of, SOURCE.rglob("*.py"))
    return {module.name: module for module in read if not module.name.startswith("cenote.shapes")}


@functools.cache
def methods() -> dict[str, list[tuple[str, ast.AST]]]:
    """Those of every class, by name, with the module that each is of."""
    found: dict[str, list[tuple[str, ast.AST]]] = {}
    for module in modules().values():
        for one in module.nodes.values():
            for node in one.body if isinstance(one, ast.ClassDef) else ():
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    found.setdefault(node.name, []).append((module.name, node))
    return found


def named(module: str, name: str) -> tuple[str, ast.AST] | None:
    """The function, class or table of that name in a module, wherever it was imported from."""
    been: set[tuple[str, str]] = set()
    while module in modules() and (module, name) not in been:
        been.add((module, name))
        here = modules()[module]
        if name in here.nodes:
            return module, here.nodes[name]
        if name not in here.imported:
            return None
        module, name = here.imported[name]
    return None


def parts_of(node: ast.AST) -> Iterator[ast.AST]:
    """All that is in a function or a table; of a class not its methods, which are led to by their own names."""
    beginning = [node]
    if isinstance(node, ast.ClassDef):
        beginning = [one for one in node.body if getattr(one, "name", "__").startswith("__")]
    for one in beginning:
        yield from ast.walk(one)


def led_to(module: str, node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Whatever the node names."""
    for one in parts_of(node):
        found = None
        if isinstance(one, ast.Name):
            found = named(module, one.id)
        elif isinstance(one, ast.Dict) and isinstance(node, (ast.Assign, ast.AnnAssign)):
            for beside in (beside_of(module, value) for value in one.values):
                if beside in modules():  # a table of modules, as that of the challenges
                    yield from ((beside, whole) for whole in modules()[beside].nodes.values())
        elif isinstance(one, ast.Attribute):
            beside = beside_of(module, one.value)
            if beside in modules():
                found = named(beside, one.attr)
            elif isinstance(one.value, ast.Attribute) and f"cenote.store.{one.value.attr}" in modules():
                yield from (
                    at for at in methods().get(one.attr, ()) if at[0] == f"cenote.store.{one.value.attr}"
                )
            else:
                near = (module, "cenote.flows", "cenote.domain", "cenote.web")
                yield from (at for at in methods().get(one.attr, ()) if at[0].startswith(near))
        if found is not None:
            yield found


def beside_of(module: str, node: ast.AST) -> str:
    """The module that a name means, if one."""
    return ".".join(modules()[module].imported.get(node.id, ("",))) if isinstance(node, ast.Name) else ""


def texts(module: str, node: ast.AST) -> Iterator[str]:
    """The errors that are made here, at once or as a class and its text; `{}` is what is filled in."""
    for one in parts_of(node):
        if isinstance(one, ast.Call):
            for called, argument in itertools.pairwise([one.func, *one.args]):
                if isinstance(called, ast.Name) and called.id in FAMILY:
                    yield text(module, argument)


def text(module: str, node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text(module, part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return text(module, node.left) + text(module, node.right)
    found = None
    if isinstance(node, ast.Name):
        found = named(module, node.id)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        beside = modules()[module].imported.get(node.value.id)
        found = named(".".join(beside), node.attr) if beside else None
    if found is not None and isinstance(found[1], (ast.Assign, ast.AnnAssign)) and found[1].value:
        return text(found[0], found[1].value)
    return ANY


@functools.cache
def errors_of_pages() -> dict[str, set[str]]:
    """Each text that a page may be told, and where it is made."""
    waiting: list[tuple[str, ast.AST]] = [
        (name, node)
        for name, module in modules().items()
        if name.startswith("cenote.web.pages.")
        for node in module.nodes.values()
    ]
    seen: set[ast.AST] = set()
    found: dict[str, set[str]] = {}
    while waiting:
        module, node = waiting.pop()
        if node in seen or not module.startswith(
            ("cenote.web.pages", "cenote.flows", "cenote.domain", "cenote.store")
        ):
            continue
        seen.add(node)
        for one in texts(module, node):
            found.setdefault(one, set()).add(f"{module}:{getattr(node, 'name', '')}")
        waiting += led_to(module, node)
    return found
