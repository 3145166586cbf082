"""Where an e-invoice is, in the words of the wire."""

from collections.abc import Sequence
from typing import Final

from acquit.core.delivery import Outcome
from acquit.core.life_cycle import REFUSED, REJECTED, UNREADABLE

TAKEN: Final = frozenset({205, 206, 209, 211, 212})
IN_HANDS: Final = frozenset({202, 203, 204, 207, 208})


def e_invoicing_status(outcome: Outcome | None, codes: Sequence[int]) -> str:
    """Return where an e-invoice is, in the words of the wire, from its last try and all its statuses."""
    if REJECTED in codes or UNREADABLE in codes:
        return "invalid"
    if REFUSED in codes:
        return "rejected"
    if TAKEN & set(codes):
        return "accepted"
    if IN_HANDS & set(codes):
        return "ok"
    if codes:
        return "processing"
    if outcome in (Outcome.SENT, Outcome.BOUNCED):
        return "submitted"
    if outcome is Outcome.REFUSED:
        return "error"
    return "ignored" if outcome is Outcome.ENDED else "readyToSubmit"
