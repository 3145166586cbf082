"""A business day begins once for each legal entity."""

from datetime import date
from pathlib import Path
from typing import LiteralString

import pytest

from acquit.actions.context import Context
from acquit.actions.turn_day import Turned, turn_day
from acquit.adapters.clock import FixedClock
from acquit.store.transaction import Database
from issued_papers import paper_context

SELLER: LiteralString = """
    INSERT INTO legal_entity (legal_entity_id, name, street, zip, city, country, currency, zone,
                              bill_series_id, credit_series_id, deposit_series_id)
    VALUES ('FR', 'Nuage', '1 rue du Quai', '59000', 'Lille', 'FR', 'EUR', 'Europe/Paris', 'FR', 'AV', 'RC')
"""
HEADS: LiteralString = "SELECT scope, name, accounts FROM chain_head ORDER BY name"


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return paper_context(database, tmp_path)


def on(context: Context, day: date) -> Context:
    return Context(context.database, FixedClock(day), context.sealer, context.archive, context.mailer)


def test_each_day_is_sealed_once(context: Context) -> None:
    with context.database.write() as tx:
        tx.run(SELLER)
    assert turn_day(on(context, date(2026, 12, 2))) == Turned(accounts=0, days=1)
    assert turn_day(on(context, date(2026, 12, 2))) == Turned(accounts=0, days=0)
    assert turn_day(on(context, date(2026, 12, 3))) == Turned(accounts=0, days=1)
    with context.database.read() as tx:
        assert [tuple(row) for row in tx.all(HEADS)] == [
            ("day", "FR 2026-12-01", 0),
            ("day", "FR 2026-12-02", 0),
        ]
