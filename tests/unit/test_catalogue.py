"""A published catalogue is read whole or refused with the place named; a quantity gets its price."""

import copy
import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acquit.core.catalogue import (
    Capacity,
    Family,
    Kind,
    Line,
    NoSuchPlan,
    NotPriced,
    OptionRefused,
    Plan,
    Pricing,
    Strategy,
    Unit,
    is_sold,
    lines,
    modes,
    of_code,
    options_of,
)
from acquit.core.published_catalogue import PROBLEMS_MAX, CatalogueRefused, read

GIVEN: dict[str, Any] = {
    "catalogId": 7,
    "locale": {"currencyCode": "EUR", "subsidiary": "FR", "taxRate": 20},
    "products": [
        {"name": "metal", "description": "A server", "blobs": {"technical": {"server": {"cores": 4.5}}}},
        {"name": "disk", "description": "A disk", "blobs": None},
    ],
    "plans": [
        {
            "planCode": "metal-s",
            "product": "metal",
            "invoiceName": "Metal S",
            "blobs": {"commercial": {"range": "metal"}},
            "addonFamilies": [
                {
                    "name": "storage",
                    "addons": ["disk-1t", "disk-2t"],
                    "default": "disk-1t",
                    "mandatory": True,
                },
            ],
            "pricings": [
                {"capacities": ["installation"], "mode": "default", "price": 4900000000, "tax": 980000000},
                {
                    "capacities": ["renew"],
                    "mode": "degressivity12",
                    "price": 8000000000,
                    "interval": 1,
                    "intervalUnit": "month",
                    "commitment": 12,
                    "phase": 1,
                    "quantity": {"min": 1, "max": 10},
                    "strategy": "tiered",
                    "engagementConfiguration": {"duration": "P1Y", "type": "periodic"},
                    "promotions": [
                        {
                            "name": "spring",
                            "type": "percentage",
                            "value": 50,
                            "startDate": "2026-03-01T00:00:00+01:00",
                            "endDate": "2026-06-01T00:00:00+02:00",
                            "duration": 3,
                            "quantity": 5,
                            "isGlobalQuantityLimited": False,
                            "discount": {"tax": 0, "value": 4000000000},
                            "total": {"tax": 0, "value": 4000000000},
                        }
                    ],
                },
                {
                    "capacities": ["renew"],
                    "mode": "degressivity12",
                    "price": 7000000000,
                    "interval": 1,
                    "intervalUnit": "month",
                    "phase": 1,
                    "quantity": {"min": 11, "max": None},
                },
            ],
        }
    ],
    "addons": [
        {"planCode": code, "product": "disk", "invoiceName": code, "pricings": []}
        for code in ("disk-1t", "disk-2t")
    ],
}


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    value = copy.deepcopy(GIVEN)
    change(value)
    return json.dumps(value).encode()


def test_a_catalogue_is_read() -> None:
    catalogue = read(json.dumps(GIVEN).encode())
    assert (catalogue.published_id, catalogue.subsidiary, catalogue.currency) == (7, "FR", "EUR")
    assert catalogue.tax_rate_bp == 2000
    assert catalogue.promotions == 1
    (spring,) = catalogue.plans[0].pricings[1].promotions
    assert (spring.from_on, spring.last_on, spring.months) == (date(2026, 3, 1), date(2026, 5, 31), 3)
    assert (spring.account_max, spring.overall_max, spring.price_ucents(80_00000000)) == (
        5,
        None,
        40_00000000,
    )
    metal, disk, _ = catalogue.plans
    assert (metal.kind, metal.product_type, metal.range) == (Kind.PLAN, "server", "metal")
    assert metal.families == (Family("storage", ("disk-1t", "disk-2t"), "disk-1t", mandatory=True),)
    assert metal.pricings[1].engagement is not None
    assert metal.pricings[1].engagement.months == 12
    assert (disk.kind, disk.product_type, disk.range) == (Kind.ADD_ON, "", "")


@pytest.mark.parametrize(("written", "rate_bp"), [("5.5", 550), ("20", 2000), ("7.70", 770), ("0", 0)])
def test_a_tax_rate_is_read_exactly(written: str, rate_bp: int) -> None:
    assert (
        read(json.dumps(GIVEN).replace('"taxRate": 20', f'"taxRate": {written}').encode()).tax_rate_bp
        == rate_bp
    )


