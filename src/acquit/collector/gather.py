"""Gather what one account has: its bills with details and papers, debts, methods, orders, sub-accounts.

Idempotent: what the journal knows is not asked again, but the last weeks of bills, open debts and the short
lists are looked at anew. Where a run is broken off, by whatever, the next goes on at the call that was
missing. Document links are used and thrown away; they never enter the journal.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Protocol

from acquit.collector.fault import Fault
from acquit.collector.gathered import Expected, Gathered, Wanted
from acquit.collector.journal import Journal, day_of
from acquit.collector.lists import (
    BATCH_BELOW,
    PAGE,
    REFUSED,
    Listed,
    Object,
    Objects,
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
FORMS_SEEN_ANEW: Final = timedelta(hours=20)
FORMS_SEEN_ANEW_SINGLY: Final = timedelta(days=7)
"""How often the last weeks' bills are read anew where a list tells keys alone: fifty a call, or one."""
ANEW_MAX: Final = 200
"""More bills are not read anew where their list cannot be asked by date."""
SERVICES_MAX: Final = 500
"""More of them cost too many calls where a list tells keys alone."""
OPERATIONS_SINGLY: Final = 10
"""More debts that moved cost too many calls where each is a call; they wait for `--only operation`."""
DETAILS_A_LINE: Final = 500
"""Also written in the query of `bill_detail`: a line of the journal stays small."""
OVERHEAD_CALLS: Final = 8
"""The account, debts, their operations, methods, orders, sub-accounts, services; bills by date, once."""
LINKS: Final = frozenset({"password", "pdfUrl", "url", "htmlUrl"})
OWED: Final = frozenset({"UNPAID", "TO_BE_PAID", "UNMATURED"})
PATH_MEMBERS: Final = ("billId", "date", "priceWithTax")
LINKS_KEPT: Final = 20_000
"""Links beyond them are asked for again when their papers are fetched, hours later."""
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
STOPPING: Final = frozenset({"credentials", "disk", "clock", "endpoint", "network", "limit"})

Clock = Callable[[], datetime]
"""Tells the instant, in UTC."""
Advance = Callable[[str, int, int], None]
"""Told after each step: what is being gathered, how many are done, how many there are."""


