"""Write down when consumer keys were used and what was called, many calls at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from acquit.actions.context import Context
from acquit.core.api_call import KEPT, ApiCall
from acquit.core.identifiers import AccountId, CredentialId
from acquit.core.log_stream import WAITING_MAX
from acquit.store import access, api_calls, log_queue


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
    """Keep no more than the latest calls of these accounts, and no more than those wait for streams."""
    if not account_ids:
        return
    with context.database.write() as tx:
        forgotten = api_calls.forget(tx, account_ids, KEPT)
    if forgotten:
        with context.database.read() as tx:
            forwarding = log_queue.that_forward(tx, account_ids)
        for account_id in forwarding:
            with context.database.write() as tx:
                log_queue.trim(tx, account_id, WAITING_MAX)
