"""The calls of the office about down payments, reverse bills and services that change hands."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from acquit.actions.agree_self_billing import (
    Terms,
    accept_self_billing,
    agree_self_billing,
    list_agreements,
    revoke_self_billing,
)
from acquit.actions.answer_reverse_bill import accept_reverse_bill, contest_reverse_bill, end_contest
from acquit.actions.ask_down_payment import Wanted, ask_down_payment
from acquit.actions.context import Context
from acquit.actions.issue_reverse_bill import issue_reverse_bill, take_back_reverse_bill
from acquit.actions.list_moves import list_asked_moves, list_moves, show_asked_move, show_move
from acquit.actions.list_reverse_bills import Told, Whole, list_reverse_bills, show_reverse_bill
from acquit.actions.loading import account_in, entity_in
from acquit.actions.move_service import Moved, move_service, rehearse_move
from acquit.actions.pay_reverse_bill import (
    pay_due_reverse_bills,
    pay_reverse_bill,
    set_off_reverse_bill,
)
from acquit.actions.read_supplies import supply_of
from acquit.core.bill import NoSuchBill
from acquit.core.contact_change import NoSuchContactChange
from acquit.core.down_payment import For, Standing, deductible_minor
from acquit.core.errors import Invalid, Refusal
from acquit.core.identifiers import AccountId, BillId, LegalEntityId, OrderId, ServiceId
from acquit.core.operator import Right
from acquit.core.reverse_bill import Standing as ReverseStanding
from acquit.core.self_billing import CONTEST_DAYS, TERM_DAYS, NoSuchAgreement, Regime
from acquit.core.service import NoSuchService
from acquit.office.call import Call, Door, Handler
from acquit.office.shapes import Body, Reasoned
from acquit.store import down_payments

ROWS_MAX: Final = 100
DIGITS_MAX: Final = 18


class Asked(Body):
    """A down payment: an amount without VAT, or a share (1/10,000) of an order or a service."""

    reason: str
    amount_minor: int | None = None
    percent_bp: int | None = None
    order: int | None = None
    service: int | None = None
    days: int | None = None


class Offered(Body):
    """A self-billing agreement as it is offered to an account."""

    subject: str
    reference: str
    vat: str
    on_debits: bool = False
    contest_days: int = CONTEST_DAYS
    term_days: int = TERM_DAYS
    sets_off: bool = False
    from_on: date | None = None
    until_on: date | None = None


class Signed(Body):
    """Who accepted an agreement for the account."""

    signed_by: str


class Supplies(Body):
    """What an account supplied: lines with texts as `acquit reverse-bill issue --file` reads them."""

    lines: list[dict[str, str]]
    again: bool = False


class DueBy(Body):
    """Which reverse bills are to be paid: those that fall due by a day, today without one."""

    due_by: date | None = None


class Given(Body):
    """To which account a service goes; rehearsed, nothing changes."""

    to: str
    dry_run: bool = False


# ---------------------------------------------------------------- down payments


def list_down_payments(call: Call) -> object:
    """GET /accounts/{account_id}/down-payments: the latest first; `?before=` an `order_id` goes on."""
    before = call.number_in("before", down_payments.LAST)
    with call.context.database.read() as tx:
        account_id = account_in(tx, _account_id(call)).account_id
        return [_down_payment(each) for each in down_payments.of_account(tx, account_id, before, ROWS_MAX)]


def show_down_payment(call: Call) -> object:
    """GET /accounts/{account_id}/down-payments/{bill_id}: how it stands, and what used it."""
    account_id, bill_id = _account_id(call), _bill_id(call)
    with call.context.database.snapshot() as tx:
        found = down_payments.find(tx, account_id, bill_id)
        if found is None:
            raise NoSuchBill(bill_id)
        uses = down_payments.uses(tx, account_id, bill_id)
    return _down_payment(found) | {
        "uses": [
            {"kind": each.kind, "account": each.by_account_id, "bill": each.by_bill_id,
             "net_minor": each.net_minor}
            for each in uses
        ]
    }  # fmt: skip


def ask_one(call: Call) -> object:
    """POST /accounts/{account_id}/down-payments: a numbered paper with VAT, owed like a bill."""
    given = call.read(Asked)
    if given.order is not None and given.service is not None:
        raise Invalid("Choose one of order and service.")
    what = For(
        None if given.order is None else OrderId(given.order),
        None if given.service is None else ServiceId(given.service),
    )
    wanted = Wanted(what, given.reason, given.amount_minor, given.percent_bp, given.days)
    return ask_down_payment(call.context, _account_id(call), wanted, by=call.actor)


def _down_payment(of: Standing) -> dict[str, Any]:
    sums = of.sums
    return {
        "bill": of.bill_id, "account": of.account_id, "for_order": of.what.order_id,
        "for_service": of.what.service_id, "issued_on": of.issued_on, "currency": of.currency,
        "net_minor": sums.net_minor, "tax_minor": sums.tax_minor, "paid_minor": sums.paid_minor,
        "deducted_minor": sums.deducted_minor, "credited_net_minor": sums.credited_net_minor,
        "deductible_minor": deductible_minor(sums), "order_id": of.order_id,
    }  # fmt: skip


# ---------------------------------------------------------------- reverse bills


def list_bought(call: Call) -> object:
    """GET /reverse-bills/{legal_entity_id}: of all accounts, the latest first; `?before=` an `order_id`."""
    with call.context.database.read() as tx:
        entity_id = entity_in(tx, LegalEntityId(call.path_values["legal_entity_id"])).legal_entity_id
    before = call.number_in("before", down_payments.LAST)
    return [_listed(each) for each in list_reverse_bills(call.context, entity_id, None, before, ROWS_MAX)]


def pay_due(call: Call) -> object:
    """POST /reverse-bills/{legal_entity_id}/pay: all that fell due goes into the next file of transfers."""
    given = call.read(DueBy)
    entity_id = LegalEntityId(call.path_values["legal_entity_id"])
    done = pay_due_reverse_bills(call.context, entity_id, given.due_by, by=call.actor)
    refused = [{"account": whose, "bill": bill_id, "why": why} for whose, bill_id, why in done.refused]
    return {"asked": list(done.asked), "refused": refused}


def list_supplied(call: Call) -> object:
    """GET /accounts/{account_id}/reverse-bills: the account's, the latest first."""
    account_id = _account_id(call)
    with call.context.database.read() as tx:
        account = account_in(tx, account_id)
    before = call.number_in("before", down_payments.LAST)
    found = list_reverse_bills(call.context, account.legal_entity_id, account_id, before, ROWS_MAX)
    return [_listed(each) for each in found]


