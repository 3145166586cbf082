"""Points that are sold, what the audit finds, and a life of points in any order."""

import contextlib
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from acquit.actions.add_credit import credit_of
from acquit.actions.close_period import close_period
from acquit.actions.context import Context
from acquit.actions.count_points import count_points, lapse_points
from acquit.actions.credit_bill import credit_bill
from acquit.actions.export_books import export_fec
from acquit.actions.give_points import give_points, take_points
from acquit.actions.order_points import order_points
from acquit.actions.order_prepayment import order_prepayment, pay_prepay_order
from acquit.actions.set_points_programme import (
    set_points_programme,
)
from acquit.actions.settle_debt import reopen_debt, return_payment
from acquit.actions.show_order import order_page
from acquit.actions.show_points import points_of
from acquit.actions.turn_day import turn_day
from acquit.actions.unmatch_entry import MoneyUsed, unmatch_entry
from acquit.actions.use_points import use_points
from acquit.core.credit import Part
from acquit.core.credit_balance import CreditType
from acquit.core.debt import OperationKind, standing
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId
from acquit.core.period import span
from acquit.core.point import (
    NotEnoughPoints,
)
from acquit.store import audit_points, points
from acquit.store.transaction import Database
from banking import Tx
from billed import ON, failed, later
from fec_checker import checked
from founding import ACME, FR, PETIT, SHOP
from owing import debt_of, open_of, operations_of, pay
from pointing import PROGRAMME, counted, kinds, points_ledger
from prepaying import bring, prepaying


@pytest.fixture
def bank(database: Database, tmp_path: Path) -> Context:
    """The same with points that are sold, and a bank that tells what came in."""
    made = prepaying(database, tmp_path)
    set_points_programme(made, replace(PROGRAMME, is_sold=True), by="cli")
    return made


def test_sold_points_come_with_their_money_and_are_money_again(bank: Context) -> None:
    made = order_points(bank, ACME, 40, by="cli")
    assert (made.amount_minor, made.points) == (200, 40)
    assert order_points(bank, ACME, 40, by="cli") == made, "asked twice, it is the same order"
    assert order_prepayment(bank, ACME, 200, by="cli").order_id != made.order_id
    page = order_page(bank, made.order_id)
    assert made.reference.encode() in page.replace(b" ", b"")
    assert b"40 points" in page
    give_points(bank, ACME, 10, "goodwill", by="cli")
    bring(bank, Tx(200, made.reference))
    assert (counted(bank), kinds(bank)) == (50, [("given", 10), ("bought", 40)])
    assert points_ledger(bank) == 40, "what was bought is owed as the money that it is"
    lots, moved = credit_of(bank, ACME)
    assert (lots, [each.type for each in moved]) == ([], [CreditType.POINTS])
    with pytest.raises(NotEnoughPoints):
        take_points(bank, ACME, 11, "not what was bought", by="cli")
    bonus, money = use_points(bank, ACME, 15, by="cli")
    assert (bonus.type, bonus.left_minor) == (CreditType.BONUS, 50)
    assert (money.type, money.left_minor) == (CreditType.PREPAID_ACCOUNT, 25)
    assert counted(bank) == 35
    far = later(bank, ON + timedelta(days=5_000))
    turn_day(far)
    assert points_of(far, ACME).balance == 35, "what was bought does not lapse"


def test_points_go_with_the_money_that_was_somebody_elses(bank: Context) -> None:
    made = order_points(bank, ACME, 40, by="cli")
    bring(bank, Tx(200, made.reference))
    with bank.database.read() as tx:
        entry_id = tx.one("SELECT entry_id FROM bank_entry").entry_id
    unmatch_entry(bank, entry_id, "it was Petit's", by="cli")
    assert (counted(bank), kinds(bank)) == (0, [("bought", 40), ("undone", -40)])
    again = order_points(bank, ACME, 40, by="cli")
    assert again.order_id == made.order_id, "its money is awaited again"
    deposit = pay(bank, ACME, 200)
    pay_prepay_order(bank, ACME, made.order_id, deposit, by="cli")
    assert counted(bank) == 40
    use_points(bank, ACME, 1, by="cli")
    assert failed(bank) == {}


def test_used_points_keep_the_match_of_their_money(bank: Context) -> None:
    made = order_points(bank, ACME, 40, by="cli")
    bring(bank, Tx(200, made.reference))
    use_points(bank, ACME, 1, by="cli")
    with bank.database.read() as tx:
        entry_id = tx.one("SELECT entry_id FROM bank_entry").entry_id
    with pytest.raises(MoneyUsed):
        unmatch_entry(bank, entry_id, "it was Petit's", by="cli")
    assert counted(bank) == 39


TAMPERED: list[tuple[str, LiteralString, str]] = [
    ("points-kept", "UPDATE points_movement SET balance = balance + 1 WHERE kind = 'given'", "ab12345-acq/"),
    ("points-kept", "UPDATE points_movement SET worth_minor = 6 WHERE kind = 'given'", "/credit "),
    ("points-kept", "UPDATE credit_movement SET amount_minor = 49 WHERE type = 'BONUS'", "/credit "),
    ("points-kept", "UPDATE credit_movement SET amount_minor = 201 WHERE amount_minor = 200",
     "/credit "),
    ("points-kept", "UPDATE posting SET amount_minor = amount_minor - 1 WHERE ledger = '487100'", "/EUR"),
    ("points-earned", "UPDATE points_movement SET points = points + 1 WHERE kind = 'earned'", "FR0000"),
    ("points-earned", "UPDATE bill_detail SET net_minor = net_minor - 50", "FR0000"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "change", "named"), TAMPERED, ids=lambda each: str(each)[:40])
