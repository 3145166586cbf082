"""Debts with their operations, as lists and pages show them: two statements for any number of debts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from acquit.core.debt import Debt, Means, Operation, OperationKind
from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId
from acquit.core.money import Currency
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Event:
    """An operation and the order of the deposit or credit note that carried it."""

    operation: Operation
    carrier_order_id: OrderId | None
    deposit_means: str | None
    deposit_label: str | None
    deposit_reference: str | None


@dataclass(frozen=True, slots=True)
class Owed:
    """A debt with its events, oldest first; `on_terms` when a granted term gave its due date.

    `collecting_minor` is what a direct debit under way takes up of it.
    """

    debt: Debt
    events: tuple[Event, ...]
    on_terms: bool
    unpaid_after_days: int
    collecting_minor: int = 0

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations alone."""
        return tuple(event.operation for event in self.events)


def of_account(account_id: AccountId) -> Selection:
    """Select the debts of the account's bills."""
    source: LiteralString = "debt WHERE account_id = %(account_id)s"
    return Selection("debt_id", source, {"account_id": account_id})


FIND_MANY: Final[LiteralString] = """
    SELECT d.debt_id, d.bill_id, d.payer_id, d.currency, d.amount_minor, d.opened_at, d.due_on,
           b.term_grant_id IS NOT NULL AS on_terms, e.unpaid_after_days,
           coalesce(n.amount_minor, 0) AS collecting_minor
      FROM debt d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      JOIN legal_entity e ON e.legal_entity_id = b.legal_entity_id
      LEFT JOIN pending_debt n ON n.account_id = d.account_id AND n.debt_id = d.debt_id
     WHERE d.account_id = %(account_id)s AND d.debt_id = ANY(%(debt_ids)s)
     ORDER BY d.debt_id
"""


def find_many(tx: Transaction, account_id: AccountId, debt_ids: Sequence[int]) -> list[Owed]:
    """Return the account's debts of these ids, oldest first; the others are left out."""
    rows = tx.all(FIND_MANY, account_id=account_id, debt_ids=list(debt_ids))
    return _with_events(tx, account_id, rows)


def find(tx: Transaction, account_id: AccountId, debt_id: DebtId) -> Owed | None:
    """Return the account's debt, or None."""
    return next(iter(find_many(tx, account_id, [debt_id])), None)


OF_BILLS: Final[LiteralString] = """
    SELECT d.debt_id, d.bill_id, d.payer_id, d.currency, d.amount_minor, d.opened_at, d.due_on,
           b.term_grant_id IS NOT NULL AS on_terms, e.unpaid_after_days,
           coalesce(n.amount_minor, 0) AS collecting_minor
      FROM debt d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      JOIN legal_entity e ON e.legal_entity_id = b.legal_entity_id
      LEFT JOIN pending_debt n ON n.account_id = d.account_id AND n.debt_id = d.debt_id
     WHERE d.account_id = %(account_id)s AND d.bill_id = ANY(%(bill_ids)s)
       AND (b.kind <> 'down-payment' OR %(with_down_payments)s)
     ORDER BY d.debt_id
"""


def of_bill(
    tx: Transaction, account_id: AccountId, bill_id: BillId, *, with_down_payments: bool
) -> Owed | None:
    """Return the debt of the account's bill, or None."""
    rows = tx.all(OF_BILLS, account_id=account_id, bill_ids=[bill_id], with_down_payments=with_down_payments)
    return next(iter(_with_events(tx, account_id, rows)), None)


def of_bills(tx: Transaction, account_id: AccountId, bill_ids: Sequence[str]) -> list[Owed]:
    """Return the debts of these bills of the account, oldest first."""
    rows = tx.all(OF_BILLS, account_id=account_id, bill_ids=list(bill_ids), with_down_payments=True)
    return _with_events(tx, account_id, rows)


OPEN: Final[LiteralString] = """
    SELECT d.debt_id, d.bill_id, d.payer_id, d.currency, d.amount_minor, d.opened_at, d.due_on,
           b.term_grant_id IS NOT NULL AS on_terms, e.unpaid_after_days,
           coalesce(n.amount_minor, 0) AS collecting_minor
      FROM open_debt o
      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      JOIN legal_entity e ON e.legal_entity_id = b.legal_entity_id
      LEFT JOIN pending_debt n ON n.account_id = d.account_id AND n.debt_id = d.debt_id
     WHERE o.account_id = %(account_id)s
     ORDER BY d.debt_id
"""


def open_of_account(tx: Transaction, account_id: AccountId) -> list[Owed]:
    """Return the account's debts on which something is open, oldest first."""
    return _with_events(tx, account_id, tx.all(OPEN, account_id=account_id))


HAS_ANY: Final[LiteralString] = """
    SELECT EXISTS (SELECT 1 FROM debt WHERE account_id = %(account_id)s) AS has_any
"""


def has_any(tx: Transaction, account_id: AccountId) -> bool:
    """Whether the account ever owed anything."""
    return bool(tx.one(HAS_ANY, account_id=account_id).has_any)


EVENTS: Final[LiteralString] = """
    SELECT o.debt_id, o.operation_id, o.kind, o.means, o.amount_minor, o.occurred_on, o.recorded_at,
           o.automatic, o.deposit_payer, o.deposit_id, o.reverses_id, o.reason,
           coalesce(p.order_id, n.order_id) AS order_id, p.means AS deposit_means, p.label, p.bank_reference
      FROM debt_operation o
      LEFT JOIN deposit p ON p.account_id = o.deposit_payer AND p.deposit_id = o.deposit_id
      LEFT JOIN bill n ON o.means = 'credit-note' AND n.account_id = o.account_id AND n.bill_id = o.reason
     WHERE o.account_id = %(account_id)s AND o.debt_id = ANY(%(debt_ids)s)
     ORDER BY o.debt_id, o.operation_id
"""


def _with_events(tx: Transaction, account_id: AccountId, rows: Sequence[Any]) -> list[Owed]:
    by_debt: dict[int, list[Event]] = {row.debt_id: [] for row in rows}
    if by_debt:
        for event in tx.all(EVENTS, account_id=account_id, debt_ids=list(by_debt)):
            by_debt[event.debt_id].append(_event(event))
    return [_owed(account_id, row, tuple(by_debt[row.debt_id])) for row in rows]


def _owed(account_id: AccountId, row: Any, events: tuple[Event, ...]) -> Owed:
    debt = Debt(
        account_id=account_id,
        debt_id=DebtId(row.debt_id),
        bill_id=BillId(row.bill_id),
        payer_id=AccountId(row.payer_id),
        currency=Currency(row.currency),
        amount_minor=row.amount_minor,
        opened_at=row.opened_at,
        due_on=row.due_on,
    )
    return Owed(debt, events, row.on_terms, row.unpaid_after_days, row.collecting_minor)


def _event(row: Any) -> Event:
    operation = Operation(
        operation_id=row.operation_id,
        kind=OperationKind(row.kind),
        means=Means(row.means),
        amount_minor=row.amount_minor,
        occurred_on=row.occurred_on,
        recorded_at=row.recorded_at,
        automatic=row.automatic,
        deposit_payer=row.deposit_payer,
        deposit_id=row.deposit_id,
        reverses_id=row.reverses_id,
        reason=row.reason,
    )
    return Event(operation, row.order_id, row.deposit_means, row.label, row.bank_reference)
