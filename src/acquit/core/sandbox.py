"""Sandboxes: an account on trial has a seller of its own, a copy with its own numbers, books and clock.

What goes by legal entity (series, runs, chart, journal totals, days) is thereby apart from the live books.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from acquit.core.account import LegalEntity
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import LegalEntityId
from acquit.core.numbering import DocumentKind, Series

PREFIX: Final = "TEST-"
DIGITS: Final = 8
SANDBOXES_MAX: Final = 9_999
DAYS_MAX: Final = 3_660
"""How far a clock is set forward at once: ten years."""


class NotASandbox(Conflict):
    """A live account has no clock of its own."""

    code = "not-a-sandbox"


class TooManySandboxes(Conflict):
    """There are no names left for the sellers of sandboxes."""

    code = "too-many-sandboxes"


class ClockBackwards(Invalid):
    """A test clock goes forward only: bills and days that were would be undone."""

    code = "clock-backwards"


class ClockTooFar(Invalid):
    """A test clock is set forward by at most ten years at once."""

    code = "clock-too-far"


def seller_of(live: LegalEntity, number: int, on: date) -> tuple[LegalEntity, tuple[Series, ...]]:
    """Return the seller of a sandbox, a copy of the live one, with its series; every number says TEST.

    Raises TooManySandboxes.
    """
    if number > SANDBOXES_MAX:
        raise TooManySandboxes(f"There were {SANDBOXES_MAX} sandboxes already; no name is left for another.")
    entity_id = LegalEntityId(f"{live.legal_entity_id[:2]}T{number}")
    kinds = (
        ("B", DocumentKind.BILL, f"{PREFIX}{number}-"),
        ("C", DocumentKind.CREDIT_NOTE, f"{PREFIX}{number}-AV-"),
        ("D", DocumentKind.DEPOSIT, f"{PREFIX}{number}-RC-"),
    )
    series = tuple(
        Series(f"{entity_id}-{letter}", entity_id, kind, prefix, DIGITS, f"T{letter}{number}")
        for letter, kind, prefix in kinds
    )
    bills, credit_notes, deposits = (each.series_id for each in series)
    copied = replace(
        live,
        legal_entity_id=entity_id,
        sandbox_of=live.sells_as,
        test_on=on,
        bill_series_id=bills,
        credit_series_id=credit_notes,
        deposit_series_id=deposits,
    )
    return copied, series


def clock_of(entity: LegalEntity, account_id: str) -> date:
    """Return where the clock of the account's sandbox stands. Raises NotASandbox."""
    if entity.test_on is None:
        raise NotASandbox(
            f"Account {account_id} is live: its date is the calendar's. "
            "`acquit account open --sandbox` opens one with a clock.",
            account=account_id,
        )
    return entity.test_on


def refuse_move(now_on: date, to_on: date) -> None:
    """Pass when the clock may be set so. Raises ClockBackwards, ClockTooFar."""
    if to_on < now_on:
        raise ClockBackwards(f"The clock stands at {now_on}; it is never set back to {to_on}.")
    if to_on - now_on > timedelta(days=DAYS_MAX):
        raise ClockTooFar(f"{to_on} is more than ten years after {now_on}; go there in steps.")
