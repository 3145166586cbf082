"""The lists of what is no bill: corrective bills, down payments, credit notes, reverse bills.

Each is looked at after a new or changed bill, and without one after a day (credit notes and down payments)
or three (the others), whole, which is a call where the server pages; when it is named, at once. A key made
before, which may not read it, and a provider that does not have it, are told once and looked at again after a
week.
"""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from acquit.collector.contents import Contents
from acquit.collector.families import CREDIT_NOTE, DOWN_PAYMENT, Family
from acquit.collector.fault import Fault
from acquit.collector.gathered import Gathered, Wanted
from acquit.collector.journal import Journal
from acquit.collector.lists import Listed, Skills, read_list, read_objects
from acquit.collector.seen import Seen
from acquit.collector.wire import Wire

SEEN_ANEW: Final = {CREDIT_NOTE: timedelta(hours=20), DOWN_PAYMENT: timedelta(hours=20)}
"""What is given back, and what is to be paid that no bill tells of, is known within a day."""
SELDOM_SEEN_ANEW: Final = timedelta(hours=68)
LEFT_OUT_SEEN_ANEW: Final = timedelta(days=7)
ABSENT: Final = frozenset(
    {
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.GONE,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""How a provider says that it has no such route."""

SAID: Final = {
    "right": "The key may not read {lists}: the rest is gathered without. A key that may is made by "
    "`acquit collect init` (of a sub-account by `acquit collect sub-accounts add`).",
    "absent": "The provider has no {lists}: there is nothing to gather of them.",
}


class Others:
    """These lists of one account, in one run."""

    def __init__(
        self, wire: Wire, skills: Skills, journal: Journal, contents: Contents, seen: Seen, wanted: Wanted,
        done: Gathered,
    ) -> None:  # fmt: skip
        self._wire, self._skills, self._journal, self._contents = wire, skills, journal, contents
        self._seen, self._wanted, self._done = seen, wanted, done
        self._left_out: dict[str, list[Family]] = {}
        """By reason, what is told of this run."""

    def gather(self, family: Family) -> None:
        """Bring the family up to its list where a look is due. Raises Fault."""
        if not self._is_due(family):
            return
        try:
            for key, told in self._listed(family):
                self._contents.keep(family, key, told)
        except Fault as fault:
            if fault.kind not in SAID:
                raise
            return self.leave_out(family, fault.kind)
        self._seen.note(family.kind)
        return None

    def leave_out(self, family: Family, reason: str = "right") -> None:
        """Note that the family cannot be read; it is told when it was not told before for this reason."""
        if (self._seen.last(family.kind) or {}).get("left_out") != reason:
            self._left_out.setdefault(reason, []).append(family)
        self._seen.note(family.kind, left_out=reason)

    def notes(self) -> list[str]:
        """Return a sentence for each reason for which something was left out for the first time."""
        return [
            SAID[reason].format(
                lists=", ".join(f"{one.words} ({one.path})" for one in dict.fromkeys(families))
            )
            for reason, families in sorted(self._left_out.items())
        ]

    def _is_due(self, family: Family) -> bool:
        if self._wanted.only or self._wanted.since is not None:
            return True
        left_out = (self._seen.last(family.kind) or {}).get("left_out")
        if left_out:
            return self._seen.is_due(family.kind, LEFT_OUT_SEEN_ANEW)
        moved = self._done.new_bills or self._done.changed_bills
        return bool(moved) or self._seen.is_due(family.kind, SEEN_ANEW.get(family, SELDOM_SEEN_ANEW))

    def _listed(self, family: Family) -> Iterator[tuple[str, dict[str, object]]]:
        """Yield what is listed; of bare keys those that are not known, or all of a family that was named."""
        bare = []
        for one in self._elements(family):
            if one.value is not None:
                yield one.key, one.value
            elif not self._contents.is_of_another(family, one.key) and (
                family.kind in self._wanted.only or not self._journal.knows(family.kind, one.key)
            ):
                bare.append(one.key)
        yield from read_objects(self._wire, self._skills, family.path, bare)

    def _elements(self, family: Family) -> Iterator[Listed]:
        """Yield the list, from the wanted day on where the provider knows such a filter. Raises Fault."""
        since = self._wanted.since
        for query in [{"date.from": since.isoformat()}] if since else []:
            try:
                yield from read_list(self._wire, self._skills, family.path, family.key, query, absent=ABSENT)
                return
            except Fault as fault:
                if fault.kind != "answer":
                    raise
        yield from read_list(self._wire, self._skills, family.path, family.key, absent=ABSENT)
