"""/me/bill: lists, filters, pages, details, debts, payment, export; on real bills, by the official client."""

import csv
import hashlib
import io
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ovh
import pytest
import requests
from ovh.exceptions import ResourceConflictError, ResourceNotFoundError

from acquit.actions.export_bills import build_exports, export_token
from acquit.core.delivery import BILL, Answer, Channel, Outcome, Queued
from acquit.core.identifiers import BillId, LegalEntityId
from acquit.core.life_cycle import SaidBy, Status
from acquit.store import bill_statuses, deliveries
from acquit.store.transaction import Database

from .families import Customer, Families
from .world import ACME, LAB, PETIT, SHOP

Make = Callable[..., Customer]


def test_bills_are_listed_by_number_and_told_apart_by_key(acme: Customer, customer: Make) -> None:
    assert acme.get("/me/bill") == ["FR00000001", "FR00000005", "FR00000009"]
    own = [customer(account).get("/me/bill") for account in (ACME, LAB, SHOP, PETIT)]
    assert len({bill for bills in own for bill in bills}) == sum(map(len, own)) == 12


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"category": "autorenew"}, [1, 5, 9]),
        ({"category": "purchase"}, []),
        ({"date.from": "2026-10-01"}, [5, 9]),
        ({"date.from": "2026-9-2", "date.to": "2026-10-31T23:59:59+01:00"}, [5]),
        ({"date.to": "2026-09-30T10:00:00.000Z"}, [1]),
        ({"orderId": 100000004}, [5]),
        ({"orderId": 999}, []),
    ],
)
def test_bills_are_filtered(acme: Customer, query: dict[str, Any], numbers: list[int]) -> None:
    assert acme.get("/me/bill", **query) == [f"FR{number:08d}" for number in numbers]


def test_both_bounds_are_inclusive_as_the_wire_shows_them(acme: Customer) -> None:
    shown = acme.get("/me/bill/FR00000005")["date"]
    assert acme.get("/me/bill", **{"date.from": shown, "date.to": shown}) == ["FR00000005"]


def test_a_bill_adds_up_and_its_links_open_the_paper(acme: Customer) -> None:
    bill = acme.get("/me/bill/FR00000001")
    assert bill["priceWithTax"] == {
        "currencyCode": "EUR", "priceInUcents": 17_881_000_000, "text": "178.81 €", "value": 178.81,
    }  # fmt: skip
    cents = [price["priceInUcents"] for price in (bill["priceWithoutTax"], bill["tax"], bill["priceWithTax"])]
    assert cents[0] + cents[1] == cents[2]
    assert len(bill["password"]) >= 22
    paper = requests.get(bill["pdfUrl"], timeout=60)
    assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
    page = requests.get(bill["url"], timeout=60)
    assert page.status_code == 200
    assert "PO-2026-7" in page.text
    other = acme.get("/me/bill/FR00000005")["password"]
    assert requests.get(bill["pdfUrl"].replace(bill["password"], other), timeout=60).status_code == 404


def test_details_add_up_to_the_bill(acme: Customer) -> None:
    ids = acme.get("/me/bill/FR00000001/details")
    details = [acme.get(f"/me/bill/FR00000001/details/{detail}") for detail in ids]
    assert [detail["billDetailId"] for detail in details] == ids
    net = sum(detail["totalPrice"]["priceInUcents"] for detail in details)
    assert net == acme.get("/me/bill/FR00000001")["priceWithoutTax"]["priceInUcents"]
    disk = next(detail for detail in details if detail["description"] == "Disque 1 To")
    assert (disk["quantity"], disk["unitPrice"]["text"]) == ("1", "0.01234567 €")
    assert (disk["periodStart"], disk["periodEnd"]) == ("2026-09-01", "2026-09-30")
    assert acme.page("/me/bill/FR00000001/details") == details
    assert acme.get("/me/bill/FR00000001/details/") == ids


@pytest.mark.parametrize("detail", ["1", "0100000000000001", "x", "100000000000099", "9" * 40, "-1"])
def test_a_detail_that_is_not_there(acme: Customer, detail: str) -> None:
    assert acme.refusal("GET", f"/me/bill/FR00000001/details/{detail}")[0] == 404


