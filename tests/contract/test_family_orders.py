"""/me/billing/purchaseOrder: set, changed, dropped; never two for one day."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from ovh.exceptions import BadParametersError, ResourceConflictError, ResourceNotFoundError

from acquit.actions.run_bills import run_bills
from acquit.adapters.clock import FixedClock
from acquit.core.identifiers import BillingGroupId
from acquit.store.transaction import Transaction

from .families import Customer, Families
from .world import ACME, FR, LAB, PETIT, SHOP

Make = Callable[..., Customer]
ORDER = {"reference": "PO-1", "startDate": "2027-01-01", "endDate": "2027-02-01", "type": "PURCHASE_ORDER"}


def group(tx: Transaction, name: str) -> BillingGroupId:
    row = tx.one(
        "INSERT INTO billing_group (account_id, name) VALUES ('cd67890-acq', %(name)s) RETURNING *", name=name
    )
    return BillingGroupId(row.billing_group_id)


def test_the_order_that_sales_set_is_read(acme: Customer, families: Families) -> None:
    order = acme.get(f"/me/billing/purchaseOrder/{families.world.purchase_order_id}")
    assert (order["reference"], order["type"], order["status"]) == ("PO-2026-7", "PURCHASE_ORDER", "CREATED")
    assert (order["startDate"], order["endDate"], order["active"]) == ("2026-09-01", None, True)
    assert order["id"] in acme.get("/me/billing/purchaseOrder")


def test_an_order_lives_and_is_dropped(customer: Make) -> None:
    shop = customer(SHOP)
    made = shop.post("/me/billing/purchaseOrder", **ORDER, description="Q1")
    path = f"/me/billing/purchaseOrder/{made['id']}"
    assert shop.get(path) == made
    assert shop.put(path, reference="PO-1b", endDate=None, active=None) is None
    after = shop.get(path)
    assert (after["reference"], after["endDate"], after["active"]) == ("PO-1b", None, True)
    assert (after["startDate"], after["description"]) == ("2027-01-01", "Q1")
    assert shop.put(path, active=False, description=None, type="REFERENCE_ORDER") is None
    after = shop.get(path)
    assert (after["active"], after["description"], after["type"]) == (False, None, "REFERENCE_ORDER")
    assert shop.delete(path) is None
    gone = shop.get(path)
    assert (gone["status"], gone["active"]) == ("DELETED", False)
    assert made["id"] not in shop.get("/me/billing/purchaseOrder")
    for call in (lambda: shop.put(path, reference="x"), lambda: shop.delete(path)):
        with pytest.raises(ResourceNotFoundError):
            call()


def test_two_orders_never_cover_one_day(customer: Make, families: Families) -> None:
    petit = customer(PETIT)
    first = petit.post("/me/billing/purchaseOrder", **ORDER)["id"]
    with pytest.raises(ResourceConflictError, match="overlap"):
        petit.post("/me/billing/purchaseOrder", **ORDER | {"reference": "PO-2", "startDate": "2027-01-31"})
    second = petit.post(
        "/me/billing/purchaseOrder", **ORDER | {"startDate": "2027-02-01", "endDate": "2027-03-01"}
    )["id"]
    with pytest.raises(ResourceConflictError):
        petit.put(f"/me/billing/purchaseOrder/{second}", startDate="2027-01-15")
    idle = petit.post("/me/billing/purchaseOrder", **ORDER, active=False)["id"]
    with pytest.raises(ResourceConflictError):
        petit.put(f"/me/billing/purchaseOrder/{idle}", active=True)
    with families.world.context.database.write() as tx:
        key = group(tx, "site B")
    grouped = petit.post("/me/billing/purchaseOrder", **ORDER, billingGroupId=key)
    assert grouped["billingGroupId"] == key
    assert petit.get("/me/billing/purchaseOrder", billingGroupId=key) == [grouped["id"]]
    assert petit.put(f"/me/billing/purchaseOrder/{first}", active=False) is None
    assert petit.put(f"/me/billing/purchaseOrder/{grouped['id']}", billingGroupId=None) is None
    shown = petit.page("/me/billing/purchaseOrder", Sort="startDate", Sort_Order="DESC", Size="5000")
    assert shown[0]["id"] == second


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"endDate": "2027-01-01"}, 400),
        ({"endDate": "2026-12-31"}, 400),
        ({"reference": " "}, 400),
        ({"reference": "x" * 256}, 400),
        ({"reference": None}, 400),
        ({"startDate": "soon"}, 400),
        ({"startDate": "2027-02-30"}, 400),
        ({"type": "BLANKET"}, 400),
        ({"billingGroupId": 999}, 404),
        ({"billingGroupId": "one"}, 400),
        ({"amount": 3}, 400),
    ],
)
def test_an_order_that_contradicts_itself(customer: Make, change: dict[str, object], status: int) -> None:
    shop = customer(SHOP)
    before = shop.get("/me/billing/purchaseOrder")
    assert shop.refusal("POST", "/me/billing/purchaseOrder", ORDER | change)[0] == status
    assert shop.get("/me/billing/purchaseOrder") == before


@pytest.mark.parametrize("name", ["reference", "startDate", "type"])
def test_what_is_required(acme: Customer, name: str) -> None:
    body = {key: value for key, value in ORDER.items() if key != name}
    assert acme.refusal("POST", "/me/billing/purchaseOrder", body) == (
        400, f"The input provided isn't valid: '{name}' is a required property",
    )  # fmt: skip


def test_a_strangers_order_does_not_exist(customer: Make, families: Families) -> None:
    key = families.world.purchase_order_id
    for stranger in (customer(PETIT), customer(LAB), customer(SHOP)):
        for method, body in (("GET", None), ("PUT", {"reference": "mine"}), ("DELETE", None)):
            assert stranger.refusal(method, f"/me/billing/purchaseOrder/{key}", body)[0] == 404
        assert key not in stranger.get("/me/billing/purchaseOrder")
        (entry,) = stranger.batch(f"/me/billing/purchaseOrder/{key}")
        assert entry["error"]["class"] == "Client::NotFound"
    with families.world.context.database.write() as tx:
        foreign = group(tx, "site C")
    refused = customer(ACME).refusal("POST", "/me/billing/purchaseOrder", ORDER | {"billingGroupId": foreign})
    assert refused[0] == 404


def test_the_next_bill_quotes_the_new_order(customer: Make, families: Families) -> None:
    shop = customer(SHOP)
    for order in shop.get("/me/billing/purchaseOrder"):
        shop.delete(f"/me/billing/purchaseOrder/{order}")
    shop.post("/me/billing/purchaseOrder", reference="SHOP-12", startDate="2026-12-01", type="PURCHASE_ORDER")
    december = replace(families.world.context, clock=FixedClock(date(2026, 12, 1)))
    run_bills(december, FR, "2026-12", by="cli")
    newest = shop.get("/me/bill")[-1]
    with december.database.read() as tx:
        row = tx.one(
            "SELECT purchase_order_reference AS quoted FROM bill WHERE bill_id = %(bill_id)s", bill_id=newest
        )
    assert row.quoted == "SHOP-12"
    with pytest.raises(BadParametersError):
        shop.get("/me/billing/purchaseOrder/latest")
