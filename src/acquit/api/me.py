"""/me: the account itself, its support level and its certificates."""

from collections.abc import Mapping
from typing import Any, Final

from acquit.actions.change_account import AccountChange, change_account
from acquit.actions.open_for_reseller import open_for_reseller
from acquit.api import wire
from acquit.api.contract import contract
from acquit.api.request import Request
from acquit.core.account import Account, AccountState, LegalEntity, LegalParty, TaxProfile
from acquit.store import accounts, legal_entities, legal_parties, profiles

PERSON: Final[Mapping[str, str]] = {
    "firstname": "given_name",
    "name": "family_name",
    "spareEmail": "spare_email",
    "phone": "phone",
    "language": "language",
}
"""Members of the account, and what they are called inside."""

PARTY: Final[Mapping[str, str]] = {
    "organisation": "name",
    "companyNationalIdentificationNumber": "siren",
    "vat": "vat_id",
    "address": "street",
    "complementaryAddress": "street_2",
    "zip": "zip",
    "city": "city",
    "country": "country",
}
"""Members of its legal party, and what they are called inside."""

KEPT: Final = (
    "area", "birthCity", "birthDay", "corporationType", "fax", "italianSDI", "legalform",
    "nationalIdentificationNumber", "phoneCountry", "phoneType", "purposeOfPurchase", "sex",
)  # fmt: skip
"""Members that are kept and given back without being used."""

ENTERPRISE: Final = "enterprise"


def get_account(request: Request) -> object:
    """GET /me: who the account is."""
    account_id = request.caller.account_id
    with request.read() as tx:
        account = accounts.find(tx, account_id)
        entity = legal_entities.of_account(tx, account_id)
        party = legal_parties.of_account(tx, account_id, request.today)
    assert account is not None, "a caller's account exists"
    assert entity is not None, "a caller's account has a seller"
    return _account(account, party, entity)


def edit_account(request: Request) -> None:
    """PUT /me: the members that are given; a new address or company holds for bills from today on."""
    change = _told(request.body)
    change_account(request.context, request.caller.account_id, change, by=request.caller.actor)


def open_account(request: Request) -> object:
    """POST /me/account: a reseller's customer has an account of its own; who pays its bills is told."""
    body, caller = request.body, request.caller
    made = open_for_reseller(
        request.context,
        caller.account_id,
        _told(body),
        by=caller.actor,
        email=body.get("email"),
        billing_account=body.get("billingAccount"),
    )
    with request.read() as tx:
        entity = legal_entities.of_account(tx, made.account_id)
        party = legal_parties.of_account(tx, made.account_id, request.today)
    assert entity is not None, "an account has a seller"
    return _account(made, party, entity)


def _told(body: Mapping[str, Any]) -> AccountChange:
    person = {PERSON[name]: text or "" for name, text in body.items() if name in PERSON}
    if not person.get("language", "x"):
        del person["language"]
    return AccountChange(
        person=person,
        party={PARTY[name]: text or "" for name, text in body.items() if name in PARTY},
        kept={name: text for name, text in body.items() if name in KEPT},
    )


def get_support_level(request: Request) -> object:
    """GET /me/supportLevel: the level of the account that pays."""
    with request.read() as tx:
        account = accounts.find(tx, request.caller.account_id)
        assert account is not None, "a caller's account exists"
        payer = account if account.pays_itself else accounts.find(tx, account.payer_id)
    assert payer is not None, "a payer exists"
    return {"level": payer.support_level.value}


def list_certificates(request: Request) -> list[str]:
    """GET /me/certificates: `enterprise` and the attributes that a payment term put on the account."""
    with request.read() as tx:
        attributes = profiles.attribute_names(tx, request.caller.account_id)
    names = [ENTERPRISE, *attributes] if attributes else []
    wanted = request.query["name"]
    return [name for name in names if wanted in (None, name)]


def _account(account: Account, party: LegalParty | None, entity: LegalEntity) -> dict[str, Any]:
    shown = {name: getattr(account, inside) or None for name, inside in PERSON.items()}
    shown |= {name: party and (getattr(party, inside) or None) for name, inside in PARTY.items()}
    shown |= {name: account.wire_members.get(name) for name in KEPT}
    if party is not None and party.tax_profile is TaxProfile.PERSON:
        shown["organisation"] = None
    shown |= {
        "country": party.country if party is not None else entity.country,
        "currency": {"code": account.currency, "symbol": wire.symbol(account.currency)},
        "customerCode": account.account_id,
        "email": account.email,
        "kycValidated": None,
        "language": account.language if account.language in _enumeration("LanguageEnum") else None,
        "legalform": shown["legalform"] or _legal_form(party),
        "nichandle": account.account_id,
        "ovhCompany": "ovh",
        "ovhSubsidiary": subsidiary(entity),
        "state": "incomplete" if account.state is AccountState.INCOMPLETE else "complete",
    }
    return dict(sorted(shown.items()))


def _legal_form(party: LegalParty | None) -> str:
    return "individual" if party is None or party.tax_profile is TaxProfile.PERSON else "corporation"


def subsidiary(entity: LegalEntity) -> str:
    """Return the seller's place in the wire's closed list of sellers; `EU` when it has none."""
    known = _enumeration("OvhSubsidiaryEnum")
    return next((code for code in (entity.legal_entity_id[:2], entity.country) if code in known), "EU")


def _enumeration(name: str) -> tuple[str, ...]:
    return contract().models[f"nichandle.{name}"].values
