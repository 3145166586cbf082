"""Random lives of direct debits: in whatever order things come, books and files agree after each step."""

import random
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from acquit.actions.advance_remittance import (
    approve_remittance,
    cancel_remittance,
    hand_over_remittance,
)
from acquit.actions.amend_mandate import Change, amend_creditor, amend_mandate
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.credit_bill import credit_bill
from acquit.actions.end_collections import take_collected, take_return
from acquit.actions.pay_refunds import create_refund_remittance, take_refund_returned, take_refunds_paid
from acquit.actions.refund_money import refund_money
from acquit.actions.register_mandate import change_mandate, list_mandates
from acquit.actions.set_creditor import set_creditor
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.show_remittance import list_remittances, show_remittance
from acquit.actions.take_status_report import take_status_report
from acquit.core.collection import Creditor
from acquit.core.credit import Part
from acquit.core.errors import Refusal
from acquit.core.mandate import MandateStep
from acquit.core.remittance import NothingToSend, Remittance, RemittanceKind, RemittanceState
from acquit.core.return_reason import REASONS
from acquit.store import debts
from acquit.store.transaction import Database
from billed import bill, failed, rows
from collecting import IBAN, ICS, OTHER_IBAN, OTHER_ICS, collecting, on, report, sign
from founding import ACME, FR, LAB, PETIT
from owing import EUR, TESS, TOM, debt_of, open_of, part

STEPS = 40
CODES = [*REASONS, "ZZ99"]


