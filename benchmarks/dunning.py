"""Dunning over so many open debts: steps decided and written in sets, without the letters' rendering.

Ten debts per payer, due between 70 days ago and in 10 days; a third is paid in part, some are disputed or
covered by money that waits. Two days are run, 8 days apart, so that the second one looks at a full history.
The baseline is one statement that sums the operations of every debt.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
from rig import rig, say, tell

from acquit.actions.run_dunning import PAYERS_PER_PAGE, chase_of
from acquit.core.identifiers import LegalEntityId
from acquit.store import dunning, legal_entities
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database

ON: Final = date(2026, 11, 23)
DEBTS_PER_PAYER: Final = 10

SEED: Final = """
INSERT INTO legal_entity (legal_entity_id, name, street, zip, city, country, currency, zone,
                          bill_series_id, credit_series_id, deposit_series_id)
VALUES ('FR', 'Bench', '1 rue', '59000', 'Lille', 'FR', 'EUR', 'Europe/Paris', 'FR', 'FRC', 'FRD');
INSERT INTO series (series_id, legal_entity_id, document, prefix, reference_code)
VALUES ('FR', 'FR', 'bill', 'FR', 'FR'), ('FRC', 'FR', 'credit-note', 'FRC', 'FRC'),
       ('FRD', 'FR', 'deposit', 'FRD', 'FRD');
INSERT INTO account (account_id, legal_entity_id, payer_id, currency)
SELECT name, 'FR', name, 'EUR'
  FROM generate_series(1::bigint, {payers}) n,
       LATERAL (SELECT 'bb' || lpad(n::text, 7, '0') || '-acq') a(name);
INSERT INTO bill (account_id, bill_id, order_id, kind, legal_entity_id, payer_id, category, issued_on,
                  issued_at, term_days, term_method, term_grant_id, due_on, currency, net_minor, tax_minor,
                  total_minor, payment_reference, language, seller_hash, buyer_hash)
SELECT name, 'FR' || lpad((n * 10 + k)::text, 9, '0'), n * 10 + k, 'bill', 'FR', name, 'autorenew',
       '{on}', '{on}', 30, 'net', CASE WHEN n % 4 = 0 THEN n END,
       date '{on}' - 70 + ((n * 7 + k * 8) % 81)::int, 'EUR',
       1000 + k, 200, 1200 + k, 'RF00', 'fr_FR', '', ''
  FROM generate_series(1::bigint, {payers}) n, generate_series(0, 9) k,
       LATERAL (SELECT 'bb' || lpad(n::text, 7, '0') || '-acq') a(name);
INSERT INTO debt (account_id, debt_id, bill_id, payer_id, currency, amount_minor, opened_at, due_on)
SELECT account_id, order_id, bill_id, payer_id, currency, total_minor, issued_at, due_on FROM bill;
INSERT INTO debt_operation (account_id, debt_id, kind, means, amount_minor, occurred_on)
SELECT account_id, debt_id, 'payment', 'transfer', 100, '{on}' FROM debt WHERE debt_id % 3 = 0;
INSERT INTO dispute (account_id, bill_id, amount_minor, reason, opened_by, deadline_on)
SELECT account_id, bill_id, 300, 'x', 'x', '{on}' FROM debt WHERE debt_id % 500 = 0;
INSERT INTO deposit (account_id, deposit_id, legal_entity_id, order_id, received_on, amount_minor, currency,
                     means)
SELECT account_id, 'D' || account_id, 'FR', 1, '{on}', 1500, 'EUR', 'transfer'
  FROM account WHERE substr(account_id, 9, 1) = '5'
"""

BASELINE: Final = """
SELECT count(*), sum(d.amount_minor + coalesce(o.effect_minor, 0))
  FROM debt d
  LEFT JOIN (SELECT account_id, debt_id, sum(effect_minor) AS effect_minor
               FROM debt_operation GROUP BY account_id, debt_id) o USING (account_id, debt_id)
"""


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--debts", type=int, default=100_000, help="how many debts are open")
    given = parser.parse_args()
    payers = max(given.debts // DEBTS_PER_PAYER, 1)
    with _cluster() as url:
        say(f"Making {payers * DEBTS_PER_PAYER} debts of {payers} payers.")
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(SEED.format(payers=payers, on=ON).encode())
            owner.execute("VACUUM (ANALYZE)")
            begun = time.perf_counter()
            owner.execute(BASELINE.encode())
            baseline = time.perf_counter() - begun
        figures: dict[str, Any] = {"debts": payers * DEBTS_PER_PAYER, "payers": payers}
        with Database(url) as database:
            for day in (0, 8):
                figures |= _measured(database, ON + timedelta(days=day), f"day_{day}")
        figures["sum_seconds"] = round(baseline, 3)
        figures["ratio"] = round(figures["day_8_seconds"] / baseline, 1)
        tell("dunning", rig(url), figures)


@contextmanager
def _cluster() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory(prefix="acquit-bench-") as home,
        open_cluster(Path(home), None) as cluster,
    ):
        migrate(cluster.url)
        yield cluster.url


def _measured(database: Database, on: date, name: str) -> dict[str, Any]:
    """Take the steps of a day, page by page as a run does."""
    with database.read() as tx:
        entity = legal_entities.find(tx, LegalEntityId("FR"))
        assert entity is not None, "the seller was made above"
        chase = chase_of(tx, entity, on)
    begun, after, debts, slowest = time.perf_counter(), "", 0, 0.0
    while True:
        started = time.perf_counter()
        with database.write() as tx:
            page = dunning.payers(tx, chase, after, PAYERS_PER_PAGE)
            if not page:
                break
            dunning.hold(tx, page)
            debts += sum(each.debts for each in dunning.take_steps(tx, chase, page))
        after, slowest = page[-1], max(slowest, time.perf_counter() - started)
    seconds = time.perf_counter() - begun
    say(f"{on}: {debts} debts took a step in {seconds:.1f} s")
    return {
        f"{name}_seconds": round(seconds, 2),
        f"{name}_steps": debts,
        f"{name}_slowest_page_seconds": round(slowest, 3),
    }


if __name__ == "__main__":
    main()
