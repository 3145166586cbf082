"""Every SQL constant is prepared against the schema, and allowed to the application's role."""

import ast
import enum
import importlib
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from acquit.store import selection
from acquit.store.selection import Selection
from acquit.store.transaction import Database
from tidy.tree import SOURCE, parsed, python_files, shown

PREPARED = ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "WITH")
AS_OWNER = {"migrate", "embedded", "server", "installation"}
"""Modules whose statements run before the application's role is taken."""


@dataclass(frozen=True, slots=True)
class Constant:
    """An upper-case SQL constant of a module."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module.removeprefix('acquit.')}.{self.name}"

    @property
    def text(self) -> str:
        """The SQL as psycopg gets it."""
        return str(getattr(importlib.import_module(self.module), self.name))

    @property
    def is_prepared(self) -> bool:
        """Whether PostgreSQL prepares statements of this kind."""
        return self.text.split(maxsplit=1)[0].upper() in PREPARED


def constants() -> Iterator[Constant]:
    """Yield every whole statement among the constants of the rooms that speak SQL.

    A piece, which its module joins to others, is seen in each whole; what `selection` puts together at
    reading time is run below, list by list.
    """
    for path in python_files("src/acquit/store", "src/acquit/actions"):
        module = ".".join(("acquit", *path.relative_to(SOURCE).with_suffix("").parts))
        annotated = [
            node.target.id
            for node in parsed(path).body
            if isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and ast.unparse(node.annotation) in ("LiteralString", "Final[LiteralString]")
        ]
        whole = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.BinOp | ast.JoinedStr)]
        pieces = {name.id for node in whole for name in ast.walk(node) if isinstance(name, ast.Name)}
        if path.stem not in PUT_TOGETHER:
            yield from (Constant(module, name) for name in annotated if name not in pieces)


PUT_TOGETHER = {"selection"}
ALL = list(constants())
SPEAKING = [each for each in ALL if each.is_prepared]
OTHERS = [each for each in ALL if not each.is_prepared]


def numbered(text: str) -> str:
    """Return the statement with $1, $2 … for its named parameters."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match.group(0) == "%%":
            return "%"
        if match.group(1) not in names:
            names.append(match.group(1))
        return f"${names.index(match.group(1)) + 1}"

    return re.sub(r"%%|%\((\w+)\)s", number, text)


@pytest.fixture(scope="module")
def owner(module_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        yield connection


def test_there_are_constants() -> None:
    assert len(SPEAKING) > 50


def test_names_are_in_capitals_and_parameters_are_named() -> None:
    shouting = [str(each) for each in SPEAKING if not each.name.strip("_").isupper()]
    assert not shouting, "\n".join(shouting)
    found = [str(each) for each in SPEAKING if re.search(r"(?<!%)%s", each.text)]
    assert not found, "name the parameters, %(account_id)s:\n" + "\n".join(found)


def refused(owner: psycopg.Connection, constants: Iterable[Constant], *statements: str) -> list[str]:
    """Run the statements for each constant, its text for `{}`, undo them, and return what was refused."""
    found = []
    for constant in constants:
        try:
            with owner.transaction(force_rollback=True):
                for statement in statements:
                    owner.execute(statement.replace("{}", numbered(constant.text)).encode())
        except psycopg.Error as error:
            found.append(f"{constant}: {error}")
    return found


def test_each_is_prepared(owner: psycopg.Connection) -> None:
    found = refused(owner, SPEAKING, "PREPARE tested AS {}", "DEALLOCATE tested")
    assert not found, "\n".join(found)


def test_the_applications_role_may_run_each(owner: psycopg.Connection) -> None:
    """Planning checks the rights: a fact that is updated or locked is refused here."""
    ours = [each for each in SPEAKING if each.module.rpartition(".")[2] not in AS_OWNER]
    found = refused(owner, ours, "SET LOCAL ROLE acquit_app", "EXPLAIN (GENERIC_PLAN) {}")
    assert not found, "\n".join(found)


def test_a_statement_that_is_wrong_or_not_allowed_is_found(owner: psycopg.Connection) -> None:
    """The walks above stop at nothing: they name each that was refused, and go on."""
    wrong = [Constant(__name__, name) for name in ("MISSPELT", "FORBIDDEN", "ALLOWED")]
    assert len(refused(owner, wrong, "PREPARE tested AS {}", "DEALLOCATE tested")) == 1
    told = refused(owner, wrong, "SET LOCAL ROLE acquit_app", "EXPLAIN (GENERIC_PLAN) {}")
    assert [each.partition(":")[0] for each in told] == [
        f"{__name__}.{name}" for name in ("MISSPELT", "FORBIDDEN")
    ]


MISSPELT = "SELECT no_such_column FROM account"
FORBIDDEN = "UPDATE bill SET net_minor = 0"
ALLOWED = "SELECT account_id FROM account WHERE account_id = %(account_id)s"


def test_what_cannot_be_prepared_is_run_and_undone(owner: psycopg.Connection) -> None:
    for constant in OTHERS:
        with owner.transaction(force_rollback=True):
            owner.execute(constant.text.encode())


def lists() -> Iterator[tuple[str, Callable[..., Selection]]]:
    """Yield every function of the store that returns a `Selection`."""
    for path in python_files("src/acquit/store"):
        module = importlib.import_module(".".join(("acquit", "store", path.stem)))
        for name, function in vars(module).items():
            is_own = inspect.isfunction(function) and function.__module__ == module.__name__
            if is_own and typing.get_type_hints(function).get("return") is Selection:
                yield f"{path.stem}.{name}", function


LISTS = dict(lists())


def something(kind: Any) -> object:
    """Return a value of an annotated parameter, so that every condition is added."""
    kinds = [each for each in (typing.get_args(kind) or (kind,)) if each is not type(None)]
    plain = getattr(kinds[0], "__supertype__", kinds[0])
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return next(iter(plain))
    known: dict[Any, object] = {str: "x", int: 1, bool: True, bytes: b"x", date: date(2026, 1, 1)}
    known |= {datetime: datetime(2026, 1, 1, tzinfo=UTC)}
    return known[plain]


def test_there_are_lists() -> None:
    assert len(LISTS) > 5


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_in_every_way(module_database: Database, name: str) -> None:
    """Whole, filtered, sorted, cut and counted, by the application's role in a read-only session."""
    hints = {key: kind for key, kind in typing.get_type_hints(LISTS[name]).items() if key != "return"}
    every = LISTS[name](**{key: something(kind) for key, kind in hints.items()})
    with module_database.read() as tx:
        assert selection.keys(tx, every) == []
        for descending in (False, True):
            order = selection.Order(every.key, descending)
            assert selection.keys(tx, every, order=order, limit=5, offset=1) == []
        tx.connection.execute(f"EXPLAIN {every.statement}".encode(), dict(every.values))


def test_sql_stands_in_constants() -> None:
    """A statement inside a function is neither prepared here nor seen by a reader of the file's head."""
    found = [
        f"{shown(path)}:{node.lineno}"
        for path in python_files("src/acquit/store", "src/acquit/actions")
        if path.stem not in AS_OWNER
        for function in ast.walk(parsed(path))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_statement(node.value)
    ]
    assert not found, "\n".join(found)


def is_statement(text: str) -> bool:
    """Tell whether a text is SQL that reads or writes tables."""
    return (
        re.match(r"\s*(SELECT\s.*\sFROM|INSERT INTO|UPDATE\s.*\sSET|DELETE FROM)\s", text, re.DOTALL)
        is not None
    )
