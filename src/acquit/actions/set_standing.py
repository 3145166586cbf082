"""The provider says what an account is to it."""

from collections.abc import Callable

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, require_staff
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.core.standing import Standing
from acquit.store import acts, standings


def set_standing(
    context: Context, account_id: AccountId, change: Callable[[Standing], Standing], *, by: str
) -> Standing:
    """The account is what the change makes of what it was to its provider. Raises NoSuchAccount."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        locked_account_in(tx, account_id)
        wanted = change(standings.find(tx, account_id))
        standings.write(tx, account_id, wanted)
        acts.record(
            tx, by, "set_standing", account_id, vip_in=sorted(wanted.vip_in),
            partner_level=wanted.partner_level.value, partner_requirement=wanted.partner_requirement.value,
            partner_signed=wanted.partner_signed,
        )  # fmt: skip
    return wanted
