"""What a run over one account is asked for, what it did, and what it would do."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from acquit.collector.fault import Fault


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to gather: `since` limits bills, `only` names kinds (none: all that are cheap)."""

    since: date | None = None
    only: frozenset[str] = frozenset()

    def wants(self, kind: str) -> bool:
        """Return whether the kind is to be gathered."""
        return not self.only or kind in self.only

    @property
    def everything(self) -> bool:
        """Whether nothing is left out, so that the next run may start from here."""
        return not self.only and self.since is None


@dataclass(slots=True)
class Gathered:
    """What a run did for one account."""

    account: str
    bills: int = 0
    new_bills: int = 0
    changed_bills: int = 0
    new_others: Counter[str] = field(default_factory=Counter)
    """New papers that are no bills, by family."""
    details: int = 0
    papers: int = 0
    calls: int = 0
    notes: list[str] = field(default_factory=list)
    """What is left out and no fault, told once."""
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class Expected:
    """What a run would do for one account, counted without doing it."""

    account: str
    bills: int
    new_bills: int
    papers: int
    calls: int
    seconds: float
