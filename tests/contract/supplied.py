"""What an account of the world supplies to its seller, billed in its name and paid."""

from dataclasses import replace
from datetime import date
from typing import Final, LiteralString

from acquit.actions.agree_self_billing import Terms, accept_self_billing, agree_self_billing
from acquit.actions.answer_reverse_bill import accept_reverse_bill
from acquit.actions.context import Context
from acquit.actions.issue_reverse_bill import issue_reverse_bill
from acquit.actions.pay_reverse_bill import pay_reverse_bill
from acquit.actions.refund_money import record_refund_paid
from acquit.actions.set_legal_party import set_legal_party
from acquit.core.bill import Bill
from acquit.core.identifiers import AccountId
from acquit.core.reverse_bill import Supplied
from acquit.core.self_billing import Regime
from acquit.store import legal_parties

from .world import TODAY

COMMISSION: Final = Supplied(
    "REF-7", "Commission on referred accounts", 25_000, 10_000_000_000, date(2026, 10, 1), date(2026, 10, 31)
)
"""2.5 times 100.00."""


BOOKS: LiteralString = """
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    VALUES ('FR', 'bought_services', '6222', 'Commissions'), ('FR', 'supplier', '401', 'Suppliers'),
           ('FR', 'vat_deductible', '44566', 'VAT deducted'),
           ('FR', 'vat_deductible_pending', '44564', 'VAT to deduct'),
           ('FR', 'refund_payable', '4671', 'To refund')
    ON CONFLICT DO NOTHING
"""


def agree(context: Context, account_id: AccountId) -> None:
    """The account, which has a VAT id, lets its seller bill what it supplies."""
    with context.database.write() as tx:
        tx.run(BOOKS)
        party = legal_parties.of_account(tx, account_id, TODAY)
    assert party is not None, "accounts of the world have one"
    key = (12 + 3 * (int(party.siren) % 97)) % 97
    set_legal_party(context, account_id, replace(party, vat_id=f"FR{key:02d}{party.siren}"), by="cli")
    terms = Terms("referral commissions", f"MAND-{account_id}", Regime.STANDARD, sets_off=True)
    made = agree_self_billing(context, account_id, terms, by="cli")
    accept_self_billing(context, account_id, made.agreement_no, "Alice Martin", by="cli")


def supply(context: Context, account_id: AccountId, *, paid: bool = True) -> Bill:
    """The account supplied something; it accepted the bill made in its name, and was paid."""
    bill = issue_reverse_bill(context, account_id, [COMMISSION], by="cli")
    if paid:
        accept_reverse_bill(context, account_id, bill.bill_id, by="cli")
        refund = pay_reverse_bill(context, account_id, bill.bill_id, by="cli")
        record_refund_paid(context, account_id, refund.refund_id, TODAY, "by hand", by="cli")
    return bill
