"""Credit pays what is open because its payer wants that, and is taken back: the books stay whole."""

import random
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.add_credit import Credit, add_credit, credit_of
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.use_credit import Balance, take_credit_back, use_credit
from acquit.core.credit_balance import CreditKept, CreditType, NoSuchCredit
from acquit.core.debt import NoSuchDebt
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.core.payment_order import NothingToPay
from acquit.store.transaction import Database
from billed import bill, charge, failed, later
from collecting import DUE_ON, collecting
from founding import ACME, FR, LAB, PETIT
from owing import EUR, TESS, debt_of, ledger, open_of, operations_of, owing, pay

GIVEN = Balance(CreditType.VOUCHER, "credit", EUR)
PREPAID = Balance(CreditType.PREPAID_ACCOUNT, "credit", EUR)


def give(context: Context, payer_id: AccountId, amount: int, expires_on: date | None = None) -> None:
    credit = Credit(amount, EUR, CreditType.VOUCHER, "sorry", expires_on=expires_on)
    add_credit(context, payer_id, credit, by="cli")


def prepay(context: Context, payer_id: AccountId, amount: int) -> None:
    deposit_id = pay(context, payer_id, amount)
    credit = Credit(amount, EUR, CreditType.PREPAID_ACCOUNT, "prepaid", deposit_id=deposit_id)
    add_credit(context, payer_id, credit, by="cli")


def left(context: Context, payer_id: AccountId) -> int:
    return sum(lot.left_minor for lot in credit_of(context, payer_id)[0])


def test_what_is_open_is_paid_as_far_as_it_goes_and_taken_back(database: Database) -> None:
    context = owing(database)
    ids = [debt_of(context, PETIT).debt_id]
    give(context, PETIT, 500)
    prepay(context, PETIT, 1_000)
    before = ledger(context)
    assert use_credit(context, PETIT, ids, GIVEN, by="account") == 500
    assert use_credit(context, PETIT, ids, PREPAID, by="account") == 700
    assert (open_of(context, PETIT), left(context, PETIT)) == (0, 300)
    assert failed(context) == {}
    with pytest.raises(NothingToPay):
        use_credit(context, PETIT, ids, PREPAID, by="account")
    assert take_credit_back(context, PETIT, ids, GIVEN, by="account") == 500
    assert take_credit_back(context, PETIT, ids, PREPAID, by="account") == 700
    assert (open_of(context, PETIT), left(context, PETIT)) == (1_200, 1_500)
    assert ledger(context) == before, "the VAT that was due by the payment waits again"
    assert len(operations_of(context, PETIT)) == 4
    assert failed(context) == {}
    with pytest.raises(NoSuchCredit):
        take_credit_back(context, PETIT, ids, GIVEN, by="account")


def test_only_what_is_there_pays_only_what_is_ones_own(database: Database) -> None:
    context = owing(database)
    give(context, ACME, 500, date(2027, 1, 1))
    with pytest.raises(NoSuchDebt):
        use_credit(context, ACME, [debt_of(context, PETIT).debt_id], GIVEN, by="account")
    with pytest.raises(NoSuchDebt):
        use_credit(context, LAB, [debt_of(context, LAB).debt_id], GIVEN, by="account")
    ids = [debt_of(context, ACME).debt_id]
    with pytest.raises(NoSuchCredit):
        use_credit(context, ACME, ids, PREPAID, by="account")
    with pytest.raises(NoSuchCredit):
        use_credit(context, ACME, ids, Balance(CreditType.VOUCHER, "credit", Currency("USD")), by="account")
    with pytest.raises(NothingToPay):
        use_credit(later(context, date(2027, 1, 1)), ACME, ids, GIVEN, by="account")
    assert failed(context) == {}


def test_what_a_direct_debit_takes_up_is_left_to_it(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    give(context, PETIT, 5_000)
    create_remittance(context, FR, DUE_ON, by=TESS)
    with pytest.raises(NothingToPay, match="being debited"):
        use_credit(context, PETIT, [debt_of(context, PETIT).debt_id], GIVEN, by="account")


def test_what_paid_a_bill_as_it_was_issued_stays(database: Database) -> None:
    context = owing(database)
    give(context, PETIT, 100)
    charge(context, PETIT, 1, kind="one-off", period_start=date(2026, 11, 24))
    bill(later(context, date(2026, 12, 1)), "2026-12")
    with database.read() as tx:
        row = tx.one("SELECT debt_id FROM debt_operation WHERE means = 'credit-balance'")
    with pytest.raises(CreditKept):
        take_credit_back(context, PETIT, [row.debt_id], GIVEN, by="account")
    assert failed(context) == {}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_used_and_taken_back_no_cent_is_lost(database: Database, seed: int) -> None:
    context, dice = owing(database), random.Random(seed)
    debt_id, total = debt_of(context, PETIT).debt_id, 0
    for _ in range(12):
        act = dice.choice(("give", "prepay", "use", "use", "back"))
        balance = dice.choice((GIVEN, PREPAID))
        try:
            if act in ("give", "prepay"):
                amount = dice.randrange(1, 900)
                (give if act == "give" else prepay)(context, PETIT, amount)
                total += amount
            elif act == "use":
                use_credit(context, PETIT, [debt_id], balance, by="account")
            else:
                take_credit_back(context, PETIT, [debt_id], balance, by="account")
        except (NoSuchCredit, NothingToPay):
            pass
        assert left(context, PETIT) + 1_200 - open_of(context, PETIT) == total
    assert failed(context) == {}
