"""Operators: members of the provider's staff, and what each role may do.

Everybody may read. Writing is by role: an auditor changes nothing, an administrator may do all.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from acquit.core.errors import Forbidden
from acquit.core.identifiers import OperatorId


class Role(StrEnum):
    """What an operator does for a living."""

    SALES = "sales"
    BILLING = "billing"
    TREASURY = "treasury"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One thing that an operator may be allowed to do."""

    DECIDE_REQUESTS = "decide-requests"
    GRANT_TERMS = "grant-terms"
    SET_PURCHASE_ORDERS = "set-purchase-orders"
    RUN_BILLS = "run-bills"
    SEND_USAGE = "send-usage"
    CORRECT_BILLS = "correct-bills"
    SETTLE_DEBTS = "settle-debts"
    IMPORT_BANK_FILES = "import-bank-files"
    AGREE_PRICES = "agree-prices"
    ADD_CREDIT = "add-credit"
    CHANGE_SERVICES = "change-services"
    CHANGE_PRICES = "change-prices"
    CHANGE_SETTINGS = "change-settings"
    CLOSE_PERIODS = "close-periods"
    REOPEN_PERIODS = "reopen-periods"
    CHANGE_CHART = "change-chart"
    CHECK_VAT_IDS = "check-vat-ids"
    GIVE_UP_MONEY = "give-up-money"
    MAKE_VOUCHERS = "make-vouchers"
    CHASE = "chase"
    COLLECT_DEBTS = "collect-debts"
    MANAGE_STAFF = "manage-staff"
    MAKE_REVERSE_BILLS = "make-reverse-bills"


RIGHTS: Final[dict[Role, frozenset[Right]]] = {
    Role.SALES: frozenset({
        Right.DECIDE_REQUESTS, Right.GRANT_TERMS, Right.SET_PURCHASE_ORDERS, Right.AGREE_PRICES,
        Right.CHANGE_SERVICES, Right.CHANGE_PRICES, Right.MAKE_VOUCHERS,
    }),
    Role.BILLING: frozenset({
        Right.SET_PURCHASE_ORDERS, Right.RUN_BILLS, Right.SEND_USAGE, Right.CORRECT_BILLS, Right.ADD_CREDIT,
        Right.CHANGE_SERVICES, Right.CHECK_VAT_IDS, Right.MAKE_REVERSE_BILLS,
    }),
    Role.TREASURY: frozenset({
        Right.SETTLE_DEBTS, Right.IMPORT_BANK_FILES, Right.ADD_CREDIT, Right.GIVE_UP_MONEY,
        Right.MAKE_VOUCHERS, Right.CHASE, Right.CLOSE_PERIODS, Right.CHECK_VAT_IDS, Right.COLLECT_DEBTS,
    }),
    Role.AUDITOR: frozenset(),
    Role.ADMINISTRATOR: frozenset(Right),
}  # fmt: skip


class RoleForbids(Forbidden):
    """The operator's role does not carry the right."""

    code = "role-forbids"


@dataclass(frozen=True, slots=True)
class Operator:
    """A member of the provider's staff."""

    operator_id: OperatorId
    name: str
    email: str
    role: Role
    active: bool = True

    def may(self, right: Right) -> bool:
        """Return whether the operator's role carries the right."""
        return self.active and right in RIGHTS[self.role]


def require(operator: Operator, right: Right) -> None:
    """Return when the operator has the right. Raises RoleForbids otherwise."""
    if not operator.may(right):
        raise RoleForbids(
            f"The role {operator.role.value} may not do this: ask an operator who may ({right.value}).",
            role=operator.role.value,
            right=right.value,
        )
