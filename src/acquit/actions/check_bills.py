"""Run the official rules of electronic bills on demand: over an account's drafts, and over issued bills.

Nothing is written. A draft is judged as the files that its bill would be; an issued bill as the bytes that
were archived, or, while it has none, as those that it will have.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from acquit.actions.context import Context
from acquit.actions.judging import (
    AT_ONCE,
    Papers,
    batched,
    files_of,
    judge_all,
    judge_files,
    judge_of,
    trials_of,
)
from acquit.actions.loading import account_in, today_of
from acquit.actions.page_deciding import decide_page
from acquit.actions.page_loading import load
from acquit.actions.run_pages import scope_in
from acquit.core import bill_run
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.core.problem import Problem
from acquit.documents.electronic import is_electronic, is_french_exchange
from acquit.documents.facturx import attached
from acquit.documents.forms import PDF, UBL
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import specimen
from acquit.ports import Archive, Judged
from acquit.store import documents
from acquit.store.documents import BillKey
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """A draft that was judged: what it comes to, its form, and what is wrong."""

    account: AccountId
    form: str
    details: int
    total_minor: int
    currency: Currency
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedDrafts:
    """What an account would be billed in a month; `problems` are the gate's, and then there is no draft."""

    account: AccountId
    period: str
    rules: str
    drafts: tuple[CheckedDraft, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and not any(each.problems for each in self.drafts)


@dataclass(frozen=True, slots=True)
class CheckedBills:
    """How many issued bills were judged, by which rules, and which of them break one."""

    rules: str
    bills: int
    wrong: tuple[tuple[BillKey, tuple[Problem, ...]], ...]


def check_drafts(
    context: Context, account_id: AccountId, period: str | None = None, *, by: str
) -> CheckedDrafts:
    """Return what the gate and the official rules say of what the account would be billed in a month.

    Raises NoSuchAccount, BadPeriod, CannotRun, CannotJudge.
    """
    judge = judge_of(context.judge)
    with context.database.snapshot() as tx:
        account = account_in(tx, account_id)
        month = bill_run.period(period or f"{today_of(context, tx, account):%Y-%m}")
        scope = scope_in(context, tx, account.legal_entity_id, month, None, by)
        page = load(tx, scope, [account_id])
        decided = decide_page(page, scope)
        papers = Papers(tx, scope, page)
        found = []
        for some in batched(trials_of(papers, decided, frozenset(), 0)):
            for trial, problems in zip(some, judge_all(judge, papers, some), strict=True):
                draft = trial.draft
                found.append(
                    CheckedDraft(
                        draft.sharing.account_id, trial.form, len(draft.details), draft.total_minor,
                        draft.sharing.currency,
                        problems,
                    )
                )  # fmt: skip
    parked = tuple(dict.fromkeys(each for told in decided.parked.values() for each in told))
    return CheckedDrafts(account_id, str(month), judge.version, tuple(found), parked)


def check_issued(
    context: Context, one_in: int = 1, progress: Callable[[int], None] | None = None
) -> CheckedBills:
    """Return which issued bills break an official rule; of `one_in` one is judged, the same each time.

    Raises CannotJudge.
    """
    judge = judge_of(context.judge)
    wrong: list[tuple[BillKey, tuple[Problem, ...]]] = []
    count = 0
    for keys in _sampled(context, one_in):
        with context.database.snapshot() as tx:
            files = _files(tx, context.archive, keys)
        for key, problems in zip(files, judge_files(judge, list(files.values())), strict=True):
            if problems:
                wrong.append((key, problems))
        count += len(files)
        if progress is not None:
            progress(len(keys))
    return CheckedBills(judge.version, count, tuple(wrong))


def check_rules(context: Context) -> CheckedBills:
    """Return which rules there are, having run them over a bill that was never issued. Raises CannotJudge."""
    judge = judge_of(context.judge)
    paper = specimen()
    (problems,) = judge_files(judge, [files_of(paper)])
    key = (paper.bill.account_id, paper.bill.bill_id)
    return CheckedBills(judge.version, 1, ((key, problems),) if problems else ())


def _sampled(context: Context, one_in: int) -> Iterator[list[BillKey]]:
    """Yield the keys of issued bills, by so many as are judged at once."""
    after = ("", "")
    while True:
        with context.database.read() as tx:
            keys = documents.issued_after(tx, after, AT_ONCE * one_in)
        if not keys:
            return
        after = keys[-1]
        if some := [key for key in keys if crc32(key[1].encode()) % one_in == 0]:
            yield some


def _files(tx: Transaction, archive: Archive, keys: Sequence[BillKey]) -> dict[BillKey, tuple[Judged, ...]]:
    """Return the CII and the UBL of the bills that have an electronic form."""
    found = {}
    for printed in documents.printed(tx, keys):
        paper = BillPaper(
            printed.bill, printed.seller, printed.buyer, printed.payer, printed.corrected_on, printed.logo,
            printed.is_test, printed.debit, printed.units,
        )  # fmt: skip
        if is_electronic(paper):
            key = (paper.bill.account_id, paper.bill.bill_id)
            found[key] = _archived(tx, archive, key, paper)
    return found


def _archived(tx: Transaction, archive: Archive, key: BillKey, paper: BillPaper) -> tuple[Judged, ...]:
    """Return what was archived; what is not there yet, or carries no CII inside, as it would be now."""
    now = files_of(paper)
    is_french = is_french_exchange(paper)
    pdf = documents.find(tx, AccountId(key[0]), paper.bill.bill_id, PDF)
    in_ubl = documents.find(tx, AccountId(key[0]), paper.bill.bill_id, UBL)
    inside = None if pdf is None else attached(archive.get(pdf.sha256))
    return (
        now[0] if inside is None else Judged(inside, is_french),
        now[1] if in_ubl is None else Judged(archive.get(in_ubl.sha256), is_french),
    )
