"""Contracts: what the seller asks the account to accept, and what was accepted."""

from acquit.actions.accept_contract import accept_contract, presented_in
from acquit.actions.publish_contract import contract_paper, contract_token
from acquit.console.place import own_place, page
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.contract_text import NoSuchContractText
from acquit.store import contract_texts

DIGITS_MAX = 18


def list_contracts(visit: Visit) -> Page:
    """GET /manager/contracts: what waits for a yes first."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        found = contract_texts.presented(tx, visit.account_id, place.today)
    found.sort(key=lambda each: (not each.holds, each.accepted_at is not None, each.text.name))
    return page("contracts.html", place, found=found)


def accept(visit: Visit) -> Reply:
    """POST /manager/contracts: the account's yes to one of them."""
    accept_contract(visit.context, visit.account_id, _number(visit.form.text("contract")), by=visit.actor)
    return Redirect("/manager/contracts?done=accepted")


def show_contract(visit: Visit) -> Reply:
    """GET /manager/contracts/{contract_id}/pdf: the paper."""
    number = _number(visit.path_values["contract_id"])
    with visit.read() as tx:
        found = presented_in(tx, visit.account_id, number, own_place(visit, tx).today)
    content = contract_paper(visit.context, number, contract_token(visit.context, number))
    return Download(content, "application/pdf", f"{found.text.name}.pdf", inline=True)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise NoSuchContractText(text)
    return int(text)
