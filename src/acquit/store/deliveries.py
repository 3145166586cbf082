"""Deliveries: queued once, tried until they end, each try written down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, LiteralString

from acquit.core.bill import BillKind
from acquit.core.delivery import Addressed, Answer, Channel, Outcome, Queued
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.snapshot import Buyer, Seller
from acquit.store.documents import BillKey
from acquit.store.transaction import Transaction

ADDRESSED: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.legal_entity_id, b.kind, b.issued_on, s.body AS seller, y.body AS buyer
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN issued_paper b ON b.account_id = asked.account_id AND b.bill_id = asked.bill_id
      JOIN snapshot s ON s.snapshot_hash = b.seller_hash
      JOIN snapshot y ON y.snapshot_hash = b.buyer_hash
"""

HAS_CHANNELS: Final[LiteralString] = "SELECT EXISTS (SELECT FROM delivery_channel WHERE is_on) AS there"

QUEUE: Final[LiteralString] = """
    WITH fresh AS (
        INSERT INTO delivery (account_id, legal_entity_id, channel, bill_id, event, form)
        SELECT *
          FROM unnest(%(account_ids)s::text[], %(legal_entity_ids)s::text[], %(channels)s::text[],
                      %(bill_ids)s::text[], %(events)s::text[], %(forms)s::text[])
            ON CONFLICT (account_id, bill_id, channel, event) WHERE bill_id <> '' DO NOTHING
        RETURNING account_id, delivery_id, channel)
    INSERT INTO delivery_waiting (account_id, delivery_id, channel)
    SELECT account_id, delivery_id, channel FROM fresh
"""

QUEUE_LETTER: Final[LiteralString] = """
    WITH fresh AS (
        INSERT INTO delivery (account_id, legal_entity_id, channel, bill_id, event, form, subject)
        VALUES (%(kept_for)s, '', 'email', '', 'letter', 'text', %(subject)s)
        RETURNING account_id, delivery_id, channel)
    INSERT INTO delivery_waiting (account_id, delivery_id, channel, to_address, sealed)
    SELECT account_id, delivery_id, channel, %(to_address)s, %(sealed)s FROM fresh
"""

NOTE_EARLIER: Final[LiteralString] = """
    INSERT INTO status_waiting (account_id, bill_id, debt_id, operation_id)
    SELECT o.account_id, d.bill_id, o.debt_id, o.operation_id
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN debt d ON d.account_id = asked.account_id AND d.bill_id = asked.bill_id
      JOIN debt_operation o ON o.account_id = d.account_id AND o.debt_id = d.debt_id
     WHERE o.means NOT IN ('credit-note', 'loss')
        ON CONFLICT DO NOTHING
"""

CLAIM: Final[LiteralString] = """
    UPDATE delivery_waiting w
       SET next_at = %(until)s, tries = tries + 1
      FROM (SELECT account_id, delivery_id
              FROM delivery_waiting
             WHERE next_at <= %(now)s
             ORDER BY next_at, delivery_id
             LIMIT %(limit)s
               FOR UPDATE SKIP LOCKED) due
     WHERE w.account_id = due.account_id AND w.delivery_id = due.delivery_id
    RETURNING w.account_id, w.delivery_id
"""

