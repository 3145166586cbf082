"""What a catalogue has to offer to the play, whichever catalogue it is."""

from collections.abc import Mapping
from datetime import date

from acquit.core.catalogue import Capacity, Kind, NotPriced, OptionRefused, Plan, modes
from acquit.core.errors import Conflict
from acquit.core.subscription import Wish, parts
from acquit.demo.cast import Want


class NothingToSell(Conflict):
    """The catalogue has no plan that is sold by the month."""

    code = "nothing-to-sell"


class Shelf:
    """The plans that are sold by the month, the cheapest first."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        """Raises NothingToSell."""
        self._plans = plans
        priced = ((_monthly_ucents(plans, plan), plan.plan_code) for plan in plans.values())
        self._monthly = sorted((ucents, code) for ucents, code in priced if ucents)
        if not self._monthly:
            raise NothingToSell("The catalogue sells nothing by the month: the demo cannot sell from it.")

    def wish(self, want: Want, starts_on: date) -> Wish:
        """Return the want as this catalogue can fulfil it: its own plan, else one of about that price."""
        if want.plan in self._plans:
            return Wish(
                want.plan, starts_on, want.quantity, want.mode, options=want.options, resource_name=want.name
            )
        code = self._monthly[len(self._monthly) * want.level // 100][1]
        mode = want.mode if want.mode in modes(self._plans[code]) else "default"
        return Wish(code, starts_on, mode=mode, resource_name=want.name)


def _monthly_ucents(plans: Mapping[str, Plan], plan: Plan) -> int:
    """Return what the plan costs by the month with the options that it needs; 0 when it is not sold so."""
    if plan.kind is not Kind.PLAN or not any(Capacity.RENEW in each.capacities for each in plan.pricings):
        return 0
    try:
        found = parts(plans, Wish(plan.plan_code, date.min, months=1))
    except (NotPriced, OptionRefused):
        return 0
    return sum(part.line.quantity * part.line.pricing.price_ucents for part in found)
