"""What a page of a bill run works on: accounts with something to bill, held while they are billed.

Every query takes the page's account ids as one text, which costs a tenth of an array; rows come as tuples,
since there are many.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from psycopg.rows import tuple_row

from acquit.core.account import LegalParty, TaxProfile
from acquit.core.charge import Charge, ChargeKey, Renewing
from acquit.core.discount import lowered_key
from acquit.core.identifiers import AccountId, LegalEntityId, LegalPartyId, PaymentMethodId
from acquit.core.journal import Head
from acquit.core.quick import quick
from acquit.core.tax import Rates
from acquit.store.transaction import Transaction

_RENEWS: Final[LiteralString] = """
           s.state = 'active' AND s.next_renewal_on <= %(until_on)s
           AND (s.renew_forced OR (s.renew_automatic AND NOT s.delete_at_expiration))
           AND (s.terminated_on IS NULL OR s.terminated_on > s.next_renewal_on)
"""

_DUE_SERVICES: Final[LiteralString] = "WITH due AS (SELECT s.account_id FROM service s WHERE"

_DUE_PAGES: Final[LiteralString] = """
          UNION
         SELECT account_id FROM open_charge WHERE accepted_on <= %(until_on)s
          UNION
         SELECT account_id FROM held_bill WHERE released_at IS NULL
          UNION
         SELECT account_id FROM parked_account WHERE resolved_at IS NULL
          UNION
         SELECT account_id FROM minimum_spend WHERE from_on <= %(until_on)s
          UNION
         SELECT account_id FROM usage_pending WHERE period <= %(until_on)s
         ), families AS (
         SELECT coalesce(m.account_id, a.payer_id) AS family_id, count(*) AS accounts,
                string_agg(a.account_id, ' ' ORDER BY a.payer_id, a.account_id) AS account_ids
           FROM due
           JOIN account a ON a.account_id = due.account_id
           LEFT JOIN (SELECT member_id, min(account_id) AS account_id
                        FROM purchase_order_member
                       GROUP BY member_id) m ON m.member_id = a.account_id
          WHERE a.legal_entity_id = %(legal_entity_id)s
          GROUP BY family_id
         ), placed AS (
         SELECT family_id, accounts, account_ids,
                ((sum(accounts) OVER (ORDER BY family_id) - accounts) / %(page_size)s)::bigint AS page
           FROM families
         )
    SELECT sum(accounts)::bigint AS accounts, string_agg(account_ids, ' ' ORDER BY family_id) AS account_ids
      FROM placed
     GROUP BY page
     ORDER BY page
"""

DUE: Final[LiteralString] = _DUE_SERVICES + _RENEWS + _DUE_PAGES

CLAIM: Final[LiteralString] = """
    SELECT account_id
      FROM account
     WHERE account_id IN (SELECT payer_id
                            FROM account
                           WHERE account_id = ANY(string_to_array(%(account_ids)s, ' '))
                           UNION ALL
                          SELECT unnest(string_to_array(%(account_ids)s, ' ')))
     ORDER BY account_id
       FOR NO KEY UPDATE SKIP LOCKED
