"""What a published catalogue says of a plan beside its price: what is to be chosen, what it is made of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PlanConfiguration:
    """A label; `values` are what it may be (nothing: anything); `is_free` takes other values too."""

    label: str
    values: tuple[str, ...]
    is_mandatory: bool
    is_free: bool


def configurations(content: bytes, plan_code: str) -> tuple[PlanConfiguration, ...]:
    """Return what is to be configured of a plan or add-on of a catalogue that was read before."""
    plan = _plan(json.loads(content), plan_code)
    return tuple(
        PlanConfiguration(
            str(each["name"]),
            tuple(str(value) for value in each.get("values") or ()),
            bool(each.get("isMandatory")),
            bool(each.get("isCustom")),
        )
        for each in plan.get("configurations") or ()
        if each.get("name")
    )


def technical(content: bytes, plan_code: str) -> Mapping[str, Any]:
    """Return what a plan or add-on is made of, as it was published: its product's members, then its own."""
    catalogue = json.loads(content)
    plan = _plan(catalogue, plan_code)
    products = catalogue.get("products") or ()
    product: Mapping[str, Any] = next(
        (each for each in products if each.get("name") == plan.get("product")), {}
    )
    return {**_technical(product), **_technical(plan)}


def _technical(node: Mapping[str, Any]) -> Mapping[str, Any]:
    blobs = node.get("blobs")
    found = blobs.get("technical") if isinstance(blobs, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _plan(catalogue: Mapping[str, Any], plan_code: str) -> Mapping[str, Any]:
    sold = (*catalogue.get("plans", ()), *catalogue.get("addons", ()))
    return next((each for each in sold if each["planCode"] == plan_code), {})
