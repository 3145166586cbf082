"""Points: earned by what is paid, taken back, lapsed, given, used; register and books after each."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from acquit.actions.add_credit import Credit, add_credit, credit_of
from acquit.actions.context import Context
from acquit.actions.count_points import count_points, lapse_points
from acquit.actions.credit_bill import credit_bill
from acquit.actions.give_points import give_points, take_points
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.order_points import order_points
from acquit.actions.pay_order import pay_order
from acquit.actions.set_points_programme import (
    end_points_programme,
    programmes_of,
    set_points_programme,
)
from acquit.actions.set_points_threshold import set_points_threshold
from acquit.actions.settle_debt import apply_deposit, reopen_debt, return_payment
from acquit.actions.show_points import points_of
from acquit.actions.turn_day import turn_day
from acquit.actions.use_points import use_points
from acquit.actions.write_off_debt import write_off_debt
from acquit.core.credit import Part
from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import AccountId
from acquit.core.journal import ChartIncomplete
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.point import (
    BadPoints,
    BadProgramme,
    NoProgramme,
    NotEnoughPoints,
    PointsKind,
    PointsNotSold,
)
from acquit.core.prepayment import BadPrepayment
from acquit.core.service_order import OrderMeans
from acquit.core.terms import NotThePayer
from acquit.store.transaction import Database
from billed import ON, bill, failed, later, rows, subscribe
from collecting import EMAILS, Postbox, letters
from founding import ACME, FR, LAB, PETIT, SAM
from ordering import SERVER, ordered
from owing import EUR, TESS, debt_of, ledger, operations_of, owing, part, pay
from pointing import PROGRAMME, counted, kinds, points_ledger
from selling import catalogue

USD = Currency("USD")


@pytest.fixture
def context(database: Database) -> Context:
    """The programme holds from today on; everybody owes a bill of 10.00 net, 12.00 in all, of today."""
    made = owing(database)
    set_points_programme(made, PROGRAMME, by="cli")
    return made


def return_first(context: Context, account_id: AccountId = ACME) -> None:
    """The bank takes back what paid the oldest bill."""
    debt, operation = debt_of(context, account_id), operations_of(context, account_id)[0]
    return_payment(context, account_id, debt.debt_id, operation.operation_id, "no funds", by="cli")


def test_a_bill_brings_points_once_it_is_paid_whole(context: Context) -> None:
    pay(context, ACME, 1_000, 1_000)
    assert (counted(context), points_ledger(context)) == (0, 0), "2.00 are open"
    pay(context, ACME, 200, 200)
    assert (counted(context), points_ledger(context)) == (20, 80)
    assert counted(context) == 20, "counted again, nothing changes"
    (lot,) = points_of(context, ACME).lots
    assert (lot.worth_minor, lot.lapses_on, lot.kind) == (5, date(2027, 11, 23), PointsKind.EARNED)
    assert counted(context, PETIT) == 0, "who paid nothing has nothing"


def test_the_points_of_a_sub_account_are_its_payers(context: Context) -> None:
    deposit = pay(context, ACME, 2_400, 1_200)
    apply_deposit(context, ACME, deposit, [part(context, LAB)], by="cli")
    assert (counted(context), points_of(context, LAB).balance) == (40, 0)
    for act in (
        lambda: give_points(context, LAB, 1, "x", by="cli"),
        lambda: use_points(context, LAB, 1, by="cli"),
        lambda: set_points_threshold(context, LAB, 1, by="cli"),
    ):
        with pytest.raises(NotThePayer):
            act()


def test_a_returned_payment_takes_its_points_back(context: Context) -> None:
    pay(context, ACME, 1_200, 1_200)
    assert counted(context) == 20
    return_first(context)
    assert (counted(context), points_ledger(context)) == (0, 0)
    pay(context, ACME, 1_200, 1_200)
    assert (counted(context), kinds(context)) == (20, [("earned", 20), ("back", -20), ("earned", 20)])


def test_what_is_not_there_is_owed_and_taken_from_the_next_points(context: Context) -> None:
    pay(context, ACME, 1_200, 1_200)
    count_points(context)
    use_points(context, ACME, 15, by="cli")
    return_first(context)
    assert (counted(context), points_ledger(context)) == (0, 0)
    assert [each.points for each in points_of(context, ACME).owed] == [15]
    give_points(context, ACME, 10, "goodwill", by="cli")
    assert (counted(context), [each.points for each in points_of(context, ACME).owed]) == (0, [5])
    give_points(context, ACME, 10, "goodwill", by="cli")
    assert (counted(context), points_of(context, ACME).owed) == (5, [])
    assert points_ledger(context) == 20
    pay(context, ACME, 1_200, 1_200)
    assert counted(context) == 25, "paid again, the bill brings all of its points again"


def test_a_credit_note_takes_back_what_its_part_earned(context: Context) -> None:
    pay(context, ACME, 1_200, 1_200)
    assert counted(context) == 20
    credit_bill(context, ACME, debt_of(context, ACME).bill_id, "an outage", [Part(1, 250)], by="cli")
    assert (counted(context), points_ledger(context)) == (15, 60)
    credit_bill(context, ACME, debt_of(context, ACME).bill_id, "all of it", by="cli")
    assert (counted(context), points_ledger(context)) == (0, 0)


def test_what_the_seller_gave_or_gives_up_earns_nothing(context: Context) -> None:
    add_credit(context, PETIT, Credit(600, EUR, CreditType.BONUS, "welcome"), by="cli")
    subscribe(context, PETIT, "second")
    bill(context)
    newest = rows(context, "SELECT max(debt_id) AS n FROM debt WHERE payer_id = 'cd67890-acq'")[0].n
    pay_rest = replace(part(context, PETIT, 600), debt_id=newest)
    deposit = pay(context, PETIT, 600)
    apply_deposit(context, PETIT, deposit, [pay_rest], by="cli")
    assert counted(context, PETIT) == 10, "half of it was paid"
    pay(context, ACME, 1_190, 1_190)
    write_off_debt(context, ACME, debt_of(context, ACME).debt_id, "a trifle", 10, by="cli")
    assert counted(context) == 19, "what was paid, without what was given up"


def test_lines_of_some_plans_and_kinds_do_not_count(database: Database) -> None:
    context = owing(database)
    plain = replace(PROGRAMME, without_plans=("vps-1",))
    set_points_programme(context, plain, by="cli")
    pay(context, ACME, 1_200, 1_200)
    assert counted(context) == 0
    set_points_programme(context, replace(PROGRAMME, without_kinds=("usage",)), by="cli")
    assert counted(context) == 20, "the latest of a day holds, and is counted anew"
    set_points_programme(context, replace(PROGRAMME, without_kinds=("renewal",)), by="cli")
    assert counted(context) == 0


def test_a_bill_earns_what_held_when_it_was_issued(context: Context) -> None:
    tomorrow = replace(PROGRAMME, from_on=ON + timedelta(days=1), points=10, worth_minor=1)
    set_points_programme(context, tomorrow, by="cli")
    pay(context, ACME, 1_200, 1_200)
    assert counted(later(context, ON + timedelta(days=40))) == 20
    assert points_of(context, ACME).lots[0].worth_minor == 5
    ended = end_points_programme(context, FR, None, by="cli")
    assert [each.points for each in programmes_of(context, FR)] == [2, 10, 0]
    set_points_programme(context, replace(tomorrow, from_on=ON + timedelta(days=9)), by="cli")
    set_points_programme(context, replace(tomorrow, from_on=ON + timedelta(days=9), currency=USD), by="cli")
    ended = end_points_programme(later(context, ON + timedelta(days=2)), FR, None, by="cli")
    latest = {(each.currency, each.from_on): each.points for each in programmes_of(context, FR)}
    assert latest[EUR, ON + timedelta(days=9)] == 0, "what was announced does not begin"
    assert latest[USD, ON + timedelta(days=9)] == 10
    assert (ended.points, ended.is_sold) == (0, False)
    assert counted(context) == 20, "what is there stays"


def test_points_lapse_on_their_day_the_oldest_first(context: Context) -> None:
    give_points(context, ACME, 10, "first", by="cli")
    soon = later(context, ON + timedelta(days=30))
    give_points(soon, ACME, 7, "second", by="cli")
    use_points(soon, ACME, 4, by="cli")
    assert [lot.left for lot in points_of(soon, ACME).lots] == [6, 7]
    eve, day = later(context, date(2027, 11, 22)), later(context, date(2027, 11, 23))
    assert lapse_points(eve, FR) == 0
    assert points_of(day, ACME).balance == 7, "what lapsed cannot be used, before it is swept"
    with pytest.raises(NotEnoughPoints):
        use_points(day, ACME, 8, by="cli")
    turn_day(day)
    assert kinds(day)[-1] == ("lapsed", -6)
    assert (points_of(day, ACME).balance, points_ledger(day), failed(day)) == (7, 28, {})
    turn_day(day)
    assert kinds(day)[-1] == ("lapsed", -6)


def test_points_become_a_bonus_that_pays_the_next_bill(context: Context) -> None:
    give_points(context, PETIT, 100, "goodwill", by="cli")
    before = ledger(context)
    (lot,) = use_points(context, PETIT, 60, by="cli")
    assert (lot.type, lot.left_minor, lot.balance) == (CreditType.BONUS, 300, "points")
    after = ledger(context)
    moved = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    assert {key: value for key, value in moved.items() if value} == {
        "419700": -300, "487100": 240, "709600": 60,
    }  # fmt: skip
    subscribe(context, PETIT, "second")
    bill(context)
    lots, _ = credit_of(context, PETIT)
    assert (lots, failed(context)) == ([], {})
    for count in (0, -1, 41, 10**12):
        with pytest.raises((BadPoints, NotEnoughPoints)):
            use_points(context, PETIT, count, by="cli")


def test_points_pay_an_order(context: Context) -> None:
    import_catalogue(context, catalogue(), by="cli", legal_entity_id=FR, from_on=date(2025, 1, 1))
    made = ordered(context, SERVER, account_id=PETIT)
    give_points(context, PETIT, made.total_minor // 5 - 1, "goodwill", by="cli")
    with pytest.raises(NotEnoughPoints):
        pay_order(context, PETIT, made.order_id, None, by="cli", with_points=True)
    assert points_of(context, PETIT).balance == made.total_minor // 5 - 1, "nothing moved"
    give_points(context, PETIT, 3, "goodwill", by="cli")
    paid = pay_order(context, PETIT, made.order_id, None, by="cli", with_points=True)
    assert paid.payment is not None
    assert (paid.payment.means, len(paid.services) > 0) == (OrderMeans.POINTS, True)
    assert points_of(context, PETIT).balance == 2 - (made.total_minor % 5 > 0)
    again = pay_order(context, PETIT, made.order_id, None, by="cli", with_points=True)
    assert (again, failed(context)) == (paid, {})
    bill(context)
    newest = rows(context, "SELECT prepaid_minor, total_minor FROM bill ORDER BY order_id DESC LIMIT 1")[0]
    assert newest.prepaid_minor == newest.total_minor == made.total_minor
    assert counted(context, PETIT) == points_of(context, PETIT).balance, "what points paid earns none"


def test_staff_gives_and_takes_with_a_reason(context: Context) -> None:
    give_points(context, ACME, 10, " goodwill ", by=TESS)
    assert take_points(context, ACME, 4, "a mistake", by="cli") == 6
    assert kinds(context) == [("given", 10), ("taken", -4)]
    assert (counted(context), points_ledger(context)) == (6, 24)
    with pytest.raises(NotEnoughPoints):
        take_points(context, ACME, 7, "more than there is", by="cli")
    for wrong in ((0, "x"), (-1, "x"), (1, "  "), (10**10, "x")):
        with pytest.raises(BadPoints):
            give_points(context, ACME, *wrong, by="cli")
    with pytest.raises(RoleForbids):
        give_points(context, ACME, 1, "x", by=SAM)
    with pytest.raises(RoleForbids):
        set_points_programme(context, PROGRAMME, by=TESS)


def test_a_programme_is_refused_that_makes_no_sense(database: Database) -> None:
    context = owing(database)
    with pytest.raises(NoProgramme):
        give_points(context, ACME, 1, "x", by="cli")
    with pytest.raises(NoProgramme):
        end_points_programme(context, FR, None, by="cli")
    wrong: list[dict[str, Any]] = [
        {"from_on": ON - timedelta(days=1)}, {"points": -1}, {"per_minor": 0}, {"worth_minor": 0},
        {"worth_minor": 51}, {"used_bp": 0}, {"used_bp": 10_001}, {"lapse_months": 0},
    ]  # fmt: skip
    for each in wrong:
        with pytest.raises(BadProgramme):
            set_points_programme(context, replace(PROGRAMME, **each), by="cli")
    with psycopg.connect(context.database.url, autocommit=True) as connection:
        connection.execute("DELETE FROM ledger_account WHERE role = 'points'")
    with pytest.raises(ChartIncomplete, match="points"):
        set_points_programme(context, PROGRAMME, by="cli")


def test_a_letter_tells_once_that_points_are_few(context: Context) -> None:
    context = replace(context, mailer=Postbox())
    with context.database.write() as tx:
        tx.run(EMAILS)
    give_points(context, ACME, 10, "goodwill", by="cli")
    set_points_threshold(context, ACME, 8, by="cli")
    turn_day(context)
    before = len(letters(context))
    use_points(context, ACME, 5, by="cli")
    turn_day(context)
    turn_day(context)
    assert len(letters(context)) == before + 1
    give_points(context, ACME, 5, "goodwill", by="cli")
    turn_day(context)
    use_points(context, ACME, 5, by="cli")
    turn_day(context)
    assert len(letters(context)) == before + 2, "they were back in between"
    with pytest.raises(BadPoints):
        set_points_threshold(context, ACME, -1, by="cli")


def test_the_register_refuses_what_does_not_follow(context: Context) -> None:
    give_points(context, ACME, 10, "goodwill", by="cli")
    lot = points_of(context, ACME).lots[0].lot_id
    insert = """
        INSERT INTO points_movement (account_id, kind, points, balance, lot_id, occurred_on, recorded_by)
        VALUES ('ab12345-acq', 'taken', %s, %s, %s, '2026-11-23', 'x')
    """
    with psycopg.connect(context.database.url, autocommit=True) as connection:
        for moved, balance, of in ((-11, -1, lot), (-4, 7, lot), (-4, 6, lot + 100), (-4, 16, lot)):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(insert, (moved, balance, of))
        connection.execute(insert, (-4, 6, lot))


def test_reopening_by_hand_takes_points_back_too(context: Context) -> None:
    pay(context, ACME, 1_200, 1_200)
    count_points(context)
    debt, operation = debt_of(context, ACME), operations_of(context, ACME)[0]
    reopen_debt(context, ACME, debt.debt_id, operation.operation_id, "a mistake", by="cli")
    with pytest.raises(NotEnoughPoints):
        use_points(context, ACME, 20, by="cli")
    assert counted(context) == 0, "what was undone is counted before anything is used"


def test_points_that_are_not_sold_are_not_ordered(context: Context) -> None:
    with pytest.raises(PointsNotSold):
        order_points(context, ACME, 10, by="cli")
    set_points_programme(context, replace(PROGRAMME, is_sold=True), by="cli")
    for wrong in (0, -1, 10**12):
        with pytest.raises((BadPoints, BadPrepayment)):
            order_points(context, ACME, wrong, by="cli")
    with pytest.raises(NotThePayer):
        order_points(context, LAB, 10, by="cli")


def test_of_many_at_once_one_uses_the_points(context: Context) -> None:
    give_points(context, ACME, 20, "goodwill", by="cli")
    pay(context, PETIT, 1_200, 1_200)

    def use(_: int) -> bool:
        try:
            use_points(context, ACME, 20, by="cli")
        except NotEnoughPoints:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        counts = [threads.submit(count_points, context) for _ in range(3)]
        assert sum(threads.map(use, range(6))) == 1
        assert sum(each.result() for each in counts) == 1, "a bill is counted once"
    assert (counted(context), counted(context, PETIT)) == (0, 20)
