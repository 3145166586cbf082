"""The audit: every balance, number and total computed once more, by SQL that shares nothing with the core.

Each check is one SELECT that returns how much it compared and the ids of what differs. It reads facts and
the few registers beside them; it writes nothing and needs no more than the right to read.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, LiteralString

from acquit.store import (
    audit_banks,
    audit_bills,
    audit_chasing,
    audit_closing,
    audit_conditions,
    audit_deliveries,
    audit_down_payments,
    audit_facts,
    audit_families,
    audit_journal,
    audit_let_off,
    audit_money,
    audit_moves,
    audit_open,
    audit_orders,
    audit_points,
    audit_prepaid,
    audit_remittances,
    audit_renewals,
    audit_reverse,
    audit_runs,
    audit_services,
    audit_settings,
    audit_stamps,
    audit_usage,
)
from acquit.store.audit_check import Check
from acquit.store.transaction import Transaction

CHECKS: Final[tuple[Check, ...]] = (
    *audit_bills.CHECKS,
    *audit_facts.CHECKS,
    *audit_runs.CHECKS,
    *audit_usage.CHECKS,
    *audit_services.CHECKS,
    *audit_moves.CHECKS,
    *audit_orders.CHECKS,
    *audit_renewals.CHECKS,
    *audit_journal.CHECKS,
    *audit_money.CHECKS,
    *audit_open.CHECKS,
    *audit_banks.CHECKS,
    *audit_conditions.CHECKS,
    *audit_let_off.CHECKS,
    *audit_families.CHECKS,
    *audit_settings.CHECKS,
    *audit_closing.CHECKS,
    *audit_chasing.CHECKS,
    *audit_remittances.CHECKS,
    *audit_reverse.CHECKS,
    *audit_prepaid.CHECKS,
    *audit_points.CHECKS,
    *audit_down_payments.CHECKS,
    *audit_stamps.CHECKS,
    *audit_deliveries.CHECKS,
)
"""Every check, in the order in which they are told."""


PAPERS: Final[LiteralString] = """
    SELECT d.account_id, d.bill_id, d.form, d.sha256, d.size_bytes
      FROM document d
     WHERE (d.account_id, d.bill_id, d.form) > (%(account_id)s, %(bill_id)s, %(form)s)
       AND NOT EXISTS (SELECT FROM removed_paper r
                        WHERE r.account_id = d.account_id AND r.bill_id = d.bill_id AND r.form = d.form)
     ORDER BY d.account_id, d.bill_id, d.form
     LIMIT %(rows_max)s
"""


@dataclass(frozen=True, slots=True)
class Paper:
    """What was recorded about an archived paper."""

    account_id: str
    bill_id: str
    form: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a check compared and the ids of what differs (the first thousand)."""

    name: str
    passed: bool
    compared: int
    differences: tuple[str, ...]


def audit(*txs: Transaction, progress: Callable[[str], None] = lambda _name: None) -> Sequence[Found]:
    """Return what each check found, in their order; as many checks run at once as there are transactions.

    Give it snapshots of one instant, so that all checks see the same.
    """
    free = SimpleQueue[Transaction]()
    for tx in txs:
        free.put(tx)

    def found(check: Check) -> Found:
        tx = free.get()
        try:
            progress(check.name)
            row = tx.one(check.query)
        finally:
            free.put(tx)
        return Found(check.name, not row.differences, row.compared, tuple(row.differences))

    with ThreadPoolExecutor(len(txs)) as lanes:
        return list(lanes.map(found, CHECKS))


def papers(tx: Transaction, after: Paper | None, rows_max: int) -> list[Paper]:
    """Return the papers that the archive must have, in the order of their keys, from after one of them."""
    start = after or Paper("", "", "", "", 0)
    rows = tx.all(
        PAPERS, account_id=start.account_id, bill_id=start.bill_id, form=start.form, rows_max=rows_max
    )
    return [Paper(*row) for row in rows]
