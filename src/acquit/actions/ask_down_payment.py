"""Ask for a down payment: a numbered paper with VAT, owed and booked before what it is for is supplied."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.actions.bill_page import debt_of, draws_of
from acquit.actions.context import Context
from acquit.actions.crediting import issuing_in
from acquit.actions.defer_papers import defer_papers
from acquit.actions.judging import Papers, Trial, files_of, judge_files
from acquit.actions.loading import account_in, require_staff
from acquit.actions.page_deciding import rules_of
from acquit.actions.page_loading import Page, Scope, exchanges_in, load
from acquit.actions.run_pages import scope_in
from acquit.actions.settling import Books, book_in, books_in, hold_in
from acquit.core.account import Account
from acquit.core.bill import Bill, BillKind, Draft, issue
from acquit.core.bill_run import Billable, Rules, decide, period
from acquit.core.charge import Charge
from acquit.core.down_payment import (
    ASKED,
    BadDownPayment,
    For,
    NoDownPayment,
    advances_minor,
    asked_text,
    share_of,
)
from acquit.core.identifiers import AccountId, BillingGroupId, OrderId, ServiceId
from acquit.core.journal import EntryKind, Role, bill_postings, require_role
from acquit.core.money import E4_PER_ONE, Currency, amount_minor, plain, ucents_per_minor
from acquit.core.numbering import Series, document_id
from acquit.core.operator import Right
from acquit.core.printed_text import REASON_MAX, refuse_texts
from acquit.core.purchase_order import PurchaseOrder
from acquit.core.service import NoSuchService, State
from acquit.core.service_order import NoSuchOrder, OrderState
from acquit.core.set_up import down_payment_series_of
from acquit.core.terms import Method, Term, due_on
from acquit.documents import electronic
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, bills, debts, down_payments, purchase_orders, series, service_orders, services
from acquit.store.transaction import Transaction

DAYS_MAX: Final = 366


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a net amount, or a share of what the order, or a period of the service, costs.

    `reason` is printed. `days` is how soon it falls due; None: as bills of the account do.
    """

    what: For
    reason: str
    amount_minor: int | None = None
    percent_bp: int | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The amount, its currency, and how the line names what it is for."""

    amount_minor: int
    currency: Currency
    named: str | OrderId
    domain: str = ""
    group_id: BillingGroupId | None = None


def ask_down_payment(context: Context, account_id: AccountId, wanted: Wanted, *, by: str) -> Bill:
    """The account owes a down payment, with VAT as its bills bear it; the next bills deduct what is paid.

    Raises NoSuchAccount, NoSuchOrder, NoSuchService, BadText, BadDownPayment, NoDownPayment with every
    problem, CannotRun, ChartIncomplete, CannotJudge, StaffOnly, RoleForbids.
    """
    refuse_texts([("The reason", " ".join(wanted.reason.split()))], missing_glyphs, REASON_MAX)
    if not wanted.reason.strip():
        raise BadDownPayment("A down payment needs a reason: it is printed on it.")
    with context.database.write() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [account_id])
        purchase_orders.lock_concerning(tx, [account_id])
        books = books_in(context, tx, account.legal_entity_id)
        require_role(books.chart, account.legal_entity_id, Role.DOWN_PAYMENT)
        asked = _asked(tx, account, wanted, books.today)
        month = period(f"{books.today:%Y-%m}")
        scope = scope_in(context, tx, account.legal_entity_id, month, None, by)
        page = _page(tx, scope, account_id, asked.currency, books.today)
        final = _draft(scope, page, account_id, wanted, asked)
        numbers = down_payment_series_of(books.entity)
        series.ensure(tx, numbers)
        _judge(tx, scope, page, numbers, final)
        bills.keep_snapshots(tx, [*page.snapshots, books.seller])
        return _issue(context, tx, books, final, wanted, numbers, by)


def _asked(tx: Transaction, account: Account, wanted: Wanted, on: date) -> _Asked:
    """Return what is asked for. Raises NoSuchOrder, NoSuchService, NoDownPayment, BadDownPayment."""
    if (wanted.amount_minor is None) == (wanted.percent_bp is None):
        raise BadDownPayment("Say either an amount or a percentage.")
    if wanted.amount_minor is not None and wanted.amount_minor <= 0:
        raise BadDownPayment("A down payment is of more than nothing.")
    if wanted.what.order_id is not None:
        found = _of_order(tx, account.account_id, wanted, wanted.what.order_id, on)
    elif wanted.what.service_id is not None:
        found = _of_service(tx, account.account_id, wanted, wanted.what.service_id)
    elif wanted.amount_minor is None:
        raise BadDownPayment(
            "A percentage is of an order or of a service; of neither it has to be an amount."
        )
    else:
        named = " ".join(wanted.reason.split())
        found = _Asked(wanted.amount_minor, account.currency, named)
    if found.amount_minor <= 0:
        raise BadDownPayment("A down payment is of more than nothing.")
    return found


def _of_order(tx: Transaction, account_id: AccountId, wanted: Wanted, order_id: OrderId, on: date) -> _Asked:
    order = service_orders.find(tx, account_id, order_id)
    if order is None:
        raise NoSuchOrder(order_id)
    if order.state(on) is OrderState.LAPSED:
        raise NoDownPayment(f"Order {order_id} lapsed: nothing will be supplied on it.")
    billed = service_orders.first_bills(tx, account_id, [order_id]).get(order_id)
    if billed is not None:
        raise NoDownPayment(f"Order {order_id} is on bill {billed} already: ask for one of its services.")
    left = order.net_minor - down_payments.asked_for_order(tx, account_id, order_id)
    minor = _amount(wanted, order.net_minor)
    if minor > left:
        raise NoDownPayment(
            f"Order {order_id} costs {plain(order.net_minor, order.currency)} {order.currency} net, of which "
            f"{plain(left, order.currency)} was not asked for yet; {plain(minor, order.currency)} is more."
        )
    return _Asked(minor, order.currency, order_id, str(order_id))


def _of_service(tx: Transaction, account_id: AccountId, wanted: Wanted, service_id: ServiceId) -> _Asked:
    service = services.find(tx, account_id, service_id)
    if service is None:
        raise NoSuchService(f"Account {account_id} has no service {service_id}.", service=str(service_id))
    if service.state is State.TERMINATED:
        raise NoDownPayment(f"Service {service_id} has ended: nothing more will be supplied.")
    price = amount_minor(service.quantity_e4, service.unit_price_ucents, service.currency)
    named = service.display_name or service.resource_name
    return _Asked(_amount(wanted, price), service.currency, named, group_id=service.billing_group_id)


def _amount(wanted: Wanted, net_minor: int) -> int:
    if wanted.amount_minor is not None:
        return wanted.amount_minor
    assert wanted.percent_bp is not None, "an amount or a percentage was asked for"
    return share_of(net_minor, wanted.percent_bp)


def _page(tx: Transaction, scope: Scope, account_id: AccountId, currency: Currency, on: date) -> Page:
    """Return the account as a page of a bill run has it, on the day of the down payment."""
    page = load(tx, scope, [account_id])
    accounting = scope.entity.currency
    exchanges = exchanges_in(tx, {currency} - {accounting}, accounting, on)
    return replace(page, on=on, exchanges=exchanges)


def _draft(scope: Scope, page: Page, account_id: AccountId, wanted: Wanted, asked: _Asked) -> Draft:
    """Return the draft, decided as bills of the account are, and due when it is wanted.

    Raises NoDownPayment with every problem, BadDownPayment.
    """
    account = next(each for each in page.accounts if each.account_id == account_id)
    account = replace(account, problems=())
    rules = rules_of(page, scope)
    orders = [page.orders[each] for each in page.orders_of.get(account_id, ())]
    charge = Charge(
        ServiceId(0), ASKED, page.on, page.on, asked_text(account.language, asked.named), asked.domain,
        E4_PER_ONE, asked.amount_minor * ucents_per_minor(asked.currency), asked.currency,
        billing_group_id=asked.group_id,
    )  # fmt: skip
    found = _decided(account, charge, orders, rules)
    if wanted.days is None:
        return found
    if wanted.days < 0:
        raise BadDownPayment("A down payment falls due on its day or later.")
    term = Term(wanted.days, Method.NET)
    if wanted.days > DAYS_MAX or due_on(page.on, term) > due_on(page.on, found.sharing.term):
        raise BadDownPayment(
            f"Bills of {account_id} fall due after {found.sharing.term}: no later than that."
        )
    return _decided(replace(account, grants=()), charge, orders, replace(rules, default_term=term))


def _decided(account: Billable, charge: Charge, orders: Sequence[PurchaseOrder], rules: Rules) -> Draft:
    outcome, _ = decide(account, [charge], orders, rules)
    if outcome.problems:
        raise NoDownPayment(" ".join(map(str, outcome.problems)), account=account.account_id)
    if outcome.holds:
        raise NoDownPayment(
            f"The purchase order is {outcome.holds[0].reason}, and the account wants such bills held.",
            account=account.account_id,
        )
    return outcome.drafts[0]


def _judge(tx: Transaction, scope: Scope, page: Page, numbers: Series, final: Draft) -> None:
    """Have the official rules judge what the paper's files will be. Raises NoDownPayment, CannotJudge."""
    if scope.judge is None:
        return
    paper = Papers(tx, scope, page).paper_of(Trial(final, "", 0))
    number = document_id(numbers, 10**numbers.digits - 1)
    paper = replace(paper, bill=replace(paper.bill, kind=BillKind.DOWN_PAYMENT, bill_id=number))
    if not electronic.is_electronic(paper):
        return
    problems = judge_files(scope.judge, [files_of(paper)])[0]
    if problems:
        raise NoDownPayment(" ".join(map(str, problems)), account=final.sharing.account_id)


