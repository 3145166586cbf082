"""Electronic bills: every case passes the official rules, and its three outputs say the same."""

import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import facturx
import pikepdf
import pypdf
import pytest
from lxml import etree

from acquit.core.bill import BillKind
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.core.shared_bill import slices_of
from acquit.core.snapshot import Buyer
from acquit.documents import cii, cii_reading, forms, ubl, ubl_reading
from acquit.documents.electronic import electronic, is_electronic, over_peppol
from acquit.documents.electronic_bill import Allowance, ElectronicBill, Party, TaxCase
from acquit.documents.facturx import attached
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import BUYER, SELLER, detail, servers, specimen
from acquit.documents.wording import wording
from acquit.documents.xml_tree import tree
from electronic_cases import DEBIT, KINDS, SWISS, VAT, every, issued
from official_rules import broken, rules_broken


def written(bill: ElectronicBill) -> tuple[bytes, bytes]:
    return cii.render(bill), ubl.render(bill)


def assert_valid(bill: ElectronicBill, *, french: bool = True) -> None:
    for xml in written(bill):
        assert broken(xml, french=french) == [], xml.decode()
    assert cii_reading.read(tree(cii.render(bill))) == bill
    assert ubl_reading.read(tree(ubl.render(bill))) == bill


# ------------------------------------------------------------------ the matrix


@pytest.mark.parametrize("vat", VAT)
def test_each_kind_payment_and_language_passes_the_official_rules(vat: str, soak: bool) -> None:
    papers = list(every(vat, whole=soak))
    assert len(papers) == (18 if soak else 9)
    for paper in papers:
        assert_valid(electronic(paper))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("vat", VAT)
def test_pdf_cii_and_ubl_say_the_same_totals(vat: str, kind: BillKind) -> None:
    paper = issued(vat, kind, "transfer", "fr_FR")
    made = forms.render(paper)
    bill = electronic(paper)
    inside = attached(made["pdf"])
    assert inside == cii.render(bill)
    in_cii, in_ubl = cii_reading.read(tree(inside)), ubl_reading.read(tree(made["ubl"]))
    assert in_cii.totals == in_ubl.totals == bill.totals
    assert in_cii.taxes == in_ubl.taxes == bill.taxes
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made["pdf"])).pages)
    said = wording("fr_FR", paper.bill.currency)
    taxes = [tax.tax_minor for tax in paper.bill.taxes]
    for minor in (paper.bill.net_minor, *taxes, paper.bill.total_minor):
        assert " ".join(said.amount(minor).split()) in " ".join(text.split())
    sums = (bill.totals.net, bill.totals.tax, bill.totals.gross)
    digits = {"JPY": 0}.get(paper.bill.currency, 2)
    assert [round(float(each) * 10**digits) for each in sums] == [
        paper.bill.net_minor, paper.bill.tax_minor, paper.bill.total_minor,
    ]  # fmt: skip


@pytest.mark.parametrize("vat", VAT)
def test_another_program_understands_all_of_it(vat: str) -> None:
    """The factur-x package reads our files and writes what it understood anew: nothing is lost or changed."""
    for kind in KINDS:
        bill = electronic(issued(vat, kind, "direct-debit", "fr_FR"))
        for xml, flavor in zip(written(bill), ("factur-x", "ubl-2.1"), strict=True):
            understood = facturx.parse_ubl_cii_xml(xml)
            again = facturx.generate_xml(understood, flavor=flavor, check_xsd=False, check_schematron=False)
            read = cii_reading.read if flavor == "factur-x" else ubl_reading.read
            assert read(tree(again)) == bill


# ------------------------------------------------------------------ the rules do find what is wrong


def without(xml: bytes, name: str) -> bytes:
    """Return the XML without the first element of that local name."""
    root = etree.fromstring(xml)
    (found, *_) = root.iter(f"{{*}}{name}")
    found.getparent().remove(found)
    return bytes(etree.tostring(root))


