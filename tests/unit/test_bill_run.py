"""What becomes of an account's charges: bills, holds, warnings, or problems told all at once."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.core.account import BelowZero
from acquit.core.bill_run import (
    BadPeriod,
    Billable,
    Carried,
    Outcome,
    Rules,
    Totals,
    carried_of,
    decide,
    period,
    totals_of,
)
from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, BillingGroupId, GrantId, PurchaseOrderId, ServiceId
from acquit.core.money import Currency
from acquit.core.purchase_order import MatchedBy, Policy, PurchaseOrder
from acquit.core.snapshot import Buyer, Seller
from acquit.core.terms import Grant, Term

EUR, USD = Currency("EUR"), Currency("USD")
A = AccountId("ab12345-acq")
ON, AT = date(2026, 11, 23), datetime(2026, 11, 23, tzinfo=UTC)
BUYER = Buyer("Acme", "FR", siren="552081317", street="1 rue", zip="59000", city="Lille")
ACCOUNT = Billable(A, A, "fr_FR", Policy.PROCEED, 30, BUYER, b"b", None)
RULES = Rules(
    Seller("Nuage", "FR", siren="732829320", vat_id="FR44732829320"),
    {"FR": ((date(2014, 1, 1), 2000),)},
    Term(30),
    ON,
    lambda text: {sign for sign in text if sign == "☃"},
)
GRANT = Grant(A, GrantId(1), Term(60), EUR, date(2026, 1, 1), 45, "cli", AT)


def charge(number: int = 1, net: int = 1_000, **given: object) -> Charge:
    quantity = 10_000 if net >= 0 else -10_000
    start = date(2026, 11, 1)
    base = Charge(
        ServiceId(number), "renewal", start, start, "Server", "srv", quantity, abs(net) * 1_000_000, EUR
    )
    return replace(base, **given)  # type: ignore[arg-type]


def order(number: int = 100, maximum: int | None = None, **given: object) -> PurchaseOrder:
    base = PurchaseOrder(A, PurchaseOrderId(number), f"PO-{number}", date(2026, 1, 1), EUR, "cli", AT, AT)
    return replace(base, amount_max_minor=maximum, **given)  # type: ignore[arg-type]


def outcome(
    *charges: Charge, account: Billable = ACCOUNT, orders: list[PurchaseOrder] | None = None
) -> Outcome:
    return decide(account, charges, orders or [], RULES)[0]


def codes(found: Outcome) -> list[str]:
    assert not found.drafts
    return [each.code for each in found.problems]


def test_nothing_to_bill_is_nothing() -> None:
    assert outcome() == Outcome(A)
    assert outcome(charge(net=0)) == Outcome(A)


def test_charges_with_all_in_common_stand_on_one_bill() -> None:
    (bill,) = outcome(charge(1), charge(2)).drafts
    assert (bill.net_minor, len(bill.details), bill.sharing.term) == (2_000, 2, Term(30))


def test_currency_group_and_order_part_bills() -> None:
    orders = [order(100), order(101, billing_group_id=BillingGroupId(3))]
    found = outcome(
        charge(1), charge(2, currency=USD), charge(3, billing_group_id=BillingGroupId(3)), orders=orders
    )
    assert [
        (each.sharing.currency, each.sharing.billing_group_id, each.order and each.order.reference)
        for each in found.drafts
    ] == [("EUR", None, "PO-100"), ("USD", None, "PO-100"), ("EUR", 3, "PO-101")]


def test_usage_is_billed_apart_only_where_its_term_differs() -> None:
    usage = charge(2, kind="usage")
    assert len(outcome(charge(1), usage).drafts) == 1
    found = outcome(charge(1), usage, account=replace(ACCOUNT, grants=(GRANT,)))
    assert [(each.sharing.term, each.sharing.grant_id) for each in found.drafts] == [
        (Term(60), 1),
        (Term(45), 1),
    ]


@pytest.mark.parametrize(
    ("account", "charges", "expected"),
    [
        (replace(ACCOUNT, buyer=None), [charge()], ["missing-legal-party"]),
        (ACCOUNT, [charge(currency=Currency("XXX"))], ["unknown-currency"]),
        (
            replace(ACCOUNT, buyer=replace(BUYER, tax_profile="exempt")),
            [charge()],
            ["missing-exemption-reason"],
        ),
        (ACCOUNT, [charge(net=-1)], ["negative-draft"]),
        (
            replace(ACCOUNT, buyer=replace(BUYER, city="", siren="")),
            [charge(net=-1, description="☃")],
            ["missing-city", "missing-siren", "negative-draft", "missing-glyph"],
        ),
        (replace(ACCOUNT, buyer=replace(BUYER, name="☃")), [charge()], ["missing-glyph"]),
    ],
)
def test_an_account_with_problems_is_set_aside_whole(
    account: Billable, charges: list[Charge], expected: list[str]
) -> None:
    assert codes(outcome(*charges, account=account)) == expected


def test_what_comes_to_nothing_is_carried_whatever_the_seller_does_below_zero() -> None:
    charges = charge(1), charge(2, net=-1_000, kind="discount")
    assert outcome(*charges) == Outcome(A, carried=charges)
    parks = replace(RULES, below_zero=BelowZero.PARK)
    assert decide(ACCOUNT, charges, [], parks)[0] == Outcome(A, carried=charges)
    (bill,) = outcome(*charges, charge(3)).drafts
    assert (bill.net_minor, len(bill.details)) == (1_000, 3)
    assert outcome(charge(1, net=0)) == Outcome(A), "what costs nothing is not carried"


def test_one_draft_is_carried_and_the_other_billed() -> None:
    nothing = charge(1, currency=USD), charge(2, net=-1_000, kind="discount", currency=USD)
    decided = outcome(*nothing, charge(3))
    assert (len(decided.drafts), decided.carried) == (1, nothing)
    back = charge(4, net=-300, kind="adjustment")
    assert carried_of([decided, outcome(back), outcome(*nothing)]) == {
        USD: Carried(2, 4, 0),
        EUR: Carried(1, 1, -300),
    }
    assert codes(outcome(*nothing, charge(3), account=replace(ACCOUNT, buyer=replace(BUYER, city=""))))


def test_one_bad_draft_sets_the_good_ones_aside_too() -> None:
    assert codes(outcome(charge(1), charge(2, net=-5, currency=USD))) == ["negative-draft"]


def test_a_problem_that_several_drafts_have_is_told_once() -> None:
    account = replace(ACCOUNT, buyer=replace(BUYER, city=""))
    assert codes(outcome(charge(1), charge(2, currency=USD), account=account)) == ["missing-city"]


def test_an_orders_reference_is_printed_too() -> None:
    found, left = decide(ACCOUNT, [charge()], [order(reference="☃")], RULES)
    assert codes(found) == ["missing-glyph"]
    assert left[0].drawn_minor == 0


def test_bills_draw_from_their_order_one_after_the_other() -> None:
    orders = [order(100, 1_500)]
    charges = [charge(1), charge(2, currency=USD)]
    found, left = decide(ACCOUNT, charges, orders, RULES)
    assert [each.order and each.order.reference for each in found.drafts] == ["PO-100", None]
    assert [each.drawn_minor for each in left] == [1_000]


@pytest.mark.parametrize(
    ("policy", "issued", "warned", "held"),
    [
        (Policy.PROCEED, 1, (), 0),
        (Policy.WARN, 1, ("expired",), 0),
        (Policy.HOLD, 0, (), 1),
    ],
)
def test_without_an_order_the_policy_decides(
    policy: Policy, issued: int, warned: tuple[str, ...], held: int
) -> None:
    ended = order(end_on=date(2026, 11, 1))
    found = outcome(charge(), account=replace(ACCOUNT, policy=policy), orders=[ended])
    assert (len(found.drafts), found.warnings, len(found.holds)) == (issued, warned, held)


def test_holds_of_one_reason_add_up_and_keep_the_earliest_deadline() -> None:
    by_period = order(100, 1, matched_by=MatchedBy.SERVICE_PERIOD, end_on=date(2026, 11, 1))
    account = replace(ACCOUNT, policy=Policy.HOLD)
    charges = [charge(1), charge(2, billing_group_id=BillingGroupId(1)), charge(3, currency=USD)]
    found = outcome(*charges, account=account, orders=[by_period])
    assert [(each.currency, each.amount_minor, len(each.charges)) for each in found.holds] == [
        ("EUR", 2_000, 2),
        ("USD", 1_000, 1),
    ]
    assert {(each.held_on, each.until_on, each.reason) for each in found.holds} == {
        (ON, date(2026, 12, 23), "expired")
    }
    kept = replace(account, held_until={"expired": ON})
    assert {each.until_on for each in outcome(*charges, account=kept, orders=[by_period]).holds} == {ON}


def test_after_its_last_day_a_hold_ends_with_a_warning() -> None:
    account = replace(ACCOUNT, policy=Policy.HOLD, held_until={"missing": date(2026, 11, 22)})
    found = outcome(charge(), account=account)
    assert (len(found.drafts), found.holds, found.warnings) == (1, (), ("missing",))


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-11", "2026-11-01", "", "abcd-ef"])
def test_a_period_is_a_month(text: str) -> None:
    with pytest.raises(BadPeriod):
        period(text)


def test_a_period_has_a_first_and_a_last_day() -> None:
    month = period("2028-02")
    assert (month.first_on, month.last_on, str(month)) == (date(2028, 2, 1), date(2028, 2, 29), "2028-02")


def test_control_totals_per_currency() -> None:
    drafts = outcome(charge(1), charge(2), charge(3, currency=USD)).drafts
    assert totals_of(drafts) == {EUR: Totals(1, 2, 2_000, 400), USD: Totals(1, 1, 1_000, 200)}
    assert (Totals(1, 2, 3, 4) + Totals(1, 1, 1, 1)).total_minor == 9
