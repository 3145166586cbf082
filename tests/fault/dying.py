"""A store whose process dies: as soon as it has written and committed something, nothing more happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, LiteralString

from acquit.actions.context import Context
from acquit.store.transaction import Database, Transaction

WROTE: Final[LiteralString] = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS wrote"


class Died(BaseException):
    """The process is gone; no handler of the program sees it."""


class DyingDatabase(Database):
    """Dies after the first transaction that changed anything, when that has been committed."""

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Lend a transaction as ever, and die after it when it wrote."""
        with super().write() as tx:
            yield tx
            wrote = tx.one(WROTE).wrote
        if wrote:
            raise Died


def dying(context: Context, database: DyingDatabase) -> Context:
    """The same world in a process that dies after its first change."""
    return replace(context, database=database)
