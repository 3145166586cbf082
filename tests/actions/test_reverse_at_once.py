"""Calls at one moment: a supply is billed once, and its bill paid, set off or taken back once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from acquit.actions.issue_reverse_bill import take_back_reverse_bill
from acquit.actions.pay_reverse_bill import pay_reverse_bill, set_off_reverse_bill
from acquit.actions.reverse_booking import standing_in
from acquit.core.errors import Refusal
from acquit.core.identifiers import BillId
from acquit.store.transaction import Database
from billed import failed
from founding import ACME, TODAY
from owing import TESS
from reversing import BOB, TERMS, agreed, billed, buying, on


def test_many_at_once_bill_a_supply_once_and_pay_it_once(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context, terms=replace(TERMS, sets_off=True))

    def tried(attempt: Callable[[], object]) -> str:
        try:
            attempt()
        except Refusal as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(tried, [lambda: billed(context)] * 6))
    assert sorted(made) == ["done"] + ["reverse-bill-refused"] * 5
    bill_id = BillId("FRS00001-000001")
    later = on(context, TODAY + timedelta(days=16))
    acts: list[Callable[[], object]] = [
        lambda: pay_reverse_bill(later, ACME, bill_id, by=TESS),
        lambda: set_off_reverse_bill(later, ACME, bill_id, by=TESS),
        lambda: take_back_reverse_bill(later, ACME, bill_id, "wrong", by=BOB),
    ]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(tried, acts * 2))
    assert "done" in done
    with database.read() as tx:
        found = standing_in(tx, ACME, bill_id)
    assert found.set_off_minor + found.paid_minor + found.paying_minor in (0, 2_400, 12_000)
    assert (found.taken_back_by is None) == (found.set_off_minor + found.paying_minor > 0)
    assert failed(context) == {}
