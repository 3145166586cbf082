"""The calls of the office about receivables: disputes, write-offs, refunds, dunning, events of acquirers."""

from datetime import date
from typing import Any, Final

from acquit.actions.arrange_dunning import history_of, promise_to_pay
from acquit.actions.open_dispute import (
    add_message,
    assign_dispute,
    close_dispute,
    credit_dispute,
    open_dispute,
    show_dispute,
    waiting_disputes,
)
from acquit.actions.refund_money import (
    approve_refund,
    refund_money,
    refunds_in_state,
    refuse_refund_asked,
)
from acquit.actions.run_dunning import run_dunning
from acquit.actions.take_acquirer_events import take_event, take_payout
from acquit.actions.take_method_events import take_method_event
from acquit.actions.write_off_debt import (
    approve_write_off,
    list_write_offs,
    refuse_write_off,
    write_off_debt,
)
from acquit.core.acquirer import Payout
from acquit.core.acquirer_file import read_event
from acquit.core.dispute import DisputeState, NoSuchDispute
from acquit.core.errors import Invalid, Refusal
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId, OperatorId
from acquit.core.method_on_file import MethodEvent
from acquit.core.operator import Right
from acquit.core.refund import NoSuchRefund, RefundState
from acquit.core.write_off import NoSuchWriteOff
from acquit.office.call import Call, Door
from acquit.office.shapes import Body, Reasoned

DIGITS_MAX: Final = 18
EVENTS_MAX: Final = 10_000
EVENTS_BYTES_MAX: Final = 8 * 1024 * 1024


class Disputed(Body):
    """So much of a bill, or of a line of it, that an account objects to."""

    bill: str
    amount_minor: int
    reason: str
    line: int | None = None
    deadline_on: date | None = None


class Said(Body):
    """What is said about a dispute."""

    body: str


class Assigned(Body):
    """Who answers for a dispute, and by when."""

    owner: str | None = None
    deadline_on: date | None = None


class Closed(Body):
    """How a dispute ends."""

    state: str
    outcome: str
    document: str | None = None


class GivenUp(Body):
    """So much of a debt that is given up; all that is open without an amount."""

    debt: int
    reason: str
    amount_minor: int | None = None


class GivenBack(Body):
    """So much of a deposit that goes back; all that is unapplied without an amount."""

    deposit: str
    reason: str
    amount_minor: int | None = None


class Chasing(Body):
    """Which seller's late debts are chased, or rehearsed."""

    legal_entity: str | None = None
    dry_run: bool = False


class Promised(Body):
    """So much that a payer promised by a day."""

    amount_minor: int
    due_on: date
    words: str = ""


class Told(Body):
    """Events of one acquirer, as it sent them."""

    events: list[Any]


class TooManyEvents(Invalid):
    """More events than one call takes."""

    code = "too-many-events"


# ---------------------------------------------------------------- disputes


def list_disputes(call: Call) -> object:
    """GET /disputes: what is open, the first to be answered before the others."""
    return list(waiting_disputes(call.context))


def show_one(call: Call) -> object:
    """GET /accounts/{account_id}/disputes/{number}: a dispute and what was said about it."""
    dispute, messages = show_dispute(call.context, _account_id(call), _number(call, NoSuchDispute))
    return {"dispute": dispute, "messages": messages}


def open_one(call: Call) -> object:
    """POST /accounts/{account_id}/disputes: the account objects; the rest of the bill stays due."""
    given = call.read(Disputed)
    return open_dispute(
        call.context, _account_id(call), BillId(given.bill), given.amount_minor, given.reason,
        detail_no=given.line, deadline_on=given.deadline_on, by=call.actor,
    )  # fmt: skip


def say(call: Call) -> object:
    """POST /accounts/{account_id}/disputes/{number}/messages."""
    number = _number(call, NoSuchDispute)
    return add_message(call.context, _account_id(call), number, call.read(Said).body, by=call.actor)


def assign(call: Call) -> object:
    """POST /accounts/{account_id}/disputes/{number}/assign."""
    given, number = call.read(Assigned), _number(call, NoSuchDispute)
    owner = None if given.owner is None else OperatorId(given.owner)
    return assign_dispute(
        call.context, _account_id(call), number, owner, given.deadline_on, by=call.actor
    )  # fmt: skip


def credit_one(call: Call) -> object:
    """POST /accounts/{account_id}/disputes/{number}/credit: a credit note gives back what is disputed."""
    number, reason = _number(call, NoSuchDispute), call.read(Reasoned).reason
    dispute, note = credit_dispute(call.context, _account_id(call), number, reason, by=call.actor)
    return {"dispute": dispute, "credit_note": note.bill_id}


def close_one(call: Call) -> object:
    """POST /accounts/{account_id}/disputes/{number}/close: rejected, or with the document it ends in."""
    given, number = call.read(Closed), _number(call, NoSuchDispute)
    if given.state not in list(DisputeState):
        raise Invalid(f"Choose one of {', '.join(DisputeState)}.")
    document = None if given.document is None else BillId(given.document)
    state = DisputeState(given.state)
    return close_dispute(
        call.context, _account_id(call), number, state, given.outcome, document, by=call.actor
    )  # fmt: skip


# ---------------------------------------------------------------- given up, given back


def list_losses(call: Call) -> object:
    """GET /write-offs: what waits for a second person."""
    return list_write_offs(call.context)


def ask_loss(call: Call) -> object:
    """POST /accounts/{account_id}/write-offs."""
    given = call.read(GivenUp)
    return write_off_debt(
        call.context, _account_id(call), DebtId(given.debt), given.reason, given.amount_minor, by=call.actor
    )  # fmt: skip


