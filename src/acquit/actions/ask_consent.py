"""Consent: a seller opens a campaign, accounts answer it and choose what they want to hear."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from acquit.actions.context import Context
from acquit.actions.loading import entity_in, locked_account_in, require_staff
from acquit.core.account import Account
from acquit.core.consent import (
    Answer,
    Campaign,
    CampaignKind,
    CampaignTaken,
    MarketingChoice,
    NoSuchCampaign,
    Wish,
    checked_campaign,
    refuse_silence,
)
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.store import acts, consents
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a marketing choice is to change: wishes by yes or no; None leaves a switch as it is."""

    wishes: tuple[tuple[Wish, bool], ...] = ()
    denies_all: bool | None = None
    denied_until: datetime | None = None
    until_is_given: bool = False


def open_campaign(
    context: Context, legal_entity_id: LegalEntityId, name: str, kind: CampaignKind, asked: str, *, by: str
) -> Campaign:
    """The seller's accounts are asked. Raises NoSuchLegalEntity, BadCampaign, CampaignTaken."""
    name, asked = checked_campaign(name, asked)
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        entity_in(tx, legal_entity_id)
        made = Campaign(legal_entity_id, name, kind, asked)
        if not consents.open_campaign(tx, made, by):
            raise CampaignTaken(f"There is a campaign {name} already: ask another question by another name.")
        acts.record(tx, by, "open_campaign", None, name, kind=kind.value)
    return made


def answer_campaign(context: Context, account_id: AccountId, name: str, given: bool, *, by: str) -> Answer:
    """The account's answer holds from now on. Raises NoSuchAccount, NoSuchCampaign."""
    with context.database.write() as tx:
        account = locked_account_in(tx, account_id)
        campaign = campaign_of(consents.campaigns(tx, account.legal_entity_id), name)
        said = Answer(given, by, context.clock.now())
        consents.answer(tx, account_id, campaign, said)
        acts.record(tx, by, "answer_campaign", account_id, name, given=given)
    return said


def choose_marketing(context: Context, account_id: AccountId, wanted: Wanted, *, by: str) -> MarketingChoice:
    """The account hears what it wants from now on; what is not said stays.

    Raises NoSuchAccount, BadSilence.
    """
    refuse_silence(wanted.denied_until)
    with context.database.write() as tx:
        account = locked_account_in(tx, account_id)
        former = consents.choice(tx, account_id)
        chosen = MarketingChoice(
            former.changed(wanted.wishes),
            former.denies_all if wanted.denies_all is None else wanted.denies_all,
            wanted.denied_until if wanted.until_is_given else former.denied_until,
        )
        if chosen != former:
            _write(tx, account, chosen, by, context.clock.now())
    return chosen


def campaign_of(campaigns: Iterable[Campaign], name: str) -> Campaign:
    """Return the campaign of that name. Raises NoSuchCampaign."""
    found = next((each for each in campaigns if each.name == name), None)
    if found is None:
        raise NoSuchCampaign(name)
    return found


def _write(tx: Transaction, account: Account, chosen: MarketingChoice, by: str, at: datetime) -> None:
    consents.choose(tx, account.account_id, chosen, by, at)
    acts.record(tx, by, "choose_marketing", account.account_id, denies_all=chosen.denies_all)
