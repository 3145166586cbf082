"""Lists in pages: which page is shown, and the links to its neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from acquit.console.visit import Visit

ROWS: Final = 25
PAGE_MAX: Final = 100_000


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
