"""/me/changePassword and /me/passwordRecover: a letter brings the link that sets a new password."""

from collections.abc import Mapping
from typing import Final

from acquit.actions.recover_password import ask_password_link, send_password_link
from acquit.api.request import Batched, Handler, Request

COMPANY: Final = "ovh"
"""The one that every account here belongs to, as `/me` shows it."""


def change_password(request: Request) -> None:
    """POST /me/changePassword: the caller's login has a letter with a link."""
    caller = request.caller
    login = caller.login or caller.account_id
    send_password_link(
        request.context, caller.account_id, login, origin=request.origin, address=request.address,
        by=caller.actor,
    )  # fmt: skip


def recover_password(request: Request) -> None:
    """POST /me/passwordRecover: whoever has the name has a letter; nothing tells whether anybody does."""
    body = request.body
    if body["ovhCompany"] == COMPANY:
        ask_password_link(request.context, body["ovhId"], origin=request.origin, address=request.address)


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("POST", "/me/changePassword"): change_password,
    ("POST", "/me/passwordRecover"): recover_password,
}
