"""A run rates the use of its month, bills it once, and adjusts what came late; its totals must add up."""

from datetime import date
from threading import Thread

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.actions.import_meters import MetersRefused, import_meters
from acquit.actions.rate_usage import rate_usage
from acquit.actions.show_usage import current_uses, past_uses
from acquit.core.account import Account
from acquit.core.bill_run import RunStatus, period
from acquit.core.meter import AlreadyDefined
from acquit.core.usage import UsageDiffers
from acquit.store import accounts
from acquit.store.transaction import Database
from billed import bill, failed, family, later, rows, seller, subscribe
from founding import FR, LAB, PETIT, SHOP
from metering import event, measure, send

PRICE = '[[price]]\nmeter = "traffic"\nfrom = 2026-01-01\n'

LINES = """
    SELECT kind, part, description, quantity_e4, unit_price_ucents, net_minor, period_start, period_end
      FROM bill_detail
     WHERE kind <> 'renewal'
     ORDER BY bill_id, detail_no
"""


@pytest.fixture
def context(database: Database) -> Context:
    """On 1 November Petit has had a free server since January."""
    found = later(seller(database), date(2026, 11, 1))
    family(found)
    measure(found)
    subscribe(found, PETIT, "srv", next_on=date(2026, 1, 1), unit_price_ucents=0)
    return found


def lines(context: Context) -> list[tuple[object, ...]]:
    """What was billed of usage: kind, part, description, quantity, net."""
    return [
        (row.kind, row.part, row.description, row.quantity_e4, row.net_minor) for row in rows(context, LINES)
    ]


def account(context: Context) -> Account:
    with context.database.read() as tx:
        found = accounts.find(tx, PETIT)
    assert found is not None
    return found


def test_a_month_of_every_aggregation(context: Context) -> None:
    send(
        context, event("t1", "srv", "80.25"), event("t2", "srv", "40", at="2026-10-31T22:59:59Z"),
        event("d1", "srv", 100, meter="disk"), event("d2", "srv", 300, meter="disk"),
        event("d3", "srv", 200, meter="disk", at="2026-10-11T12:00:00Z"),
        event("s1", "srv", 9, meter="seats"), event("s2", "srv", 4, meter="seats", at="2026-10-20T12:00:00Z"),
        event("s0", "srv", 7, meter="seats", at="2026-10-02T12:00:00Z"),
    )  # fmt: skip
    report = bill(context, "2026-10")
    assert (report.posted_now, report.net_minor, report.status) == (
        1,
        1_000 + 51 + 165 + 1_600,
        RunStatus.CLOSED,
    )
    assert lines(context) == [
        ("usage", "usage:disk:tier-01", "Disque (Go)", 5_000_000, 165),
        ("usage", "usage:seats:tier-01", "Postes, tarif jusqu'à 5", 40_000, 1_600),
        ("usage", "usage:traffic:included", "Trafic sortant (Go), inclus", 100_000, 0),
        ("usage", "usage:traffic:tier-01", "Trafic sortant (Go), de 0 à 100", 1_000_000, 1_000),
        ("usage", "usage:traffic:tier-02", "Trafic sortant (Go), au-delà de 100", 102_500, 51),
    ]
    assert {(row.period_start, row.period_end) for row in rows(context, LINES)} == {
        (date(2026, 10, 1), date(2026, 10, 31))
    }
    assert bill(context, "2026-10").posted_now == 0
    assert failed(context) == {}


def test_a_rehearsal_tells_the_same_totals_and_writes_nothing(context: Context) -> None:
    measure(
        context,
        '[[price]]\nmeter = "traffic"\nplan = "vps-1"\nfrom = 2026-09-01\nprice = "0.10"\n'
        'commitment = { quantity = 50, price = "0.08" }\n',
    )
    subscribe(context, SHOP, "shop", next_on=date(2026, 10, 16), unit_price_ucents=0)
    send(context, event("t1", "srv", 60))
    rehearsed = bill(context, "2026-10", dry_run=True)
    assert rows(context, "SELECT 1 FROM usage_rating") == rows(context, "SELECT 1 FROM charge") == []
    real = bill(context, "2026-10")
    assert (rehearsed.bills, rehearsed.net_minor, rehearsed.tax_minor) == (2, 706, 141)
    assert (real.bills, real.net_minor, real.tax_minor) == (2, 706, 141)
    assert [line[2:] for line in lines(context)] == [
        ("Trafic sortant (Go), engagement", 258_065, 206),
        ("Trafic sortant (Go), engagement", 500_000, 400),
        ("Trafic sortant (Go)", 100_000, 100),
    ]
    assert failed(context) == {}


