"""What deciding about bank entries needs of a legal entity: its books, limits and suspense account."""

from dataclasses import dataclass, replace

from acquit.actions.bank_booking import Desk
from acquit.actions.bank_deciding import Setting
from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.actions.open_account import free_account_id, insert_account
from acquit.actions.settling import books_in
from acquit.core.account import Account, AccountState
from acquit.core.bank_clue import Patterns
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.journal import refuse_incomplete
from acquit.store import accounts, bank_evidence, bank_settings, periods
from acquit.store.transaction import Transaction

SUSPENSE_LETTERS = "zz"


@dataclass(frozen=True, slots=True)
class House:
    """How a legal entity decides: by which patterns, tolerance and limit, and where unknown money waits."""

    setting: Setting
    limits: bank_settings.Limits
    suspense_id: AccountId


def house_in(context: Context, tx: Transaction, legal_entity_id: LegalEntityId) -> House:
    """Return how the legal entity decides; its suspense account is made when it has none.

    Raises NoSuchLegalEntity, ChartIncomplete.
    """
    limits = bank_settings.limits(tx, legal_entity_id)
    entity = entity_in(tx, legal_entity_id)
    patterns = Patterns.of(bank_evidence.bill_series(tx, legal_entity_id))
    setting = Setting(legal_entity_id, patterns, limits.short_tolerance_minor, date_of(context, entity))
    return House(setting, limits, _suspense_account(context, tx, legal_entity_id))


def desk_in(context: Context, tx: Transaction, house: House, by: str) -> Desk:
    """Return an empty desk; the suspense account is held, which is the last account to be."""
    books = books_in(context, tx, house.setting.legal_entity_id)
    refuse_incomplete(books.chart, house.setting.legal_entity_id, for_credit=True, for_banks=True)
    accounts.lock(tx, house.suspense_id)
    return Desk(books, house.suspense_id, by, open_from=periods.open_from(tx, house.suspense_id))


def _suspense_account(context: Context, tx: Transaction, legal_entity_id: LegalEntityId) -> AccountId:
    found = bank_settings.suspense_account(tx, legal_entity_id)
    if found is not None:
        return found
    entity = entity_in(tx, legal_entity_id)
    account_id = free_account_id(tx, entity, SUSPENSE_LETTERS, None)
    account = Account(
        account_id=account_id,
        legal_entity_id=legal_entity_id,
        payer_id=account_id,
        currency=entity.currency,
        opened_at=context.clock.now(),
        description="Money that is not identified yet",
        language=entity.language,
        family_name="Suspense",
    )
    insert_account(tx, replace(account, state=AccountState.CLOSED), (), "system")
    bank_settings.add_suspense_account(tx, legal_entity_id, account_id)
    return account_id
