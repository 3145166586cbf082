"""The statuses of e-invoices, and deliveries as lists and the wire show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.bill import BillKind
from acquit.core.delivery import Outcome
from acquit.core.identifiers import AccountId, BillId
from acquit.core.life_cycle import SaidBy, Status
from acquit.store.transaction import Transaction

BILLS: Final = (BillKind.BILL, BillKind.CORRECTIVE, BillKind.CLAIM)
"""What a list of bills holds."""

ADD: Final[LiteralString] = """
    INSERT INTO bill_status (account_id, bill_id, code, said_by, reference, happened_at, reason_code, reason)
    VALUES (%(account_id)s, %(bill_id)s, %(code)s, %(said_by)s, %(reference)s, %(happened_at)s,
           %(reason_code)s, %(reason)s)
        ON CONFLICT (account_id, bill_id, code, said_by, reference) DO NOTHING
    RETURNING status_no
"""

ADD_AMOUNT: Final[LiteralString] = """
    INSERT INTO bill_status_amount (account_id, bill_id, status_no, vat_rate_bp, amount_minor)
    VALUES (%(account_id)s, %(bill_id)s, %(status_no)s, %(vat_rate_bp)s, %(amount_minor)s)
"""

OF_BILL: Final[LiteralString] = """
    SELECT s.account_id, s.bill_id, s.code, s.said_by, s.reference, s.happened_at, s.reason_code, s.reason,
           coalesce((SELECT array_agg(ARRAY[vat_rate_bp, amount_minor] ORDER BY vat_rate_bp DESC)
                       FROM bill_status_amount a
                      WHERE a.account_id = s.account_id AND a.bill_id = s.bill_id
                        AND a.status_no = s.status_no), '{}') AS collected
      FROM bill_status s
     WHERE s.account_id = %(account_id)s AND s.bill_id = %(bill_id)s
     ORDER BY s.status_no
"""

_BILLS_AND_WHERE_THEY_ARE: Final[LiteralString] = """
      FROM bill b
      LEFT JOIN LATERAL (
           SELECT t.state, t.reference, (
                  SELECT string_agg(code::text, ' ' ORDER BY status_no) FROM bill_status s
                   WHERE s.account_id = d.account_id AND s.bill_id = d.bill_id) AS codes
             FROM delivery d
             JOIN delivery_state t ON t.account_id = d.account_id AND t.delivery_id = d.delivery_id
            WHERE d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.event = 'bill'
              AND d.bill_id <> '' AND d.channel IN ('platform', 'peppol')
            ORDER BY d.channel DESC
            LIMIT 1) e ON true
     WHERE b.account_id = %(account_id)s AND b.bill_id = ANY(string_to_array(%(bill_ids)s, chr(31)))
       AND b.kind = ANY(string_to_array(%(kinds)s, ' '))
"""

FIND_BILLS: Final[LiteralString] = f"""
    SELECT b.bill_id, b.xmin, b.issued_at, e.state, e.reference, e.codes,
           b.order_id, b.category, b.currency, b.net_minor, b.tax_minor, b.total_minor
    {_BILLS_AND_WHERE_THEY_ARE}
"""

FIND_VERSIONS: Final[LiteralString] = f"""
    SELECT b.bill_id, b.xmin, b.issued_at, e.state, e.reference, e.codes
    {_BILLS_AND_WHERE_THEY_ARE}
"""

IS_ON_PLATFORM: Final[LiteralString] = """
    SELECT EXISTS (
           SELECT FROM delivery
            WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s AND channel = 'platform'
              AND event = 'bill' AND bill_id <> '') AS there
"""

WAITING: Final[LiteralString] = """
    SELECT account_id, bill_id
      FROM status_waiting
     GROUP BY account_id, bill_id
     ORDER BY account_id, bill_id
     LIMIT %(limit)s
"""

TAKE: Final[LiteralString] = """
    DELETE FROM status_waiting
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
    RETURNING debt_id, operation_id
