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
    """What is looked for; `state` is empty, `owed`, `late`, `settled` or a kind, `amount_minor` a total.

    `accounts` are sub-accounts whose bills are looked through too where the account pays for them; with
    `only` it is these bills of that account alone. `sort` is one of `SORTS`.
    """

    text: str = ""
    amount_minor: int | None = None
    state: str = ""
    from_on: date | None = None
    to_on: date | None = None
    accounts: tuple[AccountId, ...] = ()
    only: AccountId | None = None
    order_reference: str = ""
    least_minor: int | None = None
    most_minor: int | None = None
    bill_ids: tuple[str, ...] = ()
    sort: str = "newest"


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found, and how much there is, counted up to `COUNTED_MAX`; `is_more` beyond."""

    heads: Sequence[BillHead]
    total: int
    is_more: bool = False


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
      LEFT JOIN open_debt o ON o.account_id = b.account_id AND o.debt_id = b.order_id
"""

_FILTERS: Final[dict[str, LiteralString]] = {
    "text": """ AND (strpos(lower(b.bill_id), lower(%(text)s)) > 0 OR b.order_id::text = %(text)s
                 OR strpos(lower(b.purchase_order_reference), lower(%(text)s)) > 0
                 OR b.total_minor = %(amount_minor)s)""",
    "from_on": " AND b.issued_on >= %(from_on)s",
    "to_on": " AND b.issued_on <= %(to_on)s",
    "only": " AND b.account_id = %(only)s",
    "order_reference": " AND b.purchase_order_reference = %(order_reference)s",
    "least_minor": " AND b.total_minor >= %(least_minor)s",
    "most_minor": " AND b.total_minor <= %(most_minor)s",
    "bill_ids": " AND b.bill_id = ANY(%(bill_ids)s)",
}

SORTS: Final[dict[str, LiteralString]] = {
    "newest": "b.issued_at DESC, b.bill_id DESC",
    "oldest": "b.issued_at, b.bill_id",
    "due": "b.due_on, b.bill_id",
    "due-last": "b.due_on DESC, b.bill_id DESC",
    "largest": "b.total_minor DESC, b.bill_id DESC",
    "smallest": "b.total_minor, b.bill_id",
}

_COUNTED: Final[LiteralString] = "SELECT count(*) AS total FROM (SELECT 1"
COUNTED_MAX: Final = 1_000

_STATES: Final[dict[str, LiteralString]] = {
    "owed": " AND o.open_minor > 0",
    "late": " AND o.open_minor > 0 AND o.due_on < %(today)s",
    "settled": """ AND o.account_id IS NULL
                   AND EXISTS (SELECT FROM debt d
                                WHERE d.account_id = b.account_id AND d.bill_id = b.bill_id)""",
    "down-payments": " AND b.kind = 'down-payment'",
    "credit-notes": " AND b.kind = 'credit-note'",
    "corrective": " AND b.kind = 'corrective'",
}

FIND: Final[LiteralString] = (
    _COLUMNS + "  FROM bill b WHERE b.account_id = %(account_id)s AND b.bill_id = %(bill_id)s"
)

DUE_DAYS: Final[LiteralString] = """
    SELECT due_on, currency, count(*) AS bills, sum(open_minor)::bigint AS open_minor,
           coalesce(sum(open_minor) FILTER (WHERE account_id <> payer_id), 0)::bigint AS others_minor
      FROM open_debt
     WHERE payer_id = %(payer_id)s AND open_minor > 0
     GROUP BY due_on, currency
     ORDER BY due_on, currency
"""


def search(
    tx: Transaction, account_id: AccountId, wanted: Wanted, today: date, offset: int, rows_max: int
) -> Found:
    """Return the account's documents that fit, newest first unless told otherwise, from `offset` on.

    With the documents of sub-accounts that it owes, where `accounts` names them. No more than
    `COUNTED_MAX` are counted, so that a page costs the same however many there are.
    """
    query, values = _query(account_id, wanted, today)
    counted: LiteralString = _COUNTED + query + " LIMIT %(counted_max)s) found"
    total = tx.one(counted, **values, counted_max=COUNTED_MAX + 1).total
    page: LiteralString = _COLUMNS + query + " ORDER BY " + SORTS.get(wanted.sort, SORTS["newest"])
    rows = tx.all(page + " OFFSET %(offset)s LIMIT %(rows_max)s", **values, offset=offset, rows_max=rows_max)
    return Found(_heads(tx, rows), min(total, COUNTED_MAX), total > COUNTED_MAX)


def keys(
    tx: Transaction, account_id: AccountId, wanted: Wanted, today: date, rows_max: int
) -> list[tuple[AccountId, BillId]]:
    """Return which documents fit, at most so many, in the order of their dates."""
    query, values = _query(account_id, wanted, today)
    listed: LiteralString = "SELECT b.account_id, b.bill_id" + query + " ORDER BY " + SORTS["oldest"]
    rows = tx.all(listed + " LIMIT %(rows_max)s", **values, rows_max=rows_max)
    return [(AccountId(row.account_id), BillId(row.bill_id)) for row in rows]


def _query(account_id: AccountId, wanted: Wanted, today: date) -> tuple[LiteralString, dict[str, object]]:
    query: LiteralString = (
        " FROM bill b"
        + (_OPEN if wanted.state in _STATES else "")
        + " WHERE b.account_id = ANY(%(account_ids)s)"
        + " AND (b.account_id = %(account_id)s OR b.payer_id = %(account_id)s)"
    )
    for name, condition in _FILTERS.items():
        if getattr(wanted, name) not in ("", None, ()):
            query += condition
    query += _STATES.get(wanted.state, "")
    values: dict[str, object] = {name: getattr(wanted, name) for name in _FILTERS} | {
        "account_ids": [account_id, *wanted.accounts],
        "account_id": account_id,
        "today": today,
        "amount_minor": wanted.amount_minor,
        "bill_ids": list(wanted.bill_ids),
    }
    return query, values


def find(tx: Transaction, account_id: AccountId, bill_id: BillId) -> BillHead | None:
    """Return the account's document, or None: another account's does not exist here."""
    rows = tx.all(FIND, account_id=account_id, bill_id=bill_id)
    return next(iter(_heads(tx, rows)), None)


def due_days(tx: Transaction, payer_id: AccountId) -> list[DueDay]:
    """Return what the payer owes, by due date."""
    return [DueDay(**row._asdict()) for row in tx.all(DUE_DAYS, payer_id=payer_id)]


def _heads(tx: Transaction, rows: Sequence[Any]) -> list[BillHead]:
    of_account: dict[AccountId, list[str]] = {}
    for row in rows:
        of_account.setdefault(AccountId(row.account_id), []).append(row.bill_id)
    owed = {
        (account_id, each.debt.bill_id): each
        for account_id, bill_ids in of_account.items()
        for each in of_bills(tx, account_id, bill_ids)
    }
    return [_head(row, owed.get((AccountId(row.account_id), BillId(row.bill_id)))) for row in rows]


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
