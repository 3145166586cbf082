"""A run in several processes: each gets pages of its own, tells what it did, and may die at any moment.

Nobody waits for a lock of another's: pages are dealt out beforehand, one after the other in turn. What a
process has not told when it is gone is billed by who dealt; a page that it did commit is then found done,
since a charge is billed once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from acquit.actions.bill_page import Written
from acquit.actions.context import Context
from acquit.actions.defer_papers import defer_papers
from acquit.actions.page_loading import Scope
from acquit.actions.run_inputs import keep_inputs
from acquit.actions.run_pages import bill_accounts, scope_in, without_collector
from acquit.core import bill_run
from acquit.core.identifiers import LegalEntityId, RunId
from acquit.store.billables import DuePage

Told = tuple[int, Written]
"""The place of a page among all, and what was done with it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one process of a crew is to bill."""

    run_id: RunId
    legal_entity_id: LegalEntityId
    period: str
    run_on: date
    by: str
    with_papers: bool
    pages: tuple[tuple[int, DuePage], ...]


class Crew(Protocol):
    """Processes that bill beside this one."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def start(self, assignments: Sequence[Assignment]) -> None:
        """Each process bills its assignment; there are at most `size` of them."""
        ...

    def told(self, seconds: float) -> list[Told]:
        """Return what was told since the last call, waiting so long for something."""
        ...

    def works(self) -> bool:
        """Whether any of them still works."""
        ...


class Shared:
    """Pages shared out between this process and a crew."""

    def __init__(
        self, crew: Crew, scope: Scope, pages: Sequence[DuePage], add: Callable[[int, Written], None]
    ) -> None:
        """Deal the pages out and let the crew begin; `add` is called with what it has done."""
        assert scope.run_id is not None, "a rehearsal is not shared"
        hands = [range(first, len(pages), crew.size + 1) for first in range(crew.size + 1)]
        self.own = [pages[place] for place in hands[0]]
        self._crew = crew
        self._add = add
        self._left = {place: pages[place] for hand in hands[1:] for place in hand}
        crew.start([_assignment(scope, scope.run_id, pages, hand) for hand in hands[1:] if hand])

    def hear(self, seconds: float = 0) -> None:
        """Add what the crew has told."""
        for place, written in self._crew.told(seconds):
            self._add(self._left.pop(place).accounts, written)

    def wait(self) -> list[DuePage]:
        """Return the pages that are left when nobody of the crew works any more."""
        while self._crew.works():
            self.hear(0.2)
        self.hear()
        return list(self._left.values())


def bill_assigned(
    context: Context, assignment: Assignment, tell: Callable[[Told], None], is_stopped: Callable[[], bool]
) -> None:
    """Bill the pages of the assignment, telling of each when it is committed, until told to stop."""
    month = bill_run.period(assignment.period)
    with context.database.read() as tx:
        scope = scope_in(context, tx, assignment.legal_entity_id, month, assignment.run_on, assignment.by)
    papers = defer_papers if assignment.with_papers else None
    scope = replace(scope, run_id=assignment.run_id, after_page=papers, keep_inputs=keep_inputs)
    with without_collector():
        for place, page in assignment.pages:
            if is_stopped():
                return
            tell((place, bill_accounts(context, scope, page.account_ids, wait=False)))


def _assignment(scope: Scope, run_id: RunId, pages: Sequence[DuePage], hand: Iterable[int]) -> Assignment:
    return Assignment(
        run_id, scope.entity.legal_entity_id, str(scope.period), scope.run_on, scope.by,
        scope.after_page is not None, tuple((place, pages[place]) for place in hand),
    )  # fmt: skip