"""

OPERATIONS: Final[LiteralString] = """
    SELECT operation_id, kind, amount_minor, reverses_id, recorded_at
      FROM debt_operation
     WHERE account_id = %(account_id)s AND debt_id = ANY(%(debt_ids)s) AND operation_id = ANY(%(ids)s)
     ORDER BY operation_id
"""

RATES: Final[LiteralString] = """
    SELECT vat_rate_bp, sum(net_minor + tax_minor)::bigint AS amount_minor
      FROM bill_tax
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
     GROUP BY vat_rate_bp
"""

CREDITED: Final[LiteralString] = """
    SELECT t.vat_rate_bp, sum(t.net_minor + t.tax_minor)::bigint AS amount_minor
      FROM bill n
      JOIN bill_tax t ON t.account_id = n.account_id AND t.bill_id = n.bill_id
     WHERE n.account_id = %(account_id)s AND n.corrects_bill_id = %(bill_id)s AND n.kind = 'credit-note'
     GROUP BY t.vat_rate_bp
"""

BY_REFERENCE: Final[LiteralString] = """
    SELECT d.account_id, d.delivery_id, d.bill_id, d.event
      FROM delivery_attempt a
      JOIN delivery d ON d.account_id = a.account_id AND d.delivery_id = a.delivery_id
     WHERE a.reference = %(reference)s AND a.outcome = 'sent' AND a.account_id = d.account_id
     LIMIT 1
"""

PROGRESS: Final[LiteralString] = "SELECT seen_until FROM platform_progress WHERE platform = %(platform)s"

ADVANCE: Final[LiteralString] = """
    INSERT INTO platform_progress (platform, seen_until) VALUES (%(platform)s, %(seen_until)s)
        ON CONFLICT (platform) DO UPDATE
       SET seen_until = greatest(platform_progress.seen_until, excluded.seen_until)
"""


BillRow = tuple[Any, ...]
"""A row of FIND_BILLS: the bill's version, then what it says."""

Version = tuple[Any, ...]
"""A row of FIND_VERSIONS: number, the transaction and the instant that issued it, where its e-invoice is."""

VERSION_COLUMNS: Final = 6


@dataclass(frozen=True, slots=True)
class OnWire:
    """Where a bill's e-invoice is: what the platform calls it, its last outcome, its statuses in order."""

    reference: str
    outcome: Outcome | None
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ToldOperation:
    """An operation on a debt as a platform is told of it."""

    operation_id: int
    is_payment: bool
    amount_minor: int
    reverses_id: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """The delivery that a receiver's reference belongs to."""

    account_id: AccountId
    delivery_id: int
    bill_id: BillId
    event: str


def add(tx: Transaction, status: Status) -> bool:
    """Write a status with its amounts; return whether it was new."""
    row = tx.one_or_none(
        ADD, account_id=status.account_id, bill_id=status.bill_id, code=status.code,
        said_by=status.said_by.value, reference=status.reference, happened_at=status.happened_at,
        reason_code=status.reason_code, reason=status.reason[:2_000],
    )  # fmt: skip
    if row is None:
        return False
    for rate_bp, amount_minor in status.collected:
        tx.run(
            ADD_AMOUNT, account_id=status.account_id, bill_id=status.bill_id, status_no=row.status_no,
            vat_rate_bp=rate_bp, amount_minor=amount_minor,
        )  # fmt: skip
    return True


