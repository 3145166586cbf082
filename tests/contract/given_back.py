"""Money that waits, prepaid credit, a voucher's code, a credit note and a refund, in the wire's world."""

from datetime import date
from typing import Final, LiteralString

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.ask_down_payment import Wanted, ask_down_payment
from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.give_points import give_points
from acquit.actions.redeem_voucher import make_voucher
from acquit.actions.refund_money import record_refund_paid, refund_money
from acquit.actions.register_on_page import set_registration_page
from acquit.actions.set_points_programme import set_points_programme
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.take_method_events import take_method_event
from acquit.actions.use_points import use_points
from acquit.core.bill import Bill
from acquit.core.credit import Part
from acquit.core.credit_balance import CreditType
from acquit.core.debt import Allocation
from acquit.core.down_payment import For
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.method_on_file import FileKind, MethodEvent, MethodEventKind, OnFile
from acquit.core.point import Programme
from acquit.core.voucher import Voucher

from .world import EUR, FR, TODAY

CODE: Final = "WELCOME-2026"
BOOKS: LiteralString = """
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    VALUES ('FR', 'credit_balance', '4197', 'Credit'), ('FR', 'credit_given', '7096', 'Rebates'),
           ('FR', 'refund_payable', '4671', 'To refund'), ('FR', 'acquirer', '5115', 'Cards'),
           ('FR', 'acquirer_fees', '6278', 'Fees'), ('FR', 'late_interest', '7631', 'Interest'),
           ('FR', 'recovery_fee', '7588', 'Fees received'), ('FR', 'points', '4871', 'Points'),
           ('FR', 'down_payment', '41911', 'Down payments')
    ON CONFLICT DO NOTHING
"""
NEWEST: LiteralString = """
    SELECT bill_id FROM bill
     WHERE account_id = %(account_id)s AND kind = 'bill'
     ORDER BY order_id DESC
     LIMIT 1
"""


def correct_one(context: Context, account_id: AccountId, bill_id: str) -> None:
    """The bill is taken back and billed again without its order; what was paid stays with the new one."""
    with context.database.write() as tx:
        tx.run(BOOKS)
    correct_bill(context, account_id, BillId(bill_id), "no order", Correction(order_reference=None), by="cli")


def give_back_some(context: Context, account_id: AccountId) -> None:
    """The account has something in every list of receipts and credit; the code above is good for 5 EUR."""
    with context.database.write() as tx:
        tx.run(BOOKS)
        bill_id = BillId(tx.one(NEWEST, account_id=account_id).bill_id)
    receipt = Receipt(TODAY, 5_000, EUR, bank_reference="E2E-9", label="VIR PLUS")
    deposit_id = settle_debt(context, account_id, receipt, by="cli").deposit.deposit_id
    prepaid = Credit(2_000, EUR, CreditType.PREPAID_ACCOUNT, "prepaid", deposit_id=deposit_id)
    add_credit(context, account_id, prepaid, by="cli")
    refund = refund_money(context, account_id, deposit_id, "paid too much", 500, by="cli")
    record_refund_paid(context, account_id, refund.refund_id, TODAY, by="cli")
    credit_bill(context, account_id, bill_id, "an hour of outage", [Part(1, 100)], by="cli")
    make_voucher(context, voucher(), CODE, by="cli")


def keep_some_methods(context: Context, account_id: AccountId) -> None:
    """An acquirer keeps a card and a wallet for the account; both are registered on pages of it."""
    for kind in FileKind:
        keep_method(context, account_id, kind, f"first-{kind.value}")
        set_registration_page(context, FR, kind, "https://pay.example.com/register?v=1", by="cli")


def keep_method(context: Context, account_id: AccountId, kind: FileKind, name: str) -> None:
    """An acquirer keeps a card or a wallet under this name."""
    told = OnFile("stripe", name, kind, "VISA", "1234", date(2028, 10, 1), True)
    if kind is FileKind.PAYPAL:
        told = OnFile("stripe", name, kind, agreement="B-17", email="pay@example.com")
    event = MethodEvent(name, MethodEventKind.REGISTERED, account_id, TODAY, told)
    take_method_event(context, event, by="cli")


def give_some_points(context: Context, account_id: AccountId) -> None:
    """The seller gives points from today on; the account was given some, and used a few."""
    with context.database.write() as tx:
        tx.run(BOOKS)
    programme = Programme(
        FR, EUR, TODAY, points=1, per_minor=1_000, worth_minor=10, lapse_months=24, is_sold=True
    )
    set_points_programme(context, programme, by="cli")
    give_points(context, account_id, 100, "ten years with us", by="cli")
    use_points(context, account_id, 10, by="cli")


def ask_some(context: Context, account_id: AccountId) -> tuple[Bill, Bill]:
    """The account has a down payment that it paid and one that it did not, and nothing deducted them yet."""
    with context.database.write() as tx:
        tx.run(BOOKS)
    paid, owed = (
        ask_down_payment(context, account_id, Wanted(For(), f"stage {minor}", minor), by="cli")
        for minor in (300, 200)
    )
    part = Allocation(account_id, DebtId(paid.order_id), paid.total_minor)
    settle_debt(context, paid.payer_id, Receipt(TODAY, paid.total_minor, EUR), [part], by="cli")
    return paid, owed


def voucher() -> Voucher:
    """A voucher of 5 EUR."""
    return Voucher(FR, 0, "", EUR, 500, date(2027, 6, 30), "welcome", credit_days=90)
