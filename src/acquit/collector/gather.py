"""Gather what one account has: bills, what stands beside them (credit notes, down payments, corrective
and reverse bills), all with details and papers; debts, methods, orders, sub-accounts.

Idempotent: what the journal knows is not asked again, but the last weeks of bills, open debts and the short
lists are looked at anew. Where a run is broken off, by whatever, the next goes on at the call that was
missing. Document links are used and thrown away; they never enter the journal.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Final

from acquit.collector.contents import Advance, Contents, Papers, without_links
from acquit.collector.families import BILL, OTHERS, Family
from acquit.collector.fault import Fault
from acquit.collector.gathered import Expected, Gathered, Wanted
from acquit.collector.journal import Journal, day_of
from acquit.collector.lists import (
    BATCH_BELOW,
    PAGE,
    REFUSED,
    Listed,
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
from acquit.collector.others import Others
from acquit.collector.seen import Clock, Seen
from acquit.collector.wire import Wire

OVERLAP: Final = timedelta(days=35)
DEBTS_SEEN_ANEW: Final = timedelta(hours=20)
NOTED_ANEW: Final = timedelta(hours=1)
SHORT_LISTS_SEEN_ANEW: Final = timedelta(days=7)
FORMS_SEEN_ANEW: Final = timedelta(hours=20)
FORMS_SEEN_ANEW_SINGLY: Final = timedelta(days=7)
"""How often the last weeks' bills are read anew where a list tells keys alone: fifty a call, or one."""
ANEW_MAX: Final = 200
"""More bills are not read anew where their list cannot be asked by date."""
SERVICES_MAX: Final = 500
"""More of them cost too many calls where a list tells keys alone."""
OPERATIONS_SINGLY: Final = 10
"""More debts that moved cost too many calls where each is a call; they wait for `--only operation`."""
OVERHEAD_CALLS: Final = 12
"""The account, what is no bill (four lists), debts, their operations, methods, orders, sub-accounts,
services; bills by date, once."""
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
STOPPING: Final = frozenset({"credentials", "disk", "clock", "endpoint", "network", "limit"})