def show_supplied(call: Call) -> object:
    """GET /accounts/{account_id}/reverse-bills/{bill_id}: its lines, what was said, how it is paid."""
    return _whole(show_reverse_bill(call.context, _account_id(call), _bill_id(call)))


def issue_one(call: Call) -> object:
    """POST /accounts/{account_id}/reverse-bills: what it supplied is billed in its name."""
    given = call.read(Supplies)
    lines = [supply_of(line) for line in given.lines]
    bill = issue_reverse_bill(call.context, _account_id(call), lines, by=call.actor, again=given.again)
    return _whole(show_reverse_bill(call.context, bill.account_id, bill.bill_id))


Verb = Callable[[Context, AccountId, BillId, str, str], object]


def _answering(verb: Verb, *, is_reasoned: bool = False) -> Handler:
    """Return the call of what was said about a reverse bill, or of a payment of it; the bill is told."""

    def answer(call: Call) -> object:
        account_id, bill_id = _account_id(call), _bill_id(call)
        reason = call.read(Reasoned).reason if is_reasoned else ""
        verb(call.context, account_id, bill_id, reason, call.actor)
        return _whole(show_reverse_bill(call.context, account_id, bill_id))

    return answer


accept = _answering(lambda context, whose, bill, _, by: accept_reverse_bill(context, whose, bill, by=by))
pay = _answering(lambda context, whose, bill, _, by: pay_reverse_bill(context, whose, bill, by=by))
set_off = _answering(lambda context, whose, bill, _, by: set_off_reverse_bill(context, whose, bill, by=by))
contest = _answering(
    lambda context, whose, bill, why, by: contest_reverse_bill(context, whose, bill, why, by=by),
    is_reasoned=True,
)
no_contest = _answering(
    lambda context, whose, bill, why, by: end_contest(context, whose, bill, why, by=by), is_reasoned=True
)
take_back = _answering(
    lambda context, whose, bill, why, by: take_back_reverse_bill(context, whose, bill, why, by=by),
    is_reasoned=True,
)


def list_self_billing(call: Call) -> object:
    """GET /accounts/{account_id}/self-billing: the account's agreements, the latest first."""
    return list_agreements(call.context, _account_id(call))


