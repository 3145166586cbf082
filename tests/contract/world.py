"""A small world with real bills, made by the actions: what tests of the wire's families look at.

Acme (45 days, family order) pays for its laboratory; its shop pays itself; Petit is a stranger. Three
months are billed: September is paid, of October some was paid, November is not due.
"""

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, LiteralString

from acquit.actions.context import Context
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.run_bills import run_bills
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.set_renewal_day import set_renewal_day
from acquit.actions.settle_debt import Receipt, return_payment, settle_debt
from acquit.actions.subscribe_service import subscribe_service
from acquit.adapters.clock import FixedClock
from acquit.core.account import PayerChoice
from acquit.core.debt import Allocation
from acquit.core.identifiers import AccountId, DebtId, LegalEntityId
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.sales_request import AskedTerm
from acquit.core.subscription import Wish
from acquit.core.terms import Term
from acquit.store import debts

FR: Final = LegalEntityId("FR")
EUR: Final = Currency("EUR")
ACME: Final = AccountId("ab12345-acq")
LAB: Final = AccountId("ab20001-acq")
SHOP: Final = AccountId("ab20002-acq")
PETIT: Final = AccountId("cd67890-acq")
ACCOUNTS: Final = (ACME, LAB, SHOP, PETIT)
TODAY: Final = date(2026, 11, 23)

BOOKS: LiteralString = """
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    VALUES ('FR', 'receivable', '411', 'Receivables'), ('FR', 'revenue', '706', 'Services'),
           ('FR', 'vat_collected', '44571', 'VAT'), ('FR', 'vat_pending', '44574', 'Pending VAT'),
           ('FR', 'bank', '512', 'Bank'), ('FR', 'unapplied', '4191', 'Unapplied'),
           ('FR', 'write_off', '654', 'Losses')
    ON CONFLICT DO NOTHING
"""
RATES: LiteralString = """
    INSERT INTO vat_rate (country, from_on, rate_bp) VALUES ('FR', '2014-01-01', 2000) ON CONFLICT DO NOTHING
"""
PARTY_IDS: LiteralString = "SELECT nextval('legal_party_id') FROM generate_series(1, 10)"
BANK: LiteralString = """
    UPDATE legal_entity
       SET iban = 'FR7630006000011234567890189', bic = 'AGRIFRPP', email = 'billing@example.com'
"""


def _renewal(price: int, mode: str = "default", commitment: int = 0) -> dict[str, object]:
    return {
        "capacities": ["renew"], "mode": mode, "price": price, "tax": 0, "interval": 1,
        "intervalUnit": "month", "commitment": commitment, "phase": 1,
    }  # fmt: skip


TECHNICAL: Final = {
    "server": {
        "cpu": {"boost": 4.5, "brand": "AMD", "cores": 6, "frequency": 3.5, "model": "EPYC 4244P",
                "number": 1, "score": 30000, "threads": 12},
        "frame": {"dualPowerSupply": True, "maxNbDisks": 4, "model": "1U", "size": "1U"},
        "range": "metal",
    },
    "memory": {"ecc": True, "frequency": 5200, "ramType": "DDR5", "size": 32},
    "bandwidth": {"level": "high"},
}  # fmt: skip
CATALOGUE: Final = {
    "catalogId": 1,
    "locale": {"currencyCode": "EUR", "subsidiary": "FR", "taxRate": 20},
    "products": [
        {"name": "metal", "description": "A server", "blobs": {"technical": TECHNICAL}},
        {"name": "disk", "description": "A disk", "blobs": None},
    ],
    "plans": [
        {
            "planCode": "metal-s",
            "product": "metal",
            "invoiceName": "Serveur Métal S",
            "configurations": [
                {"name": "place", "isMandatory": False, "isCustom": False, "values": ["north", "south"]}
            ],
            "addonFamilies": [
                {"name": "disk", "addons": ["disk-1t"], "default": None, "mandatory": False}
            ],
            "pricings": [
                {"capacities": ["installation"], "mode": "default", "price": 4900000000, "tax": 0,
                 "interval": 0, "intervalUnit": "none", "phase": 0},
                _renewal(9999500000),
                _renewal(8000000000, "degressivity12", 12),
            ],
        }
    ],
    "addons": [
        {
            "planCode": "disk-1t",
            "product": "disk",
            "invoiceName": "Disque 1 To",
            "pricings": [_renewal(1234567)],
        }
    ],
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """The context on the day of the tests, and what tests need to name."""

    context: Context
    purchase_order_id: int
    paid_bill: str


def make_world(context: Context) -> World:
    """Make the world on a database that has the seller and three accounts."""
    with context.database.write() as tx:
        for statement in (BOOKS, RATES, BANK):
            tx.run(statement)
        tx.all(PARTY_IDS)
    september = _on(context, date(2026, 9, 1))
    open_sub_account(september, ACME, "shop", by="cli", account_id=SHOP, payer=PayerChoice.ITSELF)
    grant_enterprise_terms(september, ACME, AskedTerm(Term(45)), by="cli")
    import_catalogue(
        september, json.dumps(CATALOGUE).encode(), by="cli", legal_entity_id=FR, from_on=date(2026, 1, 1)
    )
    order = set_purchase_order(
        september, ACME, OrderTerms("PO-2026-7", date(2026, 9, 1), members=frozenset({LAB})), by="cli"
    )
    _subscribe(september)
    for month in (9, 10, 11):
        first = date(2026, month, 1)
        reports = run_bills(_on(context, first), FR, f"2026-{month:02d}", by="cli")
        assert [report.parked for report in reports] == [0]
    today = _on(context, TODAY)
    set_renewal_day(today, LAB, by="cli", day=1)
    return World(today, order.purchase_order_id, _pay(today))


def _on(context: Context, on: date) -> Context:
    return replace(context, clock=FixedClock(on))


def _subscribe(context: Context) -> None:
    first = date(2026, 9, 1)
    for account_id in ACCOUNTS:
        wish = Wish("metal-s", first, options=("disk-1t",), resource_name=f"ns-{account_id[:7]}.example.net")
        subscribe_service(context, account_id, wish, by="cli")
    engaged = Wish("metal-s", first, mode="degressivity12", resource_name="ns-engaged.example.net")
    subscribe_service(context, PETIT, engaged, by="cli")


def _pay(context: Context) -> str:
    """Acme pays September whole and some of October; a payment of Petit is returned. Return what is paid."""
    with context.database.read() as tx:
        owed = {account_id: debts.of_payer(tx, account_id) for account_id in (ACME, PETIT)}
    first, second, _ = (one for one in owed[ACME] if one.account_id == ACME)
    _settle(context, ACME, ACME, first.debt_id, first.amount_minor, date(2026, 10, 10))
    _settle(context, ACME, ACME, second.debt_id, 1_000, date(2026, 11, 2))
    bounced = owed[PETIT][0]
    _settle(context, PETIT, PETIT, bounced.debt_id, bounced.amount_minor, date(2026, 11, 3))
    with context.database.read() as tx:
        (operation,) = debts.operations(tx, PETIT, bounced.debt_id)
    return_payment(context, PETIT, bounced.debt_id, operation.operation_id, "AC04", by="cli")
    return first.bill_id


def _settle(
    context: Context, payer_id: AccountId, account_id: AccountId, debt_id: DebtId, amount: int, on: date
) -> None:
    receipt = Receipt(on, amount, EUR, bank_reference="E2E-1", label="VIR ACME")
    settle_debt(context, payer_id, receipt, [Allocation(account_id, debt_id, amount)], by="cli")
