"""A seller with a catalogue of servers in several modes, and services that are sold from it."""

import json
from datetime import date
from typing import Any, Final, LiteralString

from acquit.actions.context import Context
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.run_bills import run_bills
from acquit.actions.subscribe_service import Subscription, subscribe_service
from acquit.core.identifiers import AccountId
from acquit.core.subscription import Wish
from acquit.store.transaction import Database
from billed import family, later, rows, seller
from founding import FR, PETIT
from selling import MONTHLY, price

FIRST: Final = date(2026, 11, 1)

LINES: Final[LiteralString] = """
    SELECT d.kind, d.period_start, d.period_end, d.description, d.net_minor, b.category
      FROM bill_detail d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
     WHERE d.account_id = %(account_id)s AND d.correction_no = 0
     ORDER BY b.issued_on, d.bill_id, d.detail_no
"""


def engagement(end_action: str, months: int = 12, kind: str = "periodic") -> dict[str, Any]:
    return {
        "commitment": months,
        "engagementConfiguration": {
            "duration": f"P{months}M", "type": kind, "defaultEndAction": end_action,
        },
    }  # fmt: skip


def plan(code: str, *pricings: dict[str, Any], options: bool = False) -> dict[str, Any]:
    families = [
        {"name": "memory", "addons": ["ram-32", "ram-64"], "default": "ram-32", "mandatory": True,
         "exclusive": True},
        {"name": "backup", "addons": ["backup"]},
    ]  # fmt: skip
    return {
        "planCode": code, "product": "metal", "invoiceName": code.upper(), "pricings": list(pricings),
        "addonFamilies": families if options else [],
    }  # fmt: skip


def month(euros: int, mode: str = "default", **more: Any) -> dict[str, Any]:
    return price("renew", mode, euros * 100_000_000, **MONTHLY | more)


def prices(**changed: Any) -> bytes:
    """Servers S and L, an address with tiers, a plan for a promotion; memory and backup as add-ons."""
    spring = {
        "name": "autumn", "type": "percentage", "value": 50, "startDate": "2026-10-01T00:00:00+02:00",
        "endDate": "2026-12-01T00:00:00+01:00", "duration": 2, "quantity": 3,
        "isGlobalQuantityLimited": True, "globalQuantity": 4,
    }  # fmt: skip
    whole = {
        "catalogId": 1,
        "locale": {"currencyCode": "EUR", "subsidiary": "FR", "taxRate": 20},
        "products": [{"name": "metal", "blobs": {"technical": {"server": {}}}}],
        "plans": [
            plan(
                "s", month(30),
                month(24, "degressivity12", **engagement("REACTIVATE_ENGAGEMENT")),
                month(27, "fallback3", **engagement("STOP_ENGAGEMENT_FALLBACK_DEFAULT_PRICE", 3)),
                month(27, "ends3", **engagement("CANCEL_SERVICE", 3)),
                price("renew", "upfront12", 300_00000000, interval=12, intervalUnit="month",
                      **engagement("REACTIVATE_ENGAGEMENT", kind="upfront")),
                options=True,
            ),
            plan(
                "l", month(60), month(48, "degressivity12", **engagement("REACTIVATE_ENGAGEMENT")),
                price("upgrade", "default", 5_00000000), options=True,
            ),
            plan("ip", month(2, quantity={"min": 1, "max": 10}), month(1, quantity={"min": 11, "max": None})),
            plan("promo", month(10, promotions=[spring])),
        ],
        "addons": [plan("ram-32", month(0)), plan("ram-64", month(12)), plan("backup", month(6))],
    }  # fmt: skip
    return json.dumps(whole | changed).encode()


def market(database: Database, on: date = FIRST, **settings: Any) -> Context:
    """The seller, its catalogue from 2025 on, and its accounts."""
    context = seller(database, on, **settings)
    import_catalogue(context, prices(), by="cli", legal_entity_id=FR, from_on=date(2025, 1, 1))
    family(context)
    return context


def sell(
    context: Context, code: str = "s", on: date = FIRST, account_id: AccountId = PETIT, **wished: Any
) -> Subscription:
    """The account has the plan from that day on."""
    return subscribe_service(context, account_id, Wish(code, on, **wished), by="cli")


def run(context: Context, period: str) -> None:
    """Bill the month on its last day."""
    year, number = map(int, period.split("-"))
    last = date(year + number // 12, number % 12 + 1, 1).toordinal() - 1
    run_bills(later(context, date.fromordinal(last)), FR, period, by="cli")


def lines(context: Context, account_id: AccountId = PETIT) -> list[tuple[str, str, int]]:
    """What was billed: description, first day, amount in cents."""
    return [
        (row.description, f"{row.period_start:%m-%d}", row.net_minor)
        for row in rows(context, LINES, account_id=account_id)
    ]
