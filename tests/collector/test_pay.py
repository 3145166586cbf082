"""Paying: what is picked, what is left out and why, what the bank and the provider get."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import holidays
import pytest
import sepaxml
from lxml import etree
from stdnum import iso11649

from acquit.collector.bank_days import is_bank_day
from acquit.collector.files import alone
from acquit.collector.hand_over import read_log
from acquit.collector.paper_facts import Facts, TaxRead, facts_of_text, facts_of_xml
from acquit.documents.sepa_text import sepa_id, sepa_text
from collector.paying import IBAN, OTHER_IBAN, Office
from collector.provider import Provider, price

ROOT = Path(__file__).parents[2]
NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
SCHEMA = etree.XMLSchema(etree.parse(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"))


@pytest.fixture
def office(provider: Provider, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Office:
    return Office(provider, tmp_path, capfdbinary)


def bank_file(office: Office, number: int = 1) -> Any:
    """The bank's file of a hand-over, after the schema has accepted it."""
    found = etree.parse(next(office.out.glob(f"{number:04d}_*_pain001.xml")))
    assert SCHEMA.validate(found), SCHEMA.error_log
    return found


def transfers(found: Any) -> list[tuple[str, ...]]:
    """Number of the bill, amount, IBAN and reference or text of each transfer."""
    paths = (
        "p:PmtId/p:EndToEndId",
        "p:Amt/p:InstdAmt",
        "p:CdtrAcct/p:Id/p:IBAN",
        "p:RmtInf//p:Ref | p:RmtInf/p:Ustrd",
    )
    return [
        tuple(one.xpath(f"string({path})", namespaces=NS) for path in paths)
        for one in found.iterfind(".//p:CdtTrfTxInf", NS)
    ]


def reasons(told: Any) -> dict[str, str]:
    return {one["bill_id"]: one["reason"] for one in told["left_out"]}


def test_each_bill_has_a_transfer_with_its_own_reference(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.bill("FR00000002", "2026-11-02", 33_33, due="2026-12-31")
    office.bill("FR00000003", "2026-11-03", 1_000, due="2027-01-01")
    office.gather()
    code, told = office.pay()
    assert (code, told["not_due_yet"], told["paid"][0]["total_minor"]) == (0, 1, 16_000)
    assert told["paid"][0]["provider"] == "FR@127.0.0.1"
    found = bank_file(office)
    assert transfers(found) == [
        ("FR00000001", "120.00", IBAN, "RF18539007547034"),
        ("FR00000002", "40.00", IBAN, "RF14FR00000002"),
    ]
    assert found.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=NS) == "160.00"
    assert found.findtext(".//p:ReqdExctnDt/p:Dt", namespaces=NS) == "2026-11-23"
    assert found.findtext(".//p:Dbtr/p:Nm", namespaces=NS) == "Lefevre + Fils SAS"
    assert all(iso11649.is_valid(row[3]) for row in transfers(found))


