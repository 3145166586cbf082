"""Lists that an account may page through: one statement that can be filtered, sorted, cut and counted.

A `Selection` names the key and the rows; `Condition` and `Order` are added at reading time. Keys
come back in ascending order of the key unless an order is given; the key always breaks ties, so
that pages neither repeat nor lose a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction

OPERATORS: Final[Mapping[str, LiteralString]] = {
    "eq": "{column} = {value}",
    "ne": "{column} <> {value}",
    "lt": "{column} < {value}",
    "le": "{column} <= {value}",
    "gt": "{column} > {value}",
    "ge": "{column} >= {value}",
    "in": "{column} = ANY({value})",
    "like": "({column})::text ILIKE {value}",
}

SELECT: Final[LiteralString] = "SELECT {key} FROM {where} ORDER BY {column} {direction}, {key} {direction}"
PLACE: Final[LiteralString] = "SELECT {column} FROM {where} AND {key} = %(after_key)s"
AFTER: Final[LiteralString] = " AND ({column}, {key}) {beyond} (%(after_value)s, %(after_key)s)"
CUT: Final[LiteralString] = " LIMIT %(limit_rows)s OFFSET %(offset_rows)s"
COUNT: Final[LiteralString] = "SELECT count(*) FROM {where}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of one account: `key` is the column that names one, `source` all after FROM."""

    key: LiteralString
    source: LiteralString
    values: Mapping[str, object]

    @property
    def statement(self) -> str:
        """The statement that returns every key."""
        return SELECT.format(key=self.key, where=self.source, column=self.key, direction="ASC")


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a column, which is never null, with a value."""

    column: LiteralString
    operator: str
    value: object


@dataclass(frozen=True, slots=True)
class Order:
    """An order by a column, which is never null."""

    column: LiteralString
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in an order: the value that it is ordered by, and its key."""

    value: object
    key: object


def dated(
    column: LiteralString,
    account_id: AccountId,
    from_at: datetime | None,
    to_at: datetime | None,
    order_id: int | None,
) -> tuple[LiteralString, dict[str, object]]:
    """Return the conditions on an instant and an order that are asked for, and their values.

    Both bounds are inclusive and count in whole seconds.
    """
    where: LiteralString = ""
    values: dict[str, object] = {"account_id": account_id}
    if from_at is not None:
        where += " AND " + column + " >= %(from_at)s"
        values["from_at"] = from_at
    if to_at is not None:
        where += " AND " + column + " < %(to_at)s + interval '1 second'"
        values["to_at"] = to_at
    if order_id is not None:
        where += " AND order_id = %(order_id)s"
        values["order_id"] = order_id
    return where, values


def place(tx: Transaction, selection: Selection, order: Order | None, key: object) -> Place | None:
    """Return where the row of that key stands, or None when the selection has no such row."""
    column = selection.key if order is None else order.column
    statement = PLACE.format(column=column, key=selection.key, where=selection.source)
    row = tx.one_or_none(statement, **selection.values, after_key=key)
    return None if row is None else Place(row[0], key)


def keys(
    tx: Transaction,
    selection: Selection,
    conditions: Sequence[Condition] = (),
    order: Order | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
    after: Place | None = None,
) -> list[Any]:
    """Return the keys that meet the conditions, in order: those beyond `after`, and beyond `offset` more.

    What lies before `after` is not read, however much it is.
    """
    descending = order is not None and order.descending
    column = selection.key if order is None else order.column
    where, values = _where(selection, conditions)
    if after is not None:
        where += AFTER.format(column=column, key=selection.key, beyond="<" if descending else ">")
        values |= {"after_value": after.value, "after_key": after.key}
    statement = SELECT.format(
        key=selection.key, where=where, column=column, direction="DESC" if descending else "ASC"
    )
    if limit is not None:
        statement += CUT
        values |= {"limit_rows": limit, "offset_rows": offset}
    return [row[0] for row in tx.tuples(statement, **values)]


def count(tx: Transaction, selection: Selection, conditions: Sequence[Condition] = ()) -> int:
    """Return how many rows meet the conditions."""
    where, values = _where(selection, conditions)
    return int(tx.one(COUNT.format(where=where), **values)[0])


def _where(selection: Selection, conditions: Sequence[Condition]) -> tuple[str, dict[str, object]]:
    """`source` ends with its own WHERE; every condition is one more AND."""
    text, values = str(selection.source), dict(selection.values)
    for number, condition in enumerate(conditions):
        name = f"condition_{number}"
        form = OPERATORS[condition.operator].format(column=condition.column, value=f"%({name})s")
        text += f" AND {form}"
        values[name] = condition.value
    return text, values
