"""Sellers and buyers as electronic bills name them: identifiers with their schemes, and electronic addresses.

Blanks around a text are no part of it.

Source: EN 16931 BG-4, BG-7; ISO 6523 and EAS code lists; XP Z12-012 (BR-FR-10 to 13, 21, 23).
"""

from typing import Final

from acquit.core.electronic_address import REGISTERS, SIRET, e_address_of
from acquit.core.snapshot import Buyer, Seller
from acquit.documents.electronic_bill import Party
from acquit.documents.mentions import register
from acquit.documents.wording import Wording

BETWEEN: Final = " - "


def seller_party(says: Wording, seller: Seller, *, untaxed: bool) -> Party:
    """Return the seller; on a bill outside the scope of VAT it has no VAT id (BR-O-02)."""
    e_address, address_scheme = e_address_of(seller.e_address, seller)
    is_french = seller.country == "FR"
    return Party(
        name=seller.name.strip(),
        country=seller.country,
        street=seller.street.strip(),
        street_2=seller.street_2.strip(),
        postcode=seller.zip.strip(),
        town=seller.city.strip(),
        vat_id="" if untaxed else seller.vat_id.strip(),
        legal_id=seller.siren.strip(),
        legal_scheme=REGISTERS.get(seller.country, "") if seller.siren.strip() else "",
        legal_form=_legal_form(says, seller),
        e_address=e_address,
        address_scheme=address_scheme,
        tax_number="" if untaxed or seller.vat_id.strip() else seller.siren.strip(),
        party_id=seller.siret.strip() if is_french else "",
        party_scheme=SIRET if is_french and seller.siret.strip() else "",
        contact=seller.name.strip() if seller.email.strip() or seller.phone.strip() else "",
        phone=seller.phone.strip(),
        email=seller.email.strip(),
    )


def buyer_party(buyer: Buyer, *, untaxed: bool) -> Party:
    """Return the buyer; on a bill outside the scope of VAT it has no VAT id (BR-O-02)."""
    e_address, address_scheme = e_address_of(buyer.e_address, buyer)
    return Party(
        name=buyer.name.strip(),
        country=buyer.country,
        street=buyer.street.strip(),
        street_2=buyer.street_2.strip(),
        postcode=buyer.zip.strip(),
        town=buyer.city.strip(),
        vat_id="" if untaxed else buyer.vat_id.strip(),
        legal_id=buyer.siren.strip(),
        legal_scheme=REGISTERS.get(buyer.country, "") if buyer.siren.strip() else "",
        e_address=e_address,
        address_scheme=address_scheme,
    )


def delivery_party(buyer: Buyer) -> Party:
    """Return where goods went: to the buyer's address (BG-13, BG-15)."""
    return Party(
        name=buyer.name.strip(),
        country=buyer.country,
        street=buyer.street.strip(),
        street_2=buyer.street_2.strip(),
        postcode=buyer.zip.strip(),
        town=buyer.city.strip(),
    )


def _legal_form(says: Wording, seller: Seller) -> str:
    form = "" if seller.name.endswith(seller.legal_form) else seller.legal_form
    capital = says.say("party.capital", capital=seller.capital) if seller.capital else ""
    registered = ""
    if seller.register_city:
        registered = register(says, seller.country, seller.register_city, seller.siren)
    return BETWEEN.join(
        part for part in (" ".join(part for part in (form, capital) if part), registered) if part
    )
