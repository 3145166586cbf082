"""What lies below listed papers: their details, their files; fetched once for each form that they take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from acquit.collector.families import BILL, FAMILIES, OWED, Family
from acquit.collector.fault import Fault
from acquit.collector.gathered import Gathered
from acquit.collector.journal import Journal
from acquit.collector.lists import Object, Objects, Skills, read_below, read_objects
from acquit.collector.wire import Wire

DETAILS_A_LINE: Final = 500
"""Also written in the query of `bill_detail`: a line of the journal stays small."""
LINKS: Final = frozenset({"password", "pdfUrl", "url", "htmlUrl"})
PATH_MEMBERS: Final = ("date", "priceWithTax")
LINKS_KEPT: Final = 20_000
"""Links beyond them are asked for again when their papers are fetched, hours later."""

Advance = Callable[[str, int, int], None]
"""Told after each step: what is being gathered, how many are done, how many there are."""
Refused = Callable[[Family], None]
"""Told of a family that the key may list and not read below."""


class Papers(Protocol):
    """Where papers go."""

    def fetch(self, family: Family, bill: Object, link: str, mark: str) -> None:
        """Save the paper of the bill, in the form of this mark, behind the link. Raises Fault."""
        ...

    def resume(self, family: Family, bill_id: str, mark: str) -> bool:
        """Return whether that paper was saved already, by a run that could not say so any more."""
        ...


@dataclass(slots=True)
class Tally:
    """How many papers were tried and failed, and what the first of these met."""

    tried: int = 0
    failed: int = 0
    first: str = ""


class Contents:
    """Details and papers of one account, in one run."""

    def __init__(
        self, wire: Wire, skills: Skills, journal: Journal, papers: Papers, advance: Advance, done: Gathered
    ) -> None:
        self._wire, self._skills, self._journal, self._papers = wire, skills, journal, papers
        self._advance, self._done = advance, done
        self._links: dict[tuple[str, str], tuple[Object, str]] = {}
        """The newest links to papers, with what names the file."""

    def keep(self, family: Family, key: str, told: Object) -> None:
        """Keep what is told of a paper, count it where it is new or changed, and remember its link."""
        before = self._journal.mark(family.kind, key)
        self._journal.write(family.kind, key, without_links(told))
        if family is BILL:
            self._done.new_bills += before is None
            self._done.changed_bills += before not in (None, self._mark(family, key))
        elif before is None and not self.is_of_another(family, key):
            self._done.new_others[family.kind] += 1
        link = told.get("pdfUrl") or told.get("url")
        if link and self._lacks(family, "papered", key) and len(self._links) < LINKS_KEPT:
            named = {"billId": key, **{name: told.get(name) for name in PATH_MEMBERS}}
            self._links[family.kind, key] = named, str(link)

    def is_of_another(self, family: Family, key: str) -> bool:
        """Whether the paper is known from an earlier family's list: then it is there once, as that one's."""
        if family not in OWED:
            return False
        return any(self._journal.knows(one.kind, key) for one in OWED[: OWED.index(family)])

    def lacking(self, mark: str) -> int:
        """Return how many papers' details (`detailed`) or files (`papered`) are still to be fetched."""
        return sum(self._journal.count_lacking(one.kind, one.marked(mark)) for one in FAMILIES)

    def _lacks(self, family: Family, mark: str, key: str) -> bool:
        """Return whether the details or the paper, as it is now, are still to be fetched."""
        return bool(self._journal.last(family.marked(mark), key) != self._journal.mark(family.kind, key))

    def _blocks(self, family: Family, mark: str) -> Iterator[list[str]]:
        for block in self._journal.lacking(family.kind, family.marked(mark)):
            if kept := [key for key in block if not self.is_of_another(family, key)]:
                yield kept

    # ------------------------------------------------------------ details

    def details(self, refused: Refused) -> None:
        """Fetch the details of what is new or changed. Raises Fault."""
        total, done = self.lacking("detailed"), 0
        for family in FAMILIES:
            with _told_of(family, refused):
                for missing in self._blocks(family, "detailed"):
                    read = read_below(
                        self._wire, self._skills, family.path, missing, "details", family.detail_key
                    )
                    for bill_id, details in read:
                        self._keep_details(family, bill_id, details)
                        self._advance("details", done := done + 1, total)

    def _keep_details(self, family: Family, bill_id: str, details: Objects) -> None:
        for part, start in enumerate(range(0, len(details), DETAILS_A_LINE)):
            chunk = [without_links(one) for one in details[start : start + DETAILS_A_LINE]]
            self._journal.write(family.marked("details"), str(part), chunk, parent=bill_id)
        self._journal.write(family.marked("count"), bill_id, len(details))
        self._journal.write(family.marked("detailed"), bill_id, self._mark(family, bill_id))
        self._done.details += len(details)

    # ------------------------------------------------------------ papers

    def fetch_papers(self, refused: Refused) -> None:
        """Fetch the papers of what is new or changed; what fails does not stop the others. Raises Fault."""
        total, tally = self.lacking("papered"), Tally()
        for family in FAMILIES:
            with _told_of(family, refused):
                for block in self._blocks(family, "papered"):
                    self._fetch_block(family, block, tally, total)
        if tally.failed:
            raise Fault(
                "paper", f"{tally.failed} of {tally.tried} papers are missing; the first: {tally.first}"
            )

    def _fetch_block(self, family: Family, block: list[str], tally: Tally, total: int) -> None:
        missing = [bill_id for bill_id in block if not self._resume(family, bill_id)]
        self._find_links(
            family, [bill_id for bill_id in missing if (family.kind, bill_id) not in self._links]
        )
        for bill_id in missing:
            try:
                self._fetch(family, bill_id)
            except Fault as fault:
                if fault.kind == "disk":
                    raise
                tally.failed, tally.first = tally.failed + 1, tally.first or fault.message
            tally.tried += 1
            self._advance("papers", tally.tried, total)

    def _resume(self, family: Family, bill_id: str) -> bool:
        mark = self._mark(family, bill_id)
        return self._papers.resume(family, bill_id, mark) and self._journal.write(
            family.marked("papered"), bill_id, mark
        )

    def _fetch(self, family: Family, bill_id: str) -> None:
        bill, link = self._links.pop((family.kind, bill_id), ({}, ""))
        if not link:
            raise Fault("paper", f"The provider tells no link to the paper of {bill_id}.")
        self._papers.fetch(family, bill, link, self._mark(family, bill_id))
        self._journal.write(family.marked("papered"), bill_id, self._mark(family, bill_id))
        self._done.papers += 1

    def _mark(self, family: Family, bill_id: str) -> str:
        """Return what the paper, which is known, stands for."""
        return self._journal.mark(family.kind, bill_id) or ""

    def _find_links(self, family: Family, bill_ids: list[str]) -> None:
        for key, bill in read_objects(self._wire, self._skills, family.path, bill_ids):
            self.keep(family, key, bill)


@contextmanager
def _told_of(family: Family, refused: Refused) -> Iterator[None]:
    """Tell of a family other than bills that the key may not read below its list, and go on."""
    try:
        yield
    except Fault as fault:
        if fault.kind != "right" or family is BILL:
            raise
        refused(family)


def without_links(told: Object) -> Object:
    """Return the object without what opens a document: links and their passwords."""
    return {
        name: value
        for name, value in told.items()
        if name not in LINKS and not (isinstance(value, str) and "://" in value)
    }
