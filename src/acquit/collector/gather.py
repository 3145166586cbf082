"""Gather what one account has: its bills with details and papers, debts, methods, orders, sub-accounts.

Idempotent: what the journal knows is not asked again, but the last weeks of bills, open debts and the short
lists are looked at anew. Where a run is broken off, by whatever, the next goes on at the call that was
missing. Document links are used and thrown away; they never enter the journal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

from acquit.collector.fault import Fault
from acquit.collector.journal import Journal, day_of
from acquit.collector.lists import (
    BATCH,
    PAGE,
    Object,
    Skills,
    elements,
    list_of,
    object_of,
    page,
    read_below,
    read_list,
    read_objects,
    several_below,
)
from acquit.collector.wire import Wire

OVERLAP: Final = timedelta(days=35)
DEBTS_SEEN_ANEW: Final = timedelta(hours=20)
NOTED_ANEW: Final = timedelta(hours=1)
SHORT_LISTS_SEEN_ANEW: Final = timedelta(days=7)
DETAILS_A_LINE: Final = 500
"""Also written in the query of `bill_detail`: a line of the journal stays small."""
OVERHEAD_CALLS: Final = 5
"""The account, its debts, payment methods, purchase orders, sub-accounts."""
LINKS: Final = frozenset({"password", "pdfUrl", "url", "htmlUrl"})
OWED: Final = frozenset({"UNPAID", "TO_BE_PAID", "UNMATURED"})
ACCOUNT_MEMBERS: Final = (
    "nichandle", "organisation", "legalform", "vat", "companyNationalIdentificationNumber", "ovhCompany",
    "ovhSubsidiary", "country", "currency", "language", "state",
)  # fmt: skip
SHORT_LISTS: Final = {
    "payment_method": ("/me/payment/method", "paymentMethodId"),
    "purchase_order": ("/me/billing/purchaseOrder", "id"),
    "sub_account": ("/me/subAccount", "id"),
}
SERVICES: Final = ("/services", "serviceId")
KINDS: Final = ("account", "bill", "detail", "debt", *SHORT_LISTS, "operation", "service", "paper")
ASKED_FOR: Final = frozenset({"operation", "service"})
"""Kinds that cost a call an object where the server does no batch: gathered only when named."""
STOPPING: Final = frozenset({"credentials", "disk", "clock", "endpoint", "network"})

Advance = Callable[[str, int, int], None]
"""Told after each step: what is being gathered, how many are done, how many there are."""


class Papers(Protocol):
    """Where papers go."""

    def fetch(self, bill: Object, link: str) -> None:
        """Save the paper of the bill behind the link. Raises Fault (paper, network, disk)."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to gather: `since` limits bills, `only` names kinds (none: all that are cheap)."""

    since: date | None = None
    only: frozenset[str] = frozenset()

    def wants(self, kind: str) -> bool:
        """Return whether the kind is to be gathered."""
        return kind in self.only if self.only else kind not in ASKED_FOR

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
    details: int = 0
    papers: int = 0
    calls: int = 0
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


