"""An order under crashes: at any write all of it is undone, and done again it completes."""

import psycopg
import pytest

from acquit.actions.check_out import check_out
from acquit.actions.context import Context
from acquit.store.transaction import Database
from billed import failed, family, rows, seller
from founding import ACME
from ordering import SERVER, filled, sells

CRASH = """
    CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the connection is gone' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER crash AFTER INSERT OR UPDATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION crash()
"""
ORDERED = (
    "cart", "service_order", "service_order_line", "service_order_detail", "service_order_payment",
    "service_order_service", "service", "service_agreement", "charge", "open_charge", "act",
)  # fmt: skip
"""Every table that an order which is paid at once writes."""


def counted(context: Context) -> list[int]:
    """How much there is of everything that an order writes."""
    return [
        rows(context, "SELECT count(*) AS there FROM service_order")[0].there,
        rows(context, "SELECT count(*) AS there FROM service_order_payment")[0].there,
        rows(context, "SELECT count(*) AS there FROM service_order_service")[0].there,
        rows(context, "SELECT count(*) AS there FROM service")[0].there,
        rows(context, "SELECT count(*) AS there FROM charge")[0].there,
        rows(context, "SELECT count(*) AS there FROM cart WHERE order_id IS NOT NULL")[0].there,
    ]


@pytest.mark.parametrize("table", ORDERED)
def test_after_a_crash_at_any_write_nothing_of_an_order_is_there(
    table: str, database: Database, database_url: str
) -> None:
    context = seller(database)
    family(context)
    sells(context)
    cart_id = filled(context, SERVER, SERVER)
    before = counted(context)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        with pytest.raises(psycopg.OperationalError, match="connection is gone"):
            check_out(context, cart_id, ACME, by="cli", pays=True)
        assert counted(context) == before
        assert failed(context) == {}
        owner.execute("DROP FUNCTION crash CASCADE")
    made = check_out(context, cart_id, ACME, by="cli", pays=True)
    assert (made.net_minor, len(made.services)) == (276_00, 4)
    assert counted(context) == [1, 1, 4, 4, 2, 1]
    assert failed(context) == {}
