"""Open a sub-account: an account of its own under another one."""

from acquit.actions.context import Context
from acquit.actions.loading import entity_of, locked_account_in
from acquit.actions.open_account import free_account_id, insert_account
from acquit.core import account as law
from acquit.core.account import Account, PayerChoice
from acquit.core.identifiers import AccountId
from acquit.core.printed_text import refuse_texts
from acquit.documents.glyphs import missing_glyphs
from acquit.store import accounts, acts
from acquit.store.transaction import Transaction


def open_sub_account(
    context: Context,
    parent_id: AccountId,
    description: str | None = None,
    *,
    by: str,
    payer: PayerChoice = PayerChoice.PARENT,
    account_id: AccountId | None = None,
) -> Account:
    """There is a new sub-account, whose legal party is its parent's until it is given its own.

    Raises BadText, NoSuchAccount, ResellerTagMissing, NotAPayer, BadAccountId, AccountIdTaken.
    """
    refuse_texts([("The description", description or "")], missing_glyphs)
    with context.database.write() as tx:
        parent = locked_account_in(tx, parent_id)
        law.refuse_sub_account(parent)
        names = (parent.given_name, parent.family_name)
        letters = law.initials(*names) if parent.family_name else parent_id[:2]
        made_id = free_account_id(tx, entity_of(tx, parent), letters, account_id)
        return open_in(context, tx, parent, made_id, description, payer, by)


def open_in(
    context: Context,
    tx: Transaction,
    parent: Account,
    made_id: AccountId,
    description: str | None,
    payer: PayerChoice,
    by: str,
) -> Account:
    """Open a sub-account of a held parent, under a free name, inside a transaction that is the caller's."""
    account = Account(
        account_id=made_id,
        legal_entity_id=parent.legal_entity_id,
        payer_id=law.payer_for(made_id, parent.account_id, payer),
        currency=parent.currency,
        opened_at=context.clock.now(),
        parent_id=parent.account_id,
        sub_account_no=accounts.next_sub_account_no(tx),
        description=description,
        language=parent.language,
        given_name=parent.given_name,
        family_name=parent.family_name,
        email=parent.email,
        order_policy=parent.order_policy,
        hold_days_max=parent.hold_days_max,
    )
    insert_account(tx, account, (), by)
    acts.record(tx, by, "open_sub_account", made_id, parent.account_id, payer=payer.value)
    return account