def offer(call: Call) -> object:
    """POST /accounts/{account_id}/self-billing: it is accepted before the first bill."""
    given = call.read(Offered)
    if given.vat not in list(Regime):
        raise Invalid(f"Choose one of {', '.join(Regime)}.")
    terms = Terms(
        given.subject, given.reference, Regime(given.vat), given.on_debits, given.contest_days,
        given.term_days, given.sets_off, given.from_on, given.until_on,
    )  # fmt: skip
    return agree_self_billing(call.context, _account_id(call), terms, by=call.actor)


def accept_offer(call: Call) -> object:
    """POST /accounts/{account_id}/self-billing/{number}/accept."""
    number, who = _number(call, NoSuchAgreement), call.read(Signed).signed_by
    return accept_self_billing(call.context, _account_id(call), number, who, by=call.actor)


def revoke(call: Call) -> object:
    """POST /accounts/{account_id}/self-billing/{number}/revoke: bills that were made under it stay."""
    number, reason = _number(call, NoSuchAgreement), call.read(Reasoned).reason
    return revoke_self_billing(call.context, _account_id(call), number, reason, by=call.actor)


def _listed(of: Told) -> dict[str, Any]:
    bill = of.bill
    return {
        "bill": bill.bill_id, "account": bill.account_id, "kind": bill.kind,
        "takes_back": bill.corrects_bill_id, "issued_on": bill.issued_on, "due_on": bill.due_on,
        "currency": bill.currency, "net_minor": bill.net_minor, "tax_minor": bill.tax_minor,
        "total_minor": bill.total_minor, "order_id": bill.order_id,
    } | _standing(of.standing)  # fmt: skip


def _standing(of: ReverseStanding | None) -> dict[str, Any]:
    """What became of a bill; nothing for a credit note."""
    if of is None:
        return {"state": "credit"}
    return {
        "state": of.state.value, "contest_until": of.contest_until, "accepted_on": of.accepted_on,
        "set_off_minor": of.set_off_minor, "paid_minor": of.paid_minor, "paying_minor": of.paying_minor,
        "open_minor": of.open_minor, "taken_back_by": of.taken_back_by,
    }  # fmt: skip


def _whole(of: Whole) -> dict[str, Any]:
    bill = of.bill
    return {
        "bill": bill.bill_id, "account": bill.account_id, "kind": bill.kind.value,
        "takes_back": bill.corrects_bill_id, "issued_on": bill.issued_on, "due_on": bill.due_on,
        "currency": bill.currency, "net_minor": bill.net_minor, "tax_minor": bill.tax_minor,
        "total_minor": bill.total_minor, "payment_reference": bill.payment_reference,
    } | _standing(of.standing) | {
        "lines": [
            {"line": each.detail_no, "reference": each.domain, "description": each.description,
             "quantity_e4": each.quantity_e4, "unit_price_ucents": each.unit_price_ucents,
             "net_minor": each.net_minor, "vat_rate_bp": each.vat_rate_bp, "from_on": each.period_start,
             "to_on": each.period_end}
            for each in bill.details
        ],
        "said": of.said, "payments": of.payments, "set_offs": of.set_offs,
    }  # fmt: skip


# ---------------------------------------------------------------- services that change hands


def list_all_moves(call: Call) -> object:
    """GET /service-moves/{legal_entity_id}: what accounts asked for and what went, the latest first.

    `?before=` the number that a service became, `?asked_before=` that of a change go on.
    """
    with call.context.database.read() as tx:
        entity_id = entity_in(tx, LegalEntityId(call.path_values["legal_entity_id"])).legal_entity_id
    return _moves(call, entity_id, None)


def list_moves_of(call: Call) -> object:
    """GET /accounts/{account_id}/service-moves: those that the account gave, took, asked or was asked."""
    account_id = _account_id(call)
    with call.context.database.read() as tx:
        account = account_in(tx, account_id)
    return _moves(call, account.legal_entity_id, account_id)


def show_one_move(call: Call) -> object:
    """GET /accounts/{account_id}/service-moves/{number}: where its service of that number went."""
    return show_move(call.context, _account_id(call), ServiceId(_number(call, NoSuchService)))


def show_one_asked(call: Call) -> object:
    """GET /accounts/{account_id}/contact-changes/{number}: what was asked, and who said what to it."""
    return show_asked_move(call.context, _account_id(call), _number(call, NoSuchContactChange))


