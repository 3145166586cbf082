"""Clues in what a payer wrote: references with their check digits, bill numbers, names.

Texts are read without blanks, dashes and slashes, so that a reference broken over two lines is one again.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from acquit.core.bank_entry import BankEntry, squeezed
from acquit.core.numbering import DocumentKind, Series, check_digits

BUNDLE_CODE: Final = "BDL"
BUNDLE_DIGITS: Final = 10
PREPAY_CODE: Final = "PRP"
PREPAY_DIGITS: Final = 10
LEGAL_FORMS: Final = frozenset(
    """
    SA SAS SASU SARL EURL SNC SCI SCOP GIE GMBH AG KG UG LTD LIMITED PLC LLP LLC INC BV NV SPA SRL SL SLU AB
    AS OY OYJ SP ZOO STE SOCIETE MR MRS MME M THE LE LA LES DE DU DES ET AND CO COMPANY
    """.split()  # noqa: SIM905 - a list that is read as a list
)
"""Words of a name that tell nothing about who it is."""

_NUMBERS: Final = re.compile(r"(?<![0-9A-Z])[0-9]{4,15}(?![0-9A-Z])")
"""A number of fewer digits may be of a house, not of a bill."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """How the bills of a seller are numbered and referred to; compiled once for a file.

    A number without its prefix is looked for among bills, never among `others`: claims, down payments.
    """

    references: tuple[tuple[str, int], ...]
    numbers: tuple[tuple[str, int], ...]
    others: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, series: Iterable[Series]) -> "Patterns":
        """Return the patterns of the series of bills; bundles and prepayments are referred to as well."""
        known = list(series)
        references = tuple(dict.fromkeys((each.reference_code, each.digits) for each in known))
        numbers, others = (
            tuple(
                dict.fromkeys(
                    (each.prefix, each.digits)
                    for each in known
                    if (each.document is not DocumentKind.BILL) is is_other
                )
            )
            for is_other in (False, True)
        )
        own = ((BUNDLE_CODE, BUNDLE_DIGITS), (PREPAY_CODE, PREPAY_DIGITS))
        return cls((*references, *own), numbers, others)


@dataclass(frozen=True, slots=True)
class Clues:
    """What an entry names: payment references, bill numbers with all their digits, numbers that lack some."""

    references: tuple[str, ...]
    bill_ids: tuple[str, ...]
    short_ids: tuple[str, ...]


def clues(entry: BankEntry, patterns: Patterns) -> Clues:
    """Return what the entry names, each once, in the order in which it is written."""
    texts = [*entry.references, entry.text, entry.end_to_end_id]
    runs = [squeezed(text) for text in texts if text]
    references = dict.fromkeys(found for run in runs for found in references_in(run, patterns))
    for reference in references:
        runs = [run.replace(reference, "|") for run in runs]
    whole = dict.fromkeys(found for run in runs for found in bill_ids_in(run, patterns))
    if references or whole:
        return Clues(tuple(references), tuple(whole), ())
    written = [text.upper() for text in texts[:-1]]
    bare = dict.fromkeys(found for text in written for found in bare_ids_in(text, patterns, is_whole=True))
    short = dict.fromkeys(found for text in written for found in bare_ids_in(text, patterns, is_whole=False))
    return Clues((), tuple(bare), tuple(each for each in short if each not in bare))


def references_in(run: str, patterns: Patterns) -> list[str]:
    """Return the payment references in a squeezed text whose check digits are right.

    Source: ISO 11649. One with a wrong digit is no reference: it is not guessed at.
    """
    found = []
    start = run.find("RF")
    while start >= 0:
        for code, digits in patterns.references:
            end = start + 4 + len(code) + digits
            text = run[start + 4 : end]
            if (
                text.startswith(code)
                and len(text) == len(code) + digits
                and text[len(code) :].isdecimal()
                and run[start + 2 : start + 4] == check_digits(text)
            ):
                found.append(run[start:end])
        start = run.find("RF", start + 2)
    return found


def bill_ids_in(run: str, patterns: Patterns) -> list[str]:
    """Return the bill numbers in a squeezed text that have prefix and all digits, as they are printed."""
    found = []
    for prefix, digits in (*patterns.numbers, *patterns.others):
        head = squeezed(prefix)
        start = run.find(head) if head else -1
        while start >= 0:
            number = run[start + len(head) : start + len(head) + digits]
            after = run[start + len(head) + digits : start + len(head) + digits + 1]
            if len(number) == digits and number.isdecimal() and not after.isdecimal():
                found.append(f"{prefix}{number}")
            start = run.find(head, start + 1)
    return found


def bare_ids_in(text: str, patterns: Patterns, *, is_whole: bool) -> list[str]:
    """Return the bills that numbers without a prefix may mean: with all digits, or with zeros left out."""
    return [
        f"{prefix}{int(number):0{digits}d}"
        for number in _NUMBERS.findall(text)
        for prefix, digits in patterns.numbers
        if (len(number) == digits if is_whole else len(number) < digits)
    ]


@lru_cache(maxsize=65_536)
def name_words(name: str) -> frozenset[str]:
    """Return the words that tell a name from others: no accents, no legal form, no single letter."""
    bare = "".join(
        sign for sign in unicodedata.normalize("NFKD", name.upper()) if not unicodedata.combining(sign)
    )
    words = re.findall(r"[0-9A-Z]+", bare)
    return frozenset(word for word in words if (len(word) > 1 or word.isdigit()) and word not in LEGAL_FORMS)


def is_alike(name: str, other: str) -> bool:
    """Whether two names may be one party's: all telling words of the shorter are in the longer."""
    mine, its = name_words(name), name_words(other)
    return bool(mine and its) and (mine <= its or its <= mine)


def is_one_slip_from(number: str, other: str) -> bool:
    """Whether one wrong digit, or two that changed places, make one number of the other."""
    if len(number) != len(other):
        return False
    places = [place for place, (mine, its) in enumerate(zip(number, other, strict=True)) if mine != its]
    if len(places) == 2 and places[1] - places[0] == 1:
        return number[places[0]] == other[places[1]] and number[places[1]] == other[places[0]]
    return len(places) == 1


def joined(names: Sequence[str], shown_max: int = 6) -> str:
    """Return names as a sentence lists them; of many the first few and how many more."""
    if len(names) > shown_max:
        return f"{', '.join(names[:shown_max])} and {len(names) - shown_max} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
