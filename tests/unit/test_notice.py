"""What sales should look at about a term and an order."""

from dataclasses import replace
from datetime import UTC, date, datetime

from acquit.core.account import Account, SupportLevel
from acquit.core.identifiers import AccountId, BillId, GrantId, LegalEntityId, PurchaseOrderId
from acquit.core.money import Currency
from acquit.core.notice import of_grant, of_order
from acquit.core.purchase_order import Draw, OrderKind, PurchaseOrder
from acquit.core.terms import Applicant, Grant, Term

EUR, ACCOUNT, AT = Currency("EUR"), AccountId("ab12345-acq"), datetime(2026, 1, 1, tzinfo=UTC)
TODAY = date(2026, 3, 1)
BUSINESS = Account(
    ACCOUNT,
    LegalEntityId("FR"),
    ACCOUNT,
    EUR,
    AT,
    support_level=SupportLevel.BUSINESS,
    tags=frozenset({"reseller"}),
)
GRANT = Grant(ACCOUNT, GrantId(3), Term(45), EUR, date(2026, 1, 1), 45, "cli", AT)
ORDER = PurchaseOrder(
    ACCOUNT, PurchaseOrderId(7), "PO-7", date(2026, 1, 1), EUR, "cli", AT, AT,
    end_on=date(2027, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=1000_00,
)  # fmt: skip


def said(drawn: int, *draws: tuple[str, int], **members: object) -> list[tuple[str, str]]:
    order = replace(ORDER, drawn_minor=drawn, **members)  # type: ignore[arg-type]
    rows = [
        Draw(ACCOUNT, PurchaseOrderId(7), ACCOUNT, BillId(on), amount, date.fromisoformat(on))
        for on, amount in draws
    ]
    return [(notice.code, notice.text) for notice in of_order(order, rows, TODAY)]


def test_a_healthy_term_says_nothing() -> None:
    for left in (None, 0, 5):
        assert of_grant(GRANT, Applicant(BUSINESS, has_sub_accounts=True), left) == []


def test_a_term_tells_what_was_lost_and_that_it_goes_on() -> None:
    lost = Applicant(
        replace(BUSINESS, support_level=SupportLevel.STANDARD, tags=frozenset()), has_sub_accounts=True
    )
    notices = of_grant(GRANT, lost, -150)
    assert [notice.code for notice in notices] == [
        "support-level-too-low",
        "reseller-tag-missing",
        "credit-limit-exceeded",
    ]
    assert notices[0].text.endswith("The term of 45 days goes on.")
    assert "exceeded by 1.50 EUR" in notices[2].text
    assert {notice.subject for notice in notices} == {"3"}


def test_an_order_that_lasts_says_nothing() -> None:
    assert said(749_99) == []
    assert said(0, amount_max_minor=None) == []
    assert said(900_00, end_on=date(2026, 3, 1)) == []


def test_an_order_that_runs_out_tells_until_when() -> None:
    assert said(750_00) == [
        ("purchase-order-75-percent", "Purchase order PO-7 has reached 75 %; 250.00 EUR are left.")
    ]
    assert said(900_00, ("2026-01-01", 450_00), ("2026-02-01", 450_00)) == [
        (
            "purchase-order-90-percent",
            "Purchase order PO-7 has reached 90 %; 100.00 EUR are left, at this pace until 2026-03-01.",
        )
    ]
    assert said(1000_00) == [("purchase-order-spent", "Purchase order PO-7 is spent.")]