def test_pages_hold_what_items_say(acme: Customer) -> None:
    every = acme.page("/me/bill", Sort="date", Sort_Order="DESC")
    assert every == [acme.get(f"/me/bill/{number}") for number in ("FR00000009", "FR00000005", "FR00000001")]
    reply = acme.reply(
        "GET", "/me/bill", headers={"X-Pagination-Mode": "CachedObjectList-Pages", "X-Pagination-Size": "2"}
    )
    assert reply.headers["x-pagination-elements"] == "3"
    assert acme.page("/me/bill", Size="2", Number="3") == []
    dear = acme.page("/me/bill", Filter="priceWithTax.value:gt=120.01")
    assert [bill["billId"] for bill in dear] == ["FR00000001"]
    exact = acme.page("/me/bill", Filter="priceWithTax.value:eq=120.01&billId:like=%2509")
    assert [bill["billId"] for bill in exact] == ["FR00000009"]
    assert acme.page("/me/bill", Filter="tax.value:in=29.80,7") == [acme.get("/me/bill/FR00000001")]


def test_a_batch_holds_what_items_say_and_hides_strangers(acme: Customer, customer: Make) -> None:
    foreign = customer(PETIT).get("/me/bill")[0]
    found, strange, nothing = acme.batch(f"/me/bill/FR00000001,{foreign},nothing")
    assert found == {"key": "FR00000001", "value": acme.get("/me/bill/FR00000001"), "error": None}
    assert (strange["value"], nothing["value"]) == (None, None)
    assert strange["error"]["message"] == f"The requested object ({foreign}) does not exist"
    assert strange["error"]["class"] == nothing["error"]["class"] == "Client::NotFound"


def test_bills_read_before_beside_others_are_told_as_alone(acme: Customer, customer: Make) -> None:
    foreign = customer(PETIT)
    (strange,) = foreign.get("/me/bill")[:1]
    theirs = foreign.get(f"/me/bill/{strange}")
    numbers = [f"FR0000000{number}" for number in (5, 1, 9)]
    assert acme.get(f"/me/bill/{numbers[0]}")["billId"] == numbers[0]
    for _ in range(2):
        read = acme.batch(f"/me/bill/{','.join([*numbers, strange, 'no%01', numbers[0]])}")
        assert [each["key"] for each in read] == [*numbers, strange, "no\x01", numbers[0]]
        assert [each["value"] and each["value"]["billId"] for each in read] == [
            *numbers,
            None,
            None,
            numbers[0],
        ]
        assert read[4]["error"]["class"] == "Client::BadRequest"
        assert foreign.batch(f"/me/bill/{numbers[1]},{strange}")[1]["value"] == theirs
    assert [each["value"] for each in read[:3]] == [acme.get(f"/me/bill/{number}") for number in numbers]


# ---------------------------------------------------------------- debts of bills


def test_a_paid_bill_says_how(acme: Customer, families: Families) -> None:
    paid = families.world.paid_bill
    assert acme.get(f"/me/bill/{paid}/debt")["status"] == "PAID"
    payment = acme.get(f"/me/bill/{paid}/payment")
    assert payment == {
        "paymentDate": "2026-10-10T00:00:00+02:00", "paymentIdentifier": "RC00000001",
        "paymentType": "transfer",
    }  # fmt: skip
    (operation_id,) = acme.get(f"/me/bill/{paid}/debt/operation")
    operation = acme.get(f"/me/bill/{paid}/debt/operation/{operation_id}")
    assert (operation["type"], operation["status"]) == ("ENTERPRISE_MANUAL", "DONE")
    carried = acme.get(f"/me/bill/{paid}/debt/operation/{operation_id}/associatedObject")
    assert (carried["type"], carried["id"]) == ("Deposit", "RC00000001")
    assert carried["paymentInfo"] == {
        "description": "E2E-1", "paymentType": "transfer", "publicLabel": "VIR ACME",
    }  # fmt: skip
    deposit = operation["depositOrderId"]
    assert acme.get(f"/me/bill/{paid}/debt/operation", depositOrderId=deposit) == [operation_id]
    assert acme.get(f"/me/bill/{paid}/debt/operation", depositOrderId=1) == []
    assert acme.page(f"/me/bill/{paid}/debt/operation") == [operation]


def test_an_unpaid_bill_has_no_payment(acme: Customer) -> None:
    with pytest.raises(ResourceNotFoundError):
        acme.get("/me/bill/FR00000009/payment")


