"""Messages to accounts, who wants them, who sends them in whose words, and the mails that left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.message import MessageKind, MessageSetting, Telling
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

IS_ANY_ON: Final[LiteralString] = "SELECT EXISTS (SELECT FROM message_setting WHERE is_on) AS there"

SETTINGS: Final[LiteralString] = """
    SELECT legal_entity_id, from_on, is_on, sender, reply_to FROM message_sender
"""

SET: Final[LiteralString] = """
    INSERT INTO message_setting (legal_entity_id, from_on, is_on, sender, reply_to, set_by)
    VALUES (%(legal_entity_id)s, %(from_on)s, %(is_on)s, %(sender)s, %(reply_to)s, %(set_by)s)
"""

TELL: Final[LiteralString] = """
    WITH fresh AS (
        INSERT INTO message (account_id, legal_entity_id, kind, about, said)
        SELECT a.account_id, a.legal_entity_id, asked.kind, asked.about, asked.said
          FROM unnest(%(account_ids)s::text[], %(kinds)s::text[], %(abouts)s::text[], %(saids)s::jsonb[])
               AS asked(account_id, kind, about, said)
          JOIN account a ON a.account_id = asked.account_id
          JOIN message_sender h ON h.legal_entity_id = a.legal_entity_id AND h.is_on
         WHERE NOT EXISTS (SELECT FROM message_wish w
                            WHERE w.account_id = a.account_id AND w.kind = asked.kind AND NOT w.is_wanted)
            ON CONFLICT (account_id, kind, about) DO NOTHING
        RETURNING account_id, message_id, legal_entity_id), leaving AS (
        INSERT INTO delivery (account_id, legal_entity_id, channel, bill_id, event, form)
        SELECT account_id, legal_entity_id, 'email', '', 'message/' || message_id, 'text' FROM fresh
        RETURNING account_id, delivery_id, channel)
    INSERT INTO delivery_waiting (account_id, delivery_id, channel)
    SELECT account_id, delivery_id, channel FROM leaving
"""

FIND: Final[LiteralString] = """
    SELECT m.account_id, m.message_id, m.kind, m.about, m.said, m.told_at, a.language, e.name AS seller,
           e.iban, e.email AS seller_email, m.legal_entity_id, coalesce(h.sender, '') AS sender,
           coalesce(h.reply_to, '') AS reply_to
      FROM unnest(%(account_ids)s::text[], %(message_ids)s::bigint[]) AS asked(account_id, message_id)
      JOIN message m ON m.account_id = asked.account_id AND m.message_id = asked.message_id
      JOIN account a ON a.account_id = m.account_id
      JOIN legal_entity e ON e.legal_entity_id = m.legal_entity_id
      LEFT JOIN message_sender h ON h.legal_entity_id = m.legal_entity_id
"""

WISHES: Final[LiteralString] = """
    SELECT kind, is_wanted FROM message_wish WHERE account_id = %(account_id)s
"""

WISH: Final[LiteralString] = """
    INSERT INTO message_wish (account_id, kind, is_wanted, set_by)
    VALUES (%(account_id)s, %(kind)s, %(is_wanted)s, %(set_by)s)
        ON CONFLICT (account_id, kind)
        DO UPDATE SET is_wanted = excluded.is_wanted, set_by = excluded.set_by, set_at = instant()
"""

WORDS: Final[LiteralString] = """
    SELECT DISTINCT ON (legal_entity_id, kind, language)
           legal_entity_id, kind, language, words_no, subject, intro
      FROM message_words
     WHERE legal_entity_id = ANY(%(legal_entity_ids)s)
     ORDER BY legal_entity_id, kind, language, words_no DESC
"""

SET_WORDS: Final[LiteralString] = """
    INSERT INTO message_words (legal_entity_id, kind, language, words_no, subject, intro, set_by)
    SELECT %(legal_entity_id)s, %(kind)s, %(language)s, coalesce(max(words_no), 0) + 1, %(subject)s,
           %(intro)s, %(set_by)s
      FROM message_words
     WHERE legal_entity_id = %(legal_entity_id)s AND kind = %(kind)s AND language = %(language)s
    RETURNING words_no
"""

ANNOUNCED: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.kind, b.issued_on, b.due_on, b.currency, b.total_minor,
           b.total_minor - b.prepaid_minor AS to_pay_minor
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN bill b ON b.account_id = asked.account_id AND b.bill_id = asked.bill_id
      JOIN message_sender h ON h.legal_entity_id = b.legal_entity_id AND h.is_on AND h.from_on <= b.issued_on
     WHERE NOT EXISTS (SELECT FROM delivery d
                        WHERE d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.channel = 'email'
                          AND d.bill_id <> '')
     ORDER BY b.account_id, b.bill_id
"""

KEEP: Final[LiteralString] = """
    INSERT INTO sent_mail (account_id, delivery_id, to_addresses, subject, sealed)
    VALUES (%(account_id)s, %(delivery_id)s, %(to_addresses)s, %(subject)s, %(sealed)s)
"""

