"""Programs of one account call at one moment: each gets a lawful answer, and nothing happens twice."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from acquit.actions.audit_books import audit_books
from acquit.actions.report_usage import build_usage_reports
from acquit.core.usage_report import WAITING_MAX

from .examples import EXAMPLES
from .families import Families
from .peopling import new_service, people
from .service_examples import COMMITTED
from .signing import sign_mandate
from .world import ACME, SHOP

CALLERS = 6
ROUNDS = 12
ALONE = {"duration": "P1M", "pricingMode": "default", "quantity": 1}
Said = tuple[str, str, Any]


@pytest.fixture(scope="module", autouse=True)
def peopled(families: Families) -> None:
    """Acme and Shop have something of everything."""
    people(families)


def at_once(families: Families, account_id: Any, *calls: Said) -> Counter[tuple[str, int]]:
    """Let programs make each of the calls at one moment; return how often each was answered how."""
    waiting = [call for call in calls for _ in range(CALLERS)]
    ready = threading.Barrier(len(waiting))

    def make(call: Said) -> tuple[str, int]:
        caller = families.customer(account_id)
        ready.wait(30)
        reply = caller.reply(*call)
        assert reply.status_code < 500, f"{call}: {reply.text}"
        return call[0], reply.status_code

    with ThreadPoolExecutor(len(waiting)) as pool:
        return Counter(pool.map(make, waiting))


def test_credit_is_ordered_once(families: Families) -> None:
    acme = families.customer()
    before = len(acme.get("/me/order"))
    path = f"/me/ovhAccount/{acme.get('/me/ovhAccount')[0]}/creditOrder"
    assert at_once(families, ACME, ("POST", path, {"amount": 4_321})) == {("POST", 200): CALLERS}
    assert len(acme.get("/me/order")) == before + 1


def test_a_report_is_asked_for_once_and_not_without_end(families: Families) -> None:
    acme, path = families.customer(), "/me/billing/report/consumption"
    while build_usage_reports(families.world.context):
        pass
    before = set(acme.get(path))
    asked = ("POST", path, {"periodStart": "2026-09-01", "periodEnd": "2026-10-31"})
    assert at_once(families, ACME, asked) == {("POST", 200): CALLERS}
    (made,) = set(acme.get(path)) - before
    spans = [{"periodStart": f"2026-08-{day:02}", "periodEnd": "2026-10-31"} for day in range(1, WAITING_MAX)]
    for span in spans:
        assert acme.post(path, **span)["taskId"] != made
    status, message = acme.refusal("POST", path, {"periodStart": "2026-07-01", "periodEnd": "2026-07-31"})
    assert (status, message.startswith("10 reports are being made")) == (409, True)
    assert acme.post(path, **spans[0])["taskId"] not in {*before, made}
    while build_usage_reports(families.world.context):
        pass
    assert acme.post(path, **asked[2])["taskId"] != made


def test_no_more_goes_back_than_is_there(families: Families) -> None:
    acme = families.customer()
    (account,) = acme.get("/me/ovhAccount")
    there = round(acme.get(f"/me/ovhAccount/{account}")["balance"]["value"] * 100)
    bank = sign_mandate(families.world.context, ACME).mandate.payment_method_id
    asked = {"amount": there // 2, "bankAccountId": bank}
    found = at_once(families, ACME, ("POST", f"/me/ovhAccount/{account}/retrieveMoney", asked))
    assert found == {("POST", 200): 2, ("POST", 400): CALLERS - 2}
    assert acme.get(f"/me/ovhAccount/{account}")["balance"]["value"] == (there % 2) / 100


def test_credit_is_put_on_an_order_and_taken_off_it_again_and_again(families: Families) -> None:
    _, path, body = EXAMPLES["POST", "/me/order/{orderId}/balance"](families)

    def hurry(_: int) -> list[int]:
        caller = families.customer()
        calls = [("POST", path, body), ("DELETE", f"{path}/voucher-credit", None)] * ROUNDS
        return [caller.reply(*call).status_code for call in calls]

    with ThreadPoolExecutor(CALLERS) as pool:
        found = Counter(status for each in pool.map(hurry, range(CALLERS)) for status in each)
    assert set(found) <= {200, 404}
    assert found[200] > ROUNDS


def test_an_option_is_detached_once(families: Families) -> None:
    shop, name = families.customer(SHOP), "ns-hurried.example.net"
    head = new_service(families, SHOP, name, options=("disk-1t",))
    (option,) = shop.get(f"/services/{head}/options")
    path = f"/services/{option['serviceId']}/detach/disk-alone/execute"
    assert at_once(families, SHOP, ("POST", path, ALONE))["POST", 200] == 1
    assert shop.get(f"/services/{head}/options") == []


def test_a_commitment_is_paid_out_once(families: Families) -> None:
    service = new_service(families, SHOP, "ns-bound.example.net", mode=COMMITTED)
    path = f"/services/{service}/billing/engagement/flush"
    assert at_once(families, SHOP, ("POST", path, {})) == {("POST", 200): 1, ("POST", 409): CALLERS - 1}


def test_a_commitment_is_asked_for_and_withdrawn(families: Families) -> None:
    service = new_service(families, SHOP, "ns-doubted.example.net")
    path = f"/services/{service}/billing/engagement/request"
    on, off = ("POST", path, {"pricingMode": COMMITTED}), ("DELETE", path, None)
    found = at_once(families, SHOP, on, off, ("GET", path, None))
    assert 0 <= found["POST", 200] - found["DELETE", 200] <= 1


def test_the_books_are_right_afterwards(families: Families) -> None:
    found = audit_books(families.world.context, full=True)
    assert [each.name for each in found if not each.passed] == []
