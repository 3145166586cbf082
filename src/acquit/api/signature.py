"""Who is calling: the headers of a signed request against the store, by the ladder of `core.access`."""

from acquit.actions.context import Context
from acquit.api.incoming import Incoming
from acquit.api.request import Caller
from acquit.api.routing import Target
from acquit.core.access import NotSignedIn


class Gate:
    """Admits signed requests."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def admit(self, incoming: Incoming, target: Target) -> Caller:
        """Return the caller, or raise the first refusal of the ladder."""
        raise NotSignedIn

    def close(self) -> None:
        """End what runs beside."""