def test_what_comes_late_is_adjusted_in_the_open_month(context: Context) -> None:
    send(context, event("t1", "srv", 110))
    bill(context, "2026-10")
    december = later(context, date(2026, 12, 1))
    send(december, event("t2", "srv", "1.5"), event("t3", "srv", 5, at="2026-11-10T12:00:00Z"))
    assert bill(december, "2026-11", dry_run=True).net_minor == 8
    assert bill(december, "2026-11").net_minor == 8
    assert lines(context)[-1] == (
        "adjustment", "usage:traffic:2026-10:2",
        "Trafic sortant, 10/2026 : 111,5 Go au lieu de 110", 10_000, 8,
    )  # fmt: skip
    assert rows(context, LINES)[-1].period_start == date(2026, 11, 1)
    send(december, event("t4", "srv", 100, corrects="t1"), event("t5", "srv", 30, at="2026-12-01T01:00:00Z"))
    january = later(context, date(2027, 1, 1))
    assert bill(january, "2026-12").net_minor == 200 - 93
    adjusted = [line for line in lines(context) if line[0] == "adjustment"]
    assert adjusted[-1][1:] == (
        "usage:traffic:2026-10:3", "Trafic sortant, 10/2026 : 101,5 Go au lieu de 111,5", -10_000, -93,
    )  # fmt: skip
    total = rows(context, "SELECT sum(net_minor) AS net FROM bill_detail WHERE part LIKE 'usage:traffic%'")
    assert total[0].net == 915 + 200
    assert failed(context) == {}


def test_a_later_run_of_the_same_month_adjusts_too(context: Context) -> None:
    send(context, event("t1", "srv", 30))
    assert bill(context, "2026-10").net_minor == 200
    send(context, event("t2", "srv", 10))
    report = bill(context, "2026-10")
    assert (report.posted_now, report.net_minor) == (1, 300)
    assert failed(context) == {}


def test_use_within_what_is_included_costs_nothing_and_leaves_nothing_open(context: Context) -> None:
    send(context, event("t1", "srv", 10))
    assert bill(context, "2026-10").bills == 0
    assert rows(context, "SELECT 1 FROM open_charge") == []
    with context.database.read() as tx:
        (use,) = past_uses(context, tx, account(context), date(2026, 10, 1), date(2026, 10, 1))
    assert (use.quantity_e4, use.net_minor, use.is_rated) == (100_000, 0, True)
    assert failed(context) == {}


def test_an_account_whose_use_cannot_be_priced_is_parked_whole(context: Context) -> None:
    measure(context, '[[price]]\nmeter = "traffic"\nplan = "vps-1"\nfrom = 2026-01-01\nprice = 1000000000\n')
    subscribe(context, PETIT, "paid", next_on=date(2026, 10, 1))
    send(context, event("t1", "srv", 10**11))
    report = bill(context, "2026-10")
    assert (report.bills, report.parked, report.status) == (0, 1, RunStatus.OPEN)
    (parked,) = rows(context, "SELECT problems FROM parked_account WHERE resolved_at IS NULL")
    assert parked.problems[0]["code"] == "usage-not-rated"
    assert bill(context, "2026-10", dry_run=True).parked == 1
    assert failed(context) == {}
    send(context, event("c1", "srv", 0, corrects="t1"))
    report = bill(context, "2026-10")
    assert (report.bills, report.parked, report.status) == (1, 0, RunStatus.CLOSED)
    assert failed(context) == {}


@pytest.mark.parametrize(
    ("tampering", "ids"),
    [
        ("DELETE FROM usage_event WHERE event_id = 't2'", ["FR/2026-10"]),
        ("UPDATE usage_intake SET accepted = accepted + 1", ["FR/2026-10"]),
        ("DELETE FROM usage_pending", ["cd67890-acq/{service}/traffic/2026-10"]),
    ],
)
def test_totals_that_differ_stop_the_run_with_ids(
    context: Context, database_url: str, tampering: str, ids: list[str]
) -> None:
    subscribe(context, LAB, "other", next_on=date(2026, 10, 1))
    send(context, event("t1", "srv", 30), event("t2", "srv", 30))
    with psycopg.connect(database_url) as owner:
        owner.execute(tampering.encode())
    with pytest.raises(UsageDiffers) as refused:
        bill(context, "2026-10")
    service = rows(context, "SELECT service_id FROM service WHERE resource_name = 'srv'")[0].service_id
    assert refused.value.details["ids"].split() == [each.format(service=service) for each in ids]
    assert rows(context, "SELECT 1 FROM bill") == []


