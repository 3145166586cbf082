"""Look at files for the bank: each with its steps, its lines and what they take up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from acquit.actions.advance_remittance import found_in
from acquit.actions.context import Context
from acquit.core.collection import Collection, Part
from acquit.core.remittance import Remittance, RemittanceEvent
from acquit.store import direct_debits, refund_lines, remittances
from acquit.store.refund_lines import RefundLine

ROWS_MAX = 100


@dataclass(frozen=True, slots=True)
class RemittanceShown:
    """A file with its steps and its lines: debits with their debts, or refunds."""

    remittance: Remittance
    events: Sequence[RemittanceEvent]
    collections: Sequence[Collection]
    parts: Mapping[int, Sequence[Part]]
    refunds: Sequence[RefundLine]


def show_remittance(
    context: Context, number: str, after_no: int = 0, rows_max: int | None = None
) -> RemittanceShown:
    """Return the file of that number with its lines after one. Raises NoSuchRemittance."""
    with context.database.snapshot() as tx:
        remittance = found_in(tx, number)
        whose = (remittance.legal_entity_id, remittance.remittance_id)
        debits = direct_debits.of_remittance(tx, *whose, after_no, rows_max)
        return RemittanceShown(
            remittance,
            remittances.events(tx, remittance),
            debits,
            direct_debits.parts(tx, debits),
            refund_lines.lines(tx, *whose, after_no, rows_max),
        )


def list_remittances(context: Context) -> list[Remittance]:
    """Return the newest hundred files."""
    with context.database.read() as tx:
        return remittances.every(tx, ROWS_MAX)
