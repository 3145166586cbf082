"""Lists in pages: which page is shown, and the links to its neighbours.

A list that can be counted has numbered pages (`listing`); one that only grows goes on from a key (`cut`), so
that its last page costs what its first one does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from urllib.parse import urlencode

from acquit.console.visit import Visit

ROWS: Final = 25
PAGE_MAX: Final = 100_000
DIGITS_MAX: Final = 18
LAST: Final = 2**62
"""Comes after every key."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing:
    """The page of a list that is shown; links are empty where there is no neighbour."""

    page: int
    pages: int
    total: int
    previous: str
    next: str


def page_number(visit: Visit) -> int:
    """Return the page asked for, the first when that is no number."""
    text = visit.query.get("page", "1")
    return min(max(int(text), 1), PAGE_MAX) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def listing(visit: Visit, total: int) -> Listing:
    """Return the list's page and the links that keep every filter of the address."""
    page, pages = page_number(visit), max(1, -(-total // ROWS))
    kept = {name: text for name, text in visit.query.items() if name != "page" and text}
    previous = _link(visit.path, kept, min(page - 1, pages)) if page > 1 else ""
    return Listing(page, pages, total, previous, _link(visit.path, kept, page + 1) if page < pages else "")


def _link(path: str, kept: Mapping[str, str], page: int) -> str:
    return f"{path}?{urlencode({**kept, 'page': page})}"


@dataclass(frozen=True, slots=True)
class Cut(Generic[Row]):
    """The rows that are shown; links to those that follow and to the first; empty where there are none."""

    rows: Sequence[Row]
    more: str
    first: str


def cut(
    visit: Visit, found: Sequence[Row], name: str, key: Callable[[Row], object], rows_max: int = ROWS
) -> Cut[Row]:
    """Return the first rows of a list that was read from a key on, with one more than is shown."""
    rows = found[:rows_max]
    more = link_with(visit, **{name: key(rows[-1])}) if len(found) > rows_max else ""
    return Cut(rows, more, link_with(visit, **{name: None}) if name in visit.query else "")


def key_in(visit: Visit, name: str, otherwise: int) -> int:
    """Return the number that the address gives, or the one it goes without."""
    text = visit.query.get(name, "")
    return int(text) if is_number(text) else otherwise


def is_number(text: str) -> bool:
    """Return whether the text is a number that a key may have."""
    return text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX


def link_with(visit: Visit, **changed: object) -> str:
    """Return the link of this page with some names of its query changed; None takes one away."""
    kept = {name: text for name, text in visit.query.items() if text and name != "done"} | changed
    query = urlencode({name: text for name, text in kept.items() if text is not None})
    return f"{visit.path}?{query}" if query else visit.path
