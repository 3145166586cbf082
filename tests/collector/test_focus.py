"""What a FOCUS export says: column by column, to the cent, and what the official validator finds."""

import csv
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquit.collector.columns import PARQUET
from acquit.collector.cost_centres import Rules, read_rules
from acquit.collector.fault import Fault
from acquit.collector.focus import Total, Wanted, Wording, export
from acquit.collector.focus_columns import BILL_LINES, COST_AND_USAGE, VERSIONS, columns_of
from acquit.collector.focus_rules import OWN, read_focus_rules
from acquit.collector.focus_terms import SUBCATEGORIES
from acquit.collector.reference import FOCUS_BEGIN, focus_page
from collector.gathering import fill, run, told_by
from collector.provider import Provider, pdf

VALIDATOR = Path(__file__).resolve().parents[2] / ".focus-validator"
FACTS = {"account": "main", "issued_on": "2026-11-02", "currency": "EUR"}


def archive_of(home: Path, **tables: list[dict[str, Any]]) -> Path:
    """Write an archive's tables, all rows of one account in its file."""
    with duckdb.connect() as db:
        for name in {"bill", "bill_detail", *tables}:
            (home / "tables" / name).mkdir(parents=True, exist_ok=True)
            db.execute(f"CREATE OR REPLACE TABLE {name} ({PARQUET[name]})")
            for row in tables.get(name, []):
                marks = ", ".join("?" for _ in row)
                db.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
            for account in {row["account"] for row in tables.get(name, [])} | {"main"}:
                path = home / "tables" / name / f"{account}.parquet"
                db.execute(f"COPY (FROM {name} WHERE account = '{account}') TO '{path}' (FORMAT parquet)")
    return home


def one_line(home: Path, **detail: Any) -> dict[str, str]:
    """Export an archive of one bill with one line and return the row of its file."""
    net = detail.setdefault("net_minor", 1000)
    bill = {**FACTS, "bill_id": "FR1", "net_minor": net, "tax_minor": net // 5, "seen_at": "2026-11-03 10:00",
            "purchase_order": "PO-7", "purchase_order_source": "read", "due_on": "2026-12-17",
            "due_source": "inferred", "category": "autorenew"}  # fmt: skip
    archive = archive_of(
        home / "archive", bill=[bill], account=[PARENT],
        bill_detail=[{**FACTS, "bill_id": "FR1", "detail_no": 1, "detail_id": "91", **detail}],
    )  # fmt: skip
    exported(archive, home / "x.csv", "1.4")
    return rows(home / "x.csv")[0]


PARENT = {"account": "main", "nichandle": "ab1-ovh", "organisation": "Halden Oy", "subsidiary": "FI",
          "base": "https://eu.api.ovh.com/1.0"}  # fmt: skip


def exported(archive: Path, out: Path, version: str = "1.0", **given: Any) -> list[Total]:
    columns = given.pop("columns", COST_AND_USAGE)
    wording = Wording(read_focus_rules(given.pop("rules", None)), given.pop("centres", Rules()))
    wanted = Wanted(**{key: given.pop(key) for key in list(given) if key in Wanted.__slots__})
    return export(archive, out, columns_of(columns, version), wanted, wording, **given)


def asked(query: str) -> list[Any]:
    with duckdb.connect() as db:
        return db.execute(query).fetchall()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------- single columns


@pytest.mark.parametrize(
    ("first", "last", "start", "end"),
    [
        ("2026-11-01", "2026-11-30", "2026-11-01", "2026-12-01"),  # the last day covered
        ("2026-11-01", "2026-12-01", "2026-11-01", "2026-12-01"),  # the first day not covered
        ("2026-11-15", "2027-11-14", "2026-11-15", "2027-11-15"),
        ("2026-11-05", "2026-11-05", "2026-11-05", "2026-11-06"),  # a single day
        ("2026-11-05", None, "2026-11-05", "2026-11-06"),
        ("2026-11-05", "2026-11-01", "2026-11-05", "2026-11-06"),  # told the wrong way round
        (None, None, "2026-11-02", "2026-11-03"),  # none told: the bill's date
    ],
)
def test_a_period_ends_before_its_end(
    tmp_path: Path, first: str | None, last: str | None, start: str, end: str
) -> None:
    row = one_line(tmp_path, period_start_on=first, period_end_on=last)
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == (f"{start}T00:00:00Z", f"{end}T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "net", "charge", "frequency"),
    [
        ("Dedicated server Advance-1", 9999, "Purchase", "One-Time"),
        ("Public Cloud project, consumption", 311, "Usage", "Usage-Based"),
        ("Instance b3-8 (hourly)", 311, "Usage", "Usage-Based"),
        ("Voucher WELCOME", -500, "Credit", "One-Time"),
        ("Unused days of your server", -500, "Adjustment", "One-Time"),
    ],
)
def test_charges(tmp_path: Path, text: str, net: int, charge: str, frequency: str) -> None:
    row = one_line(tmp_path, description=text, net_minor=net)
    assert (row["ChargeCategory"], row["ChargeFrequency"]) == (charge, frequency)


