"""By which channels a legal entity's bills leave, and who gets an account's bills by mail."""

from collections.abc import Sequence
from typing import Final, LiteralString

from acquit.core.delivery import Channel, ChannelSetting
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

CHANNELS: Final[LiteralString] = """
    SELECT legal_entity_id, channel, from_on, is_on, form, origin
      FROM delivery_channel
     WHERE legal_entity_id = ANY(%(legal_entity_ids)s)
     ORDER BY legal_entity_id, channel, from_on, channel_no
"""

ALL_CHANNELS: Final[LiteralString] = """
    SELECT legal_entity_id, channel, from_on, is_on, form, origin
      FROM delivery_channel
     ORDER BY legal_entity_id, channel, from_on, channel_no
"""

SET_CHANNEL: Final[LiteralString] = """
    INSERT INTO delivery_channel (legal_entity_id, channel, from_on, is_on, form, origin, set_by)
    VALUES (%(legal_entity_id)s, %(channel)s, %(from_on)s, %(is_on)s, %(form)s, %(origin)s, %(set_by)s)
"""

CONTACTS: Final[LiteralString] = """
    SELECT account_id, email
      FROM billing_contact
     WHERE account_id = ANY(%(account_ids)s)
     ORDER BY account_id, set_at, email
"""

ADDRESSES: Final[LiteralString] = """
    SELECT a.account_id, coalesce(nullif(a.email, ''), p.email, '') AS email
      FROM account a
      LEFT JOIN account p ON p.account_id = a.parent_id
     WHERE a.account_id = ANY(%(account_ids)s)
"""

FORGET_CONTACTS: Final[LiteralString] = "DELETE FROM billing_contact WHERE account_id = %(account_id)s"

ADD_CONTACT: Final[LiteralString] = """
    INSERT INTO billing_contact (account_id, email, set_by)
    VALUES (%(account_id)s, %(email)s, %(set_by)s)
"""


def channels(tx: Transaction, legal_entity_ids: Sequence[LegalEntityId]) -> list[ChannelSetting]:
    """Return every setting of these legal entities, per channel the newest last."""
    rows = tx.all(CHANNELS, legal_entity_ids=list(legal_entity_ids))
    return [ChannelSetting(**row._asdict() | {"channel": Channel(row.channel)}) for row in rows]


def all_channels(tx: Transaction) -> list[ChannelSetting]:
    """Return every setting of every legal entity, per channel the newest last."""
    rows = tx.all(ALL_CHANNELS)
    return [ChannelSetting(**row._asdict() | {"channel": Channel(row.channel)}) for row in rows]


def set_channel(tx: Transaction, setting: ChannelSetting, set_by: str) -> None:
    """Write that bills leave by the channel from that day on, or no longer."""
    tx.run(
        SET_CHANNEL, legal_entity_id=setting.legal_entity_id, channel=setting.channel.value,
        from_on=setting.from_on, is_on=setting.is_on, form=setting.form, origin=setting.origin, set_by=set_by,
    )  # fmt: skip


def contacts(tx: Transaction, account_ids: Sequence[AccountId]) -> dict[AccountId, tuple[str, ...]]:
    """Return who was named to get the bills of each account; an account without contacts is left out."""
    found: dict[AccountId, tuple[str, ...]] = {}
    for row in tx.all(CONTACTS, account_ids=list(account_ids)):
        found[row.account_id] = (*found.get(row.account_id, ()), row.email)
    return found


def recipients(tx: Transaction, account_ids: Sequence[AccountId]) -> dict[AccountId, tuple[str, ...]]:
    """Return who gets the bills of each account by mail: its contacts, else itself, else its parent."""
    own = {
        row.account_id: (row.email,) if row.email else ()
        for row in tx.all(ADDRESSES, account_ids=list(account_ids))
    }
    return own | contacts(tx, account_ids)


def set_contacts(tx: Transaction, account_id: AccountId, emails: Sequence[str], set_by: str) -> None:
    """Write that these addresses, and no others, get the account's bills by mail."""
    tx.run(FORGET_CONTACTS, account_id=account_id)
    for email in emails:
        tx.run(ADD_CONTACT, account_id=account_id, email=email, set_by=set_by)
