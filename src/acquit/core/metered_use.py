"""What stands behind the metered lines of a bill: how much was measured, and how its price follows."""

from dataclasses import dataclass
from datetime import date

from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.meter import Meter
from acquit.core.quick import quick
from acquit.core.rating import Line


@quick
@dataclass(frozen=True, slots=True)
class MeteredUse:
    """The use of a meter by a service in a month, as it was rated for a bill.

    `lines` add up to what the use costs; a later rating of the month leaves `before_minor` of it charged.
    """

    owner_id: AccountId
    service_id: ServiceId
    service: str
    meter: Meter
    period: date
    quantity_e4: int
    lines: tuple[Line, ...]
    before_minor: int = 0
