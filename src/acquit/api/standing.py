"""/me/vipStatus, /me/partnerLevel and developer mode: what the account is to its seller, and may make."""

from collections.abc import Mapping
from typing import Final

from acquit.actions.developer_mode import set_developer_mode
from acquit.api.request import Batched, Handler, Request
from acquit.core.standing import Universe
from acquit.store import standings


def get_vip_status(request: Request) -> object:
    """GET /me/vipStatus: of which parts of the offer the account is a VIP."""
    with request.read() as tx:
        found = standings.find(tx, request.caller.account_id)
    return {each.value: each in found.vip_in for each in Universe}


def get_partner_level(request: Request) -> object:
    """GET /me/partnerLevel: the account's rank in the partner programme."""
    with request.read() as tx:
        found = standings.find(tx, request.caller.account_id)
    return {
        "level": found.partner_level.value,
        "msa": found.partner_signed,
        "requirement": found.partner_requirement.value,
    }


def get_developer_mode(request: Request) -> object:
    """GET /me/accessRestriction/developerMode: whether programs, keys and tokens may be made."""
    with request.read() as tx:
        return {"enabled": standings.makes_keys(tx, request.caller.account_id)}


def edit_developer_mode(request: Request) -> None:
    """PUT /me/accessRestriction/developerMode: whether they may from now on."""
    enabled, caller = request.body.get("enabled"), request.caller
    if enabled is not None:
        set_developer_mode(request.context, caller.account_id, enabled, by=caller.actor)


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/accessRestriction/developerMode"): get_developer_mode,
    ("PUT", "/me/accessRestriction/developerMode"): edit_developer_mode,
    ("GET", "/me/partnerLevel"): get_partner_level,
    ("GET", "/me/vipStatus"): get_vip_status,
}
