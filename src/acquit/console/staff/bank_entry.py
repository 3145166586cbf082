"""One entry of a bank in the office: what it is, what may explain it, and everything that a person can do."""

from collections.abc import Callable, Mapping
from typing import Final

from acquit.actions.bank_inbox import Story, Unexplained, bank_story
from acquit.actions.bank_told import told_unexplained
from acquit.actions.match_by_hand import Choice, NoBillNamed, Outcome, match_by_hand
from acquit.actions.own_entries import link_deposit, link_refund
from acquit.actions.refund_money import refund_money
from acquit.actions.unmatch_entry import set_entry_aside, unmatch_entry
from acquit.console import typed
from acquit.console.listing import is_number
from acquit.console.staff.seller import number_in, seller_page, sellers_in
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.bank_entry import NoSuchBankEntry
from acquit.core.identifiers import AccountId, BillId
from acquit.core.match import OpenDebt
from acquit.core.money import Currency
from acquit.core.refund import NoSuchRefund
from acquit.store import accounts, bank_evidence, bank_files, bank_matches, bank_own
from acquit.store.bank_lists import Became
from acquit.store.bank_matches import in_suspense

DEBTS_MAX: Final = 30
LINES: Final = 3


def show_entry(visit: Visit) -> Page:
    """GET /office/bank/entries/{entry_id}: with `payer` in the query its open bills are offered to split."""
    entry_id = number_in(visit, "entry_id", NoSuchBankEntry)
    story = bank_story(visit.context, entry_id)
    entry = story.stored.entry
    waits = in_suspense(story.moves) == entry.amount_minor > 0
    with visit.snapshot() as tx:
        owner = bank_files.legal_entity_of(tx, entry_id)
        sellers = sellers_in(visit, tx)
        assert owner is not None, "the story was told"
        in_inbox = entry_id in bank_matches.waiting(tx, owner, entry_id - 1, 1)
        decisions = bank_matches.waiting_decisions(tx, owner, entry_id=entry_id)
        payer_id = _payer(visit, story)
        debts = bank_evidence.open_of_payers(tx, [payer_id]).get(payer_id, []) if payer_id else []
        recorded = bank_own.recorded(tx, owner, [entry.amount_minor]) if waits else []
        is_payer = payer_id is not None and accounts.find(tx, payer_id) is not None
    became = Became(story.match.rule if story.match else None, False, "", in_inbox, not in_inbox)
    return seller_page(
        "bank_entry.html", visit, sellers,
        story=story, entry=entry, entry_id=entry_id, waits=waits, became=became, decisions=decisions,
        told=told_unexplained(_unexplained(story)), payer_id=payer_id, is_payer=is_payer,
        debts=_offered(debts, entry.currency), debts_more=max(len(debts) - DEBTS_MAX, 0),
        lines=range(1, LINES + 1), recorded=recorded,
        deposits=[move for move in story.moves if move.kind == "deposit"] if story.match else [],
    )  # fmt: skip


def change_entry(visit: Visit) -> Reply:
    """POST /office/bank/entries/{entry_id}: what the form's button says."""
    entry_id = number_in(visit, "entry_id", NoSuchBankEntry)
    verb = typed.one_of(visit.form.text("verb"), list(VERBS))
    return VERBS[verb](visit, entry_id)


def _accept(visit: Visit, entry_id: int) -> Reply:
    rank = visit.form.text("rank")
    choice = Choice(rank=int(typed.one_of(rank, [rank] if is_number(rank) else [])))
    outcome = match_by_hand(visit.context, entry_id, choice, by=visit.actor)
    return _matched(visit, outcome)


def _split(visit: Visit, entry_id: int) -> Reply:
    currency = bank_story(visit.context, entry_id).stored.entry.currency
    payer, bills = visit.form.text("payer"), _bills(visit, currency)
    if not bills and not payer:
        raise NoBillNamed("Say which bills or which payer the entry is of.")
    choice = Choice(
        None, tuple(bills.items()), AccountId(payer) if payer else None,
        bool(visit.form.text("write_off")), bool(visit.form.text("use_credit")),
    )  # fmt: skip
    return _matched(visit, match_by_hand(visit.context, entry_id, choice, by=visit.actor))


