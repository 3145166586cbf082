"""Grants of payment terms: facts, their approvals and ends, and what a grant puts on an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, GrantId, LegalEntityId, RequestId
from acquit.core.money import Currency
from acquit.core.terms import Grant, Method, Term, UsageChoice, credit_left, grant_on
from acquit.store.transaction import Transaction

_GRANTS: Final[LiteralString] = """
    SELECT g.account_id, g.grant_id, g.days, g.method, g.credit_limit_minor, g.currency, g.from_on,
           g.usage_choice, g.usage_days, g.override_reason, g.request_id, g.granted_by, g.granted_at,
           g.needs_approval, p.approved_by, e.end_on, e.ended_by, coalesce(e.reason, '') AS end_reason
      FROM terms_grant g
      LEFT JOIN terms_approval p ON p.account_id = g.account_id AND p.grant_id = g.grant_id
      LEFT JOIN terms_end e ON e.account_id = g.account_id AND e.grant_id = g.grant_id
"""

OF_ACCOUNTS: Final[LiteralString] = (
    _GRANTS + "WHERE g.account_id = ANY(%(account_ids)s) ORDER BY g.account_id, g.from_on, g.grant_id"
)

FIND: Final[LiteralString] = _GRANTS + "WHERE g.account_id = %(account_id)s AND g.grant_id = %(grant_id)s"

GRANTED_ACCOUNTS: Final[LiteralString] = """
    SELECT DISTINCT g.account_id
      FROM terms_grant g
      LEFT JOIN terms_end e ON e.account_id = g.account_id AND e.grant_id = g.grant_id
     WHERE e.end_on IS NULL
     ORDER BY g.account_id
"""

WAITING: Final[LiteralString] = (
    _GRANTS
    + """
     WHERE g.needs_approval AND p.approved_by IS NULL AND e.end_on IS NULL AND g.grant_id > %(after_id)s
     ORDER BY g.grant_id
     LIMIT %(rows_max)s
"""
)

OUT_OF_STEP: Final[LiteralString] = """
    WITH held AS (
         SELECT DISTINCT ON (g.account_id) g.account_id, g.grant_id
           FROM terms_grant g
           LEFT JOIN terms_approval p ON p.account_id = g.account_id AND p.grant_id = g.grant_id
           LEFT JOIN terms_end e ON e.account_id = g.account_id AND e.grant_id = g.grant_id
          WHERE g.from_on <= %(today)s AND (e.end_on IS NULL OR e.end_on > %(today)s)
            AND (NOT g.needs_approval OR p.approved_by IS NOT NULL)
          ORDER BY g.account_id, g.from_on DESC, g.grant_id DESC
         ), marked AS (
         SELECT DISTINCT account_id, grant_id FROM account_attribute WHERE grant_id IS NOT NULL
         )
    SELECT a.account_id
      FROM held h
      FULL JOIN marked m ON m.account_id = h.account_id
      JOIN account a ON a.account_id = coalesce(h.account_id, m.account_id)
     WHERE h.grant_id IS DISTINCT FROM m.grant_id AND a.legal_entity_id = %(legal_entity_id)s
     ORDER BY a.account_id
"""

INSERT: Final[LiteralString] = """
    INSERT INTO terms_grant (account_id, days, method, credit_limit_minor, currency, from_on, usage_choice,
           usage_days, override_reason, request_id, granted_by, needs_approval)
    VALUES (%(account_id)s, %(days)s, %(method)s, %(credit_limit_minor)s, %(currency)s, %(from_on)s,
           %(usage_choice)s, %(usage_days)s, %(override_reason)s, %(request_id)s, %(granted_by)s,
           %(needs_approval)s)
    RETURNING grant_id
"""

APPROVE: Final[LiteralString] = """
    INSERT INTO terms_approval (account_id, grant_id, approved_by)
    VALUES (%(account_id)s, %(grant_id)s, %(approved_by)s)
"""

END: Final[LiteralString] = """
    INSERT INTO terms_end (account_id, grant_id, end_on, ended_by, reason)
    VALUES (%(account_id)s, %(grant_id)s, %(end_on)s, %(ended_by)s, %(reason)s)
"""

ATTRIBUTES: Final[LiteralString] = """
    SELECT name, value, grant_id, set_at
      FROM account_attribute
     WHERE account_id = %(account_id)s
     ORDER BY name
"""

PUT_ATTRIBUTE: Final[LiteralString] = """
    INSERT INTO account_attribute (account_id, name, value, grant_id)
    VALUES (%(account_id)s, %(name)s, %(value)s, %(grant_id)s)
    ON CONFLICT (account_id, name)
    DO UPDATE SET value = excluded.value, grant_id = excluded.grant_id, set_at = instant()