class Gathering:
    """One run over one account."""

    def __init__(
        self, name: str, wire: Wire, journal: Journal, papers: Papers, wanted: Wanted, advance: Advance
    ) -> None:
        self.done = Gathered(name)
        self.skills = Skills()
        self._wire, self._journal, self._papers = wire, journal, papers
        self._wanted, self._advance = wanted, advance
        self._links: dict[str, tuple[Object, str]] = {}

    def run(self) -> Gathered:
        """Gather everything that is wanted; one step's fault does not stop the others."""
        for kind, step in self._steps().items():
            if not self._wanted.wants(kind):
                continue
            try:
                step()
            except Fault as fault:
                self.done.faults.append(fault)
                if fault.kind in STOPPING:
                    break
        if not self.done.faults and self._wanted.everything:
            self._note_end()
        self._journal.sync()
        self.done.calls = self._wire.calls
        return self.done

    def _note_end(self) -> None:
        """Note the end of a whole run, at most once an hour: tables are made anew when the journal grows."""
        last = self._journal.last("run", "finished")
        if last is None or self.done.new_bills or _age(last) >= NOTED_ANEW:
            self._journal.write("run", "finished", {"at": _now().isoformat(timespec="seconds")})

    def _steps(self) -> dict[str, Callable[[], None]]:
        def short(kind: str) -> Callable[[], None]:
            return lambda: self._short_list(kind, *SHORT_LISTS[kind])

        return {
            "account": self._account,
            "bill": self._bills,
            "detail": self._details,
            "debt": self._debts,
            **{kind: short(kind) for kind in SHORT_LISTS},
            "operation": self._operations,
            "service": lambda: self._whole_list("service", *SERVICES),
            "paper": self._fetch_papers,
        }

    # ------------------------------------------------------------ bills

    def _account(self) -> None:
        if not self._journal.knows("account", "me"):
            found = object_of(self._wire.get("/me"), "/me")
            self._journal.write("account", "me", {name: found.get(name) for name in ACCOUNT_MEMBERS})

    def _bills(self) -> None:
        since = self._since()
        query = {"date.from": since.isoformat()} if since else None
        listed = list(read_list(self._wire, self.skills, "/me/bill", "billId", query))
        anew = self._wanted.since is not None
        bare = [
            one.key
            for one in listed
            if one.value is None and (anew or not self._journal.knows("bill", one.key))
        ]
        self.done.bills = len(listed)
        for one in listed:
            if one.value is not None:
                self._keep_bill(one.key, one.value)
        for number, (key, bill) in enumerate(
            read_objects(self._wire, self.skills, "/me/bill", bare), start=1
        ):
            self._keep_bill(key, bill)
            self._advance("bills", number, len(bare))
        self._journal.sync()

    def _keep_bill(self, key: str, bill: Object) -> None:
        before = self._journal.marks.get(key)
        kept = without_links(bill)
        self._journal.write("bill", key, kept)
        self.done.new_bills += before is None
        self.done.changed_bills += before not in (None, self._journal.marks[key])
        link = bill.get("pdfUrl") or bill.get("url")
        if link and self._lacks("papered", key):
            self._links[key] = (kept, str(link))

    def _lacks(self, mark: str, bill_id: str) -> bool:
        """Return whether the details or the paper of the bill, as it is now, are still to be fetched."""
        return bool(self._journal.last(mark, bill_id) != self._journal.marks[bill_id])

    def _since(self) -> date | None:
        """Return the day from which bills are listed.

        As wanted, else some weeks before the newest known one.
        """
        if self._wanted.since is not None:
            return self._wanted.since
        newest = self._journal.newest_bill_on if self._journal.last("run", "finished") else None
        return newest - OVERLAP if newest is not None else None

    def _details(self) -> None:
        missing = sorted(bill_id for bill_id in self._journal.marks if self._lacks("detailed", bill_id))
        read = read_below(self._wire, self.skills, "/me/bill", missing, "details", "billDetailId")
        for number, (bill_id, details) in enumerate(read, start=1):
            for part, start in enumerate(range(0, len(details), DETAILS_A_LINE)):
                chunk = [without_links(one) for one in details[start : start + DETAILS_A_LINE]]
                self._journal.write("details", str(part), chunk, parent=bill_id)
            self._journal.write("count", bill_id, len(details))
            self._journal.write("detailed", bill_id, self._journal.marks[bill_id])
            self.done.details += len(details)
            self._advance("details", number, len(missing))

    # ------------------------------------------------------------ what moves

    def _debts(self) -> None:
        path = "/me/debtAccount/debt"
        seen = self._journal.last("seen", "debt")
        if seen is not None and not self._debts_may_have_moved(seen):
            return
        found = dict(self._whole(path, "debtId"))
        for key, debt in found.items():
            self._journal.write("debt", key, without_links(debt))
        self._gone("debt", set(found))
        owed = [
            day_of(debt.get("dueDate")) for debt in found.values() if debt.get("status", "UNPAID") in OWED
        ]
        next_due = min((day for day in owed if day), default=None)
        self._seen("debt", owed=len(owed), next_due_on=next_due.isoformat() if next_due else None)

    def _debts_may_have_moved(self, seen: Object) -> bool:
        """Nothing owed and no new bill: no debt can have moved.

        Something owed: look again after some hours.
        """
        if self._wanted.only or self.done.new_bills or self.done.changed_bills:
            return True
        if not seen["owed"]:
            return False
        matured = (
            seen["next_due_on"]
            and seen["next_due_on"] < _now().date().isoformat()
            and _age(seen) > timedelta(hours=1)
        )
        return bool(matured) or _age(seen) > DEBTS_SEEN_ANEW

    def _short_list(self, kind: str, path: str, key: str) -> None:
        seen = self._journal.last("seen", kind)
        idle = self._wanted.everything and not self.done.new_bills
        if seen is not None and idle and _age(seen) < SHORT_LISTS_SEEN_ANEW:
            return
        self._whole_list(kind, path, key)

    def _whole_list(self, kind: str, path: str, key: str) -> None:
        found = dict(self._whole(path, key))
        for name, value in found.items():
            self._journal.write(kind, name, without_links(value))
        self._gone(kind, set(found))
        self._seen(kind)

    def _operations(self) -> None:
        debts = sorted(self._journal.keys("debt"))
        read = read_below(self._wire, self.skills, "/me/debtAccount/debt", debts, "operation", "operationId")
        for number, (debt_id, operations) in enumerate(read, start=1):
            for operation in operations:
                self._journal.write("operation", str(operation["operationId"]), operation, parent=debt_id)
            self._advance("operations", number, len(debts))

    def _whole(self, path: str, key: str) -> Iterator[tuple[str, Object]]:
        listed = list(read_list(self._wire, self.skills, path, key))
        yield from ((one.key, one.value) for one in listed if one.value is not None)
        bare = [one.key for one in listed if one.value is None]
        yield from read_objects(self._wire, self.skills, path, bare)

    def _gone(self, kind: str, listed: set[str]) -> None:
        """Note what was there once and is listed no longer, and what came back."""
        for key in self._journal.keys(kind):
            if key not in listed or self._journal.knows("gone", key, kind):
                self._journal.write("gone", key, key not in listed, parent=kind)

    def _seen(self, kind: str, **facts: Any) -> None:
        self._journal.write("seen", kind, {"at": _now().isoformat(timespec="seconds"), **facts})

    # ------------------------------------------------------------ papers

    def _fetch_papers(self) -> None:
        missing = sorted(bill_id for bill_id in self._journal.marks if self._lacks("papered", bill_id))
        self._find_links([bill_id for bill_id in missing if bill_id not in self._links])
        problems: list[Fault] = []
        for number, bill_id in enumerate(missing, start=1):
            try:
                self._fetch_paper(bill_id)
            except Fault as fault:
                if fault.kind == "disk":
                    raise
                problems.append(fault)
            self._advance("papers", number, len(missing))
        if problems:
            raise Fault(
                "paper",
                f"{len(problems)} of {len(missing)} papers are missing; the first: {problems[0].message}",
            )

    def _fetch_paper(self, bill_id: str) -> None:
        bill, link = self._links.get(bill_id, ({}, ""))
        if not link:
            raise Fault("paper", f"The provider tells no link to the paper of {bill_id}.")
        self._papers.fetch(bill, link)
        self._journal.write("papered", bill_id, self._journal.marks[bill_id])
        self.done.papers += 1

    def _find_links(self, bill_ids: list[str]) -> None:
        for key, bill in read_objects(self._wire, self.skills, "/me/bill", bill_ids):
            self._keep_bill(key, bill)

    # ------------------------------------------------------------ counting without doing

    def expect(self) -> Expected:
        """Count what a run would do, in two calls at most."""
        since = self._since()
        query = {"date.from": since.isoformat()} if since else None
        answer = self._wire.get("/me/bill", query, page(1))
        found = list_of(answer, "/me/bill")
        pages = bool(found) and isinstance(found[0], dict)
        keys = [str(one["billId"]) if pages else str(one) for one in found]
        count = max(elements(answer) or 0, len(keys))
        new = count - len(keys) + sum(key not in self._journal.marks for key in keys)
        lacking = new + sum(self._lacks("detailed", bill_id) for bill_id in self._journal.marks)
        papers = new + sum(self._lacks("papered", bill_id) for bill_id in self._journal.marks)
        calls = OVERHEAD_CALLS if new or not self._journal.last("run", "finished") else 1
        calls += -(-count // PAGE) if pages else 1 + new
        calls += (
            -(-lacking // BATCH) if pages and self._batches_below(keys) else lacking * (1 if pages else 2)
        )
        return Expected(self.done.account, count, new, papers, calls, self._wire.pace.seconds_for(calls))

    def _batches_below(self, keys: list[str]) -> bool:
        return len(keys) > 1 and several_below(self._wire, "/me/bill", keys[:2], "details") is not None


def without_links(told: Object) -> Object:
    """Return the object without what opens a document: links and their passwords."""
    return {
        name: value
        for name, value in told.items()
        if name not in LINKS and not (isinstance(value, str) and "://" in value)
    }


def _now() -> datetime:
    return datetime.now(UTC)


def _age(seen: Object) -> timedelta:
    return _now() - datetime.fromisoformat(seen["at"])