def _undo(visit: Visit, entry_id: int) -> Reply:
    outcome = unmatch_entry(visit.context, entry_id, visit.form.text("reason"), by=visit.actor)
    return _there(entry_id, "entry-undone" if outcome.decision_no is None else "entry-waits")


def _aside(visit: Visit, entry_id: int) -> Reply:
    owner = set_entry_aside(visit.context, entry_id, visit.form.text("reason"), by=visit.actor)
    return Redirect(f"/office/bank?seller={owner}&done=entry-aside")


def _link_refund(visit: Visit, entry_id: int) -> Reply:
    payer, _, number = visit.form.text("refund").rpartition("/")
    if not is_number(number):
        raise NoSuchRefund("A refund is named by its account and number, as in ab12345-acq/7.")
    link_refund(visit.context, entry_id, AccountId(payer), int(number), by=visit.actor)
    return _there(entry_id, "entry-linked")


def _link_deposit(visit: Visit, entry_id: int) -> Reply:
    payer, _, number = visit.form.text("deposit").partition("/")
    link_deposit(visit.context, entry_id, AccountId(payer), number, by=visit.actor)
    return _there(entry_id, "entry-linked")


def _give_back(visit: Visit, entry_id: int) -> Reply:
    payer, _, number = visit.form.text("deposit").partition("/")
    currency = bank_story(visit.context, entry_id).stored.entry.currency
    amount = typed.amount(visit.form.text("amount"), currency)
    refund_money(
        visit.context, AccountId(payer), number, visit.form.text("reason"), amount, by=visit.actor
    )  # fmt: skip
    return _there(entry_id, "entry-back")


VERBS: Final[Mapping[str, Callable[[Visit, int], Reply]]] = {
    "accept": _accept,
    "split": _split,
    "undo": _undo,
    "aside": _aside,
    "refund": _link_refund,
    "deposit": _link_deposit,
    "back": _give_back,
}


def _matched(visit: Visit, outcome: Outcome) -> Reply:
    """Go on in the inbox, where the match can be undone; what waits for a second person is shown itself."""
    if outcome.decision_no is not None:
        return _there(outcome.entry_id, "entry-waits")
    with visit.read() as tx:
        owner = bank_files.legal_entity_of(tx, outcome.entry_id)
    return Redirect(f"/office/bank?seller={owner}&entry={outcome.entry_id}")


def _there(entry_id: int, done: str) -> Redirect:
    return Redirect(f"/office/bank/entries/{entry_id}?done={done}")


def _bills(visit: Visit, currency: Currency) -> dict[BillId, int | None]:
    """Return the ticked bills and those typed, each with its amount; without one all that is open is paid."""
    found: dict[BillId, int | None] = {}
    for bill in visit.form.chosen("pay:"):
        found[BillId(bill)] = typed.amount(visit.form.text(f"part:{bill}"), currency)
    for line in range(1, LINES + 1):
        if bill := visit.form.text(f"bill{line}"):
            found[BillId(bill)] = typed.amount(visit.form.text(f"amount{line}"), currency)
    return found


def _payer(visit: Visit, story: Story) -> AccountId | None:
    typed_one = visit.form.text("payer") or visit.query.get("payer", "").strip()
    if typed_one:
        return AccountId(typed_one[:40])
    return story.proposals[0].payer_id if story.proposals else None


def _offered(debts: list[OpenDebt], currency: Currency) -> list[OpenDebt]:
    return [debt for debt in debts if debt.currency == currency and debt.open_minor > 0][:DEBTS_MAX]


def _unexplained(story: Story) -> Unexplained:
    return Unexplained(story.stored, story.proposals, story.why)
