"""Commands about credits, corrections, holds, families and sandboxes: what scripts read."""

from datetime import date
from pathlib import Path

import pytest
from falcon.testing import Result, TestClient

from acquit.actions.add_operator import create_operator_token
from acquit.actions.context import Context
from acquit.actions.open_account import Opening, open_account
from acquit.actions.set_purchase_order import set_order_policy
from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.operator import Operator
from acquit.core.operator import Role as OperatorRole
from acquit.core.purchase_order import Policy
from acquit.office.app import make_app
from acquit.store import operators
from acquit.store.transaction import Database
from billed import ADDRESSED, bill, failed, family, later, rows, seller, subscribe
from commanding import Run, commander
from founding import ACME, FR, LAB, PETIT, SHOP

TRY = AccountId("tt10001-acq")


@pytest.fixture
def context(database: Database) -> Context:
    context = seller(database)
    family(context)
    for account_id in (ACME, LAB, SHOP, PETIT):
        subscribe(context, account_id, f"srv-{account_id}")
    return context


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def test_a_bill_is_credited_in_part_and_whole(run: Run, context: Context) -> None:
    bill(context)
    note = run("bills", "credit", "FR00000001", "--reason", "outage", "--line", 1, "--amount", "3.33")
    assert (note["kind"], note["net_minor"], note["tax_minor"]) == ("credit-note", 333, 67)
    note = run("bills", "credit", "FR00000001", "--reason", "goodwill")
    assert (note["net_minor"], note["corrects_bill_id"]) == (667, "FR00000001")
    assert run("bills", "credit", "FR00000001", "--reason", "x") == (1, "not-creditable")
    assert run("bills", "credit", "FR9", "--reason", "x") == (1, "no-such-bill")
    assert run("bills", "credit", "FR00000002", "--reason", "x", "--amount", "1") == (2, "choose-one")
    assert run("bills", "credit", "FR00000002", "--reason", "x", "--line", 2) == (1, "bad-credit")
    assert failed(context) == {}


def test_a_bill_is_corrected(run: Run, context: Context) -> None:
    bill(context)
    made = run(
        "bills", "correct", "FR00000004", "--reason", "moved", "--buyer", "Petit SA",
        "--address", "5 rue Neuve", "--zip", "44100", "--vat-id", "FR03552081317",
    )  # fmt: skip
    assert made["credit_note"]["bill_id"] == "AV00000001"
    assert (made["bill"]["bill_id"], made["bill"]["kind"]) == ("FR00000005", "corrective")
    assert run("bills", "correct", "FR00000003", "--reason", "x") == (1, "nothing-to-correct")
    assert run("bills", "correct", "FR00000003", "--reason", "x", "--order", "NO") == (
        1, "no-such-purchase-order",
    )  # fmt: skip
    assert run("bills", "correct", "FR00000003", "--reason", "x", "--order", "NO", "--no-order") == (
        2, "choose-one",
    )  # fmt: skip
    assert run("bills", "correct", "FR00000004", "--reason", "x", "--city", "Y") == (1, "not-correctable")
    code, text = run(
        "bills", "correct", "FR00000003", "--reason", "x", "--city", "Y", "--due-anew", as_json=False
    )
    assert code == 0
    assert "set-legal-party" in text
    assert failed(context) == {}


def test_holds_are_shown_extended_and_released(run: Run, context: Context) -> None:
    set_order_policy(context, PETIT, Policy.HOLD, hold_days_max=10, by="cli")
    bill(context)
    (held,) = run("bills", "held")
    assert (held["account_id"], held["amount_minor"], held["reason"]) == (PETIT, 1_000, "missing")
    assert (held["since_on"], held["until_on"]) == ("2026-11-23", "2026-12-03")
    assert run("bills", "held", "--account", ACME) == []
    assert run("bills", "held", "--account", "zz99999-acq") == (1, "no-such-account")
    (held,) = run("bills", "extend", PETIT, "--until", "2026-12-31", "--reason", "order promised")
    assert held["until_on"] == "2026-12-31"
    bill(later(context, date(2026, 12, 10)), "2026-12")
    (held,) = run("bills", "held")
    assert (held["amount_minor"], held["since_on"], held["until_on"]) == (2_000, "2026-11-23", "2026-12-31")
    assert run("bills", "extend", PETIT, "--until", "2026-11-01", "--reason", "x") == (1, "bad-deadline")
    assert run("bills", "extend", ACME, "--until", "2026-12-31", "--reason", "x") == (1, "nothing-held")
    assert run("bills", "release", PETIT, "--reason", " ") == (1, "hold-reason-missing")
    (held,) = run("bills", "release", PETIT, "--reason", "they asked")
    assert held["until_on"] == "2026-11-22"
    assert bill(later(context, date(2026, 12, 10)), "2026-12").posted_now == 1
    assert run("bills", "held") == []
    verbs = rows(context, "SELECT verb FROM act WHERE verb LIKE '%hold' ORDER BY act_id")
    assert [row.verb for row in verbs] == ["extend_hold", "release_hold"]
    assert failed(context) == {}


