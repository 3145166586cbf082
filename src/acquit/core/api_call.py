"""Calls that programs made for an account: who asks later sees the latest of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acquit.core.identifiers import AccountId

KEPT: Final = 10_000
"""So many calls of an account are kept, at least."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call that was admitted: when, what, from where; the query and the body are not kept."""

    account_id: AccountId
    at: datetime
    method: str
    route: str
    path: str
    address: str
    call_id: int = 0