def approve_loss(call: Call) -> object:
    """POST /accounts/{account_id}/write-offs/{number}/approve: by a second person."""
    number = _number(call, NoSuchWriteOff)
    return approve_write_off(call.context, _account_id(call), number, by=call.actor)


def refuse_loss(call: Call) -> object:
    """POST /accounts/{account_id}/write-offs/{number}/refuse."""
    number, reason = _number(call, NoSuchWriteOff), call.read(Reasoned).reason
    return refuse_write_off(call.context, _account_id(call), number, reason, by=call.actor)


def list_refunds(call: Call) -> object:
    """GET /refunds: what waits for a second person, and what is to be paid."""
    return {
        state.value: refunds_in_state(call.context, state)
        for state in (RefundState.ASKED, RefundState.APPROVED)
    }


def ask_refund(call: Call) -> object:
    """POST /accounts/{account_id}/refunds."""
    given = call.read(GivenBack)
    return refund_money(
        call.context, _account_id(call), given.deposit, given.reason, given.amount_minor, by=call.actor
    )  # fmt: skip


def approve_one(call: Call) -> object:
    """POST /accounts/{account_id}/refunds/{number}/approve: by a second person."""
    return approve_refund(call.context, _account_id(call), _number(call, NoSuchRefund), by=call.actor)


def refuse_one(call: Call) -> object:
    """POST /accounts/{account_id}/refunds/{number}/refuse."""
    number, reason = _number(call, NoSuchRefund), call.read(Reasoned).reason
    return refuse_refund_asked(call.context, _account_id(call), number, reason, by=call.actor)


# ---------------------------------------------------------------- dunning, acquirers


def chase(call: Call) -> object:
    """POST /dunning: chase what is late as of today, or rehearse it."""
    given = call.read(Chasing)
    chosen = None if given.legal_entity is None else LegalEntityId(given.legal_entity)
    return run_dunning(call.context, chosen, rehearse=given.dry_run, by=call.actor)


def show_history(call: Call) -> object:
    """GET /accounts/{account_id}/dunning: what was done about a payer's late debts, newest first."""
    return history_of(call.context, _account_id(call))


def promise(call: Call) -> object:
    """POST /accounts/{account_id}/promises: until its day so much is not chased."""
    given = call.read(Promised)
    return promise_to_pay(
        call.context, _account_id(call), given.amount_minor, given.due_on, given.words, by=call.actor
    )  # fmt: skip


def take_in(call: Call) -> object:
    """POST /acquirers/{acquirer}/events: each event and payout once; refused ones are told, others count."""
    events = call.read(Told).events
    if len(events) > EVENTS_MAX:
        raise TooManyEvents(f"A call takes at most {EVENTS_MAX} events, this one has {len(events)}.")
    taken, refused = [], []
    for place, told in enumerate(events):
        try:
            event = read_event(call.path_values["acquirer"], told)
            if isinstance(event, MethodEvent):
                taken.append(take_method_event(call.context, event, by=call.actor))
            elif isinstance(event, Payout):
                taken.append(take_payout(call.context, event, by=call.actor))
            else:
                taken.append(take_event(call.context, event, by=call.actor))
        except Refusal as refusal:
            refused.append({"place": place, "code": refusal.code, "detail": refusal.message})
    return {"taken": taken, "refused": refused}


DOORS: Final = (
    Door("GET", "/disputes", list_disputes),
    Door("POST", "/accounts/{account_id}/disputes", open_one, Right.CORRECT_BILLS),
    Door("GET", "/accounts/{account_id}/disputes/{number}", show_one),
    Door("POST", "/accounts/{account_id}/disputes/{number}/messages", say, Right.CORRECT_BILLS),
    Door("POST", "/accounts/{account_id}/disputes/{number}/assign", assign, Right.CORRECT_BILLS),
    Door("POST", "/accounts/{account_id}/disputes/{number}/credit", credit_one, Right.CORRECT_BILLS),
    Door("POST", "/accounts/{account_id}/disputes/{number}/close", close_one, Right.CORRECT_BILLS),
    Door("GET", "/write-offs", list_losses),
    Door("POST", "/accounts/{account_id}/write-offs", ask_loss, Right.GIVE_UP_MONEY),
    Door("POST", "/accounts/{account_id}/write-offs/{number}/approve", approve_loss, Right.GIVE_UP_MONEY),
    Door("POST", "/accounts/{account_id}/write-offs/{number}/refuse", refuse_loss, Right.GIVE_UP_MONEY),
    Door("GET", "/refunds", list_refunds),
    Door("POST", "/accounts/{account_id}/refunds", ask_refund, Right.GIVE_UP_MONEY),
    Door("POST", "/accounts/{account_id}/refunds/{number}/approve", approve_one, Right.GIVE_UP_MONEY),
    Door("POST", "/accounts/{account_id}/refunds/{number}/refuse", refuse_one, Right.GIVE_UP_MONEY),
    Door("POST", "/dunning", chase, Right.CHASE),
    Door("GET", "/accounts/{account_id}/dunning", show_history),
    Door("POST", "/accounts/{account_id}/promises", promise, Right.CHASE),
    Door("POST", "/acquirers/{acquirer}/events", take_in, Right.SETTLE_DEBTS, EVENTS_BYTES_MAX),
)


def _account_id(call: Call) -> AccountId:
    return AccountId(call.path_values["account_id"])


def _number(call: Call, missing: type[Refusal]) -> int:
    text = call.path_values["number"]
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise missing("There is nothing of this number.")
    return int(text)
