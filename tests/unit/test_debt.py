"""Debts: amounts and statuses as they follow from operations and the day."""

from datetime import UTC, date, datetime

import pytest

from acquit.core.debt import (
    BadAmount,
    CannotReverse,
    Debt,
    DebtStatus,
    Means,
    NoSuchOperation,
    NotOwed,
    Operation,
    OperationKind,
    amounts,
    open_minor,
    paid_minor,
    refuse_over_open,
    refuse_reversal,
    standing,
    status,
)
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency

AT = datetime(2026, 11, 1, tzinfo=UTC)
DUE = date(2026, 12, 1)
A = AccountId("ab12345-acq")
DEBT = Debt(A, DebtId(1), BillId("FR1"), A, Currency("EUR"), 1_000, AT, DUE)


def operation(number: int, kind: OperationKind, amount: int, reverses: int | None = None) -> Operation:
    return Operation(number, kind, Means.TRANSFER, amount, DUE, AT, reverses_id=reverses)


PAID = operation(1, OperationKind.PAYMENT, 1_000)
PART = operation(1, OperationKind.PAYMENT, 400)
REST = operation(2, OperationKind.PAYMENT, 600)
RETURNED = operation(3, OperationKind.RETURNED, 1_000, 1)
REOPENED = operation(3, OperationKind.REOPENED, 1_000, 1)
CREDIT = operation(4, OperationKind.CREDIT, 1_000)
LOST = operation(5, OperationKind.WRITE_OFF, 1_000)


@pytest.mark.parametrize(
    ("name", "operations", "on", "expected"),
    [
        ("the term runs", [], date(2026, 11, 30), DebtStatus.UNMATURED),
        ("through the due date", [], DUE, DebtStatus.UNMATURED),
        ("the next day", [], date(2026, 12, 2), DebtStatus.TO_BE_PAID),
        ("seven days late", [], date(2026, 12, 8), DebtStatus.TO_BE_PAID),
        ("eight days late", [], date(2026, 12, 9), DebtStatus.UNPAID),
        ("paid in part", [PART], date(2026, 12, 2), DebtStatus.TO_BE_PAID),
        ("paid in two parts", [PART, REST], date(2026, 12, 2), DebtStatus.PAID),
        ("the bank took it back", [PAID, RETURNED], date(2026, 11, 30), DebtStatus.UNPAID),
        ("matched to the wrong bill", [PAID, REOPENED], date(2026, 11, 30), DebtStatus.UNMATURED),
        ("credited whole", [CREDIT], date(2027, 1, 1), DebtStatus.REFUNDED),
        ("given up", [LOST], date(2027, 1, 1), DebtStatus.WRITE_OFF),
        ("paid in part, the rest given up", [PART, operation(6, OperationKind.WRITE_OFF, 600)], DUE,
         DebtStatus.WRITE_OFF),
        ("paid in part, the rest credited", [PART, operation(6, OperationKind.CREDIT, 600)], DUE,
         DebtStatus.PAID),
    ],
)  # fmt: skip
def test_status(name: str, operations: list[Operation], on: date, expected: DebtStatus) -> None:
    assert status(DEBT, operations, on, 8) is expected, name


def test_a_debt_is_unpaid_the_day_after_when_no_days_are_allowed() -> None:
    assert status(DEBT, [], DUE, 0) is DebtStatus.UNMATURED
    assert status(DEBT, [], date(2026, 12, 2), 0) is DebtStatus.UNPAID


@pytest.mark.parametrize(
    ("operations", "on", "expected"),
    [
        ([], DUE, (1_000, 1_000, 0, 0, 1_000)),
        ([], date(2026, 12, 2), (1_000, 1_000, 1_000, 0, 0)),
        ([PART], DUE, (1_000, 600, 0, 0, 600)),
        ([PART, REST], DUE, (1_000, 0, 0, 0, 0)),
        ([PAID, RETURNED], date(2026, 12, 2), (1_000, 1_000, 1_000, 0, 0)),
    ],
)
def test_amounts(operations: list[Operation], on: date, expected: tuple[int, ...]) -> None:
    found = amounts(DEBT, operations, on)
    assert (
        found.amount_minor, found.due_minor, found.todo_minor, found.pending_minor, found.unmatured_minor,
    ) == expected  # fmt: skip


def test_what_stands_was_not_undone() -> None:
    assert standing([PAID, RETURNED, CREDIT]) == [CREDIT]
    assert paid_minor([PART, REST, CREDIT]) == 1_000
    assert open_minor(DEBT, [PAID, REOPENED, PART]) == 600


def test_no_more_is_settled_than_is_open() -> None:
    refuse_over_open(DEBT, [PART], 600)
    with pytest.raises(NotOwed, match=r"6\.00"):
        refuse_over_open(DEBT, [PART], 601)
    with pytest.raises(BadAmount):
        refuse_over_open(DEBT, [], 0)


def test_only_what_stands_is_undone() -> None:
    assert refuse_reversal(DEBT, [PAID], 1) is PAID
    with pytest.raises(NoSuchOperation):
        refuse_reversal(DEBT, [PAID], 2)
    with pytest.raises(CannotReverse):
        refuse_reversal(DEBT, [PAID, REOPENED], 1)
    with pytest.raises(CannotReverse):
        refuse_reversal(DEBT, [PAID, REOPENED], 3)
