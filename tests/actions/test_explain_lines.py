"""Lines of usage, of late usage and of changed services walk back to events, tiers, terms and days."""

from datetime import date

import pytest

from acquit.actions.change_service import change_service
from acquit.actions.context import Context
from acquit.actions.explain_bill import explain_bill
from acquit.core.explanation_text import told
from acquit.core.identifiers import BillId
from acquit.core.service_change import Wanted
from acquit.store.transaction import Database
from billed import bill, family, later, rows, seller, subscribe
from founding import PETIT
from metering import event, measure, send
from serving import market, run, sell


@pytest.fixture
def context(database: Database) -> Context:
    """Petit with a free server and its meters."""
    found = seller(database)
    family(found)
    measure(found)
    subscribe(found, PETIT, "srv", next_on=date(2026, 1, 1), unit_price_ucents=0)
    return found


def said(context: Context, language: str = "en") -> list[str]:
    """What is told of the newest bill."""
    (newest,) = rows(context, "SELECT bill_id FROM bill ORDER BY bill_id DESC LIMIT 1")
    return told(explain_bill(context, BillId(newest.bill_id)), language)


def test_usage_walks_back_to_its_events_and_tiers(context: Context) -> None:
    send(context, event("a", "srv", 100), event("b", "srv", "60.5"), event("c", "srv", 7, meter="seats"))
    send(context, event("d", "srv", 50, meter="disk"), event("e", "srv", 40, meter="disk"))
    bill(context, "2026-10")
    english = said(context)
    for sentence in (
        "Usage of 2026-10: 2 events of meter traffic add up to 160.5.",
        "Of these, 10 are included and cost nothing.",
        "Of these, 100 are counted here, in the tier from 0 up to 100; "
        "tiers begin after what is included or committed.",
        "Of these, 50.5 are counted here, in the tier over 100; "
        "tiers begin after what is included or committed.",
        "Usage of 2026-10: 1 events of meter seats have as their last value 7.",
        "Usage of 2026-10: 2 events of meter disk have highest values of each day that add up to 50.",
        "The price of the meter holds since 2026-01-01.",
    ):
        assert sentence in english
    french = said(context, "fr_FR")
    assert "Consommation de 2026-10 : 2 événements du compteur traffic font au total 160.5." in french
    assert "Dont 10 inclus, qui ne coûtent rien." in french


def test_late_usage_walks_back_to_both_ratings(context: Context) -> None:
    send(context, event("a", "srv", 30))
    bill(context, "2026-10")
    send(context, event("late", "srv", 20), event("now", "srv", 50, at="2026-11-02T12:00:00Z"))
    bill(later(context, date(2026, 12, 1)), "2026-11")
    english = said(context)
    assert "Usage of 2026-10: 2 events of meter traffic add up to 50." in english
    assert "They are rated at 4.00; 30 for 2.00 had been charged: 2.00 is the rest." in english
    assert "Ils valent 4.00 ; 30 pour 2.00 avaient été facturés : reste 2.00." in said(context, "fr_FR")


def test_a_change_walks_back_to_days_of_old_and_new_terms(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    day = later(context, date(2026, 11, 16))
    change_service(day, PETIT, sold.service.service_id, Wanted("l"), by="cli")
    change_service(
        later(context, date(2026, 11, 26)), PETIT, sold.service.service_id, Wanted(quantity=2), by="cli"
    )
    run(context, "2026-11")
    english = said(context)
    for sentence in (
        "From 2026-11-16 to 2026-11-30: 15 of the 30 days from 2026-11-01 to 2026-11-30, "
        "paid at 1 × 30.00 = 30.00 for all of them (S): 15.00 comes back.",
        "From 2026-11-16 to 2026-11-30: 15 of the 30 days from 2026-11-01 to 2026-11-30, "
        "at 1 × 60.00 = 60.00 for all of them (L): 30.00.",
        "From 2026-11-26 to 2026-11-30: 5 of the 30 days from 2026-11-01 to 2026-11-30, "
        "paid at 1 × 60.00 = 60.00 for all of them (L): 10.00 comes back.",
        "From 2026-11-26 to 2026-11-30: 5 of the 30 days from 2026-11-01 to 2026-11-30, "
        "at 2 × 60.00 = 120.00 for all of them (L): 20.00.",
    ):
        assert sentence in english
    assert (
        "Du 2026-11-16 au 2026-11-30 : 15 des 30 jours du 2026-11-01 au 2026-11-30, "
        "payés 1 × 30.00 = 30.00 pour tous ces jours (S) : 15.00 rendus."
    ) in said(context, "fr_FR")
