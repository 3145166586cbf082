"""Write-offs, refunds and vouchers: who may, who has to agree, and the books after each step."""

from datetime import date

import pytest

from acquit.actions.credit_bill import credit_bill
from acquit.actions.redeem_voucher import is_voucher_usable, list_vouchers, make_voucher, redeem_voucher
from acquit.actions.refund_money import (
    approve_refund,
    list_refunds,
    record_refund_failed,
    record_refund_paid,
    refund_money,
    refunds_in_state,
    refuse_refund_asked,
)
from acquit.actions.settle_debt import reopen_debt
from acquit.actions.write_off_debt import (
    approve_write_off,
    list_write_offs,
    refuse_write_off,
    write_off_debt,
)
from acquit.core.credit import NotCreditable
from acquit.core.debt import NotOwed
from acquit.core.operator import RoleForbids
from acquit.core.refund import NotRefundable, RefundNotThere, RefundState
from acquit.core.terms import NobodyNamed, SamePersonApproves
from acquit.core.voucher import BadVoucher, NoSuchVoucher, Voucher, VoucherTaken
from acquit.core.write_off import Decision, ReasonMissing, WriteOffDecided
from acquit.store.transaction import Database
from billed import failed, later
from founding import ACME, FR, LAB, PETIT, SAM, SHOP
from owing import EUR, PAID_ON, TESS, TOM, debt_of, ledger, open_of, operations_of, owing, pay


def test_three_cents_are_given_up_and_owed_again_when_the_payer_sends_them(database: Database) -> None:
    context = owing(database)
    pay(context, PETIT, 1_197, 1_197)
    given_up = write_off_debt(context, PETIT, debt_of(context, PETIT).debt_id, "3 cents short", by=TESS)
    assert (given_up.decision, given_up.amount_minor) == (Decision.APPROVED, 3)
    assert (open_of(context, PETIT), ledger(context)["654000"]) == (0, 3)
    assert failed(context) == {}
    assert given_up.operation_id is not None
    reopen_debt(context, PETIT, given_up.debt_id, given_up.operation_id, "came after all", by="cli")
    assert open_of(context, PETIT) == 3
    assert "654000" not in ledger(context)
    assert failed(context) == {}


def test_above_an_amount_a_second_person_agrees(database: Database) -> None:
    context = owing(database, approval_above_minor=1_000)
    debt_id = debt_of(context, PETIT).debt_id
    asked = write_off_debt(context, PETIT, debt_id, "insolvent", by=TESS)
    assert (asked.decision, open_of(context, PETIT)) == (Decision.ASKED, 1_200)
    assert list_write_offs(context) == [asked]
    with pytest.raises(SamePersonApproves):
        approve_write_off(context, PETIT, asked.write_off_id, by=TESS)
    with pytest.raises(NobodyNamed):
        approve_write_off(context, PETIT, asked.write_off_id, by="cli")
    approved = approve_write_off(context, PETIT, asked.write_off_id, by=TOM)
    assert (approved.decision, approved.decided_by, open_of(context, PETIT)) == (Decision.APPROVED, TOM, 0)
    with pytest.raises(WriteOffDecided):
        refuse_write_off(context, PETIT, asked.write_off_id, "no", by=TOM)
    with pytest.raises(NotCreditable):
        credit_bill(context, PETIT, debt_of(context, PETIT).bill_id, "wrong", by="cli")
    assert failed(context) == {}


def test_a_write_off_needs_the_right_a_reason_and_something_owed(database: Database) -> None:
    context = owing(database, approval_above_minor=100)
    debt_id = debt_of(context, PETIT).debt_id
    with pytest.raises(RoleForbids):
        write_off_debt(context, PETIT, debt_id, "why", by=SAM)
    with pytest.raises(ReasonMissing):
        write_off_debt(context, PETIT, debt_id, " ", by=TESS)
    with pytest.raises(NotOwed):
        write_off_debt(context, PETIT, debt_id, "why", 1_201, by=TESS)
    asked = write_off_debt(context, PETIT, debt_id, "why", 200, by=TESS)
    refused = refuse_write_off(context, PETIT, asked.write_off_id, "they will pay", by=TOM)
    assert (refused.decision, open_of(context, PETIT)) == (Decision.REFUSED, 1_200)
    assert [each.write_off_id for each in list_write_offs(context, PETIT)] == [asked.write_off_id]


