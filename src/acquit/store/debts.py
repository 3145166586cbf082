"""Debts, the operations on them, and deposits; amounts and statuses are derived by core.debt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final, LiteralString

from acquit.core.debt import Debt, Means, Operation, OperationKind
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

DEBT: Final = {
    "account_id": "text", "debt_id": "int8", "bill_id": "text", "payer_id": "text", "currency": "text",
    "amount_minor": "int8", "opened_at": "timestamptz", "due_on": "date",
}  # fmt: skip

OPERATION: Final = {
    "account_id": "text", "debt_id": "int8", "operation_id": "int8", "kind": "text", "means": "text",
    "automatic": "bool", "amount_minor": "int8", "occurred_on": "date",
}  # fmt: skip

PAYMENT: Final = {
    **OPERATION, "deposit_payer": "text", "deposit_id": "text", "reverses_id": "int8", "reason": "text",
}  # fmt: skip
DEPOSIT: Final = {
    "account_id": "text", "deposit_id": "text", "legal_entity_id": "text", "order_id": "int8",
    "received_on": "date", "amount_minor": "int8", "currency": "text", "means": "text",
    "bank_reference": "text", "label": "text",
}  # fmt: skip

_DEBTS: Final[LiteralString] = """
    SELECT account_id, debt_id, bill_id, payer_id, currency, amount_minor, opened_at, due_on FROM debt
"""

FIND: Final[LiteralString] = _DEBTS + "WHERE account_id = %(account_id)s AND debt_id = %(debt_id)s"

OF_BILL: Final[LiteralString] = _DEBTS + "WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s"

OF_PAYER: Final[LiteralString] = _DEBTS + "WHERE payer_id = %(payer_id)s ORDER BY due_on, debt_id"

OPERATIONS: Final[LiteralString] = """
    SELECT operation_id, kind, means, amount_minor, occurred_on, recorded_at, automatic, deposit_payer,
           deposit_id, reverses_id, reason
      FROM debt_operation
     WHERE account_id = %(account_id)s AND debt_id = %(debt_id)s
     ORDER BY operation_id
"""

ADD_OPERATION: Final[LiteralString] = """
    INSERT INTO debt_operation (account_id, debt_id, kind, means, automatic, amount_minor, deposit_payer,
           deposit_id, reverses_id, occurred_on, reason)
    VALUES (%(account_id)s, %(debt_id)s, %(kind)s, %(means)s, %(automatic)s, %(amount_minor)s,
           %(deposit_payer)s, %(deposit_id)s, %(reverses_id)s, %(occurred_on)s, %(reason)s)
    RETURNING operation_id
"""

MARK_BY_HAND: Final[LiteralString] = """
    INSERT INTO deposit_by_hand (account_id, deposit_id, legal_entity_id)
    VALUES (%(account_id)s, %(deposit_id)s, %(legal_entity_id)s)
"""

ADD_DEPOSIT: Final[LiteralString] = """
    INSERT INTO deposit (account_id, deposit_id, legal_entity_id, order_id, received_on, amount_minor,
           currency, means, bank_reference, label)
    VALUES (%(account_id)s, %(deposit_id)s, %(legal_entity_id)s, nextval('order_id'), %(received_on)s,
           %(amount_minor)s, %(currency)s, %(means)s, %(bank_reference)s, %(label)s)
    RETURNING order_id, recorded_at
"""

FIND_DEPOSIT: Final[LiteralString] = """
    SELECT account_id, deposit_id, legal_entity_id, order_id, received_on, amount_minor, currency, means,
           bank_reference, label, recorded_at
      FROM deposit
     WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
"""

APPLIED: Final[LiteralString] = """
    SELECT (coalesce((SELECT sum(-o.effect_minor)
                        FROM debt_operation o
                        JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
                       WHERE d.payer_id = %(account_id)s AND o.deposit_payer = %(account_id)s
                         AND o.deposit_id = %(deposit_id)s AND o.kind <> 'returned'), 0)
          + coalesce((SELECT sum(amount_minor)
                        FROM credit_movement
                       WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s), 0)
          + coalesce((SELECT sum(amount_minor)
                        FROM bank_move
                       WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
                         AND kind = 'withdrawn'), 0)
          + coalesce((SELECT sum(amount_minor)
                        FROM refund_state
                       WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
                         AND state NOT IN ('refused', 'failed')), 0))::bigint
           AS applied_minor
"""

SETTLED_BY: Final[LiteralString] = """
    SELECT DISTINCT account_id, debt_id
      FROM debt_operation
     WHERE deposit_payer = %(account_id)s AND deposit_id = %(deposit_id)s
     ORDER BY account_id, debt_id
"""

OPEN_BY_PAYER: Final[LiteralString] = """
    SELECT payer_id, sum(open_minor)::bigint AS open_minor
      FROM open_debt
     WHERE payer_id = ANY(%(payer_ids)s)
     GROUP BY payer_id
"""

_debt_row = attrgetter(*DEBT)


@dataclass(frozen=True, slots=True)
class Deposit:
    """The receipt for money received from a payer."""

    account_id: AccountId
    deposit_id: str
    legal_entity_id: LegalEntityId
    order_id: int
    received_on: date
    amount_minor: int
    currency: Currency
    means: Means
    bank_reference: str
    label: str
    recorded_at: datetime


def write(tx: Transaction, debts: Iterable[Debt]) -> None:
    """Open debts."""
    tx.copy("debt", tuple(DEBT), map(_debt_row, debts), tuple(DEBT.values()))


def find(tx: Transaction, account_id: AccountId, debt_id: DebtId) -> Debt | None:
    """Return the account's debt, or None."""
    row = tx.one_or_none(FIND, account_id=account_id, debt_id=debt_id)
    return None if row is None else Debt(*row)


