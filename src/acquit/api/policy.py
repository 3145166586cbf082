"""What a caller may do: a service account by the actions of a route, others by the rules of their key."""

from typing import Final

from acquit.api.contract import Route, contract
from acquit.api.refusals import BeyondRights
from acquit.api.request import Caller
from acquit.core.access import is_granted
from acquit.core.service_account import missing_actions

OF_ONESELF: Final = "/auth/"


def check(caller: Caller, route: Route) -> None:
    """Pass unless the caller is a service account whose rights lack the route. Raises BeyondRights."""
    if caller.service_account_id is None or route.path.startswith(OF_ONESELF):
        return
    missing = missing_actions(caller.actions, route.iam_actions)
    if missing:
        raise BeyondRights(missing)


def may_call(caller: Caller, method: str, route_path: str, path: str) -> bool:
    """Return whether the caller could make that call of a route, as far as its rules or rights say."""
    if caller.service_account_id is None:
        return is_granted(caller.rules, method, path)
    (route,) = (each for each in contract().routes if each.key == (method, route_path))
    return not missing_actions(caller.actions, route.iam_actions)
