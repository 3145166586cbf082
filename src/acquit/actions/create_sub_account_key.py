"""What a parent does with its sub-accounts: describes one, takes a consumer key that speaks for it."""

from acquit.actions.context import Context
from acquit.actions.grant_consumer_key import GrantedKey, grant_in
from acquit.actions.loading import account_in
from acquit.core.account import RESELLER_TAG, Account, AccountState, NoSuchAccount, ResellerTagMissing
from acquit.core.errors import Forbidden
from acquit.core.identifiers import AccountId, ApplicationId
from acquit.core.printed_text import refuse_texts
from acquit.documents.glyphs import missing_glyphs
from acquit.store import accounts, acts
from acquit.store.transaction import Transaction


class SubAccountClosed(Forbidden):
    """Nobody acts for a closed account."""

    code = "sub-account-closed"


def create_sub_account_key(
    context: Context, parent_id: AccountId, sub_account_no: int, application_id: ApplicationId, *, by: str
) -> GrantedKey:
    """Give the application a consumer key that acts as the sub-account, without a validation page.

    Raises NoSuchAccount, ResellerTagMissing, SubAccountClosed, InvalidApplicationKey.
    """
    with context.database.write() as tx:
        found = _sub_account(tx, parent_id, sub_account_no)
        _refuse_without_tag(account_in(tx, parent_id))
        if found.state is AccountState.CLOSED:
            raise SubAccountClosed(f"Sub-account {sub_account_no} is closed: nobody acts for it any more")
        granted = grant_in(tx, application_id, found.account_id, by=by)
        acts.record(tx, by, "create_sub_account_key", found.account_id, str(granted.credential_id))
        return granted


def describe_sub_account(
    context: Context, parent_id: AccountId, sub_account_no: int, description: str | None, *, by: str
) -> None:
    """Write what the sub-account is for. Raises NoSuchAccount, BadText."""
    refuse_texts([("[description] The description", description or "")], missing_glyphs)
    with context.database.write() as tx:
        found = _sub_account(tx, parent_id, sub_account_no)
        accounts.set_description(tx, found.account_id, description)
        acts.record(tx, by, "describe_sub_account", found.account_id)


def _sub_account(tx: Transaction, parent_id: AccountId, sub_account_no: int) -> Account:
    found = accounts.find_sub_account(tx, parent_id, sub_account_no)
    if found is None:
        raise NoSuchAccount(str(sub_account_no))
    return found


def _refuse_without_tag(parent: Account) -> None:
    if not parent.is_reseller:
        raise ResellerTagMissing(
            f"Account {parent.account_id} lacks the tag {RESELLER_TAG!r} that keys of sub-accounts need; "
            "ask sales for it",
            account=parent.account_id,
            source="conditions of sub-accounts: reseller tag",
        )
