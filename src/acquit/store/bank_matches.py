"""What became of entries: where their money is, what they pay and why, what waits, what was proposed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId
from acquit.core.match import Paid, Proposal, Rule
from acquit.store.transaction import Transaction

MOVE: Final = {
    "legal_entity_id": "text", "entry_id": "int8", "move_no": "int4", "kind": "text", "account_id": "text",
    "deposit_id": "text", "amount_minor": "int8", "moved_on": "date",
}  # fmt: skip
MATCH: Final = {
    "legal_entity_id": "text", "match_no": "int8", "entry_id": "int8", "rule": "int4", "is_automatic": "bool",
    "score": "int4", "reason": "text", "matched_by": "text", "matched_on": "date",
}  # fmt: skip
PART: Final = {
    "legal_entity_id": "text", "match_no": "int8", "part_no": "int4", "kind": "text", "account_id": "text",
    "debt_id": "int8", "operation_id": "int8", "movement_id": "int8", "amount_minor": "int8",
}  # fmt: skip
INBOX: Final = {"legal_entity_id": "text", "entry_id": "int8", "since_on": "date", "told": "text"}

NEXT_MATCHES: Final[LiteralString] = """
    SELECT nextval('bank_match_no') AS match_no FROM generate_series(1, %(count)s::bigint)
"""

NEXT_OPERATIONS: Final[LiteralString] = """
    SELECT nextval('operation_id') AS operation_id FROM generate_series(1, %(count)s::bigint)
"""

DROP_PROPOSALS: Final[LiteralString] = """
    DELETE FROM bank_proposal
     WHERE legal_entity_id = %(legal_entity_id)s AND entry_id = ANY(%(entry_ids)s)
"""

LEAVE_INBOX: Final[LiteralString] = """
    DELETE FROM bank_inbox WHERE legal_entity_id = %(legal_entity_id)s AND entry_id = ANY(%(entry_ids)s)
"""

MOVES: Final[LiteralString] = """
    SELECT move_no, kind, account_id, deposit_id, amount_minor, moved_on
      FROM bank_move
     WHERE legal_entity_id = %(legal_entity_id)s AND entry_id = %(entry_id)s
     ORDER BY move_no
"""

STANDING: Final[LiteralString] = """
    SELECT m.match_no, m.entry_id, m.rule, m.is_automatic, m.score, m.reason, m.matched_by, m.matched_on
      FROM bank_match m
     WHERE m.legal_entity_id = %(legal_entity_id)s AND m.entry_id = %(entry_id)s
       AND NOT EXISTS (SELECT FROM bank_unmatch u
                        WHERE u.legal_entity_id = m.legal_entity_id AND u.match_no = m.match_no)
"""

PARTS: Final[LiteralString] = """
    SELECT p.part_no, p.kind, p.account_id, p.debt_id, d.bill_id, p.operation_id, p.movement_id,
           p.amount_minor
      FROM bank_match_part p
      LEFT JOIN debt d ON d.account_id = p.account_id AND d.debt_id = p.debt_id
     WHERE p.legal_entity_id = %(legal_entity_id)s AND p.match_no = %(match_no)s
     ORDER BY p.part_no
"""

ADD_UNMATCH: Final[LiteralString] = """
    INSERT INTO bank_unmatch (legal_entity_id, match_no, reason, unmatched_by)
    VALUES (%(legal_entity_id)s, %(match_no)s, %(reason)s, %(unmatched_by)s)
"""

WAITING: Final[LiteralString] = """
    SELECT entry_id
      FROM bank_inbox
     WHERE legal_entity_id = %(legal_entity_id)s AND entry_id > %(after_id)s
     ORDER BY entry_id
     LIMIT %(rows_max)s
"""

WAITING_UNTIL: Final[LiteralString] = """
    SELECT i.entry_id
      FROM bank_inbox i
      JOIN bank_entry e ON e.legal_entity_id = i.legal_entity_id AND e.entry_id = i.entry_id
     WHERE i.legal_entity_id = %(legal_entity_id)s AND e.booked_on <= %(on)s
     ORDER BY i.entry_id
"""

WHY_WAITING: Final[LiteralString] = """
    SELECT entry_id, told
      FROM bank_inbox
     WHERE legal_entity_id = %(legal_entity_id)s AND entry_id = ANY(%(entry_ids)s) AND told <> ''