@pytest.mark.parametrize(
    ("text", "category", "subcategory"),
    [
        ("Dedicated server Advance-1 monthly", "Compute", "Virtual Machines"),
        ("Serveur dédié Rise-2", "Compute", "Virtual Machines"),
        ("VPS Comfort", "Compute", "Virtual Machines"),
        ("Automated backup of your VPS", "Storage", "Backup Storage"),
        ("Stockage objet, consommation", "Storage", "Object Storage"),
        ("Additional IP /29 block", "Networking", "Network Connectivity"),
        ("Support Business", "Management and Governance", "Support"),
        ("Nom de domaine exemple.fr", "Web", "Other (Web)"),
        ("Something quite unheard of", "Other", "Other (Other)"),
        (None, "Other", "Other (Other)"),
    ],
)
def test_services(tmp_path: Path, text: str | None, category: str, subcategory: str) -> None:
    row = one_line(tmp_path, description=text)
    assert (row["ServiceCategory"], row["ServiceSubcategory"]) == (category, subcategory)


def test_what_the_wire_tells_is_there_and_what_it_does_not_is_empty(tmp_path: Path) -> None:
    row = one_line(
        tmp_path, domain="ns1.example", quantity_e4=25_000, unit_price_ucents=400_000_000, net_minor=1000
    )
    told = {
        "BilledCost": "10.000", "ListCost": "10.000", "PricingQuantity": "2.5000",
        "ContractedUnitPrice": "4.00000000", "ResourceId": "ns1.example", "BillingAccountId": "ab1-ovh",
        "BillingAccountName": "Halden Oy", "InvoiceIssuerName": "OVHcloud FI", "InvoiceId": "FR1",
        "InvoiceDetailId": "91", "BillingPeriodStart": "2026-11-01T00:00:00Z",
        "BillingPeriodEnd": "2026-12-01T00:00:00Z", "x_PurchaseOrder": "PO-7",
        "x_PurchaseOrderSource": "read", "x_DueDate": "2026-12-17T00:00:00Z", "x_DueDateSource": "inferred",
    }  # fmt: skip
    assert {name: row[name] for name in told} == told
    for name in ("RegionId", "SkuId", "SkuPriceId", "ListUnitPrice", "Tags", "SubAccountId", "PricingUnit",
                 "ConsumedQuantity", "x_CostCentre", "CommitmentDiscountId"):  # fmt: skip
        assert row[name] == "", name


@pytest.mark.parametrize(("currency", "billed"), [("EUR", "12.340"), ("XOF", "1234.000"), ("TND", "1.234")])
def test_amounts_have_their_currencys_decimals(tmp_path: Path, currency: str, billed: str) -> None:
    fact = {**FACTS, "currency": currency, "bill_id": "B1", "net_minor": 1234}
    archive = archive_of(tmp_path / "a", bill=[fact], bill_detail=[{**fact, "detail_no": 1}])
    assert exported(archive, tmp_path / "x.csv") == [Total(currency, 1, 1234, 1, 1234, ())]
    assert rows(tmp_path / "x.csv")[0]["BilledCost"] == billed


