"""The page of a receipt: money that came from an account, or went back to it."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, entity_of
from acquit.core.account import Account
from acquit.core.debt import NoSuchDeposit
from acquit.core.identifiers import AccountId
from acquit.core.refund import NoSuchRefund, RefundState
from acquit.core.snapshot import seller
from acquit.documents.letterhead import Letterhead
from acquit.documents.receipt_page import Receipt, render_receipt
from acquit.documents.wording import wording
from acquit.store import debts, receipt_lists, refunds
from acquit.store.transaction import Transaction


def deposit_page(context: Context, account_id: AccountId, deposit_id: str) -> bytes:
    """Return the receipt for a deposit that stands as a web page. Raises NoSuchAccount, NoSuchDeposit."""
    with context.database.snapshot() as tx:
        account = account_in(tx, account_id)
        deposit = debts.find_deposit(tx, account_id, deposit_id)
        if deposit is None or not receipt_lists.deposits(tx, account_id, [deposit_id]):
            raise NoSuchDeposit(f"Account {account_id} has no deposit {deposit_id}.")
        says = wording(account.language, deposit.currency)
        shares = receipt_lists.shares(tx, account_id, deposit_id)
        receipt = Receipt(
            deposit_id, _sender(tx, account), account_id, account.language, deposit.received_on,
            deposit.currency, deposit.amount_minor, deposit.bank_reference,
            tuple((each.bill_id or says.say("receipt.others"), each.amount_minor) for each in shares),
            deposit.amount_minor - debts.applied_minor(tx, account_id, deposit_id),
        )  # fmt: skip
    return render_receipt(receipt)


def refund_page(context: Context, account_id: AccountId, refund_id: int) -> bytes:
    """Return the receipt for money that went back as a web page. Raises NoSuchAccount, NoSuchRefund."""
    with context.database.snapshot() as tx:
        account = account_in(tx, account_id)
        refund = refunds.find(tx, account_id, refund_id)
        if refund is None or refund.state is not RefundState.PAID:
            raise NoSuchRefund(f"Account {account_id} has no refund {refund_id} that was paid.")
        receipt = Receipt(
            str(refund_id), _sender(tx, account), account_id, account.language,
            refund.state_on or refund.asked_on, refund.currency, refund.amount_minor, refund.deposit_id,
            is_refund=True,
        )  # fmt: skip
    return render_receipt(receipt)


def _sender(tx: Transaction, account: Account) -> Letterhead:
    entity = entity_of(tx, account)
    return Letterhead(seller(entity), entity.logo or b"")
