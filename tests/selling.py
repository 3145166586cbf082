"""A small catalogue in the published format, and a seller that sells from it."""

import json
from dataclasses import replace
from datetime import date
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.open_account import Opening, open_account
from acquit.actions.set_up_company import Company, FirstOperator, set_up_company
from acquit.core.account import LegalEntity, SupportLevel
from acquit.core.money import Currency
from acquit.store.transaction import Database
from founding import ACME, FR, PARTY, TODAY, context_on

PASSWORD: Final = "plum-Quartz-7-lantern"
MONTHLY: Final = {"interval": 1, "intervalUnit": "month"}

ENTITY: Final = LegalEntity(
    legal_entity_id=FR,
    name="Nuage du Nord SAS",
    siren="732829320",
    vat_id="FR44732829320",
    street="1 rue du Quai",
    zip="59000",
    city="Lille",
    country="FR",
    currency=Currency("EUR"),
    zone="Europe/Paris",
    iban="FR14 2004 1010 0505 0001 3M02 606",
    bill_series_id="",
    credit_series_id="",
    deposit_series_id="",
)


def company(**changed: Any) -> Company:
    """A seller with a first operator, some members changed."""
    return Company(replace(ENTITY, **changed), operator=FirstOperator("anna", "Anna Martin", PASSWORD))


def price(capacity: str, mode: str, ucents: int, **more: Any) -> dict[str, Any]:
    """A pricing of the published format."""
    return {"capacities": [capacity], "mode": mode, "price": ucents} | more


def catalogue(**changed: Any) -> bytes:
    """Servers with memory and addresses, as a published file."""
    server = {
        "planCode": "metal-s",
        "product": "metal",
        "invoiceName": "Metal S",
        "addonFamilies": [
            {
                "name": "memory",
                "addons": ["ram-32", "ram-64"],
                "default": "ram-32",
                "mandatory": True,
                "exclusive": True,
            },
        ],
        "pricings": [
            price("installation", "default", 49_00000000),
            price("renew", "default", 89_00000000, **MONTHLY),
            price("installation", "upfront12", 0),
            price("renew", "upfront12", 960_00000000, interval=12, intervalUnit="month", commitment=12),
        ],
    }
    address = {
        "planCode": "ip",
        "product": "address",
        "invoiceName": "Address",
        "pricings": [
            price("renew", "default", 1_50000000, **MONTHLY, quantity={"min": 1, "max": 10}),
            price("renew", "default", 1_00000000, **MONTHLY, quantity={"min": 11, "max": None}),
            price("consumption", "hourly", 100, interval=1, intervalUnit="hour"),
            price("renew", "hourly", 100, interval=1, intervalUnit="hour"),
        ],
    }
    memory = [
        {
            "planCode": f"ram-{size}",
            "product": "memory",
            "invoiceName": f"{size} GB",
            "pricings": [price("renew", "default", ucents, **MONTHLY)],
        }
        for size, ucents in ((32, 0), (64, 12_00000000))
    ]
    whole = {
        "catalogId": 1,
        "locale": {"currencyCode": "EUR", "subsidiary": "FR", "taxRate": 20},
        "products": [
            {"name": "metal", "blobs": {"technical": {"server": {}}}},
            {"name": "address", "blobs": {"technical": {"ip": {}}}},
            {"name": "memory"},
        ],
        "plans": [server, address],
        "addons": memory,
    }
    return json.dumps(whole | changed).encode()


def shop(database: Database, on: date = TODAY) -> Context:
    """The seller with its catalogue, and Acme, a business customer without a service."""
    context = context_on(database, on)
    set_up_company(context, company(), by="cli")
    import_catalogue(context, catalogue(), by="cli", legal_entity_id=FR, from_on=date(2025, 1, 1))
    open_account(context, Opening(FR, PARTY, ACME, SupportLevel.BUSINESS), by="cli")
    return context