def test_a_family_shares_a_bill_and_sees_it(run: Run, context: Context) -> None:
    assert run("bills", "share", ACME, "--show") is None
    told = run("bills", "share", ACME)
    assert ([each["account_id"] for each in told["sharing"]], told["from_on"]) == ([LAB], "2026-11-23")
    assert [each["where"] for each in told["apart"]] == [SHOP]
    bill(context)
    (part,) = run("bills", "statement", LAB, "--period", "2026-11")
    assert (part["bill_id"], part["account_id"], part["net_minor"]) == ("FR00000001", ACME, 1_000)
    view = run("bills", "view", "--account", ACME, "--period", "2026-11", "--by", "sub-account")
    assert (view["marked"], view["total_minor"]) == ("not a bill", {"EUR": 3_600})
    assert {each["key"]: each["total_minor"] for each in view["groups"]} == {
        ACME: 1_200,
        LAB: 1_200,
        SHOP: 1_200,
    }
    assert run("bills", "view", "--account", ACME, "--period", "soon") == (2, "bad-period")
    assert run("bills", "share", PETIT) == (1, "not-a-parent")
    assert run("bills", "share", ACME, "--from", "2026-01-01") == (1, "sharing-in-the-past")
    assert run("bills", "share", ACME, "--off")["is_shared"] is False
    for tokens in (
        ("share", ACME, "--show"), ("statement", LAB, "--period", "2026-11"), ("share", ACME),
        ("view", "--account", ACME, "--period", "2026", "--by", "plan"),
        ("statement", SHOP, "--period", "2026-11"),
    ):  # fmt: skip
        code, text = run("bills", *tokens, as_json=False)
        assert (code, bool(text.strip())) == (0, True)


def test_a_sandbox_is_opened_and_its_clock_moved(run: Run, context: Context) -> None:
    opened = run(
        "account", "open", "--account", TRY, "--name", "Essai SAS", "--siren", "552081317",
        "--street", "1 rue", "--zip", "44000", "--city", "Nantes", "--vat-id", "FR03552081317", "--sandbox",
        "--clock", "2026-01-15",
    )  # fmt: skip
    assert opened["account"] == TRY
    subscribe(context, TRY, "srv", next_on=date(2026, 2, 1))
    assert run("test-clock", "show", "--account", TRY)["today"] == "2026-01-15"
    went = run("test-clock", "advance", "--account", TRY, "--to", "2026-03-02")
    assert (went["days"], went["bills"], went["today"]) == (46, 2, "2026-03-02")
    assert run("bills", "show", "TEST-1-00000002")["issued_on"] == "2026-03-01"
    assert run("test-clock", "set", "--account", TRY, "--to", "2026-05-01")["today"] == "2026-05-01"
    assert run("test-clock", "advance", "--account", TRY, "--to", "2026-04-01") == (1, "clock-backwards")
    assert run("test-clock", "advance", "--account", ACME, "--to", "2027-01-01") == (1, "not-a-sandbox")
    assert run("account", "open", "--parent", ACME, "--sandbox") == (1, "sandbox-misplaced")
    assert run("account", "open", "--name", "X", "--clock", "2026-01-01") == (1, "sandbox-misplaced")
    assert {each["legal_entity_id"] for each in run("bills", "show")} <= {"FR"}
    assert failed(context) == {}


def test_programs_of_the_office_move_a_clock_and_see_a_family(context: Context) -> None:
    with context.database.write() as tx:
        operators.add(tx, Operator(OperatorId("bill"), "Bill", "b@example.com", OperatorRole.BILLING), "x")
    token = create_operator_token(context, "bill", by="system")
    client = TestClient(make_app(context))

    def call(method: str, path: str, body: str = "") -> Result:
        headers = {"Authorization": f"Bearer {token}"}
        return client.simulate_request(method, f"/office/api{path}", body=body, headers=headers)

    open_account(context, Opening(FR, ADDRESSED, TRY, is_sandbox=True, test_on=date(2026, 1, 15)), by="cli")
    subscribe(context, TRY, "srv", next_on=date(2026, 2, 1))
    assert call("GET", f"/accounts/{TRY}/test-clock").json["today"] == "2026-01-15"
    went = call("POST", f"/accounts/{TRY}/test-clock", '{"to_on": "2026-02-01"}').json
    assert (went["bills"], went["today"], went["days"]) == (1, "2026-02-01", 17)
    far = call("POST", f"/accounts/{TRY}/test-clock", '{"to_on": "2028-02-01"}')
    assert (far.status_code, far.json["code"]) == (400, "too-many-days")
    live = call("POST", f"/accounts/{ACME}/test-clock", '{"to_on": "2027-02-01"}')
    assert (live.status_code, live.json["code"]) == (409, "not-a-sandbox")
    set_order_policy(context, PETIT, Policy.HOLD, by="cli")
    bill(context)
    assert [each["account"] for each in call("GET", "/holds").json] == [PETIT]
    view = call("GET", f"/accounts/{ACME}/family-view/2026-11/service").json
    assert (view["marked"], view["total_minor"]) == ("not a bill", {"EUR": 3_600})
    assert call("GET", f"/accounts/{ACME}/family-view/2026-11/colour").status_code == 404
    assert call("GET", f"/accounts/{ACME}/family-view/soon/service").status_code == 400
