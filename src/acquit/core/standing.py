"""What an account is to its provider: VIP of parts of the offer, a rank among its partners."""

from dataclasses import dataclass
from enum import StrEnum


class Universe(StrEnum):
    """A part of the offer."""

    CLOUD = "cloud"
    DEDICATED = "dedicated"
    TELECOM = "telecom"
    WEB = "web"


class PartnerLevel(StrEnum):
    """A rank in the partner programme, lowest first."""

    NONE = "none"
    STANDARD = "standard"
    ADVANCED = "advanced"
    STRATEGIC = "strategic"


class PartnerRequirement(StrEnum):
    """Which level of support the rank asks for."""

    NONE = "none"
    PREMIUM = "premium"
    PREMIUM_ACCREDITED = "premium-accredited"


@dataclass(frozen=True, slots=True)
class Standing:
    """Nothing in particular, until the provider says something; `partner_signed`: the master agreement is."""

    vip_in: frozenset[Universe] = frozenset()
    partner_level: PartnerLevel = PartnerLevel.NONE
    partner_requirement: PartnerRequirement = PartnerRequirement.NONE
    partner_signed: bool = False
