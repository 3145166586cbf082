"""Numbers of documents: gapless, in order of date, taken last; and the reference that a transfer quotes.

A series counts one kind of document of one legal entity. A block of numbers is taken under the lock of
the series' row, after everything else was decided; all of it bears one date.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import BillId, LegalEntityId
from acquit.core.problem import Problem

NUMBER_LENGTH_MAX: Final = 35
"""Characters of a number. Source: EN 16931 BT-1 as restricted in France (external specifications, B2B)."""

REFERENCE_LENGTH_MAX: Final = 21
"""Characters after `RF` and the check digits. Source: ISO 11649."""

_PREFIX: Final = re.compile(r"[A-Za-z0-9+_/-]{1,20}")
_CODE: Final = re.compile(r"[0-9A-Z]{1,6}")
_DIGITS_MAX: Final = 15
_VALUES: Final = {sign: str(value) for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


class BadSeries(Invalid):
    """The series cannot give lawful numbers and unique references."""

    code = "bad-series"


class NoSuchSeries(Conflict):
    """The legal entity names a series that is not there."""

    code = "no-such-series"


class DateBeforeSeries(Conflict):
    """A document would be dated before the last one of its series."""

    code = "date-before-series"


class SeriesExhausted(Conflict):
    """The series has fewer numbers left than are needed."""

    code = "series-exhausted"


class DocumentKind(StrEnum):
    """What a series counts."""

    BILL = "bill"
    CREDIT_NOTE = "credit-note"
    DEPOSIT = "deposit"
    CLAIM = "claim"
    REVERSE_BILL = "reverse-bill"
    DOWN_PAYMENT = "down-payment"


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one kind of document of a legal entity."""

    series_id: str
    legal_entity_id: LegalEntityId
    document: DocumentKind
    prefix: str
    digits: int
    reference_code: str
    next_number: int = 1
    last_on: date | None = None

    @property
    def left(self) -> int:
        """How many numbers can still be given."""
        return int(10**self.digits) - self.next_number


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive numbers of a series, all of one date."""

    series: Series
    first: int
    count: int
    issued_on: date

    def number(self, index: int) -> int:
        """Return the number of the document at `index`, counted from 0."""
        assert 0 <= index < self.count, "a block gives as many numbers as were asked for"
        return self.first + index


def document_id(series: Series, number: int) -> BillId:
    """Return the number as printed: prefix and digits, `FR00000042`."""
    return BillId(f"{series.prefix}{number:0{series.digits}d}")


def payment_reference(reference_code: str, number: int, digits: int = 8) -> str:
    """Return `RF`, two check digits, the series' code and the number: what a transfer quotes.

    Source: ISO 11649; check digits by ISO 7064 mod 97-10.
    """
    text = f"{reference_code}{number:0{digits}d}"
    assert len(text) <= REFERENCE_LENGTH_MAX, "a series that gives too long references is refused at set-up"
    return f"RF{check_digits(text)}{text}"


def check_digits(text: str) -> str:
    """Return the two digits that make `RF` + digits + `text` valid; `text` is of `0-9 A-Z`."""
    numeric = "".join(map(_VALUES.__getitem__, text))
    return f"{98 - int(numeric + '271500') % 97:02d}"


def is_payment_reference(text: str) -> bool:
    """Whether the text (blanks allowed, either case) is a valid ISO 11649 reference."""
    bare = text.replace(" ", "").upper()
    if re.fullmatch(rf"RF[0-9]{{2}}[0-9A-Z]{{1,{REFERENCE_LENGTH_MAX}}}", bare) is None:
        return False
    return int("".join(map(_VALUES.__getitem__, bare[4:] + bare[:4]))) % 97 == 1


def series_problems(series: Series, others: Iterable[Series] = ()) -> list[Problem]:
    """Return what keeps the series from giving lawful numbers and references that no other gives."""
    problems = [*_pattern_problems(series), *_reference_problems(series)]
    for other in others:
        if other.series_id != series.series_id:
            problems += _clashes(series, other)
    return problems


def refuse_series(series: Series, others: Iterable[Series] = ()) -> None:
    """Pass when the series may be set up beside the others. Raises BadSeries with every fault."""
    problems = series_problems(series, others)
    if problems:
        raise BadSeries(" ".join(problem.message for problem in problems), series=series.series_id)


def refuse_date(series: Series, on: date) -> None:
    """Pass when a document of that date may follow. Raises DateBeforeSeries.

    Source: CGI annexe II 242 nonies A (numbers in order of date, without gap).
    """
    if series.last_on is not None and on < series.last_on:
        raise DateBeforeSeries(
            f"The last document of series {series.series_id} is dated {series.last_on}; one dated {on} "
            "would break the order of numbers and dates. Use that date or a later one.",
            series=series.series_id,
            last_on=str(series.last_on),
        )


def refuse_exhausted(series: Series, count: int) -> None:
    """Pass when the series has that many numbers left. Raises SeriesExhausted."""
    if count > series.left:
        raise SeriesExhausted(
            f"Series {series.series_id} has {series.left} numbers left and {count} are needed. "
            "Set up a new series with another prefix.",
            series=series.series_id,
        )


def _pattern_problems(series: Series) -> list[Problem]:
    where, problems = f"series {series.series_id}", []
    if _PREFIX.fullmatch(series.prefix) is None:
        problems.append(
            Problem(
                "bad-prefix", "A prefix is 1 to 20 of A-Z, a-z, 0-9, plus, dash, underscore, slash.", where
            )
        )
    if not 1 <= series.digits <= _DIGITS_MAX:
        problems.append(Problem("bad-digits", f"Numbers have 1 to {_DIGITS_MAX} digits.", where))
    elif len(series.prefix) + series.digits > NUMBER_LENGTH_MAX:
        text = f"A number has at most {NUMBER_LENGTH_MAX} characters."
        problems.append(Problem("number-too-long", text, where))
    return problems


def _reference_problems(series: Series) -> list[Problem]:
    where, problems = f"series {series.series_id}", []
    if _CODE.fullmatch(series.reference_code) is None:
        problems.append(
            Problem("bad-reference-code", "A reference code is 1 to 6 of 0-9 and A-Z (ISO 11649).", where)
        )
    if len(series.reference_code) + series.digits > REFERENCE_LENGTH_MAX:
        text = f"Code and digits make at most {REFERENCE_LENGTH_MAX} characters (ISO 11649)."
        problems.append(Problem("reference-too-long", text, where))
    return problems


def _clashes(series: Series, other: Series) -> list[Problem]:
    """Two patterns clash when one text could come from both: equal length, one head begins the other."""
    where, problems = f"series {series.series_id} and {other.series_id}", []
    if _may_collide(series.prefix, series.digits, other.prefix, other.digits):
        problems.append(Problem("number-clash", f"{other.series_id} could give the same numbers.", where))
    if _may_collide(series.reference_code, series.digits, other.reference_code, other.digits):
        text = f"{other.series_id} could give the same payment references."
        problems.append(Problem("reference-clash", text, where))
    return problems


def _may_collide(head: str, digits: int, other_head: str, other_digits: int) -> bool:
    if len(head) + digits != len(other_head) + other_digits:
        return False
    longer, shorter = sorted((head, other_head), key=len, reverse=True)
    rest = longer[len(shorter) :]
    return longer.startswith(shorter) and (not rest or rest.isdigit())
