"""One check of the audit."""

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True, slots=True)
class Check:
    """A name and a SELECT of one row: `compared`, and `differences`, the ids of what is wrong."""

    name: str
    query: LiteralString
