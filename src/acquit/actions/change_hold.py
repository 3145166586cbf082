"""Extend what is held before its number, or release it: the next run then bills it without an order."""

from datetime import date, timedelta

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, require_staff, today_of
from acquit.core.account import Account
from acquit.core.errors import Invalid, NotFound
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.store import acts, holds
from acquit.store.holds import Held
from acquit.store.transaction import Transaction


class NothingHeld(NotFound):
    """Nothing of the account is held."""

    code = "nothing-held"


class HoldReasonMissing(Invalid):
    """Whoever extends or releases a hold says why."""

    code = "hold-reason-missing"


class BadDeadline(Invalid):
    """A hold lasts until today at least."""

    code = "bad-deadline"


def extend_hold(
    context: Context, account_id: AccountId, until_on: date, reason: str, *, by: str
) -> list[Held]:
    """All that is held of the account may be held through `until_on`; runs keep that day.

    Raises NoSuchAccount, NothingHeld, HoldReasonMissing, BadDeadline.
    """
    with context.database.write() as tx:
        account = _account(tx, account_id, reason, by)
        today = today_of(context, tx, account)
        if until_on < today:
            raise BadDeadline(f"{until_on} is past (today is {today}); `acquit bills release` ends a hold.")
        return _set(tx, account, until_on, "extend_hold", reason, by)


def release_hold(context: Context, account_id: AccountId, reason: str, *, by: str) -> list[Held]:
    """The next run bills all that is held of the account, with an order if there is one by then.

    Raises NoSuchAccount, NothingHeld, HoldReasonMissing.
    """
    with context.database.write() as tx:
        account = _account(tx, account_id, reason, by)
        yesterday = today_of(context, tx, account) - timedelta(days=1)
        return _set(tx, account, yesterday, "release_hold", reason, by)


def _account(tx: Transaction, account_id: AccountId, reason: str, by: str) -> Account:
    require_staff(tx, by, Right.RUN_BILLS)
    if not reason.strip():
        raise HoldReasonMissing("Say why: it is recorded.", account=account_id)
    return locked_account_in(tx, account_id)


def _set(tx: Transaction, account: Account, until_on: date, verb: str, reason: str, by: str) -> list[Held]:
    if not holds.set_deadline(tx, account.account_id, until_on):
        raise NothingHeld(f"Nothing of account {account.account_id} is held.", account=account.account_id)
    acts.record(tx, by, verb, account.account_id, until_on=str(until_on), reason=reason.strip())
    return holds.going_on(tx, account.account_id)
