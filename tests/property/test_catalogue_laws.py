"""Whatever a file holds, a catalogue is read or refused; tiers lose no unit."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.catalogue import Capacity, Kind, Plan, Pricing, Strategy, Unit, lines
from acquit.core.published_catalogue import CatalogueRefused, read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PRICING = {"capacities": ["renew"], "mode": "default", "price": 1, "interval": 1, "intervalUnit": "month"}
WHOLE: dict[str, Any] = {
    "locale": {"currencyCode": "EUR", "subsidiary": "FR", "taxRate": 20},
    "products": [{"name": "metal", "blobs": {"technical": {}}}],
    "plans": [
        {
            "planCode": "metal-s",
            "product": "metal",
            "invoiceName": "Metal S",
            "blobs": {"commercial": {}},
            "addonFamilies": [{"name": "disk", "addons": ["d"], "default": "d"}],
            "pricings": [
                {**PRICING, "quantity": {"min": 1, "max": 2}, "engagementConfiguration": {"duration": "P1Y"}}
            ],
        }
    ],
    "addons": [{"planCode": "d", "product": "metal", "invoiceName": "Disk", "pricings": [PRICING]}],
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON value but the root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in inner for found in ((*path, key), *places(part, (*path, key)))]


def problem(value: Any) -> str | None:
    """Return the first wrong place of a refused catalogue; None when it was read and its prices are good."""
    try:
        catalogue = read(json.dumps(value).encode())
    except CatalogueRefused as refused:
        return refused.details["place"]
    assert all(pricing.price_ucents >= 0 for plan in catalogue.plans for pricing in plan.pricings)
    return None


def test_the_given_catalogue_is_right() -> None:
    assert problem(WHOLE) is None


@given(JSON)
def test_anything_is_read_or_refused(value: Any) -> None:
    problem(value)


@given(st.sampled_from(places(WHOLE)), JSON)
def test_one_place_replaced_by_anything_is_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    spoilt = copy.deepcopy(WHOLE)
    parent = spoilt
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    problem(spoilt)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.data())
def test_tiers_lose_no_unit(widths: list[int], data: st.DataObject) -> None:
    ends = [sum(widths[: turn + 1]) for turn in range(len(widths))]
    tiers = [
        Pricing(
            frozenset({Capacity.RENEW}),
            "default",
            10,
            1,
            Unit.MONTH,
            0,
            end - width + 1,
            end,
            Strategy.TIERED,
        )
        for width, end in zip(widths, ends, strict=True)
    ]
    plan = Plan("p", Kind.PLAN, "P", "p", pricings=tuple(data.draw(st.permutations(tiers))))
    quantity = data.draw(st.integers(1, ends[-1]))
    found = lines(plan, Capacity.RENEW, "default", quantity)
    assert sum(line.quantity for line in found) == quantity
    assert all(1 <= line.quantity <= width for line, width in zip(found, widths, strict=False))
