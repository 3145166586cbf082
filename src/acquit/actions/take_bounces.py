"""Take in what mail servers report of messages that did not arrive."""

from collections.abc import Iterable
from dataclasses import dataclass

from acquit.actions.context import Context
from acquit.core.delivery import Answer, Outcome
from acquit.documents.bounce import read_bounce
from acquit.store import bill_statuses, deliveries


@dataclass(slots=True)
class Taken:
    """How many mails were read, and how many were reports that are new, known, or about nothing of ours."""

    read: int = 0
    bounced: int = 0
    known: int = 0
    foreign: int = 0


def take_bounces(context: Context, mails: Iterable[bytes]) -> Taken:
    """Each report about a mail of ours is written down, once; other mails are passed over."""
    taken = Taken()
    for content in mails:
        taken.read += 1
        bounce = read_bounce(content)
        if bounce is None:
            continue
        with context.database.write() as tx:
            sent = bill_statuses.by_reference(tx, bounce.message_id)
            if sent is None:
                taken.foreign += 1
                continue
            told = "; ".join(f"{address}: {diagnosis}" for address, diagnosis in bounce.failed)
            answer = Answer(Outcome.BOUNCED, bounce.key, told)
            fresh = deliveries.add_attempt(tx, sent.account_id, sent.delivery_id, answer)
        taken.bounced += fresh
        taken.known += not fresh
    return taken