def test_what_is_optional_may_be_absent() -> None:
    def drop(value: dict[str, Any]) -> None:
        del (
            value["catalogId"],
            value["locale"]["taxRate"],
            value["locale"]["subsidiary"],
            value["plans"][0]["blobs"],
        )

    catalogue = read(changed(drop))
    assert (catalogue.published_id, catalogue.tax_rate_bp, catalogue.subsidiary) == (None, None, "XX")


def set_to(path: str, wrong: Any) -> Callable[[dict[str, Any]], None]:
    def change(value: Any) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        for part in parents:
            value = value[part]
        value[last] = wrong

    return change


def without(path: str, name: str) -> Callable[[dict[str, Any]], None]:
    def change(value: Any) -> None:
        for part in [int(part) if part.isdigit() else part for part in path.split("/") if part]:
            value = value[part]
        del value[name]

    return change


PRICING = "plans/0/pricings/1"
SPRING = f"{PRICING}/promotions/0"
SPRINGS = "plans[0].pricings[1].promotions[0]"
BAD: list[tuple[Callable[[dict[str, Any]], None], str, str]] = [
    (set_to(f"{PRICING}/price", -5), "plans[0].pricings[1].price", "-5 is negative"),
    (set_to(f"{PRICING}/price", 1.5), "plans[0].pricings[1].price", "is 1.5, not an integer"),
    (set_to(f"{PRICING}/price", "9"), "plans[0].pricings[1].price", "is 9, not an integer"),
    (set_to(f"{PRICING}/price", True), "plans[0].pricings[1].price", "is true, not an integer"),
    (set_to(f"{PRICING}/price", 10**18), "plans[0].pricings[1].price", "is outside 0 to"),
    (without(PRICING, "price"), "plans[0].pricings[1]", "price is missing"),
    (set_to(f"{PRICING}/tax", -1), "plans[0].pricings[1].tax", "-1 is negative"),
    (
        set_to(f"{PRICING}/capacities", ["rent"]),
        "plans[0].pricings[1].capacities[0]",
        "not one of installation",
    ),
    (set_to(f"{PRICING}/capacities", []), "plans[0].pricings[1].capacities", "is empty"),
    (set_to(f"{PRICING}/capacities", "renew"), "plans[0].pricings[1].capacities", "is renew, not a list"),
    (set_to(f"{PRICING}/mode", "a b"), "plans[0].pricings[1].mode", "a b is not a mode"),
    (set_to(f"{PRICING}/mode", ""), "plans[0].pricings[1].mode", "has 0 characters"),
    (set_to(f"{PRICING}/interval", 0), "plans[0].pricings[1].interval", "an interval of 0 month"),
    (set_to(f"{PRICING}/intervalUnit", "week"), "plans[0].pricings[1].intervalUnit", "is week, not one of"),
    (set_to(f"{PRICING}/quantity/max", 0), "plans[0].pricings[1].quantity.max", "0 is outside"),
    (set_to(f"{PRICING}/quantity", 3), "plans[0].pricings[1].quantity", "is 3, not an object"),
    (set_to(f"{PRICING}/strategy", "guess"), "plans[0].pricings[1].strategy", "is guess, not one of"),
    (set_to(f"{PRICING}/mustBeCompleted", 1), "plans[0].pricings[1].mustBeCompleted", "not true or false"),
    (set_to(f"{PRICING}/promotions", None), "plans[0].pricings[1].promotions", "is null, not a list"),
    (set_to(f"{SPRING}/type", "gift"), f"{SPRINGS}.type", "is gift, not one of percentage"),
    (set_to(f"{SPRING}/value", 101), f"{SPRINGS}.value", "101 is outside 0 to 100"),
    (set_to(f"{SPRING}/startDate", "soon"), f"{SPRINGS}.startDate", "soon is not a date"),
    (set_to(f"{SPRING}/endDate", "2026-02-01"), f"{SPRINGS}", "ends before it begins"),
    (set_to(f"{SPRING}/total", {"value": 1}), f"{SPRINGS}.total", "do not make the price 8000000000"),
    (set_to(f"{SPRING}/duration", 0), f"{SPRINGS}.duration", "0 is outside 1 to 120"),
    (
        set_to(f"{PRICING}/engagementConfiguration/duration", "12 months"),
        "plans[0].pricings[1].engagementConfiguration.duration",
        "12 months is not a duration",
    ),
    (set_to("plans/0/planCode", "disk-1t"), "addons[0].planCode", "disk-1t stands twice"),
    (set_to("plans/0/planCode", None), "plans[0].planCode", "is null, not a text"),
    (set_to("plans/0/invoiceName", "a\x00b"), "plans[0].invoiceName", "cannot be printed"),
    (set_to("plans/0/product", "engine"), "plans[0].product", "there is no product engine"),
    (
        set_to("plans/0/addonFamilies/0/addons/1", "tape"),
        "plans[0].addonFamilies[0].addons[1]",
        "there is no add-on tape",
    ),
    (
        set_to("plans/0/addonFamilies/0/default", "disk-9t"),
        "plans[0].addonFamilies[0].default",
        "disk-9t is not an add-on of this family",
    ),
    (
        set_to("plans/0/addonFamilies/0/addons", [""]),
        "plans[0].addonFamilies[0].addons[0]",
        "has 0 characters",
    ),
    (set_to("plans/0", []), "plans[0]", "is a list, not an object"),
    (set_to("plans", {}), "plans", "is an object, not a list"),
    (without("", "plans"), "the file", "plans is missing"),
    (without("", "locale"), "the file", "locale is missing"),
    (set_to("locale/currencyCode", "XXX"), "locale.currencyCode", "XXX is not a currency"),
    (set_to("locale/taxRate", 120), "locale.taxRate", "not a percentage"),
    (set_to("locale/taxRate", "20"), "locale.taxRate", "not a percentage"),
    (set_to("plans/0/invoiceName", "x" * 300), "plans[0].invoiceName", "has 300 characters"),
]


