"""Set the password of an account's own login, the one that is named like the account."""

from acquit.actions import passwords
from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, require_staff
from acquit.core.access_event import Trace
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.store import access_events, accounts, sessions


def set_password(context: Context, account_id: AccountId, password: str, *, by: str) -> None:
    """The account signs in with the password; its open sessions are ended.

    Raises NoSuchAccount, WeakPassword.
    """
    passwords.check(password, [account_id])
    password_hash = passwords.hashed(password)
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        account = locked_account_in(tx, account_id)
        accounts.set_password(tx, account_id, account.email or None, password_hash)
        sessions.end_of_account(tx, account_id, account_id)
        access_events.record(tx, by, "set_password", account_id, trace=Trace(context.caller_address))
