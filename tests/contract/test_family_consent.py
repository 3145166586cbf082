"""/me/consent, /me/marketing, /me/subscription, /me/vipStatus, /me/partnerLevel, developer mode."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from acquit.actions.ask_consent import open_campaign
from acquit.actions.create_application import create_application
from acquit.actions.developer_mode import DeveloperModeOff
from acquit.actions.request_credential import request_credential
from acquit.actions.set_standing import set_standing
from acquit.actions.validate_credential import validate_credential
from acquit.api.consents import MESSAGES
from acquit.core.consent import Campaign, CampaignKind, CampaignTaken, Channel, Topic
from acquit.core.standing import PartnerLevel, PartnerRequirement, Universe
from acquit.store import consents

from .families import Customer, Families
from .world import ACCOUNTS, ACME, FR, LAB, PETIT, SHOP

Make = Callable[..., Customer]


@pytest.fixture(scope="module")
def campaigns(families: Families) -> list[Campaign]:
    """One of which silence means no, one of which it means yes."""
    context = families.world.context
    return [
        open_campaign(context, FR, name, kind, f"May we {name}?", by="cli")
        for name, kind in (("call", CampaignKind.OPT_IN), ("measure", CampaignKind.OPT_OUT))
    ]


def test_a_campaign_is_answered_and_every_answer_kept(
    acme: Customer, customer: Make, families: Families, campaigns: list[Campaign]
) -> None:
    assert acme.get("/me/consent") == [
        {"description": "May we call?", "name": "call", "type": "OPTIN"},
        {"description": "May we measure?", "name": "measure", "type": "OPTOUT"},
    ]
    assert acme.get("/me/consent/call") == acme.get("/me/consent")[0]
    assert acme.get("/me/consent/call/decision") == {
        "campaign": "call", "history": [], "type": "OPTIN", "value": False,
    }  # fmt: skip
    assert acme.get("/me/consent/measure/decision")["value"] is True
    for value in (True, False, True):
        assert acme.put("/me/consent/call/decision", value=value) is None
    said = acme.get("/me/consent/call/decision")
    assert ([each["value"] for each in said["history"]], said["value"]) == ([True, False, True], True)
    assert acme.put("/me/consent/measure/decision", value=False) is None
    assert customer(PETIT).get("/me/consent/call/decision")["history"] == []
    with families.world.context.database.read() as tx:
        told = [consents.consenting(tx, each) for each in campaigns]
        assert consents.answers(tx, ACME, campaigns[0])[0].decided_by == f"account:{ACME}"
    assert told == [[ACME], sorted({LAB, SHOP, PETIT})]
    assert set(ACCOUNTS) == {ACME, LAB, SHOP, PETIT}


def test_no_campaign_and_no_answer(acme: Customer, families: Families, campaigns: list[Campaign]) -> None:
    for path in ("/me/consent/nothing", "/me/consent/nothing/decision"):
        assert acme.refusal("GET", path)[0] == 404
    assert acme.refusal("PUT", "/me/consent/nothing/decision", {"value": True})[0] == 404
    assert acme.refusal("PUT", "/me/consent/call/decision", {})[0] == 400
    with pytest.raises(CampaignTaken):
        open_campaign(families.world.context, FR, "call", CampaignKind.OPT_OUT, "Otherwise?", by="cli")


def test_what_is_wanted_by_which_channel(acme: Customer, customer: Make, families: Families) -> None:
    nothing = acme.get("/me/marketing")
    assert not any(any(nothing[channel].values()) for channel in ("call", "email", "sms"))
    assert (nothing["denyAll"], nothing["denyUntil"]) == (False, None)
    changed = acme.put("/me/marketing", email={"newsletter": True, "events": True}, sms={"events": True})
    assert changed == acme.get("/me/marketing")
    assert acme.put("/me/marketing", email={"events": False})["email"]["newsletter"] is True

    def wanting(channel: Channel, topic: Topic, at: datetime) -> list[str]:
        with families.world.context.database.read() as tx:
            return list(consents.wanting(tx, FR, channel, topic, at))

    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert wanting(Channel.EMAIL, Topic.NEWSLETTER, now) == [ACME]
    assert wanting(Channel.EMAIL, Topic.EVENTS, now) == []
    acme.put("/me/marketing", denyUntil="2026-12-01T00:00:00+00:00")
    assert wanting(Channel.SMS, Topic.EVENTS, now) == []
    assert wanting(Channel.SMS, Topic.EVENTS, now.replace(month=12)) == [ACME]
    acme.client.put("/me/marketing", denyUntil=None, denyAll=True)
    assert acme.get("/me/marketing")["denyUntil"] is None
    assert wanting(Channel.SMS, Topic.EVENTS, now.replace(month=12)) == []
    acme.put("/me/marketing", denyAll=False)
    assert customer(PETIT).get("/me/marketing")["sms"]["events"] is False


@pytest.mark.parametrize(
    "until", ["0001-01-01T00:00:00+14:00", "1911-03-10T00:00:00Z", "9999-12-31T23:59:59-12:00"]
)
def test_nobody_is_left_alone_until_a_day_of_no_calendar(acme: Customer, until: str) -> None:
    """Such an instant cannot be shown in every zone: once kept, the choice could not be read or changed."""
    before = acme.get("/me/marketing")
    status, message = acme.refusal("PUT", "/me/marketing", {"denyUntil": until, "denyAll": True})
    assert (status, "denyAll denies for ever" in message) == (400, True)
    assert acme.get("/me/marketing") == before
    for kept in ("1970-01-02T00:00:00+01:00", "2999-12-31T00:00:00+01:00"):
        assert acme.put("/me/marketing", denyUntil=kept)["denyUntil"] == kept
    acme.client.put("/me/marketing", denyUntil=None)


def test_a_mailing_list_is_the_topic_of_mails(acme: Customer) -> None:
    topics = {"events", "newProductRecommendation", "newsletter", "offerAndDiscount"}
    assert set(acme.get("/me/subscription")) == topics | set(MESSAGES)
    path = "/me/subscription/billAvailable"
    assert acme.get(path) == {"registered": True, "type": "billAvailable"}
    assert acme.put(path, registered=False) is None
    assert acme.get(path)["registered"] is False
    assert acme.get("/me/subscription/overdue")["registered"] is True
    assert acme.put(path, registered=True) is None
    assert acme.put("/me/subscription/offerAndDiscount", registered=True) is None
    assert acme.get("/me/subscription/offerAndDiscount") == {"registered": True, "type": "offerAndDiscount"}
    assert acme.get("/me/marketing")["email"]["offerAndDiscount"] is True
    assert acme.put("/me/subscription/offerAndDiscount", registered=False) is None
    assert acme.get("/me/marketing")["email"]["offerAndDiscount"] is False
    assert acme.refusal("GET", "/me/subscription/nothing")[0] == 404
    assert acme.refusal("PUT", "/me/subscription/nothing", {"registered": True})[0] == 404


def test_what_the_provider_says_an_account_is(acme: Customer, customer: Make, families: Families) -> None:
    assert acme.get("/me/vipStatus") == dict.fromkeys(("cloud", "dedicated", "telecom", "web"), False)
    assert acme.get("/me/partnerLevel") == {"level": "none", "msa": False, "requirement": "none"}
    context = families.world.context
    set_standing(context, ACME, lambda was: replace(was, vip_in=frozenset({Universe.CLOUD})), by="cli")
    set_standing(
        context, ACME,
        lambda was: replace(
            was, partner_level=PartnerLevel.STRATEGIC, partner_requirement=PartnerRequirement.PREMIUM,
            partner_signed=True,
        ),
        by="cli",
    )  # fmt: skip
    assert acme.get("/me/vipStatus")["cloud"] is True
    assert acme.get("/me/partnerLevel") == {"level": "strategic", "msa": True, "requirement": "premium"}
    assert customer(PETIT).get("/me/vipStatus")["cloud"] is False


def test_with_developer_mode_off_nothing_is_made(customer: Make, families: Families) -> None:
    shop, context = customer(SHOP), families.world.context
    mode, robot = (
        "/me/accessRestriction/developerMode",
        {"name": "r", "description": "", "flow": "CLIENT_CREDENTIALS"},
    )
    shop.post("/me/identity/user", login="eve", password="correct-horse-battery-staple")
    made = create_application(context, SHOP, "Robot", by="system")
    rules = [{"method": "GET", "path": "/me"}]
    token = request_credential(context, made.application.application_key, rules).token
    assert shop.get(mode) == {"enabled": True}
    assert shop.put(mode, enabled=False) is None
    assert shop.get(mode) == {"enabled": False}
    assert shop.refusal("POST", "/me/api/oauth2/client", robot)[0] == 403
    status, said = shop.refusal("POST", "/me/identity/user/eve/token", {"name": "t", "description": ""})
    assert (status, "Developer mode" in said) == (403, True)
    with pytest.raises(DeveloperModeOff):
        create_application(context, SHOP, "Another", by="system")
    with pytest.raises(DeveloperModeOff):
        validate_credential(context, token, SHOP, None, by="system")
    assert customer(PETIT).get(mode) == {"enabled": True}
    assert shop.put(mode, enabled=True) is None
    assert shop.post("/me/identity/user/eve/token", name="t", description="")["name"] == "t"