def test_the_audit_finds_what_was_tampered_with(
    bank: Context, check: str, change: LiteralString, named: str
) -> None:
    made = order_points(bank, ACME, 40, by="cli")
    give_points(bank, ACME, 10, "goodwill", by="cli")
    bring(bank, Tx(200, made.reference))
    use_points(bank, ACME, 15, by="cli")
    pay(bank, PETIT, 1_200, 1_200)
    assert counted(bank, PETIT) == 20
    with psycopg.connect(bank.database.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(change)
    assert any(named in each for each in failed(bank)[check])


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_no_point_is_lost_or_made(bank: Context, seed: int) -> None:
    """Bills are paid, returned, reopened, credited; points given, taken, bought, used; some lapse."""
    chance, context, day = random.Random(seed), bank, ON
    for _ in range(40):
        day += timedelta(days=chance.choice([0, 0, 1, 40]))
        context = later(bank, day)
        act = chance.choice(
            [_settle_one, _undo_one, _credit_one, _bring_some, _give_some, _take_some, _use_some, _lapse_some]
        )
        with contextlib.suppress(Refusal):
            act(context, chance)
        if chance.random() < 0.5:
            count_points(context)
        with context.database.snapshot() as tx:
            told = {each.name: tx.one(each.query).differences for each in audit_points.CHECKS}
        assert told == {"points-kept": [], "points-earned": []}
    count_points(context)
    assert failed(context) == {}
    for account_id in (ACME, SHOP, PETIT):
        found = points_of(later(bank, ON), account_id)
        assert found.balance == sum(lot.left for lot in found.lots)


def _payer(chance: random.Random) -> AccountId:
    return chance.choice([ACME, SHOP, PETIT])


def _settle_one(context: Context, chance: random.Random) -> None:
    payer_id = _payer(chance)
    pay(context, payer_id, 1_200, chance.choice([300, 600, 1_200, open_of(context, payer_id)]))


def _undo_one(context: Context, chance: random.Random) -> None:
    payer_id = _payer(chance)
    paid = [each for each in standing(operations_of(context, payer_id)) if each.kind is OperationKind.PAYMENT]
    if paid:
        undo = chance.choice([reopen_debt, return_payment])
        debt_id, undone = debt_of(context, payer_id).debt_id, chance.choice(paid).operation_id
        undo(context, payer_id, debt_id, undone, "it happens", by="cli")


def _credit_one(context: Context, chance: random.Random) -> None:
    payer_id = _payer(chance)
    part = Part(1, chance.choice([100, 250]))
    credit_bill(context, payer_id, debt_of(context, payer_id).bill_id, "it happens", [part], by="cli")


def _bring_some(context: Context, chance: random.Random) -> None:
    made = order_points(context, _payer(chance), chance.randint(1, 30), by="cli")
    name = f"{made.order_id}-{chance.random()}"
    bring(context, Tx(made.amount_minor, made.reference, bank_reference=name), name=f"{name}.xml")


def _give_some(context: Context, chance: random.Random) -> None:
    give_points(context, _payer(chance), chance.randint(1, 30), "goodwill", by="cli")


def _take_some(context: Context, chance: random.Random) -> None:
    take_points(context, _payer(chance), chance.randint(1, 10), "a mistake", by="cli")


def _use_some(context: Context, chance: random.Random) -> None:
    use_points(context, _payer(chance), chance.randint(1, 30), by="cli")


def _lapse_some(context: Context, chance: random.Random) -> None:
    del chance
    lapse_points(context, FR)


def test_the_file_of_entries_and_the_closed_month_have_points(bank: Context, tmp_path: Path) -> None:
    made = order_points(bank, ACME, 40, by="cli")
    bring(bank, Tx(200, made.reference))
    pay(bank, PETIT, 1_200, 1_200)
    december = later(bank, date(2026, 12, 21))
    close_period(december, FR, "2026-11", by="cli")
    assert counted(december, PETIT) == 20
    use_points(december, PETIT, 5, by="cli")
    give_points(december, ACME, 10, "goodwill", by="cli")
    take_points(december, ACME, 4, "a mistake", by="cli")
    told = checked(export_fec(december, FR, span("2026"), tmp_path).path)
    assert told.balances["487100"] == -(15 + 6) * 4, "4 of the 5 cents of each are expected to be used"
    said = [row["EcritureLib"] for row in told.rows if row["CompteNum"] == "487100"]
    assert len(said) == 4
    assert all(each.startswith("Points") for each in said)
    assert failed(december) == {}


def test_a_crash_between_two_movements_leaves_none(bank: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    give_points(bank, ACME, 10, "first", by="cli")
    give_points(later(bank, ON + timedelta(days=1)), ACME, 10, "second", by="cli")
    real, calls = points.move, []

    def move_once(*asked: Any) -> int:
        calls.append(asked)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return real(*asked)

    monkeypatch.setattr(points, "move", move_once)
    with pytest.raises(KeyboardInterrupt):
        use_points(later(bank, ON + timedelta(days=1)), ACME, 15, by="cli")
    monkeypatch.undo()
    assert len(calls) == 2
    assert (counted(bank), credit_of(bank, ACME)[0]) == (20, [])