@pytest.mark.parametrize(("change", "place", "said"), BAD, ids=[f"{place}: {said}" for _, place, said in BAD])
def test_a_wrong_place_is_named(change: Callable[[dict[str, Any]], None], place: str, said: str) -> None:
    with pytest.raises(CatalogueRefused) as refused:
        read(changed(change))
    assert f"{place}: " in refused.value.message
    assert said in refused.value.message
    assert "nothing was imported" in refused.value.message


def test_two_prices_for_one_quantity_are_refused() -> None:
    def double(value: dict[str, Any]) -> None:
        pricings = value["plans"][0]["pricings"]
        pricings.append({**pricings[1], "quantity": {"min": 10, "max": None}})
        pricings.append({**pricings[1], "quantity": {"min": 20, "max": None}})

    with pytest.raises(CatalogueRefused, match=r"plans\[0\]\.pricings\[3\]\.quantity.*takes 10 too"):
        read(changed(double))


def test_the_first_problems_are_shown_and_all_are_counted() -> None:
    def spoil(value: dict[str, Any]) -> None:
        value["plans"][0]["pricings"] = [
            {**GIVEN["plans"][0]["pricings"][0], "price": -1, "mode": f"m{n}"} for n in range(99)
        ]

    with pytest.raises(CatalogueRefused, match=f"and {PROBLEMS_MAX - 5} more") as refused:
        read(changed(spoil))
    assert refused.value.details["place"] == "plans[0].pricings[0].price"
    assert refused.value.details["problems"] == str(PROBLEMS_MAX)
    assert len(refused.value.details["places"].splitlines()) == PROBLEMS_MAX


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"plans": [', "not JSON: Expecting value at line 1, column 12"),
        (b"", "not JSON"),
        (b"[1]", "the file: is a list, not an object"),
        (b"\xff\xfe{}", "not UTF-8 text (byte 0)"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": 1, "a": 2}', 'has the member "a" twice'),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"catalogId": ' + b"9" * 5000 + b"}", "cannot be read"),
    ],
)
def test_what_is_no_catalogue_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(CatalogueRefused) as refused:
        read(content)
    assert said in refused.value.message


def test_long_values_are_cut_short_in_messages() -> None:
    with pytest.raises(CatalogueRefused, match=r"x{40}…"):
        read(changed(set_to(f"{PRICING}/price", "x" * 1000)))


def test_the_published_catalogue_is_read(shared_data: Path) -> None:
    catalogue = read(gzip.decompress((shared_data / "catalog-eco-IE-6751.json.gz").read_bytes()))
    assert (catalogue.published_id, catalogue.subsidiary, catalogue.tax_rate_bp) == (6751, "IE", 2300)
    assert len(catalogue.plans) == 146 + 236
    assert sum(len(plan.pricings) for plan in catalogue.plans) == 6111


def tier(
    least: int, most: int | None, price: int, strategy: Strategy = Strategy.TIERED, **more: Any
) -> Pricing:
    return Pricing(
        frozenset({Capacity.RENEW}), "default", price, 1, Unit.MONTH, 0, least, most, strategy, **more
    )


