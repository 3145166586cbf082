"""What most actions load first, and who may do what: each function answers or refuses."""

from datetime import date

from acquit.actions.context import Context
from acquit.core.account import Account, LegalEntity, NoSuchAccount, NoSuchLegalEntity
from acquit.core.errors import Forbidden
from acquit.core.identifiers import AccountId, LegalEntityId, OperatorId
from acquit.core.operator import Right, require
from acquit.core.terms import Applicant
from acquit.store import accounts, legal_entities, operators, terms
from acquit.store.transaction import Transaction


class StaffOnly(Forbidden):
    """Only the provider's staff does this."""

    code = "staff-only"


def account_in(tx: Transaction, account_id: AccountId) -> Account:
    """Return the account. Raises NoSuchAccount."""
    account = accounts.find(tx, account_id)
    if account is None:
        raise NoSuchAccount(account_id)
    return account


def locked_account_in(tx: Transaction, account_id: AccountId) -> Account:
    """Return the account and hold it until the transaction ends. Raises NoSuchAccount."""
    accounts.lock(tx, account_id)
    return account_in(tx, account_id)


def entity_in(tx: Transaction, legal_entity_id: LegalEntityId) -> LegalEntity:
    """Return the legal entity. Raises NoSuchLegalEntity."""
    entity = legal_entities.find(tx, legal_entity_id)
    if entity is None:
        raise NoSuchLegalEntity(legal_entity_id)
    return entity


def entity_of(tx: Transaction, account: Account) -> LegalEntity:
    """Return the legal entity that sells to the account."""
    return entity_in(tx, account.legal_entity_id)


def today_of(context: Context, tx: Transaction, account: Account) -> date:
    """Return the business date of the account's legal entity."""
    return date_of(context, entity_of(tx, account))


def date_of(context: Context, entity: LegalEntity) -> date:
    """Return the business date of the legal entity: in a sandbox that of its test clock."""
    return entity.test_on or context.clock.today(entity.zone)


def applicant_in(tx: Transaction, account: Account) -> Applicant:
    """Return what the rules of payment terms look at for the account."""
    return Applicant(
        account=account,
        has_sub_accounts=accounts.has_sub_accounts(tx, account.account_id),
        gathers_usage=terms.gathers_usage(tx, account.account_id),
    )


def require_staff(tx: Transaction, by: str, right: Right) -> None:
    """Pass for the command line, the system and an operator with the right. Raises StaffOnly, RoleForbids."""
    kind, _, name = by.partition(":")
    if kind in ("cli", "system"):
        return
    operator = operators.find(tx, OperatorId(name)) if kind == "operator" else None
    if operator is None:
        raise StaffOnly("Only the provider's staff may do this.", actor=by)
    require(operator, right)


def require_if_staff(tx: Transaction, by: str, right: Right) -> None:
    """Pass for the account's own people and programs, who got here by their key; staff needs the right."""
    if by.partition(":")[0] == "operator":
        require_staff(tx, by, right)