def test_statuses_follow_the_term(acme: Customer, customer: Make) -> None:
    assert acme.get("/me/bill/FR00000009/debt")["status"] == "UNMATURED"
    october = acme.get("/me/bill/FR00000005/debt")
    assert (october["status"], october["dueDate"]) == ("UNPAID", "2026-11-15T00:00:00+01:00")
    assert october["amount"]["value"] - october["todoAmount"]["value"] == pytest.approx(10)
    petit = customer(PETIT)
    bounced = petit.get("/me/debtAccount/debt")[0]
    assert petit.get(f"/me/debtAccount/debt/{bounced}")["status"] == "UNPAID"
    events = petit.page(f"/me/debtAccount/debt/{bounced}/operation")
    assert [(event["type"], event["status"]) for event in events] == [
        ("TRANSFER_MANUAL", "FAILED"), ("CANCEL", "DONE"),
    ]  # fmt: skip
    undone = events[1]["operationId"]
    carried = petit.get(f"/me/debtAccount/debt/{bounced}/operation/{undone}/associatedObject")
    assert carried["type"] == "DebtOperation"
    assert carried["subId"] == str(events[0]["operationId"])


def test_paying_makes_an_order_once_whose_page_opens(acme: Customer) -> None:
    order = acme.post("/me/bill/FR00000005/debt/pay")
    assert order["priceWithTax"]["value"] == acme.get("/me/bill/FR00000005/debt")["dueAmount"]["value"]
    assert acme.post("/me/bill/FR00000005/debt/pay")["orderId"] == order["orderId"]
    page = requests.get(order["url"], timeout=60)
    assert page.status_code == 200
    assert "FR00000005" in page.text
    wrong = order["url"].replace(order["password"], "x" * 24)
    assert requests.get(wrong, timeout=60).status_code == 404


def test_nothing_is_paid_twice(acme: Customer, families: Families) -> None:
    with pytest.raises(ResourceConflictError):
        acme.post(f"/me/bill/{families.world.paid_bill}/debt/pay")


# ---------------------------------------------------------------- export


def test_an_export_is_made_by_the_worker_and_opened_by_its_link(acme: Customer, families: Families) -> None:
    context = families.world.context
    assert acme.post("/me/bill/export", archiveType="zip", ids=["FR00000001", "FR00000009"]) is None
    assert acme.post("/me/bill/export", archiveType="csv", startDate="2026-10-01") is None
    assert build_exports(context) == 2
    assert build_exports(context) == 0
    link = f"{families.origin}/cgi-bin/order/bills.cgi?export=1&passwd={export_token(context, 1)}"
    zipped = requests.get(link, timeout=60)
    assert zipped.headers["Content-Type"] == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(zipped.content)).namelist()
    assert names == ["bills.csv", "FR00000001.pdf", "FR00000009.pdf"]
    table = requests.get(
        f"{families.origin}/cgi-bin/order/bills.cgi?export=2&passwd={export_token(context, 2)}", timeout=60
    ).content.decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["bill"], row["with_tax"], row["purchase_order"]) for row in rows] == [
        ("FR00000005", "120.01", "PO-2026-7"), ("FR00000009", "120.01", "PO-2026-7"),
    ]  # fmt: skip
    assert requests.get(link.replace("export=1", "export=2"), timeout=60).status_code == 404


def test_an_export_of_nothing_is_refused(acme: Customer, customer: Make) -> None:
    assert acme.refusal("POST", "/me/bill/export", {"archiveType": "csv", "ids": ["FR00000099"]})[0] == 404
    foreign = customer(PETIT).get("/me/bill")[0]
    assert acme.refusal("POST", "/me/bill/export", {"archiveType": "csv", "ids": [foreign]})[0] == 404
    assert (
        acme.refusal("POST", "/me/bill/export", {"archiveType": "csv", "startDate": "2030-01-01"})[0] == 404
    )
    status, message = acme.refusal("POST", "/me/bill/export", {"archiveType": "tar"})
    assert (status, message) == (
        400, "[archiveType] Given data (tar) does not belong to the ArchiveTypeEnum enumeration",
    )  # fmt: skip


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("path", ["", "/details", "/debt", "/debt/operation", "/payment", "/download"])
def test_a_strangers_bill_does_not_exist(acme: Customer, customer: Make, path: str) -> None:
    for owner in (PETIT, LAB, SHOP):
        foreign = customer(owner).get("/me/bill")[0]
        assert acme.refusal("GET", f"/me/bill/{foreign}{path}")[0] == 404
        assert customer(owner).refusal("GET", f"/me/bill/FR00000001{path}")[0] == 404


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("category=gift", "[category] Given data (gift) does not belong to the CategoryEnum enumeration"),
        ("date.from=yesterday", "[date.from] Given data (yesterday) is not valid for type datetime"),
        ("orderId=1.5", "[orderId] Given data (1.5) is not valid for type long"),
        ("year=2026", "Received not described parameters: (year) while calling read handler"),
    ],
)
def test_a_wrong_filter_is_named(acme: Customer, query: str, message: str) -> None:
    assert acme.refusal("GET", f"/me/bill?{query}") == (400, message)


