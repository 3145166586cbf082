"""A small world for the console: one seller, two families of accounts, staff, bills, orders.

Written row by row, so that these tests stand on the schema and not on the bill engine.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, LiteralString

from acquit.actions import passwords
from acquit.actions.add_operator import add_operator
from acquit.actions.context import Context
from acquit.core.snapshot import Buyer, Seller, snapshot
from acquit.store.transaction import Transaction

TODAY: Final = date(2026, 11, 23)
PASSWORD: Final = "plum-Quartz-7-lantern"
ACME: Final = "ab12345-acq"
ACME_LAB: Final = "ab20001-acq"
SMALL: Final = "cd67890-acq"
SCRIPT: Final = "<script>alert(1)</script>"

SELLER: Final[LiteralString] = """
    INSERT INTO legal_entity (legal_entity_id, name, siren, vat_id, street, zip, city, country, currency,
                              zone, bill_series_id, credit_series_id, deposit_series_id, iban)
    VALUES ('FR', 'Nuage du Nord SAS', '732829320', 'FR44732829320', '1 rue du Quai', '59000', 'Lille', 'FR',
            'EUR', 'Europe/Paris', 'FR', 'AV', 'RC', 'FR7630006000011234567890189')
"""
SERIES: Final[LiteralString] = """
    INSERT INTO series (series_id, legal_entity_id, document, prefix, reference_code)
    VALUES ('FR', 'FR', 'bill', 'FR', '1'), ('AV', 'FR', 'credit-note', 'AV', '2'),
           ('RC', 'FR', 'deposit', 'RC', '3')
"""
PARTY: Final[LiteralString] = """
    INSERT INTO legal_party (legal_party_id, from_on, name, siren, country, street, zip, city)
    VALUES (%(id)s, '2020-01-01', %(name)s, '552081317', 'FR', '2 avenue du Port', '44000', 'Nantes')
"""
ACCOUNT: Final[LiteralString] = """
    INSERT INTO account (account_id, legal_entity_id, parent_id, sub_account_no, payer_id, legal_party_id,
                         description, support_level, currency, language, given_name, family_name, email)
    VALUES (%(id)s, 'FR', %(parent)s, %(no)s, %(payer)s, %(party)s, %(description)s, %(level)s, 'EUR',
            %(language)s, 'Alice', 'Martin', 'alice@example.com')
"""
TAG: Final[LiteralString] = """
    INSERT INTO account_tag (account_id, tag, added_by) VALUES (%(id)s, 'reseller', 'system')
"""
LOGIN: Final[LiteralString] = """
    INSERT INTO identity_user (account_id, login, type, password_hash)
    VALUES (%(id)s, %(login)s, %(type)s, %(hash)s)
"""
SERVICE: Final[LiteralString] = """
    INSERT INTO service (account_id, resource_name, display_name, route, catalogue_id, plan_code, description,
                         unit_price_ucents, currency, renewal_months, anniversary_day, started_on,
                         next_renewal_on)
    VALUES (%(id)s, %(name)s, %(name)s, '/dedicated/server/{serviceName}', 1, 'srv-rise-1', %(description)s,
            8999000000, 'EUR', 1, 1, '2025-10-01', '2026-12-01')
"""
ORDER: Final[LiteralString] = """
    INSERT INTO purchase_order (account_id, reference, kind, start_on, end_on, amount_max_minor, currency,
                                is_family, created_by)
    VALUES (%(id)s, %(reference)s, %(kind)s, %(start)s, %(end)s, %(amount)s, 'EUR', %(family)s,
            'operator:sam')
    RETURNING purchase_order_id
"""
MEMBER: Final[LiteralString] = """
    INSERT INTO purchase_order_member (account_id, purchase_order_id, member_id)
    VALUES (%(id)s, %(order)s, %(member)s)
"""
DRAW: Final[LiteralString] = """
    INSERT INTO purchase_order_draw (account_id, purchase_order_id, bill_account_id, bill_id, amount_minor,
                                     drawn_on)
    VALUES (%(id)s, %(order)s, %(id)s, %(bill)s, %(amount)s, %(on)s)
