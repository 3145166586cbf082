"""Have bills leave: deliveries and the jobs that try them are written with the papers that leave."""

from collections.abc import Sequence
from typing import Final

from acquit.actions.context import Context
from acquit.actions.defer_job import defer_jobs
from acquit.core.delivery import Channel, Queued, deliveries_of
from acquit.core.identifiers import AccountId, BillId
from acquit.store import accounts, deliveries, delivery_settings
from acquit.store.documents import BillKey
from acquit.store.transaction import Connection, Transaction

QUEUE: Final = "deliveries"
DELIVER: Final = "deliver"
PER_JOB: Final = 200
PAGE: Final = 1_000


def queue_deliveries_in(tx: Transaction, keys: Sequence[BillKey]) -> int:
    """These bills are to leave by the channels of their sellers, each once; return how many deliveries.

    Without a channel this is one short question.
    """
    if not keys or not deliveries.has_channels(tx):
        return 0
    bills = deliveries.addressed(tx, keys)
    settings = delivery_settings.channels(tx, sorted({each.legal_entity_id for each in bills}))
    if not settings:
        return 0
    found = [each for bill in bills for each in deliveries_of(bill, settings)]
    on_platform = [each for each in found if each.channel is Channel.PLATFORM]
    if on_platform:
        accounts.lock(tx, *sorted({each.account_id for each in on_platform}))
    count = queue_in(tx, found)
    if on_platform and count:
        deliveries.note_earlier(tx, [(each.account_id, BillId(each.bill_id)) for each in on_platform])
    return count


def queue_in(tx: Transaction, found: Sequence[Queued]) -> int:
    """Write deliveries, each once, and the jobs that try them; return how many were new."""
    count = deliveries.queue(tx, found)
    if count:
        defer_deliveries(tx.connection, -(-count // PER_JOB))
    return count


def defer_deliveries(connection: Connection, jobs: int) -> None:
    """So many jobs that try what is due wait in the queue once the connection's transaction is committed."""
    defer_jobs(connection, DELIVER, QUEUE, *[{} for _ in range(jobs)])


def queue_missing(context: Context) -> int:
    """Every bill with a paper has the deliveries that its seller's channels ask for; return how many are new.

    They are written with the papers; this mends what was set, or restored, after that.
    """
    count, after = 0, (AccountId(""), BillId(""))
    while True:
        with context.database.read() as tx:
            keys = deliveries.rendered_since_channels(tx, after, PAGE)
        if not keys:
            return count
        with context.database.write() as tx:
            count += queue_deliveries_in(tx, keys)
        after = keys[-1]
