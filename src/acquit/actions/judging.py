"""The official rules, run on drafts before they have a number: the first of each form, and a sample.

A draft becomes the files that its bill will be, under a number that holds its place. A form is what decides
how they are written: the seller as printed, the VAT case, currency, language, payment, who buys. One that
passed is remembered with the version of the rules and of what writes the files. The locks of accounts are
held meanwhile, the number's never.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import islice, repeat
from pathlib import Path
from typing import Final
from zlib import crc32

from acquit.actions.page_credit import prepaid_of
from acquit.actions.page_deciding import Decided, decide_page
from acquit.actions.page_loading import Page, Scope
from acquit.core.bill import Draft, Issuing, issue
from acquit.core.down_payment import named_in
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, OrderId
from acquit.core.money import exponent
from acquit.core.official_finding import not_judged, problem_of
from acquit.core.problem import Problem
from acquit.core.snapshot import Buyer, Debit, snapshot
from acquit.documents import cii, electronic, electronic_party, ubl
from acquit.documents.paper import BillPaper
from acquit.ports import Judge, Judged, RulesNotRun
from acquit.store import acts, proven_forms, series
from acquit.store.transaction import Transaction

FAILURES_MAX: Final = 3
"""After so many drafts of a form in a page that failed, the others of it are not tried."""

AT_ONCE: Final = 50
"""Drafts that are handed over together."""

PLACEHOLDER: Final = OrderId(1)
Refused = dict[AccountId, tuple[Problem, ...]]


class CannotJudge(Conflict):
    """The official rules cannot be run here."""

    code = "rules-not-run"


log = logging.getLogger("acquit.gate")


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft that is judged: its form, and how much of it credit pays."""

    draft: Draft
    form: str
    prepaid_minor: int
    is_sampled: bool = False

    @property
    def account_ids(self) -> set[AccountId]:
        """Whose charges it has: its account, and those that share it."""
        return {self.draft.sharing.account_id, *[part.owner_id for part in self.draft.slices]}


def judged(tx: Transaction, scope: Scope, page: Page, decided: Decided) -> tuple[Page, Decided]:
    """Return the page and what is decided, with the accounts set aside whose drafts the rules refuse."""
    judge = scope.judge
    if judge is None or not decided.drafts:
        return page, decided
    seller_hash, version = snapshot(scope.seller).hash, _version(judge)
    known = proven_forms.proven(tx, seller_hash, version)
    papers = Papers(tx, scope, page)
    trials = list(trials_of(papers, decided, known, judge.one_in))
    if not trials:
        return page, decided
    bench = _Bench(judge, papers)
    try:
        bench.try_all(trials)
    except CannotJudge as error:
        log.error("official_rules_not_run", extra={"why": str(error), "drafts": len(trials)})
        acts.record(tx, scope.by, "rules_not_run", None, scope.entity.legal_entity_id, why=str(error))
        bench.give_up(trials, proven_forms.proven(tx, seller_hash, ""), str(error))
    if bench.passed:
        proven_forms.add(tx, seller_hash, version, bench.passed)
    return _set_aside(tx, scope, page, bench.refused) if bench.refused else (page, decided)


def judged_strictly(tx: Transaction, scope: Scope, page: Page, decided: Decided) -> Decided:
    """Return what is decided when every draft is judged; nothing is written.

    Raises CannotJudge when the official rules cannot be run.
    """
    judge = judge_of(scope.judge)
    papers = Papers(tx, scope, page)
    refused: Refused = {}
    for some in batched(trials_of(papers, decided, frozenset(), 0)):
        for trial, problems in zip(some, judge_all(judge, papers, some), strict=True):
            if problems:
                refused.update(dict.fromkeys(trial.account_ids, problems))
    return decide_page(_refusing(page, refused), scope) if refused else decided


def judge_of(judge: Judge | None) -> Judge:
    """Return the judge. Raises CannotJudge when this installation has none."""
    if judge is None:
        raise CannotJudge("This installation runs no official rules.")
    return judge


def batched(trials: Iterable[Trial]) -> Iterator[list[Trial]]:
    """Yield the trials by so many as are judged at once."""
    left = iter(trials)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _refusing(page: Page, refused: Refused) -> Page:
    accounts = [
        replace(each, problems=(*each.problems, *refused.get(each.account_id, ()))) for each in page.accounts
    ]
    return replace(page, accounts=accounts)


