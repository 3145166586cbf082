"""Prepaid accounts: ordered, paid by a transfer, taken back, told when low; and the books after each."""

import random
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.add_credit import Credit, add_credit, credit_of
from acquit.actions.bank_inbox import bank_inbox, look_again
from acquit.actions.context import Context
from acquit.actions.match_by_hand import Choice, match_by_hand
from acquit.actions.order_prepayment import order_prepayment, pay_prepay_order, set_balance_threshold
from acquit.actions.pay_refunds import rehearse_refunds
from acquit.actions.refund_money import approve_refund, record_refund_paid, refuse_refund_asked
from acquit.actions.retrieve_prepaid import retrieve_prepaid
from acquit.actions.show_order import order_page
from acquit.actions.turn_day import turn_day
from acquit.actions.unmatch_entry import MoneyUsed, unmatch_entry
from acquit.core.credit_balance import BadCredit, CreditType, NotInHand, NotRetrievable
from acquit.core.debt import NoSuchDeposit, NotOwed
from acquit.core.identifiers import AccountId, OrderId, PaymentMethodId
from acquit.core.operator import RoleForbids
from acquit.core.payment_method import NoSuchPaymentMethod
from acquit.core.prepayment import (
    PREPAID_MAX,
    BadPrepayment,
    BadThreshold,
    NoSuchPrepayOrder,
    PrepaidAlready,
    PrepayOrder,
    RetrievalState,
)
from acquit.core.terms import NotThePayer
from acquit.store import audit_prepaid, mandates, prepayments, retrievals
from acquit.store.audit import audit
from acquit.store.transaction import Database, Transaction
from banking import Tx
from billed import failed, rows
from collecting import IBAN as MANDATED
from collecting import OTHER_IBAN, letters, sign
from founding import ACME, FR, LAB, PETIT, SAM
from owing import EUR, PAID_ON, TESS, TOM, debt_of, open_of, pay
from prepaying import bring, prepaying


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return prepaying(database, tmp_path)


def prepaid(context: Context, payer_id: AccountId = ACME) -> int:
    """What is left on the prepaid account."""
    lots, _ = credit_of(context, payer_id)
    return sum(lot.left_minor for lot in lots if lot.type is CreditType.PREPAID_ACCOUNT)


def order(context: Context, order_id: OrderId, payer_id: AccountId = ACME) -> PrepayOrder:
    with context.database.read() as tx:
        found = prepayments.find(tx, payer_id, order_id)
    assert found is not None
    return found


def method(context: Context, payer_id: AccountId = ACME) -> PaymentMethodId:
    """The payer's oldest mandate, as a method."""
    with context.database.read() as tx:
        return mandates.of_payer(tx, payer_id)[0].mandate.payment_method_id


def entry_id(context: Context) -> int:
    return int(rows(context, "SELECT max(entry_id) AS n FROM bank_entry")[0].n)


def test_a_transfer_with_the_reference_is_credit_by_itself(context: Context) -> None:
    made = order_prepayment(context, ACME, 50_000, by="cli")
    assert order_prepayment(context, ACME, 50_000, by="cli") == made, "asked twice, it is the same order"
    assert made.reference.encode() in order_page(context, made.order_id).replace(b" ", b"")
    bring(context, Tx(50_000, made.reference))
    paid = order(context, made.order_id)
    assert (prepaid(context), paid.is_paid, paid.deposit_id) == (50_000, True, "RC00000001")
    assert b"Pay\xc3\xa9" in order_page(context, made.order_id)
    assert open_of(context, ACME) == 1_200, "the next run uses it; what is owed stays owed until then"
    assert failed(context) == {}
    again = order_prepayment(context, ACME, 50_000, by="cli")
    assert again.order_id != made.order_id, "a paid order is over"


def test_money_that_comes_twice_waits_for_a_person(context: Context) -> None:
    made = order_prepayment(context, ACME, 700, by="cli")
    bring(context, Tx(700, made.reference, bank_reference="A"), Tx(700, made.reference, bank_reference="B"))
    assert prepaid(context) == 700
    assert bank_inbox(context, FR).waiting == 1
    assert failed(context) == {}


