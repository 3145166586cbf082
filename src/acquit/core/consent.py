"""What an account wants to hear: answers to campaigns, and channels by topic."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import LegalEntityId

DESCRIPTION_MAX: Final = 1_000
YEARS: Final = range(1970, 3000)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NoSuchCampaign(NotFound):
    """The seller asks for no such consent."""

    code = "no-such-campaign"

    def __init__(self, name: object) -> None:
        super().__init__(f"The requested object ({name}) does not exist")


class BadCampaign(Invalid):
    """A campaign has a name and says what is asked."""

    code = "bad-campaign"


class CampaignTaken(Conflict):
    """A campaign of that name is there; its question is never reworded."""

    code = "campaign-taken"


class BadSilence(Invalid):
    """Nobody is left alone until an instant that no calendar of ours tells."""

    code = "bad-silence"


class CampaignKind(StrEnum):
    """What silence means: no, or yes."""

    OPT_IN = "opt-in"
    OPT_OUT = "opt-out"


class Channel(StrEnum):
    """How somebody is reached."""

    CALL = "call"
    EMAIL = "email"
    SMS = "sms"


class Topic(StrEnum):
    """What somebody is told about."""

    EVENTS = "events"
    NEW_PRODUCTS = "new-products"
    NEWSLETTER = "newsletter"
    OFFERS = "offers"


Wish = tuple[Channel, Topic]


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a seller asks consent for."""

    legal_entity_id: LegalEntityId
    name: str
    kind: CampaignKind
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or no, with who said it and when."""

    given: bool
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class MarketingChoice:
    """What an account wants to hear by which channel; nothing while it denies all."""

    allowed: frozenset[Wish] = frozenset()
    denies_all: bool = False
    denied_until: datetime | None = None

    def wants(self, channel: Channel, topic: Topic, now: datetime) -> bool:
        """Return whether the account may be told about the topic by the channel at that instant."""
        is_denied = self.denies_all or (self.denied_until is not None and now < self.denied_until)
        return not is_denied and (channel, topic) in self.allowed

    def changed(self, wishes: Iterable[tuple[Wish, bool]]) -> frozenset[Wish]:
        """Return what is allowed once these wishes are said yes or no to; the others stay."""
        said = dict(wishes)
        kept = {wish for wish in self.allowed if wish not in said}
        return frozenset(kept | {wish for wish, yes in said.items() if yes})


def consents(campaign: Campaign, answers: Iterable[Answer]) -> bool:
    """Return what holds after these answers, oldest first: the last one, else what silence means."""
    last = [answer.given for answer in answers][-1:]
    return last[0] if last else campaign.kind is CampaignKind.OPT_OUT


def refuse_silence(until: datetime | None) -> None:
    """Pass when an account may be left alone until then: past or future, in a year that every zone has."""
    if until is not None and until.year not in YEARS:
        raise BadSilence(
            f"[denyUntil] The year {until.year} is not between {YEARS.start} and {YEARS.stop - 1}: denyAll "
            "denies for ever",
            parameter="denyUntil",
        )


def checked_campaign(name: str, description: str) -> tuple[str, str]:
    """Return name and question without blanks around them. Raises BadCampaign."""
    name, description = name.strip(), description.strip()
    if not _NAME.fullmatch(name):
        raise BadCampaign("A campaign has a name of 1 to 64 letters, digits or . _ -")
    if not 1 <= len(description) <= DESCRIPTION_MAX or not description.isprintable():
        raise BadCampaign(f"A campaign says what is asked in 1 to {DESCRIPTION_MAX} printable characters.")
    return name, description
