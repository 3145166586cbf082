"""Reverse bills that are asked to be paid each morning, by a seller that chose so."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from acquit.actions import pay_reverse_bill
from acquit.actions.pay_reverse_bill import pay_reverse_bills_on_their_day
from acquit.actions.refund_money import refuse_refund_asked
from acquit.actions.reverse_booking import standing_in
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.core.refund import RefundState
from acquit.core.self_billing import Regime
from acquit.store import refunds
from acquit.store.transaction import Database
from billed import failed
from founding import ACME, FR, PETIT, SHOP, TODAY
from owing import TOM
from reversing import TERMS, agreed, billed, buying, on


def test_a_seller_may_choose_that_they_are_paid_on_their_day(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path, approval_above_minor=11_000)
    agreed(context)
    agreed(context, PETIT, replace(TERMS, regime=Regime.SMALL_EXEMPT))
    agreed(context, SHOP, replace(TERMS, sets_off=True))
    made = [billed(context, account_id).bill_id for account_id in (ACME, PETIT, SHOP)]
    due = on(context, TODAY + timedelta(days=30))
    assert pay_reverse_bills_on_their_day(due) == 0, "nobody chose so"
    set_legal_entity(context, FR, {"pays_reverse_bills": True}, by="cli")
    assert pay_reverse_bills_on_their_day(on(context, TODAY + timedelta(days=29))) == 0, "not due yet"
    assert pay_reverse_bills_on_their_day(due) == 2, "the shop owes what could be set off"
    with database.read() as tx:
        found = [refunds.find(tx, ACME, 1), refunds.find(tx, PETIT, 2)]
    assert [(each.state, each.asked_by) for each in found if each is not None] == [
        (RefundState.ASKED, "system"), (RefundState.APPROVED, "system"),
    ], "a large one waits for a person"  # fmt: skip
    with database.read() as tx:
        assert standing_in(tx, SHOP, made[2]).open_minor == 12_000
    refuse_refund_asked(due, ACME, 1, "look again", by=TOM)
    assert pay_reverse_bills_on_their_day(due) == 0, "what a person refused is not asked for again"
    assert failed(context) == {}


def test_what_is_left_to_a_person_keeps_nothing_else_waiting(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are left alone, those behind them are paid: bills are read by pages, here of one."""
    monkeypatch.setattr(pay_reverse_bill, "AT_ONCE", 1)
    context = buying(database, tmp_path)
    agreed(context, ACME, replace(TERMS, sets_off=True))
    agreed(context, PETIT, replace(TERMS, regime=Regime.SMALL_EXEMPT))
    made = [billed(context, account_id).bill_id for account_id in (ACME, PETIT)]
    set_legal_entity(context, FR, {"pays_reverse_bills": True}, by="cli")
    due = on(context, TODAY + timedelta(days=30))
    assert pay_reverse_bills_on_their_day(due) == 1, "the first owes what could be set off"
    assert pay_reverse_bills_on_their_day(due) == 0, "asked for once"
    with database.read() as tx:
        first, second = [standing_in(tx, *each) for each in zip((ACME, PETIT), made, strict=True)]
    assert (first.paying_minor, second.open_minor) == (0, 0)
    assert second.paying_minor == second.total_minor
