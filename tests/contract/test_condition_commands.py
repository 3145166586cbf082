"""The commands of conditions and of what proves a run: what scripts read, what people see, how they exit."""

from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from billed import charge, family, seller, subscribe
from commanding import Run, commander
from founding import ACME, LAB, PETIT
from owing import pay


@pytest.fixture
def context(database: Database) -> Context:
    made = seller(database)
    family(made)
    service_id = subscribe(made, PETIT, "srv")
    charge(made, PETIT, service_id)
    subscribe(made, LAB, "lab")
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command on that world."""
    return commander(context, capsysbinary, tmp_path)


def test_discounts_are_added_listed_and_ended(run: Run) -> None:
    made = run("discount", "add", "--account", PETIT, "--name", "Launch", "--percent", "12.5")
    assert (made["discount_id"], made["share_bp"], made["from_on"]) == (1, 1250, "2026-11-23")
    run("discount", "add", "--account", PETIT, "--name", "Gift", "--amount", "1.50", "--plan", "vps-1")
    ended = run("discount", "end", "--account", PETIT, "--discount", 1, "--on", "2026-12-01")
    assert ended["end_on"] == "2026-12-01"
    assert [each["name"] for each in run("discount", "list", PETIT)] == ["Launch", "Gift"]
    code, text = run("discount", "list", PETIT, as_json=False)
    assert code == 0
    assert "12.5 %" in text
    assert "1.50 EUR per period" in text
    assert run("discount", "end", "--account", ACME, "--discount", 1) == (1, "no-such-discount")
    assert run("discount", "add", "--account", PETIT, "--name", "None") == (1, "bad-discount")
    assert run("discount", "add", "--account", PETIT, "--name", "X", "--percent", "1.234") == (
        1,
        "bad-amount",
    )


def test_minimum_spends_are_set_listed_and_ended(run: Run) -> None:
    words = ("--account", ACME, "--amount", "50", "--interval", "quarter", "--family")
    assert run("minimum-spend", "set", *words)["whose"] == "payer"
    assert run("minimum-spend", "end", "--account", ACME, "--minimum", 1)["end_on"] == "2026-11-23"
    assert [each["amount_minor"] for each in run("minimum-spend", "list", ACME)] == [5000]
    assert run("minimum-spend", "end", "--account", ACME, "--minimum", 1) == (1, "minimum-spend-ended")


def test_billing_groups_are_made_filled_and_emptied(run: Run) -> None:
    (made,) = run("billing-group", "create", "web", "--account", PETIT)
    key = made["billing_group"]
    assert (made["name"], made["services"]) == ("web", [])
    (filled,) = run("billing-group", "add", key, "srv", "--account", PETIT)
    assert len(filled["services"]) == 1
    code, text = run("billing-group", "list", "--account", PETIT, as_json=False)
    assert (code, "web" in text) == (0, True)
    assert run("billing-group", "rename", key, "shop", "--account", PETIT)[0]["name"] == "shop"
    assert run("billing-group", "remove", key, "srv", "--account", PETIT)[0]["services"] == []
    assert run("billing-group", "remove", key, "srv", "--account", PETIT) == (1, "not-in-group")
    assert run("billing-group", "add", key, "lab", "--account", PETIT) == (1, "no-such-service")
    assert run("billing-group", "create", "shop", "--account", PETIT) == (1, "group-name-taken")
    assert run("billing-group", "delete", key, "--account", PETIT) == []
    assert run("billing-group", "delete", key, "--account", PETIT) == (1, "no-such-billing-group")


def test_credit_is_added_used_and_shown(run: Run) -> None:
    made = run("credit", "add", "--account", PETIT, "--amount", "5", "--source", "goodwill")
    assert (made["type"], made["left_minor"]) == ("VOUCHER", 500)
    assert run("bills", "run", "--period", "2026-11")["bills"] == 2
    shown = run("credit", "show", PETIT)
    assert shown["lots"] == []
    assert [each["amount_minor"] for each in shown["movements"]] == [500, -500]
    code, text = run("credit", "show", PETIT, as_json=False)
    assert code == 0
    assert "FR00000002" in text


def test_credit_is_ordered_and_paid(run: Run, context: Context) -> None:
    assert run("credit", "orders", PETIT) == []
    made = run("credit", "order", "--account", PETIT, "--amount", "250")
    assert (made["amount_minor"], made["reference"][4:7], made["movement_id"]) == (25_000, "PRP", None)
    assert run("credit", "order", "--account", PETIT, "--amount", "0") == (1, "bad-prepayment")
    assert run("credit", "order", "--account", LAB, "--amount", "5") == (1, "not-the-payer")
    deposit_id = pay(context, PETIT, 30_000)
    number = made["order_id"]
    lot = run("credit", "paid", number, "--account", PETIT, "--deposit", deposit_id)
    assert (lot["type"], lot["left_minor"]) == ("PREPAID_ACCOUNT", 25_000)
    paid = ("credit", "paid", number, "--account", PETIT, "--deposit", deposit_id)
    assert run(*paid) == (1, "prepaid-already")
    code, text = run("credit", "orders", PETIT, as_json=False)
    assert (code, f"paid by {deposit_id}" in text) == (0, True)


def test_a_bill_is_explained_and_a_run_replayed(run: Run) -> None:
    run("bills", "run", "--period", "2026-11")
    explained = run("bills", "explain", "FR00000002")
    assert explained["explanation"]["number"] == 2
    assert explained["sentences"][0].startswith("Bill FR00000002 of 2026-11-23")
    code, text = run("bills", "explain", "FR00000002", "--language", "fr", as_json=False)
    assert code == 0
    assert "Facture FR00000002" in text
    replayed = run("bills", "replay", "2026-11")
    assert (replayed["bills"], replayed["differences"]) == (2, [])
    assert run("bills", "replay", "2026-10") == (1, "no-such-run")
    assert run("bills", "explain", "FR9") == (1, "no-such-bill")


def test_what_changed_is_told_with_a_run_and_a_rehearsal(run: Run) -> None:
    rehearsed = run("bills", "run", "--period", "2026-11", "--dry-run", "--diff")
    posted = run("bills", "run", "--period", "2026-11", "--diff")
    assert rehearsed["difference"] == posted["difference"]
    assert posted["difference"]["difference_minor"] == posted["total_minor"] == 2640
    reasons = {name: amount for name, amount in posted["difference"]["by_reason"].items() if amount}
    assert reasons == {"new": 2000, "usage": 200, "vat-of-changes": 440}
    code, text = run("bills", "run", "--period", "2026-11", "--diff", as_json=False)
    assert code == 0
    assert "2026-11 beside 2026-10" in text
    assert run("bills", "run", "--period", "2026-11", "--processes", "0") == (1, "bad-processes")


def test_parked_accounts_are_listed_and_retried(run: Run, context: Context) -> None:
    assert run("bills", "parked") == []
    subscribe(context, LAB, "bad", currency="XXX")
    code, text = run("bills", "run", "--period", "2026-11", as_json=False)
    assert (code, "is parked" in text) == (1, True)
    ((told,),) = [each["parked"] for each in run("bills", "parked", "--period", "2026-11")]
    assert (told["account_id"], told["problems"][0]["code"]) == (LAB, "unknown-currency")
    assert run("bills", "retry") == (1, "nothing-mended")
    assert run("bills", "retry", "--account", PETIT) == (1, "not-parked")
    with context.database.write() as tx:
        tx.run("UPDATE service SET state = 'terminated' WHERE resource_name = 'bad'")
    (done,) = run("bills", "retry", "--account", LAB)
    assert (done["status"], done["parked"]) == ("closed", [])