def test_a_sub_accounts_bills_are_its_parents(tmp_path: Path) -> None:
    child = {"account": "main-7", "nichandle": "cd2-ovh", "parent": "main", "sub_account_no": 7, "base": "x"}
    fact = {**FACTS, "account": "main-7", "bill_id": "FR1", "net_minor": 5}
    archive = archive_of(
        tmp_path / "a", account=[PARENT, child], bill=[fact], bill_detail=[{**fact, "detail_no": 1}],
        sub_account=[{"account": "main", "sub_account_no": 7, "description": "Plant Oulu"}],
    )  # fmt: skip
    exported(archive, tmp_path / "x.csv", "1.2", accounts=("main-7",))
    row = rows(tmp_path / "x.csv")[0]
    told = {"BillingAccountId": "ab1-ovh", "SubAccountId": "cd2-ovh", "SubAccountName": "Plant Oulu",
            "SubAccountType": "Sub-account"}  # fmt: skip
    assert {name: row[name] for name in told} == told


def test_cost_centres_and_own_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(
        '[[service]]\nname = "Ledger"\ncategory = "Databases"\nsubcategory = "Ledger Databases"\n'
        'service = "^ledger"\n[[charge]]\ncategory = "Usage"\nservice = "^ledger"\n'
    )
    (tmp_path / "centres.toml").write_text('[[rule]]\ncost_centre = "4711"\nservice = "^ledger"\n')
    fact = {**FACTS, "bill_id": "FR1", "net_minor": 5}
    archive = archive_of(
        tmp_path / "a", bill=[{**fact, "net_minor": 10}],
        bill_detail=[{**fact, "detail_no": 1, "domain": "ledger-1"}, {**fact, "detail_no": 2, "domain": "x"}],
    )  # fmt: skip
    exported(
        archive,
        tmp_path / "x.csv",
        rules=tmp_path / "rules.toml",
        centres=read_rules(tmp_path / "centres.toml"),
    )
    assert [
        (row["ServiceName"], row["ChargeCategory"], row["x_CostCentre"]) for row in rows(tmp_path / "x.csv")
    ] == [("Ledger", "Usage", "4711"), ("Other", "Purchase", "unassigned")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[service]", "is not TOML"),
        ('[[service]]\nname = "x"\ncategory = "Compute"\n', "has no condition"),
        ('[[service]]\nname = "x"\ncategory = "Cloud"\nservice = "x"', "has the category 'Cloud'; FOCUS has"),
        (
            '[[service]]\nname = "x"\ncategory = "Web"\nsubcategory = "Bots"\nservice = "x"',
            "subcategory 'Bots'",
        ),
        ('[[service]]\nname = "x"\ncategory = "Web"\nservice = "("', "no regular expression"),
        ('[[service]]\nname = "x"\ncategory = "Web"\ndomain = "x"', "'domain', which is not known"),
        ('[[charge]]\ncategory = "Tax"\nnegative = true', "has the category 'Tax'; FOCUS has Purchase"),
        ('[[charge]]\ncategory = "Credit"\nnegative = "yes"', "neither true nor false"),
        ("service = 1", "no [[service]] table"),
    ],
)
def test_wrong_rules_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(Fault, match=r"r\.toml") as refused:
        read_focus_rules(tmp_path / "r.toml")
    assert said in refused.value.message


def test_our_own_rules_are_in_focuss_lists() -> None:
    rules = read_focus_rules()
    assert OWN.exists()
    assert {rule.subcategory for rule in rules.services} <= {
        each for several in SUBCATEGORIES.values() for each in several
    }


# ---------------------------------------------------------------- sums


AMOUNTS = st.integers(-(10**9), 10**9)
BILLS = st.lists(
    st.tuples(st.sampled_from(["EUR", "XOF", "TND"]), st.lists(AMOUNTS, max_size=4), st.integers(0, 10**6)),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bills=BILLS, vat=st.booleans(), shape=st.sampled_from(["csv", "parquet"]))
def test_the_file_sums_to_the_bills(
    tmp_path: Path, bills: list[tuple[str, list[int], int]], vat: bool, shape: str
) -> None:
    facts = [
        {**FACTS, "bill_id": f"FR{no}", "currency": currency, "net_minor": sum(amounts), "tax_minor": tax}
        for no, (currency, amounts, tax) in enumerate(bills)
    ]
    details = [
        {**FACTS, "bill_id": f"FR{no}", "currency": currency, "detail_no": place, "net_minor": amount}
        for no, (currency, amounts, _) in enumerate(bills)
        for place, amount in enumerate(amounts, start=1)
    ]
    out = tmp_path / f"x.{shape}"
    totals = exported(
        archive_of(tmp_path / "a", bill=facts, bill_detail=details), out, with_vat=vat, shape=shape
    )
    for total in totals:
        mine = [bill for bill in bills if bill[0] == total.currency]
        assert total.bills_minor == sum(sum(net) + vat * tax for _, net, tax in mine)
        assert (total.difference_minor, total.bills_apart) == (0, ())
    assert {total.currency for total in totals} == {bill[0] for bill in bills}
    read = asked(f"SELECT CAST(sum(CAST(BilledCost AS DECIMAL(38,3))) AS VARCHAR) FROM '{out}'")
    total_units = sum(
        Decimal(sum(net) + vat * tax).scaleb({"XOF": 0, "TND": -3}.get(currency, -2))
        for currency, net, tax in bills
    )
    assert Decimal(read[0][0] or 0) == total_units


