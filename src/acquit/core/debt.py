"""Debts: what is owed on one bill; its amounts and status follow from its operations and the day.

Nothing here is stored but the debt and its operations. Open is the amount plus the effects of the
operations: payments, credits and write-offs reduce it, returns and reopenings raise it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency, plain
from acquit.core.quick import quick


class NoSuchDebt(NotFound):
    """The account has no such debt."""

    code = "no-such-debt"


class NoSuchOperation(NotFound):
    """The debt has no such operation."""

    code = "no-such-operation"


class NoSuchDeposit(NotFound):
    """The account has no such deposit."""

    code = "no-such-deposit"


class NotOwed(Conflict):
    """More would be settled than is open on the debt."""

    code = "not-owed"


class CannotReverse(Conflict):
    """The operation cannot be undone: it is a reversal itself or was reversed already."""

    code = "cannot-reverse"


class BadAmount(Invalid):
    """An amount of money that moves is positive and in the debt's currency."""

    code = "bad-amount"


class OperationKind(StrEnum):
    """What happened on a debt."""

    PAYMENT = "payment"
    CREDIT = "credit"
    WRITE_OFF = "write-off"
    RETURNED = "returned"
    REOPENED = "reopened"


class Means(StrEnum):
    """By what a debt was reduced or raised again."""

    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct-debit"
    CARD = "card"
    CREDIT_NOTE = "credit-note"
    CREDIT_BALANCE = "credit-balance"
    LOSS = "loss"
    SET_OFF = "set-off"


class DebtStatus(StrEnum):
    """Where a debt is in its life."""

    UNMATURED = "UNMATURED"
    TO_BE_PAID = "TO_BE_PAID"
    UNPAID = "UNPAID"
    PAID = "PAID"
    REFUNDED = "REFUNDED"
    WRITE_OFF = "WRITE_OFF"


RAISING: Final = frozenset({OperationKind.RETURNED, OperationKind.REOPENED})
"""The operations that raise a debt again; each reverses another."""


@quick
@dataclass(frozen=True, slots=True)
class Debt:
    """What the payer owes on the account's bill."""

    account_id: AccountId
    debt_id: DebtId
    bill_id: BillId
    payer_id: AccountId
    currency: Currency
    amount_minor: int
    opened_at: datetime
    due_on: date


@dataclass(frozen=True, slots=True)
class Operation:
    """One event on a debt; a payment names the deposit that carried the money."""

    operation_id: int
    kind: OperationKind
    means: Means
    amount_minor: int
    occurred_on: date
    recorded_at: datetime
    automatic: bool = False
    deposit_payer: AccountId | None = None
    deposit_id: str | None = None
    reverses_id: int | None = None
    reason: str = ""

    @property
    def effect_minor(self) -> int:
        """What the operation does to the open amount."""
        return self.amount_minor if self.kind in RAISING else -self.amount_minor


@dataclass(frozen=True, slots=True)
class Allocation:
    """So much money for one debt."""

    account_id: AccountId
    debt_id: DebtId
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts of a debt on a day: due is all that is open, and unmatured + todo + pending = due."""

    amount_minor: int
    due_minor: int
    todo_minor: int
    pending_minor: int
    unmatured_minor: int


def open_minor(debt: Debt, operations: Iterable[Operation]) -> int:
    """Return what is still owed."""
    return debt.amount_minor + sum(operation.effect_minor for operation in operations)


def amounts(debt: Debt, operations: Iterable[Operation], on: date, collecting_minor: int = 0) -> Amounts:
    """Return the amounts of the debt on that day; pending is what a direct debit under way collects."""
    due = open_minor(debt, operations)
    pending = min(collecting_minor, due)
    unmatured = due - pending if on <= debt.due_on else 0
    return Amounts(debt.amount_minor, due, due - pending - unmatured, pending, unmatured)


def status(debt: Debt, operations: Sequence[Operation], on: date, unpaid_after_days: int) -> DebtStatus:
    """Return the status on that day.

    Unmatured through the due date, to be paid from the next day, unpaid from `unpaid_after_days` later or
    after a failed collection; when nothing is open: written off, refunded, or paid.
    """
    if open_minor(debt, operations) == 0:
        return _closed_status(debt, operations)
    if has_failed(operations) or on >= debt.due_on + timedelta(days=max(unpaid_after_days, 1)):
        return DebtStatus.UNPAID
    return DebtStatus.UNMATURED if on <= debt.due_on else DebtStatus.TO_BE_PAID


def has_failed(operations: Iterable[Operation]) -> bool:
    """Whether the latest money that came was returned."""
    latest = max(operations, key=lambda operation: operation.operation_id, default=None)
    return latest is not None and latest.kind is OperationKind.RETURNED


def paid_minor(operations: Sequence[Operation]) -> int:
    """Return how much of the debt is paid by money that stayed."""
    kept = standing(operations)
    return sum(operation.amount_minor for operation in kept if operation.kind is OperationKind.PAYMENT)


def standing(operations: Sequence[Operation]) -> list[Operation]:
    """Return the operations that reduce the debt and were not reversed."""
    reversed_ids = {operation.reverses_id for operation in operations if operation.kind in RAISING}
    return [
        operation for operation in operations
        if operation.kind not in RAISING and operation.operation_id not in reversed_ids
    ]  # fmt: skip


def refuse_over_open(debt: Debt, operations: Iterable[Operation], amount_minor: int) -> None:
    """Pass when the amount is positive and no more than is open. Raises BadAmount, NotOwed."""
    if amount_minor <= 0:
        raise BadAmount("What settles a debt is more than nothing.", debt=str(debt.debt_id))
    due = open_minor(debt, operations)
    if amount_minor > due:
        raise NotOwed(
            f"{plain(due, debt.currency)} {debt.currency} is open on bill {debt.bill_id}; "
            f"{plain(amount_minor, debt.currency)} is more. What is over stays on the deposit.",
            bill=debt.bill_id,
        )


def refuse_reversal(debt: Debt, operations: Sequence[Operation], operation_id: int) -> Operation:
    """Return the operation when it may be undone. Raises NoSuchOperation, CannotReverse."""
    found = next((each for each in operations if each.operation_id == operation_id), None)
    if found is None:
        raise NoSuchOperation(f"There is no operation {operation_id} on bill {debt.bill_id}.")
    if found not in standing(operations):
        raise CannotReverse(f"Operation {operation_id} on bill {debt.bill_id} was undone already.")
    return found


def _closed_status(debt: Debt, operations: Sequence[Operation]) -> DebtStatus:
    kept = standing(operations)
    if any(operation.kind is OperationKind.WRITE_OFF for operation in kept):
        return DebtStatus.WRITE_OFF
    credited = sum(operation.amount_minor for operation in kept if operation.kind is OperationKind.CREDIT)
    is_credited = credited > 0 and credited == debt.amount_minor
    return DebtStatus.REFUNDED if is_credited else DebtStatus.PAID
