"""A seller that can bill, accounts that can be billed, and services that renew."""

from dataclasses import replace
from datetime import date
from typing import Any, Final, LiteralString

from acquit.actions.audit_books import audit_books
from acquit.actions.context import Context
from acquit.actions.import_exchange_rates import import_exchange_rates
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.run_bills import RunReport, run_bills
from acquit.core.account import PayerChoice, SupportLevel
from acquit.core.identifiers import AccountId
from acquit.store.audit import Found
from acquit.store.transaction import Database
from founding import ACME, FR, LAB, PARTY, PETIT, SHOP, context_on, found

ON: Final = date(2026, 11, 23)

ADDRESSED: Final = replace(
    PARTY, street="2 rue du Port", zip="44000", city="Nantes", vat_id="FR03552081317", e_address="552081317"
)

BOOKS: Final[LiteralString] = """
    INSERT INTO vat_rate (country, from_on, rate_bp)
    VALUES ('FR', '2000-04-01', 1960), ('FR', '2014-01-01', 2000), ('DE', '2007-01-01', 1900);
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    VALUES ('FR', 'receivable', '411000', 'Clients'), ('FR', 'revenue', '706000', 'Prestations'),
           ('FR', 'vat_collected', '445710', 'TVA'), ('FR', 'vat_pending', '445740', 'TVA en attente'),
           ('FR', 'bank', '512000', 'Banque'), ('FR', 'unapplied', '419100', 'Avances'),
           ('FR', 'write_off', '654000', 'Pertes'), ('FR', 'credit_balance', '419700', 'Avoirs'),
           ('FR', 'credit_given', '709600', 'Remises'),
           ('FR', 'deferred', '487000', 'Avance'), ('FR', 'suspense', '471000', 'Attente'),
           ('FR', 'late_interest', '763100', 'Intérêts'),
           ('FR', 'recovery_fee', '758800', 'Indemnités'), ('FR', 'refund_payable', '467100', 'À rembourser'),
           ('FR', 'acquirer', '511500', 'Cartes'), ('FR', 'acquirer_fees', '627800', 'Commissions'),
           ('FR', 'accrued', '418100', 'Factures à établir'),
           ('FR', 'exchange_gain', '756000', 'Gains de change'),
           ('FR', 'exchange_loss', '656000', 'Pertes de change'),
           ('FR', 'conversion_gain', '477000', 'Conversion - passif'),
           ('FR', 'conversion_loss', '476000', 'Conversion - actif'), ('FR', 'points', '487100', 'Points'),
           ('FR', 'bought_services', '622200', 'Commissions'), ('FR', 'supplier', '401000', 'Fournisseurs'),
           ('FR', 'vat_deductible', '445660', 'TVA déductible'),
           ('FR', 'vat_deductible_pending', '445640', 'TVA déductible en attente'),
           ('FR', 'vat_self_assessed', '445200', 'TVA due intracommunautaire'),
           ('FR', 'vat_self_deducted', '445662', 'TVA déductible intracommunautaire'),
           ('FR', 'down_payment', '419110', 'Acomptes')
"""

SERVICE: Final[LiteralString] = """
    INSERT INTO service (account_id, resource_name, display_name, route, catalogue_id, plan_code, description,
           quantity_e4, unit_price_ucents, currency, renewal_months, anniversary_day, started_on,
           next_renewal_on, renew_automatic, renew_forced, delete_at_expiration, state, terminated_on,
           billing_group_id)
    VALUES (%(account_id)s, %(name)s, %(name)s, '/vps/{serviceName}', 1, 'vps-1', %(description)s,
           %(quantity_e4)s, %(unit_price_ucents)s, %(currency)s, %(months)s, %(day)s, %(next_on)s,
           %(next_on)s, %(automatic)s, %(forced)s, %(deleted)s, %(state)s, %(terminated_on)s,
           %(billing_group_id)s)
    RETURNING service_id
"""

