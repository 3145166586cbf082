"""Write down when consumer keys were used and what was called, many calls at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from acquit.actions.context import Context
from acquit.core.api_call import KEPT, ApiCall
from acquit.core.identifiers import AccountId, CredentialId
from acquit.store import access, api_calls


def record_usage(
    context: Context, uses: Mapping[CredentialId, tuple[datetime, int]], calls: Sequence[ApiCall] = ()
) -> None:
    """Add the calls of each key and its last use; keys that are gone leave a trace that nobody sees."""
    if uses or calls:
        with context.database.write() as tx:
            access.record_use(tx, uses)
            if calls:
                api_calls.add(tx, calls)


def forget_calls(context: Context, account_ids: Sequence[AccountId]) -> None:
    """Keep no more than the latest calls of these accounts."""
    if account_ids:
        with context.database.write() as tx:
            api_calls.forget(tx, account_ids, KEPT)