class Papers(Protocol):
    """Where papers go."""

    def fetch(self, bill: Object, link: str, mark: str) -> None:
        """Save the paper of the bill, in the form of this mark, behind the link. Raises Fault."""
        ...

    def resume(self, bill_id: str, mark: str) -> bool:
        """Return whether that paper was saved already, by a run that could not say so any more."""
        ...


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
        self._wire, self._journal, self._papers = wire, journal, papers
        self._wanted, self._advance = wanted, advance
        self._links: dict[str, tuple[Object, str]] = {}
        """The newest links to papers, with what names the file."""

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
        self.done.calls = self._wire.calls
        return self.done

    def _note_end(self) -> None:
        """Note the end of a whole run, at most once an hour: tables are made anew when the journal grows."""
        last = self._journal.last("run", "finished")
        if last is None or self.done.new_bills or self._age(last) >= NOTED_ANEW:
            self._journal.write("run", "finished", {"at": self._now().isoformat(timespec="seconds")})

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
            "service": self._services,
            "paper": self._fetch_papers,
        }

    # ------------------------------------------------------------ bills

    def _account(self) -> None:
        if self._is_due("account", SHORT_LISTS_SEEN_ANEW) or not self._journal.knows("account", "me"):
            found = object_of(self._wire.get("/me"), "/me")
            self._journal.write("account", "me", {name: found.get(name) for name in ACCOUNT_MEMBERS})
            self._seen("account")

    def _bills(self) -> None:
        whole = self._wanted.since is None and self._is_due("list", SHORT_LISTS_SEEN_ANEW)
        since = None if whole else self._since()
        keys: list[str] = []
        for one in self._listed(since):
            self.done.bills += 1
            if one.value is not None:
                self._keep_bill(one.key, one.value)
            else:
                keys.append(one.key)
        forms_are_due = not self.skills.pages and self._forms_are_due()
        anew = self._anew(keys, since) if forms_are_due else set()
        bare = [key for key in keys if key in anew or not self._journal.knows("bill", key)]
        read = read_objects(self._wire, self.skills, "/me/bill", bare)
        for number, (key, bill) in enumerate(read, start=1):
            self._keep_bill(key, bill)
            self._advance("bills", number, len(bare))
        if whole:
            self._seen("list")
        if forms_are_due:
            self._seen("forms", batch=bool(self.skills.batch))
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
                self._seen("filter", refused=True)
        yield from read_list(self._wire, self.skills, "/me/bill", "billId")

    def _learn_filter(self) -> None:
        """Find out, with a whole list, whether bills can be asked by date: then no idle run needs two."""
        newest = self._journal.newest_bill_on
        if newest is None or self._journal.last("seen", "filter"):
            return
        answer = self._wire.get("/me/bill", {"date.from": newest.isoformat()}, page(1, 1))
        if answer.ok or (answer.status == HTTPStatus.BAD_REQUEST and answer.code not in REFUSED):
            self._seen("filter", refused=not answer.ok)

    def _refuses_dates(self) -> bool:
        return bool((self._journal.last("seen", "filter") or {}).get("refused"))

    def _forms_are_due(self) -> bool:
        """Whether bills of the last weeks are read anew although they are known: has one changed?"""
        if self._wanted.since is not None:
            return True
        seen = self._journal.last("seen", "forms")
        rare = seen is not None and not seen.get("batch") and not self.skills.batch
        return self._is_due("forms", FORMS_SEEN_ANEW_SINGLY if rare else FORMS_SEEN_ANEW)

    def _anew(self, listed: list[str], since: date | None) -> set[str]:
        """Return the keys of the last weeks' bills; none where too many cannot be told from old ones."""
        recent = listed if since else [one.key for one in self._listed(self._since())]
        by_date = not self._refuses_dates() or self._wanted.since is not None
        return set(recent) if by_date or len(recent) <= ANEW_MAX else set()

    def _is_due(self, what: str, after: timedelta) -> bool:
        seen = self._journal.last("seen", what)
        return seen is None or self._age(seen) >= after

    def _keep_bill(self, key: str, bill: Object) -> None:
        before = self._journal.mark("bill", key)
        self._journal.write("bill", key, without_links(bill))
        self.done.new_bills += before is None
        self.done.changed_bills += before not in (None, self._journal.mark("bill", key))
        link = bill.get("pdfUrl") or bill.get("url")
        if link and self._lacks("papered", key) and len(self._links) < LINKS_KEPT:
            self._links[key] = ({name: bill.get(name) for name in PATH_MEMBERS}, str(link))

    def _lacks(self, mark: str, bill_id: str) -> bool:
        """Return whether the details or the paper of the bill, as it is now, are still to be fetched."""
        return bool(self._journal.last(mark, bill_id) != self._journal.mark("bill", bill_id))

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
        total, done = self._journal.count_lacking("bill", "detailed"), 0
        self._recall_skill()
        for missing in self._journal.lacking("bill", "detailed"):
            read = read_below(self._wire, self.skills, "/me/bill", missing, "details", "billDetailId")
            for bill_id, details in read:
                self._keep_details(bill_id, details)
                self._advance("details", done := done + 1, total)

    def _keep_details(self, bill_id: str, details: Objects) -> None:
        for part, start in enumerate(range(0, len(details), DETAILS_A_LINE)):
            chunk = [without_links(one) for one in details[start : start + DETAILS_A_LINE]]
            self._journal.write("details", str(part), chunk, parent=bill_id)
        self._journal.write("count", bill_id, len(details))
        self._journal.write("detailed", bill_id, self._journal.mark("bill", bill_id))
        self.done.details += len(details)

    # ------------------------------------------------------------ what moves

    def _debts(self) -> None:
        path = "/me/debtAccount/debt"
        seen = self._journal.last("seen", "debt")
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
        self._seen("debt", owed=owed, next_due_on=next_due.isoformat() if next_due else None)

    def _debts_may_have_moved(self, seen: Object) -> bool:
        """Something owed: look again after some hours.

        Nothing owed and no new bill: after a week, for a payment may have come back.
        """
        if self._wanted.only or self.done.new_bills or self.done.changed_bills:
            return True
        if not seen["owed"]:
            return self._age(seen) >= SHORT_LISTS_SEEN_ANEW
        matured = (
            seen["next_due_on"]
            and seen["next_due_on"] < self._now().date().isoformat()
            and self._age(seen) > timedelta(hours=1)
        )
        return bool(matured) or self._age(seen) > DEBTS_SEEN_ANEW

    def _short_list(self, kind: str, path: str, key: str) -> None:
        seen = self._journal.last("seen", kind)
        idle = self._wanted.everything and not self.done.new_bills
        if seen is not None and idle and self._age(seen) < SHORT_LISTS_SEEN_ANEW:
            return
        self._whole_list(kind, path, key)

    def _whole_list(self, kind: str, path: str, key: str) -> None:
        self._keep_list(kind, self._whole(path, key))
        self._seen(kind)

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
        if not self._is_due("service", SHORT_LISTS_SEEN_ANEW):
            return None
        try:
            listed = list(read_list(self._wire, self.skills, path, key))
        except Fault as fault:
            if fault.kind != "right":
                raise
            return self._seen("service")
        bare = [one.key for one in listed if one.value is None]
        if not bare or (self._can_batch() and len(bare) <= SERVICES_MAX):
            found = {one.key: one.value for one in listed if one.value is not None}
            found |= dict(read_objects(self._wire, self.skills, path, bare))
            self._keep_list("service", found.items())
        return self._seen("service")

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
        if self.skills.batch_below is None and not self._is_due("no_batch_below", SHORT_LISTS_SEEN_ANEW):
            self.skills.batch_below = False
            self._recalled = True

    def _found(self, skill: str) -> bool:
        told = getattr(self.skills, skill)
        before = self._journal.last("seen", "skills") or {}
        return bool(before.get(skill) if told is None else told)

    def _note_skills(self) -> None:
        before = self._journal.last("seen", "skills") or {}
        if self.skills.batch_below is False and not self._recalled and not before.get("batch_below"):
            self._seen("no_batch_below")
        told = {name: self._found(name) for name in ("batch", "batch_below")}
        if told != self._journal.last("seen", "skills") and any(told.values()):
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

    def _age(self, seen: Object) -> timedelta:
        """Return how long ago that was; a clock that was set back makes nothing young."""
        return abs(self._now() - datetime.fromisoformat(seen["at"]))

    def _seen(self, kind: str, **facts: Any) -> None:
        self._journal.write("seen", kind, {"at": self._now().isoformat(timespec="seconds"), **facts})

    # ------------------------------------------------------------ papers

    def _fetch_papers(self) -> None:
        total, tried = self._journal.count_lacking("bill", "papered"), 0
        failed, first = 0, ""
        for block in self._journal.lacking("bill", "papered"):
            missing = [bill_id for bill_id in block if not self._resume_paper(bill_id)]
            self._find_links([bill_id for bill_id in missing if bill_id not in self._links])
            for bill_id in missing:
                try:
                    self._fetch_paper(bill_id)
                except Fault as fault:
                    if fault.kind == "disk":
                        raise
                    failed, first = failed + 1, first or fault.message
                self._advance("papers", tried := tried + 1, total)
        if failed:
            raise Fault("paper", f"{failed} of {tried} papers are missing; the first: {first}")

    def _resume_paper(self, bill_id: str) -> bool:
        mark = self._mark(bill_id)
        return self._papers.resume(bill_id, mark) and self._journal.write("papered", bill_id, mark)

    def _fetch_paper(self, bill_id: str) -> None:
        bill, link = self._links.pop(bill_id, ({}, ""))
        if not link:
            raise Fault("paper", f"The provider tells no link to the paper of {bill_id}.")
        self._papers.fetch(bill, link, self._mark(bill_id))
        self._journal.write("papered", bill_id, self._mark(bill_id))
        self.done.papers += 1

    def _mark(self, bill_id: str) -> str:
        """Return what the bill, which is known, stands for."""
        return self._journal.mark("bill", bill_id) or ""

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
        new = count - len(keys) + sum(not self._journal.knows("bill", key) for key in keys)
        lacking = new + self._journal.count_lacking("bill", "detailed")
        papers = new + self._journal.count_lacking("bill", "papered")
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


def without_links(told: Object) -> Object:
    """Return the object without what opens a document: links and their passwords."""
    return {
        name: value
        for name, value in told.items()
        if name not in LINKS and not (isinstance(value, str) and "://" in value)
    }


def now() -> datetime:
    """Return the instant that this machine's clock tells."""
    return datetime.now(UTC)
