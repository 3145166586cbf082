"""A letter of dunning: the words of a step, in the payer's language, filled in with what is asked for."""

import string
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from acquit.core.dunning import BadText, StepKind
from acquit.core.money import Currency
from acquit.documents.sheet import in_fours
from acquit.documents.wording import wording

LETTERS: Final = Path(__file__).parent / "letters"
FALLBACK: Final = "en"
NAMES: Final = frozenset(
    {"account", "debts", "due_on", "fee", "iban", "on", "payer", "rate", "seller", "total"}
)
"""What a seller's own text may have filled in."""


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and body of a step in one language, and which version of them: `program-1`, `own-3`."""

    language: str
    version: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class AskedDebt:
    """One bill of a letter: how much of what is open is asked for."""

    account_id: str
    bill_id: str
    due_on: date
    currency: Currency
    open_minor: int
    asked_minor: int
    reference: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks whom, on which day, for what."""

    seller: str
    iban: str
    payer: str
    account_id: str
    language: str
    on: date
    debts: tuple[AskedDebt, ...]
    rate_bp: int
    fee_minor: int
    fee_currency: Currency


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it is sent."""

    subject: str
    body: str
    version: str


def languages() -> frozenset[str]:
    """Return the languages that letters can be written in."""
    return frozenset(path.stem for path in LETTERS.glob("*.toml"))


def language_of(locale: str) -> str:
    """Return the language of a letter to somebody of that locale (`fr_FR`); English where there is none."""
    short = locale.split("_")[0].lower()
    return short if short in languages() else FALLBACK


def words_of(language: str, kind: StepKind) -> Words:
    """Return the program's own words of a step."""
    texts = _texts(language)
    return Words(
        language, f"program-{texts['version']}", texts[kind]["subject"], texts[kind]["body"].strip("\n")
    )


def refuse_words(subject: str, body: str) -> None:
    """Pass when a seller's own words can be filled in and say what is asked for. Raises BadText."""
    named = _named(subject) | _named(body)
    wrong = sorted(named - NAMES)
    if wrong:
        raise BadText(
            f"{', '.join(wrong)} is never filled in; a text may name {', '.join(sorted(NAMES))}, in braces."
        )
    if not subject.strip() or "\n" in subject.strip():
        raise BadText("A letter has a subject of one line.")
    missing = sorted({"debts", "total"} - _named(body))
    if missing:
        raise BadText(f"A letter says what is asked for: its body lacks {', '.join(missing)}, in braces.")


def write_letter(words: Words, asking: Asking) -> Letter:
    """Return the letter: amounts and days as its language writes them, totals per currency."""
    locale = _locale(words.language, asking.language)
    says = wording(locale, asking.fee_currency)
    values = {
        "account": asking.account_id,
        "debts": "\n".join(_line(words.language, locale, debt) for debt in asking.debts),
        "due_on": says.day(min(debt.due_on for debt in asking.debts)),
        "fee": says.amount(asking.fee_minor),
        "iban": in_fours(asking.iban),
        "on": says.day(asking.on),
        "payer": asking.payer,
        "rate": says.rate(asking.rate_bp),
        "seller": asking.seller,
        "total": _total(locale, asking.debts),
    }
    return Letter(
        words.subject.strip().format_map(values), words.body.format_map(values) + "\n", words.version
    )


def _locale(spoken: str, locale: str) -> str:
    """Return how amounts and days are written: as the payer does, where the letter is in its language."""
    return locale if locale.startswith(spoken) else spoken


def _named(text: str) -> set[str]:
    try:
        parts = [(name, form, turn) for _, name, form, turn in string.Formatter().parse(text)]
    except ValueError as error:
        raise BadText(f"The braces of the text do not go together: {error}.") from None
    for name, form, turn in parts:
        if name is not None and (not name.isidentifier() or form or turn):
            raise BadText(f"Write a name alone in braces, as in {{total}}, not {{{name}}}.")
    return {name for name, _, _ in parts if name is not None}


def _line(language: str, locale: str, debt: AskedDebt) -> str:
    says = wording(locale, debt.currency)
    form = "debt" if debt.asked_minor == debt.open_minor else "part"
    values = {
        "bill_id": debt.bill_id, "account": debt.account_id, "due_on": says.day(debt.due_on),
        "asked": says.amount(debt.asked_minor), "open": says.amount(debt.open_minor),
        "reference": in_fours(debt.reference),
    }  # fmt: skip
    return str(_texts(language)["line"][form].format_map(values))


def _total(locale: str, debts: Sequence[AskedDebt]) -> str:
    sums: dict[Currency, int] = {}
    for debt in debts:
        sums[debt.currency] = sums.get(debt.currency, 0) + debt.asked_minor
    return " + ".join(wording(locale, currency).amount(minor) for currency, minor in sorted(sums.items()))


@cache
def _texts(language: str) -> dict[str, Any]:
    return tomllib.loads((LETTERS / f"{language}.toml").read_text(encoding="utf-8"))
