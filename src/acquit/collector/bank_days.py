"""Days on which banks move euros: the TARGET calendar.

Source: ECB, long-term calendar of TARGET closing days.
"""

from datetime import date, timedelta
from typing import Final

FIXED: Final = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
SATURDAY: Final = 5


def is_bank_day(day: date) -> bool:
    """Return whether TARGET is open: no weekend, Easter holiday, 1 January, 1 May, Christmas."""
    easter = easter_sunday(day.year)
    moving = (easter - timedelta(days=2), easter + timedelta(days=1))
    return day.weekday() < SATURDAY and (day.month, day.day) not in FIXED and day not in moving


def next_bank_day(day: date) -> date:
    """Return the day itself when banks are open, else the next on which they are."""
    while not is_bank_day(day):
        day += timedelta(days=1)
    return day


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of a Gregorian year. Source: the computus of Gauss as corrected by Lichtenberg."""
    century, in_cycle = year // 100, year % 19
    moon = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun = 2 - (3 * century + 3) // 4
    seed = (19 * in_cycle + moon) % 30
    late = (seed + in_cycle // 11) // 29
    limit = 21 + seed - late
    sunday = 7 - (year + year // 4 + sun) % 7
    march = limit + 7 - (limit - sunday) % 7
    return date(year, 3, 1) + timedelta(days=march - 1)
