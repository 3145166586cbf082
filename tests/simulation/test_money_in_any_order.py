"""Money in any order: payments, returns, unmatches, credit notes, disputes, write-offs, vouchers, refunds,
cards and claims, drawn at random; after each step the books balance and every check of the audit passes."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.claim_late_charges import claim_late_charges
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.open_dispute import close_dispute, credit_dispute, open_dispute
from acquit.actions.redeem_voucher import make_voucher, redeem_voucher
from acquit.actions.refund_money import (
    approve_refund,
    record_refund_failed,
    record_refund_paid,
    refund_money,
    refuse_refund_asked,
)
from acquit.actions.run_dunning import run_dunning
from acquit.actions.settle_debt import Receipt, apply_deposit, reopen_debt, return_payment, settle_debt
from acquit.actions.take_acquirer_events import take_event, take_payout
from acquit.actions.write_off_debt import approve_write_off, write_off_debt
from acquit.core.acquirer import Event, EventKind, Payout
from acquit.core.credit_balance import CreditType
from acquit.core.debt import Allocation, open_minor, standing
from acquit.core.dispute import DisputeState
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, DebtId
from acquit.core.late_interest import LateRate
from acquit.core.voucher import Voucher
from acquit.store import debts, late_rates
from acquit.store.transaction import Database
from billed import bill, failed, later, rows
from founding import ACME, FR, LAB, PETIT, SHOP
from owing import EUR, TESS, TOM, owing

PAYER = {ACME: ACME, LAB: ACME, SHOP: SHOP, PETIT: PETIT}


@dataclass
class Play:
    """The world, the dice, and what was begun."""

    context: Context
    dice: random.Random
    day: date = date(2026, 11, 24)
    cards: list[Event] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    number: int = 0
    done: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> Context:
        """The context on the day of play."""
        return later(self.context, self.day)

    def owed(self) -> Allocation:
        """A debt, any, and a part of what is open on it, perhaps nothing."""
        row = self.dice.choice(rows(self.context, "SELECT account_id, debt_id FROM debt ORDER BY debt_id"))
        with self.context.database.read() as tx:
            debt = debts.find(tx, row.account_id, DebtId(row.debt_id))
            assert debt is not None
            left = open_minor(debt, debts.operations(tx, row.account_id, debt.debt_id))
        return Allocation(row.account_id, debt.debt_id, self.dice.choice([left, left, left // 2, 1]))

    def name(self) -> str:
        self.number += 1
        return f"n{self.number}"


def pay(play: Play) -> None:
    part = play.owed()
    payer_id = PAYER[part.account_id]
    over = play.dice.choice([0, 0, 500])
    receipt = Receipt(play.day, part.amount_minor + over, EUR)
    settle_debt(play.now, payer_id, receipt, [part], by="cli")


def use_what_waits(play: Play) -> None:
    part, deposit = play.owed(), play.dice.choice(rows(play.context, "SELECT * FROM deposit"))
    apply_deposit(play.now, deposit.account_id, deposit.deposit_id, [part], by="cli")


def undo(play: Play) -> None:
    part = play.owed()
    with play.context.database.read() as tx:
        kept = standing(debts.operations(tx, part.account_id, part.debt_id))
    operation = play.dice.choice([each.operation_id for each in kept] or [0])
    act = play.dice.choice([reopen_debt, return_payment])
    act(play.now, part.account_id, part.debt_id, operation, "undone", by="cli")


def credit(play: Play) -> None:
    part = play.owed()
    debt = rows(play.context, "SELECT bill_id FROM debt WHERE debt_id = %(debt_id)s", debt_id=part.debt_id)
    credit_bill(play.now, part.account_id, debt[0].bill_id, "goodwill", by="cli")


def dispute(play: Play) -> None:
    part = play.owed()
    (found,) = rows(play.context, "SELECT bill_id FROM debt WHERE debt_id = %(d)s", d=part.debt_id)
    opened = open_dispute(
        play.now, part.account_id, found.bill_id, play.dice.choice([600, 1_200]), "why", by="cli"
    )
    end = play.dice.choice(["open", "credit", "reject"])
    if end == "credit":
        credit_dispute(play.now, part.account_id, opened.dispute_id, "right", by="cli")
    elif end == "reject":
        state = DisputeState.REJECTED
        close_dispute(play.now, part.account_id, opened.dispute_id, state, "wrong", by="cli")


def give_up(play: Play) -> None:
    part = play.owed()
    asked = write_off_debt(play.now, part.account_id, part.debt_id, "lost", part.amount_minor, by=TESS)
    if asked.operation_id is None and play.dice.random() < 0.7:
        approve_write_off(play.now, part.account_id, asked.write_off_id, by=TOM)


def refund(play: Play) -> None:
    deposit = play.dice.choice(rows(play.context, "SELECT account_id, deposit_id FROM deposit"))
    payer_id = AccountId(deposit.account_id)
    found = refund_money(play.now, payer_id, deposit.deposit_id, "over", by=TESS)
    if found.state.value == "asked":
        if play.dice.random() < 0.3:
            refuse_refund_asked(play.now, payer_id, found.refund_id, "no", by=TOM)
            return
        approve_refund(play.now, payer_id, found.refund_id, by=TOM)
    if play.dice.random() < 0.7:
        record_refund_paid(play.now, payer_id, found.refund_id, play.day, by="cli")
    if play.dice.random() < 0.4:
        record_refund_failed(play.now, payer_id, found.refund_id, "AC04", by="cli")


def redeem(play: Play) -> None:
    voucher = Voucher(FR, 0, "", EUR, 300, play.day + timedelta(days=90), "welcome")
    made = make_voucher(play.now, voucher, by="cli")
    redeem_voucher(play.now, play.dice.choice(list(PAYER)), made.code, by="cli")


def turn_into_credit(play: Play) -> None:
    deposit = play.dice.choice(rows(play.context, "SELECT * FROM deposit"))
    lot = Credit(100, EUR, CreditType.DEPOSIT, "kept", deposit_id=deposit.deposit_id)
    add_credit(play.now, deposit.account_id, lot, by="cli")


def card(play: Play) -> None:
    part = play.owed()
    (found,) = rows(play.context, "SELECT bill_id FROM debt WHERE debt_id = %(d)s", d=part.debt_id)
    name, payer_id = play.name(), PAYER[part.account_id]
    amount = part.amount_minor + play.dice.choice([0, 250])
    event = Event(
        "card", name, EventKind.PAID, f"p-{name}", payer_id, EUR, amount, play.day, (found.bill_id,)
    )
    take_event(play.now, event, by="system")
    play.cards.append(event)
    play.waiting.append(name)


def charge_back(play: Play) -> None:
    event = play.dice.choice(play.cards)
    name = play.name()
    back = replace(event, event_id=name, kind=EventKind.CHARGED_BACK, occurred_on=play.day, bill_ids=())
    take_event(play.now, back, by="system")
    play.waiting.append(name)


def pay_out(play: Play) -> None:
    rows_told = rows(play.context, "SELECT event_id, kind, amount_minor FROM acquirer_event")
    told = {row.event_id: row.amount_minor * (1 if row.kind == "paid" else -1) for row in rows_told}
    gross = sum(told[name] for name in play.waiting)
    payout = Payout("card", play.name(), EUR, gross - 7, 7, play.day, tuple(play.waiting))
    take_payout(play.now, payout, by="system")
    play.waiting.clear()


def chase(play: Play) -> None:
    run_dunning(play.now, FR, by="cli")


def claim(play: Play) -> None:
    claim_late_charges(play.now, play.dice.choice([ACME, SHOP, PETIT]), by="cli")


def bill_next(play: Play) -> None:
    first = (play.day.replace(day=1) + timedelta(days=32)).replace(day=1)
    play.day = first
    bill(play.now, f"{first:%Y-%m}")


STEPS: dict[Callable[[Play], None], int] = {
    pay: 6, use_what_waits: 4, undo: 5, credit: 3, dispute: 3, give_up: 3, refund: 4, redeem: 1,
    turn_into_credit: 2, card: 4, charge_back: 3, pay_out: 3, chase: 2, claim: 1, bill_next: 1,
}  # fmt: skip


def played(database: Database, seed: int, steps: int) -> Play:
    """Play so many steps; one that the rules refuse changes nothing. The audit judges each."""
    context = owing(database, approval_above_minor=1_000, late_fee_minor=4_000)
    with database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1215)]})
    play = Play(context, random.Random(seed))
    for _ in range(steps):
        step = play.dice.choices(list(STEPS), list(STEPS.values()))[0]
        play.day += timedelta(days=play.dice.randint(0, 6))
        try:
            step(play)
        except (Refusal, IndexError):
            continue
        finally:
            found = failed(context)
            assert found == {}, f"seed {seed}, {step.__name__} on {play.day}: {found}"
        play.done[step.__name__] = play.done.get(step.__name__, 0) + 1
    return play


@pytest.mark.parametrize("seed", [1, 2])
def test_the_books_balance_after_each_step(database: Database, seed: int, soak: bool) -> None:
    """Twenty steps; a thousand with --soak."""
    play = played(database, seed, 1_000 if soak else 20)
    assert len(play.done) >= (12 if soak else 5)