SENT: Final[LiteralString] = """
    SELECT mail_id, delivery_id, to_addresses, subject, sealed, sent_at
      FROM sent_mail
     WHERE account_id = %(account_id)s AND mail_id = ANY(%(mail_ids)s)
     ORDER BY mail_id
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message with what its mail needs: whom it is from, in which language, what is filled in."""

    account_id: AccountId
    message_id: int
    kind: MessageKind
    about: str
    said: Mapping[str, Any]
    told_at: datetime
    language: str
    seller: str
    iban: str
    seller_email: str
    legal_entity_id: LegalEntityId
    sender: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class Announced:
    """A bill that leaves by no mail, with what its account is told of it."""

    account_id: AccountId
    bill_id: str
    kind: str
    issued_on: date
    due_on: date
    currency: str
    total_minor: int
    to_pay_minor: int


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail as a mail server took it; its text is sealed."""

    mail_id: int
    delivery_id: int
    to_addresses: tuple[str, ...]
    subject: str
    sealed: bytes
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A seller's own subject and first words of a kind of mail, with the number of their version."""

    words_no: int
    subject: str
    intro: str


Words = Mapping[tuple[str, str, str], OwnWords]
"""By legal entity, kind and language."""


def is_any_on(tx: Transaction) -> bool:
    """Whether any legal entity ever told its accounts anything by messages."""
    return bool(tx.one(IS_ANY_ON).there)


def settings(tx: Transaction) -> dict[LegalEntityId, MessageSetting]:
    """Return the setting that holds of each legal entity that made one."""
    return {row.legal_entity_id: MessageSetting(*row) for row in tx.all(SETTINGS)}


def set_setting(tx: Transaction, setting: MessageSetting, by: str) -> None:
    """Write that the legal entity tells its accounts what happens, or no longer, and as whom."""
    tx.run(
        SET, legal_entity_id=setting.legal_entity_id, from_on=setting.from_on, is_on=setting.is_on,
        sender=setting.sender, reply_to=setting.reply_to, set_by=by,
    )  # fmt: skip


def tell(tx: Transaction, tellings: Sequence[Telling]) -> int:
    """Write messages with their deliveries, each once, where they are wanted; return how many."""
    if not tellings or not is_any_on(tx):
        return 0
    return tx.run(
        TELL,
        account_ids=[each.account_id for each in tellings],
        kinds=[each.kind.value for each in tellings],
        abouts=[each.about for each in tellings],
        saids=[Jsonb(dict(each.said)) for each in tellings],
    )


def find(tx: Transaction, keys: Sequence[tuple[AccountId, int]]) -> dict[int, Message]:
    """Return the messages of these accounts and numbers, by number."""
    if not keys:
        return {}
    rows = tx.all(FIND, account_ids=[each[0] for each in keys], message_ids=[each[1] for each in keys])
    return {row.message_id: Message(**row._asdict() | {"kind": MessageKind(row.kind)}) for row in rows}


def announced(tx: Transaction, keys: Sequence[tuple[AccountId, BillId]]) -> list[Announced]:
    """Return those of these bills that leave by no mail and whose seller tells of them by messages."""
    asked = {"account_ids": [each[0] for each in keys], "bill_ids": [each[1] for each in keys]}
    return [Announced(*row) for row in tx.all(ANNOUNCED, **asked)]


def unwanted(tx: Transaction, account_id: AccountId) -> frozenset[MessageKind]:
    """Return the kinds of message that the account does not want."""
    return frozenset(
        MessageKind(row.kind) for row in tx.all(WISHES, account_id=account_id) if not row.is_wanted
    )


def set_wanted(tx: Transaction, account_id: AccountId, kind: MessageKind, is_wanted: bool, by: str) -> None:
    """Write whether the account wants that kind of message."""
    tx.run(WISH, account_id=account_id, kind=kind.value, is_wanted=is_wanted, set_by=by)


def own_words(tx: Transaction, legal_entity_ids: Sequence[LegalEntityId]) -> Words:
    """Return the sellers' own words that hold, by legal entity, kind and language."""
    found = tx.all(WORDS, legal_entity_ids=list(legal_entity_ids))
    return {
        (row.legal_entity_id, row.kind, row.language): OwnWords(row.words_no, row.subject, row.intro)
        for row in found
    }


def set_words(
    tx: Transaction, legal_entity_id: LegalEntityId, kind: str, language: str, words: tuple[str, str], by: str
) -> int:
    """Write a seller's own subject and first words; empty gives back the program's. Return their number."""
    row = tx.one(
        SET_WORDS, legal_entity_id=legal_entity_id, kind=kind, language=language, subject=words[0],
        intro=words[1], set_by=by,
    )  # fmt: skip
    return int(row.words_no)


def keep_mail(
    tx: Transaction, account_id: AccountId, delivery_id: int, to: Sequence[str], subject: str, sealed: bytes
) -> None:
    """Write that a mail server took a mail to the account, and what it said."""
    tx.run(
        KEEP,
        account_id=account_id,
        delivery_id=delivery_id,
        to_addresses=list(to),
        subject=subject,
        sealed=sealed,
    )


def sent_to(account_id: AccountId) -> Selection:
    """Select the mails that were sent to the account."""
    return Selection("mail_id", "sent_mail WHERE account_id = %(account_id)s", {"account_id": account_id})


def find_sent(tx: Transaction, account_id: AccountId, mail_ids: Sequence[int]) -> list[SentMail]:
    """Return the mails of these numbers that were sent to the account; others are left out."""
    return [
        SentMail(
            row.mail_id, row.delivery_id, tuple(row.to_addresses), row.subject, bytes(row.sealed), row.sent_at
        )
        for row in tx.all(SENT, account_id=account_id, mail_ids=list(mail_ids))
    ]