def test_lines_that_are_not_the_bills_amount_are_told(tmp_path: Path) -> None:
    fact = {**FACTS, "bill_id": "FR1", "net_minor": 1000}
    archive = archive_of(
        tmp_path / "a", bill=[fact, {**fact, "bill_id": "FR2"}],
        bill_detail=[{**fact, "detail_no": 1, "net_minor": 999}, {**fact, "bill_id": "FR2", "detail_no": 1}],
    )  # fmt: skip
    assert exported(archive, tmp_path / "x.csv") == [Total("EUR", 2, 1999, 2, 2000, ("FR1",))]


def test_dates_and_accounts_choose(tmp_path: Path) -> None:
    days = ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01")
    facts = [{**FACTS, "bill_id": day, "issued_on": day, "net_minor": 1} for day in days]
    archive = archive_of(tmp_path / "a", bill=facts, bill_detail=[{**one, "detail_no": 1} for one in facts])
    exported(archive, tmp_path / "x.csv", since=date(2026, 11, 1), until=date(2026, 11, 30))
    assert [row["x_BillId"] for row in rows(tmp_path / "x.csv")] == ["2026-11-01", "2026-11-30"]
    with pytest.raises(Fault, match="no account other; it has main"):
        exported(archive, tmp_path / "x.csv", accounts=("other",))
    with pytest.raises(Fault, match="no tables yet"):
        exported(tmp_path / "nothing", tmp_path / "x.csv")


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    fact = {**FACTS, "bill_id": "FR1", "net_minor": 1}
    archive = archive_of(tmp_path / "a", bill=[fact], bill_detail=[{**fact, "detail_no": 1}])
    (archive / "tables/bill_detail/main.parquet").write_bytes(b"PAR1 no longer")
    (tmp_path / "x.csv").write_text("old")
    with pytest.raises(Fault, match="The export failed"):
        exported(archive, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "x.csv"]


# ---------------------------------------------------------------- versions


def test_each_version_adds_its_columns() -> None:
    names = {
        version: {one.name for one in columns_of(COST_AND_USAGE, version) if not one.name.startswith("x_")}
        for version in VERSIONS
    }
    assert len(names["1.0"]) == 43
    assert names["1.1"] - names["1.0"] == {
        "CapacityReservationId", "CapacityReservationStatus", "CommitmentDiscountQuantity",
        "CommitmentDiscountUnit", "ServiceSubcategory", "SkuMeter", "SkuPriceDetails",
    }  # fmt: skip
    assert {"InvoiceId", "BillingAccountType", "SubAccountType", "PricingCurrency"} <= names["1.2"]
    assert {"ServiceProviderName", "HostProviderName", "ProviderName"} <= names["1.3"]
    assert names["1.3"] - names["1.4"] == {"ProviderName", "PublisherName"}


