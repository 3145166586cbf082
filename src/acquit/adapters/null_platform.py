"""What stands in for an e-invoicing platform where none is set up; it needs no HTTP client."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from acquit.adapters.mail import put_off
from acquit.core.delivery import Answer, Flow, FlowTold
from acquit.ports import Unreachable

log = logging.getLogger("acquit.platform")

NOT_SET_UP: Final = "no e-invoicing platform is set up: ACQUIT_PLATFORM_URL"


class NullPlatform:
    """Takes nothing and warns: what is to go to a platform waits until one is set up."""

    def submit(self, flows: Sequence[Flow]) -> Iterator[Answer]:
        """Put every flow off."""
        log.warning("platform.waits", extra={"reason": NOT_SET_UP, "flows": len(flows)})
        yield from put_off(len(flows), NOT_SET_UP)

    def told_since(self, since: datetime) -> list[FlowTold]:
        """Return nothing: nobody tells anything."""
        return []

    def fetch(self, flow_id: str) -> bytes:
        """Raise Unreachable."""
        raise Unreachable(NOT_SET_UP)
