"""Order prepaid money back onto a bank account: one refund for each deposit that it came from."""

from acquit.actions.ask_money_back import ask_back_in
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_if_staff
from acquit.actions.settling import books_in, hold_in
from acquit.core.identifiers import AccountId, PaymentMethodId
from acquit.core.journal import Role, require_role
from acquit.core.mandate import MandateState
from acquit.core.operator import Right
from acquit.core.payment_method import NoSuchPaymentMethod
from acquit.core.prepayment import Retrieval, retrieved
from acquit.store import acts, credit_movements, mandates, retrievals


def retrieve_prepaid(
    context: Context,
    payer_id: AccountId,
    amount_minor: int,
    payment_method_id: PaymentMethodId,
    *,
    by: str,
) -> Retrieval:
    """So much prepaid credit waits as refunds that go to the bank account of that mandate; people decide.

    What they refuse stays unapplied money of the payer. Raises NoSuchAccount, NotRetrievable,
    NoSuchPaymentMethod, ChartIncomplete, RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.GIVE_UP_MONEY)
        account = account_in(tx, payer_id)
        hold_in(tx, payer_id, [])
        books = books_in(context, tx, account.legal_entity_id)
        signed = {
            held.mandate.payment_method_id
            for held in mandates.of_payer(tx, payer_id)
            if held.state(books.today) is MandateState.ACTIVE
        }
        if payment_method_id not in signed:
            raise NoSuchPaymentMethod(payment_method_id)
        lots = credit_movements.lots(tx, [payer_id]).get(payer_id, ())
        taken = retrieved(lots, amount_minor, account.currency)
        require_role(books.chart, account.legal_entity_id, Role.REFUND_PAYABLE, Role.CREDIT_BALANCE)
        added = {each.movement_id: each for each in credit_movements.history(tx, payer_id)}
        refund_ids = [
            ask_back_in(tx, books, added[lot.movement_id], part_minor, by) for lot, part_minor in taken
        ]
        made = retrievals.add(tx, payer_id, payment_method_id, account.currency, amount_minor, refund_ids, by)
        acts.record(
            tx, by, "retrieve_prepaid", payer_id, str(made.order_id), amount_minor=amount_minor,
            method=payment_method_id,
        )  # fmt: skip
        return made
