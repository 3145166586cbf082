"""/me/billing/group and what stands beside it: services that are billed apart, corrective bills, settings."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from ovh.exceptions import ResourceConflictError, ResourceNotFoundError

from acquit.actions.run_bills import run_bills
from acquit.adapters.clock import FixedClock

from .families import Customer, Families
from .given_back import correct_one
from .world import ACME, FR, LAB, PETIT, SHOP

Make = Callable[..., Customer]
GROUPS = "/me/billing/group"


def test_a_group_lives_and_is_dropped(customer: Make) -> None:
    shop = customer(SHOP)
    made = shop.post(GROUPS, name="Lyon")
    path = f"{GROUPS}/{made['groupId']}"
    assert (made["name"], made["contactId"], made["paymentMethodId"]) == ("Lyon", None, None)
    assert shop.get(path) == made
    assert shop.put(path, **made | {"name": "Lyon 2"}) is None
    assert shop.get(path)["name"] == "Lyon 2"
    assert shop.put(path) is None
    assert shop.get(GROUPS, name="Lyon 2") == [made["groupId"]]
    assert shop.get(GROUPS, name="Lyon") == []
    with pytest.raises(ResourceConflictError, match="named Lyon 2 already"):
        shop.post(GROUPS, name="Lyon 2")
    assert shop.delete(path) is None
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
        assert shop.refusal(method, path, body)[0] == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": " "}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": "a\u0000b"}, 400),
        ({"name": "x", "contactId": 7}, 404),
        ({"name": "x", "paymentMethodId": 7}, 404),
        ({"name": "x", "colour": "red"}, 400),
    ],
)
def test_a_group_that_cannot_be(customer: Make, body: dict[str, object], status: int) -> None:
    shop = customer(SHOP)
    before = shop.get(GROUPS)
    assert shop.refusal("POST", GROUPS, body)[0] == status
    assert shop.get(GROUPS) == before


def test_a_group_is_paid_like_the_rest(acme: Customer) -> None:
    method = acme.get("/me/payment/method")[0]
    status, message = acme.refusal("POST", GROUPS, {"name": "x", "paymentMethodId": method})
    assert (status, "paid like the account's others" in message) == (403, True)


def test_services_of_a_group_are_billed_apart(customer: Make, families: Families) -> None:
    petit = customer(PETIT)
    heads = [each["serviceId"] for each in petit.page("/services") if each["parentServiceId"] is None]
    option = next(each for each in petit.page("/services") if each["parentServiceId"] == heads[0])
    group, other = (petit.post(GROUPS, name=name)["groupId"] for name in ("north", "south"))
    path = f"{GROUPS}/{group}/service"
    assert petit.post(path, serviceId=heads[0]) == {"groupId": group, "serviceId": heads[0]}
    assert petit.post(path, serviceId=heads[0])["groupId"] == group
    assert petit.get(path) == sorted([heads[0], option["serviceId"]])
    assert petit.get(f"/services/{heads[0]}")["billing"]["group"] == {"id": group}
    assert petit.get(GROUPS, serviceId=heads[0]) == [group]
    assert petit.get(GROUPS, serviceId=heads[1]) == []
    assert petit.refusal("POST", f"{GROUPS}/{other}/service", {"serviceId": heads[0]})[0] == 409
    assert petit.refusal("POST", path, {"serviceId": option["serviceId"]})[0] == 403
    assert petit.refusal("DELETE", f"{path}/{option['serviceId']}")[0] == 403
    assert petit.refusal("DELETE", f"{path}/{heads[1]}")[0] == 404
    assert petit.refusal("GET", f"{path}/{heads[1]}")[0] == 404
    strange = customer(LAB).get("/services")[0]
    assert petit.refusal("POST", path, {"serviceId": strange})[0] == 404
    petit.post(
        "/me/billing/purchaseOrder", reference="NORTH-1", startDate="2026-12-01", type="PURCHASE_ORDER",
        billingGroupId=group,
    )  # fmt: skip
    assert petit.refusal("DELETE", f"{GROUPS}/{group}")[0] == 409
    before = set(petit.get("/me/bill"))
    run_bills(replace(families.world.context, clock=FixedClock(date(2026, 12, 1))), FR, "2026-12", by="cli")
    fresh = sorted(set(petit.get("/me/bill")) - before)
    domains = [
        {line["domain"] for line in petit.page(f"/me/bill/{bill}/details", Size="100")} for bill in fresh
    ]
    names = {petit.get(f"/services/{head}")["resource"]["name"] for head in heads}
    assert len(fresh) == 2
    assert sorted(map(sorted, domains)) == sorted([name] for name in names)
    assert petit.delete(f"{path}/{heads[0]}") is None
    assert petit.get(path) == []
    assert petit.get(f"/services/{heads[0]}")["billing"]["group"] is None


def test_a_deleted_group_leaves_its_services(customer: Make) -> None:
    shop = customer(SHOP)
    head = shop.get("/services")[0]
    group = shop.post(GROUPS, name="for a day")["groupId"]
    shop.post(f"{GROUPS}/{group}/service", serviceId=head)
    assert shop.delete(f"{GROUPS}/{group}") is None
    assert shop.get(f"/services/{head}")["billing"]["group"] is None


def test_a_corrective_bill_stands_for_the_wrong_one(
    acme: Customer, customer: Make, families: Families
) -> None:
    assert acme.get("/me/correctiveInvoice") == []
    wrong = families.world.paid_bill
    correct_one(families.world.context, ACME, wrong)
    (key,) = acme.get("/me/correctiveInvoice")
    path = f"/me/correctiveInvoice/{key}"
    shown, bill = acme.get(path), acme.get(f"/me/bill/{key}")
    assert (shown["correctedInvoiceId"], shown["correctiveInvoiceId"]) == (wrong, key)
    assert shown["priceWithTax"] == bill["priceWithTax"]
    assert acme.get("/me/correctiveInvoice", orderId=bill["orderId"]) == [key]
    assert acme.page("/me/correctiveInvoice", Filter=f"correctedInvoiceId:eq={wrong}") == [shown]
    assert acme.get("/me/correctiveInvoice", **{"date.from": "2030-01-01"}) == []
    lines = acme.page(f"{path}/details", Size="100")
    assert [line["correctiveInvoiceDetailId"] for line in lines] == acme.get(f"/me/bill/{key}/details")
    assert all(line["quantity"] == 1 for line in lines)
    assert acme.get(f"{path}/debt") == acme.get(f"/me/bill/{key}/debt")
    assert acme.get(f"{path}/payment")["paymentType"] == "transfer"
    for plain in (wrong, acme.get("/me/bill")[1]):
        for below in ("", "/details", "/debt", "/payment"):
            assert acme.refusal("GET", f"/me/correctiveInvoice/{plain}{below}")[0] == 404
    with pytest.raises(ResourceNotFoundError):
        customer(LAB).get(path)


def test_what_an_account_can_do_about_its_bills(acme: Customer, customer: Make) -> None:
    assert acme.get("/me/billing/capacities")["requiredPaymentMethod"] == "notMandatory"
    assert acme.get("/me/billing/invoicesByPostalMail") is False
    assert acme.post("/me/billing/invoicesByPostalMail", enable=False) is None
    assert acme.refusal("POST", "/me/billing/invoicesByPostalMail", {"enable": True})[0] == 403
    assert acme.get("/me/availableAutomaticPaymentMeans")["deferredPaymentAccount"] is True
    assert customer(SHOP).get("/me/availableAutomaticPaymentMeans") == {
        "bankAccount": False, "creditCard": False, "deferredPaymentAccount": False, "paypal": False,
    }  # fmt: skip