def of_bill(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[Status]:
    """Return the statuses of the account's bill, in the order in which they were told."""
    return [_status(row) for row in tx.all(OF_BILL, account_id=account_id, bill_id=bill_id)]


def find_rows(
    tx: Transaction, account_id: AccountId, bill_ids: Sequence[str], kinds: Sequence[BillKind] = BILLS
) -> list[BillRow]:
    """Return the account's bills of these numbers and kinds, unordered, each number first; `read` reads them.

    Numbers of no such bill of the account are left out.
    """
    return _found(tx, FIND_BILLS, account_id, bill_ids, kinds)


def find_versions(
    tx: Transaction, account_id: AccountId, bill_ids: Sequence[str], kinds: Sequence[BillKind] = BILLS
) -> list[Version]:
    """Return the versions of those bills. An issued bill is never changed: equal versions read the same."""
    return _found(tx, FIND_VERSIONS, account_id, bill_ids, kinds)


def _found(
    tx: Transaction,
    statement: LiteralString,
    account_id: AccountId,
    bill_ids: Sequence[str],
    kinds: Sequence[BillKind],
) -> list[tuple[Any, ...]]:
    return tx.tuples(statement, account_id=account_id, bill_ids="\x1f".join(bill_ids), kinds=" ".join(kinds))


def version_of(row: BillRow) -> Version:
    """Return the version of a bill that was found."""
    return row[:VERSION_COLUMNS]


def on_wire(version: Version) -> OnWire | None:
    """Return where the bill's e-invoice is: nowhere when it is none."""
    *_, state, reference, codes = version
    if state is None:
        return None
    outcome = None if state == "waiting" else Outcome(state)
    return OnWire(reference, outcome, tuple(map(int, (codes or "").split())))


def is_on_platform(tx: Transaction, account_id: AccountId, bill_id: BillId) -> bool:
    """Whether the bill goes, or went, to an e-invoicing platform."""
    return bool(tx.one(IS_ON_PLATFORM, account_id=account_id, bill_id=bill_id).there)


def bills_waiting(tx: Transaction, limit: int) -> list[tuple[AccountId, BillId]]:
    """Return bills of whose debts a platform is to be told something."""
    return [(row.account_id, row.bill_id) for row in tx.all(WAITING, limit=limit)]


def take_waiting(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[ToldOperation]:
    """Return the operations that are to be told of a bill, oldest first; they wait no more."""
    rows = tx.all(TAKE, account_id=account_id, bill_id=bill_id)
    found = tx.all(
        OPERATIONS,
        account_id=account_id,
        debt_ids=sorted({row.debt_id for row in rows}),
        ids=[row.operation_id for row in rows],
    )
    return [
        ToldOperation(
            row.operation_id, row.kind == "payment", row.amount_minor, row.reverses_id, row.recorded_at
        )
        for row in found
    ]


def rates(tx: Transaction, account_id: AccountId, bill_id: BillId) -> dict[int, int]:
    """Return what the bill came to at each VAT rate, VAT included."""
    rows = tx.all(RATES, account_id=account_id, bill_id=bill_id)
    return {row.vat_rate_bp: row.amount_minor for row in rows}


def credited(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[tuple[int, int]]:
    """Return what credit notes took back of the bill at each VAT rate, VAT included."""
    rows = tx.all(CREDITED, account_id=account_id, bill_id=bill_id)
    return [(row.vat_rate_bp, row.amount_minor) for row in rows]


def by_reference(tx: Transaction, reference: str) -> Known | None:
    """Return the delivery that was sent under the receiver's reference, or None."""
    row = tx.one_or_none(BY_REFERENCE, reference=reference)
    return None if row is None else Known(*row)


def progress(tx: Transaction, platform: str) -> datetime | None:
    """Return up to which instant the platform's flows were looked at, or None."""
    row = tx.one_or_none(PROGRESS, platform=platform)
    return None if row is None else row.seen_until


def advance(tx: Transaction, platform: str, seen_until: datetime) -> None:
    """Write up to which instant the platform's flows were looked at."""
    tx.run(ADVANCE, platform=platform, seen_until=seen_until)


def _status(row: Any) -> Status:
    collected = tuple((rate, amount) for rate, amount in row.collected)
    return Status(
        row.account_id, row.bill_id, row.code, SaidBy(row.said_by), row.reference, row.happened_at,
        row.reason_code, row.reason, collected,
    )  # fmt: skip
