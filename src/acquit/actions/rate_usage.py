"""Rate the use of a month, and late use of months before: charges for what was not rated, else adjustments.

A step of a bill run before its pages, in transactions of its own; two at once share the work. What was rated
before is not rated again unless events came since: the difference is then a charge of the open month.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

import msgspec

from acquit.actions.context import Context
from acquit.actions.lanes import side_by_side
from acquit.actions.loading import require_staff
from acquit.actions.usage_terms import Plans, Seller, seller
from acquit.core.bill_run import Period
from acquit.core.charge import Charge, ChargeKind
from acquit.core.identifiers import AccountId, BillingGroupId, LegalEntityId, ServiceId
from acquit.core.meter import Aggregation, Meter, Price
from acquit.core.operator import Right
from acquit.core.problem import Problem
from acquit.core.rating import (
    NO_SAVINGS,
    SAVINGS,
    Line,
    Metered,
    Rated,
    Savings,
    adjustment,
    charges,
    quantity_e4,
    rate,
    share_of,
)
from acquit.core.savings_plan import SavingsPlan, committed
from acquit.core.usage import UsageDiffers
from acquit.store import savings_plans, usage, usage_ratings, usage_totals
from acquit.store.transaction import Transaction
from acquit.store.usage_ratings import Key, RatedService, Rating

EVERY_NO = 2**62
"""A number above that of every event."""
SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class RatedNow:
    """What a call rated: uses of a meter by a service, their events, and uses that have a problem."""

    uses: int = 0
    events: int = 0
    problems: int = 0
    periods: frozenset[date] = frozenset()

    def __add__(self, other: "RatedNow") -> "RatedNow":
        return RatedNow(
            self.uses + other.uses,
            self.events + other.events,
            self.problems + other.problems,
            self.periods | other.periods,
        )


@dataclass(slots=True)
class Decided:
    """Ratings to write, the charges that they make, and what could not be rated."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    charges: list[tuple[AccountId, Charge, date]] = field(default_factory=list)
    problems: dict[Key, Problem] = field(default_factory=dict)
    events: int = 0


