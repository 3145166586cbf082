"""Attempts at passwords and codes: counted as failed before they are looked at, and limited.

A hundred attempts at once count as a hundred; a success is written after it.
"""

from datetime import timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.core.errors import Forbidden
from acquit.store import sessions
from acquit.store.transaction import Transaction

WINDOW: Final = timedelta(minutes=15)
FAILURES_FROM_ONE_ADDRESS_MAX: Final = 5
FAILURES_ON_ONE_NAME_MAX: Final = 30
FAILURES_OF_AN_ADDRESS_MAX: Final = 60


class TooManyAttempts(Forbidden):
    """Too many wrong passwords or codes in a short time; `details['retry_seconds']` says how long to wait."""

    code = "too-many-attempts"


def attempted(context: Context, door: str, name: str, address: str) -> None:
    """An attempt on the name is written as failed, in a transaction of its own. Raises TooManyAttempts."""
    with context.database.write() as tx:
        attempted_in(context, tx, door, name, address)


def attempted_in(context: Context, tx: Transaction, door: str, name: str, address: str) -> None:
    """Do the same in a transaction of the caller's."""
    sessions.lock_name(tx, door, name)
    since = context.clock.now() - WINDOW
    from_here, from_anywhere = sessions.name_failures(tx, door, name, address, since)
    if (
        from_here >= FAILURES_FROM_ONE_ADDRESS_MAX
        or from_anywhere >= FAILURES_ON_ONE_NAME_MAX
        or sessions.address_failures(tx, address, since) >= FAILURES_OF_AN_ADDRESS_MAX
    ):
        raise TooManyAttempts(
            "Too many wrong passwords: wait 15 minutes, then try again.",
            retry_seconds=str(int(WINDOW.total_seconds())),
        )
    sessions.record_attempt(tx, door, name, address, succeeded=False)


def succeeded(tx: Transaction, door: str, name: str, address: str) -> None:
    """The attempt was right."""
    sessions.record_attempt(tx, door, name, address, succeeded=True)
