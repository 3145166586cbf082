"""Say who pays the bills of a sub-account: itself or its parent."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, locked_account_in, require_staff
from acquit.core.account import Account, PayerChoice, payer_for
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.store import accounts, acts, terms
from acquit.store.transaction import Transaction


class GrantInTheWay(Conflict):
    """The account has a payment term of its own, so no other account can pay for it."""

    code = "grant-in-the-way"


def set_payer(context: Context, account_id: AccountId, choice: PayerChoice, *, by: str) -> Account:
    """Later bills are owed by the account itself or by its parent; open debts stay where they are.

    The account's services renew permanently exactly if its payer has a payment term. Raises NoSuchAccount,
    NotAPayer, GrantInTheWay.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        account = account_in(tx, account_id)
        payer_id = payer_for(account_id, account.parent_id, choice)
        if account.parent_id is not None:
            accounts.lock(tx, account.parent_id)
        locked_account_in(tx, account_id)
        _refuse_own_grant(tx, account, payer_id)
        accounts.set_payer(tx, account_id, payer_id)
        if terms.renews_permanently(tx, account_id):
            terms.force_renewal_of(tx, account_id)
        else:
            terms.release_renewal_of(tx, account_id)
        acts.record(tx, by, "set_payer", account_id, payer_id, before=account.payer_id)
        return account_in(tx, account_id)


def _refuse_own_grant(tx: Transaction, account: Account, payer_id: AccountId) -> None:
    running = [grant for grant in terms.of_account(tx, account.account_id) if grant.end_on is None]
    if payer_id != account.account_id and running:
        raise GrantInTheWay(
            f"Account {account.account_id} has a payment term of its own (grant {running[-1].grant_id}); "
            "revoke it first.",
            grant=str(running[-1].grant_id),
        )
