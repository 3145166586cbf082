"""The commands of staff by their names and options, on a real database: what scripts rely on."""

import io
import json
import tomllib
from base64 import b64decode
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict

from acquit.app import main
from acquit.cli import commands
from acquit.cli.init import EXAMPLE, TERMS
from acquit.core.account import LegalEntity
from selling import PASSWORD, catalogue

Run = Callable[..., Any]
ACCOUNT = "ab12345-acq"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
def run(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command with --json and return its document; `code` is the exit code that is expected."""
    there = conninfo_to_dict(database_url)
    socket = quote(str(there["host"]), safe="")
    url = f"postgresql://{there['user']}@/{there['dbname']}?host={socket}&port={there['port']}"
    monkeypatch.setenv("ACQUIT_DATABASE_URL", url)
    monkeypatch.setenv("ACQUIT_DATA", str(tmp_path / "data"))

    def carry_out(*tokens: object, code: int = 0, typed: str = "") -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        capsys.readouterr()
        assert main([*map(str, tokens), "--json"]) == code, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return carry_out


@pytest.fixture
def seller(run: Run, tmp_path: Path) -> Run:
    """The company of the example file, with a catalogue and an account."""
    company, prices = tmp_path / "company.toml", tmp_path / "catalogue.json"
    company.write_text(EXAMPLE)
    prices.write_bytes(catalogue())
    assert run("init", company, typed=f"{PASSWORD}\n")["first_number"] == "FR00000001"
    run("catalog", "import", prices, "--from", "2025-01-01")
    run("account", "open", "--account", ACCOUNT, "--name", "Acme SARL", "--siren", "552081317",
        "--support-level", "business")  # fmt: skip
    return run


def test_init_teaches(run: Run, tmp_path: Path) -> None:
    assert "[company]" in run("init", "--example")["example"]
    assert "name a file" in run("init", code=1)["error"]["message"]
    wrong = tmp_path / "wrong.toml"
    for text, said in (
        ("a = [", "is not TOML"),
        ("[shop]\nid = 1", "[shop] is not one of"),
        ("[company]\nnmae = 'x'", "nmae is not known"),
        ("[company]\nname = 3", "Expected `str`"),
        ("[terms]\nname = 3", "[terms] name is not known"),
        ("[chart]\nmystery = { number = '1', name = 'x' }", "Invalid enum value"),
        ("[company]\nid = 'FR'\ncountry = 'FR'", "siren"),
    ):
        wrong.write_text(text)
        assert said in run("init", wrong, code=1)["error"]["message"]
    wrong.write_bytes(b"\xff")
    assert "UTF-8" in run("init", wrong, code=1)["error"]["message"]
    assert "no file" in run("init", tmp_path / "absent.toml", code=1)["error"]["message"]


def test_the_example_names_every_setting_of_terms_with_its_default() -> None:
    terms = EXAMPLE.partition("[terms]\n")[2].partition("\n\n")[0]
    given = tomllib.loads("\n".join(line.removeprefix("# ") for line in terms.splitlines()))
    assert set(given) == TERMS
    defaults = {field.name: field.default for field in fields(LegalEntity)}
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    assert {name: told[name] for name in TERMS - {"approval_above_minor"}} == {
        name: defaults[name] for name in TERMS - {"approval_above_minor"}
    }


def test_init_reads_a_whole_file(run: Run, tmp_path: Path) -> None:
    company = tmp_path / "company.toml"
    (tmp_path / "logo.png").write_bytes(b64decode(DOT))
    text = EXAMPLE.replace("# logo", "logo").replace("# digits = 8", "digits = 6").replace("# bill", "bill")
    company.write_text(text.replace("# receivable", "receivable").replace("# granted_days", "granted_days"))
    assert run("init", company, typed=f"{PASSWORD}\n")["first_number"] == "FR000001"
    assert run("init", company, typed=f"{PASSWORD}\n", code=1)["error"]["code"] == "company-exists"


def test_a_person_is_asked_for_the_company(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(
        ["", "Exemple SAS", "", "732829320", "FR44732829320", "1 rue Haute", "59000", "Lille", "", "", "",
         "FR1420041010050500013M02606", "", "", "Anna Martin"]
    )  # fmt: skip
    monkeypatch.setattr("acquit.cli.screen.Screen.is_attended", property(lambda self: True))
    monkeypatch.setattr("builtins.input", lambda: next(answers))
    monkeypatch.setattr("acquit.cli.screen.getpass", lambda _question: PASSWORD)
    assert run("init")["name"] == "Exemple SAS"
    assert [each["operator"] for each in run("operator", "list")] == ["admin"]


def test_catalogues_are_shown(seller: Run, tmp_path: Path) -> None:
    shown = seller("catalog", "show")
    assert [each["plan"] for each in shown["plans"]] == ["ip", "metal-s", "ram-32", "ram-64"]
    assert [each["plan"] for each in seller("catalog", "show", "--find", "METAL")["plans"]] == ["metal-s"]
    assert len(seller("catalog", "show", "metal-s")["prices"]) == 4
    assert seller("catalog", "show", "--plan", "ip", "--catalogue", 1)["catalogue"] == 1
    assert seller("catalog", "show", "tape", code=1)["error"]["code"] == "no-such-plan"
    assert seller("catalog", "show", "--catalogue", 9, code=1)["error"]["code"] == "no-such-catalogue"
    again = tmp_path / "catalogue.json"
    assert seller("catalog", "import", again)["is_new"] is False
    again.write_bytes(catalogue().replace(b": 8900000000", b": -1"))
    error = seller("catalog", "import", again, code=1)["error"]
    assert error["details"]["place"] == "plans[0].pricings[1].price"


def test_no_catalogue_shows_nothing(run: Run) -> None:
    assert run("catalog", "show") == {"catalogues": [], "plans": []}


def test_services_are_subscribed_listed_and_ended(seller: Run) -> None:
    made = seller("service", "subscribe", "--account", ACCOUNT, "--plan", "metal-s", "--option", "ram-64",
                  "--from", "2026-11-01", "--resource", "srv-1")  # fmt: skip
    service_id = made["service"]
    assert made["charges"][0]["net_minor"] == 49_00
    (head, option) = seller("service", "list", "--account", ACCOUNT, "--as-of", "2026-10-31")
    assert (head["resource"], head["status"], head["renewal"]) == ("srv-1", "running", "automatic")
    assert option["renewal"] == "with-parent"
    refused = seller("service", "terminate", service_id, "--account", ACCOUNT, code=1)
    assert refused["error"]["code"] == "not-confirmed"
    ended = seller("service", "terminate", service_id, "--account", ACCOUNT, "--yes", "--ending", "now")
    assert ended["status"] == "terminated"
    assert seller("service", "list", "--account", "zz00000-acq", code=1)["error"]["code"] == "no-such-account"


def test_a_service_account_is_made_and_given_rights(seller: Run) -> None:
    made = seller("service-account", "create", "--account", ACCOUNT, "--name", "nightly")
    assert len(made["secret"]) == 32
    named = ("service-account", "allow", made["service_account"], "--account", ACCOUNT, "--action")
    assert seller(*named, "account:apiovh:me/bill/*")["rights"] == ["account:apiovh:me/bill/*"]
    assert seller(*named, "no action", code=1)["error"]["code"] == "bad-service-account"
    (shown,) = seller("service-account", "list", "--account", ACCOUNT)
    assert (shown["name"], "secret" in shown) == ("nightly", False)
    gone = ("service-account", "deny", made["service_account"], "--account", ACCOUNT)
    assert seller(*gone, "--action", "account:apiovh:me/bill/*")["rights"] == []
    removed = ("service-account", "delete", made["service_account"], "--account", ACCOUNT)
    assert seller(*removed, code=1)["error"]["code"] == "not-confirmed"
    assert seller(*removed, "--yes")["status"] == "deleted"
    assert seller(*removed, "--yes", code=1)["error"]["code"] == "no-such-service-account"


def test_access_is_given_as_the_names_say(seller: Run) -> None:
    seller("operator", "add", "sam", "--name", "Sam", "--role", "sales")
    assert [each["operator"] for each in seller("operator", "list")] == ["anna", "sam"]
    key = seller("application", "create", "--account", ACCOUNT)["application_key"]
    granted = seller(
        "consumer-key", "grant", "--application", key, "--account", ACCOUNT, "--rule", "GET /me/*"
    )
    assert len(granted["consumer_key"]) == 32


def test_migrate_may_be_repeated(run: Run) -> None:
    assert run("migrate") == {"migrated": True}
    assert run("migrate") == {"migrated": True}


def test_an_unknown_setting_stops_every_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACQUIT_PROT", "9000")
    assert "did you mean ACQUIT_PORT?" in run("migrate", code=1)["error"]["message"]


def test_a_database_that_is_not_there_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACQUIT_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    error = run("migrate", code=1)["error"]
    assert error["code"] == "store-refused"
    assert "ACQUIT_DATABASE_URL" in error["message"]


def test_serve_wants_both_files_for_https(run: Run, tmp_path: Path) -> None:
    assert "--tls-key" in run("serve", "--tls-cert", tmp_path / "x.pem", code=2)["error"]["message"]


@pytest.mark.parametrize("name", [listed.name for task in commands.COMMANDS.values() for listed in task])
def test_every_command_explains_itself(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"acquit {name}" in shown
    assert max(map(len, shown.splitlines())) <= 60
