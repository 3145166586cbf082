"""The conversation with sales: asked, checked when shown, decided once, done in the same transaction."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier

import pytest

from acquit.actions import ask_sales as asking
from acquit.actions.ask_sales import TooManyRequests, ask_sales
from acquit.actions.context import Context
from acquit.actions.decide_request import approve_request, refuse_request
from acquit.actions.grant_enterprise_terms import approve_enterprise_terms
from acquit.actions.loading import StaffOnly
from acquit.actions.review_request import review_request, review_waiting
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.core.account import NoSuchAccount
from acquit.core.bill import NoSuchBill
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, BillId, BillingGroupId, GrantId, PurchaseOrderId, RequestId
from acquit.core.operator import RoleForbids
from acquit.core.order_change import BadPurchaseOrder, OrderOverlaps, OrderTerms
from acquit.core.purchase_order import MatchedBy, NoSuchPurchaseOrder, OrderKind, OrderLine, OrderType
from acquit.core.sales_request import (
    AlreadyDecided,
    AskedCorrection,
    AskedOrder,
    AskedTerm,
    MessageTooLong,
    NoSuchRequest,
    NothingAsked,
    ReasonMissing,
    RequestState,
    SalesRequest,
    attachment,
)
from acquit.core.terms import Method, SupportLevelTooLow, Term, UsageChoice, UsageChoiceMissing
from acquit.store import bills, payment_methods, purchase_orders, requests, terms
from acquit.store.transaction import Database
from billed import bill, failed, family, seller, subscribe
from founding import ACME, BEA, LAB, PETIT, SAM, TODAY, add_usage, count, found, settle

BY_ALICE = f"account:{ACME}/alice"
ORDER = OrderTerms("PO-2027", date(2027, 1, 1), date(2028, 1, 1))


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return made


def ask(
    context: Context, asked: AskedTerm | AskedOrder | None = None, account_id: AccountId = ACME
) -> SalesRequest:
    return ask_sales(context, account_id, asked or AskedTerm(Term(45)), by=BY_ALICE, message="please")


def test_the_customer_asks_and_sales_approves(context: Context) -> None:
    asked = ask(context)
    assert (asked.state, asked.asked_by, asked.message) == (RequestState.WAITING, BY_ALICE, "please")
    (review,) = review_waiting(context)
    assert (review.request, review.account.account_id, review.ok) == (asked, ACME, True)
    decided = approve_request(context, asked.request_id, by=SAM)
    assert (decided.state, decided.decided_by) == (RequestState.APPROVED, SAM)
    assert review_waiting(context) == []
    with context.database.read() as tx:
        assert [method.label for method in payment_methods.of_account(tx, ACME)] == [
            "PaymentEnterprisewith45daysdelays"
        ]
        (grant,) = terms.of_account(tx, ACME)
        assert (grant.grant_id, grant.request_id) == (decided.result_id, asked.request_id)
        assert requests.decided(tx) == [decided]
        assert requests.of_account(tx, ACME) == [decided]


def test_an_approved_order_appears(context: Context) -> None:
    asked = ask(context, AskedOrder(ORDER))
    assert [finding.code for finding in review_request(context, asked.request_id).findings] == [
        "purchase-order-fits"
    ]
    decided = approve_request(context, asked.request_id, by=SAM)
    assert decided.result_id is not None
    with context.database.read() as tx:
        order = purchase_orders.find(tx, ACME, PurchaseOrderId(decided.result_id))
    assert order is not None
    assert (order.reference, order.created_by) == ("PO-2027", SAM)


def test_what_was_asked_is_kept_whole(context: Context) -> None:
    line = OrderLine(1, "A", "servers", "vps-*", 10_000, 5, 6, "61")
    for asked in (
        AskedTerm(Term(60, Method.DAYS_FIRST), 500, date(2027, 1, 1), UsageChoice.OVERRIDE, "contract"),
        AskedTerm(Term(30)),
        AskedOrder(ORDER),
        AskedOrder(
            OrderTerms(
                "R",
                TODAY,
                None,
                OrderType.REFERENCE_ORDER,
                OrderKind.CLOSED,
                BillingGroupId(4),
                frozenset(),
                MatchedBy.SERVICE_PERIOD,
                6,
                "613",
                PurchaseOrderId(9),
                False,
                "words",
                (line,),
            )
        ),
        AskedOrder(replace(ORDER, members=frozenset({LAB}))),
    ):
        assert ask(context, asked).asked == asked


def test_a_file_comes_with_it(context: Context) -> None:
    file = attachment("order.pdf", b"%PDF-1.7")
    asked = ask_sales(context, ACME, AskedOrder(ORDER), by=BY_ALICE, file=file)
    assert (asked.file_name, asked.file_type) == ("order.pdf", "application/pdf")
    with context.database.read() as tx:
        assert requests.attachment(tx, ACME, asked.request_id) == file
        assert requests.attachment(tx, PETIT, asked.request_id) is None
        assert requests.attachment(tx, ACME, ask(context).request_id) is None
        assert requests.find(tx, PETIT, asked.request_id) is None


def test_the_legal_check_is_done_when_shown(context: Context) -> None:
    petit = ask(context, AskedTerm(Term(75)), PETIT)
    review = review_request(context, petit.request_id)
    assert not review.ok
    assert [(finding.code, finding.source) for finding in review.findings if not finding.ok] == [
        ("support-level-too-low", "conditions of enterprise payment: support level"),
        ("term-too-long", "Code de commerce, article L441-10, I"),
        ("term-not-offered", "settings of legal entity FR"),
    ]
    order = ask(context, AskedOrder(ORDER))
    set_purchase_order(context, ACME, replace(ORDER, reference="first"), by=SAM)
    (finding,) = review_request(context, order.request_id).findings
    assert (finding.code, finding.ok) == ("purchase-order-overlaps", False)
    with pytest.raises(NoSuchRequest):
        review_request(context, RequestId(99))


@pytest.mark.parametrize(
    ("account_id", "asked", "refusal"),
    [
        (PETIT, AskedTerm(Term(45)), SupportLevelTooLow),
        (ACME, AskedTerm(Term(60)), UsageChoiceMissing),
        (ACME, AskedOrder(replace(ORDER, reference="second")), OrderOverlaps),
    ],
)
def test_an_unlawful_approval_leaves_the_request_waiting(
    context: Context, account_id: AccountId, asked: AskedTerm | AskedOrder, refusal: type[Refusal]
) -> None:
    add_usage(context, ACME)
    set_purchase_order(context, ACME, ORDER, by=SAM)
    request = ask(context, asked, account_id)
    with pytest.raises(refusal):
        approve_request(context, request.request_id, by=SAM)
    assert review_request(context, request.request_id).request == request
    assert (count(context, "terms_grant"), count(context, "purchase_order")) == (0, 1)


def test_sales_may_grant_otherwise_than_asked(context: Context) -> None:
    add_usage(context, ACME)
    request = ask(context, AskedTerm(Term(60)))
    instead = AskedTerm(Term(60), 100_00, usage_choice=UsageChoice.OWN_BILL)
    approve_request(context, request.request_id, by=SAM, instead=instead)
    with context.database.read() as tx:
        assert terms.of_account(tx, ACME)[0].credit_limit_minor == 100_00


def test_a_refusal_tells_why(context: Context) -> None:
    request = ask(context)
    with pytest.raises(ReasonMissing):
        refuse_request(context, request.request_id, " ", by=SAM)
    refused = refuse_request(context, request.request_id, "too early", by=SAM)
    assert (refused.state, refused.reason, refused.result_id) == (RequestState.REFUSED, "too early", None)
    with pytest.raises(AlreadyDecided):
        approve_request(context, request.request_id, by=SAM)
    with pytest.raises(AlreadyDecided):
        refuse_request(context, request.request_id, "x", by=SAM)
    assert count(context, "terms_grant") == 0


def test_two_decisions_at_once_make_one_grant(context: Context) -> None:
    request, barrier = ask(context), Barrier(2)

    def decide(by: str) -> str:
        barrier.wait()
        try:
            return approve_request(context, request.request_id, by=by).state.value
        except AlreadyDecided as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, (SAM, BEA))) == ["already-decided", "approved"]
    assert count(context, "terms_grant") == 1


def test_who_may_decide(context: Context) -> None:
    request = ask(context)
    for by, refusal in ((BY_ALICE, StaffOnly), ("operator:bob", RoleForbids)):
        with pytest.raises(refusal):
            approve_request(context, request.request_id, by=by)
        with pytest.raises(refusal):
            refuse_request(context, request.request_id, "no", by=by)
    with pytest.raises(NoSuchRequest):
        approve_request(context, RequestId(99), by=SAM)


def test_a_large_term_needs_a_second_person_even_when_asked_for(database: Database) -> None:
    context = found(database, approval_above_minor=1)
    settle(context)
    decided = approve_request(context, ask(context).request_id, by=SAM)
    assert decided.result_id is not None
    with context.database.read() as tx:
        assert payment_methods.of_account(tx, ACME) == []
    approve_enterprise_terms(context, ACME, GrantId(decided.result_id), by=BEA)
    with context.database.read() as tx:
        assert len(payment_methods.of_account(tx, ACME)) == 1


def test_what_may_not_be_asked(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadPurchaseOrder):
        ask(context, AskedOrder(replace(ORDER, reference="")))
    with pytest.raises(MessageTooLong):
        ask_sales(context, ACME, AskedTerm(Term(45)), by=BY_ALICE, message="x" * 5000)
    with pytest.raises(NoSuchAccount):
        ask(context, account_id=AccountId("zz99999-acq"))
    monkeypatch.setattr(asking, "REQUESTS_WAITING_MAX", 2)
    for _ in range(2):
        ask(context)
    with pytest.raises(TooManyRequests):
        ask(context)
    ask(context, account_id=PETIT)


def test_a_customer_asks_for_the_correction_of_a_bill_and_billing_decides(database: Database) -> None:
    made = seller(database)
    family(made)
    subscribe(made, PETIT, "srv")
    bill(made)
    asked = AskedCorrection(BillId("FR00000001"), {"street": "9 quai Neuf"})
    by = f"account:{PETIT}"
    with pytest.raises(NothingAsked):
        ask_sales(made, PETIT, AskedCorrection(BillId("FR00000001"), {"city": " "}), by=by)
    with pytest.raises(NoSuchBill):
        ask_sales(made, ACME, asked, by=by)
    request = ask_sales(made, PETIT, asked, by=by, message="We moved.")
    wrong = ask_sales(made, PETIT, replace(asked, members={}, order_reference="PO-0"), by=by)
    good, bad = review_waiting(made)
    assert (good.ok, bad.ok, bad.findings[0].code) == (True, False, "no-such-purchase-order")
    with pytest.raises(RoleForbids):
        approve_request(made, request.request_id, by=SAM)
    done = approve_request(made, request.request_id, by="operator:bob")
    assert (done.state, done.result_bill) == (RequestState.APPROVED, "FR00000002")
    assert review_request(made, request.request_id).ok
    with pytest.raises(NoSuchPurchaseOrder):
        approve_request(made, wrong.request_id, by="operator:bob")
    assert refuse_request(made, wrong.request_id, "There is no such order.", by="operator:bob").reason
    with database.read() as tx:
        again = bills.find(tx, PETIT, BillId("FR00000002"))
        assert again is not None
        assert (again.corrects_bill_id, again.note) == ("FR00000001", "We moved.")
        assert bills.snapshot(tx, again.buyer_hash)["street"] == "9 quai Neuf"
    assert failed(made) == {}
