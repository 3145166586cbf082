"""A seller, its staff and its first customers, founded through the store and the actions themselves."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final, LiteralString

from acquit.actions.context import Context
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.account import Account, LegalEntity, LegalParty, PayerChoice, SupportLevel
from acquit.core.identifiers import AccountId, LegalEntityId, LegalPartyId, OperatorId
from acquit.core.money import Currency
from acquit.core.operator import Operator, Role
from acquit.store import legal_entities, operators
from acquit.store.transaction import Database

TODAY: Final = date(2026, 11, 23)
FR: Final = LegalEntityId("FR")
ACME: Final = AccountId("ab12345-acq")
LAB: Final = AccountId("ab20001-acq")
SHOP: Final = AccountId("ab20002-acq")
PETIT: Final = AccountId("cd67890-acq")
SAM: Final = "operator:sam"
BEA: Final = "operator:bea"

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
    bill_series_id="FR",
    credit_series_id="AV",
    deposit_series_id="RC",
)

PARTY: Final = LegalParty(LegalPartyId(0), date(2020, 1, 1), "Acme Études SARL", "FR", siren="552081317")

SERIES: Final[LiteralString] = """
    INSERT INTO series (series_id, legal_entity_id, document, prefix, reference_code)
    VALUES ('FR', 'FR', 'bill', 'FR', '1'), ('AV', 'FR', 'credit-note', 'AV', '2'),
           ('RC', 'FR', 'deposit', 'RC', '3')
"""

SERVICE: Final[LiteralString] = """
    INSERT INTO service (account_id, resource_name, display_name, route, catalogue_id, plan_code, description,
                         unit_price_ucents, currency, renewal_months, anniversary_day, started_on,
                         next_renewal_on, renew_automatic, delete_at_expiration, state)
    VALUES (%(account_id)s, %(name)s, %(name)s, '/vps/{serviceName}', 1, 'vps-1', 'a server', 500000000,
            'EUR', 1, 1, '2026-01-01', '2026-12-01', false, true, %(state)s)
    RETURNING service_id
"""

RENEWALS: Final[LiteralString] = """
    SELECT resource_name, renew_automatic, renew_forced, delete_at_expiration
      FROM service
     ORDER BY resource_name
"""

USAGE: Final[LiteralString] = """
    INSERT INTO charge (account_id, service_id, kind, period_start, period_end, description, quantity_e4,
                        unit_price_ucents, currency, accepted_on)
    VALUES (%(account_id)s, 1, 'usage', '2026-10-01', '2026-10-31', 'traffic', 10000, 1, 'EUR', '2026-10-31')
"""

DEBT: Final[LiteralString] = """
    INSERT INTO debt (account_id, debt_id, bill_id, payer_id, currency, amount_minor, opened_at, due_on)
    VALUES (%(account_id)s, %(debt_id)s, %(bill_id)s, %(payer_id)s, 'EUR', %(amount_minor)s, now(),
            '2026-12-31')
"""

PAYMENT: Final[LiteralString] = """
    INSERT INTO debt_operation (account_id, debt_id, kind, means, amount_minor, occurred_on)
    VALUES (%(account_id)s, %(debt_id)s, 'payment', 'transfer', %(amount_minor)s, '2026-11-01')
"""

ACTS: Final[LiteralString] = "SELECT verb, account_id, subject, actor, details FROM act ORDER BY act_id"


def context_on(database: Database, on: date = TODAY) -> Context:
    """A context whose business date stands still; real adapters, no mail."""
    archive = DirectoryArchive(Path("/nonexistent"))
    return Context(database, FixedClock(on), AesSealer(bytes(32)), archive, NullMailer())


def found(database: Database, on: date = TODAY, **settings: Any) -> Context:
    """A seller with two sales operators and a biller, no account yet."""
    with database.write() as tx:
        legal_entities.insert(tx, replace(ENTITY, **settings))
        tx.run(SERIES)
        for name, role in (("sam", Role.SALES), ("bea", Role.SALES), ("bob", Role.BILLING)):
            operators.add(tx, Operator(OperatorId(name), name.title(), f"{name}@example.com", role), "x")
    return context_on(database, on)


def settle(context: Context, level: SupportLevel = SupportLevel.BUSINESS) -> Account:
    """Acme, a reseller, with a laboratory that it pays for and a shop that pays itself; Petit, standard."""
    acme = open_account(
        context, Opening(FR, PARTY, ACME, level, frozenset({"reseller"}), "Alice", "Martin"), by=SAM
    )
    open_sub_account(context, ACME, "laboratory", by=SAM, account_id=LAB)
    open_sub_account(context, ACME, "shop", by=SAM, account_id=SHOP, payer=PayerChoice.ITSELF)
    open_account(context, Opening(FR, replace(PARTY, name="Petit SAS"), PETIT), by=SAM)
    return acme


def add_service(context: Context, account_id: AccountId, name: str, state: str = "active") -> None:
    """A service that the account had chosen not to renew."""
    with context.database.write() as tx:
        tx.one(SERVICE, account_id=account_id, name=name, state=state)


def add_usage(context: Context, account_id: AccountId) -> None:
    """A charge of metered usage."""
    with context.database.write() as tx:
        tx.run(USAGE, account_id=account_id)


def add_debt(context: Context, payer_id: AccountId, debt_id: int, amount: int, paid: int = 0) -> None:
    """A debt of the payer, partly paid perhaps."""
    with context.database.write() as tx:
        tx.run(
            DEBT, account_id=payer_id, debt_id=debt_id, bill_id=f"FR{debt_id}", payer_id=payer_id,
            amount_minor=amount,
        )  # fmt: skip
        if paid:
            tx.run(PAYMENT, account_id=payer_id, debt_id=debt_id, amount_minor=paid)


def renewals(context: Context) -> dict[str, str]:
    """How each service renews, in words."""
    words = {
        (True, True, False): "permanent",
        (True, False, False): "automatic",
        (False, False, True): "ends",
    }
    with context.database.read() as tx:
        return {row.resource_name: words[tuple(row[1:])] for row in tx.all(RENEWALS)}


def verbs(context: Context) -> list[str]:
    """What was done, in order."""
    with context.database.read() as tx:
        return [row.verb for row in tx.all(ACTS)]


def count(context: Context, table: LiteralString) -> int:
    """How many rows a table has."""
    with context.database.read() as tx:
        return int(tx.one(f"SELECT count(*) AS rows FROM {table}").rows)
