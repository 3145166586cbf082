"""The audit: every balance, number and total computed once more, by SQL that shares nothing with the core.

Each check is one SELECT that returns how much it compared and the ids of what differs. It reads facts and
the few registers beside them; it writes nothing and needs no more than the right to read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, LiteralString

from acquit.store import (
    audit_banks,
    audit_bills,
    audit_chasing,
    audit_closing,
    audit_conditions,
    audit_facts,
    audit_families,
    audit_journal,
    audit_money,
    audit_orders,
    audit_remittances,
    audit_runs,
    audit_services,
    audit_settings,
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
    *audit_orders.CHECKS,
    *audit_journal.CHECKS,
    *audit_money.CHECKS,
    *audit_banks.CHECKS,
    *audit_conditions.CHECKS,
    *audit_families.CHECKS,
    *audit_settings.CHECKS,
    *audit_closing.CHECKS,
    *audit_chasing.CHECKS,
    *audit_remittances.CHECKS,
)
"""Every check, in the order in which they are told."""


PAPERS: Final[LiteralString] = """
    SELECT account_id, bill_id, form, sha256, size_bytes
      FROM document
     WHERE (account_id, bill_id, form) > (%(account_id)s, %(bill_id)s, %(form)s)
     ORDER BY account_id, bill_id, form
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


def audit(tx: Transaction, progress: Callable[[str], None] = lambda _name: None) -> Sequence[Found]:
    """Return what each check found; give it a snapshot, so that all checks see one instant."""
    found = []
    for check in CHECKS:
        progress(check.name)
        row = tx.one(check.query)
        differences = tuple(row.differences)
        found.append(Found(check.name, not differences, row.compared, differences))
    return found


def papers(tx: Transaction, after: Paper | None, rows_max: int) -> list[Paper]:
    """Return the papers that were recorded, in the order of their keys, from after one of them."""
    start = after or Paper("", "", "", "", 0)
    rows = tx.all(
        PAPERS, account_id=start.account_id, bill_id=start.bill_id, form=start.form, rows_max=rows_max
    )
    return [Paper(*row) for row in rows]
