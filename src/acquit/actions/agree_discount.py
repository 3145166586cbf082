"""Agree a discount with an account, or end one; what is billed already keeps it."""

from dataclasses import replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, locked_account_in, require_staff, today_of
from acquit.core.discount import Discount, NoSuchDiscount, refuse_discount, refuse_end
from acquit.core.identifiers import AccountId, DiscountId
from acquit.core.operator import Right
from acquit.core.printed_text import refuse_texts
from acquit.core.service import NoSuchService
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, conditions, services
from acquit.store.transaction import Transaction


def agree_discount(context: Context, discount: Discount, *, by: str) -> Discount:
    """The account is let off what the discount says, from its first day on; return it with its id.

    Raises NoSuchAccount, NoSuchService, BadDiscount, StaffOnly, RoleForbids.
    """
    refuse_discount(discount)
    refuse_texts([("The name", discount.name)], missing_glyphs)
    account_id = discount.account_id
    with context.database.write() as tx:
        require_staff(tx, by, Right.AGREE_PRICES)
        locked_account_in(tx, account_id)
        if discount.service_id is not None and services.find(tx, account_id, discount.service_id) is None:
            raise NoSuchService(f"Account {account_id} has no service {discount.service_id}.")
        made = replace(discount, discount_id=conditions.add_discount(tx, discount, by))
        acts.record(
            tx, by, "agree_discount", account_id, str(made.discount_id), name=made.name,
            share_bp=made.share_bp, amount_minor=made.amount_minor, from_on=str(made.from_on),
        )  # fmt: skip
    return made


def end_discount(
    context: Context, account_id: AccountId, discount_id: DiscountId, *, by: str, end_on: date | None = None
) -> Discount:
    """The discount does not concern what starts on that day (default today) or later; return it so.

    Raises NoSuchAccount, NoSuchDiscount, DiscountEnded, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.AGREE_PRICES)
        account = locked_account_in(tx, account_id)
        found = discount_in(tx, account_id, discount_id)
        on = end_on or today_of(context, tx, account)
        refuse_end(found, on)
        conditions.end_discount(tx, found, on, by)
        acts.record(tx, by, "end_discount", account_id, str(discount_id), end_on=str(on))
    return replace(found, end_on=on)


def discounts_of(context: Context, account_id: AccountId) -> list[Discount]:
    """Return every discount of the account, the oldest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, account_id)
        return conditions.discounts(tx, [account_id])


def discount_in(tx: Transaction, account_id: AccountId, discount_id: DiscountId) -> Discount:
    """Return the account's discount. Raises NoSuchDiscount."""
    known = {each.discount_id: each for each in conditions.discounts(tx, [account_id])}
    if discount_id not in known:
        raise NoSuchDiscount(f"Account {account_id} has no discount {discount_id}.", account=account_id)
    return known[discount_id]