"""

COUNT_WAITING: Final[LiteralString] = """
    SELECT count(*) AS entries FROM bank_inbox WHERE legal_entity_id = %(legal_entity_id)s
"""

PROPOSALS: Final[LiteralString] = """
    SELECT entry_id, rank, rule, score, reason, body
      FROM bank_proposal
     WHERE legal_entity_id = %(legal_entity_id)s AND entry_id = ANY(%(entry_ids)s)
     ORDER BY entry_id, rank
"""

ADD_SET_ASIDE: Final[LiteralString] = """
    INSERT INTO bank_set_aside (legal_entity_id, entry_id, reason, set_by)
    VALUES (%(legal_entity_id)s, %(entry_id)s, %(reason)s, %(set_by)s)
"""

ADD_DECISION: Final[LiteralString] = """
    INSERT INTO bank_decision (legal_entity_id, kind, entry_id, amount_minor, asked, asked_by)
    VALUES (%(legal_entity_id)s, %(kind)s, %(entry_id)s, %(amount_minor)s, %(asked)s, %(asked_by)s)
    RETURNING decision_no
"""

WAITING_DECISIONS: Final[LiteralString] = """
    SELECT d.decision_no, d.kind, d.entry_id, d.amount_minor, d.asked, d.asked_by, d.asked_at
      FROM bank_decision d
     WHERE d.legal_entity_id = %(legal_entity_id)s
       AND NOT EXISTS (SELECT FROM bank_decision_end e
                        WHERE e.legal_entity_id = d.legal_entity_id AND e.decision_no = d.decision_no)
       AND d.decision_no > %(after_no)s
       AND (%(entry_id)s::bigint IS NULL OR d.entry_id = %(entry_id)s::bigint)
     ORDER BY d.decision_no
     LIMIT %(rows_max)s
"""

END_DECISION: Final[LiteralString] = """
    INSERT INTO bank_decision_end (legal_entity_id, decision_no, is_approved, ended_by)
    VALUES (%(legal_entity_id)s, %(decision_no)s, %(is_approved)s, %(ended_by)s)
        ON CONFLICT (legal_entity_id, decision_no) DO NOTHING
"""

HOLD_ENTRY: Final[LiteralString] = """
    SELECT pg_advisory_xact_lock(hashtextextended('bank entry ' || %(entry_id)s::bigint, 4271903316))
"""

PAYMENTS_OF_DEPOSIT: Final[LiteralString] = """
    SELECT o.account_id, o.debt_id, d.bill_id, o.operation_id, o.amount_minor
      FROM debt_operation o
      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id AND d.payer_id = %(payer_id)s
     WHERE o.deposit_payer = %(payer_id)s AND o.deposit_id = %(deposit_id)s AND o.kind = 'payment'
       AND NOT EXISTS (SELECT FROM debt_operation u
                        WHERE u.account_id = o.account_id AND u.debt_id = o.debt_id
                          AND u.reverses_id = o.operation_id)
     ORDER BY o.operation_id
"""


@dataclass(frozen=True, slots=True)
class Move:
    """Money of an entry that went somewhere."""

    move_no: int
    kind: str
    account_id: AccountId
    deposit_id: str | None
    amount_minor: int
    moved_on: date


@dataclass(frozen=True, slots=True)
class Match:
    """A match that stands."""

    match_no: int
    entry_id: int
    rule: Rule
    is_automatic: bool
    score: int
    reason: str
    matched_by: str
    matched_on: date


@dataclass(frozen=True, slots=True)
class Part:
    """What a match did on a debt or a credit balance."""

    part_no: int
    kind: str
    account_id: AccountId
    debt_id: DebtId | None
    bill_id: BillId | None
    operation_id: int | None
    movement_id: int | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A match or unmatching by hand that waits for a second operator."""

    decision_no: int
    kind: str
    entry_id: int
    amount_minor: int
    asked: Mapping[str, Any]
    asked_by: str
    asked_at: datetime


def hold_entry(tx: Transaction, entry_id: int) -> None:
    """Let nobody else decide on the entry until the transaction ends."""
    tx.all(HOLD_ENTRY, entry_id=entry_id)