"""

LOCK_PAYERS: Final[LiteralString] = """
    SELECT account_id
      FROM account
     WHERE account_id IN (SELECT payer_id
                            FROM account
                           WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')))
     ORDER BY account_id
       FOR NO KEY UPDATE
"""

LOCK_ACCOUNTS: Final[LiteralString] = """
    SELECT account_id
      FROM account
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND payer_id <> account_id
     ORDER BY account_id
       FOR NO KEY UPDATE
"""

ACCOUNTS: Final[LiteralString] = """
    SELECT a.account_id, a.payer_id, a.language, a.order_policy, a.hold_days_max,
           CASE WHEN a.parent_id IS NULL THEN '' ELSE coalesce(a.description, '') END,
           coalesce(a.legal_party_id, p.legal_party_id),
           CASE WHEN a.payer_id <> a.account_id THEN p.legal_party_id END, a.cost_account,
           coalesce(nullif(a.contract, ''), p.contract, '')
      FROM account a
      LEFT JOIN account p ON p.account_id = a.parent_id
     WHERE a.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY a.payer_id, a.account_id
"""

PARTIES: Final[LiteralString] = """
    SELECT DISTINCT ON (legal_party_id)
           legal_party_id, from_on, name, country, siren, vat_id, e_address, street, street_2, zip, city,
           tax_profile, exemption_reason, buyer_reference
      FROM legal_party
     WHERE legal_party_id = ANY(string_to_array(%(legal_party_ids)s, ' ')::bigint[]) AND from_on <= %(on)s
     ORDER BY legal_party_id, from_on DESC
"""

_SERVICES: Final[LiteralString] = """
    SELECT s.account_id, s.service_id, s.description, s.resource_name, s.quantity_e4, s.unit_price_ucents,
           s.currency, s.renewal_months, s.anniversary_day, s.next_renewal_on, s.billing_group_id,
           s.terminated_on
      FROM service s
     WHERE s.account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND"""

_BY_SERVICE: Final[LiteralString] = " ORDER BY s.account_id, s.service_id"

RENEWING: Final[LiteralString] = _SERVICES + _RENEWS + _BY_SERVICE

OPEN_CHARGES: Final[LiteralString] = """
    SELECT c.account_id, c.service_id, c.kind, c.period_start, c.period_end, c.description, c.domain,
           c.quantity_e4, c.unit_price_ucents, c.currency, c.category, s.billing_group_id, c.part
      FROM open_charge o
      JOIN charge c ON c.account_id = o.account_id AND c.service_id = o.service_id AND c.kind = o.kind
                   AND c.part = o.part AND c.period_start = o.period_start
      LEFT JOIN service s ON s.account_id = c.account_id AND s.service_id = c.service_id
     WHERE o.account_id = ANY(string_to_array(%(account_ids)s, ' '))
       AND (o.accepted_on <= %(until_on)s OR (o.kind = 'discount' AND o.part <> ''))
     ORDER BY c.account_id, c.service_id, c.kind, c.part, c.period_start
"""

CLOSE_CHARGES: Final[LiteralString] = """
    DELETE FROM open_charge o
     USING unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(service_ids)s, ' ')::bigint[],
                  string_to_array(%(kinds)s, ' '), string_to_array(%(starts)s, ' ')::date[])
             AS b(account_id, service_id, kind, start_on)
     WHERE o.account_id = b.account_id AND o.service_id = b.service_id
       AND o.kind || ':' || o.part = b.kind AND o.period_start = b.start_on
"""

HEADS: Final[LiteralString] = """
    SELECT a.account_id, e.entry_no, e.hash
      FROM unnest(string_to_array(%(account_ids)s, ' ')) AS a(account_id)
     CROSS JOIN LATERAL (
           SELECT entry_no, hash FROM entry WHERE account_id = a.account_id ORDER BY entry_no DESC LIMIT 1) e
"""

WITH_ORDERS: Final[LiteralString] = """
    SELECT account_id
      FROM purchase_order
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' '))
     UNION
    SELECT member_id
      FROM purchase_order_member
     WHERE member_id = ANY(string_to_array(%(account_ids)s, ' '))
"""

WITH_TERMS: Final[LiteralString] = """
    SELECT DISTINCT account_id
      FROM terms_grant
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' '))
"""

DEBITED: Final[LiteralString] = """
    SELECT m.account_id, m.payment_method_id
      FROM payment_method m
      JOIN account p ON p.account_id = m.account_id
      LEFT JOIN account parent ON parent.account_id = p.parent_id
     WHERE m.account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND m.is_default
       AND m.payment_type = 'SEPA_DIRECT_DEBIT' AND m.status = 'VALID'
       AND coalesce(nullif(p.email, ''), nullif(parent.email, ''), '') <> ''
"""

HELD_UNTIL: Final[LiteralString] = """
    SELECT account_id, reason, min(until_on)
      FROM held_bill
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND released_at IS NULL
     GROUP BY account_id, reason
