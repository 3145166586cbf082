"""Ask for prepaid money back: it is credit no longer, and waits as a refund for the seller's approval."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in
from acquit.actions.settling import Books, book_in, books_in, hold_in
from acquit.core.credit_balance import NoSuchCredit, refuse_not_retrievable
from acquit.core.identifiers import AccountId, CreditMovementId
from acquit.core.journal import EntryKind, Role, credit_withdrawn_postings, require_role
from acquit.core.refund import Refund
from acquit.store import acts, credit_movements, refunds
from acquit.store.credit_movements import Movement
from acquit.store.transaction import Transaction

WHY = "prepaid money that the payer asks back"


def ask_prepaid_back(
    context: Context, payer_id: AccountId, lot_id: CreditMovementId, amount_minor: int, *, by: str
) -> Refund:
    """So much of the prepaid credit is unapplied money that a refund is asked for; a person decides on it.

    Refused, the money stays unapplied. Raises NoSuchAccount, NoSuchCredit, NotRetrievable, ChartIncomplete.
    """
    with context.database.write() as tx:
        account = account_in(tx, payer_id)
        hold_in(tx, payer_id, [])
        added = {each.movement_id: each for each in credit_movements.history(tx, payer_id)}.get(lot_id)
        if added is None or added.lot_id != lot_id or added.deposit_id is None:
            raise NoSuchCredit(f"Account {payer_id} has no prepaid credit {lot_id}.")
        lots = credit_movements.lots(tx, [payer_id]).get(payer_id, ())
        left_minor = sum(each.left_minor for each in lots if each.movement_id == lot_id)
        refuse_not_retrievable(amount_minor, left_minor, added.currency)
        books = books_in(context, tx, account.legal_entity_id)
        require_role(books.chart, account.legal_entity_id, Role.REFUND_PAYABLE, Role.CREDIT_BALANCE)
        refund_id = ask_back_in(tx, books, added, amount_minor, by)
        found = refunds.find(tx, payer_id, refund_id)
        assert found is not None, "it was written just now"
        return found


def ask_back_in(tx: Transaction, books: Books, lot: Movement, amount_minor: int, by: str) -> int:
    """Make so much of a lot of money a refund that is asked for; return its id. Hold the payer before."""
    payer_id, deposit_id = lot.account_id, lot.deposit_id
    assert deposit_id is not None, "money came with a deposit"
    movement_id = credit_movements.withdraw(tx, payer_id, lot.movement_id, amount_minor, books.today, by)
    postings = credit_withdrawn_postings(books.chart, amount_minor, lot.currency)
    book_in(tx, payer_id, EntryKind.CREDIT_WITHDRAWN, books.today, str(movement_id), postings)
    refund_id = refunds.add(
        tx, payer_id, deposit_id, lot.currency, amount_minor, "refund", WHY, books.today, by
    )
    acts.record(
        tx, by, "ask_refund", payer_id, deposit_id, refund=refund_id, amount_minor=amount_minor,
        credit=lot.movement_id,
    )  # fmt: skip
    return refund_id
