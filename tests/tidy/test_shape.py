"""The shape of files and functions, and what no file may hold."""

import ast
import re

import pytest

from tidy.tree import HOME, parsed, python_files, shown, text_of, tracked

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

# Each pattern is written so that it does not find itself.
UNFINISHED = re.compile(r"NotImplemented[E]rror|\bTOD[O]\b|\bFIXM[E]\b|#.*\bXX[X]\b")
SILENT_SKIP = re.compile(r"pytest\.mark\.ski[p]\b|@unittest\.ski[p]|pytest\.mark\.xfai[l]\b")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|(deb|security|ftp)\.debian\.org|archive\.ubuntu\.com"
    r"|crates\.io|proxy\.golang\.org|docker\.io/"
)
MACHINE_PATH = re.compile(
    r"/(wor[k]|far[m])/(main|shared|steering|in)\b|/roo[t]/|/User[s]/[a-z]+/|/opt/wheel[s]"
)


def test_a_file_fits_in_the_head() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    long = [f"{shown(path)} has {count} lines" for path, count in lines.items() if count > FILE_LINES_MAX]
    assert not long, "split it by what it is about:\n" + "\n".join(long)


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{shown(path)}:{node.lineno}: {node.name} has {lines} lines"
        for path in python_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) >= FUNCTION_LINES_MAX
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize(
    ("what", "pattern", "below"),
    [
        (
            "something is left open",
            UNFINISHED,
            ("src", "tests", "tools", "benchmarks", "examples", "Makefile"),
        ),
        ("a test is skipped without a missing package as its reason", SILENT_SKIP, ("tests",)),
        ("a package registry is named", REGISTRY, ("",)),
        ("a path of one machine", MACHINE_PATH, ("",)),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_no_file_holds(what: str, pattern: re.Pattern[str], below: tuple[str, ...]) -> None:
    found = [
        f"{shown(path)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        if any(path.is_relative_to(HOME / each) for each in below) and path.suffix != ".json"
        for number, line in enumerate((text_of(path) or "").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_shows_the_two_commands(command: str) -> None:
    assert command in (HOME / "README.md").read_text(encoding="utf-8")


def test_continuous_integration_runs_the_readmes_command() -> None:
    assert (HOME / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("\nmake test")


def test_the_lock_names_no_host_and_every_hash() -> None:
    lock = (HOME / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    for entry in re.split(r"\n(?=\S)", lock):
        assert entry.startswith("#") or "--hash=sha256:" in entry, entry.splitlines()[0]