def _set_aside(tx: Transaction, scope: Scope, page: Page, refused: Refused) -> tuple[Page, Decided]:
    """Decide the page again with what the rules found, so that orders and inputs are as they would be."""
    for account_id, problems in refused.items():
        rules = sorted({each.rule or each.code for each in problems})
        acts.record(tx, scope.by, "refused_by_rules", account_id, rules=rules)
    page = _refusing(page, refused)
    return page, decide_page(page, scope)


def trials_of(papers: "Papers", decided: Decided, known: Set[str], one_in: int) -> Iterator[Trial]:
    """Yield the drafts of forms that are not known, and a sample of the others.

    Bills in a currency of three decimals have no electronic form.
    """
    period = papers.period
    prepaid = prepaid_of(decided.uses) or repeat(0, len(decided.drafts))
    for draft, prepaid_minor in zip(decided.drafts, prepaid, strict=True):
        form = _form(draft, papers.buyer_of(draft), prepaid_minor)
        is_sampled = _is_sampled(draft.sharing.account_id, period, one_in)
        if form in known and not is_sampled:
            continue
        if exponent(draft.sharing.currency) <= electronic.DECIMALS_MAX:
            yield Trial(draft, form, prepaid_minor, is_sampled)


def judge_all(judge: Judge, papers: "Papers", trials: Sequence[Trial]) -> list[tuple[Problem, ...]]:
    """Return what the rules find wrong in each draft, as CII and as UBL. Raises CannotJudge."""
    return judge_files(judge, [papers.files_of(each) for each in trials])


def judge_files(judge: Judge, files: Sequence[Sequence[Judged]]) -> list[tuple[Problem, ...]]:
    """Return what the rules find wrong in the files of each bill. Raises CannotJudge."""
    try:
        found = iter(judge.judge([one for each in files for one in each]))
    except RulesNotRun as error:
        raise CannotJudge(f"The official rules of electronic bills cannot be run: {error}") from error
    return [_one_per_rule([problem_of(told) for _ in each for told in next(found)]) for each in files]


def files_of(paper: BillPaper) -> tuple[Judged, Judged]:
    """Return the CII and the UBL of a bill."""
    bill = electronic.electronic(paper)
    is_french = electronic.is_french_exchange(paper)
    in_ubl = ubl.render(electronic.over_peppol(bill))
    return Judged(cii.render(bill), is_french), Judged(in_ubl, is_french)


