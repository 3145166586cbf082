"""A service is changed in the manager: its cost is shown by the day, then it is changed, once."""

import re
from datetime import date
from urllib.parse import urlencode

import pytest

from acquit.actions.context import Context
from acquit.actions.set_password import set_password
from acquit.actions.subscribe_service import Subscription
from acquit.store import services
from acquit.store.transaction import Database
from billed import failed, later
from e2e.trading import visitor_of
from e2e.visitor import Visitor
from e2e.world import PASSWORD
from founding import PETIT, SHOP
from serving import lines, market, run, sell

LARGE = {"to": "l|default", "quantity": "1", "add": "", "remove": "", "when": "now"}

ANY = "/manager/preferences"
"""A page with a form of the account's own."""


@pytest.fixture
def context(database: Database) -> Context:
    context = later(market(database), date(2026, 11, 16))
    for account_id in (PETIT, SHOP):
        set_password(context, account_id, PASSWORD, by="cli")
    with database.write() as tx:
        tx.run("UPDATE account SET language = 'en_GB'")
    return context


@pytest.fixture
def sold(context: Context) -> Subscription:
    return sell(context, options=("backup",))


@pytest.fixture
def petit(context: Context) -> Visitor:
    return visitor_of(context, PETIT)


def path_of(sold: Subscription) -> str:
    return f"/manager/services/{sold.service.service_id}/change"


def codes(context: Context, sold: Subscription) -> list[tuple[str, str]]:
    """Plan and state of the service and its options."""
    with context.database.read() as tx:
        head = services.find(tx, PETIT, sold.service.service_id)
        options = services.options_of(tx, PETIT, sold.service.service_id)
    assert head is not None
    return [(each.plan_code, each.state.value) for each in (head, *options)]


def test_what_may_be_chosen(petit: Visitor, sold: Subscription) -> None:
    page = petit.get(path_of(sold)).text
    assert re.findall(r'name="to" value="([^"]+)"', page) == [
        "stays", "ip|default", "promo|default", "s|degressivity12", "s|ends3", "s|fallback3",
        "l|degressivity12", "l|default",
    ]  # fmt: skip
    assert "engaged for 12 months" in page
    assert re.findall(r'<option value="(ram-64|backup|ram-32)"', page) == ["ram-64", "backup", "ram-32"]
    assert path_of(sold) in petit.get(path_of(sold).removesuffix("/change")).text


def test_the_cost_is_shown_and_the_change_made_once(
    context: Context, petit: Visitor, sold: Subscription
) -> None:
    shown = petit.get(f"{path_of(sold)}?{urlencode(LARGE)}").text
    for told in ("S - unused, 15 days from 2026-11-16", "€15.00", "€30.00", "L - upgrade", "€20.00"):
        assert told in shown
    assert codes(context, sold)[0] == ("s", "active")
    first = petit.send(path_of(sold), LARGE | {"once": "k"})
    again = petit.send(path_of(sold), LARGE | {"once": "k"})
    assert first.headers["location"] == again.headers["location"]
    assert "The service is changed." in petit.get(first.headers["location"]).text
    assert codes(context, sold)[0] == ("l", "active")
    run(context, "2026-11")
    billed = [each for each in lines(context) if each[0].startswith(("S - ", "L - "))]
    assert sum(amount for _, _, amount in billed) == -1500 + 3000 + 500
    assert failed(context) == {}


def test_options_come_and_go(context: Context, petit: Visitor, sold: Subscription) -> None:
    more = {"to": "stays", "quantity": "1", "add": "ram-64", "remove": "backup", "when": "now"}
    shown = petit.get(f"{path_of(sold)}?{urlencode(more)}").text
    assert "RAM-64 - 15 days from 2026-11-16" in shown
    assert "BACKUP - unused" in shown
    petit.send(path_of(sold), more)
    assert {code for code, state in codes(context, sold) if state == "active"} == {"s", "ram-64"}
    assert failed(context) == {}


def test_a_change_waits_for_the_renewal(context: Context, petit: Visitor, sold: Subscription) -> None:
    late = LARGE | {"when": "at-renewal"}
    shown = petit.get(f"{path_of(sold)}?{urlencode(late)}").text
    assert "Nothing is charged now. The change comes with the renewal of 1 Dec 2026." in shown
    assert "From the renewal of 1 Dec 2026: €60.00" in shown
    sent = petit.send(path_of(sold), late)
    assert "another plan" in petit.get(sent.headers["location"]).text
    assert codes(context, sold)[0] == ("s", "active")


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"to": "stays"}, "is like that already"),
        ({"to": "nothing"}, "Choose one of what is offered"),
        ({"quantity": "many"}, "whole number"),
        ({"quantity": "0"}, ""),
        ({"add": "ram-128"}, "does not take the option"),
        ({"when": "yesterday"}, "Choose one of what is offered"),
    ],
)
def test_what_is_not_sold_is_said_and_not_done(
    context: Context, petit: Visitor, sold: Subscription, choice: dict[str, str], told: str
) -> None:
    before = codes(context, sold)
    wrong = LARGE | choice
    shown = petit.get(f"{path_of(sold)}?{urlencode(wrong)}")
    assert shown.status_code == 200
    assert 'role="alert"' in shown.text
    assert told in shown.text
    assert petit.send(path_of(sold), wrong).status_code in (400, 404)
    assert codes(context, sold) == before


def test_only_its_account_changes_a_service_and_no_option_alone(
    context: Context, petit: Visitor, sold: Subscription
) -> None:
    stranger = visitor_of(context, SHOP)
    assert stranger.get(path_of(sold)).status_code == 404
    assert stranger.post(path_of(sold), stranger.hidden(ANY) | LARGE).status_code == 404
    below = path_of(sold).replace(str(sold.service.service_id), str(sold.options[0].service_id))
    assert petit.get(below).status_code == 400
    assert petit.post(below, petit.hidden(ANY) | LARGE).status_code == 400
