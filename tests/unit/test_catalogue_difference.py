"""What changed between two catalogues: each plan and price once, and nothing when they are the same."""

from dataclasses import replace

from acquit.core.catalogue import Capacity, Engagement, Family, Kind, Plan, Pricing, Unit
from acquit.core.catalogue_difference import Change, differences

RENEW = Pricing(frozenset({Capacity.RENEW}), "default", 1_000, 1, Unit.MONTH)
TIER = replace(RENEW, quantity_min=11, price_ucents=900)
PLAN = Plan("metal", Kind.PLAN, "Metal", "metal", pricings=(RENEW, TIER))


def told(before: Plan, after: Plan) -> list[tuple[Change, str, int | None, int | None]]:
    return [
        (each.change, each.pricing, each.before_ucents, each.after_ucents)
        for each in differences({"metal": before}, {"metal": after})
    ]


def test_the_same_is_no_difference() -> None:
    assert differences({"metal": PLAN}, {"metal": PLAN}) == []
    assert told(PLAN, replace(PLAN, pricings=(TIER, RENEW))) == []


def test_plans_come_and_go() -> None:
    found = differences({"metal": PLAN}, {"disk": replace(PLAN, plan_code="disk")})
    assert [(each.plan_code, each.change) for each in found] == [
        ("disk", Change.PLAN_ADDED), ("metal", Change.PLAN_REMOVED),
    ]  # fmt: skip


def test_a_price_says_from_and_to_and_a_tier_is_a_price_of_its_own() -> None:
    dearer = replace(PLAN, pricings=(RENEW, replace(TIER, price_ucents=950)))
    assert told(PLAN, dearer) == [(Change.PRICE, "renew default 1 month, 11-", 900, 950)]
    moved = replace(PLAN, pricings=(RENEW, replace(TIER, quantity_min=21)))
    assert [each[0] for each in told(PLAN, moved)] == [Change.PRICE_REMOVED, Change.PRICE_ADDED]


def test_names_options_and_engagements_are_told() -> None:
    bound = replace(RENEW, engagement=Engagement(12, "periodic", "REACTIVATE_ENGAGEMENT"))
    other = replace(
        PLAN, invoice_name="Metal M", families=(Family("disk", ("disk-1t",)),), pricings=(bound, TIER)
    )
    found = differences({"metal": PLAN}, {"metal": other})
    assert [(each.change, each.before, each.after) for each in found] == [
        (Change.NAME, "Metal", "Metal M"),
        (Change.OPTIONS, "", "disk-1t"),
        (Change.ENGAGEMENT, "", "12 months, periodic, REACTIVATE_ENGAGEMENT"),
    ]
