"""What a sub-account agreed, used and was charged stays its own on its parent's shared bill."""

from datetime import date

import pytest

from acquit.actions.agree_discount import agree_discount
from acquit.actions.agree_minimum_spend import agree_minimum_spend
from acquit.actions.context import Context
from acquit.actions.explain_bill import explain_bill
from acquit.actions.replay_run import replay_run
from acquit.actions.share_bills import share_bills
from acquit.core.discount import Discount
from acquit.core.explanation_text import told
from acquit.core.identifiers import BillId, DiscountId, MinimumSpendId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.money import Currency
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, later, rows, seller, subscribe
from founding import ACME, FR, LAB
from metering import event, measure, send

EUR = Currency("EUR")
DECEMBER = date(2026, 12, 1)
OF_LAB = """
    SELECT kind, part, sum(net_minor)::bigint AS net_minor
      FROM bill_detail WHERE owner_id = %(owner)s AND (kind = 'discount' OR part LIKE 'minimum:%%')
     GROUP BY kind, part ORDER BY kind, part
"""


@pytest.fixture
def context(database: Database) -> Context:
    """Acme and its laboratory share a bill; the laboratory has a service of 10.00 EUR."""
    context = seller(database)
    family(context)
    share_bills(context, ACME, by="cli")
    subscribe(context, LAB, "server")
    return context


def of_lab(context: Context) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows(context, OF_LAB, owner=LAB)]


def test_a_shared_bill_is_decided_again_as_it_was_posted(context: Context) -> None:
    bill(context)
    again = replay_run(context, "2026-11", FR)
    assert (again.bills, again.differences) == (1, [])


def test_use_on_a_shared_bill_is_billed_and_the_control_totals_know_it(context: Context) -> None:
    measure(context)
    send(context, event("e1", "server", "30", account=LAB, at="2026-11-10T12:00:00Z"))
    assert bill(context).net_minor == 1_200
    assert bill(later(context, DECEMBER), "2026-12").net_minor == 1_000
    assert failed(context) == {}


def test_an_amount_is_let_off_once_per_period(context: Context) -> None:
    off = Discount(LAB, DiscountId(0), "Off", date(2026, 1, 1), EUR, amount_minor=300)
    agree_discount(context, off, by="cli")
    bill(context)
    charge(context, LAB, 7, kind="one-off", period_start=date(2026, 11, 5))
    bill(context)
    assert of_lab(context) == [("discount", "1", -300)]
    assert failed(context) == {}


def test_a_minimum_counts_what_is_its_own_and_is_billed_once(context: Context) -> None:
    subscribe(context, ACME, "own")
    least = MinimumSpend(
        LAB, MinimumSpendId(0), "Least", 1_500, EUR, Interval.MONTH, Whose.ACCOUNT, date(2026, 11, 1)
    )
    agree_minimum_spend(context, least, by="cli")
    bill(context)
    assert of_lab(context) == [("adjustment", "minimum:1", 500)]
    december = later(context, DECEMBER)
    assert (bill(december, "2026-12").parked, bill(december, "2026-12").posted_now) == (0, 0)
    assert of_lab(context) == [("adjustment", "minimum:1", 1_000)]
    assert failed(context) == {}


def test_an_explanation_knows_the_services_of_a_sub_account(context: Context) -> None:
    charge(context, LAB, 7, kind="one-off", period_start=date(2026, 11, 5))
    bill(context)
    said = told(explain_bill(context, BillId("FR00000001")))
    assert "It was accepted on 2026-10-31 and billed once." in said