def give(call: Call) -> object:
    """POST /accounts/{account_id}/services/{number}/move: it is the other account's from today on."""
    given, number = call.read(Given), ServiceId(_number(call, NoSuchService))
    act = rehearse_move if given.dry_run else move_service
    done = act(call.context, _account_id(call), number, AccountId(given.to), by=call.actor)
    return _moved(done) | {"dry_run": given.dry_run}


def _moves(call: Call, entity_id: LegalEntityId, account_id: AccountId | None) -> dict[str, Any]:
    before, asked_before = call.number_in("before", down_payments.LAST), call.number_in("asked_before", 0)
    return {
        "asked": list_asked_moves(call.context, entity_id, account_id, asked_before or None, ROWS_MAX),
        "moved": list_moves(call.context, entity_id, account_id, before, ROWS_MAX),
    }


def _moved(of: Moved) -> dict[str, Any]:
    charges = [(of.ended.account_id, each) for each in of.back]
    charges += [(of.service.account_id, each) for each in of.charges]
    return {
        "from": of.ended.account_id, "service": of.ended.service_id, "to": of.service.account_id,
        "to_service": of.service.service_id, "name": of.service.resource_name,
        "moved_on": of.service.started_on, "next_renewal_on": of.service.next_renewal_on,
        "options": [each.service_id for each in of.options],
        "charges": [
            {"account": whose, "service": each.service_id, "description": each.description,
             "from_on": each.period_start, "to_on": each.period_end, "net_minor": each.net_minor,
             "currency": each.currency}
            for whose, each in charges
        ],
    }  # fmt: skip


_DOWN: Final = "/accounts/{account_id}/down-payments"
_REVERSE: Final = "/accounts/{account_id}/reverse-bills"
_BILLING: Final = "/accounts/{account_id}/self-billing"
_MOVES: Final = "/accounts/{account_id}/service-moves"

DOORS: Final = (
    Door("GET", _DOWN, list_down_payments),
    Door("POST", _DOWN, ask_one, Right.RUN_BILLS),
    Door("GET", f"{_DOWN}/{{bill_id}}", show_down_payment),
    Door("GET", "/reverse-bills/{legal_entity_id}", list_bought),
    Door("POST", "/reverse-bills/{legal_entity_id}/pay", pay_due, Right.GIVE_UP_MONEY),
    Door("GET", _REVERSE, list_supplied),
    Door("POST", _REVERSE, issue_one, Right.MAKE_REVERSE_BILLS, 1_000_000),
    Door("GET", f"{_REVERSE}/{{bill_id}}", show_supplied),
    Door("POST", f"{_REVERSE}/{{bill_id}}/accept", accept, Right.MAKE_REVERSE_BILLS),
    Door("POST", f"{_REVERSE}/{{bill_id}}/contest", contest, Right.MAKE_REVERSE_BILLS),
    Door("POST", f"{_REVERSE}/{{bill_id}}/end-contest", no_contest, Right.MAKE_REVERSE_BILLS),
    Door("POST", f"{_REVERSE}/{{bill_id}}/take-back", take_back, Right.MAKE_REVERSE_BILLS),
    Door("POST", f"{_REVERSE}/{{bill_id}}/pay", pay, Right.GIVE_UP_MONEY),
    Door("POST", f"{_REVERSE}/{{bill_id}}/set-off", set_off, Right.SETTLE_DEBTS),
    Door("GET", _BILLING, list_self_billing),
    Door("POST", _BILLING, offer, Right.MAKE_REVERSE_BILLS),
    Door("POST", f"{_BILLING}/{{number}}/accept", accept_offer, Right.MAKE_REVERSE_BILLS),
    Door("POST", f"{_BILLING}/{{number}}/revoke", revoke, Right.MAKE_REVERSE_BILLS),
    Door("GET", "/service-moves/{legal_entity_id}", list_all_moves),
    Door("GET", _MOVES, list_moves_of),
    Door("GET", f"{_MOVES}/{{number}}", show_one_move),
    Door("GET", "/accounts/{account_id}/contact-changes/{number}", show_one_asked),
    Door("POST", "/accounts/{account_id}/services/{number}/move", give, Right.CHANGE_SERVICES),
)


def _account_id(call: Call) -> AccountId:
    return AccountId(call.path_values["account_id"])


def _bill_id(call: Call) -> BillId:
    return BillId(call.path_values["bill_id"])


def _number(call: Call, missing: type[Refusal]) -> int:
    text = call.path_values["number"]
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise missing("There is nothing of this number.")
    return int(text)
