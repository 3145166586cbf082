"""Meters of the tests' seller, and events as its machines send them."""

import json
from datetime import date
from typing import Any, Final

from acquit.actions.accept_usage import Accepted, Arrived, prepare, write
from acquit.actions.context import Context
from acquit.actions.import_meters import import_meters
from acquit.actions.usage_lines import json_reader
from acquit.actions.usage_terms import Terms
from founding import FR, PETIT

OCTOBER: Final = date(2026, 10, 1)

METERS: Final = """
[[meter]]
code = "traffic"
unit = "GB"
from = 2026-01-01
description = { fr = "Trafic sortant", en = "Outgoing traffic" }

[[meter]]
code = "disk"
unit = "GB"
aggregation = "max"
per = "day"
from = 2026-01-01
description = { fr = "Disque", en = "Disk" }

[[meter]]
code = "seats"
unit = "C62"
aggregation = "last"
from = 2026-01-01
description = { fr = "Postes", en = "Seats" }

[[price]]
meter = "traffic"
from = 2026-01-01
included = 10
tiers = [{ up_to = 100, price = "0.10" }, { price = "0.05" }]

[[price]]
meter = "disk"
from = 2026-01-01
price = "0.0033"

[[price]]
meter = "seats"
from = 2026-01-01
strategy = "volume"
tiers = [{ up_to = 5, price = 4 }, { price = 3 }]
"""


def measure(context: Context, more: str = "") -> None:
    """The seller's meters with their prices, and more of them."""
    import_meters(context, (METERS + more).encode(), by="cli", legal_entity_id=FR)


def event(event_id: str, service: object, quantity: object = "1", **given: Any) -> dict[str, Any]:
    """An event of Petit's traffic at noon of 10 October, unless told otherwise."""
    return {
        "id": event_id, "account": PETIT, "service": service, "meter": "traffic", "quantity": quantity,
        "at": "2026-10-10T12:00:00Z",
    } | given  # fmt: skip


def send(context: Context, *events: dict[str, Any] | bytes, source: str = "test") -> Accepted:
    """Events that come together."""
    raw = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in events]
    read = json_reader(source)
    arrived = [Arrived(number, line, read(line)) for number, line in enumerate(raw, 1)]
    with context.database.write() as tx:
        return write(tx, prepare(tx, Terms(context), arrived), "cli")


def fates(accepted: Accepted) -> list[str]:
    """What became of each event: its fate, or the code of what is wrong."""
    return [each.problem.code if each.problem else each.fate.value for each in accepted.told]
