"""Electronic bills as files: a change of an element shows in the diff, and what is written is valid."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from acquit.core.bill import BillKind
from acquit.documents import cii, ubl
from acquit.documents.electronic import electronic
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import specimen
from electronic_cases import SWISS, issued
from official_rules import broken

GOLDEN = Path(__file__).parent / "electronic"


def partly_prepaid() -> BillPaper:
    paper = specimen(language="en_GB")
    return replace(paper, payer=SWISS, bill=replace(paper.bill, prepaid_minor=10_000))


CASES: dict[str, Callable[[], BillPaper]] = {
    "domestic-with-order": specimen,
    "four-rates-and-micro-prices": lambda: issued("S at four rates", BillKind.BILL, "transfer", "fr_FR"),
    "direct-debit": lambda: issued("S", BillKind.BILL, "direct-debit", "fr_FR"),
    "reverse-charge-in-francs": lambda: issued("AE in CHF", BillKind.BILL, "transfer", "en_GB"),
    "dollars-with-vat-in-euros": lambda: issued("S in USD", BillKind.BILL, "transfer", "en_GB"),
    "credit-note": lambda: issued("S", BillKind.CREDIT_NOTE, "transfer", "fr_FR"),
    "corrective": lambda: issued("S", BillKind.CORRECTIVE, "transfer", "fr_FR"),
    "goods-within-the-union": lambda: issued("K", BillKind.BILL, "transfer", "en_GB"),
    "outside-the-scope": lambda: issued("O", BillKind.BILL, "card", "en_GB"),
    "partly-prepaid-by-another-payer": partly_prepaid,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", [cii, ubl], ids=["cii", "ubl"])
def test_an_electronic_bill_is_unchanged(name: str, form: object, update_golden: bool) -> None:
    render = form.render  # type: ignore[attr-defined]
    made, golden = render(electronic(CASES[name]())), GOLDEN / f"{name}.{'cii' if form is cii else 'ubl'}.xml"
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(made)
    assert made == golden.read_bytes(), f"read the diff, then --update-golden: {golden}"
    assert broken(made) == []
