"""The rooms: who may import whom, and what the core may not even name."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidy.tree import HOME, SOURCE, parsed, python_files, shown

CORE_MAY_IMPORT = frozenset(
    """
    abc bisect calendar collections collections.abc dataclasses datetime enum functools hashlib hmac ipaddress
    itertools json math operator re string typing unicodedata
    """.split()  # noqa: SIM905 - a list that is read as a list
)

CLOCKS = frozenset({"now", "utcnow", "today", "fromtimestamp", "monotonic", "perf_counter"})

CORE = python_files("src/acquit/core")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each module that the file imports, with its line."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."
            yield from (
                (node.lineno, f"{node.module}.{alias.name}")
                for alias in node.names
                if node.module == "acquit"
            )


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([program, "--no-cache"], cwd=HOME, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", CORE, ids=shown)
def test_core_imports_a_short_list(path: Path) -> None:
    found = [
        f"{shown(path)}:{line}: {module}"
        for line, module in imports(path)
        if module not in CORE_MAY_IMPORT and not module.startswith("acquit.core")
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", CORE, ids=shown)
def test_core_knows_no_float_and_no_clock(path: Path) -> None:
    found = [
        f"{shown(path)}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}"
        for node in ast.walk(parsed(path))
        if is_float(node)
    ]
    assert not found, "\n".join(found)


def is_float(node: ast.AST) -> bool:
    """Tell a float's type, its literal, a true division, or a reading of the clock."""
    match node:
        case ast.Name(id="float") | ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
        case ast.Constant(value=value):
            return isinstance(value, float)
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in CLOCKS
    return False


@pytest.mark.parametrize(
    ("module", "only"),
    [
        ("acquit.app", {"__main__.py", "app.py"}),
        ("acquit.settings", {"app.py"}),
        ("acquit.adapters", {"app.py", "adapters"}),
    ],
)
def test_only_the_composition_root_knows(module: str, only: set[str]) -> None:
    found = [
        f"{shown(path)}:{line}"
        for path in python_files("src/acquit")
        if path.relative_to(SOURCE).parts[0] not in only
        for line, imported in imports(path)
        if imported == module or imported.startswith(module + ".")
    ]
    assert not found, f"{module} is imported by\n" + "\n".join(found)


def test_a_business_date_is_asked_for_in_one_place() -> None:
    """An account on trial has a date of its own: who asks the clock past `loading.date_of` misses it."""
    allowed = {"actions/loading.py", "api/request.py", "ports.py"}
    found = [
        shown(path)
        for path in python_files("src/acquit")
        if "clock.today(" in path.read_text(encoding="utf-8")
        and path.relative_to(SOURCE).parts[0] != "demo"
        and path.relative_to(SOURCE).as_posix() not in allowed
    ]
    assert not found, "\n".join(found)
