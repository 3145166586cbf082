"""/me/subAccount: accounts under the caller's, and consumer keys that speak for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from acquit.actions.create_sub_account_key import create_sub_account_key, describe_sub_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.account import Account
from acquit.store import accounts
from acquit.store.transaction import Transaction


def list_sub_accounts(request: Request) -> Listing[int]:
    """GET /me/subAccount: the numbers of the caller's sub-accounts."""
    account_id = request.caller.account_id

    def numbers(tx: Transaction) -> list[int]:
        return [account.sub_account_no or 0 for account in accounts.of_parent(tx, account_id)]

    return Listing(numbers, lambda tx, some: _shown(tx, request, some))


def get_sub_account(request: Request) -> object:
    """GET /me/subAccount/{id}: one of them."""
    with request.read() as tx:
        found = accounts.find_sub_account(tx, request.caller.account_id, request.path["id"])
    if found is None:
        raise NoSuchObject(request.path["id"])
    return _sub_account(found, request)


def get_many_sub_accounts(request: Request, numbers: Sequence[int]) -> Mapping[int, object]:
    """Read several at once."""
    with request.read() as tx:
        return _shown(tx, request, numbers)


def create_sub_account(request: Request) -> int:
    """POST /me/subAccount: one more; its bare number is the answer. Needs the reseller tag."""
    made = open_sub_account(
        request.context,
        request.caller.account_id,
        request.body.get("description") or None,
        by=request.caller.actor,
    )
    assert made.sub_account_no is not None, "a sub-account has a number"
    return made.sub_account_no


def edit_sub_account(request: Request) -> None:
    """PUT /me/subAccount/{id}: what it is for."""
    number, body = request.path["id"], request.body
    if "description" not in body:
        get_sub_account(request)
        return
    describe_sub_account(
        request.context,
        request.caller.account_id,
        number,
        body["description"] or None,
        by=request.caller.actor,
    )


def create_consumer_key(request: Request) -> object:
    """POST /me/subAccount/{id}/createConsumerKey: the calling program gets a key that acts as it."""
    key = create_sub_account_key(
        request.context,
        request.caller.account_id,
        request.path["id"],
        request.caller.application_id,
        by=request.caller.actor,
    )
    return {"consumerKey": key.consumer_key}


def _shown(tx: Transaction, request: Request, numbers: Sequence[int]) -> dict[int, object]:
    found = accounts.of_parent(tx, request.caller.account_id)
    return {
        account.sub_account_no: _sub_account(account, request)
        for account in found
        if account.sub_account_no is not None and account.sub_account_no in numbers
    }


def _sub_account(account: Account, request: Request) -> dict[str, Any]:
    return {
        "creationDate": wire.instant(account.opened_at, request.zone),
        "description": account.description,
        "id": account.sub_account_no,
    }
