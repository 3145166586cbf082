"""Papers of reverse bills: what the law has them say, files that pass the official rules, archive, stamps."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdf
import pytest

from acquit.actions.context import Context
from acquit.actions.issue_reverse_bill import ReverseBillRefused, take_back_reverse_bill
from acquit.actions.pay_refunds import set_refund_account
from acquit.actions.render_document import bill_cii, bill_page, bill_pdf, bill_ubl, render_missing
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.stamp_archive import stamp_archive
from acquit.adapters.official_rules import OfficialRules
from acquit.core.account import LegalParty
from acquit.core.bill import Bill
from acquit.core.self_billing import Regime
from acquit.documents import cii_reading, ubl_reading
from acquit.documents.electronic_bill import ElectronicBill
from acquit.documents.xml_tree import tree
from acquit.store.refund_lines import RefundAccount
from acquit.store.transaction import Database
from billed import failed
from collecting import IBAN
from founding import ACME, FR, count
from official_rules import broken
from owing import TESS
from reversing import BOB, COMMISSION, FRENCH, GERMAN, SMALL, TERMS, agreed, billed, buying

AMERICAN = replace(
    GERMAN, name="Small Hosting Inc.", country="US", vat_id="US123456789", street="1 Main St",
    zip="97201", city="Portland",
)  # fmt: skip


def told(context: Context, bill: Bill, *, french: bool) -> ElectronicBill:
    """What both archived forms say; the official rules find nothing wrong with either."""
    in_cii = bill_cii(context, bill.account_id, bill.bill_id)
    in_ubl = bill_ubl(context, bill.account_id, bill.bill_id)
    assert broken(in_cii, french=french) == broken(in_ubl, french=french) == [], in_cii.decode()
    found = cii_reading.read(tree(in_cii))
    assert replace(ubl_reading.read(tree(in_ubl)), specification=found.specification) == found
    return found


@pytest.mark.parametrize(
    ("party", "regime", "category"),
    [
        (FRENCH, Regime.STANDARD, "S"),
        (SMALL, Regime.SMALL_EXEMPT, "E"),
        (GERMAN, Regime.REVERSE_CHARGE, "AE"),
        (AMERICAN, Regime.REVERSE_CHARGE, "AE"),
    ],
)
def test_its_files_pass_the_official_rules(
    database: Database, tmp_path: Path, party: LegalParty, regime: Regime, category: str
) -> None:
    context = replace(buying(database, tmp_path), judge=OfficialRules())
    set_legal_party(context, ACME, party, by="cli")
    set_refund_account(context, RefundAccount(ACME, IBAN, "", party.name, party.city, party.country), by=TESS)
    agreed(context, terms=replace(TERMS, regime=regime))
    bill = billed(context)
    french = party.country == "FR"
    found = told(context, bill, french=french)
    assert (found.type_code, found.number) == ("389", "FRS00001-000001")
    assert (found.seller.name, found.buyer.name) == (party.name, "Nuage du Nord SAS")
    assert [each.category for each in found.taxes] == [category]
    assert found.payments[0].iban == IBAN
    assert found.seller.tax_number == ("" if party.vat_id else party.siren)
    note = take_back_reverse_bill(context, ACME, bill.bill_id, "wrong month", by=BOB)
    back = told(context, note, french=french)
    assert (back.type_code, back.preceding) == ("261", (("FRS00001-000001", bill.issued_on),))
    render_missing(context)
    stamp_archive(context, FR, "cli")
    assert failed(context) == {}


def test_its_paper_says_who_made_it_and_until_when_it_may_be_contested(
    database: Database, tmp_path: Path
) -> None:
    context = buying(database, tmp_path)
    set_refund_account(context, RefundAccount(ACME, IBAN, "", "Acme", "Nantes", "FR"), by=TESS)
    agreed(context)
    bill = billed(context)
    pdf = bill_pdf(context, ACME, bill.bill_id)
    text = " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())
    for said in (
        "Facture (autofacturation)", "FRS00001-000001", "Acme Études SARL", "Nuage du Nord SAS",
        "Autofacturation : document établi par Nuage du Nord SAS au nom et pour le compte de Acme Études",
        "Vous pouvez contester cette facture jusqu’au 8 décembre 2026", "MAND-2026-014", "120,00",
    ):  # fmt: skip
        assert said in text, (said, text)
    page = bill_page(context, ACME, bill.bill_id, "https://example.com/pdf").decode()
    assert "autofacturation" in page
    assert "Scanner pour payer" not in page


def test_what_a_file_cannot_say_is_refused_before_the_number(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    with database.write() as tx:
        tx.run("UPDATE legal_entity SET siren = ''")
    with pytest.raises(ReverseBillRefused, match="buyer's SIREN is missing"):
        billed(context)
    assert count(context, "reverse_bill") == 0


def test_amounts_in_words_of_other_languages(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    with context.database.write() as tx:
        tx.run("UPDATE account SET language = 'de_DE'")
    bill = billed(context, lines=[replace(COMMISSION, period_end=date(2026, 12, 31))])
    text = pypdf.PdfReader(io.BytesIO(bill_pdf(context, ACME, bill.bill_id))).pages[0].extract_text()
    assert "Gutschrift: von Nuage du Nord SAS" in " ".join(text.split())