def plan_of(*pricings: Pricing, families: tuple[Family, ...] = ()) -> Plan:
    return Plan("ip", Kind.PLAN, "Addresses", "ip", families=families, pricings=pricings)


def counted(found: tuple[Line, ...]) -> list[tuple[int, int]]:
    return [(line.quantity, line.pricing.price_ucents) for line in found]


@pytest.mark.parametrize(
    ("strategy", "quantity", "expected"),
    [
        (Strategy.TIERED, 10, [(10, 100)]),
        (Strategy.TIERED, 11, [(10, 100), (1, 80)]),
        (Strategy.TIERED, 150, [(10, 100), (90, 80), (50, 60)]),
        (Strategy.VOLUME, 150, [(150, 60)]),
        (Strategy.STAIRSTEP, 50, [(1, 80)]),
    ],
)
def test_a_quantity_meets_its_tiers(
    strategy: Strategy, quantity: int, expected: list[tuple[int, int]]
) -> None:
    plan = plan_of(tier(101, None, 60, strategy), tier(1, 10, 100, strategy), tier(11, 100, 80, strategy))
    assert counted(lines(plan, Capacity.RENEW, "default", quantity)) == expected


def test_the_shortest_interval_is_taken_unless_asked() -> None:
    year = Pricing(frozenset({Capacity.RENEW}), "default", 1000, 1, Unit.YEAR)
    plan = plan_of(year, tier(1, None, 100))
    assert counted(lines(plan, Capacity.RENEW, "default", 1)) == [(1, 100)]
    assert counted(lines(plan, Capacity.RENEW, "default", 1, months=12)) == [(1, 1000)]
    with pytest.raises(NotPriced, match="no price for that period in mode default"):
        lines(plan, Capacity.RENEW, "default", 1, months=6)


def test_the_first_phase_is_taken() -> None:
    plan = plan_of(tier(1, None, 50, phase=1), tier(1, None, 100, phase=2))
    assert counted(lines(plan, Capacity.RENEW, "default", 3)) == [(3, 50)]


@pytest.mark.parametrize(
    ("capacity", "mode", "quantity", "said"),
    [
        (Capacity.RENEW, "upfront12", 1, "It has: default"),
        (Capacity.UPGRADE, "default", 1, "no price for upgrade at all"),
        (Capacity.RENEW, "default", 11, "in quantities of 1 to 10, not 11"),
    ],
)
def test_what_is_not_priced_says_what_is(capacity: Capacity, mode: str, quantity: int, said: str) -> None:
    with pytest.raises(NotPriced, match=said):
        lines(plan_of(tier(1, 10, 100)), capacity, mode, quantity)


def test_modes_and_capacities_of_a_plan() -> None:
    plan = plan_of(tier(1, None, 100))
    assert modes(plan) == ("default",)
    assert is_sold(plan, Capacity.RENEW, "default")
    assert not is_sold(plan, Capacity.INSTALLATION, "default")


FAMILIES = (
    Family("memory", ("ram-32", "ram-64"), "ram-32", exclusive=True, mandatory=True),
    Family("licence", ("lic-a", "lic-b")),
)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ([], ("ram-32",)),
        (["ram-64"], ("ram-64",)),
        (["lic-b", "lic-a", "lic-b"], ("ram-32", "lic-b", "lic-a")),
    ],
)
def test_options_go_with_a_plan(chosen: list[str], expected: tuple[str, ...]) -> None:
    assert options_of(plan_of(families=FAMILIES), chosen) == expected


@pytest.mark.parametrize(
    ("families", "chosen", "said"),
    [
        (FAMILIES, ["ram-32", "ram-64"], "one option of memory, not ram-32 and ram-64"),
        (FAMILIES, ["tape"], "does not take the option tape. It takes: memory"),
        ((), ["tape"], "It takes none"),
        ((Family("memory", ("ram-32",), mandatory=True),), [], "needs an option of memory: ram-32"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    families: tuple[Family, ...], chosen: list[str], said: str
) -> None:
    with pytest.raises(OptionRefused, match=said):
        options_of(plan_of(families=families), chosen)


def test_a_plan_is_found_by_its_code() -> None:
    plan = plan_of()
    assert of_code({"ip": plan}, "ip") is plan
    with pytest.raises(NoSuchPlan, match="no plan tape"):
        of_code({"ip": plan}, "tape")
