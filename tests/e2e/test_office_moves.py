"""Services that change hands in the office: asked for, refused, given by staff, and who is billed what."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from falcon.testing import TestClient

from acquit.actions.add_operator import add_operator
from acquit.actions.change_contacts import (
    agree_to_contact_change,
    ask_contact_change,
    refuse_contact_change,
    token_of,
)
from acquit.actions.context import Context
from acquit.actions.sign_in import sign_in_operator
from acquit.adapters.mail import NullMailer
from acquit.console.app import make_app
from acquit.core.contact_change import Contact, ContactChange, Side
from acquit.core.identifiers import AccountId, ServiceId
from acquit.store.transaction import Database
from billed import failed, later, rows
from e2e.conftest import NoSettings
from e2e.test_reverse_pages import English
from e2e.visitor import STAFF
from e2e.world import PASSWORD
from founding import ACME, LAB, PETIT, SHOP
from serving import market, run, sell

NEAR = date(2026, 12, 17)
MOVES = "/office/moves"
ACTS = "SELECT actor, verb, details FROM act WHERE verb IN ('give_service', 'take_service') ORDER BY act_id"
OWNING = {Contact.ADMIN: SHOP, Contact.BILLING: SHOP}


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    """Petit has a server with options, renewed for December."""
    context = replace(market(database), mailer=NullMailer())
    for role in ("sales", "auditor"):
        add_operator(context, f"{STAFF[role]}-two", role.title(), role, PASSWORD, by="cli")
    with database.write() as tx:
        tx.run("UPDATE account SET email = account_id || '@example.com'")
    sell(context, options=("backup",), resource_name="web")
    run(context, "2026-11")
    return later(context, NEAR)


def staff_of(context: Context, role: str) -> English:
    client = TestClient(make_app(context, NoSettings()))
    token = sign_in_operator(context, f"{STAFF[role]}-two", PASSWORD, address="192.0.2.1")
    return English(client, {"acquit-office": token})


def service_of(context: Context) -> ServiceId:
    (found,) = rows(context, "SELECT service_id FROM service WHERE resource_name = 'web'"
                             " AND parent_service_id IS NULL AND state = 'active'")  # fmt: skip
    return ServiceId(found.service_id)


def ask(context: Context) -> list[ContactChange]:
    return ask_contact_change(context, PETIT, service_of(context), OWNING, by=f"account:{PETIT}/petra")


def answer(context: Context, change: ContactChange, account_id: AccountId, side: Side) -> None:
    token = token_of(context, change, side)
    number = change.contact_change_id
    agree_to_contact_change(context, account_id, number, token, by=f"account:{account_id}")


def test_staff_looks_first_and_gives_a_service_away(context: Context) -> None:
    sam, service = staff_of(context, "sales"), service_of(context)
    path = f"/office/accounts/{PETIT}/moves"
    assert f'href="{path}?service={service}#give"' in sam.get(path).text
    shown = sam.get(f"{path}?service=web&to={SHOP}").text
    assert ("-€14.52" in shown, "€14.52" in shown, "€2.90" in shown) == (True, True, True)
    assert "From 1 Jan 2027 on" in shown
    assert rows(context, ACTS) == [], "looking changes nothing"
    assert service_of(context) == service
    sent = sam.post(path, sam.hidden(f"{path}?service={service}&to={SHOP}"))
    page = sam.get(sent.headers["location"]).text
    assert "The service is the other account&#39;s from today on." in page
    assert ("operator sam-two" in page, page.count("the next bill")) == (True, 8)
    assert [(each.actor, each.verb) for each in rows(context, ACTS)] == [
        ("operator:sam-two", "give_service"), ("operator:sam-two", "take_service"),
    ]  # fmt: skip
    run(context, "2026-12")
    billed = sam.get(f"{MOVES}/{PETIT}/{service}").text
    assert "the next bill" not in billed
    assert len(re.findall(rf"/office/accounts/{SHOP}/bills/FR\d+", billed)) == 2
    for listed in (MOVES, path, f"/office/accounts/{SHOP}/moves"):
        assert f'href="{MOVES}/{PETIT}/{service}"' in sam.get(listed).text
    assert f'href="{MOVES}/{PETIT}/{service}"' not in sam.get(f"/office/accounts/{LAB}/moves").text
    assert failed(context) == {}


def test_what_cannot_be_is_told_before_and_refused_after(context: Context) -> None:
    sam, audrey = staff_of(context, "sales"), staff_of(context, "auditor")
    path, service = f"/office/accounts/{PETIT}/moves", service_of(context)
    for query, words in (
        (f"service=web&to={PETIT}", "name another account"),
        ("service=web&to=zz99999-acq", "zz99999-acq"),
        (f"service=nothing&to={SHOP}", "no service nothing"),
    ):
        page = sam.get(f"{path}?{query}")
        assert (page.status_code, words in page.text, "Give it today" in page.text) == (200, True, False)
    assert "Give it today" not in audrey.get(f"{path}?service={service}&to={SHOP}").text
    token = audrey.hidden(path) | audrey.hidden("/office/reports/vat")
    given = {"service": str(service), "to": SHOP}
    assert audrey.post(path, token | given).status_code == 403
    token = sam.hidden(f"{path}?service={service}&to={SHOP}")
    for wrong, status in (({"to": PETIT}, 400), ({"service": "x"}, 404), ({"service": "999999"}, 404)):
        once = {"once": str(wrong)}
        assert sam.post(path, token | given | wrong | once).status_code == status
    assert rows(context, ACTS) == []
    for nowhere in (f"{MOVES}/{PETIT}/{service}", f"{MOVES}/{PETIT}/x", f"{MOVES}/{PETIT}/asked/7"):
        assert sam.get(nowhere).status_code == 404


def test_what_accounts_ask_and_answer_is_told(context: Context) -> None:
    sam, service = staff_of(context, "sales"), service_of(context)
    refused = ask(context)
    token = token_of(context, refused[0], Side.TAKER)
    refuse_contact_change(context, SHOP, refused[0].contact_change_id, token, by=f"account:{SHOP}/sheila")
    asked = ask(context)
    for listed in (MOVES, f"/office/accounts/{SHOP}/moves"):
        page = sam.get(listed).text
        assert (page.count("Waits for both"), page.count("Refused"), page.count("Aborted")) == (2, 1, 1)
    gone = sam.get(f"{MOVES}/{PETIT}/asked/{refused[0].contact_change_id}").text
    assert ("Said no" in gone, "sheila" in gone, "petra" in gone) == (True, True, True)
    waits = sam.get(f"{MOVES}/{PETIT}/asked/{asked[0].contact_change_id}").text
    assert f"/moves?service={service}&amp;to={SHOP}#give" in waits
    assert sam.get(f"{MOVES}/{LAB}/asked/{asked[0].contact_change_id}").status_code == 404
    for each in asked:
        answer(context, each, PETIT, Side.GIVER)
        answer(context, each, SHOP, Side.TAKER)
    done = sam.get(f"{MOVES}/{PETIT}/asked/{asked[1].contact_change_id}").text
    assert (done.count("Said yes"), f'href="{MOVES}/{PETIT}/{service}"' in done) == (2, True)
    move = sam.get(f"{MOVES}/{PETIT}/{service}").text
    for each in asked:
        assert f'href="{MOVES}/{PETIT}/asked/{each.contact_change_id}"' in move
    assert f"/asked/{refused[0].contact_change_id}" not in move
    french = sam.client.simulate_get(
        f"{MOVES}/{PETIT}/{service}", cookies=sam.cookies, headers={"Accept-Language": "fr"}
    )
    assert "Qui est facturé de quoi" in french.text
    assert ACME not in move
