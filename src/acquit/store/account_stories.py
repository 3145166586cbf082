"""Everything that happened to an account, the latest first: acts, bills, money, dunning, mails in one list.

Each source gives at most a page, cut behind the key of the page before: (instant, source, number).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.story import KNOWN, VERBS, Chapter
from acquit.store.transaction import Transaction

_HEAD: Final[LiteralString] = """
    SELECT at, source, ref, what, who, about, amount_minor, currency, details
      FROM (
"""
_CUT: Final[LiteralString] = """
         AND (at, source, ref) < (%(before_at)s, %(before_source)s, %(before_ref)s)
       ORDER BY at DESC, ref DESC
       LIMIT %(rows_max)s)
"""
_UNION: Final[LiteralString] = """
       UNION ALL
"""

_ACTS: Final[LiteralString] = """
      (SELECT at, source, ref, what, who, about, amount_minor, currency, details
         FROM (SELECT at, 'act' AS source, lpad(act_id::text, 19, '0') COLLATE "C" AS ref,
                      verb AS what, actor AS who, subject AS about, NULL::bigint AS amount_minor,
                      NULL::text AS currency, details
                 FROM act
                WHERE account_id = %(account_id)s AND at <= %(before_at)s
                  AND (verb = ANY(%(verbs)s) OR (%(others)s AND verb <> ALL(%(known)s)))) x
        WHERE true
"""

_BILLS: Final[LiteralString] = """
      (SELECT at, source, ref, what, who, about, amount_minor, currency, details
         FROM (SELECT issued_at AS at, 'bill' AS source, bill_id COLLATE "C" AS ref, kind AS what, '' AS who,
                      bill_id AS about, total_minor AS amount_minor, currency, '{}'::jsonb AS details
                 FROM bill
                WHERE account_id = %(account_id)s AND issued_at <= %(before_at)s
                  AND 'bills' = ANY(%(chapters)s)) x
        WHERE true
"""

_DEPOSITS: Final[LiteralString] = """
      (SELECT at, source, ref, what, who, about, amount_minor, currency, details
         FROM (SELECT recorded_at AS at, 'deposit' AS source, deposit_id COLLATE "C" AS ref,
                      'deposit' AS what, '' AS who, deposit_id AS about, amount_minor, currency,
                      jsonb_build_object('means', means, 'reference', bank_reference) AS details
                 FROM deposit
                WHERE account_id = %(account_id)s AND recorded_at <= %(before_at)s
                  AND 'money' = ANY(%(chapters)s)) x
        WHERE true
"""

_OPERATIONS: Final[LiteralString] = """
      (SELECT at, source, ref, what, who, about, amount_minor, currency, details
         FROM (SELECT o.recorded_at AS at, 'operation' AS source,
                      lpad(o.operation_id::text, 19, '0') COLLATE "C" AS ref, o.kind AS what, '' AS who,
                      d.bill_id AS about, o.amount_minor, d.currency,
                      jsonb_build_object('means', o.means) AS details
                 FROM debt_operation o
                 JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
                WHERE o.account_id = %(account_id)s AND o.recorded_at <= %(before_at)s
                  AND 'money' = ANY(%(chapters)s)) x
        WHERE true
"""

_STEPS: Final[LiteralString] = """
      (SELECT at, source, ref, what, who, about, amount_minor, currency, details
         FROM (SELECT s.recorded_at AS at, 'step' AS source, lpad(s.step_id::text, 19, '0') COLLATE "C"
                        AS ref, s.kind AS what, '' AS who, s.code AS about, NULL::bigint AS amount_minor,
                      NULL::text AS currency, '{}'::jsonb AS details
                 FROM dunning_step s
                WHERE s.account_id = %(account_id)s AND s.recorded_at <= %(before_at)s
                  AND 'dunning' = ANY(%(chapters)s)) x
        WHERE true
"""

_MAILS: Final[LiteralString] = """
      (SELECT at, source, ref, what, who, about, amount_minor, currency, details
         FROM (SELECT sent_at AS at, 'mail' AS source, lpad(mail_id::text, 19, '0') COLLATE "C" AS ref,
                      'mail' AS what, '' AS who, subject AS about, NULL::bigint AS amount_minor,
                      NULL::text AS currency,
                      jsonb_build_object('mail', mail_id, 'to', array_to_string(to_addresses, ', '))
                        AS details
                 FROM sent_mail
                WHERE account_id = %(account_id)s AND sent_at <= %(before_at)s
                  AND 'mails' = ANY(%(chapters)s)) x
        WHERE true
"""

PAGE: Final[LiteralString] = (
    _HEAD
    + _ACTS
    + _CUT
    + _UNION
    + _BILLS
    + _CUT
    + _UNION
    + _DEPOSITS
    + _CUT
    + _UNION
    + _OPERATIONS
    + _CUT
    + _UNION
    + _STEPS
    + _CUT
    + _UNION
    + _MAILS
    + _CUT
    + """) y
     ORDER BY at DESC, source DESC, ref DESC
     LIMIT %(rows_max)s
"""
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a story ends: the next begins before it."""

    at: datetime
    source: str
    ref: str


LATEST: Final = Place(datetime(9999, 1, 1, tzinfo=UTC), "", "")


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened: `source` says which table tells it, `what` which kind, `about` which thing."""

    at: datetime
    source: str
    ref: str
    what: str
    who: str
    about: str
    amount_minor: int | None
    currency: str | None
    details: Mapping[str, Any]

    @property
    def place(self) -> Place:
        """Where a page ends that ends with this."""
        return Place(self.at, self.source, self.ref)


def page(
    tx: Transaction, account_id: AccountId, chapters: Collection[Chapter], before: Place, rows_max: int
) -> Sequence[Happened]:
    """Return what happened to the account before a place, of these groups, the latest first."""
    verbs = [verb for chapter in chapters for verb in VERBS.get(chapter, ())]
    rows = tx.all(
        PAGE, account_id=account_id, chapters=[each.value for each in chapters], verbs=verbs,
        known=sorted(KNOWN), others=Chapter.OTHER in chapters, before_at=before.at,
        before_source=before.source, before_ref=before.ref, rows_max=rows_max,
    )  # fmt: skip
    return [Happened(*row) for row in rows]
