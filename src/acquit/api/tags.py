"""/me/tag: marks on the account that open doors, such as `reseller`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.ask_for_tag import AVAILABLE, ask_for_tag, give_up_tag
from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.store import accounts
from acquit.store.accounts import Tag
from acquit.store.transaction import Transaction

STATES: Final[Mapping[str, str]] = {"validated": "CREATED", "asked": "WAIT_MODERATION"}


def list_tags(request: Request) -> Listing[str]:
    """GET /me/tag: the tags of the account that pays."""

    def names(tx: Transaction) -> list[str]:
        return [tag.tag for tag in _of_payer(tx, request)]

    return Listing(names, lambda tx, some: _shown(tx, request, some))


def list_available(request: Request) -> list[dict[str, Any]]:
    """GET /me/tag/available: the tags that may be asked for; none takes further members."""
    return [{"keys": [], "name": name} for name in AVAILABLE]


def get_tag(request: Request) -> object:
    """GET /me/tag/{tag}: one tag."""
    name = request.path["tag"]
    found = get_many_tags(request, [name])
    if name not in found:
        raise NoSuchObject(name)
    return found[name]


def get_many_tags(request: Request, names: Sequence[str]) -> Mapping[str, object]:
    """Read several at once."""
    with request.read() as tx:
        return _shown(tx, request, names)


def ask(request: Request) -> object:
    """POST /me/tag: ask the provider for a tag; it counts when a person has given it."""
    asked = ask_for_tag(
        request.context,
        request.caller.account_id,
        request.body["tagName"],
        request.body.get("reason") or "",
        by=request.caller.actor,
    )
    return _tag(asked, request)


def give_up(request: Request) -> object:
    """DELETE /me/tag/{tag}: the account has the tag no more."""
    former = give_up_tag(
        request.context, request.caller.account_id, request.path["tag"], by=request.caller.actor
    )
    return {**_tag(former, request), "status": "DELETED"}


def _of_payer(tx: Transaction, request: Request) -> list[Tag]:
    account = accounts.find(tx, request.caller.account_id)
    assert account is not None, "a caller's account exists"
    now = request.context.clock.now()
    tags = accounts.tags(tx, account.payer_id)
    return [tag for tag in tags if tag.expires_at is None or tag.expires_at > now]


def _shown(tx: Transaction, request: Request, names: Sequence[str]) -> dict[str, object]:
    return {tag.tag: _tag(tag, request) for tag in _of_payer(tx, request) if tag.tag in names}


def _tag(tag: Tag, request: Request) -> dict[str, Any]:
    return {
        "creationDate": wire.instant(tag.added_at, request.zone),
        "customerCode": request.caller.account_id,
        "expirationDate": wire.instant_or_none(tag.expires_at, request.zone),
        "extra": None,
        "lastUpdate": wire.instant(tag.updated_at, request.zone),
        "status": STATES[tag.status],
        "tag": tag.tag,
    }