class Gathering:
    """One run over one account."""

    def __init__(
        self, name: str, wire: Wire, journal: Journal, papers: Papers, wanted: Wanted, advance: Advance,
        clock: Clock,
    ) -> None:  # fmt: skip
        self.done = Gathered(name)
        self._now = clock
        self.skills = Skills()
        self._recalled = False
        self._wire, self._journal = wire, journal
        self._wanted, self._advance = wanted, advance
        self._seen = Seen(journal, clock)
        self._contents = Contents(wire, self.skills, journal, papers, advance, self.done)
        self._others = Others(wire, self.skills, journal, self._contents, self._seen, wanted, self.done)

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
        self._note_skills()
        self._journal.sync()
        self.done.notes = self._others.notes()
        self.done.calls = self._wire.calls
        return self.done

    def _note_end(self) -> None:
        """Note the end of a whole run, at most once an hour: tables are made anew when the journal grows."""
        last = self._journal.last("run", "finished")
        if last is None or self.done.new_bills or self._seen.age(last) >= NOTED_ANEW:
            self._journal.write("run", "finished", {"at": self._now().isoformat(timespec="seconds")})

    def _steps(self) -> dict[str, Callable[[], None]]:
        def short(kind: str) -> Callable[[], None]:
            return lambda: self._short_list(kind, *SHORT_LISTS[kind])

        def other(family: Family) -> Callable[[], None]:
            return lambda: self._others.gather(family)

        return {
            "account": self._account,
            "bill": self._bills,
            **{family.kind: other(family) for family in OTHERS},
            "detail": self._details,
            "debt": self._debts,
            **{kind: short(kind) for kind in SHORT_LISTS},
            "operation": self._operations,
            "service": self._services,
            "paper": lambda: self._contents.fetch_papers(self._others.leave_out),
        }

    # ------------------------------------------------------------ bills

    def _account(self) -> None:
        if self._seen.is_due("account", SHORT_LISTS_SEEN_ANEW) or not self._journal.knows("account", "me"):
            found = object_of(self._wire.get("/me"), "/me")
            self._journal.write("account", "me", {name: found.get(name) for name in ACCOUNT_MEMBERS})
            self._seen.note("account")

    def _bills(self) -> None:
        whole = self._wanted.since is None and self._seen.is_due("list", SHORT_LISTS_SEEN_ANEW)
        since = None if whole else self._since()
        keys: list[str] = []
        for one in self._listed(since):
            self.done.bills += 1
            if one.value is not None:
                self._contents.keep(BILL, one.key, one.value)
            else:
                keys.append(one.key)
        forms_are_due = not self.skills.pages and self._forms_are_due()
        anew = self._anew(keys, since) if forms_are_due else set()
        bare = [key for key in keys if key in anew or not self._journal.knows("bill", key)]
        read = read_objects(self._wire, self.skills, "/me/bill", bare)
        for number, (key, bill) in enumerate(read, start=1):
            self._contents.keep(BILL, key, bill)
            self._advance("bills", number, len(bare))
        if whole:
            self._seen.note("list")
        if forms_are_due:
            self._seen.note("forms", batch=bool(self.skills.batch))
        if whole:
            self._learn_filter()
        self._journal.sync()

    def _listed(self, since: date | None) -> Iterator[Listed]:
        """Yield the bills from the day on, all where the provider knows no such filter.

        Raises Fault, also when there is no list at all.
        """
        for query in [{"date.from": since.isoformat()}] if since else []:
            try:
                yield from read_list(self._wire, self.skills, "/me/bill", "billId", query)
                return
            except Fault as fault:
                if fault.kind != "answer":
                    raise
                self._seen.note("filter", refused=True)
        yield from read_list(self._wire, self.skills, "/me/bill", "billId")

    def _learn_filter(self) -> None:
        """Find out, with a whole list, whether bills can be asked by date: then no idle run needs two."""
        newest = self._journal.newest_bill_on
        if newest is None or self._seen.last("filter"):
            return
        answer = self._wire.get("/me/bill", {"date.from": newest.isoformat()}, page(1, 1))
        if answer.ok or (answer.status == HTTPStatus.BAD_REQUEST and answer.code not in REFUSED):
            self._seen.note("filter", refused=not answer.ok)

    def _refuses_dates(self) -> bool:
        return bool((self._seen.last("filter") or {}).get("refused"))

    def _forms_are_due(self) -> bool:
        """Whether bills of the last weeks are read anew although they are known: has one changed?"""
        if self._wanted.since is not None:
            return True
        seen = self._seen.last("forms")
        rare = seen is not None and not seen.get("batch") and not self.skills.batch
        return self._seen.is_due("forms", FORMS_SEEN_ANEW_SINGLY if rare else FORMS_SEEN_ANEW)

    def _anew(self, listed: list[str], since: date | None) -> set[str]:
        """Return the keys of the last weeks' bills; none where too many cannot be told from old ones."""
        recent = listed if since else [one.key for one in self._listed(self._since())]
        by_date = not self._refuses_dates() or self._wanted.since is not None
        return set(recent) if by_date or len(recent) <= ANEW_MAX else set()

    def _since(self) -> date | None:
        """Return the day from which bills are listed.

        As wanted, else some weeks before the newest known one.
        """
        if self._wanted.since is not None:
            return self._wanted.since
        if not self._journal.last("run", "finished") or self._refuses_dates():
            return None
        newest = self._journal.newest_bill_on
        return newest - OVERLAP if newest is not None else None

    def _details(self) -> None:
        self._recall_skill()
        self._contents.details(self._others.leave_out)

    # ------------------------------------------------------------ what moves

    def _debts(self) -> None:
        path = "/me/debtAccount/debt"
        seen = self._seen.last("debt")
        if seen is not None and not self._debts_may_have_moved(seen):
            return
        owed, next_due = 0, None

        def watched() -> Iterator[tuple[str, Object]]:
            nonlocal owed, next_due
            for key, debt in self._whole(path, "debtId"):
                if debt.get("status", "UNPAID") in OWED:
                    owed += 1
                    if (due_on := day_of(debt.get("dueDate"))) is not None:
                        next_due = min(due_on, next_due or due_on)
                yield key, debt

        self._keep_list("debt", watched())
        self._seen.note("debt", owed=owed, next_due_on=next_due.isoformat() if next_due else None)

    def _debts_may_have_moved(self, seen: Object) -> bool:
        """Something owed: look again after some hours.

        Nothing owed and no new bill: after a week, for a payment may have come back.
        """
        if self._wanted.only or self.done.new_bills or self.done.changed_bills or self.done.new_others:
            return True
        if not seen["owed"]:
            return self._seen.age(seen) >= SHORT_LISTS_SEEN_ANEW
        matured = (
            seen["next_due_on"]
            and seen["next_due_on"] < self._now().date().isoformat()
            and self._seen.age(seen) > timedelta(hours=1)
        )
        return bool(matured) or self._seen.age(seen) > DEBTS_SEEN_ANEW

    def _short_list(self, kind: str, path: str, key: str) -> None:
        seen = self._seen.last(kind)
        idle = self._wanted.everything and not self.done.new_bills
        if seen is not None and idle and self._seen.age(seen) < SHORT_LISTS_SEEN_ANEW:
            return
        self._whole_list(kind, path, key)

    def _whole_list(self, kind: str, path: str, key: str) -> None:
        self._keep_list(kind, self._whole(path, key))
        self._seen.note(kind)

    def _keep_list(self, kind: str, found: Iterable[tuple[str, Object]]) -> None:
        """Keep what is listed, and once the list has ended note what is listed no longer."""
        listed = set()
        for name, value in found:
            self._journal.write(kind, name, without_links(value))
            listed.add(name)
        self._gone(kind, listed)

    def _services(self) -> None:
        """Read the services weekly, where that takes few calls and the key may; when named in any case."""
        path, key = SERVICES
        if "service" in self._wanted.only:
            return self._whole_list("service", path, key)
        if not self._seen.is_due("service", SHORT_LISTS_SEEN_ANEW):
            return None
        try:
            listed = list(read_list(self._wire, self.skills, path, key))
        except Fault as fault:
            if fault.kind != "right":
                raise
            return self._seen.note("service")
        bare = [one.key for one in listed if one.value is None]
        if not bare or (self._can_batch() and len(bare) <= SERVICES_MAX):
            found = {one.key: one.value for one in listed if one.value is not None}
            found |= dict(read_objects(self._wire, self.skills, path, bare))
            self._keep_list("service", found.items())
        return self._seen.note("service")

    def _operations(self) -> None:
        """Read the operations of debts that moved since, where many take one call or there are few.

        When named, of all.
        """
        self._recall_skill()
        if "operation" in self._wanted.only:
            debts = list(self._journal.keys("debt"))
            return self._operations_of([debts], len(debts))
        total = self._journal.count_lacking("debt", "operated")
        if total <= OPERATIONS_SINGLY or self._can_batch_below():
            self._operations_of(self._journal.lacking("debt", "operated"), total)
        return None

    def _operations_of(self, blocks: Iterable[list[str]], total: int) -> None:
        done = 0
        for debts in blocks:
            read = read_below(
                self._wire, self.skills, "/me/debtAccount/debt", debts, "operation", "operationId"
            )
            for debt_id, operations in read:
                for operation in operations:
                    told = without_links(operation)
                    self._journal.write("operation", str(operation["operationId"]), told, parent=debt_id)
                self._journal.write("operated", debt_id, self._journal.mark("debt", debt_id))
                self._advance("operations", done := done + 1, total)

    def _can_batch(self) -> bool:
        """Whether several objects come in one call, as this run or the last one that tried found."""
        return self._found("batch")

    def _can_batch_below(self) -> bool:
        """Whether the operations of several debts come in one call; tried on two unless it is known."""
        if self.skills.batch_below is None and not self._found("batch_below"):
            two = next(self._journal.lacking("debt", "operated"))[:2]
            told = several_below(self._wire, "/me/debtAccount/debt", two, "operation")
            self.skills.batch_below = told is not None
        return self._found("batch_below")

    def _recall_skill(self) -> None:
        """A try below several objects that failed within the last week is not made again."""
        if self.skills.batch_below is None and not self._seen.is_due("no_batch_below", SHORT_LISTS_SEEN_ANEW):
            self.skills.batch_below = False
            self._recalled = True

    def _found(self, skill: str) -> bool:
        told = getattr(self.skills, skill)
        before = self._seen.last("skills") or {}
        return bool(before.get(skill) if told is None else told)

    def _note_skills(self) -> None:
        before = self._seen.last("skills") or {}
        if self.skills.batch_below is False and not self._recalled and not before.get("batch_below"):
            self._seen.note("no_batch_below")
        told = {name: self._found(name) for name in ("batch", "batch_below")}
        if told != self._seen.last("skills") and any(told.values()):
            self._journal.write("seen", "skills", told)

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

    # ------------------------------------------------------------ counting without doing

    def expect(self) -> Expected:
        """Count what a run would do, in two calls at most; what is no bill counts once its list was read."""
        since = self._since()
        query = {"date.from": since.isoformat()} if since else None
        answer = self._wire.get("/me/bill", query, page(1))
        found = list_of(answer, "/me/bill")
        pages = bool(found) and isinstance(found[0], dict)
        keys = [str(one["billId"]) if pages else str(one) for one in found]
        count = max(elements(answer) or 0, len(keys))
        new = count - len(keys) + sum(not self._journal.knows("bill", key) for key in keys)
        lacking, papers = (new + self._contents.lacking(mark) for mark in ("detailed", "papered"))
        calls = OVERHEAD_CALLS if new or not self._journal.last("run", "finished") else 1
        calls += -(-count // PAGE) if pages else 1 + new
        calls += (
            -(-lacking // BATCH_BELOW)
            if pages and self._batches_below(keys)
            else lacking * (1 if pages else 2)
        )
        return Expected(self.done.account, count, new, papers, calls, self._wire.pace.seconds_for(calls))

    def _batches_below(self, keys: list[str]) -> bool:
        return len(keys) > 1 and several_below(self._wire, "/me/bill", keys[:2], "details") is not None


def now() -> datetime:
    """Return the instant that this machine's clock tells."""
    return datetime.now(UTC)
