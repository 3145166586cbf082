"""Let a parent and its sub-accounts of the same legal party share one bill, or no longer."""

from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, locked_account_in, require_staff, today_of
from acquit.core.bill_run import Period, period
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.core.problem import Problem
from acquit.core.shared_bill import Relative, reasons_apart, refuse_sharing
from acquit.store import acts, families
from acquit.store.families import SharedPart
from acquit.store.transaction import Transaction


class SharingInThePast(Invalid):
    """Bills are shared, or no longer, from today on at the earliest: issued bills stay as they are."""

    code = "sharing-in-the-past"


@dataclass(frozen=True, slots=True)
class Together:
    """From when on who shares the parent's bill, and who keeps bills of its own, with the reasons."""

    account_id: AccountId
    is_shared: bool
    from_on: date
    sharing: tuple[Relative, ...]
    apart: tuple[Problem, ...]


def share_bills(
    context: Context, account_id: AccountId, from_on: date | None = None, *, is_shared: bool = True, by: str
) -> Together:
    """Bills dated `from_on` (today without it) or later are shared, or are one per account again.

    Who joins the family later, or leaves its legal party, payer or currency, is looked at bill by bill.
    Raises NoSuchAccount, SharingInThePast, NotAParent, NothingToShare.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SET_PURCHASE_ORDERS)
        account = locked_account_in(tx, account_id)
        today = today_of(context, tx, account)
        on = from_on or today
        if on < today:
            raise SharingInThePast(f"{on} is past; bills are shared from {today} on at the earliest.")
        relatives = families.relatives(tx, account_id)
        if is_shared:
            refuse_sharing(account_id, relatives)
        families.add_setting(tx, account_id, on, is_shared, by)
        acts.record(
            tx, by, "share_bills" if is_shared else "separate_bills", account_id, from_on=str(on),
            apart=[str(problem) for each in relatives for problem in reasons_apart(each)],
        )  # fmt: skip
    return _together(account_id, is_shared, on, relatives)


def who_shares(context: Context, account_id: AccountId) -> Together | None:
    """Return what holds today, or None when the account never shared its bill."""
    with context.database.read() as tx:
        account = account_in(tx, account_id)
        today = today_of(context, tx, account)
        held = [each for each in families.settings(tx, account_id) if each.from_on <= today]
        relatives = families.relatives(tx, account_id)
    return _together(account_id, held[-1].is_shared, held[-1].from_on, relatives) if held else None


def slice_statement(context: Context, account_id: AccountId, month: str) -> list[SharedPart]:
    """Return the account's parts of the shared bills issued in a month: a statement, not a claim.

    Raises NoSuchAccount, BadPeriod.
    """
    billed = period(month)
    with context.database.read() as tx:
        account_in(tx, account_id)
        return parts_of(tx, account_id, billed)


def parts_of(tx: Transaction, account_id: AccountId, billed: Period) -> list[SharedPart]:
    """Return the account's parts of the shared bills issued in the month, with their lines."""
    return families.statement(tx, account_id, billed.first_on, billed.last_on)


def _together(account_id: AccountId, is_shared: bool, on: date, relatives: list[Relative]) -> Together:
    apart = tuple(problem for each in relatives for problem in reasons_apart(each))
    sharing = tuple(each for each in relatives if not reasons_apart(each))
    return Together(account_id, is_shared, on, sharing if is_shared else (), apart)
