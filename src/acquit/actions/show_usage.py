"""What an account has used: in the running month, projected to its end, and in months that were rated."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.rate_usage import EVERY_NO, priced_use, savings_of
from acquit.actions.usage_terms import Plans, Seller, seller
from acquit.core.account import Account
from acquit.core.identifiers import ServiceId
from acquit.core.meter import Aggregation, Meter, Price
from acquit.core.money import Currency, amount_minor
from acquit.core.problem import Problem
from acquit.core.rating import NO_SAVINGS, Day, Line, Rated, Savings, forecast_e4, quantity_e4, rate, share_of
from acquit.core.terms import end_of_month
from acquit.store import savings_plans, usage_ratings
from acquit.store.transaction import Transaction
from acquit.store.usage_ratings import WHOLE_LIST, Key, Part, RatedService


@dataclass(frozen=True, slots=True)
class UseLine:
    """A quantity at a price, and what it comes to."""

    name: str
    quantity_e4: int
    unit_price_ucents: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class Use:
    """The use of a meter by a service in a month, as of a day; `is_rated` when it is charged already."""

    service_id: ServiceId
    service: str
    plan_code: str
    meter: str
    description: str
    unit: str
    period: date
    quantity_e4: int
    currency: Currency
    net_minor: int
    lines: tuple[UseLine, ...]
    is_rated: bool = False

    @property
    def last_on(self) -> date:
        """The last day of the month."""
        return end_of_month(self.period)


def current_uses(
    context: Context, tx: Transaction, account: Account, on: date, *, forecast: bool = False
) -> list[Use]:
    """Return what the account has used since the month of `on` began, by service and meter.

    With `forecast` as it will be when the month ends, the days to come being like those that went by.
    Commitments are among them before anything is used; a use without a price is left out.
    """
    now, then = uses_and_forecast(context, tx, account, on)
    return then if forecast else now


def uses_and_forecast(
    context: Context, tx: Transaction, account: Account, on: date
) -> tuple[list[Use], list[Use]]:
    """Return what `current_uses` tells as it is and as it will be, measured once."""
    period = on.replace(day=1)
    known = seller(context, tx, account.legal_entity_id)
    used = usage_ratings.used(tx, account.account_id, period)
    saved = _saved(tx, known, account, period)
    commits = any((price := known.price(*of, period)) and price.committed_e4 for of in known.prices)
    if commits:
        services = usage_ratings.services(tx, [account.account_id])
    else:
        services = usage_ratings.some_services(tx, [*used, *saved])
    keys = sorted({*used, *_committed(known, services.values(), period), *saved})
    if not keys:
        return [], []
    lasts = [key for key in keys if _is_last(known, key)]
    measured = usage_ratings.days(tx, keys, lasts, EVERY_NO)
    plans = Plans(tx)
    found: tuple[list[Use], list[Use]] = [], []
    for key in keys:
        service = services[key[0], key[1]]
        priced = priced_use(known, plans, service, key)
        if isinstance(priced, Problem):
            continue
        share = share_of(period, service.started_on, service.terminated_on)
        for until, uses in zip((None, on), found, strict=True):
            count_e4 = _quantity(priced[0], measured.get(key, []), service, until, period)
            rated = rate(priced[1], count_e4, share, saved.get(key, NO_SAVINGS))
            if not isinstance(rated, Problem):
                uses.append(_use(service, *priced, period, rated))
    return found


def past_uses(
    context: Context,
    tx: Transaction,
    account: Account,
    from_on: date,
    until_on: date,
    part: Part = WHOLE_LIST,
) -> list[Use]:
    """Return what was rated of months that begin between two days, newest first, as it holds now.

    With `part` those after a service and meter alone, at most so many.
    """
    known = seller(context, tx, account.legal_entity_id)
    rated = usage_ratings.ratings(tx, [account.account_id], from_on, until_on, part)
    services = usage_ratings.some_services(tx, rated)
    found = []
    for key, rating in rated.items():
        meter = known.meter(key[2], key[3])
        service = services[key[0], key[1]]
        if meter is not None:
            lines = tuple(_line(Line(*line), rating.currency) for line in rating.lines)
            found.append(
                Use(
                    key[1], service.resource_name, service.plan_code, key[2],
                    meter.described(service.language), meter.symbol(service.language), key[3],
                    rating.quantity_e4, rating.currency, rating.net_minor, lines, True,
                )
            )  # fmt: skip
    return sorted(found, key=lambda use: (-use.period.toordinal(), use.service_id, use.meter))


def _committed(known: Seller, services: Iterable[RatedService], period: date) -> Iterator[Key]:
    """Yield the uses that cost something whether used or not."""
    for service in services:
        is_there = service.terminated_on is None or service.terminated_on > period
        for code, plan_code in known.prices:
            price = known.price(code, plan_code, period) if plan_code == service.plan_code else None
            if is_there and price is not None and price.committed_e4:
                yield service.account_id, service.service_id, code, period


def _saved(tx: Transaction, known: Seller, account: Account, period: date) -> dict[Key, Savings]:
    """Return what savings plans of the account commit in the month."""
    plans = savings_plans.of_accounts(tx, [account.account_id]) if known.has_savings else []
    keys = {(plan.account_id, plan.service_id, plan.offer.meter, period) for plan in plans}
    found = savings_of(tx, known, sorted(keys)) if keys else {}
    return {key: savings for key, savings in found.items() if savings}


def _is_last(known: Seller, key: Key) -> bool:
    meter = known.meter(key[2], key[3])
    return meter is not None and meter.aggregation is Aggregation.LAST


def _quantity(meter: Meter, days: Sequence[Day], service: RatedService, on: date | None, period: date) -> int:
    """Return what was used, or with a day what will have been used."""
    if on is None:
        return quantity_e4(meter, days)
    first = max(period, service.started_on)
    last = end_of_month(period)
    return forecast_e4(meter, days, (on - first).days + 1, (last - first).days + 1)


def _use(service: RatedService, meter: Meter, price: Price, period: date, rated: Rated) -> Use:
    return Use(
        service.service_id, service.resource_name, service.plan_code, meter.code,
        meter.described(service.language), meter.symbol(service.language), period, rated.quantity_e4,
        price.currency, rated.net_minor, tuple(_line(line, price.currency) for line in rated.lines),
    )  # fmt: skip


def _line(line: Line, currency: Currency) -> UseLine:
    net_minor = amount_minor(line.quantity_e4, line.unit_price_ucents, currency)
    return UseLine(line.name, line.quantity_e4, line.unit_price_ucents, net_minor)


def of_services(uses: Sequence[Use]) -> dict[tuple[ServiceId, date], list[Use]]:
    """Return the uses by service and month, in their order."""
    found: dict[tuple[ServiceId, date], list[Use]] = {}
    for use in uses:
        found.setdefault((use.service_id, use.period), []).append(use)
    return found
