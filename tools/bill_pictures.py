"""Draw the pictures of bills that the documentation shows: `docs/pictures/`."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from acquit.core.bill import BillKind
from acquit.core.identifiers import AccountId, BillId
from acquit.core.shared_bill import slices_of
from acquit.core.snapshot import Buyer
from acquit.documents.paper import BillPaper
from acquit.documents.pdf import pictures
from acquit.documents.specimen import BUYER, SELLER, detail, metered, servers, specimen

HOME: Final = Path(__file__).parents[1] / "docs" / "pictures"
DOTS_PER_INCH: Final = 110
COLOURS: Final = 48
EDGE: Final = "#d9dfe6"
ENGLISH: Final = (
    detail("ns31415.acquit.example", "Dedicated server, 8 cores, 64 GB", 8_999_000_000),
    detail("ns31415.acquit.example", "Guaranteed bandwidth 1 Gbit/s", 2_500_000_000),
    detail("ns31415.acquit.example", "Discount for a commitment of 12 months", 900_000_000, -10_000),
    detail("pcc-192-0-2-17", "Hosted private cloud, host Premier 384", 58_900_000_000, 30_000),
    detail("pcc-192-0-2-17", "vSAN storage (GB·h)", 11_080, 123_456_789),
    detail(
        "nord.example", "Domain name, renewal", 1_299_000_000, period=(date(2026, 12, 15), date(2027, 12, 14))
    ),
)

GERMAN: Final = (
    detail("ns31415.acquit.example", "Dedizierter Server, 8 Kerne, 64 GB", 8_999_000_000, vat=("AE", 0)),
    detail("ns31415.acquit.example", "Garantierte Bandbreite 1 Gbit/s", 2_500_000_000, vat=("AE", 0)),
    detail("sicherung-west", "Sicherungsspeicher 500 GB", 499_000_000, 40_000, vat=("AE", 0)),
)
LOGO: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60" viewBox="0 0 200 60">'
    b'<g fill="#00695c"><circle cx="30" cy="30" r="26"/><rect x="66" y="14" width="120" height="8" rx="4"/>'
    b'<rect x="66" y="27" width="92" height="8" rx="4"/><rect x="66" y="40" width="64" height="8" rx="4"/>'
    b"</g>"
    b'<path d="M18 32l9 9 17-20" stroke="#fff" stroke-width="6" fill="none"/></svg>'
)


def english() -> BillPaper:
    """Return a bill in English for a sub-account."""
    seller = replace(
        SELLER, name="Acquit Demo SAS", email="billing@acquit.example", bank_name="Demonstration Bank"
    )
    buyer = replace(BUYER, sub_account="Northern branch", buyer_reference="PURCHASING-42")
    return replace(specimen(ENGLISH, language="en_GB"), seller=seller, buyer=buyer)


def credit_note() -> BillPaper:
    """Return a French credit note."""
    paper = specimen(
        servers(2),
        kind=BillKind.CREDIT_NOTE,
        bill_id=BillId("FRA00000007"),
        account_id=AccountId("cd67890-acq"),
        corrects_bill_id=BillId("FR00000042"),
        note="Adresse de facturation erronée",
    )
    return replace(paper, corrected_on=date(2026, 12, 1))


def german() -> BillPaper:
    """Return a bill to Germany without VAT, with the seller's logo and colour."""
    paper = specimen(GERMAN, language="de_DE", purchase_order_reference="4500128837")
    taxes = tuple(
        replace(tax, exemption_code="VATEX-EU-AE", exemption_text="Autoliquidation")
        for tax in paper.bill.taxes
    )
    buyer = Buyer(
        name="Müller & Söhne Präzisionswerkzeuge GmbH", country="DE", vat_id="DE136695976",
        street="Königsstraße 12", zip="70173", city="Stuttgart",
    )  # fmt: skip
    seller = replace(SELLER, brand_colour="#00695c")
    return replace(paper, bill=replace(paper.bill, taxes=taxes), buyer=buyer, seller=seller, logo=LOGO)


def shared() -> BillPaper:
    """Return the bill of a family: its own services, then those of two sub-accounts."""
    owners = (None, None, AccountId("ab20001-acq"), AccountId("ab20002-acq"))
    lines = [
        replace(line, domain=f"ns{31415 + place // 2}.acquit.example", owner_id=owners[place])
        for place, line in enumerate(servers(4))
    ]
    paper = specimen(lines, account_id="ab12345-acq")
    names = {AccountId("ab20001-acq"): "Laboratoire Œnologie", AccountId("ab20002-acq"): "Atelier"}
    bill = paper.bill
    slices = slices_of(bill.account_id, bill.details, bill.taxes, names)
    return replace(paper, bill=replace(bill, slices=slices), buyer=replace(BUYER, sub_account=""))


def draw(name: str, paper: BillPaper, page: int = 0) -> None:
    """Write one page as a small PNG with an edge, so that white paper shows on a white page."""
    picture = Image.open(io.BytesIO(pictures(paper, DOTS_PER_INCH)[page])).convert("RGB")
    small = ImageOps.expand(picture, 1, EDGE).quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(HOME / f"{name}.png", optimize=True)


def main() -> None:
    """Draw them all."""
    HOME.mkdir(exist_ok=True)
    draw("bill", english())
    draw("bill-fr", specimen())
    draw("credit-note", credit_note())
    draw("bill-later-page", specimen(servers(70)), page=1)
    draw("bill-de", german())
    draw("bill-of-a-family", shared())
    draw("bill-annex", metered(), page=1)


if __name__ == "__main__":
    main()
