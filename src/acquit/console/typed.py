"""What people type, read: dates, amounts, choices."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from acquit.core.errors import Invalid
from acquit.core.money import BadAmount, Currency, parsed
from acquit.core.terms import Method

METHODS: Final = (
    (Method.NET.value, "from the date of the bill"),
    (Method.DAYS_FIRST.value, "then to the end of that month"),
    (Method.MONTH_FIRST.value, "from the end of the month"),
)


class NotADate(Invalid):
    """The text is not a calendar date."""

    code = "not-a-date"


class NotAnAmount(Invalid):
    """The text is not an amount of money."""

    code = "not-an-amount"


class NotANumber(Invalid):
    """The text is not a whole number."""

    code = "not-a-number"


class NotAChoice(Invalid):
    """Nothing was chosen, or something that is not offered."""

    code = "not-a-choice"


def day(text: str) -> date | None:
    """Return the date `2026-11-23`, None for an empty text. Raises NotADate."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotADate(f"{text[:40]!r} is not a date: write it as 2026-11-23.") from None


def amount(text: str, currency: Currency) -> int | None:
    """Return the minor units of `1 234,50` or `1234.50`, None for an empty text. Raises NotAnAmount."""
    bare = "".join(sign for sign in text if not sign.isspace() and sign not in "€$£").replace(",", ".")
    if not bare:
        return None
    try:
        return parsed(bare, currency)
    except (BadAmount, ValueError):
        raise NotAnAmount(f"{text[:40]!r} is not an amount: write it as 1234.50.") from None


def whole(text: str) -> int:
    """Return the number that the text says; blanks in between are for people. Raises NotANumber."""
    bare = "".join(sign for sign in text if not sign.isspace())
    if not re.fullmatch(r"[0-9]{1,12}", bare, re.ASCII):
        raise NotANumber(f"{text[:40]!r} is not a whole number: write it as 1234.")
    return int(bare)


def one_of(text: str, offered: Sequence[str]) -> str:
    """Return the text when it is offered. Raises NotAChoice."""
    if text not in offered:
        raise NotAChoice("Choose one of what is offered.")
    return text


def found_day(text: str) -> date | None:
    """Return the date of a filter; a filter that is no date filters nothing."""
    try:
        return day(text)
    except NotADate:
        return None


def found_amount(text: str, currency: Currency) -> int | None:
    """Return the amount that a search text may mean, or None."""
    try:
        return amount(text, currency)
    except NotAnAmount:
        return None
