"""Where a page about an account stands: the account, its seller, its buyer in law, the business date."""

from dataclasses import dataclass
from datetime import date

from acquit.actions.loading import date_of
from acquit.console.visit import Page, Visit
from acquit.core.account import Account, LegalEntity, LegalParty, NoSuchAccount
from acquit.core.identifiers import AccountId
from acquit.store import accounts, legal_entities, legal_parties
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Place:
    """One account and what every page about it needs."""

    account: Account
    entity: LegalEntity
    party: LegalParty | None
    today: date


def place_of(visit: Visit, tx: Transaction, account_id: AccountId) -> Place:
    """Return the account's place. Raises NoSuchAccount."""
    account = accounts.find(tx, account_id)
    entity = legal_entities.of_account(tx, account_id)
    if account is None or entity is None:
        raise NoSuchAccount(account_id)
    today = date_of(visit.context, entity)
    return Place(account, entity, legal_parties.of_account(tx, account_id, today), today)


def own_place(visit: Visit, tx: Transaction) -> Place:
    """Return the place of the account that is signed in."""
    return place_of(visit, tx, visit.account_id)


def page(template: str, place: Place, **values: object) -> Page:
    """Return a page of the manager that stands at the place."""
    return Page(f"manager/{template}", {"place": place, "zone": place.entity.zone, **values})
