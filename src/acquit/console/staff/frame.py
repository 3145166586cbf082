"""What every page of the office bears: who is signed in, and how much waits."""

from acquit.console.visit import Page, Visit
from acquit.core.operator import Right
from acquit.store import requests


def page(template: str, visit: Visit, **values: object) -> Page:
    """Return a page of the office."""
    with visit.read() as tx:
        waiting = len(requests.waiting(tx))
    rights = {right.value: visit.operator.may(right) for right in Right}
    return Page(
        f"office/{template}", {"operator": visit.operator, "waiting": waiting, "may": rights, **values}
    )
