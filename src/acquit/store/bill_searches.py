"""Bills as a person looks for them: by number, order, purchase order, amount, state or date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.bill import BillKind
from acquit.core.identifiers import AccountId, BillId, OrderId, PurchaseOrderId
from acquit.core.money import Currency
from acquit.core.terms import Method, Term
from acquit.store.debt_lists import Owed, of_bills
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class BillHead:
    """All of an issued document but its lines; `owed` is its debt, if it opened one."""

    account_id: AccountId
    bill_id: BillId
    order_id: OrderId
    kind: BillKind
    corrects_bill_id: BillId | None
    payer_id: AccountId
    issued_on: date
    due_on: date
    term: Term
    currency: Currency
    net_minor: int
    tax_minor: int
    total_minor: int
    purchase_order_account: AccountId | None
    purchase_order_id: PurchaseOrderId | None
    purchase_order_reference: str | None
    payment_reference: str
    owed: Owed | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; `state` is empty, `owed`, `late` or `settled`, `amount_minor` a total."""

    text: str = ""
    amount_minor: int | None = None
    state: str = ""
    from_on: date | None = None
    to_on: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found, and how much there is in all."""

    heads: Sequence[BillHead]
    total: int


@dataclass(frozen=True, slots=True)
class DueDay:
    """What a payer owes on the bills of one due date; `others_minor` of it on bills of other accounts."""

    due_on: date
    currency: Currency
    bills: int
    open_minor: int
    others_minor: int


_COLUMNS: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.order_id, b.kind, b.corrects_bill_id, b.payer_id, b.issued_on, b.due_on,
           b.term_days, b.term_method, b.currency, b.net_minor, b.tax_minor, b.total_minor,
           b.purchase_order_account, b.purchase_order_id, b.purchase_order_reference, b.payment_reference
"""

_OPEN: Final[LiteralString] = """
      LEFT JOIN debt d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
      LEFT JOIN LATERAL (SELECT coalesce(sum(o.effect_minor), 0) AS effect_minor
                           FROM debt_operation o
                          WHERE o.account_id = d.account_id AND o.debt_id = d.debt_id) AS done ON true
"""

_FILTERS: Final[dict[str, LiteralString]] = {
    "text": """ AND (strpos(lower(b.bill_id), lower(%(text)s)) > 0 OR b.order_id::text = %(text)s
                 OR strpos(lower(b.purchase_order_reference), lower(%(text)s)) > 0
                 OR b.total_minor = %(amount_minor)s)""",
    "from_on": " AND b.issued_on >= %(from_on)s",
    "to_on": " AND b.issued_on <= %(to_on)s",
}

_STATES: Final[dict[str, LiteralString]] = {
    "owed": " AND d.amount_minor + done.effect_minor > 0",
    "late": " AND d.amount_minor + done.effect_minor > 0 AND d.due_on < %(today)s",
    "settled": " AND d.amount_minor + done.effect_minor = 0",
}

FIND: Final[LiteralString] = (
    _COLUMNS + "  FROM bill b WHERE b.account_id = %(account_id)s AND b.bill_id = %(bill_id)s"
)

DUE_DAYS: Final[LiteralString] = """
    SELECT d.due_on, d.currency, count(*) AS bills,
           sum(d.amount_minor + done.effect_minor)::bigint AS open_minor,
           coalesce(sum(d.amount_minor + done.effect_minor)
                    FILTER (WHERE d.account_id <> d.payer_id), 0)::bigint AS others_minor
      FROM debt d
     CROSS JOIN LATERAL (SELECT coalesce(sum(o.effect_minor), 0) AS effect_minor
                           FROM debt_operation o
                          WHERE o.account_id = d.account_id AND o.debt_id = d.debt_id) AS done
     WHERE d.payer_id = %(payer_id)s AND d.amount_minor + done.effect_minor > 0
     GROUP BY d.due_on, d.currency
     ORDER BY d.due_on, d.currency
"""


def search(
    tx: Transaction, account_id: AccountId, wanted: Wanted, today: date, offset: int, rows_max: int
) -> Found:
    """Return the account's documents that fit, newest first, from `offset` on."""
    query: LiteralString = " FROM bill b" + _OPEN + " WHERE b.account_id = %(account_id)s"
    for name, condition in _FILTERS.items():
        if getattr(wanted, name):
            query += condition
    query += _STATES.get(wanted.state, "")
    values = {
        "account_id": account_id,
        "today": today,
        "text": wanted.text,
        "amount_minor": wanted.amount_minor,
        "from_on": wanted.from_on,
        "to_on": wanted.to_on,
    }
    total = tx.one("SELECT count(*) AS total" + query, **values).total
    page: LiteralString = _COLUMNS + query + " ORDER BY b.issued_at DESC, b.bill_id DESC"
    rows = tx.all(page + " OFFSET %(offset)s LIMIT %(rows_max)s", **values, offset=offset, rows_max=rows_max)
    return Found(_heads(tx, account_id, rows), total)


def find(tx: Transaction, account_id: AccountId, bill_id: BillId) -> BillHead | None:
    """Return the account's document, or None: another account's does not exist here."""
    rows = tx.all(FIND, account_id=account_id, bill_id=bill_id)
    return next(iter(_heads(tx, account_id, rows)), None)


def due_days(tx: Transaction, payer_id: AccountId) -> list[DueDay]:
    """Return what the payer owes, by due date."""
    return [DueDay(**row._asdict()) for row in tx.all(DUE_DAYS, payer_id=payer_id)]


def _heads(tx: Transaction, account_id: AccountId, rows: Sequence[Any]) -> list[BillHead]:
    owed = {each.debt.bill_id: each for each in of_bills(tx, account_id, [row.bill_id for row in rows])}
    return [_head(row, owed.get(BillId(row.bill_id))) for row in rows]


def _head(row: Any, owed: Owed | None) -> BillHead:
    return BillHead(
        account_id=AccountId(row.account_id),
        bill_id=BillId(row.bill_id),
        order_id=OrderId(row.order_id),
        kind=BillKind(row.kind),
        corrects_bill_id=row.corrects_bill_id,
        payer_id=AccountId(row.payer_id),
        issued_on=row.issued_on,
        due_on=row.due_on,
        term=Term(row.term_days, Method(row.term_method)),
        currency=Currency(row.currency),
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        purchase_order_account=row.purchase_order_account,
        purchase_order_id=row.purchase_order_id,
        purchase_order_reference=row.purchase_order_reference,
        payment_reference=row.payment_reference,
        owed=owed,
    )
