"""The rights that gathering needs, and a test of which of them a key has."""

from dataclasses import dataclass
from typing import Final

from acquit.collector.families import FAMILIES, OTHERS
from acquit.collector.lists import page, refuse
from acquit.collector.wire import Wire

RULES: Final = (
    ("GET", "/me"),
    *(("GET", f"{family.path}*") for family in FAMILIES),
    ("GET", "/me/debtAccount*"),
    ("GET", "/me/payment/method*"),
    ("GET", "/me/billing/purchaseOrder*"),
    ("GET", "/me/subAccount*"),
)
SUB_ACCOUNT_RULES: Final = (("POST", "/me/subAccount/*/createConsumerKey"),)
SERVICE_RULES: Final = (("GET", "/services*"),)

TRIED: Final = {
    "/me": "whose bills these are",
    "/me/bill": "bills, their details and papers",
    **{family.path: f"{family.words}, their details and papers" for family in OTHERS},
    "/me/debtAccount/debt": "what is owed and when it is due",
    "/me/payment/method": "payment terms",
    "/me/billing/purchaseOrder": "purchase orders",
    "/me/subAccount": "sub-accounts",
    "/services": "names and states of services",
}
NEEDED: Final = frozenset({"/me", "/me/bill"})


@dataclass(frozen=True, slots=True)
class Right:
    """What one right is for, and whether the key has it."""

    path: str
    purpose: str
    granted: bool
    needed: bool


def tried_rights(wire: Wire) -> list[Right]:
    """Call each path once and return what the key may do. Raises Fault when the key does not work at all."""
    rights = []
    for path, purpose in TRIED.items():
        headers = {} if path == "/me" else page(1, 1)
        answer = wire.get(path, headers=headers)
        fault = refuse(answer, path) if answer.status in (401, 403, 400) else None
        if fault is not None and fault.kind != "right":
            raise fault
        rights.append(Right(path, purpose, fault is None, path in NEEDED))
    return rights
