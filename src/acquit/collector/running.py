"""One run over many accounts: side by side.

Each at the pace of its own key, one archive, one collector at a time.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from acquit.collector.access import Access
from acquit.collector.endpoint import is_public, region_of
from acquit.collector.fault import Fault
from acquit.collector.files import alone
from acquit.collector.gather import Gathering, now
from acquit.collector.gathered import Expected, Gathered, Wanted
from acquit.collector.journal import Journal
from acquit.collector.pace import PER_MINUTE, PER_MINUTE_OWN, Pace, RealTimer, Timer
from acquit.collector.papers import Papers
from acquit.collector.seen import Clock
from acquit.collector.tables import make_tables
from acquit.collector.wire import Drift, Wire

PARALLEL: Final = 8
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """How far one account is: `left_seconds` is what the rest of this step takes at the pace in force."""

    account: str
    what: str
    done: int
    total: int
    left_seconds: float


Tell = Callable[[Step], None]


@dataclass(slots=True)
class Run:
    """What is to be gathered into which archive, and how fast; `per_minute` None: as the endpoint bears."""

    archive: Path
    wanted: Wanted = field(default_factory=Wanted)
    per_minute: int | None = None
    parallel: int = PARALLEL
    timer: Timer | None = None
    clock: Clock = now
    tables: bool = True
    """Whether a run ends with making the tables; whoever reads them makes them otherwise."""
    _drifts: dict[str, Drift] = field(default_factory=dict)
    _papers: dict[str, Pace] = field(default_factory=dict)
    _stopped: Event = field(default_factory=Event)

    @property
    def _timer(self) -> Timer:
        """The timer that was given, else the machine's own, whose sleepers wake when the run is stopped."""
        return self.timer or RealTimer(self._stopped)

    def gather(self, accesses: Sequence[Access], tell: Tell) -> list[Gathered]:
        """Gather all accounts and make the tables, if wanted; what failed is told in each result.

        Raises Fault (busy, disk).
        """
        with alone(self.archive):
            done = self._each(accesses, lambda access: self._gather(access, tell))
            if self.tables:
                make_tables(self.archive)
        return done

    def expect(self, accesses: Sequence[Access]) -> list[Expected]:
        """Count the calls of a run without gathering; nothing is written but what counting needs."""
        with alone(self.archive):
            return self._each(accesses, self._expect)

    def wire(self, access: Access, tries: int = 8) -> Wire:
        """Return a conversation with the account's endpoint, at its pace."""
        drift = self._drifts.setdefault(access.base, Drift())
        return Wire(
            access.base, access.keys, self._pace(access.base), drift=drift, timer=self._timer, tries=tries
        )

    def _each(self, accesses: Sequence[Access], work: Callable[[Access], T]) -> list[T]:
        for access in accesses:
            self._drifts.setdefault(access.base, Drift())
            self._papers.setdefault(access.base, Pace(2 * self._rate(access.base), self._timer))
        with ThreadPoolExecutor(max_workers=max(1, self.parallel)) as pool:
            futures = {pool.submit(work, access): number for number, access in enumerate(accesses)}
            try:
                found = {futures[future]: future.result() for future in as_completed(futures)}
            except BaseException:
                self._stopped.set()
                pool.shutdown(cancel_futures=True)
                raise
        return [found[number] for number in sorted(found)]

    def _gather(self, access: Access, tell: Tell) -> Gathered:
        try:
            with self.wire(access) as wire, Journal(self._journal(access)) as journal:
                journal.write("access", "me", {"base": access.base, "parent": access.parent,
                                               "sub_account": access.sub_account})  # fmt: skip
                return self._gathering(access, wire, journal, tell)
        except Fault as fault:
            return Gathered(access.name, faults=[fault])

    def _gathering(self, access: Access, wire: Wire, journal: Journal, tell: Tell) -> Gathered:
        papers_pace = self._papers[access.base]

        def advance(what: str, done: int, total: int) -> None:
            if self._stopped.is_set():
                raise KeyboardInterrupt
            pace = papers_pace if what == "papers" else wire.pace
            tell(Step(access.name, what, done, total, pace.seconds_for(total - done)))

        month_first = region_of(access.base) == "us"
        papers = Papers(
            self.archive, access.name, journal, papers_pace, month_first=month_first, timer=self._timer
        )
        with closing(papers):
            gathering = Gathering(access.name, wire, journal, papers, self.wanted, advance, self.clock)
            return gathering.run()

    def _expect(self, access: Access) -> Expected:
        with self.wire(access) as wire, Journal(self._journal(access)) as journal:
            papers = Papers(self.archive, access.name, journal, Pace(1))
            with closing(papers):
                return Gathering(
                    access.name, wire, journal, papers, self.wanted, lambda *_: None, self.clock
                ).expect()

    def _journal(self, access: Access) -> Path:
        return self.archive / "journal" / f"{access.name}.ndjson"

    def _rate(self, base: str) -> int:
        return self.per_minute or (PER_MINUTE if is_public(base) else PER_MINUTE_OWN)

    def _pace(self, base: str) -> Pace:
        return Pace(self._rate(base), self._timer)


def chosen(accesses: Iterable[Access], names: Sequence[str]) -> list[Access]:
    """Return the accounts of these names (none: all), or say which is unknown. Raises Fault."""
    known = {access.name: access for access in accesses}
    if not known:
        raise Fault("configuration", "No account is known yet; run `acquit collect init`.")
    for name in names:
        if name not in known:
            raise Fault("configuration", f"There is no account {name}; there are {', '.join(known)}.")
    return [known[name] for name in names] if names else list(known.values())
