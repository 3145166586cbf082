"""A reseller opens an account for a customer of its own: a sub-account with a legal party of its own."""

from dataclasses import replace
from datetime import date
from typing import Any

from acquit.actions.change_account import AccountChange, refuse_too_long, with_person
from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_of, locked_account_in
from acquit.actions.open_account import free_account_id
from acquit.actions.open_sub_account import open_in
from acquit.actions.set_legal_party import NEW, BadLegalParty, checked_party, write_party
from acquit.core.account import (
    Account,
    LegalEntity,
    LegalParty,
    NotAPayer,
    PayerChoice,
    TaxProfile,
    initials,
    refuse_sub_account,
)
from acquit.core.identifiers import AccountId
from acquit.core.identity import BadIdentity, checked_email
from acquit.store import accounts
from acquit.store.transaction import Transaction


def open_for_reseller(
    context: Context,
    reseller_id: AccountId,
    told: AccountChange,
    *,
    by: str,
    email: str | None = None,
    billing_account: str | None = None,
) -> Account:
    """There is a new account under the reseller's, whose buyer in law is what was told of it.

    `billing_account` names who pays its bills: the reseller; None: the new account itself.

    Raises TooLong, BadIdentity, NoSuchAccount, ResellerTagMissing, NotAPayer, BadLegalParty (nothing names
    the buyer, or it contradicts itself).
    """
    refuse_too_long(told)
    address = _address(email)
    with context.database.write() as tx:
        reseller = locked_account_in(tx, reseller_id)
        refuse_sub_account(reseller)
        choice, entity = _payer(reseller, billing_account), entity_of(tx, reseller)
        party = _party(told, entity, date_of(context, entity))
        account_id = free_account_id(tx, entity, initials(party.name), None)
        made = open_in(context, tx, reseller, account_id, party.name, choice, by)
        nobody = replace(made, given_name="", family_name="", email=address)
        accounts.set_person(tx, with_person(nobody, told))
        write_party(tx, made, party, party.from_on)
        return _named(tx, made.account_id)


def _payer(reseller: Account, billing_account: str | None) -> PayerChoice:
    if not billing_account:
        return PayerChoice.ITSELF
    if billing_account == reseller.account_id:
        return PayerChoice.PARENT
    raise NotAPayer(
        f"[billingAccount] The bills are paid by {reseller.account_id}, or, without this member, by the new "
        "account itself.",
        parameter="billingAccount",
    )


def _address(email: str | None) -> str:
    checked = checked_email(email or None)
    if checked is not None and not checked.isprintable():
        raise BadIdentity("[email] Given data is not an e-mail address", parameter="email")
    return checked or ""


def _party(told: AccountChange, entity: LegalEntity, today: date) -> LegalParty:
    """Return the buyer in law; a company when it is named, else a person. Raises BadLegalParty."""
    members: dict[str, Any] = {name: text for name, text in told.party.items() if text}
    person = " ".join(told.person.get(name, "") for name in ("given_name", "family_name")).strip()
    if not members.get("name", person).strip():
        raise BadLegalParty(
            "[organisation] Nobody would be the buyer in law: give organisation, or firstname and name.",
            parameter="organisation",
        )
    profile = TaxProfile.BUSINESS if "name" in members else TaxProfile.PERSON
    buyer = LegalParty(NEW, today, person, entity.country, tax_profile=profile)
    return checked_party(replace(buyer, **members))


def _named(tx: Transaction, account_id: AccountId) -> Account:
    """Return the account as it stands now. Its legal party was written: what is named has one."""
    found = accounts.find(tx, account_id)
    assert found is not None, "an account that was opened is there"
    assert found.legal_party_id is not None, "a customer of a reseller is a buyer in law of its own"
    return found
