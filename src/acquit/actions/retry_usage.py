"""Try rejected events again, as they came."""

from collections import Counter

from acquit.actions.accept_usage import Arrived, prepare, write
from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.usage_lines import json_reader
from acquit.actions.usage_terms import Terms
from acquit.core.operator import Right
from acquit.core.usage import Fate
from acquit.store import acts, usage

ROWS_MAX = 5_000


def retry_usage(context: Context, *, by: str, code: str | None = None) -> Counter[Fate]:
    """Every rejected event (of that reason) was tried again; what is rejected again waits as a new one.

    Raises StaffOnly, RoleForbids when `by` may not send usage.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.SEND_USAGE)
        newest = usage.newest_rejected(tx)
    terms, after = Terms(context), 0
    fates: Counter[Fate] = Counter()
    while True:
        with context.database.write() as tx:
            waiting = usage.hold_waiting(tx, ROWS_MAX, after, newest, code)
            if not waiting:
                break
            after = waiting[-1].rejected_no
            arrived = [
                Arrived(each.rejected_no, each.raw, json_reader(each.source or "import")(each.raw))
                for each in waiting
            ]
            accepted = write(tx, prepare(tx, terms, arrived), by)
            usage.set_retried(tx, [each.rejected_no for each in waiting], accepted.chunk_no)
            fates.update(told.fate for told in accepted.told)
    if fates:
        with context.database.write() as tx:
            acts.record(tx, by, "retry_usage", None, code or "", events=fates.total())
    return fates
