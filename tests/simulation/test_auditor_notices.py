"""The auditor can fail: it notices rows that were changed and days that were not sold, and knows no rules.

What it knows of moves, points, down payments and reverse bills is seen rule by rule, over rows that were
changed as they were read.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from acquit.actions.agree_minimum_spend import agree_minimum_spend
from acquit.actions.set_purchase_order import set_order_policy
from acquit.core.identifiers import MinimumSpendId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.purchase_order import Policy
from acquit.store.transaction import Database
from simulation.auditor import Auditor
from simulation.auditor_of_agreements import Minimum
from simulation.auditor_of_down_payments import Asked
from simulation.auditor_rows import Rows
from simulation.tampering import BROKEN, DAY, Change, found, some
from simulation.world import EUR, World, founded, run_sql
from simulation.world_eventful import live_through_everything
from simulation.world_runs import bill_month

ANY_BILL = "(SELECT min(bill_id) FROM bill WHERE kind = 'bill')"
ONE_LINE = f"bill_id = {ANY_BILL} AND detail_no = 1"

TAMPERED = {
    "a price": "UPDATE bill_detail SET unit_price_ucents = unit_price_ucents + {sign} 1000000"
    f" WHERE {ONE_LINE}",
    "a net": f"UPDATE bill_detail SET net_minor = net_minor + {{sign}} 1 WHERE {ONE_LINE}",
    "a day": "UPDATE bill_detail SET period_end = period_end + {sign} 1 WHERE kind = 'renewal'",
    "VAT": f"UPDATE bill_tax SET tax_minor = tax_minor + {{sign}} 1 WHERE bill_id = {ANY_BILL}",
    "a total": f"UPDATE bill SET tax_minor = tax_minor + {{sign}} 1, total_minor = total_minor + {{sign}} 1"
    f" WHERE bill_id = {ANY_BILL}",
    "a debt": f"UPDATE debt SET amount_minor = amount_minor + {{sign}} 1 WHERE bill_id = {ANY_BILL}",
    "a date": "UPDATE bill_number SET issued_on = issued_on + {sign} 400 WHERE number = 1",
    "a number": "UPDATE bill_number SET number = number + {sign} 1000 WHERE series_id = 'FR' AND bill_id = "
    + ANY_BILL,
    "a posting": "UPDATE posting SET amount_minor = amount_minor + {sign} 1000000 WHERE posting_no = 1",
    "an entry": "UPDATE entry SET booked_on = booked_on + {sign} 1 WHERE entry_no = 1",
    "the day of renewal": "UPDATE service SET next_renewal_on = next_renewal_on + {sign} 1",
    "usage": "UPDATE bill_detail SET quantity_e4 = quantity_e4 + {sign} 10000 WHERE kind = 'usage'",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(module_database: Database, module_database_url: str) -> Iterator[World]:
    with founded(module_database, module_database_url, 1) as lived:
        live_through_everything(lived)
        yield lived


@pytest.fixture(scope="module")
def auditor(world: World) -> Auditor:
    return world.auditor


@pytest.fixture(scope="module")
def rows(auditor: Auditor) -> Rows:
    return auditor.rows()


@pytest.mark.parametrize("what", TAMPERED)
def test_a_row_that_was_changed_is_noticed(what: str, world: World) -> None:
    assert world.auditor.judge(world.today) == []
    run_sql(world.url, TAMPERED[what].replace("{sign}", ""))
    found = world.auditor.judge(world.today)
    run_sql(world.url, TAMPERED[what].replace("+ {sign}", "-"))
    assert found, what
    assert world.auditor.judge(world.today) == []


def _unsold_day(auditor: Auditor) -> Callable[[], None]:
    held = next(each for each in auditor.sales.held.values() if each.all_days)
    ledger = dict(held.ledger)
    paid = next(on for on, terms in ledger.items() if terms.day_cents(on))
    del held.ledger[paid]
    return lambda: held.ledger.update(ledger)


def _another_price(auditor: Auditor) -> Callable[[], None]:
    held = next(each for each in auditor.sales.held.values() if each.ledger)
    terms = held.terms
    held.terms = replace(terms, price_ucents=terms.price_ucents + 1)
    return lambda: setattr(held, "terms", terms)


def _another_event(auditor: Auditor) -> Callable[[], None]:
    auditor.usage.accepted += 1
    return lambda: setattr(auditor.usage, "accepted", auditor.usage.accepted - 1)


def _more_money(auditor: Auditor) -> Callable[[], None]:
    payer = next(iter(auditor.sales.payers.values()))
    auditor.money.received[payer] += 1
    return lambda: auditor.money.received.update({payer: auditor.money.received[payer] - 1})


def _longer_service(auditor: Auditor) -> Callable[[], None]:
    held = next(iter(auditor.sales.held.values()))
    held.next_on += timedelta(days=1)
    return lambda: setattr(held, "next_on", held.next_on - timedelta(days=1))


@pytest.mark.parametrize(
    "tamper", [_unsold_day, _another_price, _another_event, _more_money, _longer_service]
)
def test_what_was_agreed_otherwise_is_noticed(
    tamper: Callable[[Auditor], Callable[[], None]], world: World
) -> None:
    undo = tamper(world.auditor)
    found = world.auditor.judge(world.today)
    undo()
    assert found
    assert world.auditor.judge(world.today) == []


@pytest.mark.parametrize(
    ("rule", "said", "tamper"), BROKEN, ids=[f"{rule}, {said}" for rule, said, _ in BROKEN]
)
def test_what_was_changed_is_noticed(
    rule: str, said: str, tamper: Change, rows: Rows, auditor: Auditor
) -> None:
    assert found(rule, rows, auditor) == []
    told = found(rule, tamper(rows, auditor), auditor)
    assert any(said in each for each in told), told[:5]


# ---------------------------------------------------------------- what was told otherwise


def test_points_of_another_programme_are_noticed(rows: Rows, auditor: Auditor) -> None:
    none = replace(auditor, points=replace(auditor.points, programmes=[]))
    assert any("without a programme" in each for each in found("points", rows, none))


def test_a_down_payment_that_is_due_on_another_day_is_noticed(rows: Rows, auditor: Auditor) -> None:
    known = auditor.down_payments
    late = {place: replace(each, due_on=each.due_on + DAY) for place, each in known.asked.items()}
    told = found("down payments", rows, replace(auditor, down_payments=replace(known, asked=late)))
    assert any("is due on" in each for each in told)


def test_deductions_of_something_else_are_noticed(rows: Rows, auditor: Auditor) -> None:
    known = auditor.down_payments
    line = some(rows.details, kind="deduction")[0]
    place = line.owner, line.part.rpartition("/")[0]
    other = {**known.asked, place: replace(known.asked[place], service=999)}
    told = found("deductions", rows, replace(auditor, down_payments=replace(known, asked=other)))
    assert any("it bills 0 for it" in each for each in told)
    older = {(line.owner, "FRAC0"): Asked(1, None, line.period_start), **known.asked}
    left = {**known.left, (line.owner, "FRAC0"): 1}
    told = found("deductions", rows, replace(auditor, down_payments=replace(known, asked=older, left=left)))
    assert any("younger" in each for each in told)


def test_reverse_bills_that_should_not_be_are_noticed(rows: Rows, auditor: Auditor) -> None:
    known = auditor.reverse
    place, each = next((key, one) for key, one in known.made.items() if one.set_off)
    number = next(iter(each.set_off))
    silent = {**known.made, place: replace(each, agreed=replace(each.agreed, sets_off=False))}
    told = found("reverse bills", rows, replace(auditor, reverse=replace(known, made=silent)))
    assert any("nobody agreed" in one for one in told)
    told = found("reverse bills", rows, replace(auditor, reverse=replace(known, undone={number})))
    assert any("still stands" in one for one in told)
    much = {**each.payments, 998: (10**9, "paid")}
    paid = {**known.made, place: replace(each, payments=much)}
    told = found("reverse bills", rows, replace(auditor, reverse=replace(known, made=paid)))
    assert any("beyond what it is of" in one for one in told)


def test_acts_that_should_have_been_refused_are_noticed(auditor: Auditor, rows: Rows) -> None:
    known = auditor.reverse
    place, each = next((key, one) for key, one in known.made.items() if one.set_off)
    again = replace(known, made=dict(known.made), wrong=[])
    number = next(no for (account, no), one in known.agreed.items() if one is each.agreed)
    again.issued((place[0], "FRS9"), number, each.on, each.lines)
    fresh = again.made[place[0], "FRS9"]
    again.settled((place[0], "FRS9"), each.on)
    again.asked((place[0], "FRS9"), 1, fresh.net + fresh.tax + 1, "asked", rows)
    again.contested((place[0], "FRS9"), fresh.contest_until + DAY)
    again.taken_back(place, "FRS10", set())
    each.agreed.revoked_on, before = each.on, each.agreed.revoked_on
    again.issued((place[0], "FRS11"), number, each.on, ())
    each.agreed.revoked_on = before
    told = ("billed before", "may not be yet", "is open", "too late", "something of it was paid",
            "without an agreement")  # fmt: skip
    assert [word in one for word, one in zip(told, again.wrong, strict=True)] == [True] * len(told)


def test_a_minimum_whose_draft_is_held_waits(database: Database, database_url: str) -> None:
    with founded(database, database_url, 4) as world:
        account_id = world.accounts[-1]
        set_order_policy(world.context, account_id, Policy.HOLD, by="cli", hold_days_max=20)
        world.auditor.agreed.policies[account_id] = "hold"
        least = MinimumSpend(
            account_id, MinimumSpendId(0), "Least", 5_000, EUR, Interval.MONTH, Whose.ACCOUNT, world.today
        )
        number = int(agree_minimum_spend(world.context, least, by="cli").minimum_spend_id)
        world.auditor.agreed.minimums[number] = Minimum(number, account_id, 5_000, world.today)
        world.move(date(2026, 2, 27))
        bill_month(world, date(2026, 2, 1))
        held = world.auditor.rows("holds").holds
        assert [(each.account_id, each.amount_minor) for each in held] == [(account_id, 5_000)]


def test_the_auditor_shares_no_code_with_the_product() -> None:
    for path in sorted(Path(__file__).parent.glob("auditor*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name.split(".")[0] == "acquit"], path.name
            outside = [name for name in names if name.startswith("simulation.")]
            assert all(name.startswith("simulation.auditor") for name in outside), path.name
