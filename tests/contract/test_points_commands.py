"""The commands of points: what scripts read, what people see, how they exit."""

from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from commanding import Run, commander
from founding import ACME, PETIT
from owing import owing, pay


@pytest.fixture
def context(database: Database) -> Context:
    return owing(database)


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command on that world."""
    return commander(context, capsysbinary, tmp_path)


OPEN = ("points", "open", "--legal-entity", "FR", "--points", 1, "--per", "1.00", "--worth", "0.02")


def test_a_programme_is_opened_listed_and_ended(run: Run) -> None:
    assert run("points", "list", "--legal-entity", "FR") == []
    made = run(*OPEN, "--lapse-months", 12, "--expected", "80", "--without-plan", "vps-2")
    assert (made["per_minor"], made["worth_minor"], made["used_bp"], made["from_on"]) == (
        100, 2, 8_000, "2026-11-23",
    )  # fmt: skip
    assert made["without_plans"] == ["vps-2"]
    code, text = run("points", "list", "--legal-entity", "FR", as_json=False)
    assert (code, "1 per 1.00" in text, "80 %" in text) == (0, True, True)
    assert run("points", "end", "--legal-entity", "FR")["from_on"] == "2026-11-24"
    assert run(*OPEN, "--from", "2026-11-22") == (1, "bad-points-programme")
    assert run("points", "end", "--legal-entity", "XX") == (1, "no-such-legal-entity")


def test_points_are_counted_given_taken_used_and_shown(run: Run, context: Context) -> None:
    run(*OPEN, "--sold")
    pay(context, ACME, 1_200, 1_200)
    assert run("points", "count") == {"bills": 1}
    assert run("points", "show", ACME)["balance"] == 10
    given = run("points", "give", "--account", ACME, "--points", 5, "--reason", "goodwill")
    assert (given["balance"], [each["kind"] for each in given["movements"]]) == (15, ["given", "earned"])
    assert run("points", "take", "--account", ACME, "--points", 16, "--reason", "x") == (
        1,
        "not-enough-points",
    )
    assert run("points", "take", "--account", ACME, "--points", 2, "--reason", "x")["balance"] == 13
    assert run("points", "use", "--account", ACME, "--points", 3)["balance"] == 10
    code, text = run("points", "show", ACME, as_json=False)
    assert (code, "10 points." in text, "goodwill" in text) == (0, True, True)
    ordered = run("points", "order", "--account", PETIT, "--points", 50)
    assert (ordered["points"], ordered["amount_minor"]) == (50, 100)
    assert run("credit", "orders", PETIT)[0]["order_id"] == ordered["order_id"]
    assert run("points", "give", "--account", ACME, "--points", 0, "--reason", "x") == (1, "bad-points")
    assert run("points", "show", "zz99999-acq") == (1, "no-such-account")
