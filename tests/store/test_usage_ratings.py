"""What is read for a page of what was used costs what the page shows, not what its account has."""

from typing import LiteralString

from acquit.store import usage_ratings
from acquit.store.transaction import Database, Transaction
from billed import family, seller
from founding import PETIT

SHOWN = 26
ANALYZE: LiteralString = "ANALYZE service"
MANY: LiteralString = """
    INSERT INTO service (account_id, service_id, resource_name, display_name, route, catalogue_id,
                         plan_code, description, unit_price_ucents, currency, renewal_months,
                         anniversary_day, started_on, next_renewal_on)
    SELECT 'cd67890-acq', 1000 + g, 'ns' || g || '.example', 'server ' || g, '/x', 1, 'p', 'Server', 1,
           'EUR', 1, 1, '2026-01-01', '2026-12-01'
      FROM generate_series(1, 20000) g
"""


def blocks(tx: Transaction, query: str, values: dict[str, str]) -> int:
    """The blocks that the statement touches when it is planned for any values, as one that is kept is."""
    for place, name in enumerate(values, 1):
        query = query.replace(f"%({name})s", f"${place}")
    types = ", ".join("text" for _ in values)
    told = ", ".join(f"'{value}'" for value in values.values())
    tx.connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    tx.connection.execute(f"PREPARE kept ({types}) AS {query}".encode())
    explained = tx.connection.execute(
        f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE kept ({told})".encode()
    )
    ((plan,),) = explained.fetchall()
    tx.connection.execute("DEALLOCATE kept")
    return int(sum(plan[0]["Plan"][f"Shared {kind} Blocks"] for kind in ("Hit", "Read")))


def test_a_page_of_use_reads_the_services_that_it_shows(database: Database) -> None:
    family(seller(database))
    shown = " ".join(str(1000 + each) for each in range(1, SHOWN + 1))
    with database.write() as tx:
        tx.run(MANY)
        tx.run(ANALYZE)
        read = blocks(
            tx, usage_ratings.SOME_SERVICES,
            {"account_ids": " ".join([PETIT] * SHOWN), "service_ids": shown},
        )  # fmt: skip
    assert read <= 10 * SHOWN