def test_another_amount_or_more_than_the_reference_is_proposed(context: Context) -> None:
    made = order_prepayment(context, ACME, 700, by="cli")
    bring(context, Tx(450, made.reference))
    (waiting,) = bank_inbox(context, FR).entries
    assert "the order stays open" in waiting.proposals[0].reason
    match_by_hand(context, entry_id(context), Choice(rank=1), by="cli")
    assert (prepaid(context), order(context, made.order_id).is_paid) == (0, False)
    bring(context, Tx(700, f"{made.reference} {debt_of(context, ACME).bill_id}"), name="t.xml")
    (waiting,) = bank_inbox(context, FR).entries
    assert "more is named beside it" in waiting.proposals[0].reason
    match_by_hand(context, entry_id(context), Choice(rank=1), by="cli")
    assert (prepaid(context), order(context, made.order_id).is_paid) == (700, True)
    assert failed(context) == {}


def test_a_proposal_of_an_order_that_was_paid_since_is_stale(context: Context) -> None:
    made = order_prepayment(context, ACME, 700, by="cli")
    bring(context, Tx(700, f"{made.reference} {debt_of(context, ACME).bill_id}"))
    look_again(context, FR, by="cli")
    pay_prepay_order(context, ACME, made.order_id, pay(context, ACME, 700), by="cli")
    with pytest.raises(NotOwed, match="was paid since"):
        match_by_hand(context, entry_id(context), Choice(rank=1), by="cli")


def test_undone_the_order_is_awaited_again_and_used_money_cannot_be_undone(context: Context) -> None:
    made = order_prepayment(context, ACME, 900, by="cli")
    bring(context, Tx(900, made.reference))
    entry = entry_id(context)
    unmatch_entry(context, entry, "of somebody else", by="cli")
    assert (prepaid(context), order(context, made.order_id).is_paid) == (0, False)
    assert failed(context) == {}
    look_again(context, FR, by="cli")
    match_by_hand(context, entry, Choice(rank=1), by="cli")
    assert order(context, made.order_id).is_paid
    retrieve_prepaid(context, ACME, 100, method(context), by="account")
    with pytest.raises(MoneyUsed):
        unmatch_entry(context, entry, "again", by="cli")
    assert order(context, made.order_id).is_paid, "what is refused changes nothing"
    assert failed(context) == {}


def test_money_without_the_reference_pays_the_order_by_hand(context: Context) -> None:
    made = order_prepayment(context, ACME, 800, by="cli")
    deposit_id = pay(context, ACME, 900)
    with pytest.raises(NoSuchPrepayOrder):
        pay_prepay_order(context, PETIT, made.order_id, deposit_id, by="cli")
    with pytest.raises(NoSuchDeposit):
        pay_prepay_order(context, ACME, made.order_id, "RC99", by="cli")
    with pytest.raises(NotInHand):
        pay_prepay_order(context, ACME, made.order_id, pay(context, ACME, 799), by="cli")
    lot = pay_prepay_order(context, ACME, made.order_id, deposit_id, by="cli")
    assert (lot.type, lot.left_minor, prepaid(context)) == (CreditType.PREPAID_ACCOUNT, 800, 800)
    with pytest.raises(PrepaidAlready):
        pay_prepay_order(context, ACME, made.order_id, deposit_id, by="cli")
    assert failed(context) == {}


def test_money_of_another_currency_pays_no_order(context: Context) -> None:
    made = order_prepayment(context, ACME, 800, by="cli")
    deposit_id = pay(context, ACME, 900)
    with context.database.write() as tx:
        tx.connection.execute("RESET ROLE")
        tx.connection.execute("SET LOCAL session_replication_role = replica")
        tx.connection.execute("UPDATE deposit SET currency = 'USD'")
    with pytest.raises(BadCredit, match="in USD"):
        pay_prepay_order(context, ACME, made.order_id, deposit_id, by="cli")


