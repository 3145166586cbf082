"""Points in the manager and in the office: looked at, used, ordered, given, taken."""

from dataclasses import replace
from pathlib import Path

import pytest
from falcon.testing import TestClient

from acquit.actions.add_operator import add_operator
from acquit.actions.context import Context
from acquit.actions.give_points import give_points
from acquit.actions.set_points_programme import set_points_programme
from acquit.actions.show_points import points_of
from acquit.actions.sign_in import sign_in_operator
from acquit.console.app import make_app
from acquit.core.operator import Role
from acquit.store.transaction import Database
from e2e.conftest import NoSettings
from e2e.trading import trading, visitor_of
from e2e.visitor import Visitor
from e2e.world import PASSWORD
from founding import ACME, LAB, PETIT
from pointing import PROGRAMME


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return trading(database, tmp_path / "archive")


def test_where_no_points_are_given_there_is_no_page(context: Context) -> None:
    petit = visitor_of(context, PETIT)
    assert petit.get("/manager/points").status_code == 404
    assert "/manager/points" not in petit.get("/manager/credit").text


def test_points_are_looked_at_used_and_ordered(context: Context) -> None:
    set_points_programme(context, replace(PROGRAMME, is_sold=True), by="cli")
    petit = visitor_of(context, PETIT)
    assert "/manager/points" in petit.get("/manager/credit").text
    assert "No points yet." in petit.get("/manager/points").text
    give_points(context, PETIT, 1_030, "ten <b>years</b>", by="cli")
    page = petit.get("/manager/points").text
    assert "ten &lt;b&gt;years" in page
    assert "€51.50" in page
    assert ">1,030<" in page
    for wrong in ("", "x", "-1", "1031", "1.5"):
        refused = petit.send("/manager/points", {"points": wrong})
        assert refused.status_code in (400, 409), wrong
    sent = petit.send("/manager/points", {"points": "1020"})
    assert "The points are credit now" in petit.get(sent.headers["location"]).text
    assert points_of(context, PETIT).balance == 10
    assert "€51.00" in petit.get("/manager/credit").text
    ordered = petit.send("/manager/points", {"buy": "40"})
    assert "Points whose money is awaited" in petit.get(ordered.headers["location"]).text
    assert "Prepayments that are awaited" not in petit.get("/manager/credit").text
    kept = petit.send("/manager/points", {"threshold": "15"})
    assert 'value="15"' in petit.get(kept.headers["location"]).text
    gone = petit.send("/manager/points", {"threshold": ""})
    assert "No letter is written about your points any more" in petit.get(gone.headers["location"]).text
    assert 'value="15"' not in petit.get("/manager/points").text
    assert visitor_of(context, LAB).get("/manager/points").status_code == 404
    assert "years" not in visitor_of(context, ACME).get("/manager/points").text


def test_staff_gives_and_takes(context: Context) -> None:
    set_points_programme(context, PROGRAMME, by="cli")
    path = f"/office/accounts/{PETIT}/points"
    add_operator(context, "tess", "Tess", Role.TREASURY, PASSWORD, by="system")
    token = sign_in_operator(context, "tess", PASSWORD, address="192.0.2.1")
    treasurer = Visitor(TestClient(make_app(context, NoSettings())), {"acquit-office": token})
    given = treasurer.send(path, {"act": "give", "points": "12", "reason": "goodwill"})
    assert "Le compte a reçu les points." in treasurer.get(given.headers["location"]).text
    assert treasurer.send(path, {"act": "give", "points": "12", "reason": ""}).status_code == 400
    assert treasurer.send(path, {"act": "steal", "points": "12", "reason": "x"}).status_code == 400
    treasurer.send(path, {"act": "take", "points": "2", "reason": "a mistake"})
    page = treasurer.get(path).text
    assert "a mistake" in page
    assert points_of(context, PETIT).balance == 10
    assert path in treasurer.get(f"/office/accounts/{PETIT}").text
