"""/me/agreements: the contract texts of the seller, and which of them the account accepted."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.accept_contract import accept_contract
from acquit.actions.loading import date_of, entity_in
from acquit.api import links, wire
from acquit.api.listing import Listing
from acquit.api.request import Batched, Handler, Request
from acquit.core.contract_text import NoSuchContractText, Presented
from acquit.core.identifiers import LegalEntityId
from acquit.store import contract_texts
from acquit.store.transaction import Transaction

ACCEPTED: Final = "ok"


def list_agreements(request: Request) -> Listing[int]:
    """GET /me/agreements: what the account is or was asked to accept."""
    state, contract = request.query["agreed"], request.query["contractId"]

    def chosen(tx: Transaction) -> list[int]:
        return [
            number
            for number, each in _presented(tx, request).items()
            if state in (None, each.state.value) and contract in (None, number)
        ]

    return Listing(chosen, lambda tx, ids: _agreements(tx, request, ids))


def get_agreement(request: Request) -> object:
    """GET /me/agreements/{id}: one of them."""
    return _agreement(_found(request), request)


def get_many_agreements(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several with one statement."""
    with request.read() as tx:
        return _agreements(tx, request, ids)


def get_contract(request: Request) -> object:
    """GET /me/agreements/{id}/contract: the words, and a link to the paper."""
    found = _found(request)
    return {
        "active": found.holds,
        "date": wire.day(found.text.from_on),
        "name": found.text.name,
        "pdf": links.contract_link(request, found.text.contract_text_id),
        "text": found.text.said,
    }


def accept(request: Request) -> str:
    """POST /me/agreements/{id}/accept: the account's yes."""
    accept_contract(request.context, request.caller.account_id, request.path["id"], by=request.caller.actor)
    return ACCEPTED


def contracts_to_order(request: Request, legal_entity_id: LegalEntityId) -> list[dict[str, str]]:
    """Return what an order of the seller's is under: what it asks of this account, else of every account."""
    with request.read() as tx:
        if request.signed_in is None:
            today = date_of(request.context, entity_in(tx, legal_entity_id))
            found = list(contract_texts.holding(tx, legal_entity_id, today))
        else:
            found = [each.text for each in _presented(tx, request).values() if each.holds]
    return [
        {"content": each.said, "name": each.name, "url": links.contract_link(request, each.contract_text_id)}
        for each in found
    ]


def _found(request: Request) -> Presented:
    number = request.path["id"]
    with request.read() as tx:
        found = _presented(tx, request).get(number)
    if found is None:
        raise NoSuchContractText(number)
    return found


def _presented(tx: Transaction, request: Request) -> dict[int, Presented]:
    every = contract_texts.presented(tx, request.caller.account_id, request.today)
    return {each.text.contract_text_id: each for each in every}


def _agreements(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = _presented(tx, request)
    return {number: _agreement(found[number], request) for number in ids if number in found}


def _agreement(found: Presented, request: Request) -> dict[str, Any]:
    asked = wire.midnight(found.text.from_on, request.zone)
    return {
        "agreed": found.state.value,
        "contractId": found.text.contract_text_id,
        "date": wire.instant_or_none(found.accepted_at, request.zone) or asked,
        "id": found.text.contract_text_id,
    }


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/agreements"): list_agreements,
    ("GET", "/me/agreements/{id}"): Batched(get_agreement, get_many_agreements),
    ("POST", "/me/agreements/{id}/accept"): accept,
    ("GET", "/me/agreements/{id}/contract"): get_contract,
}
