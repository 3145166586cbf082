"""The auditor's model of services: a ledger of days, each with the terms that were agreed for it.

A day of a period costs its share of the whole: the first n days cost n days' share, rounded once. All that a
service is ever billed is the sum of its days; what renewals did not bring has to come from adjustments.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from simulation.auditor_calendar import DAY, days, moved, period, price_cents
from simulation.auditor_prices import Binding

RANKS = ("renewal-day", "promotion-end", "plan", "engagement-end", "price")


@dataclass(frozen=True)
class Terms:
    """What was agreed; one period begins on `anchor`. `version` is the place of the catalogue sold from."""

    plan: str
    mode: str
    quantity: int
    price_ucents: int
    months: int
    day: int
    anchor: date
    version: int

    @property
    def net(self) -> int:
        """What a whole period costs, in cents."""
        return price_cents(self.quantity, self.price_ucents)

    def day_cents(self, on: date) -> int:
        """Return what one day costs."""
        return _day_cents(self, on)


@lru_cache(maxsize=1_000_000)
def _day_cents(terms: Terms, on: date) -> int:
    start, after = period(terms.anchor, terms.months, terms.day, on)
    gone, whole = (on - start).days, (after - start).days
    return _share(terms.net, gone + 1, whole) - _share(terms.net, gone, whole)


def _share(net: int, gone: int, whole: int) -> int:
    return (2 * net * gone + whole) // (2 * whole)


@dataclass(frozen=True)
class Coming:
    """Something that a renewal on or after a day will take."""

    kind: str
    on: date
    number: int
    price_ucents: int | None = None
    plan: str | None = None
    mode: str | None = None
    quantity: int | None = None
    months: int | None = None
    day: int | None = None
    version: int | None = None
    binding: Binding | None = None


@dataclass
class Held:
    """A service as the auditor believes it to be; `head` is the service that an option belongs to."""

    account: str
    number: int
    name: str
    head: int
    started: date
    terms: Terms
    next_on: date
    engaged_until: date | None = None
    automatic: bool = True
    forced: bool = False
    ends: bool = False
    state: str = "active"
    gone_on: date | None = None
    promoted: bool = False
    coming: list[Coming] = field(default_factory=list)
    ledger: dict[date, Terms] = field(default_factory=dict)
    begun: dict[date, tuple[date, int]] = field(default_factory=dict)
    """Per first day of a renewal: its last day, and what it costs."""
    once: int = 0

    @property
    def renews(self) -> bool:
        """Whether the next day not yet paid brings another period."""
        over = self.gone_on is not None and self.gone_on <= self.next_on
        willing = self.forced or (self.automatic and not self.ends)
        return self.state == "active" and willing and not over

    @property
    def all_days(self) -> int:
        """What the days of the ledger cost together."""
        return sum(terms.day_cents(on) for on, terms in self.ledger.items())

    @property
    def adjusted(self) -> int:
        """What adjustments have to come to: all days, less what renewals brought."""
        return self.all_days - sum(net for _, net in self.begun.values())

    def there(self, on: date) -> bool:
        """Whether the service is not gone on that day."""
        return self.state != "terminated" and (self.gone_on is None or self.gone_on > on)

    def first_renewal(self, not_before: date) -> date:
        """Return the first day of the first period, not yet renewed, that begins then or later."""
        on = self.next_on
        while on < not_before:
            on = moved(on, self.terms.months, self.terms.day)
        return on

    # ------------------------------------------------------------ renewals

    def renew(self, upto: date) -> None:
        """Take the periods that begin no later than that day."""
        while self.renews and self.next_on <= upto:
            self._take_due()
            if not self.renews:
                return
            start = self.next_on
            _, self.next_on = period(self.terms.anchor, self.terms.months, self.terms.day, start)
            self.cover(start, self.next_on)
            costs = sum(self.terms.day_cents(on) for on in days(start, self.next_on))
            assert start not in self.begun, "a period is renewed once"
            self.begun[start] = (self.next_on - DAY, costs)

    def renew_ahead(self, upto: date) -> None:
        """Take these periods whether the service renews by itself or not."""
        kept = self.automatic, self.ends
        self.automatic, self.ends = True, False
        self.renew(upto)
        self.automatic, self.ends = kept

    def cover(self, first: date, until: date) -> None:
        """These days are paid, at the terms of now."""
        for on in days(first, until):
            assert on not in self.ledger, f"{on} is paid twice"
            self.ledger[on] = self.terms

    def uncover(self, first: date) -> None:
        """No day from that one on is paid any more."""
        self.ledger = {on: terms for on, terms in self.ledger.items() if on < first}

    def amend(self, first: date, change: Callable[[Terms], Terms]) -> None:
        """Every paid day from that one on, and all to come, has other terms."""
        self.ledger = {on: change(old) if on >= first else old for on, old in self.ledger.items()}
        self.terms = change(self.terms)

    def drop(self, *kinds: str) -> None:
        """Nothing of these kinds waits any more."""
        self.coming = [each for each in self.coming if each.kind not in kinds]

    def _take_due(self) -> None:
        on = self.next_on
        engaged = self.engaged_until is not None and on < self.engaged_until
        due = [each for each in self.coming if each.on <= on and not (engaged and each.kind == "price")]
        for each in sorted(due, key=lambda one: (RANKS.index(one.kind), one.on, one.number)):
            if each in self.coming:
                self.coming.remove(each)
                self._take(each, on)

    def _take(self, change: Coming, on: date) -> None:
        fallback = None
        if change.kind == "engagement-end" and change.binding is not None:
            fallback = self._end_engagement(change, change.binding, on)
        elif change.kind == "plan" and change.price_ucents is not None:
            self.drop("engagement-end")
            self._engage(change, on)
        old = self.terms
        new = replace(
            old, plan=change.plan or old.plan, mode=change.mode or old.mode, day=change.day or old.day,
            quantity=change.quantity or old.quantity, months=change.months or old.months,
            price_ucents=old.price_ucents if change.price_ucents is None else change.price_ucents,
            version=old.version if change.version is None else change.version,
        )  # fmt: skip
        if fallback is not None:
            new = replace(new, mode=fallback[0], months=fallback[1], price_ucents=fallback[2])
        if (new.day, new.months) != (old.day, old.months):
            new = replace(new, anchor=first_such_day(on, new.day))
        self.terms = new

    def _end_engagement(self, change: Coming, binding: Binding, on: date) -> tuple[str, int, int] | None:
        self.engaged_until = None
        if binding.end_rule == "cancel":
            self.gone_on = on
        if binding.end_rule == "reactivate":
            self.engaged_until = moved(change.on, binding.months, self.terms.day)
            self.coming.append(replace(change, on=self.engaged_until))
        return binding.fallback if binding.end_rule == "default-price" else None

    def _engage(self, change: Coming, on: date) -> None:
        running = self.engaged_until if self.engaged_until and self.engaged_until > on else None
        if change.binding is not None:
            until = running
            if until is None or change.mode != self.terms.mode:
                begun = moved(on, change.binding.months, self.terms.day)
                until = max(begun, running or begun)
            running = until
            self.coming.append(Coming("engagement-end", until, change.number, binding=change.binding))
        self.engaged_until = running


def first_such_day(on: date, day: int) -> date:
    """Return the first such day of a month that is not before a day."""
    here = moved(on, 0, day)
    return here if here >= on else moved(on, 1, day)