def _issue(
    context: Context, tx: Transaction, books: Books, final: Draft, wanted: Wanted, numbers: Series, by: str
) -> Bill:
    """Number it, write it, open its debt and book it; nothing is refused from here on."""
    (order_id,) = bills.next_order_ids(tx, 1)
    block = series.take(tx, numbers.series_id, 1, books.today, or_later=True)
    issuing = issuing_in(context.clock, books, block)
    issued = issue(final, issuing, block.first, OrderId(order_id))
    made = replace(
        issued,
        kind=BillKind.DOWN_PAYMENT,
        category="purchase",
        note=" ".join(wanted.reason.split()),
        details=tuple(replace(line, part=issued.bill_id) for line in issued.details),
    )
    bills.write(tx, [made], block.series.series_id, [block.first])
    down_payments.add(tx, made.account_id, made.bill_id, wanted.what)
    debts.write(tx, [debt_of(made)])
    postings = bill_postings(
        books.chart, made.net_minor, made.tax_minor, made.currency, books.entity.vat_on_debits,
        advances_minor(made),
    )  # fmt: skip
    book_in(tx, made.account_id, EntryKind.BILL, made.issued_on, made.bill_id, postings)
    purchase_orders.draw(tx, draws_of([made]))
    defer_papers(tx.connection, [made])
    acts.record(
        tx, by, "ask_down_payment", made.account_id, made.bill_id, order=wanted.what.order_id,
        service=wanted.what.service_id, net_minor=made.net_minor, currency=made.currency,
        percent_bp=wanted.percent_bp,
    )  # fmt: skip
    return made