def next_numbers(tx: Transaction, matches: int, operations: int) -> tuple[list[int], list[int]]:
    """Take the numbers of so many matches and operations on debts, rising."""
    return (
        [row.match_no for row in tx.all(NEXT_MATCHES, count=matches)] if matches else [],
        [row.operation_id for row in tx.all(NEXT_OPERATIONS, count=operations)] if operations else [],
    )


def write_moves(tx: Transaction, rows: Sequence[Sequence[object]]) -> None:
    """Write where money went; the rows have the columns of MOVE."""
    tx.copy("bank_move", tuple(MOVE), rows, tuple(MOVE.values()))


def write_matches(
    tx: Transaction, matches: Sequence[Sequence[object]], parts: Sequence[Sequence[object]]
) -> None:
    """Write matches and what they did; the rows have the columns of MATCH and PART."""
    tx.copy("bank_match", tuple(MATCH), matches, tuple(MATCH.values()))
    tx.copy("bank_match_part", tuple(PART), parts, tuple(PART.values()))


def enter_inbox(tx: Transaction, rows: Sequence[Sequence[object]]) -> None:
    """Let entries wait for a person; the rows have the columns of INBOX."""
    tx.copy("bank_inbox", tuple(INBOX), rows, tuple(INBOX.values()))


def leave_inbox(tx: Transaction, legal_entity_id: LegalEntityId, entry_ids: Sequence[int]) -> None:
    """Let entries wait no longer, whatever was proposed for them."""
    tx.run(LEAVE_INBOX, legal_entity_id=legal_entity_id, entry_ids=list(entry_ids))
    tx.run(DROP_PROPOSALS, legal_entity_id=legal_entity_id, entry_ids=list(entry_ids))


def propose(
    tx: Transaction, legal_entity_id: LegalEntityId, proposed: Mapping[int, Sequence[Proposal]]
) -> None:
    """Keep what may explain each of these entries in place of what was kept before."""
    tx.run(DROP_PROPOSALS, legal_entity_id=legal_entity_id, entry_ids=list(proposed))
    rows = [
        (legal_entity_id, entry_id, rank, int(each.rule), each.score, each.reason, Jsonb(_body(each)))
        for entry_id, every in proposed.items()
        for rank, each in enumerate(every, 1)
    ]
    columns = ("legal_entity_id", "entry_id", "rank", "rule", "score", "reason", "body")
    tx.copy("bank_proposal", columns, rows, ("text", "int8", "int4", "int4", "int4", "text", "jsonb"))


def proposals(
    tx: Transaction, legal_entity_id: LegalEntityId, entry_ids: Sequence[int]
) -> dict[int, list[Proposal]]:
    """Return what was proposed for each entry, best first."""
    found: dict[int, list[Proposal]] = defaultdict(list)
    for row in tx.all(PROPOSALS, legal_entity_id=legal_entity_id, entry_ids=list(entry_ids)):
        found[row.entry_id].append(_proposal(row))
    return found


def waiting(
    tx: Transaction, legal_entity_id: LegalEntityId, after_id: int = 0, rows_max: int = 1_000
) -> list[int]:
    """Return the entries that wait for a person, oldest first."""
    rows = tx.all(WAITING, legal_entity_id=legal_entity_id, after_id=after_id, rows_max=rows_max)
    return [row.entry_id for row in rows]


