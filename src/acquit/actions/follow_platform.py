"""Hear from the e-invoicing platform what became of our flows, and what buyers say of our bills."""

import logging
from datetime import timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.core.delivery import BILL, Answer, FlowTold, Outcome
from acquit.core.identifiers import BillId
from acquit.core.life_cycle import DEPOSITED, REJECTED, SaidBy, Status
from acquit.documents.life_cycle import NoLifeCycle, read_statuses
from acquit.ports import EInvoicingPlatform, Unreachable
from acquit.store import bill_statuses, bills, deliveries
from acquit.store.transaction import Transaction

log = logging.getLogger("acquit.platform")

PLATFORM: Final = "default"
FIRST_DAYS: Final = 30
OVERLAP: Final = timedelta(minutes=5)
"""How far back is asked again: what a platform tells late is heard, what is known already changes nothing."""

LIFE_CYCLES: Final = frozenset({"CustomerInvoiceLC"})


def follow_platform(context: Context) -> int:
    """What the platform told since the last time is written down; return how many statuses were new.

    A message that cannot be read is logged and left. Raises Unreachable when the platform gives no answer.
    """
    if context.ways is None:
        return 0
    now = context.clock.now()
    with context.database.read() as tx:
        since = bill_statuses.progress(tx, PLATFORM)
    told = context.ways.platform.told_since((since or now - timedelta(days=FIRST_DAYS)) - OVERLAP)
    count = 0
    for flow in told:
        content = _came_in(context.ways.platform, flow)
        with context.database.write() as tx:
            count += _take(tx, flow) if content is None else _take_life_cycle(tx, flow, content)
            bill_statuses.advance(tx, PLATFORM, min(flow.updated_at, now))
    return count


def hear_platform(context: Context) -> int:
    """As follow_platform; a platform that gives no answer is logged, and asked again next time."""
    try:
        return follow_platform(context)
    except Unreachable as error:
        log.warning("platform.silent", extra={"reason": str(error)})
        return 0


def _came_in(platform: EInvoicingPlatform, flow: FlowTold) -> bytes | None:
    """Return the life cycle that a flow brings, or None when it brings none."""
    if flow.is_ours or flow.flow_type not in LIFE_CYCLES:
        return None
    return platform.fetch(flow.flow_id)


def _take(tx: Transaction, flow: FlowTold) -> int:
    """Write what the platform says of a flow of ours: deposited, or rejected with its reasons."""
    known = bill_statuses.by_reference(tx, flow.flow_id)
    if known is None or flow.acknowledged not in ("Ok", "Error"):
        return 0
    rejected = flow.acknowledged == "Error"
    if known.event == BILL:
        code = REJECTED if rejected else DEPOSITED
        return bill_statuses.add(
            tx,
            Status(
                known.account_id, known.bill_id, code, SaidBy.PLATFORM, flow.flow_id, flow.updated_at,
                reason=flow.told if rejected else "",
            ),
        )  # fmt: skip
    if rejected:
        answer = Answer(Outcome.BOUNCED, flow.flow_id, f"The platform rejects the status: {flow.told}")
        return deliveries.add_attempt(tx, known.account_id, known.delivery_id, answer)
    return 0


def _take_life_cycle(tx: Transaction, flow: FlowTold, content: bytes) -> int:
    try:
        told = read_statuses(content)
    except NoLifeCycle as error:
        log.warning("platform.unreadable", extra={"flow": flow.flow_id, "reason": str(error)})
        return 0
    count = 0
    for each in told:
        bill_id = BillId(each.bill_id)
        account_id = bills.account_of(tx, bill_id)
        if account_id is None or not bill_statuses.is_on_platform(tx, account_id, bill_id):
            log.warning("platform.unknown_bill", extra={"flow": flow.flow_id})
            continue
        count += bill_statuses.add(
            tx,
            Status(
                account_id, bill_id, each.code, each.said_by, flow.flow_id, each.happened_at,
                each.reason_code, each.reason,
            ),
        )  # fmt: skip
    return count