"""

RATES: Final[LiteralString] = "SELECT country, from_on, rate_bp FROM vat_rate ORDER BY country, from_on"

CHART: Final[LiteralString] = """
    SELECT role, number FROM ledger_account WHERE legal_entity_id = %(legal_entity_id)s
"""

RENEW: Final[LiteralString] = """
    UPDATE service s
       SET next_renewal_on = n.next_on
      FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(service_ids)s, ' ')::bigint[],
                  string_to_array(%(next_ons)s, ' ')::date[]) AS n(account_id, service_id, next_on)
     WHERE s.account_id = n.account_id AND s.service_id = n.service_id
"""


@quick
@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as a page needs it; `payer_party_id` is there when its parent pays.

    The contract is its own or its parent's.
    """

    account_id: AccountId
    payer_id: AccountId
    language: str
    order_policy: str
    hold_days_max: int
    sub_account: str
    party_id: LegalPartyId | None
    payer_party_id: LegalPartyId | None
    cost_account: str
    contract: str


@dataclass(frozen=True, slots=True)
class DuePage:
    """So many accounts of whole families; their ids stay one text until the page is worked on."""

    accounts: int
    packed: str

    @property
    def account_ids(self) -> list[AccountId]:
        """The accounts, family by family."""
        return [AccountId(account_id) for account_id in self.packed.split(" ")]


def due_pages(
    tx: Transaction, legal_entity_id: LegalEntityId, until_on: date, page_size: int
) -> list[DuePage]:
    """Return pages of about `page_size` accounts with something to bill, family by family.

    A payer and all that it pays for are on one page, and so are all who share a purchase order: who draws
    from it first does not depend on which page is done first. Accounts held or parked before are among them.
    """
    rows = tx.all(DUE, legal_entity_id=legal_entity_id, until_on=until_on, page_size=page_size)
    return [DuePage(row.accounts, row.account_ids) for row in rows]


def claim(tx: Transaction, account_ids: Sequence[AccountId]) -> set[AccountId]:
    """Hold those accounts and payers that nobody else holds, without waiting, and return them."""
    return {row[0] for row in _rows(tx, CLAIM, account_ids=" ".join(account_ids))}


def lock(tx: Transaction, account_ids: Sequence[AccountId]) -> None:
    """Hold the accounts' payers, then the accounts, waiting for whoever holds them."""
    _rows(tx, LOCK_PAYERS, account_ids=" ".join(account_ids))
    _rows(tx, LOCK_ACCOUNTS, account_ids=" ".join(account_ids))


def accounts(tx: Transaction, account_ids: Sequence[AccountId]) -> list[AccountRow]:
    """Return the accounts, by payer, then by account."""
    return [AccountRow(*row) for row in _rows(tx, ACCOUNTS, account_ids=" ".join(account_ids))]


def parties(tx: Transaction, party_ids: Iterable[LegalPartyId], on: date) -> dict[LegalPartyId, LegalParty]:
    """Return the legal parties as of a day."""
    rows = _rows(tx, PARTIES, legal_party_ids=" ".join(map(str, party_ids)), on=on)
    return {
        row[0]: LegalParty(
            row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10],
            TaxProfile(row[11]), row[12], row[13],
        )
        for row in rows
    }  # fmt: skip


def renewing(
    tx: Transaction, account_ids: Sequence[AccountId], until_on: date
) -> dict[AccountId, list[Renewing]]:
    """Return the services of the accounts that renew by that day, in the order of their ids."""
    found: dict[AccountId, list[Renewing]] = defaultdict(list)
    for row in _rows(tx, RENEWING, account_ids=" ".join(account_ids), until_on=until_on):
        found[row[0]].append(Renewing(*row[1:]))
    return found


def open_charges(
    tx: Transaction, account_ids: Sequence[AccountId], until_on: date
) -> dict[AccountId, list[Charge]]:
    """Return the charges of the accounts that were accepted by that day and are on no bill.

    A line that lets something off a charge that was carried over is there exactly when that charge is.
    """
    found: dict[AccountId, list[Charge]] = defaultdict(list)
    lines: list[tuple[AccountId, Charge]] = []
    for row in _rows(tx, OPEN_CHARGES, account_ids=" ".join(account_ids), until_on=until_on):
        charge = Charge(*row[1:])
        if charge.kind == "discount" and charge.part:
            lines.append((row[0], charge))
        else:
            found[row[0]].append(charge)
    if lines:
        _add_lines(found, lines)
    return found