def test_a_charge_that_is_lost_stops_the_next_run(context: Context, database_url: str) -> None:
    send(context, event("t1", "srv", 30))
    bill(context, "2026-10")
    with psycopg.connect(database_url) as owner:
        owner.execute("DELETE FROM bill_detail WHERE part = 'usage:traffic:tier-01'")
    with pytest.raises(UsageDiffers, match=r"charges = billed \+ open: cd67890-acq/.*/traffic/2026-10/1"):
        bill(context, "2026-10")


@pytest.fixture
def crowded(context: Context) -> Context:
    """Sixty services, each with use."""
    names = [f"s{number:02d}" for number in range(60)]
    for name in names:
        subscribe(context, SHOP, name, next_on=date(2026, 1, 1), unit_price_ucents=0)
    send(context, *(event(name, name, 20, account=SHOP) for name in names))
    return context


def test_two_at_once_rate_everything_once(crowded: Context) -> None:
    done: list[int] = []

    def rate() -> None:
        done.append(rate_usage(crowded, FR, period("2026-10"), by="cli", keys_max=7).uses)

    threads = [Thread(target=rate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(done) == 60
    assert len(rows(crowded, "SELECT 1 FROM usage_rating")) == 60
    assert bill(crowded, "2026-10").net_minor == 60 * 100
    assert failed(crowded) == {}


def test_current_use_and_forecast(context: Context) -> None:
    on = date(2026, 10, 10)
    send(
        context,
        event("t1", "srv", 20),
        event("d1", "srv", 31, meter="disk"),
        event("s1", "srv", 6, meter="seats"),
    )
    with context.database.read() as tx:
        now = current_uses(context, tx, account(context), on)
        then = current_uses(context, tx, account(context), on, forecast=True)
    assert [(use.meter, use.quantity_e4, use.net_minor) for use in now] == [
        ("disk", 310_000, 10), ("seats", 60_000, 1_800), ("traffic", 200_000, 100),
    ]  # fmt: skip
    assert [(use.meter, use.quantity_e4, use.net_minor) for use in then] == [
        ("disk", 961_000, 32), ("seats", 60_000, 1_800), ("traffic", 620_000, 520),
    ]  # fmt: skip


def test_what_is_dated_is_final(context: Context) -> None:
    measure(context)
    with pytest.raises(AlreadyDefined, match=r"traffic {2}2026-01-01"):
        import_meters(
            context, PRICE.encode() + b'price = 1\n', by="cli",
            legal_entity_id=FR,
        )  # fmt: skip
    import_meters(
        context, b'{"price": [{"meter": "traffic", "from": "2026-10-01", "price": 1}]}', by="cli",
        legal_entity_id=FR,
    )  # fmt: skip
    send(context, event("a", "srv", 2), event("b", "srv", 20, at="2026-09-10T12:00:00Z"))
    assert bill(context, "2026-10").net_minor == 200 + 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[meter]]\ncode = 1", "meter[0].code: is a text"),
        ('[[meter]]\ncode = "A"', "is 1 to 48 of a-z"),
        (PRICE + 'price = 0.000000001', "at most 8 decimals"),
        (PRICE + 'price = -1', "not negative"),
        (PRICE, "or price, or catalogue"),
        (PRICE + 'tiers = [{ up_to = 5, price = 1 }]', "the last without up_to"),
        (
            PRICE + ''
            "tiers = [{ up_to = 5, price = 1 }, { up_to = 5, price = 1 }, { price = 1 }]",
            "rises from tier to tier",
        ),
        ('[[price]]\nmeter = "steam"\nfrom = 2026-01-01\nprice = 1', "no meter steam to price"),
        (PRICE + 'price = 1\ncommitment = { quantity = 1, price = 1 }', "needs the plan"),
        (PRICE + 'price = 1\ncurrency = "XXX"', "currency: is one of"),
        ("colour = 1", "colour: is not known"),
        ("", "defines no meter"),
        ("[[", "neither TOML nor JSON"),
        ("{", "neither TOML nor JSON"),
    ],
)  # fmt: skip
def test_a_file_of_meters_with_wrong_places_is_refused_whole(context: Context, text: str, said: str) -> None:
    before = rows(context, "SELECT count(*) FROM meter_price")
    with pytest.raises(MetersRefused) as refused:
        import_meters(context, text.encode(), by="cli", legal_entity_id=FR)
    assert said in f"{refused.value.message} {refused.value.details}"
    assert rows(context, "SELECT count(*) FROM meter_price") == before