def _one_per_rule(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """CII and UBL break one rule together, perhaps by several lines: it is told once."""
    return tuple({each.rule.split("_")[0]: each for each in problems}.values())


class _Bench:
    """Judges of each form one draft at a time until one passes, and the sample; keeps who is refused."""

    def __init__(self, judge: Judge, papers: "Papers") -> None:
        self._judge = judge
        self._papers = papers
        self._failures: dict[str, list[tuple[Problem, ...]]] = {}
        self.refused: Refused = {}
        self.passed: set[str] = set()

    def try_all(self, trials: Sequence[Trial]) -> None:
        """Judge until every trial has passed, by itself or with its form, or is refused.

        Raises CannotJudge.
        """
        turn = [each for each in trials if each.is_sampled]
        waiting = [each for each in trials if not each.is_sampled]
        while turn or waiting:
            first = {each.form: each for each in reversed(waiting)}
            turn += first.values()
            waiting = [each for each in waiting if each is not first[each.form]]
            for trial, problems in zip(turn, judge_all(self._judge, self._papers, turn), strict=True):
                self._hear(trial, problems)
            turn = []
            waiting = [each for each in waiting if not self._is_settled(each)]

    def _hear(self, trial: Trial, problems: tuple[Problem, ...]) -> None:
        if not problems:
            self.passed.add(trial.form)
            return
        self._failures.setdefault(trial.form, []).append(problems)
        self.refused.update(dict.fromkeys(trial.account_ids, problems))

    def _is_settled(self, trial: Trial) -> bool:
        """Whether a draft need not be judged: its form passed, or failed so often that it is refused too."""
        failures = self._failures.get(trial.form, [])
        if trial.form not in self.passed and len(failures) >= FAILURES_MAX:
            self.refused.update(dict.fromkeys(trial.account_ids, failures[-1]))
            return True
        return trial.form in self.passed

    def give_up(self, trials: Sequence[Trial], ever: Set[str], why: str) -> None:
        """Refuse what is of a form that never passed; what has one of a form that did goes on."""
        for trial in trials:
            if trial.form not in self.passed | ever and not trial.account_ids & self.refused.keys():
                self.refused.update(dict.fromkeys(trial.account_ids, (not_judged(trial.form, why),)))


def _is_sampled(account_id: AccountId, period: str, one_in: int) -> bool:
    """Whether the account is in the sample of the period: the same whoever asks."""
    return one_in > 0 and crc32(f"{account_id} {period}".encode()) % one_in == 0


class Papers:
    """Turns drafts of a page into the papers and files that their bills will be.

    What use counts is left at pieces: the rules know every unit of a meter.
    """

    def __init__(self, tx: Transaction, scope: Scope, page: Page) -> None:
        numbers = series.find(tx, scope.entity.bill_series_id)
        assert numbers is not None, "a run has looked for its series"
        self.period = str(scope.period)
        self._scope = scope
        self._page = page
        self._number = 10**numbers.digits - 1
        self._issuing = Issuing(
            scope.entity.legal_entity_id, numbers, scope.run_id, page.on, scope.clock.now(), b""
        )
        self._parties: dict[bytes, Buyer] = {}
        for account in page.accounts:
            for name, party in ((account.buyer_hash, account.buyer), (account.payer_hash, account.payer)):
                if name is not None and party is not None:
                    self._parties[name] = party

    def buyer_of(self, draft: Draft) -> Buyer:
        """Return who buys."""
        return self._parties[draft.sharing.buyer_hash]

    def paper_of(self, trial: Trial) -> BillPaper:
        """Return the draft as its bill will be printed, under the longest number that its series gives."""
        bill = issue(trial.draft, self._issuing, self._number, PLACEHOLDER, trial.prepaid_minor)
        payer_hash = bill.payer_hash
        return BillPaper(
            bill,
            self._scope.seller,
            self.buyer_of(trial.draft),
            None if payer_hash is None else self._parties.get(payer_hash),
            is_test=self._scope.entity.sandbox_of is not None,
            debit=self._debit(bill.debit_hash),
        )

    def _debit(self, name: bytes | None) -> Debit | None:
        body = next((each.body for each in self._page.snapshots if each.hash == name), None)
        return None if body is None or name is None else Debit(**json.loads(body))

    def files_of(self, trial: Trial) -> tuple[Judged, Judged]:
        """Return its CII and its UBL."""
        return files_of(self.paper_of(trial))


def _form(draft: Draft, buyer: Buyer, prepaid_minor: int) -> str:
    """Return what decides how the files of a bill are written, beside its seller."""
    sharing = draft.sharing
    return _named_form(
        draft.case.category,
        draft.case.rate_bp,
        buyer.country,
        buyer.tax_profile,
        sharing.currency,
        sharing.language,
        "debit" if sharing.debit_hash else "transfer",
        "" if not prepaid_minor else "paid" if prepaid_minor >= draft.total_minor else "part-paid",
        "" if draft.order is None else "order",
        "shared" if draft.slices else "",
        "" if sharing.payer_hash is None else "third-party",
        "" if sharing.exchange is None else f"in-{sharing.exchange.into}",
        "deducts" if named_in(draft.details) else "",
    )


@lru_cache(maxsize=4_096)
def _named_form(*parts: str | int) -> str:
    return " ".join(str(part) for part in parts if part != "")


def _version(judge: Judge) -> str:
    """Return which rules judge which files; empty when the rules are not installed."""
    return f"{judge.version}; files {_written()}" if judge.version else ""


@cache
def _written() -> str:
    """Return a name for how files are written, which is another when their code is."""
    modules = (electronic, electronic_party, cii, ubl)
    code = b"".join(Path(str(each.__file__)).read_bytes() for each in modules)
    return hashlib.sha256(code).hexdigest()[:16]
