"""The map of the wire: which function answers which route of the contract.

A key must be a route of the contract, spelt as it is there. A route of the contract that is not in
this table answers 501.
"""

from collections.abc import Mapping
from typing import Final

from acquit.api import auth
from acquit.api.request import Batched, Handler

ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/auth/time"): auth.get_time,
}