def test_who_may_order_what(context: Context) -> None:
    for amount in (0, -1, PREPAID_MAX + 1):
        with pytest.raises(BadPrepayment):
            order_prepayment(context, ACME, amount, by="cli")
    with pytest.raises(NotThePayer):
        order_prepayment(context, LAB, 100, by="cli")
    made = order_prepayment(context, ACME, 100, by="account")
    with pytest.raises(RoleForbids):
        pay_prepay_order(context, ACME, made.order_id, pay(context, ACME, 100), by=SAM)


def fill(context: Context, *amounts: int) -> None:
    """Acme has prepaid these amounts, each with a deposit of its own."""
    for amount in amounts:
        credit = Credit(
            amount, EUR, CreditType.PREPAID_ACCOUNT, "prepaid", deposit_id=pay(context, ACME, amount)
        )
        add_credit(context, ACME, credit, by="cli")


def test_a_retrieval_takes_the_oldest_money_to_the_account_that_was_named(context: Context) -> None:
    fill(context, 300, 500)
    first = method(context)
    sign(context, ACME, OTHER_IBAN)
    made = retrieve_prepaid(context, ACME, 600, first, by="account")
    assert [(part.amount_minor, part.deposit_id) for part in made.parts] == [
        (300, "RC00000001"), (300, "RC00000002"),
    ]  # fmt: skip
    assert (made.state, prepaid(context)) == (RetrievalState.ASKED, 200)
    assert failed(context) == {}
    for part in made.parts:
        approve_refund(context, ACME, part.refund_id, by=TOM)
    assert state(context, made.order_id) is RetrievalState.APPROVED
    assert {line.iban for line in rehearse_refunds(context, FR).lines} == {MANDATED}, "not the newest mandate"
    record_refund_paid(context, ACME, made.parts[0].refund_id, PAID_ON, by="cli")
    assert state(context, made.order_id) is RetrievalState.APPROVED
    record_refund_paid(context, ACME, made.parts[1].refund_id, PAID_ON, by="cli")
    assert state(context, made.order_id) is RetrievalState.PAID
    assert failed(context) == {}


def state(context: Context, order_id: OrderId) -> RetrievalState:
    with context.database.read() as tx:
        (found,) = retrievals.find_several(tx, ACME, [order_id])
    page = order_page(context, order_id).decode()
    assert f"Remboursement {order_id}" in page
    return found.state


def test_a_refused_retrieval_leaves_the_money_unapplied(context: Context) -> None:
    fill(context, 300)
    made = retrieve_prepaid(context, ACME, 300, method(context), by="account")
    refuse_refund_asked(context, ACME, made.parts[0].refund_id, "a bill is due", by=TESS)
    assert state(context, made.order_id) is RetrievalState.ENDED
    assert prepaid(context) == 0
    assert failed(context) == {}


def test_no_more_than_there_is_and_only_to_an_account_of_ones_own(context: Context) -> None:
    fill(context, 300)
    for amount in (0, -5, 301):
        with pytest.raises(NotRetrievable):
            retrieve_prepaid(context, ACME, amount, method(context), by="account")
    with pytest.raises(NoSuchPaymentMethod):
        retrieve_prepaid(context, ACME, 100, method(context, PETIT), by="account")
    assert prepaid(context) == 300