WRONG: dict[str, tuple[Callable[[ElectronicBill], ElectronicBill], str]] = {
    "no note about fees": (lambda bill: replace(bill, notes=bill.notes[1:]), "BR-FR-05_BT-22"),
    "no way of exchange": (lambda bill: replace(bill, profile=""), "BR-FR-08_BT-23"),
    "a total that differs": (
        lambda bill: replace(bill, totals=replace(bill.totals, gross="1.00")), "BR-CO-15",
    ),
    "no buyer": (lambda bill: replace(bill, buyer=replace(bill.buyer, name="")), "BR-07"),
    "no SIREN": (lambda bill: replace(bill, buyer=replace(bill.buyer, legal_id="")), "BR-FR-11_BT-47"),
    "another buyer's address": (
        lambda bill: replace(bill, buyer=replace(bill.buyer, e_address="732829320")), "BR-FR-21_BT-49",
    ),
    "a price too fine": (
        lambda bill: replace(bill, lines=(replace(bill.lines[0], price="89.99000001"), *bill.lines[1:])),
        "BR-FR-DEC-03_BT-146",
    ),
    "a rate of another country": (
        lambda bill: replace(bill, taxes=tuple(replace(tax, rate="19.00") for tax in bill.taxes)),
        "BR-FR-16_BT-119",
    ),
    "dollars without euros": (lambda bill: replace(bill, currency="USD"), "BR-FR-CO-12_BT-5"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_bill_breaks_the_rule_that_it_breaks(name: str) -> None:
    spoil, rule = WRONG[name]
    for xml in written(spoil(electronic(issued("S", BillKind.BILL, "transfer", "fr_FR")))):
        assert any(found.startswith(rule) for found in rules_broken(xml)), rules_broken(xml)


def test_a_file_that_lacks_an_element_breaks_the_schema() -> None:
    for xml, name in zip(written(electronic(specimen())), ("TypeCode", "LineExtensionAmount"), strict=True):
        assert any(text.startswith("XSD") or "BR-" in text for text in broken(without(xml, name)))


# ------------------------------------------------------------------ cases by themselves


def bill_of(paper: BillPaper, **members: Any) -> ElectronicBill:
    return electronic(replace(paper, bill=replace(paper.bill, **members)))


def test_a_bill_paid_in_part_from_credit_says_what_is_left() -> None:
    bill = bill_of(specimen(), prepaid_minor=10_000)
    assert (bill.totals.prepaid, bill.totals.payable, bill.profile) == ("100.00", "387.15", "S1")
    assert_valid(bill)


def test_a_bill_paid_whole_from_credit_says_so() -> None:
    paper = specimen()
    bill = bill_of(paper, prepaid_minor=paper.bill.total_minor)
    assert (bill.totals.payable, bill.profile, bill.payments) == ("0.00", "S2", ())
    assert bill.due_on == bill.issued_on
    assert_valid(bill)


def test_a_debited_bill_names_mandate_creditor_and_account() -> None:
    bill = electronic(issued("S", BillKind.BILL, "direct-debit", "fr_FR"))
    (payment,) = bill.payments
    assert (payment.code, payment.mandate, payment.debited_iban) == ("59", "MANDAT-0001", DEBIT.iban)
    assert (bill.creditor, payment.iban) == ("FR72ZZZ123456", "")
    told = cii.render(bill).decode()
    for text in (
        "DirectDebitMandateID>MANDAT-0001<",
        "CreditorReferenceID>FR72ZZZ123456<",
        f"IBANID>{DEBIT.iban}<",
    ):
        assert text in told


def test_no_vat_is_none_in_euros_without_any_rate() -> None:
    paper = issued("AE in CHF", BillKind.BILL, "transfer", "fr_FR")
    bill = bill_of(paper, accounting_currency=None, accounting_tax_minor=None)
    assert (bill.tax_currency, bill.totals.accounted_tax) == ("EUR", "0.00")
    assert_valid(bill)


def test_order_lines_and_cost_accounts_stand_where_the_buyer_looks() -> None:
    line = replace(servers(1)[0], purchase_order_item="00010", cost_account="CC-9")
    bill = bill_of(specimen([line]), cost_account="CC-1", contract="MSA-7")
    assert (bill.order, bill.lines[0].order_line, bill.lines[0].cost_account) == (
        "PO-2026-00417",
        "00010",
        "CC-9",
    )
    assert (bill.cost_account, bill.contract) == ("CC-1", "MSA-7")
    assert_valid(bill)


@pytest.mark.parametrize(
    ("ucents", "shown"),
    [
        (8_999_000_000, ("89.99", "")), (11_080, ("0.001108", "10")),
        (100, ("0.000001", "")), (10, ("0.000001", "10")), (1, ("0.000001", "100")), (0, ("0", "")),
        (123_456_789, ("123.456789", "100")),
    ],
)  # fmt: skip
def test_a_price_is_shown_to_six_decimals_and_nothing_of_it_is_lost(
    ucents: int, shown: tuple[str, str]
) -> None:
    line = electronic(specimen([detail("a.example", "Use", ucents, 20_000)])).lines[0]
    assert (line.price, line.price_quantity) == shown


def test_a_shared_bill_tells_each_line_s_account() -> None:
    lines = [replace(line, owner_id=AccountId("ab20001-acq")) for line in servers(2)]
    paper = specimen(lines)
    names = {AccountId("ab20001-acq"): "Laboratoire Œnologie"}
    slices = slices_of(paper.bill.account_id, paper.bill.details, paper.bill.taxes, names)
    bill = bill_of(paper, slices=slices)
    assert {line.note for line in bill.lines} == {"Laboratoire Œnologie (ab20001-acq)"}
    assert_valid(bill)


def test_another_payer_is_named_and_the_buyer_stays() -> None:
    bill = electronic(replace(specimen(language="en_GB"), payer=SWISS))
    assert bill.buyer.name == BUYER.name
    assert any(note.text.startswith("Paid by (third party): Zürcher Uhren AG") for note in bill.notes)
    assert_valid(bill)


def test_a_test_paper_is_marked_and_takes_no_official_way() -> None:
    bill = electronic(replace(specimen(language="en_GB"), is_test=True))
    assert bill.payments == ()
    assert {note.subject: note.text for note in bill.notes}["BAR"] == "OUTOFSCOPE"
    assert any(note.text == "TEST – not a bill" for note in bill.notes)
    assert_valid(bill)


def test_to_whom_a_bill_goes_is_said() -> None:
    person = replace(BUYER, tax_profile="person", siren="", vat_id="")
    for buyer, code in (
        (BUYER, "B2B"), (SWISS, "B2BINT"), (replace(BUYER, country="RE"), "B2B"),
        (person, "B2C"), (replace(person, country="BE"), "B2CINT"),
    ):  # fmt: skip
        bill = electronic(replace(specimen(), buyer=buyer))
        assert [note.text for note in bill.notes if note.subject == "BAR"] == [code]


def test_a_person_s_bill_passes_the_rules_that_bind_it() -> None:
    """The French rules are those of bills between businesses at home: a person has no electronic address."""
    person = replace(BUYER, tax_profile="person", siren="", vat_id="", name="Zoë Lefèvre")
    bill = electronic(replace(specimen(), buyer=person))
    assert bill.buyer.e_address == ""
    assert_valid(bill, french=False)


def test_a_business_overseas_is_at_home() -> None:
    """VAT of Réunion is French VAT at rates of its own (CGI 296); its businesses have a SIREN."""
    lines = [replace(line, vat_rate_bp=850) for line in servers(2)]
    bill = electronic(
        replace(specimen(lines), buyer=replace(BUYER, country="RE", zip="97400", city="Saint-Denis"))
    )
    assert (bill.buyer.e_address, bill.buyer.address_scheme) == ("552100554", "0225")
    assert_valid(bill)


def test_a_belgian_seller_bills_over_peppol_and_says_nothing_of_french_law() -> None:
    """Peppol BIS Billing 3.0: R001 to R004, R007, R010, R020, R100, R101, P0112, and R120 of each line."""
    seller = replace(
        SELLER, country="BE", siren="0202239951", siret="", vat_id="BE0202239951", register_city="",
    )  # fmt: skip
    buyer = replace(BUYER, country="BE", siren="0878065378", vat_id="BE0878065378")
    paper = replace(issued("S", BillKind.CORRECTIVE, "direct-debit", "fr_FR"), seller=seller, buyer=buyer)
    bill = bill_of(paper, purchase_order_reference=None)
    assert bill.type_code == "380"
    assert [note.subject for note in bill.notes] == [""]
    assert (bill.buyer_reference, bill.order) == (paper.bill.account_id, "")
    assert (bill.seller.address_scheme, bill.seller.e_address) == ("0208", "0202239951")
    assert (bill.buyer.legal_scheme, bill.buyer.e_address) == ("0208", "0878065378")
    assert_valid(bill, french=False)
    written_so = ubl_reading.read(tree(forms.render(paper)["ubl"]))
    assert written_so == over_peppol(electronic(paper))
    assert written_so.specification.endswith("#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0")
    assert written_so.profile == "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    for line in bill.lines:
        told = Decimal(line.quantity) * Decimal(line.price) / Decimal(line.price_quantity or 1)
        assert abs(told - Decimal(line.net)) <= Decimal("0.02")


@pytest.mark.parametrize(
    ("told", "party", "address"),
    [
        ("", BUYER, ("552100554", "0225")), ("552100554_00013", BUYER, ("552100554_00013", "0225")),
        ("0208:0878065378", BUYER, ("0878065378", "0208")),
        ("bills@buyer.example", BUYER, ("bills@buyer.example", "EM")),
        ("", SWISS, ("CHE116281838MWST", "9927")), ("", replace(SWISS, country="US"), ("", "")),
    ],
)  # fmt: skip
def test_electronic_addresses(told: str, party: Buyer, address: tuple[str, str]) -> None:
    bill = electronic(replace(specimen(), buyer=replace(party, e_address=told)))
    assert (bill.buyer.e_address, bill.buyer.address_scheme) == address


@pytest.mark.parametrize(
    ("members", "is_one"),
    [({}, True), ({"kind": BillKind.CLAIM}, False), ({"currency": Currency("TND")}, False)],
)
def test_claims_and_currencies_of_three_decimals_have_no_electronic_form(
    members: dict[str, Any], is_one: bool
) -> None:
    """Late interest is no supply (CJEU C-222/81); EN 16931 knows amounts of two decimals (BR-DEC)."""
    paper = specimen()
    assert is_electronic(replace(paper, bill=replace(paper.bill, **members))) is is_one


def test_text_that_xml_cannot_hold_never_breaks_a_file() -> None:
    hostile = "a\x00b\x1bc\ud800d\ufffee<&>\"'\r\n]]>"
    bill = electronic(specimen([detail("x", hostile, 100_000_000)]))
    for xml in written(bill):
        (name,) = {
            each.text for each in etree.fromstring(xml).iter("{*}Name") if "a" in (each.text or "")[:1]
        }
        assert name == "a?b?c?d?e<&>\"'\r\n]]>".replace("?", "\N{REPLACEMENT CHARACTER}")


def test_everything_that_the_model_knows_is_written_and_read_back() -> None:
    """Allowances and charges, a payee, a place of delivery, a contact, rounding: others' bills have them."""
    bill = electronic(issued("S", BillKind.BILL, "direct-debit", "fr_FR"))
    case = TaxCase("S", "20.00")
    line = replace(
        bill.lines[0], net="170.00",
        allowances=(
            Allowance("19.98", base="179.98", percent="11.10", reason="Fidélité", reason_code="95"),
            Allowance("10.00", is_charge=True, reason="Urgence", reason_code="ZZZ"),
        ),
    )  # fmt: skip
    rich = replace(
        bill,
        lines=(line,),
        allowances=(
            Allowance("20.00", base="170.00", percent="11.76", reason="Remise", reason_code="95", tax=case),
            Allowance("5.00", is_charge=True, reason="Frais", reason_code="FC", tax=case),
        ),
        taxes=(TaxCase("S", "20.00", "155.00", "31.00"),),
        totals=replace(
            bill.totals, lines="170.00", net="155.00", tax="31.00", gross="186.00", allowances="20.00",
            charges="5.00", rounding="0.40", prepaid="86.40", payable="100.00",
        ),
        payee=Party(
            "Affacturage SA", "", legal_id="552100554", legal_scheme="0002", party_id="55210055400013",
            party_scheme="0009",
        ),
        delivered_to=Party(
            "Entrepôt Nord", "FR", "1 quai", "Porte B", "59000", "Lille", party_id="3020817300012",
            party_scheme="0088",
        ),
    )  # fmt: skip
    assert_valid(rich)


# ------------------------------------------------------------------ the PDF


def test_the_pdf_is_factur_x_to_others() -> None:
    """The factur-x package reads it, checks its XSD and finds its level."""
    paper = specimen()
    content = forms.render(paper)["pdf"]
    name, xml = facturx.get_xml_from_pdf(content, check_xsd=True, check_schematron=False)
    assert (name, xml) == ("factur-x.xml", cii.render(electronic(paper)))
    assert facturx.get_level(etree.fromstring(xml)) == "en16931"


def test_the_pdf_says_in_its_metadata_what_it_is() -> None:
    with pikepdf.open(io.BytesIO(forms.render(specimen())["pdf"])) as document:
        told = document.Root.Metadata.read_bytes().decode()
        packet = etree.fromstring(told.encode())
        assert told.count("<pdfaExtension:schemas>") == 1
        fields = {
            each.tag: each.text
            for each in packet.iter("{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}*")
        }
        assert {tag.rpartition("}")[2]: text for tag, text in fields.items()} == {
            "DocumentType": "INVOICE", "DocumentFileName": "factur-x.xml", "Version": "1.0",
            "ConformanceLevel": "EN 16931",
        }  # fmt: skip
        described = {each.text for each in packet.iter("{http://www.aiim.org/pdfa/ns/property#}name")}
        assert {tag.rpartition("}")[2] for tag in fields} <= described, "each property is described"
        assert {"part": "3", "conformance": "B"}.items() <= {
            each.tag.rpartition("}")[2]: each.text
            for each in packet.iter("{http://www.aiim.org/pdfa/ns/id/}*")
        }.items()


def test_the_pdf_keeps_the_rules_of_pdf_a_3b_about_files() -> None:
    """ISO 19005-3, 6.8 (embedded files), 6.2.3 (output intent), 6.1.3 (trailer), 6.1.7 (streams)."""
    content = forms.render(specimen())["pdf"]
    assert content.startswith(b"%PDF-1.7\n%")
    assert min(content[10:14]) > 127
    assert content.count(b"endstream") == content.count(b"\nendstream")
    with pikepdf.open(io.BytesIO(content)) as document:
        root: Any = document.Root
        (file,) = root.AF
        assert root.Names.EmbeddedFiles.Names[1].objgen == file.objgen
        assert (str(file.AFRelationship), str(file.EF.F.Subtype)) == ("/Alternative", "/text/xml")
        assert (str(file.F), str(file.UF)) == ("factur-x.xml", "factur-x.xml")
        assert str(file.EF.F.Params.ModDate) == "D:20261201063000Z"
        assert str(file.Desc)
        assert str(root.OutputIntents[0].S) == "/GTS_PDFA1"
        assert not document.is_encrypted
        assert len(document.trailer.ID) == 2
        assert "/Filter" not in root.Metadata, "the XMP of a PDF/A is not compressed"
        assert document.check_pdf_syntax() == []


def test_a_claim_is_a_paper_alone() -> None:
    made = forms.render(specimen(kind=BillKind.CLAIM))
    assert set(made) == {"pdf"}
    assert attached(made["pdf"]) is None
    assert attached(b"no PDF") is None


def test_a_long_bill_is_whole_in_all_forms() -> None:
    paper = specimen(servers(300))
    made = forms.render(paper)
    lines = cii_reading.read(tree(attached(made["pdf"]) or b"")).lines
    assert lines == ubl_reading.read(tree(made["ubl"])).lines == electronic(paper).lines
    assert len(lines) == 300
