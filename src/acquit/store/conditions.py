"""Discounts and minimum spends: facts, and the facts of their ends; the first end holds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.discount import Discount
from acquit.core.identifiers import AccountId, DiscountId, LegalEntityId, MinimumSpendId, ServiceId
from acquit.core.let_off import Line
from acquit.core.minimum_spend import Counted, Interval, MinimumSpend, Whose
from acquit.store.transaction import Transaction

HOLDERS: Final[LiteralString] = """
    SELECT account_id FROM discount WHERE account_id = ANY(string_to_array(%(account_ids)s, ' '))
     UNION
    SELECT account_id FROM minimum_spend WHERE account_id = ANY(string_to_array(%(account_ids)s, ' '))
"""

DISCOUNTS: Final[LiteralString] = """
    SELECT d.account_id, d.discount_id, d.name, d.from_on, d.currency, least(d.end_on, e.end_on) AS end_on,
           d.share_bp, d.amount_minor, d.service_id, d.plan_code
      FROM discount d
      LEFT JOIN LATERAL (
           SELECT min(end_on) AS end_on
             FROM discount_end
            WHERE account_id = d.account_id AND discount_id = d.discount_id) e ON true
     WHERE d.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY d.account_id, d.discount_id
"""

ADD_DISCOUNT: Final[LiteralString] = """
    INSERT INTO discount (account_id, name, share_bp, amount_minor, currency, service_id, plan_code, from_on,
           end_on, agreed_by)
    VALUES (%(account_id)s, %(name)s, %(share_bp)s, %(amount_minor)s, %(currency)s, %(service_id)s,
           %(plan_code)s, %(from_on)s, %(end_on)s, %(agreed_by)s)
    RETURNING discount_id
"""

END_DISCOUNT: Final[LiteralString] = """
    INSERT INTO discount_end (account_id, discount_id, end_on, ended_by)
    VALUES (%(account_id)s, %(discount_id)s, %(end_on)s, %(ended_by)s)
"""

MINIMUMS: Final[LiteralString] = """
    SELECT m.account_id, m.minimum_spend_id, m.name, m.amount_minor, m.currency, m."interval", m.whose,
           m.from_on, least(m.end_on, e.end_on) AS end_on
      FROM minimum_spend m
      LEFT JOIN LATERAL (
           SELECT min(end_on) AS end_on
             FROM minimum_spend_end
            WHERE account_id = m.account_id AND minimum_spend_id = m.minimum_spend_id) e ON true
     WHERE m.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY m.account_id, m.minimum_spend_id
"""

ADD_MINIMUM: Final[LiteralString] = """
    INSERT INTO minimum_spend (account_id, name, amount_minor, currency, "interval", whose, from_on, end_on,
           agreed_by)
    VALUES (%(account_id)s, %(name)s, %(amount_minor)s, %(currency)s, %(interval)s, %(whose)s, %(from_on)s,
           %(end_on)s, %(agreed_by)s)
    RETURNING minimum_spend_id
"""

END_MINIMUM: Final[LiteralString] = """
    INSERT INTO minimum_spend_end (account_id, minimum_spend_id, end_on, ended_by)
    VALUES (%(account_id)s, %(minimum_spend_id)s, %(end_on)s, %(ended_by)s)
"""

PLANS: Final[LiteralString] = """
    SELECT account_id, service_id, plan_code
      FROM service
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY account_id, service_id
"""

PLAN_DAYS: Final[LiteralString] = """
    SELECT g.account_id, g.service_id, g.from_on, g.plan_code
      FROM service_agreement g
     WHERE g.account_id = ANY(string_to_array(%(account_ids)s, ' '))
       AND EXISTS (SELECT 1
                     FROM service_agreement o
                    WHERE o.account_id = g.account_id AND o.service_id = g.service_id
                      AND o.plan_code <> g.plan_code)
     ORDER BY g.account_id, g.service_id, g.from_on, g.agreement_no
"""

GIVEN: Final[LiteralString] = """
    SELECT account_id, discount_id, -sum(net_minor)::bigint AS given_minor
      FROM (SELECT coalesce(d.owner_id, d.account_id) AS account_id,
                   split_part(d.part, ':', 1)::bigint AS discount_id, d.net_minor
              FROM bill_detail d
              JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
              JOIN bill_run r ON r.run_id = b.run_id
             WHERE coalesce(d.owner_id, d.account_id) = ANY(string_to_array(%(account_ids)s, ' '))
               AND r.legal_entity_id = %(legal_entity_id)s AND r.period = %(period)s
               AND d.kind = 'discount' AND d.part ~ '^[0-9]+(:|$)' AND NOT EXISTS (
                   SELECT
                     FROM charge c
                    WHERE c.account_id = coalesce(d.owner_id, d.account_id) AND c.service_id = d.service_id
                      AND c.kind = d.kind AND c.part = d.part AND c.period_start = d.period_start)
             UNION ALL
            SELECT account_id, split_part(part, ':', 1)::bigint, net_minor
              FROM (SELECT account_id, part,
                           round(quantity_e4::numeric * unit_price_ucents *
                                 CASE WHEN currency IN ('JPY', 'XOF') THEN 0.000000000001
                                      WHEN currency = 'TND' THEN 0.000000001
                                      ELSE 0.0000000001 END) AS net_minor
                      FROM charge
                     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND kind = 'discount'
                       AND part ~ '^[0-9]+(:|$)' AND to_char(accepted_on, 'YYYY-MM') = %(period)s) carried
           ) given
     GROUP BY account_id, discount_id
     ORDER BY account_id, discount_id
