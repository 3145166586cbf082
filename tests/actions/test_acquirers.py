"""Acquirers: events once, charge-backs whole, payouts with fees, and no card number."""

from dataclasses import replace
from datetime import date

import pytest

from acquit.actions.context import Context
from acquit.actions.refund_money import list_refunds
from acquit.actions.settle_debt import return_payment
from acquit.actions.take_acquirer_events import events_of, take_event, take_payout
from acquit.core.acquirer import (
    BadEvent,
    BadPayout,
    CardNumber,
    Event,
    EventDiffers,
    EventKind,
    NotPaid,
    Payout,
    refuse_card_numbers,
)
from acquit.core.debt import CannotReverse
from acquit.core.identifiers import AccountId
from acquit.store.transaction import Database
from billed import failed
from founding import ACME, LAB, PETIT
from owing import EUR, debt_of, ledger, open_of, operations_of, owing

ON = date(2026, 11, 23)


def event(
    context: Context, event_id: str, kind: EventKind, account_id: AccountId, minor: int, *paid: AccountId
) -> Event:
    bills = tuple(debt_of(context, each).bill_id for each in paid)
    payment = f"pay-{account_id}"
    return Event("stripe", event_id, kind, payment, account_id, EUR, minor, ON, bills)


def test_a_card_pays_two_bills_once_and_is_paid_out_less_the_fee(database: Database) -> None:
    context = owing(database)
    take_event(context, event(context, "e0", EventKind.AUTHORISED, ACME, 2_400), by="system")
    paid = event(context, "e1", EventKind.PAID, ACME, 2_400, ACME, LAB)
    taken = take_event(context, paid, by="system")
    assert (taken.is_new, taken.settled_minor) == (True, 2_400)
    assert not take_event(context, paid, by="system").is_new
    assert open_of(context, ACME) == open_of(context, LAB) == 0
    assert ledger(context)["511500"] == 2_400
    assert failed(context) == {}
    take_event(context, event(context, "e2", EventKind.PAID, PETIT, 1_300, PETIT), by="system")
    payout = Payout("stripe", "po1", EUR, 3_626, 74, ON, ("e1", "e2"))
    assert take_payout(context, payout, by="system").is_new
    assert not take_payout(context, payout, by="system").is_new
    assert {"511500": ledger(context).get("511500", 0), "512000": 3_626, "627800": 74, "419100": -100} == {
        name: ledger(context).get(name, 0) for name in ("511500", "512000", "627800", "419100")
    }
    assert failed(context) == {}
    assert [each.event_id for each in events_of(context, PETIT)] == ["e2"]


def test_a_charge_back_opens_the_bill_again_and_takes_what_was_unapplied(database: Database) -> None:
    context = owing(database)
    take_event(context, event(context, "e1", EventKind.PAID, PETIT, 1_300, PETIT), by="system")
    back = event(context, "e2", EventKind.CHARGED_BACK, PETIT, 1_300)
    with pytest.raises(BadEvent, match="whole"):
        take_event(context, replace(back, amount_minor=7), by="system")
    take_event(context, back, by="system")
    assert open_of(context, PETIT) == 1_200
    assert [each.kind.value for each in operations_of(context, PETIT)] == ["payment", "returned"]
    assert [(each.cause, each.amount_minor) for each in list_refunds(context, PETIT)] == [
        ("charged-back", 100)
    ]
    assert {"511500", "419100"}.isdisjoint(ledger(context))
    assert failed(context) == {}
    with pytest.raises(NotPaid, match="already"):
        take_event(context, replace(back, event_id="e3"), by="system")
    take_payout(context, Payout("stripe", "po1", EUR, -25, 25, ON, ("e1", "e2")), by="system")
    assert ledger(context)["512000"] == -25
    assert failed(context) == {}


def test_what_an_acquirer_tells_wrongly_is_refused_whole(database: Database) -> None:
    context = owing(database)
    paid = event(context, "e1", EventKind.PAID, PETIT, 1_200, PETIT)
    take_event(context, paid, by="system")
    with pytest.raises(EventDiffers):
        take_event(context, replace(paid, amount_minor=1_201), by="system")
    with pytest.raises(BadEvent, match="before"):
        take_event(context, replace(paid, event_id="e2"), by="system")
    with pytest.raises(BadEvent):
        take_event(context, replace(paid, event_id="e3", payment="p3", amount_minor=0), by="system")
    with pytest.raises(BadEvent, match="owes no bill"):
        take_event(context, replace(paid, event_id="e4", payment="p4", account_id=ACME), by="system")
    with pytest.raises(NotPaid):
        take_event(context, event(context, "e5", EventKind.CHARGED_BACK, ACME, 1), by="system")
    for wrong, kind in (
        (Payout("stripe", "po", EUR, 1_200, 1, ON, ("e1",)), BadPayout),
        (Payout("stripe", "po", EUR, 2_400, 0, ON, ("e1", "e1")), BadPayout),
        (Payout("stripe", "po", EUR, 0, 0, ON, ()), BadPayout),
        (Payout("stripe", "po", EUR, 1_200, 0, ON, ("nothing",)), NotPaid),
    ):
        with pytest.raises(kind):
            take_payout(context, wrong, by="system")
    assert ledger(context)["511500"] == 1_200
    assert failed(context) == {}


def test_what_an_acquirer_collected_is_returned_by_it_alone(database: Database) -> None:
    context = owing(database)
    take_event(context, event(context, "e1", EventKind.PAID, PETIT, 1_200, PETIT), by="system")
    (payment,) = operations_of(context, PETIT)
    with pytest.raises(CannotReverse, match="charge-back"):
        return_payment(context, PETIT, debt_of(context, PETIT).debt_id, payment.operation_id, "x", by="cli")


def test_a_failed_payment_books_nothing(database: Database) -> None:
    context = owing(database)
    before = ledger(context)
    take_event(context, event(context, "e1", EventKind.FAILED, PETIT, 1_200), by="system")
    assert (ledger(context), open_of(context, PETIT)) == (before, 1_200)


@pytest.mark.parametrize(
    "told",
    [
        {"note": "card 4242 4242 4242 4242"},
        {"deep": [{"pan": 4111111111111111}]},
        {"5500-0000-0000-0004": 1},
        "3782 822463 10005",
    ],
)
def test_no_card_number_comes_in(told: object) -> None:
    with pytest.raises(CardNumber) as refused:
        refuse_card_numbers(told)
    assert "4242" not in refused.value.message


def test_what_only_looks_long_may_come_in() -> None:
    refuse_card_numbers({"payment": "pi_3Nabc", "at": 1764400000000, "iban": "FR7630006000011234567890189"})
    refuse_card_numbers(["4242 4242 4242 4243", True, None, 12])
