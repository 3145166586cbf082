"""Take a batch of events that a program sends."""

from collections.abc import Sequence
from typing import Final

from psycopg import errors

from acquit.actions.accept_usage import Accepted, Arrived, prepare, write
from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.usage_lines import LINE_MAX, json_reader
from acquit.actions.usage_terms import Terms
from acquit.core.operator import Right
from acquit.core.problem import Problem

EVENTS_MAX: Final = 10_000
TURNS_MAX: Final = 5


def receive_usage(context: Context, lines: Sequence[bytes], *, source: str, by: str) -> Accepted:
    """Each event is accepted once, or kept as rejected; what became of each is told in their order.

    Raises StaffOnly, RoleForbids when `by` may not send usage.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.SEND_USAGE)
        read = json_reader(source)
        too_long = Problem("line-too-long", f"An event has at most {LINE_MAX} bytes.", "line")
        arrived = [
            Arrived(number, raw, read(raw) if len(raw) <= LINE_MAX else too_long)
            for number, raw in enumerate(lines, 1)
        ]
        prepared = prepare(tx, Terms(context), arrived)
    for turn in range(1, TURNS_MAX + 1):
        try:
            with context.database.write() as tx:
                return write(tx, prepared, by, is_new=turn == 1)
        except (errors.DeadlockDetected, errors.SerializationFailure):
            if turn == TURNS_MAX:
                raise
    raise AssertionError("the last turn returns or raises")