def test_nothing_is_paid_twice(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.gather()
    office.pay()
    before = {path.name: path.read_bytes() for path in office.out.iterdir()}
    code, told = office.pay()
    assert (code, told["paid"]) == (0, [])
    assert reasons(told)["FR00000001"].startswith("handed over as 1 on ")
    assert {path.name: path.read_bytes() for path in office.out.iterdir()} == before
    office.bill("FR00000002", "2026-11-02", 5_000)
    office.gather()
    assert [one["bill_id"] for one in office.pay()[1]["paid"][0]["bills"]] == ["FR00000002"]
    code, told = office.pay(again="the bank lost the file", bill=("FR00000001",))
    assert (code, told["paid"][0]["hand_over"]) == (0, 3)
    assert read_log(office.archive).find(3).why == "the bank lost the file"
    messages = [bank_file(office, number).findtext(".//p:MsgId", namespaces=NS) for number in (1, 2, 3)]
    assert len(set(messages)) == 3


def test_a_rehearsal_writes_nothing(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.gather()
    code, told = office.pay(dry_run=True)
    assert (code, told["paid"][0]["total_minor"], told["paid"][0]["files"]) == (0, 12_000, [])
    assert not office.out.exists()
    assert read_log(office.archive).hand_overs == []


def test_why_a_due_bill_is_left_out(office: Office) -> None:
    owed: dict[str, Any] = {"dueAmount": price(12_000), "status": "TO_BE_PAID"}
    collected: dict[str, Any] = {"iban": "", "lines": ("Nothing to do: X will be collected by direct debit",)}
    others: dict[int, dict[str, Any]] = {3: collected, 6: {"iban": "FR7630006000011234567890188"}}
    for number in range(1, 8):
        office.bill(f"FR0000000{number}", f"2026-11-0{number}", 10_000, **others.get(number, {}))
    world = office.world
    world.debts["1001"] |= owed | {"pendingAmount": price(12_000)}
    world.bills["FR00000004"]["tax"] = price(1)
    world.debts["1004"]["dueAmount"] = price(99_999)
    for name in ("priceWithoutTax", "tax", "priceWithTax"):
        world.bills["FR00000007"][name]["currencyCode"] = "USD"
    office.gather()
    code, told = office.pay()
    assert code == 1
    assert [one["bill_id"] for one in told["paid"][0]["bills"]] == ["FR00000001"]
    assert reasons(told) == {
        "FR00000002": "its payment is under way",
        "FR00000003": "the paper says that it is collected by direct-debit",
        "FR00000004": "it does not add up: see `acquit collect verify`, ask the provider",
        "FR00000005": "more is owed on it than it says: ask the provider",
        "FR00000006": "FR7630006000011234567890188 is no IBAN (its check digits or its length are wrong)",
        "FR00000007": "a SEPA transfer carries EUR alone: order USD at your bank",
    }


@pytest.mark.parametrize(
    ("kind", "paid", "reason"),
    [
        ("ENTERPRISE", 1, None),
        ("DEFERRED_PAYMENT_ACCOUNT", 1, None),
        ("SEPA_DIRECT_DEBIT", 0, "SEPA_DIRECT_DEBIT collects by itself"),
        ("CREDIT_CARD", 0, "CREDIT_CARD collects by itself"),
        ("BARTER", 0, "whether BARTER waits for a transfer is not known: pay it by hand"),
    ],
)
def test_a_method_that_collects_by_itself(office: Office, kind: str, paid: int, reason: str | None) -> None:
    """The paper says nothing of how to pay; where to is configured."""
    office.bill("FR00000001", "2026-11-01", 10_000, iban="")
    office.world.methods["1"] = {
        "paymentMethodId": 1,
        "paymentType": kind,
        "status": "VALID",
        "default": True,
    }
    with (office.config / "pay.toml").open("a", encoding="utf-8") as out:
        out.write(f'[creditors.FR]\nname = "Provider SAS"\niban = "{IBAN}"\n')
    office.gather()
    _, told = office.pay()
    assert (len(told["paid"]), reasons(told).get("FR00000001")) == (paid, reason)
    if paid:
        assert transfers(bank_file(office)) == [("FR00000001", "120.00", IBAN, "FR00000001")]


def test_a_paper_with_an_iban_does_not_outweigh_a_direct_debit(office: Office) -> None:
    """The IBAN on the paper may be the payer's own, which is debited."""
    office.bill("FR00000001", "2026-11-01", 10_000)
    method = {"paymentMethodId": 1, "paymentType": "SEPA_DIRECT_DEBIT", "status": "VALID", "default": True}
    office.world.methods["1"] = method
    office.gather()
    code, told = office.pay()
    assert (code, told["paid"]) == (1, [])
    assert reasons(told)["FR00000001"].startswith("SEPA_DIRECT_DEBIT collects by itself, its paper asks")
    assert len(office.pay(bill=("FR00000001",), dry_run=True)[1]["paid"]) == 1


def test_nobody_pays_himself(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000, iban="FR1420041010050500013M02606")
    office.gather()
    code, told = office.pay()
    assert (code, reasons(told)) == (1, {"FR00000001": "the IBAN on its paper is your own"})


def test_an_archive_in_use_is_left_alone(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.gather()
    with alone(office.archive):
        assert office.pay()[1].startswith("Another collector works on ")


def test_an_unknown_due_date_is_told_apart(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.world.debts["1000"]["dueDate"] = None
    office.world.papers["FR00000001"] = office.world.papers["FR00000001"].replace(b"Due date", b"Made up.")
    office.gather()
    code, told = office.pay()
    assert (code, told["paid"], [one["due_source"] for one in told["unknown_due"]]) == (0, [], ["unknown"])
    assert len(office.pay(include_unknown=True)[1]["paid"]) == 1


def test_an_iban_that_changed_needs_a_persons_word(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.gather()
    office.pay()
    office.bill("FR00000002", "2026-11-02", 10_000, iban=OTHER_IBAN)
    office.gather()
    code, told = office.pay()
    assert (code, told["paid"]) == (1, [])
    assert reasons(told)["FR00000002"].startswith(f"ITS IBAN IS NEW: {OTHER_IBAN}; until now it was {IBAN}.")
    code, told = office.pay(accept_new_iban=("DE89 3704 0044 0532 0130 00",))
    assert (code, told["paid"][0]["ibans"]) == (0, [OTHER_IBAN])


def test_an_iban_is_checked_against_what_was_configured(office: Office) -> None:
    with (office.config / "pay.toml").open("a", encoding="utf-8") as out:
        out.write(f'[creditors.FR]\nname = "Provider SAS"\niban = "{OTHER_IBAN}"\n')
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.gather()
    code, told = office.pay()
    assert (code, told["paid"]) == (1, [])
    assert "ITS IBAN IS NEW" in reasons(told)["FR00000001"]


def test_papers_that_name_two_ibans_from_the_start(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.bill("FR00000002", "2026-11-02", 10_000, iban=OTHER_IBAN)
    office.gather()
    code, told = office.pay()
    assert (code, told["paid"], len(told["left_out"])) == (1, [], 2)
    assert "the papers name several" in reasons(told)["FR00000001"]


def test_an_old_archive_reads_its_saved_papers_anew(office: Office) -> None:
    """As an older version left it: readings without how to pay, and the provider is gone."""
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.bill("FR00000002", "2026-11-02", 10_000)
    office.gather()
    journal = office.archive / "journal" / "main.ndjson"
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line["kind"] == "reading":
            line["body"] = {
                name: line["body"][name] for name in ("purchase_order", "order_is_read", "due_on")
            }
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    altered = next((office.archive / "papers").rglob("*FR00000002*.pdf"))
    altered.write_bytes(altered.read_bytes().replace(IBAN.encode(), OTHER_IBAN.encode() + b"     "))
    office.world.bills.clear()
    code, told = office.pay()
    assert [one["bill_id"] for one in told["paid"][0]["bills"]] == ["FR00000001"]
    assert (code, reasons(told)) == (1, {"FR00000002": "no IBAN on its paper nor in [creditors] of pay.toml"})


def test_a_credit_that_the_provider_owes_is_taken_off(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.bill("FR00000002", "2026-11-02", 10_000)
    office.bill(
        "FR00000003", "2026-11-03", -5_000, title="Credit note", lines=("Corrects invoice FR00000002",)
    )
    office.world.debts["1002"] |= {"dueAmount": price(-6_000), "unmaturedAmount": price(-6_000)}
    office.gather()
    _, told = office.pay()
    assert told["paid"][0]["total_minor"] == 18_000
    assert [row[:2] for row in transfers(bank_file(office))] == [
        ("FR00000001", "120.00"),
        ("FR00000002", "60.00"),
    ]
    logged = {bill.bill_id: bill.amount_minor for bill in read_log(office.archive).find(1).bills}
    assert logged == {"FR00000001": 12_000, "FR00000002": 12_000, "FR00000003": -6_000}
    office.bill("FR00000004", "2026-11-04", 10_000)
    office.gather()
    assert office.pay()[1]["paid"][0]["credits"] == []


def test_a_credit_note_that_a_person_names_is_taken_off_once(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.bill("FR00000009", "2026-11-03", 1_000, title="Credit note", due=None, iban="")
    office.gather()
    assert office.pay(deduct=("FR00000001",))[1].startswith("FR00000001 is not known to be a credit note")
    assert office.pay(deduct=("FR00000009",))[1]["paid"][0]["total_minor"] == 10_800
    assert office.pay(deduct=("FR00000009",))[1] == "FR00000009 was taken off already, by hand-over 1."


def test_one_transfer_of_all_names_the_bills(office: Office) -> None:
    for number in range(1, 4):
        office.bill(f"FR0000000{number}", "2026-11-01", 10_000)
    office.gather()
    office.pay(bundle=True)
    text = "FR00000001 FR00000002 FR00000003"
    assert transfers(bank_file(office)) == [("BUNDLE-FR00000001", "360.00", IBAN, text)]


def test_too_many_bills_for_one_transfer_are_refused(office: Office) -> None:
    for number in range(1, 15):
        office.bill(f"FR000000{number:02d}", "2026-11-01", 10_000)
    office.gather()
    assert "do not fit in the 140 characters" in office.pay(bundle=True)[1]
    assert read_log(office.archive).hand_overs == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("", "[debtor] is missing"),
        ('[debtor]\nname = "A"\niban = "FR00 1234"\n', "FR001234 is no IBAN"),
        ('[debtor]\nname = "A"\niban = "FR1420041010050500013M02606"\nbic = "X"\n', "X is no BIC"),
        (
            '[debtor]\nname = "A"\niban = "FR1420041010050500013M02606"\naddress = "1 rue X, Paris"\n',
            "an address in one text is refused by banks since 15 November 2026",
        ),
    ],
    ids=["no debtor", "iban", "bic", "address"],
)
def test_settings_that_are_wrong_are_told(office: Office, settings: str, told: str) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000)
    office.gather()
    (office.config / "pay.toml").write_text(settings, encoding="utf-8")
    assert told in office.pay()[1]


@pytest.mark.parametrize(
    ("day", "told"), [(date(2026, 11, 20), "is past"), (date(2026, 12, 25), "Banks are closed on 2026-12-25")]
)
def test_a_day_on_which_nothing_is_executed(office: Office, day: date, told: str) -> None:
    assert told in office.pay(execution_date=day)[1]


def test_the_advice_lists_every_bill(office: Office) -> None:
    office.bill("FR00000001", "2026-11-01", 10_000, order="4500128837")
    office.gather()
    office.pay()
    rows = next(office.out.glob("*_advice.csv")).read_text(encoding="utf-8").splitlines()
    assert rows[1] == (
        f"FR00000001,2026-11-01,2026-11-30,main,4500128837,120.00,120.00,EUR,RF18539007547034,{IBAN}"
    )
    text = next(office.out.glob("*_advice.txt")).read_text(encoding="utf-8")
    assert "FR00000001              2026-11-01          120.00        120.00  RF18 5390 0754 7034" in text
    page = next(office.out.glob("*_advice.html")).read_text(encoding="utf-8")
    assert "Lefèvre &amp; Fils SAS" in page


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("french", ("bill", "transfer", IBAN, "AGRIFRPP", "RF18 5390 0754 7034", [("S", 2000, 40596, 8119)])),
        ("credit-note", ("credit-note", "", "", "", "", [("S", 2000, 176700, 35340)])),
        (
            "direct-debit-without-order",
            ("bill", "direct-debit", "", "", "RF18 5390 0754 7034", [("S", 2000, 40596, 8119)]),
        ),
        (
            "english-reverse-charge",
            ("bill", "transfer", IBAN, "AGRIFRPP", "RF18 5390 0754 7034", [("AE", 0, 244736, 0)]),
        ),
    ],
)
def test_what_our_own_papers_say_is_read(name: str, expected: tuple[Any, ...]) -> None:
    text = (ROOT / "tests" / "golden" / "papers" / f"{name}.txt").read_text(encoding="utf-8")
    facts = facts_of_text(text, "EUR")
    taxes = [(one.category, one.rate_bp, one.net_minor, one.tax_minor) for one in facts.taxes]
    assert (facts.kind, facts.means, facts.iban, facts.bic, facts.reference, taxes) == expected


def test_what_ubl_says_is_read() -> None:
    xml = (ROOT / "tests" / "golden" / "posting" / "ubl-from-cii.xml").read_bytes()
    facts = facts_of_xml(xml, "FR00000001")
    assert facts == Facts(
        "bill", "", "transfer", "Provider SAS", IBAN, "AGRIFRPP", "RF18539007547034",
        (TaxRead("S", 2_000, 15_000, 3_000),),
    )  # fmt: skip
    assert facts_of_xml(xml, "FR00000002") is None, "of another bill"
    credit_note = (ROOT / "tests" / "golden" / "posting" / "ubl-FR00000004.xml").read_bytes()
    read = facts_of_xml(credit_note, "FR00000004")
    assert read is not None
    assert read.kind == "credit-note"


@pytest.mark.parametrize(
    "xml", [b"no xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a>" * 99 + b"</a>" * 99]
)
def test_an_xml_that_cannot_be_trusted_says_nothing(xml: bytes) -> None:
    assert facts_of_xml(xml, "FR1") is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Établissements Lefèvre & Fils", "Etablissements Lefevre + Fils"),
        ("Müller — Straße 5", "Muller - Strasse 5"),
        ("Łódź Œuvre", "Lodz OEuvre"),
        ("数据 <x>", ".. .x."),
    ],
)
def test_text_of_the_sepa_alphabet(text: str, written: str) -> None:
    assert sepa_text(text, 70) == written


def test_identifications_have_no_slash_at_an_end() -> None:
    assert sepa_id("/FR//1/") == "FR/1"
    assert len(sepa_id("x" * 99)) == 35


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def test_bank_days_are_those_of_the_central_bank() -> None:
    closed = holidays.financial_holidays("XECB", years=range(2024, 2036))
    for day in days(date(2024, 1, 1), date(2035, 12, 31)):
        assert is_bank_day(day) == (day.weekday() < 5 and day not in closed), day
