"""Say which cost account of the buyer and which contract the bills of an account name."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, locked_account_in
from acquit.actions.set_purchase_order import require_orders_right
from acquit.core.account import Account
from acquit.core.identifiers import AccountId
from acquit.core.printed_text import refuse_texts
from acquit.documents.glyphs import missing_glyphs
from acquit.store import accounts, acts


def set_bill_references(
    context: Context,
    account_id: AccountId,
    *,
    cost_account: str | None = None,
    contract: str | None = None,
    by: str,
) -> Account:
    """Bills of the account name these from now on; an empty text takes one away, None leaves it.

    A purchase order's cost account goes before the account's; a sub-account without a contract of its own is
    billed under its parent's. Raises NoSuchAccount, BadText, StaffOnly, RoleForbids.
    """
    given = {"cost_account": cost_account, "contract": contract}
    wanted = {name: None if text is None else text.strip() for name, text in given.items()}
    texts = (("The cost account", wanted["cost_account"]), ("The contract", wanted["contract"]))
    refuse_texts(((what, text or "") for what, text in texts), missing_glyphs)
    with context.database.write() as tx:
        require_orders_right(tx, by, account_id)
        locked_account_in(tx, account_id)
        accounts.set_bill_references(tx, account_id, **wanted)
        told = {name: text for name, text in wanted.items() if text is not None}
        acts.record(tx, by, "set_bill_references", account_id, **told)
        return account_in(tx, account_id)