def test_who_wants_it_is_told_once_when_the_balance_is_low(context: Context) -> None:
    with pytest.raises(BadThreshold):
        set_balance_threshold(context, ACME, -1, by="account")
    with pytest.raises(NotThePayer):
        set_balance_threshold(context, LAB, 100, by="account")
    fill(context, 300)
    set_balance_threshold(context, ACME, 200, by="account")
    turn_day(context)
    assert letters(context) == []
    retrieve_prepaid(context, ACME, 150, method(context), by="account")
    turn_day(context)
    turn_day(context)
    ((to, subject, text),) = letters(context)
    assert to == f"{ACME}@example.com"
    assert "1.50 EUR" in subject
    assert "2.00 EUR" in text
    fill(context, 300)
    turn_day(context)
    retrieve_prepaid(context, ACME, 400, method(context), by="account")
    turn_day(context)
    assert len(letters(context)) == 2, "the balance was back, and fell again"
    set_balance_threshold(context, ACME, None, by="account")
    turn_day(context)
    assert len(letters(context)) == 2


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_no_cent_is_lost_or_made(context: Context, seed: int) -> None:
    dice, came, paid_back, awaited = random.Random(seed), 0, 0, dict[OrderId, int]()
    for step in range(14):
        kind = dice.choice(("order", "transfer", "by hand", "back", "back"))
        if kind == "order":
            made = order_prepayment(context, ACME, dice.randrange(1, 5_000), by="account")
            awaited[made.order_id] = made.amount_minor
        elif kind == "back" and prepaid(context):
            part = dice.randrange(1, prepaid(context) + 1)
            retrieval = retrieve_prepaid(context, ACME, part, method(context), by="account")
            for each in retrieval.parts:
                if dice.random() < 0.5:
                    approve_refund(context, ACME, each.refund_id, by=TOM)
                    record_refund_paid(context, ACME, each.refund_id, PAID_ON, by="cli")
                    paid_back += each.amount_minor
        elif awaited and kind != "back":
            order_id, amount = awaited.popitem()
            came += amount
            if kind == "transfer":
                bring(context, Tx(amount, order(context, order_id).reference), name=f"{seed}-{step}.xml")
            else:
                pay_prepay_order(context, ACME, order_id, pay(context, ACME, amount), by="cli")
        asked = rows(context, "SELECT coalesce(sum(amount_minor), 0)::bigint AS minor FROM refund")[0].minor
        assert came == prepaid(context) + asked, "what came is on the account or on its way back"
        assert paid_back <= asked
    assert failed(context) == {}


# ---------------------------------------------------------------- the audit

TAMPERINGS = [
    ("prepay-orders", "UPDATE credit_movement SET amount_minor = 1 WHERE lot_id = movement_id"),
    ("prepay-orders", "UPDATE credit_movement SET type = 'BONUS' WHERE lot_id = movement_id"),
    ("prepay-orders", "UPDATE prepay_order SET amount_minor = 1"),
    ("prepay-orders", "DELETE FROM prepay_order"),
    ("prepay-orders", "DELETE FROM deposit"),
    ("retrievals", "UPDATE retrieval SET amount_minor = 1"),
    ("retrievals", "UPDATE refund SET currency = 'USD'"),
    ("retrievals", "DELETE FROM retrieval_part"),
    ("retrievals", "UPDATE retrieval SET payment_method_id = 1"),
]


@pytest.fixture(scope="module")
def world(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> tuple[Context, str, str]:
    """An order is paid by a transfer, and a part of its money ordered back."""
    context = prepaying(module_database, tmp_path_factory.mktemp("archive"))
    made = order_prepayment(context, ACME, 500, by="cli")
    bring(context, Tx(500, made.reference))
    back = retrieve_prepaid(context, ACME, 200, method(context), by="cli")
    return context, f"{ACME}/{made.order_id}", f"{ACME}/{back.order_id}"


@pytest.fixture
def superuser(module_database_url: str, world: tuple[Context, str, str]) -> Iterator[Transaction]:
    with psycopg.connect(module_database_url, row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Transaction(connection)
        connection.rollback()


def test_untouched_both_checks_pass_and_compare_something(world: tuple[Context, str, str]) -> None:
    with world[0].database.snapshot() as tx:
        found = {each.name: each for each in audit(tx)}
    assert {name: each.differences for name, each in found.items() if not each.passed} == {}
    assert [found[check.name].compared for check in audit_prepaid.CHECKS] == [1, 1]


@pytest.mark.parametrize(("name", "statement"), TAMPERINGS)
def test_what_was_tampered_with_is_named(
    name: str, statement: str, superuser: Transaction, world: tuple[Context, str, str]
) -> None:
    assert superuser.connection.execute(statement.encode()).rowcount
    (check,) = [each for each in audit_prepaid.CHECKS if each.name == name]
    assert superuser.one(check.query).differences == [world[1] if name == "prepay-orders" else world[2]]


def test_every_check_has_a_tampering() -> None:
    assert {name for name, _ in TAMPERINGS} == {check.name for check in audit_prepaid.CHECKS}
