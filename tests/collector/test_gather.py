"""What is gathered from a provider of the plain protocol, and in how many calls."""

from datetime import date
from pathlib import Path

import pytest

from acquit.collector.verify import verify
from collector.gathering import fill, messages, rows, run
from collector.provider import Provider, VirtualTimer, pdf, price, serving

CII = b"""<rsm:CrossIndustryInvoice xmlns:rsm="urn:a" xmlns:ram="urn:b" xmlns:udt="urn:c">
 <rsm:ExchangedDocument><ram:ID>FR1</ram:ID></rsm:ExchangedDocument><rsm:SupplyChainTradeTransaction>
 <ram:ApplicableHeaderTradeAgreement><ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>PO-7
 </ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument></ram:ApplicableHeaderTradeAgreement>
 <ram:ApplicableHeaderTradeSettlement><ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>
 <udt:DateTimeString format="102">20261231</udt:DateTimeString></ram:DueDateDateTime>
 </ram:SpecifiedTradePaymentTerms></ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"""


def test_everything_is_gathered_and_adds_up(provider: Provider, tmp_path: Path) -> None:
    world = provider.world()
    world.bill("FR1", "2026-11-02", 4544, 1000, due="2026-12-17")
    world.methods["7"] = {"paymentMethodId": 7, "paymentType": "ENTERPRISE", "paymentSubType": "45_DAYS",
                          "status": "VALID", "default": True,
                          "label": "PaymentEnterprisewith45daysdelays"}  # fmt: skip
    assert messages(run(provider, tmp_path)) == []
    assert rows(
        tmp_path, "SELECT bill_id, issued_on, net_minor, tax_minor, total_minor, due_on, due_source FROM bill"
    ) == [("FR1", date(2026, 11, 2), 5544, 1109, 6653, date(2026, 12, 17), "inferred")]
    assert rows(
        tmp_path, "SELECT detail_no, domain, quantity_e4, unit_price_ucents, net_minor FROM bill_detail"
    ) == [
        (1, "server-1.example", 10_000, 4_544_000_000, 4544),
        (2, "server-2.example", 10_000, 1_000_000_000, 1000),
    ]
    assert rows(tmp_path, "SELECT term_days, is_default FROM payment_method") == [(45, True)]
    assert (tmp_path / "papers/main/2026/11/2026-11-02_FR1_66.53-EUR.pdf").exists()
    checks = verify(tmp_path, [], lambda access: None)  # type: ignore[arg-type, return-value]
    assert [check.name for check in checks if not check.passed] == []


@pytest.mark.parametrize(
    ("pages", "batch", "most"),
    [(True, True, 200 + 20), (False, True, 200 * 2 + 20), (False, False, 200 * 3 + 20)],
    ids=["pages", "batch", "single calls"],
)
def test_calls_are_few_by_what_the_server_can(tmp_path: Path, pages: bool, batch: bool, most: int) -> None:
    with serving(Provider(pages=pages, batch=batch)) as provider:
        fill(provider, 200)
        gathered = run(provider, tmp_path)
        assert (gathered[0].new_bills, gathered[0].details, gathered[0].papers) == (200, 200, 200)
        assert len(provider.calls) <= most
        assert messages(gathered) == []


def test_an_idle_refresh_is_one_call(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 20)
    run(provider, tmp_path)
    provider.calls.clear()
    assert run(provider, tmp_path)[0].new_bills == 0
    assert provider.calls == ["GET /me/bill"]


def test_a_refresh_asks_for_what_is_new(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 20)
    run(provider, tmp_path)
    provider.calls.clear()
    provider.world().bill("FR00000099", "2026-11-23", 500)
    assert run(provider, tmp_path)[0].new_bills == 1
    assert "GET /me/bill/FR00000099/details" in provider.calls
    assert len(provider.calls) <= 10


def test_a_bill_that_changed_after_issue_is_kept_in_both_forms(provider: Provider, tmp_path: Path) -> None:
    world = provider.world()
    world.bill("FR1", "2026-11-02", 1000)
    run(provider, tmp_path)
    world.bill("FR1", "2026-11-02", 1200, 300)
    world.bills["FR1"]["orderId"] = 1000
    world.papers["FR1"] = pdf("Invoice", "FR1", "changed")
    gathered = run(provider, tmp_path)
    assert gathered[0].changed_bills == 1
    assert rows(tmp_path, "SELECT version_no, net_minor FROM bill_version ORDER BY 1") == [
        (1, 1000),
        (2, 1500),
    ]
    assert rows(tmp_path, "SELECT net_minor, versions_count, details_count FROM bill") == [(1500, 2, 2)]
    assert len(list(tmp_path.glob("papers/main/2026/11/*.pdf"))) == 2


def test_order_and_due_date_are_read_from_the_xml_inside(provider: Provider, tmp_path: Path) -> None:
    world = provider.world()
    world.bill("FR1", "2026-11-02", 1000, due="2026-12-01")
    world.papers["FR1"] = pdf("Invoice", "FR1", xml=CII)
    run(provider, tmp_path)
    query = "SELECT purchase_order, purchase_order_source, due_on, due_source FROM bill"
    assert rows(tmp_path, query) == [("PO-7", "read", date(2026, 12, 31), "read")]
    assert rows(tmp_path, "SELECT count(*) FROM paper WHERE kind = 'xml'") == [(1,)]


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([("PO-1", "2026-01-01", None, None)], ("PO-1", "inferred")),
        ([("PO-1", "2026-01-01", "2026-11-02", None)], (None, "unknown")),
        ([("PO-1", "2026-01-01", None, None), ("PO-2", "2026-01-01", None, 5)], (None, "unknown")),
        ([], (None, "unknown")),
    ],
    ids=["one window", "the end is not covered", "a group's order could be meant", "no order"],
)
def test_an_order_is_inferred_when_no_other_could_be_meant(
    provider: Provider, tmp_path: Path, orders: list[tuple[str, str, str | None, int | None]],
    expected: tuple[str | None, str],
) -> None:  # fmt: skip
    world = provider.world()
    world.bill("FR1", "2026-11-02", 1000)
    for number, (reference, start, end, group) in enumerate(orders, start=1):
        world.orders[str(number)] = {"id": number, "reference": reference, "type": "PURCHASE_ORDER",
                                     "status": "CREATED",
                                     "active": True, "startDate": start,
                                     "endDate": end, "billingGroupId": group}  # fmt: skip
    run(provider, tmp_path)
    assert rows(tmp_path, "SELECT purchase_order, purchase_order_source FROM bill") == [expected]


