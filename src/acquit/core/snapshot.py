"""Who sells, buys and pays, and from which account, as printed: copies that never change, named by hash.

The name is the SHA-256 of the canonical JSON: one flat object of texts, integers and booleans, members
sorted by code point, no blanks, UTF-8.
"""

import hashlib
import json
from dataclasses import dataclass, fields
from operator import attrgetter

from acquit.core.account import LegalEntity, LegalParty
from acquit.core.quick import quick


@dataclass(frozen=True, slots=True)
class Seller:
    """The legal entity as printed."""

    name: str
    country: str
    legal_form: str = ""
    capital: str = ""
    register_city: str = ""
    siren: str = ""
    siret: str = ""
    vat_id: str = ""
    e_address: str = ""
    street: str = ""
    street_2: str = ""
    zip: str = ""
    city: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    iban: str = ""
    bic: str = ""
    bank_name: str = ""
    late_rate_bp: int = 0
    late_fee_minor: int = 0
    vat_on_debits: bool = False
    brand_colour: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Buyer:
    """A legal party as printed, as buyer or payer; `sub_account` is what a sub-account is called."""

    name: str
    country: str
    siren: str = ""
    vat_id: str = ""
    e_address: str = ""
    street: str = ""
    street_2: str = ""
    zip: str = ""
    city: str = ""
    tax_profile: str = "business"
    exemption_reason: str = ""
    buyer_reference: str = ""
    sub_account: str = ""


@dataclass(frozen=True, slots=True)
class Debit:
    """The mandate that a bill is collected under, as printed. Source: EN 16931 BT-89, BT-90, BT-91."""

    creditor_id: str
    mandate_reference: str
    iban: str


@quick
@dataclass(frozen=True, slots=True)
class Snapshot:
    """A canonical copy and its name."""

    hash: bytes
    body: str


_SELLER = tuple(sorted(field.name for field in fields(Seller)))
_BUYER = tuple(sorted(field.name for field in fields(Buyer)))
_DEBIT = tuple(sorted(field.name for field in fields(Debit)))
_seller, _buyer = attrgetter(*_SELLER), attrgetter(*_BUYER)
_quoted = json.encoder.encode_basestring
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BUYER_FORM = "{" + ",".join([f'"{name}":%s' for name in _BUYER]) + "}"


def seller(entity: LegalEntity) -> Seller:
    """Return the legal entity as it is printed now."""
    return Seller(**{field.name: getattr(entity, field.name) for field in fields(Seller)})


def buyer(party: LegalParty, sub_account: str = "") -> Buyer:
    """Return the legal party as it is printed now, with the name of the sub-account that it buys for."""
    return Buyer(
        party.name,
        party.country,
        party.siren,
        party.vat_id,
        party.e_address,
        party.street,
        party.street_2,
        party.zip,
        party.city,
        str(party.tax_profile),
        party.exemption_reason,
        party.buyer_reference,
        sub_account,
    )


def snapshot(printed: Seller | Buyer | Debit) -> Snapshot:
    """Return the canonical copy and its SHA-256."""
    if isinstance(printed, Buyer):
        body = _BUYER_FORM % tuple(map(_quoted, _buyer(printed)))
    elif isinstance(printed, Debit):
        body = _encode({name: getattr(printed, name) for name in _DEBIT})
    else:
        body = _encode(dict(zip(_SELLER, _seller(printed), strict=True)))
    return Snapshot(hashlib.sha256(body.encode()).digest(), body)