def of_bill(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Debt | None:
    """Return the debt on the account's bill, or None."""
    row = tx.one_or_none(OF_BILL, account_id=account_id, bill_id=bill_id)
    return None if row is None else Debt(*row)


def of_payer(tx: Transaction, payer_id: AccountId) -> list[Debt]:
    """Return every debt that the payer owes or owed, by due date."""
    return [Debt(*row) for row in tx.all(OF_PAYER, payer_id=payer_id)]


def operations(tx: Transaction, account_id: AccountId, debt_id: DebtId) -> list[Operation]:
    """Return the operations on the account's debt, oldest first."""
    return [_operation(row) for row in tx.all(OPERATIONS, account_id=account_id, debt_id=debt_id)]


def open_by_payer(tx: Transaction, payer_ids: Sequence[AccountId]) -> dict[AccountId, int]:
    """Return what each of the payers owes in all, due or not."""
    return {row.payer_id: row.open_minor for row in tx.all(OPEN_BY_PAYER, payer_ids=list(payer_ids))}


def add_operation(
    tx: Transaction,
    account_id: AccountId,
    debt_id: DebtId,
    kind: OperationKind,
    means: Means,
    amount_minor: int,
    occurred_on: date,
    *,
    deposit: tuple[AccountId, str] | None = None,
    reverses_id: int | None = None,
    automatic: bool = False,
    reason: str = "",
) -> int:
    """Write one event on a debt and return its id."""
    row = tx.one(
        ADD_OPERATION,
        account_id=account_id,
        debt_id=debt_id,
        kind=kind.value,
        means=means.value,
        automatic=automatic,
        amount_minor=amount_minor,
        deposit_payer=deposit[0] if deposit else None,
        deposit_id=deposit[1] if deposit else None,
        reverses_id=reverses_id,
        occurred_on=occurred_on,
        reason=reason,
    )
    return int(row.operation_id)


def write_operations(tx: Transaction, rows: Sequence[Sequence[object]]) -> None:
    """Write many events without a deposit; the rows have the columns of OPERATION, their ids are taken."""
    tx.copy("debt_operation", tuple(OPERATION), rows, tuple(OPERATION.values()))


def write_payments(tx: Transaction, rows: Sequence[Sequence[object]]) -> None:
    """Write many events; the rows have the columns of PAYMENT, their ids are taken."""
    tx.copy("debt_operation", tuple(PAYMENT), rows, tuple(PAYMENT.values()))


def write_deposits(tx: Transaction, rows: Sequence[Sequence[object]]) -> None:
    """Write receipts for money received; the rows have the columns of DEPOSIT, their numbers are taken."""
    tx.copy("deposit", tuple(DEPOSIT), rows, tuple(DEPOSIT.values()))


def mark_by_hand(
    tx: Transaction, payer_id: AccountId, deposit_id: str, legal_entity_id: LegalEntityId
) -> None:
    """Write that a person recorded the deposit: a bank that tells of it later tells of no second money."""
    tx.run(MARK_BY_HAND, account_id=payer_id, deposit_id=deposit_id, legal_entity_id=legal_entity_id)


def add_deposit(
    tx: Transaction,
    payer_id: AccountId,
    deposit_id: str,
    legal_entity_id: LegalEntityId,
    received_on: date,
    amount_minor: int,
    currency: Currency,
    means: Means,
    bank_reference: str,
    label: str,
) -> Deposit:
    """Write the receipt for money received and return it."""
    row = tx.one(
        ADD_DEPOSIT,
        account_id=payer_id,
        deposit_id=deposit_id,
        legal_entity_id=legal_entity_id,
        received_on=received_on,
        amount_minor=amount_minor,
        currency=currency,
        means=means.value,
        bank_reference=bank_reference,
        label=label,
    )
    return Deposit(
        payer_id, deposit_id, legal_entity_id, row.order_id, received_on, amount_minor, currency, means,
        bank_reference, label, row.recorded_at,
    )  # fmt: skip


def find_deposit(tx: Transaction, payer_id: AccountId, deposit_id: str) -> Deposit | None:
    """Return the payer's deposit, or None."""
    row = tx.one_or_none(FIND_DEPOSIT, account_id=payer_id, deposit_id=deposit_id)
    return None if row is None else Deposit(**row._asdict() | {"means": Means(row.means)})


def applied_minor(tx: Transaction, payer_id: AccountId, deposit_id: str) -> int:
    """Return how much of a deposit settles debts, was returned, became credit, went back or is refunded."""
    return int(tx.one(APPLIED, account_id=payer_id, deposit_id=deposit_id).applied_minor)


def settled_by(tx: Transaction, payer_id: AccountId, deposit_id: str) -> list[tuple[AccountId, DebtId]]:
    """Return the debts that a deposit settled, or settled once."""
    return [
        (row.account_id, row.debt_id)
        for row in tx.all(SETTLED_BY, account_id=payer_id, deposit_id=deposit_id)
    ]


def _operation(row: Any) -> Operation:
    return Operation(
        **row._asdict() | {"kind": OperationKind(row.kind), "means": Means(row.means)},
    )