PARCELS: Final[LiteralString] = """
    SELECT d.account_id, d.delivery_id, d.legal_entity_id, d.channel, d.bill_id, d.event, d.form, d.subject,
           d.queued_at, w.tries, w.to_address, w.sealed, b.kind, b.issued_on, b.due_on, b.currency,
           b.total_minor, b.prepaid_minor, b.collected_on, b.language, b.payment_reference,
           b.purchase_order_reference, s.body AS seller, y.body AS buyer,
           coalesce((SELECT array_agg(DISTINCT taken) FROM delivery_attempt t, unnest(t.accepted) AS taken
                      WHERE t.account_id = d.account_id AND t.delivery_id = d.delivery_id
                        AND t.attempt_no > (
                            SELECT coalesce(max(attempt_no), 0) FROM delivery_attempt
                             WHERE account_id = d.account_id AND delivery_id = d.delivery_id
                               AND outcome = 'retried')), '{}') AS accepted,
           coalesce((SELECT origin FROM delivery_channel c
                      WHERE c.legal_entity_id = d.legal_entity_id AND c.channel = d.channel
                        AND c.from_on <= b.issued_on
                      ORDER BY from_on DESC, channel_no DESC LIMIT 1), '') AS origin
      FROM unnest(%(account_ids)s::text[], %(delivery_ids)s::bigint[]) AS asked(account_id, delivery_id)
      JOIN delivery d ON d.account_id = asked.account_id AND d.delivery_id = asked.delivery_id
      JOIN delivery_waiting w ON w.account_id = d.account_id AND w.delivery_id = d.delivery_id
      LEFT JOIN issued_paper b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      LEFT JOIN snapshot s ON s.snapshot_hash = b.seller_hash
      LEFT JOIN snapshot y ON y.snapshot_hash = b.buyer_hash
     ORDER BY d.channel, d.legal_entity_id, d.delivery_id
"""

ATTEMPT: Final[LiteralString] = """
    INSERT INTO delivery_attempt (account_id, delivery_id, attempt_no, outcome, reference, told, accepted)
    SELECT %(account_id)s, %(delivery_id)s, coalesce(max(attempt_no), 0) + 1, %(outcome)s, %(reference)s,
           %(told)s, %(accepted)s
      FROM delivery_attempt
     WHERE account_id = %(account_id)s AND delivery_id = %(delivery_id)s
        ON CONFLICT (account_id, delivery_id, reference) WHERE outcome = 'bounced' DO NOTHING
"""

PUT_OFF: Final[LiteralString] = """
    UPDATE delivery_waiting
       SET next_at = %(next_at)s
     WHERE account_id = %(account_id)s AND delivery_id = %(delivery_id)s
"""

PUT_OFF_CHANNEL: Final[LiteralString] = """
    UPDATE delivery_waiting
       SET next_at = %(next_at)s
     WHERE channel = %(channel)s AND next_at <= %(now)s
"""

END_WAITING: Final[LiteralString] = """
    DELETE FROM delivery_waiting WHERE account_id = %(account_id)s AND delivery_id = %(delivery_id)s
"""

WAIT_AGAIN: Final[LiteralString] = """
    INSERT INTO delivery_waiting (account_id, delivery_id, channel)
    SELECT account_id, delivery_id, channel FROM delivery
     WHERE account_id = %(account_id)s AND delivery_id = %(delivery_id)s
        ON CONFLICT (account_id, delivery_id) DO UPDATE SET next_at = instant()
"""

LOCK: Final[LiteralString] = """
    SELECT delivery_id FROM delivery_waiting
     WHERE account_id = %(account_id)s AND delivery_id = %(delivery_id)s
       FOR UPDATE
"""

MISSING: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id
      FROM (SELECT legal_entity_id, channel, min(from_on) AS from_on FROM delivery_channel WHERE is_on
             GROUP BY legal_entity_id, channel) c
      JOIN issued_paper b ON b.legal_entity_id = c.legal_entity_id AND b.issued_on >= c.from_on
      JOIN document p ON p.account_id = b.account_id AND p.bill_id = b.bill_id AND p.form = 'pdf'
     WHERE (b.account_id, b.bill_id) > (%(account_id)s, %(bill_id)s)
       AND NOT EXISTS (SELECT FROM delivery d
                        WHERE d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.bill_id <> ''
                          AND d.channel = c.channel AND d.event = 'bill')
     GROUP BY b.account_id, b.bill_id
     ORDER BY b.account_id, b.bill_id
     LIMIT %(limit)s
