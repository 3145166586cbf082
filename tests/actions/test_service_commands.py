"""The commands that change services: what they print and how they exit."""

from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.open_sub_account import open_sub_account
from acquit.core.errors import Refusal
from acquit.store.transaction import Database
from billed import bill, later
from commanding import Run, commander
from founding import LAB, PETIT, verbs
from serving import FIRST, market, month, plan, prices, sell

ON = ("--account", PETIT)


@pytest.fixture
def context(database: Database) -> Context:
    made = market(database)
    sell(made, resource_name="srv")
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def test_a_service_is_changed_and_shown(run: Run, context: Context) -> None:
    bill(later(context, FIRST))
    changed = run("service", "change", "srv", *ON, "--plan", "l", "--as-of", "2026-11-16")
    assert (changed["plan"], changed["upgrade"], changed["effective"]) == ("l", True, "2026-11-16")
    assert [each["net_minor"] for each in changed["charges"]] == [-1500, 3000, 500]
    added = run("service", "add-option", "srv", "backup", *ON, "--as-of", "2026-11-16")
    assert {each["plan"] for each in added["options"]} == {"ram-32", "backup"}
    run("service", "remove-option", "srv", "backup", *ON, "--as-of", "2026-11-16")
    later_on = run("service", "upgrade", "srv", *ON, "--quantity", 2, "--when", "at-renewal")
    assert [each["quantity"] for each in later_on["planned"] if each["plan"] == "l"] == [2]
    shown = run("service", "show", "srv", *ON)
    assert [(each["plan"], each["reason"]) for each in shown["agreements"]] == [
        ("s", "sold"), ("l", "upgrade from s"),
    ]  # fmt: skip
    assert [(each["kind"], each["takes_effect"]) for each in shown["planned"]] == [("plan", "2026-12-01")]
    code, text = run("service", "show", "srv", *ON, as_json=False)
    assert (code, "upgrade from s" in text, "To come" in text) == (0, True, True)


def test_a_price_is_announced_and_withdrawn(run: Run) -> None:
    price = ("service", "change-price", "srv", *ON, "--price", "35.50", "--from", "2027-01-15")
    told = run(*price, "--reason", "energy")
    assert (told["unit_price_ucents"], told["takes_effect"]) == (35_50000000, "2027-02-01")
    assert run(*price) == (1, "same-price")
    assert run(*price[:-1], "2026-11-30") == (1, "notice-too-short")
    withdraw = ("service", "withdraw-change", "srv", told["change"], *ON, "--reason", "not now")
    assert run(*withdraw)["withdrawn"] is True
    assert run(*withdraw) == (1, "no-such-change")


