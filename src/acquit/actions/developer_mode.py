"""Developer mode: whether programs, keys and tokens may be made for an account."""

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in
from acquit.core.errors import Forbidden
from acquit.core.identifiers import AccountId
from acquit.store import acts, standings
from acquit.store.transaction import Transaction


class DeveloperModeOff(Forbidden):
    """The account lets nobody make programs, keys or tokens for it."""

    code = "developer-mode-off"

    def __init__(self, account_id: AccountId) -> None:
        super().__init__(
            f"Developer mode of {account_id} is off: no program, key or token is made for it. Turn it on, or "
            "ask the provider to.",
            account=account_id,
        )


def set_developer_mode(context: Context, account_id: AccountId, on: bool, *, by: str) -> None:
    """Programs, keys and tokens may be made for the account, or not; those that exist go on working.

    Raises NoSuchAccount.
    """
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        if standings.set_makes_keys(tx, account_id, on):
            acts.record(tx, by, "set_developer_mode", account_id, on=on)


def require_developer_mode(tx: Transaction, account_id: AccountId) -> None:
    """Pass when they may be made. Raises DeveloperModeOff."""
    if not standings.makes_keys(tx, account_id):
        raise DeveloperModeOff(account_id)
