"""Agree with an account that it is billed at least so much, or end that; what is billed already stands."""

from dataclasses import replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, locked_account_in, require_staff, today_of
from acquit.core.identifiers import AccountId, MinimumSpendId
from acquit.core.minimum_spend import (
    MinimumSpend,
    NoSuchMinimumSpend,
    Whose,
    refuse_end,
    refuse_minimum_spend,
)
from acquit.core.operator import Right
from acquit.core.printed_text import refuse_texts
from acquit.core.terms import NotThePayer
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, conditions
from acquit.store.transaction import Transaction


def agree_minimum_spend(context: Context, minimum: MinimumSpend, *, by: str) -> MinimumSpend:
    """What is missing of the minimum is billed when an interval is over; return it with its id.

    Raises NoSuchAccount, BadMinimumSpend, NotThePayer (the family's spending is agreed with who pays for
    it), StaffOnly, RoleForbids.
    """
    refuse_minimum_spend(minimum)
    refuse_texts([("The name", minimum.name)], missing_glyphs)
    account_id = minimum.account_id
    with context.database.write() as tx:
        require_staff(tx, by, Right.AGREE_PRICES)
        account = locked_account_in(tx, account_id)
        if minimum.whose is Whose.PAYER and not account.pays_itself:
            raise NotThePayer(
                f"{account.payer_id} pays for {account_id}: agree the family's minimum there.",
                account=account_id,
            )
        made = replace(minimum, minimum_spend_id=conditions.add_minimum(tx, minimum, by))
        acts.record(
            tx, by, "agree_minimum_spend", account_id, str(made.minimum_spend_id),
            amount_minor=made.amount_minor, interval=made.interval.value, from_on=str(made.from_on),
        )  # fmt: skip
    return made


def end_minimum_spend(
    context: Context,
    account_id: AccountId,
    minimum_spend_id: MinimumSpendId,
    *,
    by: str,
    end_on: date | None = None,
) -> MinimumSpend:
    """No interval counts that is not over on that day (default today); return the minimum as it ends.

    Raises NoSuchAccount, NoSuchMinimumSpend, MinimumSpendEnded, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.AGREE_PRICES)
        account = locked_account_in(tx, account_id)
        found = _minimum_in(tx, account_id, minimum_spend_id)
        on = end_on or today_of(context, tx, account)
        refuse_end(found, on)
        conditions.end_minimum(tx, found, on, by)
        acts.record(tx, by, "end_minimum_spend", account_id, str(minimum_spend_id), end_on=str(on))
    return replace(found, end_on=on)


def minimums_of(context: Context, account_id: AccountId) -> list[MinimumSpend]:
    """Return every minimum spend of the account, the oldest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, account_id)
        return conditions.minimums(tx, [account_id])


def _minimum_in(tx: Transaction, account_id: AccountId, minimum_spend_id: MinimumSpendId) -> MinimumSpend:
    known = {each.minimum_spend_id: each for each in conditions.minimums(tx, [account_id])}
    if minimum_spend_id not in known:
        raise NoSuchMinimumSpend(
            f"Account {account_id} has no minimum spend {minimum_spend_id}.", account=account_id
        )
    return known[minimum_spend_id]
