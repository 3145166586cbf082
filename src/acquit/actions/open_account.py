"""Open an account: a customer of a legal entity, with its legal party, support level and tags."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.actions.sandbox import sandbox_in
from acquit.actions.set_legal_party import checked_party
from acquit.core import account as law
from acquit.core.account import Account, AccountIdTaken, LegalEntity, LegalParty, SupportLevel
from acquit.core.identifiers import AccountId, LegalEntityId, LegalPartyId
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.store import accounts, acts, legal_parties
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a new account; without `account_id` a name is made from the initials.

    A sandbox is one from its opening: it has a clock, which begins on `test_on` or today.
    """

    legal_entity_id: LegalEntityId
    party: LegalParty | None = None
    account_id: AccountId | None = None
    support_level: SupportLevel = SupportLevel.STANDARD
    tags: frozenset[str] = frozenset()
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str | None = None
    description: str | None = None
    language: str | None = None
    currency: Currency | None = None
    wire_members: Mapping[str, object] = field(default_factory=dict)
    is_sandbox: bool = False
    test_on: date | None = None


def open_account(context: Context, opening: Opening, *, by: str) -> Account:
    """There is a new account, paying its own bills.

    Raises NoSuchLegalEntity, BadAccountId, AccountIdTaken, BadTag, BadLegalParty.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        return open_account_in(context, tx, opening, by)


def open_account_in(context: Context, tx: Transaction, opening: Opening, by: str) -> Account:
    """Open an account inside a transaction that is the caller's."""
    entity = entity_in(tx, opening.legal_entity_id)
    if opening.is_sandbox:
        entity = sandbox_in(tx, entity, opening.test_on or date_of(context, entity))
    names = (opening.given_name, opening.family_name)
    letters = law.initials(*(names if any(names) else (opening.party.name if opening.party else "",)))
    account_id = free_account_id(tx, entity, letters, opening.account_id)
    account = Account(
        account_id=account_id,
        legal_entity_id=entity.legal_entity_id,
        payer_id=account_id,
        currency=opening.currency or entity.currency,
        opened_at=context.clock.now(),
        description=opening.description,
        support_level=opening.support_level,
        language=opening.language or entity.language,
        given_name=opening.given_name,
        family_name=opening.family_name,
        email=opening.email,
        phone=opening.phone,
        wire_members=opening.wire_members,
    )
    if opening.party is not None:
        party_id = _write_party(tx, opening.party, date_of(context, entity))
        account = replace(account, legal_party_id=party_id)
    insert_account(tx, account, opening.tags, by)
    acts.record(tx, by, "open_account", account_id, support_level=account.support_level.value)
    return replace(account, tags=opening.tags)


def insert_account(tx: Transaction, account: Account, tags: Iterable[str], by: str) -> None:
    """Write a new account with its tags. Raises BadTag, AccountIdTaken."""
    checked_tags = sorted(law.checked_tag(tag) for tag in tags)
    if not accounts.insert(tx, account):
        raise AccountIdTaken(f"There is an account {account.account_id} already.", account=account.account_id)
    for tag in checked_tags:
        accounts.add_tag(tx, account.account_id, tag, by)


def free_account_id(
    tx: Transaction, entity: LegalEntity, letters: str, wanted: AccountId | None
) -> AccountId:
    """Return the wanted name, or a new one that no account bears. Raises BadAccountId."""
    if wanted is not None:
        return law.checked_account_id(wanted)
    while True:
        made = law.account_id(letters, accounts.next_number(tx), entity.account_suffix)
        if not accounts.exists(tx, made):
            return made


def _write_party(tx: Transaction, party: LegalParty, today: date) -> LegalPartyId:
    legal_party_id = legal_parties.next_id(tx)
    from_on = min(party.from_on, today)
    legal_parties.insert(tx, replace(checked_party(party), legal_party_id=legal_party_id, from_on=from_on))
    return legal_party_id
