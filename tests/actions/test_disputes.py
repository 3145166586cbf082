"""Disputes: opened on a bill or a detail, by anybody; ended by the staff."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.add_operator import NoSuchOperator
from acquit.actions.credit_bill import credit_bill
from acquit.actions.open_dispute import (
    add_message,
    assign_dispute,
    close_dispute,
    credit_dispute,
    dispute_file,
    list_disputes,
    open_dispute,
    show_dispute,
    waiting_disputes,
)
from acquit.adapters.archive import DirectoryArchive
from acquit.core.account import NoSuchAccount
from acquit.core.bill import NoSuchBill
from acquit.core.dispute import BadMessage, DisputeClosed, DisputeState, NoSuchDispute, NotDisputable
from acquit.core.identifiers import AccountId, BillId, OperatorId
from acquit.core.operator import RoleForbids
from acquit.store.transaction import Database
from billed import bill, failed, family, seller, subscribe
from founding import ACME, PETIT, SAM, SHOP
from owing import debt_of, open_of, owing

FIRST = BillId("FR00000001")
ACTOR = f"account:{PETIT}"


def test_a_dispute_is_opened_listed_and_ended(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)

    opened = open_dispute(context, PETIT, FIRST, 500, " not delivered ", detail_no=1, by=ACTOR)
    assert (opened.state, opened.reason, opened.deadline_on) == (
        DisputeState.OPEN, "not delivered", date(2026, 12, 23),
    )  # fmt: skip
    with pytest.raises(NotDisputable):
        open_dispute(context, PETIT, FIRST, 701, "more", by=ACTOR)
    later = open_dispute(context, PETIT, FIRST, 700, "more", deadline_on=date(2027, 1, 1), by=ACTOR)
    assert [each.dispute_id for each in list_disputes(context, PETIT)] == [
        later.dispute_id,
        opened.dispute_id,
    ]
    assert list_disputes(context, ACME) == []

    with pytest.raises(RoleForbids):
        close_dispute(context, PETIT, opened.dispute_id, DisputeState.REJECTED, "was delivered", by=SAM)
    ended = close_dispute(context, PETIT, opened.dispute_id, DisputeState.REJECTED, "was delivered", by="cli")
    assert (ended.state, ended.outcome, ended.closed_by) == (DisputeState.REJECTED, "was delivered", "cli")
    with pytest.raises(DisputeClosed):
        close_dispute(context, PETIT, opened.dispute_id, DisputeState.CREDITED, "again", by="cli")


def test_another_accounts_bill_cannot_be_disputed(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    with pytest.raises(NoSuchBill):
        open_dispute(context, ACME, FIRST, 1, "why", by="cli")
    with pytest.raises(NoSuchDispute):
        close_dispute(context, ACME, 1, DisputeState.REJECTED, "why", by="cli")
    with pytest.raises(NoSuchAccount):
        list_disputes(context, AccountId("zz00000-acq"))


def test_a_dispute_is_talked_about_with_files_by_both_sides(database: Database, tmp_path: Path) -> None:
    context = replace(owing(database), archive=DirectoryArchive(tmp_path))
    bill_id = debt_of(context, PETIT).bill_id
    number = open_dispute(context, PETIT, bill_id, 500, "not delivered", by=ACTOR).dispute_id
    add_message(context, PETIT, number, "see the ticket", ("ticket 7.pdf", b"%PDF"), by=ACTOR)
    add_message(context, PETIT, number, "we look at it", by="operator:bob")
    for body, file in ((" ", None), ("x", ("../x", b"1")), ("x", ("x", b""))):
        with pytest.raises(BadMessage):
            add_message(context, PETIT, number, body, file, by=ACTOR)
    with pytest.raises(RoleForbids):
        add_message(context, PETIT, number, "x", by=SAM)
    _, said = show_dispute(context, PETIT, number)
    assert [(each.message_no, each.written_by, each.file_name) for each in said] == [
        (1, ACTOR, "ticket 7.pdf"), (2, "operator:bob", None),
    ]  # fmt: skip
    assert dispute_file(context, PETIT, number, 1) == ("ticket 7.pdf", b"%PDF")
    with pytest.raises(NoSuchDispute):
        dispute_file(context, PETIT, number, 2)
    with pytest.raises(NoSuchDispute):
        show_dispute(context, ACME, number)
    with pytest.raises(NoSuchOperator):
        assign_dispute(context, PETIT, number, OperatorId("nobody"), by="cli")
    assigned = assign_dispute(context, PETIT, number, OperatorId("bob"), date(2026, 12, 1), by="cli")
    assert (assigned.owner, assigned.deadline_on) == ("bob", date(2026, 12, 1))
    assert [each.dispute_id for each in waiting_disputes(context)] == [number]


def test_a_dispute_that_is_right_ends_in_a_credit_note(database: Database) -> None:
    context = owing(database)
    first, second = debt_of(context, PETIT).bill_id, debt_of(context, SHOP).bill_id
    number = open_dispute(context, PETIT, first, 600, "half broken", detail_no=1, by=ACTOR).dispute_id
    ended, note = credit_dispute(context, PETIT, number, "half was broken", by="cli")
    assert (ended.state, ended.settled_by) == (DisputeState.CREDITED, note.bill_id)
    assert (note.total_minor, open_of(context, PETIT)) == (600, 600)
    whole = open_dispute(context, SHOP, second, 1_200, "never ordered", by="cli").dispute_id
    credit_dispute(context, SHOP, whole, "never ordered", by="cli")
    assert open_of(context, SHOP) == 0
    assert failed(context) == {}


def test_what_a_dispute_ends_in_has_to_be_there(database: Database) -> None:
    context = owing(database)
    bill_id = debt_of(context, PETIT).bill_id
    number = open_dispute(context, PETIT, bill_id, 100, "too dear", by=ACTOR).dispute_id
    with pytest.raises(DisputeClosed, match="names no line"):
        credit_dispute(context, PETIT, number, "agreed", by="cli")
    with pytest.raises(DisputeClosed, match="issue it first"):
        close_dispute(context, PETIT, number, DisputeState.CREDITED, "agreed", by="cli")
    with pytest.raises(DisputeClosed, match="issue it first"):
        close_dispute(context, PETIT, number, DisputeState.CORRECTED, "agreed", bill_id, by="cli")
    note = credit_bill(context, PETIT, bill_id, "agreed", by="cli")
    ended = close_dispute(context, PETIT, number, DisputeState.CREDITED, "agreed", note.bill_id, by="cli")
    assert ended.settled_by == note.bill_id