def test_bills_with_no_and_with_many_details(provider: Provider, tmp_path: Path) -> None:
    provider.world().bill("FR1", "2026-11-02")
    provider.world().bill("FR2", "2026-11-03", *[1] * 1234)
    run(provider, tmp_path)
    assert rows(tmp_path, "SELECT bill_id, details_count FROM bill ORDER BY 1") == [("FR1", 0), ("FR2", 1234)]
    assert rows(tmp_path, "SELECT count(*), max(detail_no), sum(net_minor) FROM bill_detail") == [
        (1234, 1234, 1234)
    ]


def test_a_debt_that_is_listed_no_longer_is_paid(provider: Provider, tmp_path: Path) -> None:
    world = provider.world()
    world.bill("FR1", "2026-11-02", 1000, due="2026-12-17")
    world.bill("FR2", "2026-11-02", 1000, due="2026-12-17")
    run(provider, tmp_path)
    world.debts.clear()
    run(provider, tmp_path, only=["debt"])
    assert rows(tmp_path, "SELECT bill_id, status, due_minor FROM debt ORDER BY 1") == [
        ("FR1", "PAID", 0), ("FR2", "PAID", 0),
    ]  # fmt: skip


def test_shapes_of_another_region(provider: Provider, tmp_path: Path) -> None:
    world = provider.world()
    world.bill("US1", "2026-11-02", 1000, due="2026-12-17")
    del world.bills["US1"]["category"]
    world.bills["US1"] |= {"htmlUrl": "https://example/secret?passwd=1", "newMember": {"deep": 1}}
    del world.debts["1000"]["status"]
    for member in ("priceWithTax", "priceWithoutTax", "tax"):
        del world.bills["US1"][member]["priceInUcents"]
    assert messages(run(provider, tmp_path)) == []
    assert rows(tmp_path, "SELECT category, total_minor FROM bill") == [(None, 1200)]
    assert rows(tmp_path, "SELECT status FROM debt") == [("UNMATURED",)]


def test_currencies_count_their_own_decimals(provider: Provider, tmp_path: Path) -> None:
    world = provider.world()
    for bill_id, currency in (("FR1", "XOF"), ("FR2", "TND"), ("FR3", "EUR"), ("FR4", "XXX")):
        world.bill(bill_id, "2026-11-02", 1000)
        for member in ("priceWithTax", "priceWithoutTax", "tax"):
            world.bills[bill_id][member] = {**world.bills[bill_id][member], "currencyCode": currency}
    run(provider, tmp_path)
    assert rows(tmp_path, "SELECT currency, total_minor FROM bill ORDER BY bill_id") == [
        ("XOF", 12), ("TND", 12000), ("EUR", 1200), ("XXX", 1200),
    ]  # fmt: skip
    checks = verify(tmp_path, [], lambda access: None)  # type: ignore[arg-type, return-value]
    unknown = next(check for check in checks if check.name == "currencies are known")
    assert unknown.differences == ["main FR4 XXX"]


def test_since_and_only(provider: Provider, tmp_path: Path) -> None:
    world = provider.world()
    world.bill("FR1", "2026-01-02", 1000)
    world.bill("FR2", "2026-11-02", 1000)
    run(provider, tmp_path, since=date(2026, 6, 1), only=["bill"])
    assert rows(tmp_path, "SELECT bill_id, details_count FROM bill") == [("FR2", None)]
    run(provider, tmp_path)
    assert rows(tmp_path, "SELECT bill_id, details_count FROM bill ORDER BY 1") == [("FR1", 1), ("FR2", 1)]


def test_links_and_passwords_never_enter_the_archive(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 3)
    run(provider, tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix in (".ndjson", ".jsonl", ".json", ".parquet"):
            content = path.read_bytes()
            assert b"s3cr3tw0rd" not in content, path
            assert b"passwd" not in content, path
            assert b"consumer-key" not in content, path


def test_2215_bills_take_as_many_calls_and_twenty_at_the_pace_of_a_key(tmp_path: Path) -> None:
    timer = VirtualTimer()
    with serving(Provider(timer=timer)) as provider:
        provider.per_minute, provider.latency_seconds = 60, 0.05
        fill(provider, 2215)
        gathered = run(provider, tmp_path, only=["bill", "detail"], per_minute=60)
        assert gathered[0].details == 2215
        assert len(provider.calls) <= 2215 + 20
        assert provider.refused == 0
        assert timer.seconds / 60 < 2235 / 60 + 2


def test_price_of_the_test_provider() -> None:
    assert price(4544)["priceInUcents"] == 4_544_000_000


def test_lists_below_several_bills_come_in_one_call_where_the_server_can(
    provider: Provider, tmp_path: Path
) -> None:
    provider.batch_below = True
    fill(provider, 200, details=3)
    gathered = run(provider, tmp_path)
    assert (messages(gathered), gathered[0].details) == ([], 600)
    assert len(provider.calls) <= 4 + 11