class Life:
    """A seller, two payers and a bank that does as it likes."""

    def __init__(self, context: Context, seed: int) -> None:
        self.context = context
        self.dice = random.Random(seed)
        self.today = date(2026, 11, 23)
        self.done = dict[str, int]()

    def step(self) -> None:
        """Something happens, or is refused; some days pass."""
        self.today += timedelta(days=self.dice.choice([0, 0, 1, 3]))
        self.context = on(self.context, self.today)
        often = [self.make, self.approve, self.approve, self.hand_over, self.hand_over, self.collect]
        deeds: list[Callable[[], object]] = [
            *often, *often, self.collect, self.report, self.take_back, self.take_back, self.cancel, self.pay,
            self.credit, self.amend, self.amend_seller, self.suspend, self.resume, self.resume, self.sign,
            self.refund, self.pay_refunds, self.refund_back, self.next_month, self.next_month,
        ]  # fmt: skip
        deed = self.dice.choice(deeds)
        try:
            if deed() is not False:
                self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1
        except Refusal:
            return

    def files(self, *states: RemittanceState, kind: str = "direct-debit") -> list[Remittance]:
        return [
            each for each in list_remittances(self.context)
            if each.state in states and each.kind is RemittanceKind(kind)
        ]  # fmt: skip

    def file(self, *states: RemittanceState, kind: str = "direct-debit") -> Remittance:
        found = self.files(*states, kind=kind)
        if not found:
            raise NothingToSend("No file stands so.")
        return self.dice.choice(found)

    def make(self) -> object:
        return create_remittance(self.context, FR, self.today + timedelta(days=60), by=TESS)

    def approve(self) -> object:
        kind = self.dice.choice(["direct-debit", "direct-debit", "refund"])
        return approve_remittance(
            self.context, self.file(RemittanceState.DRAFT, kind=kind).message_id, by=TOM
        )  # fmt: skip

    def hand_over(self) -> object:
        kind = self.dice.choice(["direct-debit", "direct-debit", "refund"])
        return hand_over_remittance(
            self.context, self.file(RemittanceState.APPROVED, kind=kind).message_id, by=TESS
        )  # fmt: skip

    def cancel(self) -> object:
        found = self.file(RemittanceState.DRAFT, RemittanceState.DOWNLOADED)
        return cancel_remittance(self.context, found.message_id, "dice", by=TESS)

    def report(self) -> object:
        found = self.file(RemittanceState.DOWNLOADED, RemittanceState.ACCEPTED)
        lines = show_remittance(self.context, found.message_id).collections
        told = {
            each.end_to_end: ("RJCT", self.dice.choice(CODES)) for each in lines if self.dice.random() < 0.3
        }
        content = report(
            found, "PART" if told else "ACCP", told, (lines[0].batch_id, "") if told else ("", "")
        )
        return take_status_report(self.context, content, by=TESS)

    def collect(self) -> object:
        found = self.file(RemittanceState.DOWNLOADED, RemittanceState.ACCEPTED)
        lines = show_remittance(self.context, found.message_id).collections
        waiting = [each for each in lines if each.state == "open"]
        if self.dice.random() < 0.5:
            one = self.dice.choice(waiting)
            return take_collected(self.context, one.end_to_end, one.amount_minor, self.today, by="cli")
        total = sum(each.amount_minor for each in waiting)
        return take_collected(self.context, found.message_id, total, self.today, by="cli")

    def take_back(self) -> object:
        found = self.file(RemittanceState.COLLECTED, RemittanceState.ACCEPTED, RemittanceState.DOWNLOADED)
        one = self.dice.choice(show_remittance(self.context, found.message_id).collections)
        code = self.dice.choice(CODES)
        return take_return(self.context, one.end_to_end, code, one.amount_minor, self.today, by="cli")

    def pay(self) -> object:
        account_id = self.dice.choice([LAB, PETIT])
        amount = min(self.dice.randint(1, 900), open_of(self.context, account_id))
        payer_id = ACME if account_id == LAB else account_id
        parts = [part(self.context, account_id, amount)]
        return settle_debt(self.context, payer_id, Receipt(self.today, amount + 5, EUR), parts, by="cli")

    def credit(self) -> object:
        debt = debt_of(self.context, self.dice.choice([LAB, PETIT, ACME]))
        amount = self.dice.randint(1, 300)
        return credit_bill(self.context, debt.account_id, debt.bill_id, "dice", [Part(1, amount)], by="cli")

    def suspend(self) -> object:
        return self._change(MandateStep.SUSPENDED)

    def resume(self) -> object:
        return self._change(MandateStep.RESUMED)

    def _change(self, step: MandateStep) -> object:
        payer_id = self.dice.choice([ACME, PETIT])
        held, _ = self.dice.choice(list_mandates(self.context, payer_id))
        return change_mandate(self.context, payer_id, held.mandate.mandate_id, step, "dice", by=TESS)

    def amend(self) -> object:
        payer_id = self.dice.choice([ACME, PETIT])
        held, _ = self.dice.choice(list_mandates(self.context, payer_id))
        iban = self.dice.choice([IBAN, OTHER_IBAN, ""])
        reference = "" if iban else f"{payer_id.upper()}-{self.today:%y%m%d}"
        change = Change(iban, reference=reference, reason="dice")
        return amend_mandate(self.context, payer_id, held.mandate.mandate_id, change, by=TESS)

    def amend_seller(self) -> object:
        set_creditor(self.context, Creditor(FR, self.dice.choice([ICS, OTHER_ICS]), 1, 20), by=TESS)
        return amend_creditor(self.context, FR, self.dice.choice(["", "Nuage SARL"]), by=TESS)

    def sign(self) -> object:
        return sign(self.context, self.dice.choice([ACME, PETIT]), IBAN)

    def refund(self) -> object:
        deposits = rows(self.context, "SELECT account_id, deposit_id FROM deposit ORDER BY 1, 2")
        if not deposits:
            return False
        one = self.dice.choice(deposits)
        return refund_money(self.context, one.account_id, one.deposit_id, "dice", by=TESS)

    def pay_refunds(self) -> object:
        found = self.files(RemittanceState.DOWNLOADED, kind="refund")
        if not found:
            return create_refund_remittance(self.context, FR, by=TESS)
        number, amount = found[0].message_id, found[0].amount_minor
        return take_refunds_paid(self.context, number, amount, self.today, by="cli")

    def refund_back(self) -> object:
        found = self.file(RemittanceState.PAID, kind="refund")
        return take_refund_returned(self.context, f"{found.message_id}-1", "dice", self.today, by="cli")

    def next_month(self) -> object:
        return bill(self.context, self.today.strftime("%Y-%m"))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_books_balance(
    database: Database, tmp_path: Path, seed: int, soak: bool
) -> None:
    life = Life(collecting(database, tmp_path, approval_days=20, notice_days=1), seed)
    for number in range(400 if soak else STEPS):
        life.step()
        if number % 4 == 3:
            assert failed(life.context) == {}, life.done
    assert sum(life.done.values()) > STEPS / 4


def test_of_two_files_made_at_once_one_takes_the_debts(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    outcomes = list[object]()

    def make() -> None:
        try:
            outcomes.append(create_remittance(context, FR, date(2026, 12, 23), by=TESS).gathered.amount_minor)
        except NothingToSend:
            outcomes.append("nothing")

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["3600", "nothing", "nothing", "nothing"]
    with context.database.read() as tx:
        assert len(debts.of_payer(tx, ACME)) == 2
    assert failed(context) == {}
