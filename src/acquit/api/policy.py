"""What a service account may do: each route names its actions, its rights cover them or not."""

from typing import Final

from acquit.api.contract import Route
from acquit.api.refusals import BeyondRights
from acquit.api.request import Caller
from acquit.core.service_account import missing_actions

OF_ONESELF: Final = "/auth/"


def check(caller: Caller, route: Route) -> None:
    """Pass unless the caller is a service account whose rights lack the route. Raises BeyondRights."""
    if caller.service_account_id is None or route.path.startswith(OF_ONESELF):
        return
    missing = missing_actions(caller.actions, route.iam_actions)
    if missing:
        raise BeyondRights(missing)