def rate_usage(
    context: Context, legal_entity_id: LegalEntityId, period: Period, *, by: str, keys_max: int = 5_000
) -> RatedNow:
    """Every use of the month and of those before has its charges, as of the events that were there at first.

    Raises UsageDiffers with the ids when events in are not rated + pending + rejected, or charges are not
    billed + open; StaffOnly, RoleForbids when `by` may not run bills.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
        known = seller(context, tx, legal_entity_id)
        waits = known.has_commitments or known.has_savings or usage_ratings.any_waiting(tx, period.last_on)
    found = _rate_all(context, legal_entity_id, known, period, keys_max) if waits else RatedNow()
    refuse_difference(context, legal_entity_id, found.periods | {period.first_on})
    return found


def _rate_all(
    context: Context, legal_entity_id: LegalEntityId, known: Seller, period: Period, keys_max: int
) -> RatedNow:
    if known.has_commitments:
        with context.database.write() as tx:
            usage_ratings.add_committed(tx, legal_entity_id, period.first_on, period.last_on)
    if known.has_savings:
        with context.database.write() as tx:
            usage_ratings.add_waiting(tx, savings_to_rate(tx, legal_entity_id, period))
    with context.database.write() as tx:
        up_to_no = usage.watermark(tx)
    walk = _Walk(context, legal_entity_id, known, period, keys_max, up_to_no)
    begun = walk.page(usage_ratings.BEFORE_ALL, wait=False)
    if begun is not None:
        side_by_side(lambda: walk.go_on(begun, wait=False), walk.stop)
    walk.go_on(usage_ratings.BEFORE_ALL, wait=True)
    return walk.found


@dataclass(slots=True)
class _Walk:
    """A walk through what waits, page by page; several threads may go on with it at once."""

    context: Context
    legal_entity_id: LegalEntityId
    known: Seller
    period: Period
    keys_max: int
    up_to_no: int
    found: RatedNow = field(default_factory=RatedNow)
    guard: Lock = field(default_factory=Lock)
    stopped: bool = False

    def go_on(self, after: Key, *, wait: bool) -> None:
        """What comes after that use and nobody holds is rated, with `wait` also what others held at first."""
        while not self.stopped and (reached := self.page(after, wait=wait)) is not None:
            after = reached

    def page(self, after: Key, *, wait: bool) -> Key | None:
        """The next page is rated; return its last key, None when there is no page."""
        with self.context.database.write() as tx:
            keys = usage_ratings.claim(
                tx, self.legal_entity_id, self.period.last_on, after, self.keys_max, wait=wait
            )
            if not keys:
                return None
            rated = _rate_page(tx, self.known, keys, self.up_to_no, self.period)
        with self.guard:
            self.found += rated
        return keys[-1]

    def stop(self) -> None:
        """The page at hand is the last."""
        self.stopped = True


def _rate_page(
    tx: Transaction, known: Seller, keys: Sequence[Key], up_to_no: int, period: Period
) -> RatedNow:
    """Rate what is held and write it, in the transaction that holds it."""
    decided = decide_uses(tx, known, keys, up_to_no, period)
    usage_ratings.add(tx, decided.rows, decided.charges)
    for key, problem in decided.problems.items():
        usage_ratings.set_problem(tx, key, problem.message)
    done = [key for key in keys if key not in decided.problems]
    usage_ratings.drop_pending(tx, done, up_to_no)
    return RatedNow(
        len(decided.rows), decided.events, len(decided.problems), frozenset(key[3] for key in keys)
    )


def decide_uses(
    tx: Transaction, known: Seller, keys: Sequence[Key], up_to_no: int, period: Period
) -> Decided:
    """Return what rating these uses comes to; nothing is written."""
    services = usage_ratings.services(tx, [key[0] for key in keys])
    before = usage_ratings.ratings(tx, [key[0] for key in keys], date.min, period.last_on)
    defined = {each: known.meter(*each) for each in {key[2:] for key in keys}}
    lasts = [key for key in keys if _is_last(defined[key[2:]])]
    wholes = {key for key in keys if _counts_whole(defined[key[2:]])}
    measured = usage_ratings.days(tx, keys, lasts, up_to_no, wholes)
    plans = Plans(tx)
    saved = savings_of(tx, known, keys)
    decided = Decided()
    for key in keys:
        days = measured.get(key, [])
        events = sum([day.events for day in days])
        old = before.get(key)
        savings = saved.get(key, NO_SAVINGS)
        if old is not None and old.events == events and _saved_then(old) == savings:
            continue
        service = services[key[0], key[1]]
        priced = priced_use(known, plans, service, key)
        if isinstance(priced, Problem):
            decided.problems[key] = priced
            continue
        meter, price = priced
        share = share_of(key[3], service.started_on, service.terminated_on)
        rated = rate(price, quantity_e4(meter, days), share, savings)
        if isinstance(rated, Problem):
            decided.problems[key] = rated
            continue
        decided.events += events - (old.events if old else 0)
        _decide(decided, key, (meter, price, service), old, rated, (events, up_to_no, period))
    return decided


def savings_of(tx: Transaction, known: Seller, keys: Sequence[Key]) -> dict[Key, Savings]:
    """Return what savings plans commit of these uses."""
    if not known.has_savings:
        return {}
    held: dict[tuple[AccountId, ServiceId, str], list[SavingsPlan]] = {}
    for plan in savings_plans.of_accounts(tx, [key[0] for key in keys]):
        held.setdefault((plan.account_id, plan.service_id, plan.offer.meter), []).append(plan)
    return {key: committed(held[key[:3]], key[3]) for key in keys if key[:3] in held}


def savings_to_rate(tx: Transaction, legal_entity_id: LegalEntityId, period: Period) -> list[Key]:
    """Return the uses of which savings plans commit something in the month."""
    plans = savings_plans.of_seller(tx, legal_entity_id)
    first = period.first_on
    keys = {
        (plan.account_id, plan.service_id, plan.offer.meter, first)
        for plan in plans
        if plan.committed_e4(first)
    }
    return sorted(keys)


def _saved_then(rating: Rating) -> Savings:
    """Return what savings plans committed when the use was rated."""
    lines = [Line(*line) for line in rating.lines]
    return {
        (line.name.removeprefix(SAVINGS), line.unit_price_ucents): line.quantity_e4
        for line in lines
        if line.name.startswith(SAVINGS)
    }


def priced_use(known: Seller, plans: Plans, service: RatedService, key: Key) -> tuple[Meter, Price] | Problem:
    """Return the meter and the price that hold for the use, or why there is none."""
    place = (key[2], key[3], service.catalogue_id, service.plan_code, service.pricing_mode)
    if place not in plans.found:
        plans.found[place] = _priced(known, plans, service, key)
    found = plans.found[place]
    if found is None:
        text = f"{key[2]} has no price for {service.resource_name} ({service.plan_code}) in {key[3]:%Y-%m}."
        return Problem("usage-not-priced", text, key[2])
    return found


def _priced(known: Seller, plans: Plans, service: RatedService, key: Key) -> tuple[Meter, Price] | None:
    meter = known.meter(key[2], key[3])
    price = known.price(key[2], service.plan_code, key[3])
    if price is not None:
        price = plans.priced(price, service.catalogue_id, service.plan_code, service.pricing_mode)
    return None if meter is None or price is None else (meter, price)


def _is_last(meter: Meter | None) -> bool:
    return meter is not None and meter.aggregation is Aggregation.LAST


def _counts_whole(meter: Meter | None) -> bool:
    return meter is not None and meter.counts_whole


def _decide(
    decided: Decided,
    key: Key,
    of: tuple[Meter, Price, RatedService],
    old: Rating | None,
    rated: Rated,
    seen: tuple[int, int, Period],
) -> None:
    """Add the rating, and its charges: all of it when it is the first, else the difference."""
    meter, price, service = of
    events, up_to_no, period = seen
    rating_no = 1 if old is None else old.rating_no + 1
    metered = metered_by(meter, service, key[3], price)
    if old is None:
        made = charges(metered, price, rated)
    else:
        charged = (old.quantity_e4, old.net_minor)
        made = adjustment(metered, rating_no, period.first_on, charged, rated)
    nets = [each.net_minor for each in made]
    for each in made:
        accepted_on = each.period_end if each.kind == ChargeKind.USAGE else period.last_on
        decided.charges.append((key[0], each, accepted_on))
    decided.rows.append(
        (*key, rating_no, up_to_no, events, rated.quantity_e4, price.currency, rated.net_minor, sum(nets),
         price.from_on, _json([_line(line) for line in rated.lines]),
         _json([_charge(each, net) for each, net in zip(made, nets, strict=True)]))
    )  # fmt: skip


def metered_by(meter: Meter, service: RatedService, period: date, price: Price) -> Metered:
    """Return how a bill names the use."""
    group = service.billing_group_id
    return Metered(
        service.service_id, meter, period, price.currency, service.language, service.resource_name,
        None if group is None else BillingGroupId(group),
    )  # fmt: skip


def _json(found: object) -> str:
    return msgspec.json.encode(found).decode()


def _line(line: Line) -> list[object]:
    return [
        line.name, line.quantity_e4, line.unit_price_ucents, line.used_e4, line.from_e4, line.up_to_e4
    ]  # fmt: skip


def _charge(made: Charge, net_minor: int) -> Mapping[str, object]:
    return {
        "kind": made.kind,
        "part": made.part,
        "period_start": made.period_start.isoformat(),
        "quantity_e4": made.quantity_e4,
        "unit_price_ucents": made.unit_price_ucents,
        "net_minor": net_minor,
    }


# ---------------------------------------------------------------- rehearsal and control totals


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run would rate: `committed` are uses that wait for no event."""

    seller: Seller
    period: Period
    committed: Mapping[AccountId, Sequence[Key]]

    def charges(
        self, tx: Transaction, account_ids: Sequence[AccountId]
    ) -> Iterator[tuple[AccountId, Charge]]:
        """Yield the charges that rating would add to these accounts."""
        keys = usage_ratings.preview(tx, account_ids, self.period.last_on)
        keys += [key for account_id in account_ids for key in self.committed.get(account_id, ())]
        if keys:
            decided = decide_uses(tx, self.seller, sorted(set(keys)), EVERY_NO, self.period)
            yield from ((account_id, charge) for account_id, charge, _ in decided.charges)