"""
SNAPSHOT: Final[LiteralString] = """
    INSERT INTO snapshot (snapshot_hash, body) VALUES ('\\x00', %(body)s)
"""
BILL: Final[LiteralString] = """
    INSERT INTO bill (account_id, bill_id, order_id, kind, legal_entity_id, payer_id, category, issued_on,
                      issued_at, term_days, term_method, due_on, currency, net_minor, tax_minor, total_minor,
                      purchase_order_account, purchase_order_id, purchase_order_reference,
                      purchase_order_type, payment_reference, language, seller_hash, buyer_hash)
    VALUES (%(id)s, %(bill)s, %(order)s, 'bill', 'FR', %(payer)s, 'autorenew', %(on)s, %(at)s, %(days)s,
            'net', %(due)s, 'EUR', %(net)s, %(tax)s, %(total)s, %(po_account)s, %(po)s, %(reference)s,
            %(po_type)s, 'RF18539007547034', 'fr_FR', '\\x00', '\\x00')
"""
NUMBER: Final[LiteralString] = """
    INSERT INTO bill_number (bill_id, series_id, number, account_id, issued_on)
    VALUES (%(bill)s, 'FR', %(number)s, %(id)s, %(on)s)
"""
DETAIL: Final[LiteralString] = """
    INSERT INTO bill_detail (account_id, bill_id, detail_no, service_id, kind, domain, description,
                             quantity_e4, unit_price_ucents, net_minor, vat_category, vat_rate_bp,
                             period_start, period_end)
    VALUES (%(id)s, %(bill)s, %(no)s, %(service)s, 'renewal', %(domain)s, %(description)s, 10000,
            %(price)s, %(net)s, 'S', 2000, %(start)s, %(end)s)
"""
TAX: Final[LiteralString] = """
    INSERT INTO bill_tax (account_id, bill_id, vat_category, vat_rate_bp, net_minor, tax_minor)
    VALUES (%(id)s, %(bill)s, 'S', 2000, %(net)s, %(tax)s)
"""
DEBT: Final[LiteralString] = """
    INSERT INTO debt (account_id, debt_id, bill_id, payer_id, currency, amount_minor, opened_at, due_on)
    VALUES (%(id)s, %(order)s, %(bill)s, %(payer)s, 'EUR', %(total)s, %(at)s, %(due)s)
"""
PAYMENT: Final[LiteralString] = """
    INSERT INTO debt_operation (account_id, debt_id, kind, means, amount_minor, occurred_on)
    VALUES (%(id)s, %(order)s, 'payment', 'transfer', %(total)s, %(on)s)
