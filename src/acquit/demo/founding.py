"""The opening day: the seller, its staff and catalogue, the customers and their keys."""

import secrets
from dataclasses import replace
from typing import Final

from acquit.actions.add_operator import add_operator, create_operator_token
from acquit.actions.context import Context
from acquit.actions.create_application import create_application
from acquit.actions.create_sub_account_key import create_sub_account_key
from acquit.actions.grant_consumer_key import EVERYTHING, grant_consumer_key
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.set_password import set_password
from acquit.actions.set_purchase_order import set_order_policy
from acquit.actions.set_up_company import Company, FirstOperator, set_up_company
from acquit.core.access import Rule
from acquit.core.account import PayerChoice
from acquit.core.identifiers import CatalogueId
from acquit.core.purchase_order import Policy
from acquit.core.sales_request import AskedTerm
from acquit.demo.cast import CAST, FAMILY, FR, LEAD, OPERATORS, SELLER, Character, SubCharacter
from acquit.demo.keys import Keys, Login, SubAccountKey
from acquit.demo.metering import define_meters
from acquit.demo.stage import Stage

SALES: Final = "operator:sophie"
ADMINISTRATOR: Final = "camille"
READ_BILLS: Final = (Rule("GET", "/me/bill*"),)


def found_seller(stage: Stage, catalogue: bytes, name: str) -> tuple[CatalogueId, tuple[Login, ...]]:
    """The seller sells from the catalogue; return its version and the staff's logins, administrator first."""
    context = stage.context
    logins = [Login(ADMINISTRATOR, password(), "administrator")]
    first = FirstOperator(
        ADMINISTRATOR, "Camille Roche", logins[0].password, "camille@nuage-belledonne.example"
    )
    set_up_company(context, Company(SELLER, operator=first), by="cli")
    for operator_id, full_name, role in OPERATORS:
        login = Login(operator_id, password(), role)
        email = f"{operator_id}@nuage-belledonne.example"
        add_operator(context, operator_id, full_name, role, login.password, by="cli", email=email)
        logins.append(login)
    imported = import_catalogue(context, catalogue, by="cli", legal_entity_id=FR, name=name)
    define_meters(context)
    return imported.version.catalogue_id, tuple(logins)


def found_accounts(stage: Stage) -> None:
    """Every customer has its account, its sub-accounts and, where sales granted one, its payment term."""
    for character in CAST:
        _open(stage.context, character)
    for sub in FAMILY:
        _open_sub(stage.context, sub)
    for character in CAST:
        if character.term is not None:
            asked = AskedTerm(character.term)
            grant_enterprise_terms(stage.context, character.account_id, asked, by=SALES)


def make_keys(context: Context, staff: tuple[Login, ...]) -> Keys:
    """Return keys for the doors; they are made here and shown once."""
    by = f"account:{LEAD.account_id}"
    made = create_application(context, LEAD.account_id, "Demonstration", by=by)
    application_id = made.application.application_id
    whole = grant_consumer_key(context, application_id, LEAD.account_id, EVERYTHING, by=by)
    bills = grant_consumer_key(context, application_id, LEAD.account_id, READ_BILLS, by=by)
    subs = []
    for number, sub in enumerate(FAMILY, 1):
        key = create_sub_account_key(context, LEAD.account_id, number, application_id, by=by)
        subs.append(SubAccountKey(number, sub.account_id, key.consumer_key))
    login = Login(LEAD.account_id, password(), "customer")
    set_password(context, LEAD.account_id, login.password, by=SALES)
    return Keys(
        application_key=made.application.application_key,
        application_secret=made.secret,
        account_id=LEAD.account_id,
        consumer_key=whole.consumer_key,
        read_only_bills_key=bills.consumer_key,
        sub_accounts=tuple(subs),
        staff=staff,
        office_token=create_operator_token(context, staff[0].login, by="cli"),
        sign_in=login,
    )


def password() -> str:
    """Return a random password that a person can copy."""
    return secrets.token_urlsafe(15)


def _open(context: Context, character: Character) -> None:
    opening = Opening(
        legal_entity_id=FR,
        party=character.party,
        account_id=character.account_id,
        support_level=character.level,
        tags=character.tags,
        given_name=character.given_name,
        family_name=character.family_name,
        email=character.email,
        language=character.language,
    )
    open_account(context, opening, by=SALES)
    if character.policy is not Policy.PROCEED:
        set_order_policy(context, character.account_id, character.policy, by=SALES)


def _open_sub(context: Context, sub: SubCharacter) -> None:
    payer = PayerChoice.ITSELF if sub.party is not None else PayerChoice.PARENT
    by = f"account:{LEAD.account_id}"
    open_sub_account(context, LEAD.account_id, sub.description, by=by, payer=payer, account_id=sub.account_id)
    if sub.party is not None:
        party = replace(sub.party, from_on=context.clock.today(SELLER.zone))
        set_legal_party(context, sub.account_id, party, by=SALES)
