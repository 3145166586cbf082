"""An account accepts what its seller asks it to."""

from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, today_of
from acquit.core.contract_text import ContractTextObsolete, NoSuchContractText, Presented
from acquit.core.identifiers import AccountId
from acquit.store import acts, contract_texts
from acquit.store.transaction import Transaction


def accept_contract(context: Context, account_id: AccountId, contract_text_id: int, *, by: str) -> Presented:
    """The account's yes is written; a second one changes nothing.

    Raises NoSuchAccount, NoSuchContractText, ContractTextObsolete.
    """
    with context.database.write() as tx:
        account = locked_account_in(tx, account_id)
        today = today_of(context, tx, account)
        found = presented_in(tx, account_id, contract_text_id, today)
        if not found.holds and found.accepted_at is None:
            raise ContractTextObsolete(
                f"A newer version of {found.text.name!r} holds since {found.until_on}: accept that one."
            )
        if contract_texts.accept(tx, account_id, contract_text_id, by, context.clock.now()):
            acts.record(tx, by, "accept_contract", account_id, str(contract_text_id), name=found.text.name)
        return presented_in(tx, account_id, contract_text_id, today)


def presented_in(tx: Transaction, account_id: AccountId, contract_text_id: int, today: date) -> Presented:
    """Return the version as the account sees it. Raises NoSuchContractText."""
    every = contract_texts.presented(tx, account_id, today)
    found = next((each for each in every if each.text.contract_text_id == contract_text_id), None)
    if found is None:
        raise NoSuchContractText(contract_text_id)
    return found