"""


@dataclass(frozen=True)
class World:
    """Names of the world that tests use."""

    account: str = ACME
    sub_account: str = ACME_LAB
    other: str = SMALL
    password: str = PASSWORD
    bill: str = "FR00000014"


def make_world(context: Context) -> World:
    """Write the world into an empty database."""
    hashed = passwords.hashed(PASSWORD)
    with context.database.write() as tx:
        tx.run("SET CONSTRAINTS ALL DEFERRED")
        tx.run(SELLER)
        tx.run(SERIES)
        tx.run(SNAPSHOT, body=_printed())
        _accounts(tx, hashed)
        _orders_and_bills(tx)
    for operator_id, name, role in (
        ("sam", "Sam Sales", "sales"),
        ("sue", "Sue Second", "sales"),
        ("bob", "Bob Billing", "billing"),
        ("tess", "Tess Treasury", "treasury"),
        ("audrey", "Audrey Auditor", "auditor"),
        ("ada", "Ada Admin", "administrator"),
    ):
        add_operator(context, operator_id, name, role, PASSWORD, by="system")
    return World()


def _printed() -> str:
    """Who sold and who bought, in one copy: every bill of this world names it as both."""
    seller = json.loads(snapshot(Seller("Nuage du Nord SAS", "FR", vat_id="FR44732829320")).body)
    return json.dumps(seller | json.loads(snapshot(Buyer("Acme SA", "FR")).body))


def _accounts(tx: Transaction, hashed: str) -> None:
    tx.run(PARTY, id=1, name="Acme Études & Conseil SARL")
    tx.run(PARTY, id=2, name=f"Petit {SCRIPT} SAS")
    rows = [
        (ACME, None, None, ACME, 1, None, "business", "en_GB"),
        (ACME_LAB, ACME, 1, ACME, None, "Research laboratory", "standard", "fr_FR"),
        ("ab20002-acq", ACME, 2, "ab20002-acq", None, f"Shop {SCRIPT}", "standard", "fr_FR"),
        (SMALL, None, None, SMALL, 2, None, "standard", "fr_FR"),
    ]
    for account_id, parent, no, payer, party, description, level, language in rows:
        tx.run(
            ACCOUNT,
            id=account_id,
            parent=parent,
            no=no,
            payer=payer,
            party=party,
            description=description,
            level=level,
            language=language,
        )
        tx.run(LOGIN, id=account_id, login=account_id, type="ROOT", hash=hashed)
    tx.run(TAG, id=ACME)
    tx.run(LOGIN, id=ACME, login="alice", type="USER", hash=hashed)
    tx.run(LOGIN, id=ACME, login="robot", type="SERVICE", hash=hashed)
    tx.run(SERVICE, id=ACME, name="ns300001.ip-192-0-2.eu", description="Rise 1 server")
    tx.run(SERVICE, id=ACME, name=f"shop-{SCRIPT}", description=SCRIPT)


def _orders_and_bills(tx: Transaction) -> None:
    order = tx.one(
        ORDER,
        id=ACME,
        reference="PO-2026-0042",
        kind="blanket",
        start=date(2026, 1, 1),
        end=date(2027, 1, 1),
        amount=2_000_000,
        family=True,
    ).purchase_order_id
    for member in (ACME, ACME_LAB):
        tx.run(MEMBER, id=ACME, order=order, member=member)
    tx.run(
        ORDER,
        id=ACME,
        reference="BC 2025/7",
        kind="open",
        start=date(2025, 1, 1),
        end=date(2026, 1, 1),
        amount=None,
        family=False,
    )
    for number in range(1, 31):
        _bill(tx, ACME, number, order if number > 3 else None)
    _bill(tx, SMALL, 31, None)


def _bill(tx: Transaction, account_id: str, number: int, order: int | None) -> None:
    on = TODAY - timedelta(days=14 * (31 - number))
    net = 40_000 + 1_733 * number
    tax = net // 5
    values = {
        "id": account_id,
        "payer": account_id,
        "bill": f"FR{number:08d}",
        "number": number,
        "order": 100_000_000 + number,
        "on": on,
        "at": datetime(on.year, on.month, on.day, 6, tzinfo=UTC),
        "days": 45,
        "due": on + timedelta(days=45),
        "net": net,
        "tax": tax,
        "total": net + tax,
        "po": order,
        "po_account": account_id if order else None,
        "reference": "PO-2026-0042" if order else None,
        "po_type": "PURCHASE_ORDER" if order else None,
    }
    tx.run(BILL, **values)
    tx.run(NUMBER, **values)
    for no, share in enumerate((net // 2, net - net // 2), start=1):
        tx.run(
            DETAIL,
            id=account_id,
            bill=values["bill"],
            no=no,
            service=no,
            domain=f"ns30000{no}.ip-192-0-2.eu",
            description=f"Rise {no} server, 1 month" if no == 1 else f"Option {SCRIPT}",
            price=share * 1_000_000,
            net=share,
            start=on + timedelta(days=no - 1),
            end=on + timedelta(days=29 + no),
        )
    tx.run(TAX, **values)
    tx.run(DEBT, **values)
    if number <= 24 and number != 22:
        tx.run(PAYMENT, **values | {"on": on + timedelta(days=40)})
    if order:
        tx.run(DRAW, **values | {"order": order, "amount": net})