def test_the_prices_of_a_version_are_applied(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "dearer.json"
    file.write_bytes(prices(plans=[plan("s", month(36), options=True)]))
    run("catalog", "import", file, "--from", "2026-12-10")
    apply = ("catalog", "apply-prices", "s", "--from", "2026-12-15")
    assert [each["takes_effect"] for each in run(*apply, "--dry-run")["announced"]] == ["2027-01-01"]
    assert len(run(*apply)["announced"]) == 1
    assert (run(*apply)["announced"], run(*apply)["unchanged"]) == ([], 1)
    code, text = run("catalog", "apply-prices", "s", "--from", "2026-12-16", as_json=False)
    assert (code, "Nothing to announce" in text) == (0, True)


def test_a_service_is_renewed_suspended_and_restored(run: Run, context: Context) -> None:
    assert run("service", "renew", "srv", *ON, "--periods", 2)["next_renewal"] == "2027-01-01"
    assert run("service", "renew", "srv", *ON, "--periods", 0) == (1, "bad-periods")
    suspend = ("service", "suspend", "srv", *ON, "--reason", "unpaid")
    assert run(*suspend) == (1, "not-confirmed")
    assert run(*suspend, "--yes")["status"] == "suspended"
    assert run(*suspend, "--yes") == (1, "service-suspended")
    assert run("service", "restore", "srv", *ON, "--as-of", "2026-11-20")["status"] == "running"
    assert run("service", "restore", "srv", *ON) == (1, "not-suspended")
    assert [each["happening"] for each in run("service", "show", "srv", *ON)["suspensions"]] == [
        "suspended", "restored",
    ]  # fmt: skip
    assert run("service", "end-rule", "srv", "keep-price", *ON) == (1, "not-engaged")
    assert run("service", "renewal-day", *ON, "--day", 15) == {"account": PETIT, "active": True, "day": 15}
    assert run("service", "renewal-day", *ON, "--off")["active"] is False
    assert run("service", "renewal-day", *ON) == (2, "choose-one")
    assert verbs(context)[-2:] == ["set_renewal_day", "set_renewal_day"]


@pytest.mark.parametrize(
    ("tokens", "code"),
    [
        (("subscribe", *ON, "--plan", "tape"), "no-such-plan"),
        (("subscribe", *ON, "--plan", "gone"), "plan-retired"),
        (("subscribe", *ON, "--plan", "s", "--quantity=-1"), "bad-quantity"),
        (("subscribe", *ON, "--plan", "s", "--quantity", "1.00005"), "bad-quantity"),
        (("subscribe", *ON, "--plan", "dollars"), "foreign-currency"),
        (("change", "srv", *ON, "--plan", "tape"), "no-such-plan"),
        (("change", "srv", *ON, "--plan", "gone"), "plan-retired"),
        (("change", "srv", *ON, "--quantity=-1"), "bad-quantity"),
        (("change", "srv", *ON, "--quantity", "1.00005"), "bad-quantity"),
        (("change", "srv", *ON, "--plan", "dollars"), "foreign-currency"),
        (("change", "srv", *ON), "nothing-changes"),
        (("change", "no", *ON, "--quantity", "2"), "no-such-service"),
        (("change-price", "srv", *ON, "--price=-1", "--from", "2027-01-01"), "bad-price"),
        (("change-price", "srv", *ON, "--price", "1.123456789", "--from", "2027-01-01"), "bad-amount"),
        (("change", "ended", *ON, "--quantity", "2"), "service-ended"),
        (("renew", "ended", *ON), "service-ended"),
        (("suspend", "ended", *ON, "--reason", "x", "--yes"), "service-ended"),
        (("restore", "ended", *ON), "service-ended"),
        (("change-price", "ended", *ON, "--price", "1", "--from", "2027-01-01"), "service-ended"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else value,
)
def test_bad_input_is_named_and_changes_nothing(
    tokens: tuple[str, ...], code: str, run: Run, context: Context, tmp_path: Path
) -> None:
    files = {
        "older": (prices(plans=[plan("gone", month(1))], addons=[]), "2025-01-01"),
        "newer": (prices(plans=[plan("new", month(1))], addons=[]), "2026-01-01"),
        "dollars": (
            prices(
                plans=[plan("dollars", month(1))], addons=[],
                locale={"currencyCode": "USD", "subsidiary": "US", "taxRate": 0},
            ),
            "2025-01-01",
        ),
    }  # fmt: skip
    for name, (content, from_on) in files.items():
        (tmp_path / name).write_bytes(content)
        run("catalog", "import", tmp_path / name, "--name", "other", "--from", from_on)
    sell(context, resource_name="ended")
    run("service", "terminate", "ended", *ON, "--ending", "now", "--yes")
    before = (run("service", "list", *ON), verbs(context))
    assert run("service", *tokens) == (1, code)
    assert (run("service", "list", *ON), verbs(context)) == before


def test_a_sub_account_has_no_sub_account(context: Context) -> None:
    """So no family is a loop."""
    with pytest.raises(Refusal, match=LAB):
        open_sub_account(context, LAB, "below", by="cli")
