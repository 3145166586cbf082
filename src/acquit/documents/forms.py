"""Every form in which a bill is archived, from one value in one pass: Factur-X, and UBL beside it."""

from collections.abc import Mapping
from typing import Final

from acquit.documents import cii, facturx, pdf, ubl
from acquit.documents.electronic import electronic, is_electronic, over_peppol
from acquit.documents.paper import BillPaper

PDF, UBL = "pdf", "ubl"
MEDIA_TYPES: Final = {PDF: "application/pdf", UBL: "application/xml"}

Forms = Mapping[str, bytes]
"""The bytes of a bill by the name of the form: `pdf`, `ubl`."""


def render(paper: BillPaper) -> Forms:
    """Return the bill as Factur-X and as UBL, whose totals are the same; a claim as a plain PDF alone."""
    if not is_electronic(paper):
        return {PDF: pdf.render(paper)}
    bill = electronic(paper)
    return {PDF: facturx.marked(pdf.render(paper, cii.render(bill))), UBL: ubl.render(over_peppol(bill))}
