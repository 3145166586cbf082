"""Bills and their details as lists and pages show them, read with one statement each.

A list holds what is owed or was: bills and corrective bills. Credit notes reduce a bill and are
listed elsewhere; down payments have a list of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, LiteralString

from acquit.core.bill import BillKind
from acquit.core.identifiers import AccountId, BillId, OrderId
from acquit.core.money import Currency
from acquit.core.quick import quick
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


@quick
@dataclass(frozen=True, slots=True)
class BillSummary:
    """The head of an issued bill; a corrective bill names the one that it is in place of."""

    bill_id: BillId
    order_id: OrderId
    category: str
    issued_at: datetime
    currency: Currency
    net_minor: int
    tax_minor: int
    total_minor: int
    corrects_bill_id: BillId | None = None


@dataclass(frozen=True, slots=True)
class DetailSummary:
    """One line of an issued bill; `period_end` is the last day covered."""

    order_id: OrderId
    detail_no: int
    currency: Currency
    domain: str
    description: str
    quantity_e4: int
    unit_price_ucents: int
    net_minor: int
    period_start: date
    period_end: date


class Listed(StrEnum):
    """Which documents a list holds."""

    BILLS = "bills"
    CORRECTIVES = "correctives"
    DOWN_PAYMENTS = "down-payments"


_SOURCES: Final[dict[Listed, LiteralString]] = {
    Listed.BILLS: "kind NOT IN ('credit-note', 'down-payment')",
    Listed.CORRECTIVES: "kind = 'corrective'",
    Listed.DOWN_PAYMENTS: "kind = 'down-payment'",
}


def of_account(
    account_id: AccountId,
    *,
    category: str | None = None,
    issued_from: datetime | None = None,
    issued_to: datetime | None = None,
    order_id: int | None = None,
    listed: Listed = Listed.BILLS,
) -> Selection:
    """Select the account's bills; both bounds are inclusive and count in whole seconds."""
    source: LiteralString = "bill WHERE account_id = %(account_id)s AND " + _SOURCES[listed]
    if category is not None:
        source += " AND category = %(category)s"
    if issued_from is not None:
        source += " AND issued_at >= %(issued_from)s"
    if issued_to is not None:
        source += " AND issued_at < %(issued_to)s + interval '1 second'"
    if order_id is not None:
        source += " AND order_id = %(order_id)s"
    values = {
        "account_id": account_id,
        "category": category,
        "issued_from": issued_from,
        "issued_to": issued_to,
        "order_id": order_id,
    }
    return Selection("bill_id", source, {name: value for name, value in values.items() if value is not None})


FIND: Final[LiteralString] = """
    SELECT bill_id, order_id, category, issued_at, currency, net_minor, tax_minor, total_minor,
           corrects_bill_id
      FROM bill
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s AND kind = %(kind)s
"""


def find(tx: Transaction, account_id: AccountId, bill_id: BillId, kind: BillKind) -> BillSummary | None:
    """Return the account's bill of that kind, or None: another account's does not exist here."""
    row = tx.one_or_none(FIND, account_id=account_id, bill_id=bill_id, kind=kind.value)
    return None if row is None else BillSummary(*row)


FIND_MANY: Final[LiteralString] = """
    SELECT bill_id, order_id, category, issued_at, currency, net_minor, tax_minor, total_minor,
           corrects_bill_id
      FROM bill
     WHERE account_id = %(account_id)s AND bill_id = ANY(string_to_array(%(bill_ids)s, chr(31)))
       AND kind <> 'credit-note'
"""


def find_many(tx: Transaction, account_id: AccountId, bill_ids: Sequence[str]) -> list[BillSummary]:
    """Return the account's bills and down payments of these numbers, in no order; the others are left out."""
    rows = tx.all(FIND_MANY, account_id=account_id, bill_ids="\x1f".join(bill_ids))
    return [BillSummary(*row) for row in rows]


DETAILS: Final[LiteralString] = """
    SELECT b.order_id, d.detail_no, b.currency, d.domain, d.description, d.quantity_e4, d.unit_price_ucents,
           d.net_minor, d.period_start, d.period_end
      FROM bill b
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
     WHERE b.account_id = %(account_id)s AND b.bill_id = %(bill_id)s AND b.kind <> 'credit-note'
       AND (b.kind <> 'down-payment' OR %(with_down_payments)s)
     ORDER BY d.detail_no
"""


def details(
    tx: Transaction, account_id: AccountId, bill_id: BillId, *, with_down_payments: bool
) -> list[DetailSummary]:
    """Return the details of the account's bill in their order; empty when there is no such bill."""
    rows = tx.all(DETAILS, account_id=account_id, bill_id=bill_id, with_down_payments=with_down_payments)
    return [_detail(row) for row in rows]


SOME_DETAILS: Final[LiteralString] = """
    SELECT b.order_id, d.detail_no, b.currency, d.domain, d.description, d.quantity_e4, d.unit_price_ucents,
           d.net_minor, d.period_start, d.period_end
      FROM bill b
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
     WHERE b.account_id = %(account_id)s AND b.bill_id = %(bill_id)s AND b.kind <> 'credit-note'
       AND (b.kind <> 'down-payment' OR %(with_down_payments)s)
       AND b.order_id * 1000000 + d.detail_no = ANY(%(detail_ids)s)
"""


def some_details(
    tx: Transaction,
    account_id: AccountId,
    bill_id: BillId,
    detail_ids: Sequence[int],
    *,
    with_down_payments: bool,
) -> list[DetailSummary]:
    """Return the bill's details of these ids (order id × 1,000,000 + number), in no order."""
    rows = tx.all(
        SOME_DETAILS,
        account_id=account_id,
        bill_id=bill_id,
        detail_ids=list(detail_ids),
        with_down_payments=with_down_payments,
    )
    return [_detail(row) for row in rows]


def _detail(row: Any) -> DetailSummary:
    return DetailSummary(*row)