CHARGE: Final[LiteralString] = """
    INSERT INTO charge (account_id, service_id, kind, period_start, period_end, description, domain,
           quantity_e4, unit_price_ucents, currency, category, accepted_on)
    VALUES (%(account_id)s, %(service_id)s, %(kind)s, %(period_start)s, %(period_end)s, %(description)s,
           %(domain)s, %(quantity_e4)s, %(unit_price_ucents)s, %(currency)s, 'purchase', %(accepted_on)s)
"""

NEXT: Final[LiteralString] = """
    SELECT resource_name, next_renewal_on FROM service WHERE account_id = %(account_id)s
"""


def seller(database: Database, on: date = ON, **settings: Any) -> Context:
    """A seller with its books; no account yet."""
    context = found(database, on, **settings)
    with database.write() as tx:
        tx.connection.execute(BOOKS)
    return context


def family(context: Context) -> None:
    """Acme, a reseller; a laboratory that it pays for; a shop that pays itself; Petit, on its own."""
    opening = Opening(FR, ADDRESSED, ACME, SupportLevel.BUSINESS, frozenset({"reseller"}), "Alice", "Martin")
    open_account(context, opening, by="cli")
    open_sub_account(context, ACME, "laboratory", by="cli", account_id=LAB)
    open_sub_account(context, ACME, "shop", by="cli", account_id=SHOP, payer=PayerChoice.ITSELF)
    open_account(context, Opening(FR, replace(ADDRESSED, name="Petit SAS"), PETIT), by="cli")


def subscribe(
    context: Context, account_id: AccountId, name: str, *, next_on: date = date(2026, 11, 1), **given: Any
) -> int:
    """A service of 10.00 EUR a month, unless told otherwise, that renews next on `next_on`."""
    values = {
        "description": f"Server {name}", "quantity_e4": 10_000, "unit_price_ucents": 1_000_000_000,
        "currency": "EUR", "months": 1, "day": next_on.day, "automatic": True, "forced": False,
        "deleted": False, "state": "active", "terminated_on": None, "billing_group_id": None,
    }  # fmt: skip
    with context.database.write() as tx:
        row = tx.one(SERVICE, account_id=account_id, name=name, next_on=next_on, **values | given)
        return int(row.service_id)


def dollars(context: Context) -> None:
    """A euro was 1.0870 dollars early in November."""
    import_exchange_rates(context, b"Date,USD\n2026-11-20,1.0870\n2026-11-02,1.0870\n", by="cli")


def charge(context: Context, account_id: AccountId, service_id: int = 1, **given: Any) -> None:
    """Usage of 2.00 EUR in October, unless told otherwise."""
    values: dict[str, Any] = {
        "kind": "usage", "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31),
        "description": "traffic", "domain": "traffic", "quantity_e4": 20_000,
        "unit_price_ucents": 100_000_000, "currency": "EUR", "accepted_on": date(2026, 10, 31),
    }  # fmt: skip
    values |= given
    values["period_end"] = max(values["period_end"], values["period_start"])
    with context.database.write() as tx:
        tx.run(CHARGE, account_id=account_id, service_id=service_id, **values)


def bill(context: Context, period: str = "2026-11", **given: Any) -> RunReport:
    """Run the period of the only seller and return its only report."""
    (report,) = run_bills(context, FR, period, by="cli", **given)
    return report


def later(context: Context, on: date) -> Context:
    """The same world on another day."""
    return context_on(context.database, on)


def next_renewals(context: Context, account_id: AccountId) -> dict[str, date]:
    """When each service of the account renews next."""
    with context.database.read() as tx:
        return {row.resource_name: row.next_renewal_on for row in tx.all(NEXT, account_id=account_id)}


def failed(context: Context) -> dict[str, tuple[str, ...]]:
    """The checks of the audit that find a difference, with the ids."""
    return {each.name: each.differences for each in audit_books(context) if not each.passed}


def compared(context: Context) -> dict[str, Found]:
    """What each check of the audit found."""
    return {each.name: each for each in audit_books(context)}


def rows(context: Context, query: LiteralString, **values: Any) -> list[Any]:
    """Return what a query finds."""
    with context.database.read() as tx:
        return tx.all(query, **values)
