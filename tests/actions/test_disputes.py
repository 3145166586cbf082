"""Disputes: opened on a bill or a detail, by anybody; ended by the staff."""

from datetime import date

import pytest

from acquit.actions.open_dispute import close_dispute, list_disputes, open_dispute
from acquit.core.account import NoSuchAccount
from acquit.core.bill import NoSuchBill
from acquit.core.dispute import DisputeClosed, DisputeState, NoSuchDispute, NotDisputable
from acquit.core.identifiers import AccountId, BillId
from acquit.core.operator import RoleForbids
from acquit.store.transaction import Database
from billed import bill, family, seller, subscribe
from founding import ACME, PETIT, SAM

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