"""

REMOVE_ATTRIBUTES: Final[LiteralString] = """
    DELETE FROM account_attribute WHERE account_id = %(account_id)s AND grant_id IS NOT NULL
"""

PERMANENT_RENEWAL: Final[LiteralString] = """
    SELECT EXISTS (
           SELECT FROM account_attribute t
             JOIN account a ON a.payer_id = t.account_id
            WHERE a.account_id = %(account_id)s AND t.name = 'renewal.permanent' AND t.value = 'true'
           ) AS permanent
"""

FORCE_RENEWAL: Final[LiteralString] = """
    UPDATE service
       SET renew_automatic = true, renew_forced = true, delete_at_expiration = false
      FROM account
     WHERE account.account_id = service.account_id AND account.payer_id = %(payer_id)s
       AND service.state <> 'terminated'
       AND NOT (service.renew_automatic AND service.renew_forced AND NOT service.delete_at_expiration)
"""

FORCE_RENEWAL_OF: Final[LiteralString] = """
    UPDATE service
       SET renew_automatic = true, renew_forced = true, delete_at_expiration = false
     WHERE account_id = %(account_id)s AND state <> 'terminated'
"""

RELEASE_RENEWAL: Final[LiteralString] = """
    UPDATE service
       SET renew_forced = false
      FROM account
     WHERE account.account_id = service.account_id AND account.payer_id = %(payer_id)s
       AND service.renew_forced
"""

RELEASE_RENEWAL_OF: Final[LiteralString] = """
    UPDATE service SET renew_forced = false WHERE account_id = %(account_id)s AND renew_forced
"""

GATHERS_USAGE: Final[LiteralString] = """
    SELECT EXISTS (
           SELECT FROM account a
             JOIN charge c ON c.account_id = a.account_id AND c.kind = 'usage'
            WHERE a.payer_id = %(payer_id)s
           ) OR EXISTS (
           SELECT FROM account a
             JOIN service s ON s.account_id = a.account_id AND s.state <> 'terminated'
             JOIN pricing p ON p.catalogue_id = s.catalogue_id AND p.plan_code = s.plan_code
            WHERE a.payer_id = %(payer_id)s AND 'consumption' = ANY(p.capacities)
           ) AS gathers
"""

OPEN_DEBTS: Final[LiteralString] = """
    SELECT coalesce(sum(open_minor), 0)::bigint AS open_minor
      FROM open_debt
     WHERE payer_id = %(payer_id)s
"""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named text that a grant put on an account."""

    name: str
    value: str
    grant_id: GrantId | None
    set_at: datetime


def of_account(tx: Transaction, account_id: AccountId) -> list[Grant]:
    """Return every grant of the account, ended ones included, oldest first."""
    return of_accounts(tx, [account_id])


def of_accounts(tx: Transaction, account_ids: Sequence[AccountId]) -> list[Grant]:
    """Return every grant of the accounts, by account, oldest first."""
    return [_grant(row) for row in tx.all(OF_ACCOUNTS, account_ids=list(account_ids))]


def find(tx: Transaction, account_id: AccountId, grant_id: GrantId) -> Grant | None:
    """Return the account's grant or None."""
    row = tx.one_or_none(FIND, account_id=account_id, grant_id=grant_id)
    return None if row is None else _grant(row)


def granted_accounts(tx: Transaction) -> list[AccountId]:
    """Return the accounts with a grant that nobody has ended, in the order of their ids."""
    return [AccountId(row.account_id) for row in tx.all(GRANTED_ACCOUNTS)]


def waiting(tx: Transaction, after_id: int = 0, rows_max: int | None = None) -> list[Grant]:
    """Return the grants that wait for a second operator's approval, oldest first, after one."""
    return [_grant(row) for row in tx.all(WAITING, after_id=after_id, rows_max=rows_max)]


def out_of_step(tx: Transaction, legal_entity_id: LegalEntityId, today: date) -> list[AccountId]:
    """Return the accounts whose attributes are not those of the grant that holds today."""
    rows = tx.all(OUT_OF_STEP, legal_entity_id=legal_entity_id, today=today)
    return [AccountId(row.account_id) for row in rows]


