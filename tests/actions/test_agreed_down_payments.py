"""Down payments beside what else was agreed: an order that has to be there, a minimum spend."""

from datetime import date

from acquit.actions.agree_minimum_spend import agree_minimum_spend
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.core.identifiers import MinimumSpendId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, Policy
from acquit.store.transaction import Database
from advancing import DECEMBER, EUR, ask, billed, lines, pay, sound, world
from billed import ON, bill, later, rows, subscribe
from founding import PETIT


def test_what_is_held_leaves_the_down_payment_to_what_is_billed(database: Database) -> None:
    """Two services wait for an order, the third one has it, and its bill is paid by the down payment."""
    context = world(database)
    pay(context, ask(context, minor=1_000))
    subscribe(context, PETIT, "srv1")
    subscribe(context, PETIT, "srv2", next_on=DECEMBER)
    subscribe(context, PETIT, "srv3", next_on=date(2026, 12, 6))
    set_order_policy(context, PETIT, Policy.HOLD, by="cli", hold_days_max=20)
    december = later(context, date(2026, 12, 5))
    terms = OrderTerms("PO-1", date(2026, 12, 5), date(2027, 6, 1), matched_by=MatchedBy.SERVICE_PERIOD)
    set_purchase_order(december, PETIT, terms, by="cli")
    bill(december, "2026-12")
    assert billed(context)[1:] == [("FR00000001", "bill", 0, 0, 0)]
    assert [each.amount_minor for each in rows(context, "SELECT amount_minor FROM held_bill")] == [3_000]
    sound(context)


def test_a_minimum_spend_counts_what_is_billed_before_it_is_deducted(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    least = MinimumSpend(PETIT, MinimumSpendId(0), "Least", 5_000, EUR, Interval.MONTH, Whose.ACCOUNT, ON)
    agree_minimum_spend(context, least, by="cli")
    pay(context, ask(context))
    subscribe(context, PETIT, "srv2", next_on=ON)
    december = later(context, date(2026, 12, 31))
    bill(december, "2026-12")
    assert ("adjustment", "", 5_000 - 2_000, 2_000) in lines(context, "FR00000001")
    sound(context)
