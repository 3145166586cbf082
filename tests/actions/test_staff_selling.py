"""The commands of selling: catalogues and services; what they print and how they exit."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term
from acquit.store.transaction import Database
from commanding import Run, commander
from founding import ACME, FR, count, found, verbs
from selling import catalogue, price, shop

NOBODY = "zz99999-acq"


@pytest.fixture
def context(database: Database) -> Context:
    return shop(database)


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def subscribe(run: Run, *options: object) -> Any:
    return run("service", "subscribe", "--account", ACME, "--plan", "metal-s", *options)


# ---------------------------------------------------------------- catalogues


def test_a_catalogue_is_imported_gzip_or_plain(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.json"
    file.write_bytes(catalogue(catalogId=2))
    made = run("catalog", "import", file, "--from", "2026-12-01")
    assert (made["catalogue"], made["legal_entity"], made["from"], made["is_new"]) == (
        2, FR, "2026-12-01", True,
    )  # fmt: skip
    file.write_bytes(gzip.compress(catalogue(catalogId=2)))
    again = run("catalog", "import", file, "--legal-entity", FR)
    assert (again["catalogue"], again["is_new"], again["plans"], again["prices"]) == (2, False, 4, 10)
    shown = run("catalog", "show")
    assert [(each["catalogue"], each["in_force"]) for each in shown["catalogues"]] == [(1, True), (2, False)]
    assert {each["catalogue"] for each in shown["plans"]} == {1}
    later = run("catalog", "show", "--as-of", "2026-12-01")
    assert [each["in_force"] for each in later["catalogues"]] == [False, True]
    assert {each["catalogue"] for each in later["plans"]} == {2}
    assert run("catalog", "show", "metal-s", "--catalogue", 2)["catalogue"] == 2


def test_plans_and_their_prices_are_shown(run: Run) -> None:
    shown = run("catalog", "show", "--find", "metal")
    assert [(each["plan"], each["month_ucents"], each["modes"]) for each in shown["plans"]] == [
        ("metal-s", 89_00000000, ["default", "upfront12"])
    ]
    plan = run("catalog", "show", "--plan", "metal-s")
    assert (plan["currency"], plan["families"][0]["default"], len(plan["prices"])) == ("EUR", "ram-32", 4)
    code, text = run("catalog", "show", "metal-s", as_json=False)
    assert (code, "960.00" in text, "12 months" in text) == (0, True, True)
    code, text = run("catalog", "show", as_json=False)
    assert (code, "89.00" in text) == (0, True)
    assert run("catalog", "show", "--legal-entity", FR, "--find", "nothing")["plans"] == []
    assert run("catalog", "show", "--as-of", "2020-01-01")["plans"] == []


def test_every_wrong_place_is_told_and_nothing_is_imported(
    run: Run, tmp_path: Path, context: Context
) -> None:
    whole = json.loads(catalogue(catalogId=3))
    for plan in (*whole["plans"], *whole["addons"]):
        for pricing in plan["pricings"]:
            pricing["price"] = -1
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(whole))
    code, text = run("catalog", "import", file, as_json=False)
    assert code == 1
    for place in ("plans[0].pricings[0].price", "plans[1].pricings[3].price", "addons[1].pricings[0].price"):
        assert f"{place}: -1 is negative" in " ".join(text.split())
    assert run("catalog", "import", file) == (1, "catalogue-refused")
    assert count(context, "catalogue") == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "catalogue-refused"),
        (b"{}", "catalogue-refused"),
        (b'{"plans": \x1b[31m', "catalogue-refused"),
        (gzip.compress(catalogue())[:-9], "catalogue-refused"),
        (catalogue(locale={"currencyCode": "XXX", "subsidiary": "CA"}), "catalogue-refused"),
        (catalogue(plans=[{"planCode": "x"}]), "catalogue-refused"),
        (
            catalogue(
                plans=[
                    {
                        "planCode": "x", "product": "metal", "invoiceName": "X",
                        "pricings": [price("renew", "default", 10**18)],
                    }
                ]
            ),
            "catalogue-refused",
        ),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused(run: Run, tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_bytes(content)
    assert run("catalog", "import", file) == (1, code)


def test_a_wrong_question_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("catalog", "import", tmp_path / "absent.json") == (1, "invalid")
    assert run("catalog", "import", tmp_path) == (1, "invalid")
    assert run("catalog", "import") == (2, "usage")
    assert run("catalog", "import", tmp_path / "x", "--from", "tomorrow") == (2, "usage")
    (tmp_path / "x").write_bytes(catalogue())
    assert run("catalog", "import", tmp_path / "x", "--legal-entity", "XX") == (1, "no-such-legal-entity")
    assert run("catalog", "show", "--legal-entity", "XX") == (1, "no-such-legal-entity")
    assert run("catalog", "show", "--plan", "tape") == (1, "no-such-plan")
    assert run("catalog", "show", "--catalogue", 9) == (1, "no-such-catalogue")


def test_without_a_catalogue_the_command_says_how_to_get_one(
    database: Database, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    run = commander(found(database), capsysbinary, tmp_path)
    code, text = run("catalog", "show", as_json=False)
    assert (code, "acquit catalog import" in text) == (0, True)


# ---------------------------------------------------------------- services


def test_a_service_is_subscribed_shown_and_listed(run: Run, context: Context) -> None:
    made = subscribe(
        run, "--resource", "srv-1", "--option", "ram-64", "--quantity", 2, "--from", "2026-11-01"
    )
    assert (made["resource"], made["quantity"], made["started"], made["next_renewal"], made["renewal"]) == (
        "srv-1", 2, "2026-11-01", "2026-11-01", "automatic",
    )  # fmt: skip
    assert [each["plan"] for each in made["options"]] == ["ram-64"]
    assert [(each["kind"], each["net_minor"]) for each in made["charges"]] == [("installation", 98_00)]
    listed = run("service", "list", "--account", ACME)
    assert [each["service"] for each in listed] == [made["service"], made["options"][0]["service"]]
    for named in ("srv-1", made["service"]):
        shown = run("service", "show", named, "--account", ACME)
        assert (shown["plan"], shown["unit_price_ucents"]) == ("metal-s", 89_00000000)
        assert shown["options"] == made["options"]
    code, text = run("service", "show", "srv-1", "--account", ACME, as_json=False)
    assert (code, "89.00" in text) == (0, True)
    code, text = run("service", "list", "--account", ACME, as_json=False)
    assert (code, "2 x metal-s" in text, "renews 2026-11-01" in text) == (0, True, True)
    assert (count(context, "service"), count(context, "charge")) == (2, 1)


def test_a_mode_and_its_months_are_taken(run: Run) -> None:
    made = subscribe(run, "--mode", "upfront12", "--months", 12)
    assert (made["renewal_months"], made["engaged_until"], made["charges"]) == (12, "2027-11-23", [])
    assert made["resource"] == f"metal-s-{made['service']}"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--plan", "tape"), "no-such-plan"),
        (("--plan", "ram-64"), "not-sold-alone"),
        (("--from", "2024-01-01"), "no-such-plan"),
        (("--mode", "never"), "not-priced"),
        (("--months", 7), "not-priced"),
        (("--quantity", 0), "bad-quantity"),
        (("--quantity", -1), "bad-quantity"),
        (("--quantity", 10**30), "bad-quantity"),
        (("--option", "tape"), "option-refused"),
        (("--option", "ram-32", "--option", "ram-64"), "option-refused"),
        (("--resource", "a/b"), "bad-subscription"),
        (("--resource", "x" * 256), "bad-subscription"),
        (("--resource", "\x1b[2J"), "bad-subscription"),
        (("--from", "9999-12-31"), "bad-subscription"),
        (("--group", 7), "no-such-billing-group"),
        (("--account", NOBODY), "no-such-account"),
    ],
)
def test_a_wrong_subscription_is_refused(
    run: Run, context: Context, options: tuple[object, ...], code: str
) -> None:
    named = {"--account": ACME, "--plan": "metal-s"} | (
        {str(options[0]): options[1]} if options[0] in ("--account", "--plan") else {}
    )
    rest = () if options[0] in ("--account", "--plan") else options
    line = [token for pair in named.items() for token in pair]
    assert run("service", "subscribe", *line, *rest) == (1, code)
    assert count(context, "service") == 0


def test_a_resource_is_there_once(run: Run) -> None:
    subscribe(run, "--resource", "srv-1")
    assert subscribe(run, "--resource", "srv-1") == (1, "resource-taken")
    assert run("service", "subscribe", "--plan", "metal-s") == (2, "usage")
    assert subscribe(run, "--quantity", "many") == (1, "bad-quantity")


def test_renewal_is_set(run: Run, context: Context) -> None:
    subscribe(run, "--resource", "srv-1")
    renewal = ("service", "renewal", "srv-1", "--account", ACME)
    manual = run(*renewal, "--manual")
    assert (manual["renewal"], manual["renews"]) == ("manual", False)
    assert run(*renewal, "--automatic", "--delete-at-expiration")["renews"] is False
    assert run(*renewal, "--keep-at-expiration")["renews"] is True
    assert run(*renewal) == (2, "choose-one")
    assert run(*renewal, "--manual", "--automatic") == (2, "choose-one")
    assert run("service", "renewal", "srv-2", "--account", ACME, "--manual") == (1, "no-such-service")
    grant_enterprise_terms(context, ACME, AskedTerm(Term(45)), by="cli")
    assert run(*renewal, "--manual") == (1, "renewal-is-permanent")
    code, text = run("service", "list", "--account", ACME, as_json=False)
    assert (code, "permanently" in text) == (0, True)


def test_a_service_is_ended_after_a_question(run: Run, context: Context) -> None:
    subscribe(run, "--resource", "srv-1", "--mode", "upfront12")
    terminate = ("service", "terminate", "srv-1", "--account", ACME)
    assert run(*terminate) == (1, "not-confirmed")
    assert run(*terminate, "--yes", "--ending", "now") == (1, "still-engaged")
    assert run(*terminate, "--yes", "--ending", "tomorrow") == (2, "usage")
    ended = run(*terminate, "--yes", "--ending", "at-engagement", "--reason", "moved")
    assert (ended["terminated"], ended["status"]) == ("2027-11-23", "renewing")
    assert run("service", "terminate", "9" * 30, "--account", ACME, "--yes") == (1, "no-such-service")
    assert run("service", "terminate", "srv-1", "--account", NOBODY, "--yes") == (1, "no-such-account")
    assert verbs(context)[-1] == "terminate_service"
    subscribe(run, "--resource", "srv-2")
    now = run("service", "terminate", "srv-2", "--account", ACME, "--yes", "--ending", "now")
    assert now["status"] == "terminated"
    assert run("service", "terminate", "srv-2", "--account", ACME, "--yes") == (1, "service-ended")


def test_who_may_not_is_named(run: Run) -> None:
    assert run("service", "list", "--account", NOBODY) == (1, "no-such-account")
    assert run("service", "show", "x", "--account", NOBODY) == (1, "no-such-account")
    assert run("service", "list", "--account", ACME) == []