"""

BILLED_LINES: Final[LiteralString] = """
    WITH wanted AS (
         SELECT account_id, service_id, since_on
           FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(service_ids)s, ' ')::bigint[],
                       string_to_array(%(since)s, ' ')::date[]) AS w(account_id, service_id, since_on)
         )
    SELECT w.account_id, d.service_id, d.kind, d.part, d.period_start, d.period_end,
           CASE WHEN b.kind = 'credit-note' THEN -d.net_minor ELSE d.net_minor END AS net_minor, d.description
      FROM wanted w
      JOIN bill_detail d ON coalesce(d.owner_id, d.account_id) = w.account_id AND d.service_id = w.service_id
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
     WHERE d.period_end >= w.since_on AND (d.kind = 'discount' OR d.part LIKE 'usage:%%')
       AND NOT EXISTS (
           SELECT
             FROM credited_charge n
            WHERE n.account_id = w.account_id AND n.service_id = w.service_id
              AND n.note_account_id = d.account_id AND n.note_bill_id = d.bill_id)
     UNION ALL
    SELECT w.account_id, c.service_id, c.kind, c.part, c.period_start, c.period_end, -k.amount_minor,
           c.description
      FROM wanted w
      JOIN credited_charge k ON k.account_id = w.account_id AND k.service_id = w.service_id
      JOIN charge c ON c.account_id = k.account_id AND c.service_id = k.service_id AND c.kind = k.kind
                   AND c.part = k.part AND c.period_start = k.period_start
     WHERE c.period_end >= w.since_on AND (c.kind = 'discount' OR c.part LIKE 'usage:%%')
     ORDER BY 1, 2, 5, 3, 4, 7
"""

COUNTED: Final[LiteralString] = """
    SELECT m.account_id, m.minimum_spend_id, d.period_start, sum(d.net_minor)::bigint AS net_minor
      FROM minimum_spend m
      JOIN account a ON a.account_id = m.account_id OR (m.whose = 'payer' AND a.payer_id = m.account_id)
      JOIN bill_detail d ON coalesce(d.owner_id, d.account_id) = a.account_id
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id AND b.currency = m.currency
                 AND b.kind = 'bill' AND (m.whose = 'account' OR b.payer_id = m.account_id)
     WHERE m.account_id = ANY(string_to_array(%(account_ids)s, ' '))
       AND d.correction_no = 0 AND d.period_start >= %(since_on)s AND d.part NOT LIKE 'minimum:%%'
       AND d.kind <> 'deduction'
     GROUP BY m.account_id, m.minimum_spend_id, d.period_start
     ORDER BY m.account_id, m.minimum_spend_id, d.period_start
"""

SETTLED: Final[LiteralString] = """
    SELECT m.account_id, m.minimum_spend_id, d.period_start
      FROM minimum_spend m
      JOIN bill_detail d ON coalesce(d.owner_id, d.account_id) = m.account_id AND d.service_id = 0
                        AND d.kind = 'adjustment' AND d.part = 'minimum:' || m.minimum_spend_id
     WHERE m.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY m.account_id, m.minimum_spend_id, d.period_start
