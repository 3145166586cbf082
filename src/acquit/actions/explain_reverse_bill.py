"""Walk a reverse bill back to where each cent comes from: agreement, lines, VAT, series, payment, books."""

from acquit.actions.agree_self_billing import found_in
from acquit.actions.context import Context
from acquit.core.identifiers import AccountId, BillId
from acquit.core.reverse_bill import NoSuchReverseBill
from acquit.core.reverse_text import ReverseExplanation
from acquit.store import explanations, reverse_bills


def explain_reverse_bill(context: Context, account_id: AccountId, bill_id: BillId) -> ReverseExplanation:
    """Return where everything on the account's reverse bill comes from. Raises NoSuchReverseBill."""
    with context.database.snapshot() as tx:
        bill = reverse_bills.find(tx, account_id, bill_id)
        if bill is None:
            raise NoSuchReverseBill(bill_id)
        facts = reverse_bills.facts(tx, account_id, bill_id)
        numbered = explanations.numbered(tx, account_id, bill_id)
        return ReverseExplanation(
            bill,
            found_in(tx, account_id, facts.agreement_no),
            facts.vat,
            reverse_bills.standing(tx, account_id, bill_id),
            numbered.series_id,
            numbered.number,
            explanations.entry(tx, account_id, bill_id),
        )