def rehearsal(context: Context, tx: Transaction, legal_entity_id: LegalEntityId, period: Period) -> Rehearsal:
    """Return what a run of the month would rate."""
    known = seller(context, tx, legal_entity_id)
    found: dict[AccountId, list[Key]] = {}
    if known.has_commitments:
        for key in usage_ratings.committed(tx, legal_entity_id, period.first_on, period.last_on):
            found.setdefault(key[0], []).append(key)
    if known.has_savings:
        for key in savings_to_rate(tx, legal_entity_id, period):
            found.setdefault(key[0], []).append(key)
    return Rehearsal(known, period, found)


def refuse_difference(context: Context, legal_entity_id: LegalEntityId, periods: frozenset[date]) -> None:
    """Pass when the control totals of these months add up. Raises UsageDiffers with the ids."""
    with context.database.snapshot() as tx:
        used = usage_totals.periods_used(tx, legal_entity_id, sorted(periods))
        found = usage_totals.differences(tx, legal_entity_id, used) if used else {}
    if found:
        shown = "; ".join(
            f"{name}: {', '.join(ids[:SHOWN_MAX])}{' and more' * (len(ids) > SHOWN_MAX)}"
            for name, ids in found.items()
        )
        raise UsageDiffers(
            f"The control totals of usage differ, so nothing was billed. {shown}. See: acquit audit",
            legal_entity=legal_entity_id,
            ids=" ".join(each for ids in found.values() for each in ids),
        )