def insert(tx: Transaction, grant: Grant) -> GrantId:
    """Write a grant and return its id; the grant's own id and instant are not looked at."""
    row = tx.one(
        INSERT,
        account_id=grant.account_id,
        days=grant.term.days,
        method=grant.term.method.value,
        credit_limit_minor=grant.credit_limit_minor,
        currency=grant.currency,
        from_on=grant.from_on,
        usage_choice=grant.usage_choice.value,
        usage_days=grant.usage_days,
        override_reason=grant.override_reason,
        request_id=grant.request_id,
        granted_by=grant.granted_by,
        needs_approval=grant.needs_approval,
    )
    return GrantId(row.grant_id)


def approve(tx: Transaction, account_id: AccountId, grant_id: GrantId, approved_by: str) -> None:
    """Write that a second operator approved the grant."""
    tx.run(APPROVE, account_id=account_id, grant_id=grant_id, approved_by=approved_by)


def end(
    tx: Transaction, account_id: AccountId, grant_id: GrantId, end_on: date, ended_by: str, reason: str
) -> None:
    """Write from which day on the grant holds no longer."""
    tx.run(END, account_id=account_id, grant_id=grant_id, end_on=end_on, ended_by=ended_by, reason=reason)


def attributes(tx: Transaction, account_id: AccountId) -> list[Attribute]:
    """Return the account's attributes by name."""
    return [Attribute(**row._asdict()) for row in tx.all(ATTRIBUTES, account_id=account_id)]


def put_attribute(
    tx: Transaction, account_id: AccountId, name: str, value: str, grant_id: GrantId | None
) -> None:
    """Write an attribute of the account, over the one of that name."""
    tx.run(PUT_ATTRIBUTE, account_id=account_id, name=name, value=value, grant_id=grant_id)


def remove_attributes(tx: Transaction, account_id: AccountId) -> int:
    """Remove the attributes that grants put on the account; return how many."""
    return tx.run(REMOVE_ATTRIBUTES, account_id=account_id)


def renews_permanently(tx: Transaction, account_id: AccountId) -> bool:
    """Whether a grant of the account's payer makes every service of the account renew by itself."""
    return bool(tx.one(PERMANENT_RENEWAL, account_id=account_id).permanent)


def force_renewal(tx: Transaction, payer_id: AccountId) -> int:
    """Let every service that the payer pays for renew by itself, permanently; return how many changed."""
    return tx.run(FORCE_RENEWAL, payer_id=payer_id)


def force_renewal_of(tx: Transaction, account_id: AccountId) -> int:
    """Let every service of one account renew by itself, permanently; return how many."""
    return tx.run(FORCE_RENEWAL_OF, account_id=account_id)


def release_renewal(tx: Transaction, payer_id: AccountId) -> int:
    """Let accounts switch the renewal of what the payer pays for off again; return how many services."""
    return tx.run(RELEASE_RENEWAL, payer_id=payer_id)


def release_renewal_of(tx: Transaction, account_id: AccountId) -> int:
    """Let one account switch the renewal of its services off again; return how many services."""
    return tx.run(RELEASE_RENEWAL_OF, account_id=account_id)


def gathers_usage(tx: Transaction, payer_id: AccountId) -> bool:
    """Whether bills of the accounts that the payer pays for gather metered usage, now or before."""
    return bool(tx.one(GATHERS_USAGE, payer_id=payer_id).gathers)


def open_debts_minor(tx: Transaction, payer_id: AccountId) -> int:
    """Return what the payer owes in all, due or not."""
    return int(tx.one(OPEN_DEBTS, payer_id=payer_id).open_minor)


def credit_left_on(tx: Transaction, payer_id: AccountId, on: date) -> int | None:
    """Return what the payer may still owe on that day; negative: exceeded; None: no limit or no grant."""
    grant = grant_on(of_account(tx, payer_id), on)
    if grant is None or grant.credit_limit_minor is None:
        return None
    return credit_left(grant.credit_limit_minor, open_debts_minor(tx, payer_id))


def _grant(row: Any) -> Grant:
    return Grant(
        account_id=AccountId(row.account_id),
        grant_id=GrantId(row.grant_id),
        term=Term(row.days, Method(row.method)),
        currency=Currency(row.currency),
        from_on=row.from_on,
        usage_days=row.usage_days,
        granted_by=row.granted_by,
        granted_at=row.granted_at,
        usage_choice=UsageChoice(row.usage_choice),
        override_reason=row.override_reason,
        credit_limit_minor=row.credit_limit_minor,
        request_id=None if row.request_id is None else RequestId(row.request_id),
        needs_approval=row.needs_approval,
        approved_by=row.approved_by,
        end_on=row.end_on,
        ended_by=row.ended_by,
        end_reason=row.end_reason,
    )
