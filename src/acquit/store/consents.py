"""Campaigns, the answers of accounts to them, and what accounts want to hear."""

from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.consent import Answer, Campaign, CampaignKind, Channel, MarketingChoice, Topic
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

# ---------------------------------------------------------------- campaigns

OPEN: Final[LiteralString] = """
    INSERT INTO campaign (legal_entity_id, name, kind, description, opened_by)
    VALUES (%(legal_entity_id)s, %(name)s, %(kind)s, %(description)s, %(by)s)
        ON CONFLICT DO NOTHING
"""

OF_SELLER: Final[LiteralString] = """
    SELECT legal_entity_id, name, kind, description
      FROM campaign
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY name
"""

ANSWERS: Final[LiteralString] = """
    SELECT given, decided_by, decided_at
      FROM consent
     WHERE account_id = %(account_id)s AND legal_entity_id = %(legal_entity_id)s AND campaign = %(campaign)s
     ORDER BY consent_id
"""

ANSWER: Final[LiteralString] = """
    INSERT INTO consent (account_id, legal_entity_id, campaign, given, decided_by, decided_at)
    VALUES (%(account_id)s, %(legal_entity_id)s, %(campaign)s, %(given)s, %(by)s, %(at)s)
"""

CONSENTING: Final[LiteralString] = """
    SELECT a.account_id
      FROM account a
      LEFT JOIN LATERAL (
           SELECT c.given
             FROM consent c
            WHERE c.account_id = a.account_id AND c.legal_entity_id = a.legal_entity_id
              AND c.campaign = %(campaign)s
            ORDER BY c.consent_id DESC
            LIMIT 1) last ON true
     WHERE a.legal_entity_id = %(legal_entity_id)s AND a.state <> 'closed'
       AND coalesce(last.given, %(unless_asked)s)
     ORDER BY a.account_id
"""

# ---------------------------------------------------------------- channels by topic

CHOICE: Final[LiteralString] = """
    SELECT allowed, denies_all, denied_until
      FROM marketing_choice
     WHERE account_id = %(account_id)s
     ORDER BY marketing_choice_id DESC
     LIMIT 1
"""

CHOOSE: Final[LiteralString] = """
    INSERT INTO marketing_choice (account_id, allowed, denies_all, denied_until, chosen_by, chosen_at)
    VALUES (%(account_id)s, %(allowed)s, %(denies_all)s, %(denied_until)s, %(by)s, %(at)s)
"""

WANTING: Final[LiteralString] = """
    SELECT a.account_id, last.allowed, last.denies_all, last.denied_until
      FROM account a
      JOIN LATERAL (
           SELECT m.allowed, m.denies_all, m.denied_until
             FROM marketing_choice m
            WHERE m.account_id = a.account_id
            ORDER BY m.marketing_choice_id DESC
            LIMIT 1) last ON true
     WHERE a.legal_entity_id = %(legal_entity_id)s AND a.state <> 'closed'
     ORDER BY a.account_id
"""


def open_campaign(tx: Transaction, campaign: Campaign, by: str) -> bool:
    """Write the campaign; False when the seller has one of that name."""
    return (
        tx.run(
            OPEN, legal_entity_id=campaign.legal_entity_id, name=campaign.name, kind=campaign.kind.value,
            description=campaign.description, by=by,
        )
        == 1
    )  # fmt: skip


def campaigns(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Campaign]:
    """Return what the seller asks consent for, by name."""
    return [
        Campaign(LegalEntityId(row.legal_entity_id), row.name, CampaignKind(row.kind), row.description)
        for row in tx.all(OF_SELLER, legal_entity_id=legal_entity_id)
    ]


def answers(tx: Transaction, account_id: AccountId, campaign: Campaign) -> list[Answer]:
    """Return what the account answered, oldest first."""
    rows = tx.all(
        ANSWERS, account_id=account_id, legal_entity_id=campaign.legal_entity_id, campaign=campaign.name
    )
    return [Answer(row.given, row.decided_by, row.decided_at) for row in rows]


def answer(tx: Transaction, account_id: AccountId, campaign: Campaign, said: Answer) -> None:
    """Write an answer of the account; the former ones stay."""
    tx.run(
        ANSWER, account_id=account_id, legal_entity_id=campaign.legal_entity_id, campaign=campaign.name,
        given=said.given, by=said.decided_by, at=said.decided_at,
    )  # fmt: skip


def consenting(tx: Transaction, campaign: Campaign) -> list[AccountId]:
    """Return the seller's open accounts that consent, by answer or by what silence means."""
    rows = tx.all(
        CONSENTING, legal_entity_id=campaign.legal_entity_id, campaign=campaign.name,
        unless_asked=campaign.kind is CampaignKind.OPT_OUT,
    )  # fmt: skip
    return [AccountId(row.account_id) for row in rows]


def choice(tx: Transaction, account_id: AccountId) -> MarketingChoice:
    """Return what the account wants to hear; nothing until it chose."""
    row = tx.one_or_none(CHOICE, account_id=account_id)
    return MarketingChoice() if row is None else _choice(row)


def choose(tx: Transaction, account_id: AccountId, wanted: MarketingChoice, by: str, at: datetime) -> None:
    """Write what the account wants to hear from now on; the former choices stay."""
    allowed = sorted(f"{channel.value}:{topic.value}" for channel, topic in wanted.allowed)
    tx.run(
        CHOOSE, account_id=account_id, allowed=allowed, denies_all=wanted.denies_all,
        denied_until=wanted.denied_until, by=by, at=at,
    )  # fmt: skip


def wanting(
    tx: Transaction, legal_entity_id: LegalEntityId, channel: Channel, topic: Topic, now: datetime
) -> list[AccountId]:
    """Return the seller's open accounts that may be told about the topic by the channel now."""
    rows = tx.all(WANTING, legal_entity_id=legal_entity_id)
    return [AccountId(row.account_id) for row in rows if _choice(row).wants(channel, topic, now)]


def _choice(row: Any) -> MarketingChoice:
    split = (each.split(":", 1) for each in row.allowed)
    allowed = frozenset((Channel(channel), Topic(topic)) for channel, topic in split)
    return MarketingChoice(allowed, row.denies_all, row.denied_until)
