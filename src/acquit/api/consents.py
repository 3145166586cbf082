"""/me/consent, /me/marketing and /me/subscription: what the account wants to hear."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from acquit.actions.ask_consent import (
    Wanted,
    answer_campaign,
    campaign_of,
    choose_marketing,
)
from acquit.actions.set_messages import set_wish
from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Batched, Handler, Request
from acquit.core.consent import Campaign, CampaignKind, Channel, MarketingChoice, Topic, Wish
from acquit.core.consent import consents as holds
from acquit.core.message import MessageKind
from acquit.store import consents, messages
from acquit.store.transaction import Transaction

KINDS: Final[Mapping[CampaignKind, str]] = {CampaignKind.OPT_IN: "OPTIN", CampaignKind.OPT_OUT: "OPTOUT"}
TOPICS: Final[Mapping[str, Topic]] = {
    "events": Topic.EVENTS,
    "newProductRecommendation": Topic.NEW_PRODUCTS,
    "newsletter": Topic.NEWSLETTER,
    "offerAndDiscount": Topic.OFFERS,
}
MESSAGES: Final[Mapping[str, MessageKind]] = {wire.camel(kind.value): kind for kind in MessageKind}

# ---------------------------------------------------------------- campaigns


def list_campaigns(request: Request) -> Listing[str]:
    """GET /me/consent: what the seller asks consent for."""

    def some(tx: Transaction, names: Sequence[str]) -> dict[str, object]:
        return {each.name: _campaign(each) for each in _asked(tx, request) if each.name in names}

    return Listing(lambda tx: [each.name for each in _asked(tx, request)], some)


def get_campaign(request: Request) -> object:
    """GET /me/consent/{campaignName}: one of them."""
    with request.read() as tx:
        return _campaign(campaign_of(_asked(tx, request), request.path["campaignName"]))


def get_decision(request: Request) -> object:
    """GET /me/consent/{campaignName}/decision: what holds, and every answer before."""
    with request.read() as tx:
        campaign = campaign_of(_asked(tx, request), request.path["campaignName"])
        said = consents.answers(tx, request.caller.account_id, campaign)
    return {
        "campaign": campaign.name,
        "history": [
            {"timestamp": wire.instant(each.decided_at, request.zone), "value": each.given} for each in said
        ],
        "type": KINDS[campaign.kind],
        "value": holds(campaign, said),
    }


def decide(request: Request) -> None:
    """PUT /me/consent/{campaignName}/decision: the account's answer."""
    caller, given = request.caller, request.body["value"]
    answer_campaign(request.context, caller.account_id, request.path["campaignName"], given, by=caller.actor)


def _asked(tx: Transaction, request: Request) -> list[Campaign]:
    return consents.campaigns(tx, request.caller.legal_entity_id)


def _campaign(found: Campaign) -> dict[str, Any]:
    return {"description": found.description, "name": found.name, "type": KINDS[found.kind]}


# ---------------------------------------------------------------- channels by topic


def get_marketing(request: Request) -> object:
    """GET /me/marketing: what the account wants to hear by which channel."""
    return _marketing(_choice(request), request)


def edit_marketing(request: Request) -> object:
    """PUT /me/marketing: the members that are given; the others stay."""
    body = request.body
    wanted = Wanted(
        tuple(_wishes(body)), body.get("denyAll"), body.get("denyUntil"), until_is_given="denyUntil" in body
    )
    chosen = choose_marketing(request.context, request.caller.account_id, wanted, by=request.caller.actor)
    return _marketing(chosen, request)


def _wishes(body: Mapping[str, Any]) -> Iterator[tuple[Wish, bool]]:
    for channel in Channel:
        for name, yes in body.get(channel.value, {}).items():
            yield (channel, TOPICS[name]), yes


def _choice(request: Request) -> MarketingChoice:
    with request.read() as tx:
        return consents.choice(tx, request.caller.account_id)


def _marketing(chosen: MarketingChoice, request: Request) -> dict[str, Any]:
    shown: dict[str, Any] = {
        channel.value: {name: (channel, topic) in chosen.allowed for name, topic in TOPICS.items()}
        for channel in Channel
    }
    return shown | {
        "denyAll": chosen.denies_all,
        "denyUntil": wire.instant_or_none(chosen.denied_until, request.zone),
    }


# ---------------------------------------------------------------- mails


def list_subscriptions(request: Request) -> Listing[str]:
    """GET /me/subscription: topics that the account may be told about, and kinds of message about its own."""
    names = sorted([*TOPICS, *MESSAGES])
    return Listing(lambda _tx: names, lambda tx, some: _subscriptions(tx, request, some))


def get_subscription(request: Request) -> object:
    """GET /me/subscription/{subscriptionType}: whether the account wants such mails."""
    name = request.path["subscriptionType"]
    found = get_many_subscriptions(request, [name])
    if name not in found:
        raise NoSuchObject(name)
    return found[name]


def get_many_subscriptions(request: Request, names: Sequence[str]) -> Mapping[str, object]:
    """Read several at once."""
    with request.read() as tx:
        return _subscriptions(tx, request, names)


def edit_subscription(request: Request) -> None:
    """PUT /me/subscription/{subscriptionType}: such mails, or none."""
    name, yes, caller = request.path["subscriptionType"], request.body.get("registered"), request.caller
    if name not in TOPICS and name not in MESSAGES:
        raise NoSuchObject(name)
    if yes is not None and name in TOPICS:
        wanted = Wanted((((Channel.EMAIL, TOPICS[name]), yes),))
        choose_marketing(request.context, caller.account_id, wanted, by=caller.actor)
    elif yes is not None:
        set_wish(request.context, caller.account_id, MESSAGES[name], yes, by=caller.actor)


def _subscriptions(tx: Transaction, request: Request, names: Sequence[str]) -> dict[str, object]:
    account_id = request.caller.account_id
    allowed, unwanted = consents.choice(tx, account_id).allowed, messages.unwanted(tx, account_id)
    wanted = {name: (Channel.EMAIL, topic) in allowed for name, topic in TOPICS.items()}
    wanted |= {name: kind not in unwanted for name, kind in MESSAGES.items()}
    return {name: {"registered": wanted[name], "type": name} for name in names if name in wanted}


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/consent"): list_campaigns,
    ("GET", "/me/consent/{campaignName}"): get_campaign,
    ("GET", "/me/consent/{campaignName}/decision"): get_decision,
    ("PUT", "/me/consent/{campaignName}/decision"): decide,
    ("GET", "/me/marketing"): get_marketing,
    ("PUT", "/me/marketing"): edit_marketing,
    ("GET", "/me/subscription"): list_subscriptions,
    ("GET", "/me/subscription/{subscriptionType}"): Batched(get_subscription, get_many_subscriptions),
    ("PUT", "/me/subscription/{subscriptionType}"): edit_subscription,
}