"""


def holders(tx: Transaction, account_ids: Iterable[AccountId]) -> list[AccountId]:
    """Return those of the accounts that agreed a discount or a minimum spend."""
    return [row.account_id for row in tx.all(HOLDERS, account_ids=" ".join(account_ids))]


def discounts(tx: Transaction, account_ids: Iterable[AccountId]) -> list[Discount]:
    """Return every discount of the accounts, the oldest first."""
    return [Discount(*row) for row in tx.all(DISCOUNTS, account_ids=" ".join(account_ids))]


def add_discount(tx: Transaction, discount: Discount, by: str) -> DiscountId:
    """Write the discount and return its id; the one that it bears is ignored."""
    row = tx.one(
        ADD_DISCOUNT,
        account_id=discount.account_id,
        name=discount.name,
        share_bp=discount.share_bp,
        amount_minor=discount.amount_minor,
        currency=discount.currency,
        service_id=discount.service_id,
        plan_code=discount.plan_code,
        from_on=discount.from_on,
        end_on=discount.end_on,
        agreed_by=by,
    )
    return DiscountId(row.discount_id)


def end_discount(tx: Transaction, discount: Discount, end_on: date, by: str) -> None:
    """Write that the discount ends on that day, its first day without it."""
    tx.run(
        END_DISCOUNT,
        account_id=discount.account_id, discount_id=discount.discount_id, end_on=end_on, ended_by=by,
    )  # fmt: skip


def minimums(tx: Transaction, account_ids: Iterable[AccountId]) -> list[MinimumSpend]:
    """Return every minimum spend of the accounts, the oldest first."""
    return [_minimum(row) for row in tx.all(MINIMUMS, account_ids=" ".join(account_ids))]


def add_minimum(tx: Transaction, minimum: MinimumSpend, by: str) -> MinimumSpendId:
    """Write the minimum spend and return its id; the one that it bears is ignored."""
    row = tx.one(
        ADD_MINIMUM,
        account_id=minimum.account_id,
        name=minimum.name,
        amount_minor=minimum.amount_minor,
        currency=minimum.currency,
        interval=minimum.interval.value,
        whose=minimum.whose.value,
        from_on=minimum.from_on,
        end_on=minimum.end_on,
        agreed_by=by,
    )
    return MinimumSpendId(row.minimum_spend_id)


def end_minimum(tx: Transaction, minimum: MinimumSpend, end_on: date, by: str) -> None:
    """Write that the minimum spend ends on that day, its first day without it."""
    tx.run(
        END_MINIMUM,
        account_id=minimum.account_id, minimum_spend_id=minimum.minimum_spend_id, end_on=end_on, ended_by=by,
    )  # fmt: skip


def plans(tx: Transaction, account_ids: Iterable[AccountId]) -> dict[AccountId, dict[ServiceId, str]]:
    """Return the plan of every service of the accounts."""
    found: dict[AccountId, dict[ServiceId, str]] = defaultdict(dict)
    for row in tx.all(PLANS, account_ids=" ".join(account_ids)):
        found[row.account_id][row.service_id] = row.plan_code
    return found


def plan_days(
    tx: Transaction, account_ids: Iterable[AccountId]
) -> dict[AccountId, dict[ServiceId, list[tuple[date, str]]]]:
    """Return since when the services that had several plans have had which, the earliest first."""
    found: dict[AccountId, dict[ServiceId, list[tuple[date, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in tx.all(PLAN_DAYS, account_ids=" ".join(account_ids)):
        found[row.account_id][row.service_id].append((row.from_on, row.plan_code))
    return found


def given_minor(
    tx: Transaction, legal_entity_id: LegalEntityId, period: str, account_ids: Iterable[AccountId]
) -> dict[AccountId, dict[DiscountId, int]]:
    """Return what each discount let off in the run of the period so far."""
    found: dict[AccountId, dict[DiscountId, int]] = defaultdict(dict)
    ids = " ".join(account_ids)
    for row in tx.all(GIVEN, legal_entity_id=legal_entity_id, period=period, account_ids=ids):
        found[row.account_id][row.discount_id] = row.given_minor
    return found


def billed_lines(
    tx: Transaction, since: Mapping[tuple[AccountId, ServiceId], date]
) -> dict[AccountId, list[Line]]:
    """Return the discounts and the use of services on bills and credit notes, for days since one of each.

    Where a run took charges back by a credit note these are the lines, not those of the note.
    """
    found: dict[AccountId, list[Line]] = defaultdict(list)
    rows = tx.all(
        BILLED_LINES,
        account_ids=" ".join(account_id for account_id, _ in since),
        service_ids=" ".join(str(service_id) for _, service_id in since),
        since=" ".join(str(on) for on in since.values()),
    )
    for row in rows:
        found[row.account_id].append(Line(*row[1:]))
    return found


def counted(
    tx: Transaction, account_ids: Sequence[AccountId], since_on: date
) -> dict[AccountId, dict[MinimumSpendId, list[Counted]]]:
    """Return what was billed towards each minimum for periods that start on that day or later."""
    found: dict[AccountId, dict[MinimumSpendId, list[Counted]]] = defaultdict(lambda: defaultdict(list))
    for row in tx.all(COUNTED, account_ids=" ".join(account_ids), since_on=since_on):
        found[row.account_id][row.minimum_spend_id].append(Counted(row.period_start, row.net_minor))
    return found


def settled(
    tx: Transaction, account_ids: Sequence[AccountId]
) -> dict[AccountId, dict[MinimumSpendId, frozenset[date]]]:
    """Return the first days of the intervals of each minimum whose missing amount was billed."""
    found: dict[AccountId, dict[MinimumSpendId, frozenset[date]]] = defaultdict(dict)
    for row in tx.all(SETTLED, account_ids=" ".join(account_ids)):
        known = found[row.account_id].get(row.minimum_spend_id, frozenset())
        found[row.account_id][row.minimum_spend_id] = known | {row.period_start}
    return found


def _minimum(row: Any) -> MinimumSpend:
    return MinimumSpend(**row._asdict() | {"interval": Interval(row.interval), "whose": Whose(row.whose)})
