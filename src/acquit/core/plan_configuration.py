"""What has to be chosen of a plan beside its price (a place, a system), as its published catalogue says."""

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
    catalogue = json.loads(content)
    sold = (*catalogue.get("plans", ()), *catalogue.get("addons", ()))
    plan: Mapping[str, Any] = next((each for each in sold if each["planCode"] == plan_code), {})
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
