"""Within a page of a run: what comes back and is more than is charged goes back by credit notes.

Nothing of it happens unless the seller wants it (`below_zero`). The page holds payers, accounts and orders;
the series of credit notes is taken before that of bills.
"""

from collections.abc import Sequence, Set
from dataclasses import replace

from acquit.actions.add_credit import Credit, add_lot_in
from acquit.actions.crediting import Taken, bill_in, book_note_in, note_in, set_free_in, settle_again_in
from acquit.actions.page_deciding import Decided
from acquit.actions.page_loading import Page, Scope
from acquit.actions.settling import Books
from acquit.core.account import BelowZero
from acquit.core.bill import Bill
from acquit.core.charge import ChargeKey
from acquit.core.credit import credited_taxes, taken_back
from acquit.core.credit_back import Plan, Source, planned
from acquit.core.credit_balance import CreditType
from acquit.core.debt import Operation
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.core.snapshot import snapshot
from acquit.store import acts, billables, bills, credited_charges
from acquit.store.transaction import Transaction

CREDITING = frozenset({BelowZero.CREDIT_NOTE, BelowZero.CREDIT_BALANCE})


def plan_in(tx: Transaction, scope: Scope, page: Page, decided: Decided) -> Plan:
    """Return what of the page's charges is taken back on which bills; nothing where the seller carries."""
    plan = Plan({}, ())
    if scope.entity.below_zero not in CREDITING or scope.services is not None:
        return plan
    run = scope.entity.legal_entity_id, str(scope.period)
    whose = {account.account_id: account.payer_id for account in page.accounts}
    for outcome in decided.outcomes:
        if not outcome.returned:
            continue
        services = {charge.service_id for charge in outcome.returned}
        found = credited_charges.sources(
            tx, outcome.account_id, whose[outcome.account_id], services, list(whose), run
        )
        taken = [bill_in(tx, account_id, bill_id) for account_id, bill_id in found]
        sources = [Source(each.bill, each.notes) for each in taken]
        plan = planned(outcome.account_id, outcome.returned, sources, plan)
    return plan


def without(page: Page, plan: Plan) -> Page:
    """Return the page as it is when the plan is carried out."""
    gone: Set[tuple[AccountId, ChargeKey]] = {(each.account_id, each.charge.key) for each in plan.returned}
    charges = {
        account_id: [each for each in found if (account_id, each.key) not in gone]
        for account_id, found in page.open_charges.items()
    }
    return replace(page, open_charges=charges)


def credit_in(tx: Transaction, scope: Scope, page: Page, plan: Plan) -> None:
    """Write one credit note per bill of the plan, and take the charges from those that are open."""
    books = Books(scope.entity, scope.chart, page.on, snapshot(scope.seller))
    bills.keep_snapshots(tx, [books.seller])
    notes: dict[BillId, Bill] = {}
    for bill_id in sorted(plan.parts):
        account_id = bills.account_of(tx, bill_id)
        assert account_id is not None, "a bill is never removed"
        notes[bill_id] = _credit(tx, scope, books, bill_in(tx, account_id, bill_id), plan)
    for each in plan.returned:
        note = notes[each.bill_id]
        credited_charges.add(
            tx, each.account_id, each.charge, (note.account_id, note.bill_id), each.amount_minor
        )
    closed = dict.fromkeys((each.account_id, each.charge.key) for each in plan.returned)
    billables.close_charges(tx, list(closed))


def _credit(tx: Transaction, scope: Scope, books: Books, taken: Taken, plan: Plan) -> Bill:
    bill = taken.bill
    said = [each.charge.description for each in plan.returned if each.bill_id == bill.bill_id]
    reason = "; ".join(dict.fromkeys(said))
    taken = replace(taken, details=taken_back(bill, taken.notes, plan.parts[bill.bill_id]))
    taxes = credited_taxes(bill, taken.notes, taken.details)
    total_minor = sum(each.net_minor + each.tax_minor for each in taxes)
    owed, undone = set_free_in(tx, books, taken, total_minor, books.today, reason)
    note = note_in(scope.clock, tx, books, taken, reason)
    book_note_in(tx, books, owed, note)
    settled_minor = settle_again_in(tx, books, owed.debt, undone, books.today)
    if scope.entity.below_zero is BelowZero.CREDIT_BALANCE:
        _add_credit(tx, scope, books, note, undone, settled_minor)
    acts.record(
        tx, scope.by, "credit_bill", bill.account_id, bill.bill_id, credit_note=note.bill_id, reason=reason
    )
    return note


def _add_credit(
    tx: Transaction, scope: Scope, books: Books, note: Bill, undone: Sequence[Operation], settled_minor: int
) -> None:
    """Make credit of the money that the note set free and that settles nothing again."""
    for each in undone:
        if each.deposit_payer is None or each.deposit_id is None:
            continue
        again = min(each.amount_minor, settled_minor)
        settled_minor -= again
        free_minor = each.amount_minor - again
        if free_minor and each.deposit_payer == note.payer_id:
            credit = Credit(
                free_minor, Currency(note.currency), CreditType.DEPOSIT, note.bill_id,
                deposit_id=each.deposit_id,
            )  # fmt: skip
            add_lot_in(tx, books, note.payer_id, credit, scope.by)
