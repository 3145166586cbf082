"""Draw the pictures of bills that the documentation shows: `docs/pictures/`."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from acquit.core.bill import BillKind
from acquit.core.identifiers import AccountId, BillId
from acquit.documents.paper import BillPaper
from acquit.documents.pdf import pictures
from acquit.documents.specimen import BUYER, SELLER, detail, servers, specimen

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


if __name__ == "__main__":
    main()