def waiting_until(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> list[int]:
    """Return the entries booked by that day that wait for a person, oldest first."""
    return [row.entry_id for row in tx.all(WAITING_UNTIL, legal_entity_id=legal_entity_id, on=on)]


def why_waiting(tx: Transaction, legal_entity_id: LegalEntityId, entry_ids: Sequence[int]) -> dict[int, str]:
    """Return why entries wait that name something of ours; others are left out."""
    rows = tx.all(WHY_WAITING, legal_entity_id=legal_entity_id, entry_ids=list(entry_ids))
    return {row.entry_id: row.told for row in rows}


def count_waiting(tx: Transaction, legal_entity_id: LegalEntityId) -> int:
    """Return how many entries wait for a person."""
    return int(tx.one(COUNT_WAITING, legal_entity_id=legal_entity_id).entries)


def moves(tx: Transaction, legal_entity_id: LegalEntityId, entry_id: int) -> list[Move]:
    """Return where the money of an entry went, in order."""
    return [Move(*row) for row in tx.all(MOVES, legal_entity_id=legal_entity_id, entry_id=entry_id)]


def standing(tx: Transaction, legal_entity_id: LegalEntityId, entry_id: int) -> Match | None:
    """Return the match of the entry that stands, or None."""
    row = tx.one_or_none(STANDING, legal_entity_id=legal_entity_id, entry_id=entry_id)
    return None if row is None else Match(**row._asdict() | {"rule": Rule(row.rule)})


def parts(tx: Transaction, legal_entity_id: LegalEntityId, match_no: int) -> list[Part]:
    """Return what a match did, in order."""
    return [Part(*row) for row in tx.all(PARTS, legal_entity_id=legal_entity_id, match_no=match_no)]


def unmatch(tx: Transaction, legal_entity_id: LegalEntityId, match_no: int, reason: str, by: str) -> None:
    """Write that a match is undone."""
    tx.run(ADD_UNMATCH, legal_entity_id=legal_entity_id, match_no=match_no, reason=reason, unmatched_by=by)


def set_aside(tx: Transaction, legal_entity_id: LegalEntityId, entry_id: int, reason: str, by: str) -> None:
    """Write that an entry pays no bill."""
    tx.run(ADD_SET_ASIDE, legal_entity_id=legal_entity_id, entry_id=entry_id, reason=reason, set_by=by)


def ask(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    kind: str,
    entry_id: int,
    amount_minor: int,
    asked: Mapping[str, Any],
    by: str,
) -> int:
    """Write that an operator wants this, which a second one has to approve; return its number."""
    row = tx.one(
        ADD_DECISION, legal_entity_id=legal_entity_id, kind=kind, entry_id=entry_id,
        amount_minor=amount_minor, asked=Jsonb(dict(asked)), asked_by=by,
    )  # fmt: skip
    return int(row.decision_no)


def waiting_decisions(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    after_no: int = 0,
    rows_max: int | None = None,
    entry_id: int | None = None,
) -> list[Waiting]:
    """Return what waits for a second operator, oldest first, after one; about an entry if given."""
    rows = tx.all(
        WAITING_DECISIONS, legal_entity_id=legal_entity_id, after_no=after_no, rows_max=rows_max,
        entry_id=entry_id,
    )  # fmt: skip
    return [Waiting(*row) for row in rows]


def end_decision(
    tx: Transaction, legal_entity_id: LegalEntityId, decision_no: int, is_approved: bool, by: str
) -> bool:
    """Write how it ended; return whether it had not ended before."""
    touched = tx.run(
        END_DECISION, legal_entity_id=legal_entity_id, decision_no=decision_no, is_approved=is_approved,
        ended_by=by,
    )  # fmt: skip
    return touched == 1


def payments_of_deposit(tx: Transaction, payer_id: AccountId, deposit_id: str) -> list[Any]:
    """Return the payments by a deposit that stand."""
    return tx.all(PAYMENTS_OF_DEPOSIT, payer_id=payer_id, deposit_id=deposit_id)


def body_of(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal as it is kept, without its reason and score."""
    return _body(proposal)


def read_body(rule: int, score: int, reason: str, body: Mapping[str, Any]) -> Proposal:
    """Return a proposal from what was kept of it."""
    paid = tuple(
        Paid(AccountId(each[0]), DebtId(each[1]), BillId(each[2]), AccountId(each[3]), each[4], each[5])
        for each in body["paid"]
    )
    return Proposal(
        Rule(rule), score, reason, AccountId(body["payer"]), paid, body["credit_minor"], body["over_minor"],
        body.get("prepays"),
    )  # fmt: skip


def _body(proposal: Proposal) -> dict[str, Any]:
    return {
        "payer": proposal.payer_id,
        "paid": [
            [
                each.account_id,
                each.debt_id,
                each.bill_id,
                each.payer_id,
                each.amount_minor,
                each.write_off_minor,
            ]
            for each in proposal.paid
        ],
        "credit_minor": proposal.credit_minor,
        "over_minor": proposal.over_minor,
        "prepays": proposal.prepays,
    }


def _proposal(row: Any) -> Proposal:
    return read_body(row.rule, row.score, row.reason, row.body)


def in_suspense(every: Iterable[Move]) -> int:
    """Return how much of an entry's money is in suspense after these moves."""
    signs = {"suspense": 1, "identified": -1}
    return sum(signs.get(each.kind, 0) * each.amount_minor for each in every)
