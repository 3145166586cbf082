"""`acquit service move / moves / show-move`, down payments and reverse bills, also in a narrow terminal."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.change_contacts import ask_contact_change
from acquit.actions.context import Context
from acquit.actions.set_legal_party import set_legal_party
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.mail import NullMailer
from acquit.core.contact_change import Contact
from acquit.store.transaction import Database
from billed import later, rows
from commanding import Run, commander
from founding import ACME, PETIT, SHOP
from reversing import FRENCH, agreed, billed
from serving import market, run, sell

NEAR = date(2026, 12, 17)
PETIT_WEB = ("web", "--account", PETIT)


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    archive = DirectoryArchive(tmp_path / "papers")
    context = replace(market(database), archive=archive, mailer=NullMailer())
    with database.write() as tx:
        tx.run("UPDATE account SET email = account_id || '@example.com'")
    sell(context, options=("backup",), resource_name="web")
    run(context, "2026-11")
    return later(context, NEAR)


@pytest.fixture
def command(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def test_a_move_is_rehearsed_made_listed_and_shown(context: Context, command: Run) -> None:
    (service,) = [
        each.service_id
        for each in rows(context, "SELECT service_id FROM service WHERE parent_service_id IS NULL")
    ]
    owning = {Contact.ADMIN: SHOP, Contact.BILLING: SHOP}
    ask_contact_change(context, PETIT, service, owning, by=f"account:{PETIT}")
    tried = command("service", "move", *PETIT_WEB, "--to", SHOP, "--dry-run")
    assert (tried["dry_run"], len(tried["charges"])) == (True, 4)
    assert command("service", "moves")["moved"] == []
    assert command("service", "show-move", *PETIT_WEB) == (1, "no-such-move")
    command("service", "move", *PETIT_WEB, "--to", SHOP, "--yes")
    listed = command("service", "moves", "--account", SHOP)
    assert [each["service_id"] for each in listed["moved"]] == [service]
    assert [each["state"] for each in listed["asked"]] == ["aborted", "aborted"]
    assert command("service", "moves", "--account", ACME) == {"asked": [], "moved": []}
    told = command("service", "show-move", *PETIT_WEB)
    assert [each["net_minor"] for each in told["settled"]] == [-1452, -290, 1452, 290]
    code, shown = command("service", "show-move", *PETIT_WEB, as_json=False)
    assert (code, "renewals and use" in shown, "-14.52 EUR" in shown, "the next" in shown) == (
        0,
        True,
        True,
        True,
    )


@pytest.mark.parametrize("columns", [60, 80])
def test_they_fit_a_narrow_terminal(
    context: Context, command: Run, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every list and page of the three families, with long words in them."""
    set_legal_party(context, ACME, FRENCH, by="cli")
    agreed(context)
    bill = billed(context)
    made = command("bills", "down-payment", PETIT, "--reason", "x" * 60, "--amount", "4.00")["bill_id"]
    command("service", "move", *PETIT_WEB, "--to", SHOP, "--yes")
    monkeypatch.setenv("COLUMNS", str(columns))
    for line, words in (
        (("service", "moves"), PETIT),
        (("service", "show-move", *PETIT_WEB), SHOP),
        (("bills", "down-payments", PETIT), made),
        (("bills", "show", made), "next bills deduct"),
        (("reverse-bill", "list"), bill.bill_id),
        (("reverse-bill", "show", bill.bill_id), "REF-7"),
        (("reverse-bill", "agreements"), "MAND-2026-014"),
    ):
        code, shown = command(*line, as_json=False)
        assert (code, words in shown) == (0, True), (line, shown)
        assert max(map(len, shown.splitlines())) <= columns, (line, shown)


def test_a_down_payment_is_shown_with_what_became_of_it(command: Run) -> None:
    made = command("bills", "down-payment", PETIT, "--reason", "servers", "--amount", "4.00")["bill_id"]
    told = command("bills", "show", made)
    assert (told["bill_id"], told["down_payment"]["net_minor"], told["down_payment"]["uses"]) == (
        made,
        400,
        [],
    )
