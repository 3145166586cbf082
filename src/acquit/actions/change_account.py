"""An account changes what it said about itself: names, addresses, its legal party, members that are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_of, locked_account_in
from acquit.actions.set_legal_party import NEW, checked_party, write_party
from acquit.core.account import Account, LegalEntity, LegalParty, TaxProfile
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.core.identity import checked_email
from acquit.store import accounts, acts, legal_parties, profiles
from acquit.store.transaction import Transaction

TEXT_MAX: Final = 255
PERSON: Final = ("given_name", "family_name", "spare_email", "phone", "language")
OPTIONAL: Final = frozenset({"spare_email", "phone"})
PARTY: Final = ("name", "siren", "vat_id", "street", "street_2", "zip", "city", "country")


class TooLong(Invalid):
    """A text has more characters than are kept."""

    code = "text-too-long"


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What is to be changed, by name; an empty text takes the former one away.

    `person` has names of PERSON, `party` names of PARTY, `kept` members that are given back without being
    used (None: forgotten).
    """

    person: Mapping[str, str] = field(default_factory=dict)
    party: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str | None] = field(default_factory=dict)


def change_account(context: Context, account_id: AccountId, change: AccountChange, *, by: str) -> Account:
    """Write the changes; a changed legal party holds from today on, issued bills keep the former.

    Raises TooLong, BadIdentity for a spare address that is none, BadLegalParty, NoSuchAccount.
    """
    refuse_too_long(change)
    with context.database.write() as tx:
        account = locked_account_in(tx, account_id)
        accounts.set_person(tx, with_person(account, change))
        party_changed = _change_party(context, tx, account, entity_of(tx, account), change)
        names = sorted([*change.person, *change.kept, *(change.party if party_changed else ())])
        acts.record(tx, by, "change_account", account_id, members=names)
        return locked_account_in(tx, account_id)


def refuse_too_long(change: AccountChange) -> None:
    """Pass when every text can be kept. Raises TooLong, BadIdentity for a spare address that is none."""
    for name, text in (*change.person.items(), *change.party.items(), *change.kept.items()):
        if text is not None and len(text) > TEXT_MAX:
            raise TooLong(f"[{name}] A text has at most {TEXT_MAX} characters", parameter=name)
    if change.person.get("spare_email"):
        checked_email(change.person["spare_email"])


def with_person(account: Account, change: AccountChange) -> Account:
    """Return the account with what it said about its people, and with the members that are kept."""
    person: dict[str, Any] = dict(change.person)
    for name in OPTIONAL & person.keys():
        person[name] = person[name] or None
    kept = {**account.wire_members, **change.kept}
    remembered = {name: value for name, value in kept.items() if value is not None}
    return replace(account, **person, wire_members=remembered)


def _change_party(
    context: Context, tx: Transaction, account: Account, entity: LegalEntity, change: AccountChange
) -> bool:
    """Write another legal party when the change makes it another; return whether it did."""
    today = date_of(context, entity)
    current = legal_parties.of_account(tx, account.account_id, today)
    if current is None and not any(text for name, text in change.party.items() if name != "country"):
        return False
    wanted = _wanted_party(current or _first_party(account, entity, change), account, change)
    if wanted == current:
        return False
    if profiles.shares_party(tx, account.account_id):
        account = replace(account, legal_party_id=None)
    write_party(tx, account, checked_party(wanted), today)
    return True


def _wanted_party(current: LegalParty, account: Account, change: AccountChange) -> LegalParty:
    members: dict[str, Any] = dict(change.party)
    wanted = replace(current, **members)
    if not wanted.name.strip():
        wanted = replace(wanted, name=_name_of(account, change))
    if wanted.siren != current.siren and current.siren and current.e_address.startswith(current.siren):
        wanted = replace(wanted, e_address=wanted.siren)
    return wanted


def _first_party(account: Account, entity: LegalEntity, change: AccountChange) -> LegalParty:
    profile = TaxProfile.BUSINESS if change.party.get("name") else TaxProfile.PERSON
    return LegalParty(NEW, account.opened_at.date(), "", entity.country, tax_profile=profile)


def _name_of(account: Account, change: AccountChange) -> str:
    names = (
        change.person.get("given_name", account.given_name),
        change.person.get("family_name", account.family_name),
    )
    return " ".join(filter(None, names))
