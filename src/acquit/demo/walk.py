"""The guide's walk over the wire, told line by line: payment method, purchase order, sub-account, bills."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from acquit.core.access import sign

TIMEOUT_SECONDS: Final = 30.0
DETAILS_SHOWN: Final = 3

Say = Callable[[str], None]


class Caller:
    """A signed caller of the wire: one application, one consumer key."""

    def __init__(self, document: Mapping[str, Any], consumer_key: str) -> None:
        self._base = document["base"]
        self._key, self._secret = document["application_key"], document["application_secret"]
        self._consumer_key = consumer_key

    def get(self, path: str) -> Any:
        """Return what GET answers."""
        return self._call("GET", path, b"")

    def post(self, path: str, **members: object) -> Any:
        """Return what POST of these members answers."""
        return self._call("POST", path, json.dumps(members).encode())

    def _call(self, method: str, path: str, body: bytes) -> Any:
        now = httpx.get(f"{self._base}/auth/time", timeout=TIMEOUT_SECONDS).text
        url = f"{self._base}{path}"
        headers = {
            "X-Ovh-Application": self._key,
            "X-Ovh-Consumer": self._consumer_key,
            "X-Ovh-Timestamp": now,
            "X-Ovh-Signature": sign(self._secret, self._consumer_key, method, url, body, now),
            "Content-Type": "application/json",
        }
        answer = httpx.request(method, url, headers=headers, content=body, timeout=TIMEOUT_SECONDS)
        if answer.is_error:
            raise WalkFailed(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json()


class WalkFailed(Exception):
    """A step of the guide did not do what it says."""


def walk(document: Mapping[str, Any], say: Say) -> None:
    """Take every step of the guide with the keys of the document. Raises WalkFailed."""
    parent = Caller(document, document["account"]["consumer_key"])
    me = parent.get("/me")
    say(f"GET /me: {me['nichandle']}, {me['organisation'] or me['name']}")
    _payment_methods(parent, say)
    _purchase_orders(parent, say)
    sub = document["sub_accounts"][0]
    say(f"Sub-account {sub['id']} is {sub['account']}; with a consumer key of its own:")
    _new_sub_account(parent, document, say)
    _bills(Caller(document, sub["consumer_key"]), say)


def _payment_methods(parent: Caller, say: Say) -> None:
    for method_id in parent.get("/me/payment/method"):
        method = parent.get(f"/me/payment/method/{method_id}")
        marks = f"{method['paymentType']}, {method['paymentSubType']}, {method['status']}"
        say(f"GET /me/payment/method/{method_id}: {method['label']} ({marks})")


def _purchase_orders(parent: Caller, say: Say) -> None:
    for order_id in parent.get("/me/billing/purchaseOrder"):
        order = parent.get(f"/me/billing/purchaseOrder/{order_id}")
        until = order["endDate"] or "open"
        say(
            f"GET /me/billing/purchaseOrder/{order_id}: {order['reference']}, {order['startDate']} to {until}"
        )


def _new_sub_account(parent: Caller, document: Mapping[str, Any], say: Say) -> None:
    number = parent.post("/me/subAccount", description="Made by the walk")
    key = parent.post(f"/me/subAccount/{number}/createConsumerKey")["consumerKey"]
    name = Caller(document, key).get("/me")["nichandle"]
    say(f"POST /me/subAccount: {number}; createConsumerKey: a key that acts as {name}")


def _bills(sub: Caller, say: Say) -> None:
    bill_ids = sub.get("/me/bill")
    say(f"GET /me/bill: {len(bill_ids)} bills")
    if not bill_ids:
        raise WalkFailed("the sub-account has no bill")
    bill = sub.get(f"/me/bill/{max(bill_ids)}")
    say(f"GET /me/bill/{bill['billId']}: {bill['date'][:10]}, {bill['priceWithTax']['text']}")
    detail_ids = sub.get(f"/me/bill/{bill['billId']}/details")
    for detail_id in detail_ids[:DETAILS_SHOWN]:
        detail = sub.get(f"/me/bill/{bill['billId']}/details/{detail_id}")
        say(f"  {detail['description']}: {detail['quantity']} x {detail['unitPrice']['text']}")
    say(f"  in all {len(detail_ids)} details")
    debt = sub.get(f"/me/bill/{bill['billId']}/debt")
    say(f"GET /me/bill/{bill['billId']}/debt: {debt['status']}, due {debt['dueDate'][:10]}")
    paper = httpx.get(bill["pdfUrl"], timeout=TIMEOUT_SECONDS)
    if not paper.content.startswith(b"%PDF"):
        raise WalkFailed(f"the paper of {bill['billId']} is no PDF: {paper.status_code}")
    say(f"The paper opens without a login: {len(paper.content)} bytes of PDF")
