"""What the simulated seller sells: plans in several modes, tiers, options, a promotion; and its meters."""

import json
from typing import Any, Final

MONTH: Final = {"interval": 1, "intervalUnit": "month"}
YEAR: Final = {"interval": 12, "intervalUnit": "month"}

METERS: Final = b"""
[[meter]]
code = "traffic"
unit = "GB"
from = 2025-01-01
description = { fr = "Trafic sortant", en = "Outgoing traffic" }

[[meter]]
code = "disk"
unit = "GB"
aggregation = "max"
per = "day"
from = 2025-01-01
description = { fr = "Disque", en = "Disk" }

[[meter]]
code = "seats"
unit = "C62"
aggregation = "last"
from = 2025-01-01
description = { fr = "Postes", en = "Seats" }

[[price]]
meter = "traffic"
from = 2025-01-01
included = 10
tiers = [{ up_to = 100, price = "0.10" }, { price = "0.05" }]

[[price]]
meter = "disk"
from = 2025-01-01
price = "0.0033"

[[price]]
meter = "seats"
from = 2025-01-01
strategy = "volume"
tiers = [{ up_to = 5, price = 4 }, { price = 3 }]
"""

METER_CODES: Final = ("traffic", "disk", "seats")

SOLD: Final = {
    "metal-s": ("default", "degressivity12", "upfront12"),
    "metal-l": ("default", "degressivity12"),
    "ip": ("default",),
    "backup": ("default",),
    "license": ("default", "upfront12"),
}
"""Per plan the modes in which it is sold."""


def _price(capacity: str, mode: str, ucents: int, **more: Any) -> dict[str, Any]:
    return {"capacities": [capacity], "mode": mode, "price": ucents} | more


def _bound(rule: str) -> dict[str, Any]:
    return {
        "commitment": 12,
        "engagementConfiguration": {"duration": "P12M", "type": "periodic", "defaultEndAction": rule},
    }


FAMILIES: Final = [
    {
        "name": "memory", "addons": ["ram-32", "ram-64"], "default": "ram-32",
        "mandatory": True, "exclusive": True,
    },
    {"name": "support", "addons": ["care"], "mandatory": False, "exclusive": False},
]  # fmt: skip


def _metal(code: str, percent: int, monthly: int) -> dict[str, Any]:
    monthly = monthly * percent // 100
    pricings = [
        _price("installation", "default", 49_00000000),
        _price("renew", "default", monthly, **MONTH),
        _price("installation", "degressivity12", 19_00000000),
        _price("renew", "degressivity12", monthly * 8 // 10 + 1, **MONTH)
        | _bound("STOP_ENGAGEMENT_FALLBACK_DEFAULT_PRICE"),
        _price("upgrade", "default", 10_00000000),
        _price("upgrade", "degressivity12", 5_00000000),
    ]
    if code == "metal-s":
        pricings.append(_price("renew", "upfront12", monthly * 10, **YEAR) | _bound("REACTIVATE_ENGAGEMENT"))
    return {
        "planCode": code, "product": "metal", "invoiceName": code.title(), "addonFamilies": FAMILIES,
        "pricings": pricings,
    }  # fmt: skip


def _simple(percent: int) -> list[dict[str, Any]]:
    address = [
        _price("renew", "default", 1_50000000 * percent // 100, **MONTH, quantity={"min": 1, "max": 10}),
        _price("renew", "default", 1_00000000 * percent // 100, **MONTH, quantity={"min": 11, "max": None}),
    ]
    backup = _price("renew", "default", 3_33300000, **MONTH) | {
        "promotions": [
            {
                "name": "half", "type": "percentage", "value": 50, "startDate": "2025-01-01", "duration": 3,
            }
        ]
    }  # fmt: skip
    licence = [
        _price("renew", "default", 7_77777777 * percent // 100, **MONTH),
        _price("renew", "upfront12", 80_00000000, **YEAR) | _bound("STOP_ENGAGEMENT_KEEP_PRICE"),
    ]
    return [
        {"planCode": "ip", "product": "address", "invoiceName": "Address", "pricings": address},
        {"planCode": "backup", "product": "backup", "invoiceName": "Backup", "pricings": [backup]},
        {"planCode": "license", "product": "license", "invoiceName": "License", "pricings": licence},
    ]


def catalogue(percent: int = 100) -> bytes:
    """Return the catalogue in the published format, most prices at so many percent."""
    options = [("ram-32", 0), ("ram-64", 12_34567890), ("care", 4_99000000 * percent // 100)]
    whole = {
        "catalogId": 1,
        "locale": {"currencyCode": "EUR", "subsidiary": "FR", "taxRate": 20},
        "products": [
            {"name": name} for name in ("metal", "address", "backup", "license", "memory")
        ],
        "plans": [
            _metal("metal-s", percent, 89_99000000),
            _metal("metal-l", percent, 150_33000000),
            *_simple(percent),
        ],
        "addons": [
            {
                "planCode": code, "product": "memory", "invoiceName": code.title(),
                "pricings": [_price("renew", "default", ucents, **MONTH)],
            }
            for code, ucents in options
        ],
    }  # fmt: skip
    return json.dumps(whole).encode()
