"""A page deep in a long list costs what the first one costs: what lies before it is not read."""

from collections.abc import Iterator
from typing import Any, LiteralString

import pytest

from acquit.store.selection import Order, Place, Selection, count, keys, place
from acquit.store.transaction import Database, Transaction

ROWS = 100_000
SIZE = 20
LIST = Selection("bill_id", "many WHERE account_id = %(account_id)s", {"account_id": "a"})
MANY: LiteralString = """
    CREATE TEMPORARY TABLE many (
        account_id text COLLATE "C", bill_id text COLLATE "C", issued_at timestamptz NOT NULL,
        PRIMARY KEY (account_id, bill_id)
    )
"""
BY_DATE: LiteralString = "CREATE INDEX ON many (account_id, issued_at, bill_id)"
FILL: LiteralString = """
    INSERT INTO many
    SELECT CASE WHEN number > 50 THEN 'a' ELSE 'b' END, 'FR' || lpad(number::text, 8, '0'),
           '2026-01-01'::timestamptz + number / 7 * interval '1 minute'
      FROM generate_series(1, %(rows)s) AS number
"""
ANALYZE: LiteralString = "ANALYZE many"


class Weighed(Transaction):
    """Counts the blocks that statements touch."""

    blocks = 0

    def all(self, query: LiteralString, **values: object) -> list[Any]:
        self._weigh(query, values)
        return super().all(query, **values)

    def tuples(self, query: LiteralString, **values: object) -> list[tuple[Any, ...]]:
        self._weigh(query, values)
        return super().tuples(query, **values)

    def _weigh(self, query: LiteralString, values: dict[str, object]) -> None:
        ((plan,),) = self.connection.execute(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) " + query, values
        ).fetchall()
        kinds = ("Shared Hit Blocks", "Shared Read Blocks", "Local Hit Blocks", "Local Read Blocks")
        Weighed.blocks += sum(plan[0]["Plan"][kind] for kind in kinds)


@pytest.fixture
def tx(database: Database) -> Iterator[Weighed]:
    with database.write() as writing:
        for statement in (MANY, BY_DATE):
            writing.run(statement)
        writing.run(FILL, rows=ROWS)
        writing.run(ANALYZE)
        yield Weighed(writing.connection)


def weigh(tx: Transaction, order: Order, after: Place | None, offset: int = 0) -> tuple[int, list[str]]:
    Weighed.blocks = 0
    found = keys(tx, LIST, order=order, limit=SIZE, offset=offset, after=after)
    return Weighed.blocks, found


@pytest.mark.parametrize("column", ["bill_id", "issued_at"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_page_deep_in_a_list_costs_what_the_first_costs(
    tx: Weighed, column: LiteralString, descending: bool
) -> None:
    order = Order(column, descending)
    first, _ = weigh(tx, order, None)
    skipping, wanted = weigh(tx, order, None, 4_000 * SIZE)
    *_, last = keys(tx, LIST, order=order, limit=1, offset=4_000 * SIZE - 1)
    Weighed.blocks = 0
    reached = place(tx, LIST, order, last)
    finding = Weighed.blocks
    deep, found = weigh(tx, order, reached)
    assert found == wanted
    assert finding + deep <= first + 12
    assert skipping > 20 * (finding + deep), "the list is too short to tell"


def test_a_place_is_of_the_selection_alone(tx: Weighed) -> None:
    assert place(tx, LIST, None, "FR00000051") == Place("FR00000051", "FR00000051")
    assert place(tx, LIST, None, "FR00000050") is None
    assert count(tx, LIST) == ROWS - 50