"""


LEFT_AT: Final[LiteralString] = """
    SELECT (SELECT min(attempted_at) FROM delivery_attempt a
             WHERE a.account_id = d.account_id AND a.delivery_id = d.delivery_id AND outcome = 'sent') AS at,
           EXISTS (SELECT FROM delivery_attempt a
                    WHERE a.account_id = d.account_id AND a.delivery_id = d.delivery_id AND outcome = 'ended')
             AS is_ended
      FROM delivery d
     WHERE d.account_id = %(account_id)s AND d.bill_id = %(bill_id)s AND d.channel = %(channel)s
       AND d.event = 'bill' AND d.bill_id <> ''
"""


@dataclass(frozen=True, slots=True)
class Left:
    """When a bill left by a channel first, if it did; `is_ended` when a person gave it up before."""

    at: datetime | None
    is_ended: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What a delivery says of the bill that it is about."""

    kind: BillKind
    issued_on: date
    due_on: date
    currency: str
    total_minor: int
    prepaid_minor: int
    collected_on: date | None
    language: str
    payment_reference: str
    purchase_order: str
    seller: Seller
    buyer: Buyer
    origin: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that is to be tried, with the head of its bill, or with its sealed letter."""

    account_id: AccountId
    delivery_id: int
    legal_entity_id: LegalEntityId
    channel: Channel
    bill_id: BillId
    event: str
    form: str
    subject: str
    queued_at: datetime
    tries: int
    to_address: str
    sealed: bytes | None
    accepted: tuple[str, ...]
    head: Head | None


def has_channels(tx: Transaction) -> bool:
    """Whether any legal entity ever delivered by a channel."""
    return bool(tx.one(HAS_CHANNELS).there)


def addressed(tx: Transaction, keys: Sequence[BillKey]) -> list[Addressed]:
    """Return what decides where these bills go."""
    rows = tx.all(ADDRESSED, account_ids=[each[0] for each in keys], bill_ids=[each[1] for each in keys])
    return [
        Addressed(
            row.account_id, row.bill_id, row.legal_entity_id, BillKind(row.kind), row.issued_on,
            Seller(**_known(row.seller, Seller)), Buyer(**_known(row.buyer, Buyer)),
        )
        for row in rows
    ]  # fmt: skip


def queue(tx: Transaction, deliveries: Sequence[Queued]) -> int:
    """Write what is to leave, each once; return how many were new."""
    if not deliveries:
        return 0
    return tx.run(
        QUEUE,
        account_ids=[each.account_id for each in deliveries],
        legal_entity_ids=[each.legal_entity_id for each in deliveries],
        channels=[each.channel.value for each in deliveries],
        bill_ids=[each.bill_id for each in deliveries],
        events=[each.event for each in deliveries],
        forms=[each.form for each in deliveries],
    )


def queue_letter(
    tx: Transaction, account_id: AccountId, to_address: str, subject: str, sealed: bytes
) -> None:
    """Write a letter that is to leave; here its text is sealed and only while it waits.

    With an account, not empty, that account can read it again once it was sent.
    """
    tx.run(QUEUE_LETTER, kept_for=account_id, to_address=to_address, subject=subject, sealed=sealed)


def note_earlier(tx: Transaction, keys: Sequence[BillKey]) -> None:
    """Write that a platform is to be told of what happened to the debts of these bills before they left.

    Hold the accounts before: what happens later is noted by a trigger.
    """
    tx.run(NOTE_EARLIER, account_ids=[each[0] for each in keys], bill_ids=[each[1] for each in keys])


def claim(tx: Transaction, now: datetime, lease: timedelta, limit: int) -> list[Parcel]:
    """Return deliveries that are due, put off by the lease: if we die, they are tried again after it."""
    rows = tx.all(CLAIM, now=now, until=now + lease, limit=limit)
    if not rows:
        return []
    found = tx.all(
        PARCELS,
        account_ids=[row.account_id for row in rows],
        delivery_ids=[row.delivery_id for row in rows],
    )
    return [_parcel(row) for row in found]


def record(
    tx: Transaction, account_id: AccountId, delivery_id: int, answer: Answer, next_at: datetime
) -> None:
    """Write what became of a try; what was delayed waits until `next_at`, all else waits no more."""
    if answer.is_tried:
        add_attempt(tx, account_id, delivery_id, answer)
    if answer.outcome is Outcome.DELAYED:
        tx.run(PUT_OFF, account_id=account_id, delivery_id=delivery_id, next_at=next_at)
    else:
        tx.run(END_WAITING, account_id=account_id, delivery_id=delivery_id)


def put_off_channel(tx: Transaction, channel: Channel, now: datetime, next_at: datetime) -> None:
    """Write that nothing that is due by the channel is tried before `next_at`."""
    tx.run(PUT_OFF_CHANNEL, channel=channel.value, now=now, next_at=next_at)


def add_attempt(tx: Transaction, account_id: AccountId, delivery_id: int, answer: Answer) -> bool:
    """Write an outcome; return whether it was new (the same bounce is written once)."""
    return bool(
        tx.run(
            ATTEMPT, account_id=account_id, delivery_id=delivery_id, outcome=answer.outcome.value,
            reference=answer.reference, told=answer.told[:2_000], accepted=list(answer.accepted),
        )
    )  # fmt: skip


def wait_again(tx: Transaction, account_id: AccountId, delivery_id: int) -> None:
    """Write that the delivery is to be tried now."""
    tx.run(WAIT_AGAIN, account_id=account_id, delivery_id=delivery_id)


def end_waiting(tx: Transaction, account_id: AccountId, delivery_id: int) -> bool:
    """The delivery waits no more; return whether it did."""
    return bool(tx.run(END_WAITING, account_id=account_id, delivery_id=delivery_id))


def hold(tx: Transaction, account_id: AccountId, delivery_id: int) -> bool:
    """Hold a delivery that waits until the transaction ends; return whether it waits."""
    return bool(tx.all(LOCK, account_id=account_id, delivery_id=delivery_id))


def bill_left_at(tx: Transaction, account_id: AccountId, bill_id: BillId, channel: Channel) -> Left:
    """Return when the bill, which has a delivery by that channel, left."""
    row = tx.one(LEFT_AT, account_id=account_id, bill_id=bill_id, channel=channel.value)
    return Left(row.at, row.is_ended and row.at is None)


def rendered_since_channels(tx: Transaction, after: BillKey, limit: int) -> list[BillKey]:
    """Return bills with a paper that have left by none, or not by all, of the channels that their seller
    has had since, after a key, in order; some of them need not.
    """
    rows = tx.all(MISSING, account_id=after[0], bill_id=after[1], limit=limit)
    return [(row.account_id, row.bill_id) for row in rows]


def _parcel(row: Any) -> Parcel:
    head = None
    if row.kind is not None:
        head = Head(
            BillKind(row.kind), row.issued_on, row.due_on, row.currency, row.total_minor, row.prepaid_minor,
            row.collected_on, row.language, row.payment_reference, row.purchase_order_reference or "",
            Seller(**_known(row.seller, Seller)), Buyer(**_known(row.buyer, Buyer)), row.origin,
        )  # fmt: skip
    return Parcel(
        row.account_id, row.delivery_id, row.legal_entity_id, Channel(row.channel), row.bill_id, row.event,
        row.form, row.subject, row.queued_at, row.tries, row.to_address,
        None if row.sealed is None else bytes(row.sealed), tuple(row.accepted), head,
    )  # fmt: skip


def _known(body: Mapping[str, Any], value: type[Seller | Buyer]) -> dict[str, Any]:
    """Return the members that this version knows: copies are kept for ten years."""
    names: Iterable[str] = value.__dataclass_fields__
    return {name: body[name] for name in names if name in body}