def test_a_paid_bill_is_credited_and_its_money_goes_back(database: Database) -> None:
    context = owing(database)
    deposit_id = pay(context, PETIT, 1_200, 1_200)
    with pytest.raises(NotRefundable):
        refund_money(context, PETIT, deposit_id, "paid twice", 1, by=TESS)
    credit_bill(context, PETIT, debt_of(context, PETIT).bill_id, "never delivered", by="cli")
    refund = refund_money(context, PETIT, deposit_id, "bill was credited", by=TESS)
    assert (refund.state, refund.amount_minor) == (RefundState.APPROVED, 1_200)
    assert (ledger(context)["467100"], ledger(context).get("419100", 0)) == (-1_200, 0)
    assert refunds_in_state(context, RefundState.APPROVED) == [refund]
    assert failed(context) == {}
    paid = record_refund_paid(context, PETIT, refund.refund_id, PAID_ON, "pain.001 7", by="system")
    assert (paid.state, paid.state_on) == (RefundState.PAID, PAID_ON)
    assert {"467100", "419100", "512000"}.isdisjoint(ledger(context))
    assert failed(context) == {}
    record_refund_failed(context, PETIT, refund.refund_id, "AC04 account closed", by="system")
    assert (ledger(context)["512000"], ledger(context)["419100"]) == (1_200, -1_200)
    assert failed(context) == {}
    with pytest.raises(RefundNotThere):
        record_refund_paid(context, PETIT, refund.refund_id, PAID_ON, by="system")


def test_a_large_refund_waits_and_keeps_its_money_meanwhile(database: Database) -> None:
    context = owing(database, approval_above_minor=500)
    deposit_id = pay(context, PETIT, 2_000)
    asked = refund_money(context, PETIT, deposit_id, "over-paid", 1_500, by=TESS)
    assert asked.state is RefundState.ASKED
    assert failed(context) == {}
    with pytest.raises(NotRefundable):
        refund_money(context, PETIT, deposit_id, "more", 501, by=TESS)
    with pytest.raises(SamePersonApproves):
        approve_refund(context, PETIT, asked.refund_id, by=TESS)
    refuse_refund_asked(context, PETIT, asked.refund_id, "they owe us", by=TOM)
    again = refund_money(context, PETIT, deposit_id, "over-paid", by=TESS)
    assert again.amount_minor == 2_000
    assert approve_refund(context, PETIT, again.refund_id, by=TOM).state is RefundState.APPROVED
    assert [each.refund_id for each in list_refunds(context, PETIT)] == [again.refund_id, asked.refund_id]
    assert failed(context) == {}


def voucher(amount_minor: int = 500, **given: object) -> Voucher:
    members = {"until_on": date(2026, 12, 31), "words": "for the trouble"} | given
    return Voucher(FR, 0, "", EUR, amount_minor, **members)  # type: ignore[arg-type]


def test_a_voucher_is_credit_once_per_payer(database: Database) -> None:
    context = owing(database)
    made = make_voucher(context, voucher(credit_days=30), by=SAM)
    assert len(made.code) == 16
    spoken = f"{made.code[:4].lower()}-{made.code[4:]} "
    assert is_voucher_usable(context, PETIT, spoken)
    lot = redeem_voucher(context, PETIT, spoken, by=f"account:{PETIT}")
    assert (lot.left_minor, lot.expires_on) == (500, date(2026, 12, 23))
    assert not is_voucher_usable(context, PETIT, made.code)
    with pytest.raises(NoSuchVoucher):
        redeem_voucher(context, PETIT, made.code, by=f"account:{PETIT}")
    redeem_voucher(context, LAB, made.code, by=f"account:{LAB}")
    with pytest.raises(NoSuchVoucher):
        redeem_voucher(context, ACME, made.code, by=f"account:{ACME}")
    assert [each.uses for each in list_vouchers(context, FR)] == [2]
    assert failed(context) == {}


def test_a_voucher_ends_is_spent_and_cannot_be_guessed(database: Database) -> None:
    context = owing(database)
    make_voucher(context, voucher(uses_max=1), "welcome-2026", by=SAM)
    with pytest.raises(VoucherTaken):
        make_voucher(context, voucher(), "WELCOME 2026", by=SAM)
    for bad, code in ((voucher(), "short"), (voucher(0), None), (voucher(words=" "), None)):
        with pytest.raises(BadVoucher):
            make_voucher(context, bad, code, by=SAM)
    assert not is_voucher_usable(later(context, date(2027, 1, 1)), PETIT, "welcome2026")
    redeem_voucher(context, PETIT, "welcome2026", by="cli")
    with pytest.raises(NoSuchVoucher):
        redeem_voucher(context, SHOP, "welcome2026", by="cli")


def test_what_was_given_up_in_part_is_still_owed_in_part(database: Database) -> None:
    context = owing(database)
    write_off_debt(context, PETIT, debt_of(context, PETIT).debt_id, "half", 600, by=TESS)
    pay(context, PETIT, 600, 600)
    assert open_of(context, PETIT) == 0
    assert [each.kind.value for each in operations_of(context, PETIT)] == ["write-off", "payment"]
    assert failed(context) == {}
