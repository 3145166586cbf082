"""Days on which banks move euros.

Source: ECB, long-term calendar of TARGET closing days, as the library `holidays` keeps it.
"""

from datetime import date
from functools import lru_cache

SATURDAY = 5


def is_bank_day(on: date) -> bool:
    """Whether TARGET is open that day."""
    return on.weekday() < SATURDAY and on not in _closed(on.year)


@lru_cache(maxsize=64)
def _closed(year: int) -> frozenset[date]:
    from holidays import financial_holidays  # large, and wanted where bank days are asked for

    return frozenset(financial_holidays("XECB", years=year))