def test_bill_lines_have_terms_due_date_and_order(tmp_path: Path) -> None:
    bill = {**FACTS, "bill_id": "FR1", "net_minor": 1000, "tax_minor": 200, "seen_at": "2026-11-04 08:00",
            "purchase_order": "PO-7", "due_on": "2026-12-17", "due_source": "read"}  # fmt: skip
    first = {**FACTS, "bill_id": "FR1", "version_no": 1, "seen_at": "2026-11-03 10:00"}
    archive = archive_of(
        tmp_path / "a", bill=[bill], bill_version=[first],
        bill_detail=[{**FACTS, "bill_id": "FR1", "detail_no": 1, "domain": "ns1", "net_minor": 1000}],
    )  # fmt: skip
    totals = exported(archive, tmp_path / "x.csv", "1.4", columns=BILL_LINES, with_vat=True)
    assert [(one.billed_minor, one.bills_minor) for one in totals] == [(1200, 1200)]
    line, vat = rows(tmp_path / "x.csv")
    assert (vat["ChargeCategory"], vat["BilledCost"], vat["InvoiceDetailId"]) == ("Tax", "2.000", "vat")
    told = {
        "InvoiceId": "FR1", "InvoiceIssueDate": "2026-11-02T00:00:00Z", "PaymentTerms": "Net 45",
        "PaymentDueDate": "2026-12-17T00:00:00Z", "PurchaseOrderNumber": "PO-7", "ReferenceInvoiceId": "FR1",
        "InvoiceDetailCreated": "2026-11-03T10:00:00Z", "InvoiceDetailLastUpdated": "2026-11-04T08:00:00Z",
        "InvoiceIssueStatus": "Issued", "InvoiceDetailGrain": '{"ResourceId":"ns1"}',
    }  # fmt: skip
    assert {name: line[name] for name in told} == told


# ---------------------------------------------------------------- the command and the validator


def command(*words: str | Path) -> tuple[int, Any]:
    return told_by("collect", "export", *map(str, words))


def validated(path: Path) -> str:
    """Return what the official validator prints; it wants to run where it is installed."""
    home = next((VALIDATOR / "lib").glob("python3.*/site-packages"))
    ran = subprocess.run(
        [VALIDATOR / "bin" / "focus-validator", "--data-file", path, "--validate-version", "1.0"],
        capture_output=True, text=True, cwd=home, check=False,
    )  # fmt: skip
    return ran.stdout + ran.stderr


@pytest.fixture
def gathered(provider: Provider, tmp_path: Path) -> Path:
    fill(provider, 12, 3)
    provider.world().bill("FR99999999", "2026-11-02", 4544, -1000, due="2026-12-17")
    provider.world().papers["FR99999999"] = pdf("Invoice FR99999999", "Purchase order: PO-2026-7")
    run(provider, tmp_path / "archive")
    return tmp_path / "archive"


def test_the_official_validator_passes_the_export(gathered: Path, tmp_path: Path) -> None:
    if not (VALIDATOR / "lock").exists():
        pytest.skip("focus-validator is not installed: run `python3 tools/setup.py --system`")
    out = tmp_path / "focus.csv"
    code, told = command("focus", "--archive", gathered, "--out", out, "--for-validator", "--vat")
    assert (code, told["adds_up"], told["rows"]) == (0, True, 12 * 3 + 2 + 13)
    assert validated(out).rstrip().endswith("Validation succeeded.")
    command("focus", "--archive", gathered, "--out", out)
    found = [line.split()[0] for line in validated(out).splitlines() if line.endswith(" failed:")]
    assert found == [
        "InvoiceIssuer_Required", "Provider_Required", "Publisher_Required", "ResourceID_Required",
        "SkuPriceId_Nullable",
    ], "the validator's own mistakes: without the switch our names are the specification's"  # fmt: skip


def test_the_command_writes_what_its_name_says(gathered: Path, tmp_path: Path) -> None:
    for version in VERSIONS:
        out = tmp_path / f"{version}.parquet"
        code, told = command("focus", "--archive", gathered, "--out", out, "--version", version)
        assert (code, told["format"], told["version"]) == (0, "parquet", version)
        assert len(asked(f"DESCRIBE FROM '{out}'")) == told["columns"]
    code, told = command("invoice-detail", "--archive", gathered, "--out", tmp_path / "lines.csv")
    assert (code, told["columns"]) == (0, 22 + 9)
    ours = [row for row in rows(tmp_path / "lines.csv") if row["InvoiceId"] == "FR99999999"]
    assert {row["PurchaseOrderNumber"] for row in ours} == {"PO-2026-7"}
    code, told = command("focus", "--archive", gathered, "--out", tmp_path / "x.csv", "--version", "1.2",
                         "--for-validator")  # fmt: skip
    assert (code, told["error"]["code"]) == (1, "collector")


def test_the_page_of_columns_is_as_the_code_says() -> None:
    path = Path(__file__).resolve().parents[2] / "docs" / "reference" / "focus.md"
    page = path.read_text(encoding="utf-8").partition(FOCUS_BEGIN)
    assert page[1] + page[2] == focus_page(), "write it anew from acquit.collector.reference.focus_page"
