"""/me/agreements: what the seller asks to accept, what was accepted, and what a cart says of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

import pytest
import requests

from acquit.actions.accept_contract import accept_contract
from acquit.actions.publish_contract import publish_contract
from acquit.adapters.clock import FixedClock
from acquit.core.contract_text import ContractTextObsolete, ContractTextTaken, NoSuchContractText
from acquit.core.identifiers import AccountId
from acquit.store import contract_texts

from .families import Customer, Families
from .peopling import new_cart, new_line
from .world import ACME, FR, PETIT, TODAY

Make = Callable[..., Customer]
WORDS = "# 1. Price\nWhat is billed, à la fin du mois.\n\nA second paragraph."
LATER = date(2026, 12, 1)


@pytest.fixture(scope="module")
def terms(families: Families) -> int:
    """Terms of service for every account."""
    made = publish_contract(families.world.context, FR, "Terms of service", WORDS, by="cli")
    return made.contract_text_id


def test_a_contract_is_asked_for_read_and_accepted(acme: Customer, families: Families, terms: int) -> None:
    path = f"/me/agreements/{terms}"
    assert acme.get(path)["agreed"] == "todo"
    assert acme.get(path)["date"].startswith(f"{TODAY.isoformat()}T00:00:00")
    contract = acme.get(f"{path}/contract")
    assert (contract["text"], contract["name"], contract["active"]) == (WORDS, "Terms of service", True)
    assert contract["date"] == TODAY.isoformat()
    assert acme.post(f"{path}/accept") == "ok"
    accepted = acme.get(path)
    assert accepted["agreed"] == "ok"
    assert acme.post(f"{path}/accept") == "ok"
    assert acme.get(path) == accepted
    assert acme.get("/me/agreements", agreed="ok") == [terms]
    assert acme.get("/me/agreements", agreed="todo") == []
    assert acme.get("/me/agreements", contractId=terms + 1) == []
    with families.world.context.database.read() as tx:
        (told,) = contract_texts.acceptances(tx, terms)
    assert (told.account_id, told.accepted_by) == (ACME, f"account:{ACME}")


def test_the_paper_opens_by_its_own_link_alone(acme: Customer, terms: int) -> None:
    link = acme.get(f"/me/agreements/{terms}/contract")["pdf"]
    paper = requests.get(link, timeout=60)
    assert paper.headers["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF-")
    parts = urlsplit(link)
    for wrong in (f"contract={terms + 1}&{parts.query.partition('&')[2]}", f"contract={terms}", "contract=é"):
        assert requests.get(parts._replace(query=wrong).geturl(), timeout=60).status_code == 404


def test_an_order_names_what_it_is_under(
    acme: Customer, customer: Make, families: Families, terms: int
) -> None:
    special = publish_contract(
        families.world.context, FR, "Special terms", "For Petit.", by="cli", account_id=PETIT
    )
    petit = customer(PETIT)
    cart = new_cart(petit)
    new_line(petit, cart)
    for answer in (
        petit.get(f"/order/cart/{cart}/summary"), petit.get(f"/order/cart/{cart}/checkout"),
        petit.post(f"/order/cart/{cart}/checkout"),
    ):  # fmt: skip
        assert [each["name"] for each in answer["contracts"]] == ["Terms of service", "Special terms"]
        assert answer["contracts"][0]["content"] == WORDS
        assert "contract.pdf" in answer["contracts"][0]["url"]
    for path in (f"/me/agreements/{special.contract_text_id}", "/me/agreements/987654321"):
        assert acme.refusal("GET", path)[0] == 404
        assert acme.refusal("GET", f"{path}/contract")[0] == 404
        assert acme.refusal("POST", f"{path}/accept")[0] == 404
    assert special.contract_text_id not in acme.get("/me/agreements")


def test_a_newer_version_makes_the_older_one_obsolete(families: Families, terms: int) -> None:
    context = families.world.context
    publish_contract(context, FR, "Terms of service", "New words.", by="cli", from_on=LATER)
    with pytest.raises(ContractTextTaken):
        publish_contract(context, FR, "Terms of service", "Other words.", by="cli", from_on=LATER)
    later = replace(context, clock=FixedClock(LATER))

    def states(account_id: AccountId, on: date) -> list[str]:
        with context.database.read() as tx:
            found = contract_texts.presented(tx, account_id, on)
        return [each.state.value for each in found if each.text.name == "Terms of service"]

    assert states(ACME, TODAY) == ["ok"]
    assert states(ACME, LATER) == ["obsolete", "todo"]
    with pytest.raises(ContractTextObsolete):
        accept_contract(later, PETIT, terms, by="cli")
    newer = contract_texts_id(families)
    with pytest.raises(NoSuchContractText):
        accept_contract(context, PETIT, newer, by="cli")
    assert accept_contract(later, PETIT, newer, by="cli").state.value == "ok"


def contract_texts_id(families: Families) -> int:
    """The newest version."""
    with families.world.context.database.read() as tx:
        return contract_texts.of_seller(tx, FR)[-1].text.contract_text_id
