"""An XML element of a bank file as texts by path, whatever its namespace and version."""

from datetime import date
from functools import lru_cache
from typing import Any, Final

from acquit.core.bank_entry import BadBankFile
from acquit.core.money import EXPONENTS, BadAmount, Currency, scaled

Flat = dict[str, str]
"""The first text of each path of local names (`RltdPties/Dbtr/Nm`); all of several are `path*`, joined.

The currency of an amount is `path@Ccy`.
"""

JOINT: Final = "\x1f"
"""What stands between several texts of one path; no XML can hold it."""

SKIPPED: Final = frozenset({"Pty"})
"""A level that versions from .06 on put around a party, and older ones do not."""


def local(element: Any) -> str:
    """Return the element's name without its namespace."""
    tag: str = element.tag
    return tag[tag.rfind("}") + 1 :]


def flat(element: Any) -> Flat:
    """Return every text below the element by its path."""
    found: Flat = {}
    walk(element, "", found)
    return found


def walk(element: Any, path: str, found: Flat) -> None:
    """Add every text below the element, whose own path is given; texts beside elements are left out."""
    for child in element:
        name = below(path, child.tag)
        if len(child):
            walk(child, name, found)
            continue
        text = child.text
        if text is None or not (text := text.strip()):
            continue
        if name in found:
            several = f"{name}*"
            found[several] = JOINT.join((found.get(several, found[name]), text))
        else:
            found[name] = text
            currency = child.get("Ccy")
            if currency is not None:
                found[f"{name}@Ccy"] = currency


def read_leaf(element: Any, path: str, found: Flat) -> None:
    """Add the text of an element or, when it has elements, all texts below it."""
    if len(element):
        walk(element, path, found)
    elif element.text and (text := element.text.strip()):
        found.setdefault(path, text)
        if (currency := element.get("Ccy")) is not None:
            found[f"{path}@Ccy"] = currency


@lru_cache(maxsize=65_536)
def below(path: str, tag: str) -> str:
    """Return the path of a child by its tag."""
    name = tag[tag.rfind("}") + 1 :]
    if name in SKIPPED:
        return path
    return f"{path}/{name}" if path else name


def texts_of(told: Flat, *paths: str) -> list[str]:
    """Return all texts at these paths, path after path."""
    return [text for path in paths if path in told for text in told.get(f"{path}*", told[path]).split(JOINT)]


@lru_cache(maxsize=4_096)
def day_of(text: str) -> date | None:
    """Return the day of an ISO date or instant, or None."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def amount_of(text: str, currency: Currency, where: str, element: str) -> int:
    """Return an amount as the schema writes it: digits and a dot, no sign. Raises BadBankFile."""
    try:
        found = scaled(text, EXPONENTS[currency])
    except BadAmount as error:
        raise BadBankFile(f"{where}, element {element}: {error.message}") from None
    if found < 0:
        raise BadBankFile(
            f"{where}, element {element}: {text} has a sign; CdtDbtInd says which way money goes."
        )
    return found


def currency_of(text: str, where: str) -> Currency:
    """Return a currency that is known. Raises BadBankFile."""
    if text not in EXPONENTS:
        raise BadBankFile(f"{where}: currency {text} is not one of {', '.join(EXPONENTS)}.")
    return Currency(text)
