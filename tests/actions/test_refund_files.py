"""Refunds leave as files of transfers that a second person approves, and may come back."""

from pathlib import Path

import pytest
from lxml import etree

from acquit.actions.advance_remittance import (
    approve_remittance,
    cancel_remittance,
    find_remittance,
    hand_over_remittance,
)
from acquit.actions.context import Context
from acquit.actions.pay_refunds import (
    BadRefundAccount,
    create_refund_remittance,
    rehearse_refunds,
    set_refund_account,
    take_refund_returned,
    take_refunds_paid,
)
from acquit.actions.refund_money import (
    list_refunds,
    record_refund_failed,
    record_refund_paid,
    refund_money,
)
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.take_status_report import take_status_report
from acquit.core.collection import AmountDiffers
from acquit.core.identifiers import AccountId
from acquit.core.mandate import BadMandate
from acquit.core.money import Currency
from acquit.core.refund import RefundNotThere, RefundState
from acquit.core.remittance import NothingToSend, RemittanceNotThere, RemittanceState
from acquit.core.terms import SamePersonApproves
from acquit.store.refund_lines import RefundAccount
from acquit.store.transaction import Database
from billed import failed
from collecting import COLLECTED_ON, IBAN, OTHER_IBAN, collecting, report
from founding import ACME, FR, PETIT, SHOP
from owing import TESS, TOM, ledger, pay

PAIN = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
NUMBER = "FR-SCT-00000001"


def refundable(database: Database, directory: Path) -> Context:
    """Acme gets 5.00 back, the shop 3.00; Acme has a mandate."""
    context = collecting(database, directory)
    for payer_id, amount in ((ACME, 500), (SHOP, 300)):
        deposit_id = pay(context, payer_id, amount)
        refund_money(context, payer_id, deposit_id, "paid twice", by=TESS)
    return context


def states(context: Context, payer_id: AccountId) -> list[RefundState]:
    """How the payer's refunds stand."""
    return [refund.state for refund in list_refunds(context, payer_id)]


def test_refunds_are_paid_to_the_account_that_is_known(database: Database, tmp_path: Path) -> None:
    context = refundable(database, tmp_path)
    rehearsed = rehearse_refunds(context, FR)
    assert [(line.account_id, line.iban) for line in rehearsed.lines] == [(ACME, IBAN)]
    assert [(each.account_id, "no bank account" in each.reason) for each in rehearsed.left_out] == [
        (SHOP, True)
    ]
    with pytest.raises(BadMandate):
        set_refund_account(context, RefundAccount(SHOP, "FR00", "", "Shop", "Nantes", "FR"), by=TESS)
    with pytest.raises(BadRefundAccount):
        set_refund_account(context, RefundAccount(SHOP, OTHER_IBAN, "", " ", "Nantes", "FR"), by=TESS)
    set_refund_account(context, RefundAccount(SHOP, OTHER_IBAN, "", "Shop", "Nantes", "FR"), by=TESS)
    made = create_refund_remittance(context, FR, by=TESS)
    assert made.remittance is not None
    assert (made.remittance.message_id, made.remittance.amount_minor) == (NUMBER, 800)
    with pytest.raises(NothingToSend):
        create_refund_remittance(context, FR, by=TESS)
    with pytest.raises(SamePersonApproves):
        approve_remittance(context, NUMBER, by=TESS)
    with pytest.raises(RemittanceNotThere):
        take_refunds_paid(context, NUMBER, 800, COLLECTED_ON, by="cli")
    approve_remittance(context, NUMBER, by=TOM)
    root = etree.fromstring(hand_over_remittance(context, NUMBER, by=TESS)[1])
    assert [node.text for node in root.iter(f"{PAIN}InstdAmt")] == ["5.00", "3.00"]
    with pytest.raises(AmountDiffers):
        take_refunds_paid(context, NUMBER, 700, COLLECTED_ON, by="cli")
    take_refunds_paid(context, f"{NUMBER}-1", 500, COLLECTED_ON, by="cli")
    assert (states(context, ACME), states(context, SHOP)) == ([RefundState.PAID], [RefundState.APPROVED])
    take_refunds_paid(context, NUMBER, 300, COLLECTED_ON, by="cli")
    assert find_remittance(context, NUMBER).state is RemittanceState.PAID
    assert "419100" not in ledger(context)
    assert failed(context) == {}
    take_refund_returned(context, f"{NUMBER}-2", "account closed", COLLECTED_ON, by="cli")
    assert (states(context, SHOP), ledger(context)["419100"]) == ([RefundState.FAILED], -300)
    assert failed(context) == {}


def test_a_refund_that_the_bank_refuses_is_unapplied_again(database: Database, tmp_path: Path) -> None:
    context = refundable(database, tmp_path)
    made = create_refund_remittance(context, FR, by=TESS)
    assert made.remittance is not None
    approve_remittance(context, NUMBER, by=TOM)
    hand_over_remittance(context, NUMBER, by=TESS)
    told = report(made.remittance, "PART", {f"{NUMBER}-1": ("RJCT", "AC04")}, (NUMBER, ""))
    reported = take_status_report(context, told, by=TESS)
    assert (reported.remittance.state, reported.rejected) == (RemittanceState.REJECTED, 1)
    assert states(context, ACME) == [RefundState.FAILED]
    assert failed(context) == {}


def test_a_cancelled_file_lets_its_refunds_go(database: Database, tmp_path: Path) -> None:
    context = refundable(database, tmp_path)
    create_refund_remittance(context, FR, by=TESS)
    cancel_remittance(context, NUMBER, "wrong account", by=TESS)
    assert failed(context) == {}
    again = create_refund_remittance(context, FR, by=TESS)
    assert again.remittance is not None
    (refund,) = list_refunds(context, ACME)
    with pytest.raises(RefundNotThere, match="FR-SCT-00000002"):
        record_refund_failed(context, ACME, refund.refund_id, "called off", by=TESS)
    cancel_remittance(context, again.remittance.message_id, "called off", by=TESS)
    record_refund_failed(context, ACME, refund.refund_id, "called off", by=TESS)
    assert failed(context) == {}
    assert PETIT not in [line.account_id for line in again.lines]


def test_money_that_no_file_can_send_is_refused_with_the_way_out(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    brazil = RefundAccount(SHOP, "BR1800360305000010009795493C1", "", "Shop", "Recife", "BR")
    with pytest.raises(
        BadRefundAccount, match=r"BR is outside the SEPA area: .*acquit refund paid --account ab20002"
    ):
        set_refund_account(context, brazil, by=TESS)
    received = Receipt(COLLECTED_ON, 700, Currency("USD"))
    deposit = settle_debt(context, ACME, received, [], by="cli").deposit
    asked = refund_money(context, ACME, deposit.deposit_id, "paid twice", by=TESS)
    with pytest.raises(NothingToSend, match="1 left out"):
        create_refund_remittance(context, FR, by=TESS)
    (left,) = rehearse_refunds(context, FR).left_out
    assert left.reason == (
        "it is of USD, files of transfers are in EUR: send it at your bank, then "
        f"`acquit refund paid --account {ACME} --number {asked.refund_id}`."
    )
    record_refund_paid(context, ACME, asked.refund_id, COLLECTED_ON, "wire 7", by=TESS)
    assert (states(context, ACME), failed(context)) == ([RefundState.PAID], {})
