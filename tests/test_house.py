"""The house rules that no linter holds."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
WRITTEN = [path for path in SOURCES if not path.name.startswith("cognito_")]
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts)
MOST_LINES = 500
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "service", "impl", "base"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*WRITTEN, *TESTS], ids=relative)
def test_a_file_stays_small_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", WRITTEN, ids=relative)
def test_a_file_says_what_it_is_and_is_named_for_it(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", [path for path in WRITTEN if path.parent.name != "store"], ids=relative)
def test_only_the_store_contains_sql(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.lstrip().split(" ")
            assert not (words[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"} and len(words) > 2), node.value


@pytest.mark.parametrize("path", [path for path in WRITTEN if path.parent.name == "domain"], ids=relative)
def test_the_domain_neither_waits_nor_reads_a_clock_nor_draws_lots(path: Path) -> None:
    tree = ast.parse(path.read_text())
    forbidden = {"time", "random", "secrets", "os", "asyncio", "socket"}
    for node in ast.walk(tree):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await)
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & forbidden
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.module.partition(".")[0] not in forbidden
