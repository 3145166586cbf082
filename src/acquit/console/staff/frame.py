"""What every page of the office bears: who is signed in, and how much waits."""

from typing import Final

from acquit.console.visit import Page, Visit
from acquit.core.operator import Right
from acquit.store import legal_entities, requests

COUNTED_MAX: Final = 999
"""What waits is counted so far: how much more it is changes nothing about today."""


def page(template: str, visit: Visit, **values: object) -> Page:
    """Return a page of the office; instants are told in the seller's zone, or in the `zone` given."""
    with visit.read() as tx:
        waiting = requests.count_waiting(tx, COUNTED_MAX)
        zones = [entity.zone for entity in legal_entities.every(tx)]
    common = {
        "operator": visit.operator,
        "waiting": waiting,
        "may": {right.value: visit.operator.may(right) for right in Right},
        "zone": zones[0] if zones else "UTC",
    }
    return Page(f"office/{template}", {**common, **values})
