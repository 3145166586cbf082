"""Sellers and buyers as electronic bills name them: identifiers with their schemes, and electronic addresses.

Source: EN 16931 BG-4, BG-7; ISO 6523 and EAS code lists; XP Z12-012 (BR-FR-10 to 13, 21, 23).
"""

import re
from typing import Final

from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import OWN_RATES
from acquit.documents.electronic_bill import Party
from acquit.documents.mentions import register
from acquit.documents.wording import Wording

SIREN, SIRET, FRENCH_ADDRESS, BELGIAN_NUMBER, MAIL = "0002", "0009", "0225", "0208", "EM"
VAT_ADDRESSES: Final = {
    "AT": "9914", "BG": "9926", "CY": "9928", "CZ": "9929", "DE": "9930", "EE": "9931",
    "ES": "9920", "FI": "0213", "GR": "9933", "HR": "9934", "HU": "9910", "IE": "9935", "IT": "0211",
    "LT": "9937", "LU": "9938", "LV": "9939", "MT": "9943", "NL": "9944", "PL": "9945", "PT": "9946",
    "RO": "9947", "SE": "9955", "SI": "9949", "SK": "9950", "GB": "9932", "CH": "9927", "FR": "9957",
}  # fmt: skip
"""EAS codes under which a VAT id is an electronic address, by country."""

AT_HOME: Final = frozenset({"FR"}) | OWN_RATES["FR"]
"""France, and where its VAT is charged at other rates: all of it knows businesses by their SIREN."""

REGISTERS: Final = dict.fromkeys(AT_HOME, SIREN) | {"BE": BELGIAN_NUMBER}
"""ISO 6523 codes of the registers whose numbers parties are known by."""

SCHEMED: Final = re.compile(r"([0-9]{4}|EM):(.+)", re.DOTALL)
BETWEEN: Final = " - "


def seller_party(says: Wording, seller: Seller, *, untaxed: bool) -> Party:
    """Return the seller; on a bill outside the scope of VAT it has no VAT id (BR-O-02)."""
    e_address, address_scheme = e_address_of(seller.e_address, seller)
    is_french = seller.country == "FR"
    return Party(
        name=seller.name,
        country=seller.country,
        street=seller.street,
        street_2=seller.street_2,
        postcode=seller.zip,
        town=seller.city,
        vat_id="" if untaxed else seller.vat_id,
        legal_id=seller.siren,
        legal_scheme=REGISTERS.get(seller.country, "") if seller.siren else "",
        legal_form=_legal_form(says, seller),
        e_address=e_address,
        address_scheme=address_scheme,
        party_id=seller.siret if is_french else "",
        party_scheme=SIRET if is_french and seller.siret else "",
        contact=seller.name if seller.email or seller.phone else "",
        phone=seller.phone,
        email=seller.email,
    )


def buyer_party(buyer: Buyer, *, untaxed: bool) -> Party:
    """Return the buyer; on a bill outside the scope of VAT it has no VAT id (BR-O-02)."""
    e_address, address_scheme = e_address_of(buyer.e_address, buyer)
    return Party(
        name=buyer.name,
        country=buyer.country,
        street=buyer.street,
        street_2=buyer.street_2,
        postcode=buyer.zip,
        town=buyer.city,
        vat_id="" if untaxed else buyer.vat_id,
        legal_id=buyer.siren,
        legal_scheme=REGISTERS.get(buyer.country, "") if buyer.siren else "",
        e_address=e_address,
        address_scheme=address_scheme,
    )


def delivery_party(buyer: Buyer) -> Party:
    """Return where goods went: to the buyer's address (BG-13, BG-15)."""
    return Party(
        name=buyer.name,
        country=buyer.country,
        street=buyer.street,
        street_2=buyer.street_2,
        postcode=buyer.zip,
        town=buyer.city,
    )


def e_address_of(told: str, party: Seller | Buyer) -> tuple[str, str]:
    """Return where the party takes electronic bills, and the scheme of that address (BT-34, BT-49).

    `0225:…` and the like name their scheme. Without an address, a French business is reached by its SIREN, a
    Belgian one by the number that its VAT id is made of, one elsewhere by its VAT id; nobody else is.
    """
    told = "".join(told.split())
    if found := SCHEMED.fullmatch(told):
        return found[2], found[1]
    if "@" in told:
        return told, MAIL
    if party.country in AT_HOME and (told or party.siren):
        return told or party.siren, FRENCH_ADDRESS
    scheme, vat_id = VAT_ADDRESSES.get(party.country, ""), told or party.vat_id
    if party.country == "BE" and vat_id:
        return vat_id.removeprefix("BE"), BELGIAN_NUMBER
    return (vat_id, scheme) if scheme and vat_id else ("", "")


def _legal_form(says: Wording, seller: Seller) -> str:
    form = "" if seller.name.endswith(seller.legal_form) else seller.legal_form
    capital = says.say("party.capital", capital=seller.capital) if seller.capital else ""
    registered = ""
    if seller.register_city:
        registered = register(says, seller.country, seller.register_city, seller.siren)
    return BETWEEN.join(
        part for part in (" ".join(part for part in (form, capital) if part), registered) if part
    )