def test_a_key_for_bills_reads_bills_alone(customer: Make) -> None:
    from acquit.core.access import Rule

    reader = customer(ACME, rules=[Rule("GET", "/me/bill*")])
    assert reader.get("/me/bill/FR00000001/details")
    for call in (lambda: reader.get("/me"), lambda: reader.post("/me/bill/FR00000005/debt/pay")):
        with pytest.raises(ovh.exceptions.NotGrantedCall):
            call()


def _seen_from(caller: Customer, host: str, port_origin: str, path: str) -> dict[str, Any]:
    """Return what a caller reads who knows the server by another name."""
    client, stamp = caller.client, str(int(time.time()))
    signed = (client._application_secret, client._consumer_key, "GET", f"http://{host}{path}", "", stamp)
    headers = {
        "Host": host,
        "X-Ovh-Application": client._application_key,
        "X-Ovh-Consumer": client._consumer_key,
        "X-Ovh-Timestamp": stamp,
        "X-Ovh-Signature": "$1$" + hashlib.sha1("+".join(signed).encode()).hexdigest(),
    }
    reply = requests.get(port_origin + path, headers=headers, timeout=60)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


@pytest.mark.parametrize("host", ["billing.example", "pay.example", "a" * 300 + ".example"])
def test_a_bill_that_was_read_before_is_shown_by_the_name_that_the_caller_knows(
    acme: Customer, families: Families, host: str
) -> None:
    here = acme.get("/me/bill/FR00000001")
    for _ in range(2):
        there = _seen_from(acme, host, families.origin, "/1.0/me/bill/FR00000001")
        assert there["pdfUrl"].startswith(f"http://{host}/")
        links = {"pdfUrl", "url"}
        assert {name: there[name] for name in there if name not in links} == {
            name: here[name] for name in here if name not in links
        }
    assert acme.get("/me/bill/FR00000001") == here


def test_pages_are_filtered_by_members_that_are_no_columns(acme: Customer) -> None:
    (one,) = [bill for bill in acme.page("/me/bill") if bill["billId"] == "FR00000005"]
    assert acme.page("/me/bill", Filter=f"password:eq={one['password']}") == [one]
    texts = [bill["priceWithTax"]["text"] for bill in acme.page("/me/bill", Sort="priceWithTax.text")]
    assert texts == sorted(texts)
    assert len(texts) == 3


# ---------------------------------------------------------------- e-invoicing


def test_a_bill_says_where_its_e_invoice_is(acme: Customer, module_database: Database) -> None:
    bill_id = "FR00000005"
    shown = acme.get(f"/me/bill/{bill_id}")
    assert (shown["eInvoicingId"], shown["eInvoicingStatus"]) == (None, None)
    to_be = Queued(ACME, LegalEntityId("FR"), Channel.PLATFORM, bill_id, BILL, "pdf")
    with module_database.write() as tx:
        assert deliveries.queue(tx, [to_be]) == 1
    shown = acme.get(f"/me/bill/{bill_id}")
    assert (shown["eInvoicingId"], shown["eInvoicingStatus"]) == (None, "readyToSubmit")
    now = datetime.now(UTC)
    with module_database.write() as tx:
        (parcel,) = deliveries.claim(tx, now, timedelta(minutes=1), 10)
        deliveries.record(tx, ACME, parcel.delivery_id, Answer(Outcome.SENT, "flow-1"), now)
    assert acme.get(f"/me/bill/{bill_id}")["eInvoicingStatus"] == "submitted"
    with module_database.write() as tx:
        bill_statuses.add(tx, Status(ACME, BillId(bill_id), 205, SaidBy.BUYER, "flow-2", now))
    shown = acme.get(f"/me/bill/{bill_id}")
    assert (shown["eInvoicingId"], shown["eInvoicingStatus"]) == ("flow-1", "accepted")
    assert acme.page("/me/bill")[1] == shown
    other = acme.get("/me/bill/FR00000001")
    assert (other["eInvoicingId"], other["eInvoicingStatus"]) == (None, None)