def _add_lines(found: dict[AccountId, list[Charge]], lines: Sequence[tuple[AccountId, Charge]]) -> None:
    known = {(account_id, charge.key) for account_id, charges in found.items() for charge in charges}
    for account_id, line in lines:
        lowered = lowered_key(line)
        if lowered is None or (account_id, lowered) in known:
            found[account_id].append(line)
    for account_id in {account_id for account_id, _ in lines} & found.keys():
        found[account_id].sort(key=lambda charge: charge.key)


def close_charges(tx: Transaction, billed: Sequence[tuple[AccountId, ChargeKey]]) -> int:
    """Take charges that stand on a bill now from those that are open; return how many."""
    return tx.run(
        CLOSE_CHARGES,
        account_ids=" ".join([account_id for account_id, _ in billed]),
        service_ids=" ".join([str(key[0]) for _, key in billed]),
        kinds=" ".join([f"{key[1]}:{key[2]}" for _, key in billed]),
        starts=" ".join([str(key[3]) for _, key in billed]),
    )


def heads(tx: Transaction, account_ids: Sequence[AccountId]) -> dict[AccountId, Head]:
    """Return the last entry of each account that has one."""
    rows = _rows(tx, HEADS, account_ids=" ".join(account_ids))
    return {row[0]: Head(row[1], row[2]) for row in rows}


def with_orders(tx: Transaction, account_ids: Iterable[AccountId]) -> list[AccountId]:
    """Return those of the accounts whose bills may quote a purchase order."""
    return [row[0] for row in _rows(tx, WITH_ORDERS, account_ids=" ".join(account_ids))]


def with_terms(tx: Transaction, account_ids: Iterable[AccountId]) -> list[AccountId]:
    """Return those of the accounts that were granted a payment term."""
    return [row[0] for row in _rows(tx, WITH_TERMS, account_ids=" ".join(account_ids))]


def debited(tx: Transaction, payer_ids: Iterable[AccountId]) -> dict[AccountId, PaymentMethodId]:
    """Return the direct debit that each payer pays by, of those whose default method is one.

    A payer without an address for the notice is not among them: its debts are left out of files.
    """
    return dict(_rows(tx, DEBITED, account_ids=" ".join(payer_ids)))


def held_until(tx: Transaction, account_ids: Sequence[AccountId]) -> dict[AccountId, dict[str, date]]:
    """Return, per account and reason, the last day of holds that go on."""
    found: dict[AccountId, dict[str, date]] = defaultdict(dict)
    for account_id, reason, until_on in _rows(tx, HELD_UNTIL, account_ids=" ".join(account_ids)):
        found[account_id][reason] = until_on
    return found


def rates(tx: Transaction) -> Rates:
    """Return the dated VAT rates of every country, oldest first."""
    found: dict[str, tuple[tuple[date, int], ...]] = {}
    for country, from_on, rate_bp in _rows(tx, RATES):
        found[country] = (*found.get(country, ()), (from_on, rate_bp))
    return found


def chart(tx: Transaction, legal_entity_id: LegalEntityId) -> dict[str, str]:
    """Return the ledger account that plays each role for the legal entity."""
    return dict(_rows(tx, CHART, legal_entity_id=legal_entity_id))


def renew(tx: Transaction, next_ons: Sequence[tuple[AccountId, int, date]]) -> None:
    """Move the next renewal of services on; no index holds that date, so rows are rewritten in place."""
    tx.run(
        RENEW,
        account_ids=" ".join([account_id for account_id, _, _ in next_ons]),
        service_ids=" ".join([str(service_id) for _, service_id, _ in next_ons]),
        next_ons=" ".join([str(next_on) for _, _, next_on in next_ons]),
    )


def _rows(tx: Transaction, query: LiteralString, **values: object) -> list[tuple[Any, ...]]:
    with tx.connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, values or None).fetchall()
