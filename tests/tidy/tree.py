"""What the house rules look at: the files that ship, and the names in them."""

import ast
import functools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
SOURCE = HOME / "src" / "acquit"


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Return every file that ships; in a copy without git, every file that could."""
    ran = subprocess.run(["git", "ls-files", "-z"], cwd=HOME, capture_output=True, text=True, check=False)
    if ran.returncode == 0 and ran.stdout:
        return tuple(HOME / name for name in ran.stdout.split("\0") if name and (HOME / name).is_file())
    top = {".venv", ".uv", ".git", "dist", "build"}
    return tuple(
        path
        for path in sorted(HOME.rglob("*"))
        if path.is_file() and path.relative_to(HOME).parts[0] not in top
    )


def python_files(*below: str) -> tuple[Path, ...]:
    """Return the shipped Python files below the named directories (all of them without a name)."""
    roots = [HOME / name for name in below] or [HOME]
    return tuple(
        path
        for path in tracked()
        if path.suffix == ".py" and any(path.is_relative_to(root) for root in roots)
    )


@functools.cache
def parsed(path: Path) -> ast.Module:
    """Return the file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def text_of(path: Path) -> str | None:
    """Return the file's text, or None for bytes that are no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def shown(path: Path) -> str:
    """Return the path as people write it: from the top of the checkout."""
    return path.relative_to(HOME).as_posix()


@dataclass(frozen=True, slots=True)
class Named:
    """A name that our code gives to something."""

    name: str
    path: Path
    line: int

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.name}"

    @property
    def words(self) -> list[str]:
        """The words of the name, in lower case."""
        return words_of(self.name)


def words_of(name: str) -> list[str]:
    """Split snake_case and CamelCase into words, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]


@functools.cache
def names_given(*below: str) -> tuple[Named, ...]:
    """Return every name that the files below give: modules, classes, functions, parameters, variables."""
    return tuple(
        named for path in python_files(*below) for named in (Named(path.stem, path, 1), *_given(path))
    )


def _given(path: Path) -> Iterator[Named]:
    for node in ast.walk(parsed(path)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield Named(node.name, path, node.lineno)
            case ast.arg():
                yield Named(node.arg, path, node.lineno)
            case ast.Name(ctx=ast.Store()):
                yield Named(node.id, path, node.lineno)
            case ast.Attribute(ctx=ast.Store()):
                yield Named(node.attr, path, node.lineno)
