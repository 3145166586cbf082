"""The guide "enterprise payment", step by step, with the official Python client, unmodified.

Start the demo in one terminal and take the walk in another::

    make demo ARGS="--keys keys.json"
    .venv/bin/python examples/enterprise_payment_guide.py keys.json
"""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import ovh
import requests
from ovh.client import ENDPOINTS
from pypdf import PdfReader

LABEL = "PaymentEnterprisewith45daysdelays"


def main(keys_file: str) -> None:
    """Take every step with the keys that the demo wrote."""
    keys = json.loads(Path(keys_file).read_text())
    ENDPOINTS["acquit"] = keys["base"]

    def client(consumer_key: str) -> ovh.Client:
        return ovh.Client(
            endpoint="acquit",
            application_key=keys["application_key"],
            application_secret=keys["application_secret"],
            consumer_key=consumer_key,
        )

    parent = client(keys["account"]["consumer_key"])
    show_account(parent)
    show_payment_method(parent)
    references = show_purchase_orders(parent)
    create_sub_account(parent, client)
    sub = keys["sub_accounts"][0]
    print(f"\n5. The bills of sub-account {sub['id']}, with its own consumer key")
    read_bills(client(sub["consumer_key"]), references)


def show_account(parent: ovh.Client) -> None:
    """Step 1: the account, and the support level that enterprise payment needs."""
    me = parent.get("/me")
    level = parent.get("/me/supportLevel")["level"]
    print(f"1. Signed in as {me['nichandle']} ({me['organisation']}), support level {level}")


def show_payment_method(parent: ovh.Client) -> None:
    """Step 2: the payment method that appears, and services that renew permanently."""
    print("\n2. Sales granted enterprise payment: a new payment method is there")
    for method_id in parent.get("/me/payment/method", default=True):
        method = parent.get(f"/me/payment/method/{method_id}")
        print(f"   {method['label']}: {method['paymentType']} {method['paymentSubType']}, {method['status']}")
        assert method["label"] == LABEL, method
    for service_id in parent.get("/services")[:1]:
        service = parent.get(f"/services/{service_id}")
        infos = parent.get(f"{service['route']['url']}/serviceInfos")
        print(f"   {infos['domain']} renews by {infos['renewalType']}")
        assert infos["renew"]["forced"] is True, infos


def show_purchase_orders(parent: ovh.Client) -> list[str]:
    """Step 3: the purchase orders; their references are returned."""
    print("\n3. The purchase orders that sales was given")
    references = []
    for order_id in parent.get("/me/billing/purchaseOrder"):
        order = parent.get(f"/me/billing/purchaseOrder/{order_id}")
        print(f"   {order['reference']} from {order['startDate']} to {order['endDate'] or 'further notice'}")
        references.append(order["reference"])
    return references


def create_sub_account(parent: ovh.Client, client: Callable[[str], ovh.Client]) -> None:
    """Step 4: a sub-account and its consumer key, without a validation page."""
    print("\n4. A sub-account of our own, and a consumer key that acts as it")
    number = parent.post("/me/subAccount", description="Created by the guide")
    key = parent.post(f"/me/subAccount/{number}/createConsumerKey")["consumerKey"]
    fresh = client(key)
    print(f"   sub-account {number} is {fresh.get('/me')['nichandle']}; its bills: {fresh.get('/me/bill')}")


def read_bills(sub: ovh.Client, references: list[str]) -> None:
    """Step 5: the bills of a sub-account, one of them with its details, its debt and its paper."""
    bill_ids = sub.get("/me/bill")
    print(f"   GET /me/bill: {', '.join(bill_ids)}")
    bill = sub.get(f"/me/bill/{bill_ids[-1]}")
    print(f"   {bill['billId']} of {bill['date'][:10]}: {bill['priceWithTax']['text']}")
    total = 0.0
    for detail_id in sub.get(f"/me/bill/{bill['billId']}/details"):
        detail = sub.get(f"/me/bill/{bill['billId']}/details/{detail_id}")
        print(f"     {detail['quantity']} x {detail['description']}: {detail['totalPrice']['text']}")
        total += detail["totalPrice"]["value"]
    assert round(total, 2) == bill["priceWithoutTax"]["value"], (total, bill)
    debt = sub.get(f"/me/bill/{bill['billId']}/debt")
    print(f"   debt: {debt['status']}, {debt['dueAmount']['text']} due on {debt['dueDate'][:10]}")
    content = requests.get(bill["pdfUrl"], timeout=30).content
    paper = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    printed = [reference for reference in references if reference in paper]
    print(f"   its PDF ({len(content)} bytes) opens without a login and quotes {', '.join(printed)}")
    assert printed, "the purchase order is on the paper"


if __name__ == "__main__":
    main(*sys.argv[1:])
