"""How long papers are kept: ten years after the end of the year in which they were issued.

A right to erasure does not reach them before: keeping them is an obligation in law.

Source: Code de commerce L123-22 (ten years, for books and vouchers alike); LPF L102 B (six years, for the tax
authority); Regulation (EU) 2016/679 art. 17(3)(b).
"""

from datetime import date
from typing import Final

from acquit.core.errors import NotFound

YEARS: Final = 10


class PaperRemoved(NotFound):
    """The paper was kept as long as the law asks, and then removed."""

    code = "paper-removed"


def removable_before(on: date) -> date:
    """Return the day before which everything issued may be removed on that day."""
    return date(on.year - YEARS, 1, 1)
