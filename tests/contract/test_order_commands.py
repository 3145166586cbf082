"""`acquit order`: what scripts read, what people see, how it exits."""

from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from billed import family, seller
from commanding import Run, commander
from founding import ACME, LAB
from ordering import SERVER, ordered, sells


@pytest.fixture
def context(database: Database) -> Context:
    made = seller(database)
    family(made)
    sells(made)
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command on that world."""
    return commander(context, capsysbinary, tmp_path)


def test_orders_are_listed_and_shown(run: Run, context: Context) -> None:
    unpaid, paid = ordered(context, SERVER), ordered(context, SERVER, pays=True)
    listed = run("order", "list", "--account", ACME)
    assert [(each["order"], each["state"], each["total"]) for each in listed] == [
        (unpaid.order_id, "open", "165.60"), (paid.order_id, "delivered", "165.60"),
    ]  # fmt: skip
    shown = run("order", "show", paid.order_id, "--account", ACME)
    assert (shown["means"], len(shown["services"]), shown["bill"]) == ("terms", 2, None)
    assert [(each["kind"], each["plan"], each["net_minor"]) for each in shown["details"]] == [
        ("installation", "metal-s", 4900), ("period", "metal-s", 8900), ("period", "ram-32", 0),
    ]  # fmt: skip
    code, text = run("order", "show", paid.order_id, "--account", ACME, as_json=False)
    assert (code, "Metal S" in text, "138.00" in text) == (0, True, True)
    code, text = run("order", "list", "--account", ACME, as_json=False)
    assert (code, "delivered" in text) == (0, True)


def test_another_accounts_order_is_not_there(run: Run, context: Context) -> None:
    order = ordered(context, SERVER)
    assert run("order", "list", "--account", LAB) == []
    assert run("order", "show", order.order_id, "--account", LAB) == (1, "no-such-order")
