"""Messages that were never sent: what each kind says, for previews and tests."""

from collections.abc import Mapping
from typing import Final

from acquit.core.message import MessageKind

_DUE: Final = {
    "due_on": "2026-12-31",
    "currency": "EUR",
    "total_minor": 186_540,
    "lines": [
        {"bill": "FR00000042", "open_minor": 120_000, "reference": "RF18539007547034"},
        {"bill": "FR00000043", "open_minor": 66_540, "reference": "RF82539007547035"},
    ],
}
_SPECIMENS: Final[Mapping[MessageKind, Mapping[str, object]]] = {
    MessageKind.BILL_AVAILABLE: {
        "bill": "FR00000042", "issued_on": "2026-12-01", "due_on": "2026-12-31", "currency": "EUR",
        "total_minor": 120_000,
    },
    MessageKind.DUE_SOON: _DUE,
    MessageKind.OVERDUE: _DUE,
    MessageKind.ORDER_NEARLY_SPENT: {
        "order": "PO-2026-00417", "percent": 75, "currency": "EUR", "left_minor": 1_250_000,
    },
    MessageKind.ORDER_EXPIRING: {"order": "PO-2026-00417", "ends_on": "2026-12-31"},
    MessageKind.TERM_GRANTED: {"days": 45, "method": "days-first", "from_on": "2026-12-01"},
    MessageKind.TERM_ENDED: {"days": 45, "ends_on": "2026-12-31"},
    MessageKind.PRICE_CHANGE: {
        "currency": "EUR",
        "lines": [
            {
                "service": "Serveur dédié (ns31415.acquit.example)", "currency": "EUR", "now_minor": 8_999,
                "then_minor": 9_499, "from_on": "2027-01-10",
            }
        ],
    },
    MessageKind.SERVICE_ENDING: {
        "service": "ns31415.acquit.example", "description": "Serveur dédié, 8 cœurs, 64 Go",
        "ends_on": "2026-12-31",
    },
}  # fmt: skip


def specimen_of(kind: MessageKind) -> Mapping[str, object]:
    """Return what a message of the kind might fill in."""
    return _SPECIMENS[kind]
