"""Receipts in the manager and the office: there once a day is stamped, of one's own bills alone."""

import json
from pathlib import Path

import pytest
from falcon.testing import TestClient

from acquit.actions.add_operator import add_operator
from acquit.actions.context import Context
from acquit.actions.set_password import set_password
from acquit.actions.sign_in import sign_in_account, sign_in_operator
from acquit.actions.stamp_archive import stamp_days
from acquit.actions.verify_paper import verify_file
from acquit.console.app import make_app
from acquit.core.operator import Role
from acquit.store.transaction import Database
from archiving import archiving
from e2e.conftest import NoSettings
from e2e.visitor import Visitor
from e2e.world import PASSWORD
from founding import ACME, PETIT

MINE, FOREIGN = "/manager/bills/FR00000001", "/manager/bills/FR00000003"


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    made = archiving(database, tmp_path / "archive")
    set_password(made, ACME, PASSWORD, by="cli")
    add_operator(made, "ada", "Ada", Role.ADMINISTRATOR, PASSWORD, by="system")
    return made


@pytest.fixture
def client(context: Context) -> TestClient:
    return TestClient(make_app(context, NoSettings()))


def test_a_customer_finds_the_receipt_once_its_day_is_stamped(
    context: Context, client: TestClient, tmp_path: Path
) -> None:
    acme = Visitor(client, {"acquit-manager": sign_in_account(context, ACME, PASSWORD, address="192.0.2.1")})
    assert "/receipt" not in acme.get(MINE).text
    assert acme.get(f"{MINE}/receipt").status_code == 404
    stamp_days(context)
    assert f'href="{MINE}/receipt"' in acme.get(MINE).text
    answer = acme.get(f"{MINE}/receipt")
    assert "FR00000001.pdf.receipt.json" in answer.headers["content-disposition"]
    (tmp_path / "FR00000001.pdf").write_bytes(acme.get(f"{MINE}/pdf").content)
    (tmp_path / "FR00000001.pdf.receipt.json").write_bytes(answer.content)
    assert verify_file(tmp_path / "FR00000001.pdf", None, None).verdict == "intact"
    assert acme.get(f"{FOREIGN}/receipt").status_code == 404


def test_staff_finds_it_below_the_account(context: Context, client: TestClient) -> None:
    ada = Visitor(client, {"acquit-office": sign_in_operator(context, "ada", PASSWORD, address="192.0.2.1")})
    stamp_days(context)
    page = f"/office/accounts/{PETIT}/bills/FR00000003"
    assert f'href="{page}/receipt"' in ada.get(page).text
    assert json.loads(ada.get(f"{page}/receipt").content)["bill"]["account"] == PETIT
    assert ada.get(f"/office/accounts/{ACME}/bills/FR00000003/receipt").status_code == 404
