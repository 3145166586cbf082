"""What the auditor believes of all services: told of each act that succeeded, it moves its own model."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from itertools import count, zip_longest

from simulation.auditor_calendar import DAY, moved
from simulation.auditor_prices import Binding, Priced, Version, per_month
from simulation.auditor_services import Coming, Held, Terms

Key = tuple[str, int]


@dataclass(frozen=True)
class Change:
    """What a service was changed to; None leaves a thing as it is."""

    when: str
    plan: str | None = None
    mode: str | None = None
    quantity: int | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handed:
    """A service that went on as another account's; days until `until` had been renewed before."""

    giver: Key
    taker: Key
    on: date
    until: date


@dataclass
class Target:
    """The services of one plan code, and the quantities at prices that they are to be."""

    there: list[Held]
    parts: list[Priced]
    version: int
    keeps_price: bool = False


@dataclass
class Sales:
    """Every service, by account and number."""

    refunds: bool
    bills_gap: bool
    versions: list[Version] = field(default_factory=list)
    held: dict[Key, Held] = field(default_factory=dict)
    payers: dict[str, str] = field(default_factory=dict)
    permanent: set[str] = field(default_factory=set)
    grouped: dict[str, tuple[bool, int]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    moves: list[Handed] = field(default_factory=list)

    def version_on(self, on: date) -> int:
        """Return the place of the catalogue in force on a day."""
        return max(place for place, each in enumerate(self.versions) if each.from_on <= on)

    def group(self, key: Key, on: date) -> list[Held]:
        """Return the service and what belongs to it on a day, in the order of numbers."""
        head = self.held[key]
        options = [
            each
            for each in self.held.values()
            if each.account == head.account and each.head == head.number and each is not head
        ]
        return [head, *sorted((each for each in options if each.there(on)), key=lambda each: each.number)]

    # ------------------------------------------------------------ acts

    def sold(
        self, account: str, ids: Sequence[int], name: str, plan: str, mode: str, quantity: int,
        options: Sequence[str], starts: date,
    ) -> None:  # fmt: skip
        """A plan was subscribed; `ids` are the services that this made, the plan's first."""
        place = self.version_on(starts)
        version = self.versions[place]
        parts = version.renewing(plan, mode, quantity, starts)
        chosen = version.default_options(plan, list(options))
        for option in chosen:
            parts += version.renewing(option, version.option_mode(option, mode), quantity, starts)
        assert len(parts) == len(ids), f"{plan} x {quantity} is {len(parts)} services, not {len(ids)}"
        seen: set[str] = set()
        for part, number in zip(parts, ids, strict=True):
            terms = _terms(part, starts, place)
            made = Held(account, number, name, ids[0], starts, terms, starts)
            made.forced = self.payers[account] in self.permanent
            if part.plan not in seen:
                made.once = version.once_cents(part.plan, "installation", part.mode, quantity)
            seen.add(part.plan)
            self._begin(made, part, starts)
            self.held[account, number] = made

    def _begin(self, made: Held, part: Priced, starts: date) -> None:
        if part.promotion_months is not None:
            made.promoted = True
            ends = moved(starts, part.promotion_months, starts.day)
            made.coming.append(self._coming("promotion-end", ends, price_ucents=part.full_ucents))
        if part.binding is not None:
            made.engaged_until = moved(starts, part.binding.months, starts.day)
            made.coming.append(self._coming("engagement-end", made.engaged_until, binding=part.binding))
            if part.binding.end_rule == "cancel":
                made.gone_on = made.first_renewal(made.engaged_until)
        active, day = self.grouped.get(made.account, (False, 0))
        if active and day != made.terms.day:
            made.coming.append(self._coming("renewal-day", starts, day=day))

    def _coming(
        self, kind: str, on: date, *, price_ucents: int | None = None, day: int | None = None,
        binding: Binding | None = None,
    ) -> Coming:  # fmt: skip
        return Coming(kind, on, next(self.numbers), price_ucents, day=day, binding=binding)

    def renewed_ahead(self, key: Key, periods: int, today: date) -> None:
        """The service and its options were renewed for so many periods more."""
        head = self.held[key]
        upto = moved(head.next_on, head.terms.months * (periods - 1), head.terms.day)
        for each in self.group(key, today):
            each.renew_ahead(upto)

    def suspended(self, key: Key, today: date) -> None:
        """The service and its options do not renew from today on."""
        for each in self.group(key, today):
            each.renew(today - DAY)
            if each.state == "active":
                each.state = "suspended"

    def restored(self, key: Key, today: date) -> None:
        """What was suspended runs again; after a gap its periods begin today."""
        for each in self.group(key, today):
            if each.state == "suspended":
                each.state = "active"
                if not self.bills_gap and today > each.next_on:
                    each.next_on = today
                    each.terms = replace(each.terms, day=today.day, anchor=today)

    def ended(self, key: Key, how: str, today: date, refund: bool | None) -> None:
        """The service and its options end: now, at renewal or at the end of the engagement."""
        head, group = self.held[key], self.group(key, today)
        if how == "now":
            for each in group:
                each.renew(today - DAY)
        last = head.next_on
        if how == "at-engagement" and head.engaged_until is not None:
            last = head.first_renewal(head.engaged_until)
        gives_back = how == "now" and (self.refunds if refund is None else refund)
        for each in group:
            if gives_back and each.there(today):
                each.uncover(today)
            each.gone_on = today if how == "now" else last
            each.state = "terminated" if how == "now" else head.state
            each.drop("price", "plan")

    def handed(self, key: Key, to: str, ids: Mapping[int, int], today: date) -> None:
        """The service and its options are another account's from today on; `ids` are what they became.

        What was renewed from today on is the new owner's to pay, and all that was agreed goes along. An
        option that does not renew any more only ends.
        """
        head = self.held[key]
        group = self.group(key, today)
        for each in group:
            if each.renews and each.next_on < today:
                each.renew(today - DAY)
        assert {each.number for each in group if each.number in ids} == ids.keys(), "these are its services"
        for each in group:
            if each.number in ids:
                self._went_on(each, to, ids[each.number], ids[head.number], today)
            else:
                assert today >= each.next_on, f"{each.number} runs and did not go along"
            each.uncover(today)
            each.state, each.gone_on, each.coming = "terminated", today, []

    def _went_on(self, each: Held, to: str, number: int, head: int, today: date) -> None:
        forced = self.payers[to] in self.permanent
        made = replace(
            each, account=to, number=number, head=head, started=max(today, each.started), forced=forced,
            begun={}, once=0,
            automatic=each.automatic or forced, ends=each.ends and not forced,
            ledger={on: terms for on, terms in each.ledger.items() if on >= today},
            coming=[one for one in each.coming if one.kind != "renewal-day"],
        )  # fmt: skip
        active, day = self.grouped.get(to, (False, 0))
        if active and day != made.terms.day:
            made.coming.append(self._coming("renewal-day", made.next_on, day=day))
        self.held[to, number] = made
        self.moves.append(Handed((each.account, each.number), (to, number), today, each.next_on))

    def renewal_set(self, key: Key, automatic: bool, ends: bool) -> None:
        """The service and all its options renew like that."""
        head = self.held[key]
        chosen = (automatic, head.forced, ends)
        for each in self.held.values():
            if each is head or (each.account == head.account and each.head == head.number):
                each.automatic, each.forced, each.ends = chosen

    def price_announced(self, key: Key, price_ucents: int, from_on: date) -> int:
        """Another price was announced; return the number by which it may be withdrawn."""
        each = self.held[key]
        ends = [one.on for one in each.coming if one.kind == "promotion-end"]
        on = max([from_on, *ends, each.engaged_until or from_on])
        made = self._coming("price", on, price_ucents=price_ucents)
        each.coming.append(made)
        return made.number

    def price_withdrawn(self, key: Key, number: int) -> None:
        """An announced price will not come."""
        each = self.held[key]
        each.coming = [one for one in each.coming if one.number != number]

    def day_grouped(self, account: str, active: bool, day: int, today: date) -> None:
        """The account renews everything on one day of the month, or no longer."""
        if self.grouped.get(account) == (active, day):
            return
        self.grouped[account] = (active, day)
        for each in self.held.values():
            if each.account == account and each.there(today):
                each.drop("renewal-day")
                if active and each.terms.day != day:
                    each.coming.append(self._coming("renewal-day", each.next_on, day=day))

    def permanent_set(self, payer: str, is_permanent: bool) -> None:
        """All that the payer pays for renews permanently, or may be switched off again."""
        self.permanent = self.permanent | {payer} if is_permanent else self.permanent - {payer}
        for each in self.held.values():
            if self.payers[each.account] == payer and (not is_permanent or each.state != "terminated"):
                each.forced = is_permanent
                if is_permanent:
                    each.automatic, each.ends = True, False

    def ran(self, last_on: date, parked: Collection[str]) -> None:
        """A run billed every period that begins by that day, but those of accounts set aside."""
        for each in self.held.values():
            if each.account not in parked:
                each.renew(last_on)

    # ------------------------------------------------------------ changes

    def changed(self, key: Key, change: Change, today: date, fresh: Sequence[int]) -> None:
        """A service was changed; `fresh` are the numbers of services that this made, in order."""
        head = self.held[key]
        on = max(today, head.started)
        group = self.group(key, on)
        for each in group:
            if each.renews and each.next_on < on:
                each.renew(on - DAY)
        starts = on
        if change.when != "now":
            until = head.engaged_until if change.when == "at-engagement" else None
            starts = head.first_renewal(max(on, until) if until else on)
        moves = _moves(self._targets(head, group, change, on))
        before = [move.before.terms for move in moves if move.before]
        grows = _monthly(before) <= _monthly([_priced_terms(move, on) for move in moves if move.part])
        numbers = iter(fresh)
        for move in moves:
            if move.before is None:
                self._begun(head, move, next(numbers), starts)
            elif change.when == "now":
                self._at_once(move.before, move, starts, grows)
            else:
                self._with_renewal(move.before, move, starts)
        assert next(numbers, None) is None, "the change made as many services as it should"

    def _targets(self, head: Held, group: list[Held], change: Change, on: date) -> list[Target]:
        by_plan: dict[str, list[Held]] = {}
        for each in group:
            by_plan.setdefault(each.terms.plan, []).append(each)
        plan, mode = change.plan or head.terms.plan, change.mode or head.terms.mode
        now = sum(each.terms.quantity for each in by_plan[head.terms.plan])
        quantity = change.quantity or now
        same = (plan, mode) == (head.terms.plan, head.terms.mode)
        place = head.terms.version if same and not change.add else self.version_on(on)
        version = self.versions[place]
        others = [code for code in by_plan if code != head.terms.plan]
        replaced = {each for code in change.add for each in version.exclusive_with(plan, code)}
        chosen = [each for each in others if each not in replaced and each not in change.remove]
        codes = version.default_options(plan, [*chosen, *change.add])
        if same:
            targets = [self._resized(by_plan[plan], now, quantity)]
        else:
            of_plan = version.renewing(plan, mode, quantity)
            targets = [Target(by_plan[head.terms.plan], of_plan, place)]
        for code in codes:
            there, in_mode = by_plan.get(code, []), version.option_mode(code, mode)
            if there and (mode == head.terms.mode or in_mode == there[0].terms.mode):
                targets.append(self._resized(there, now, quantity))
            else:
                targets.append(Target(there, version.renewing(code, in_mode, quantity), place))
        gone = [Target(by_plan[code], [], head.terms.version) for code in others if code not in codes]
        return targets + gone

    def _resized(self, there: list[Held], now: int, quantity: int) -> Target:
        terms = there[0].terms
        version = self.versions[terms.version]
        if now == quantity:
            return Target([], [], terms.version)
        if quantity > now and any(each.promoted for each in there):
            return Target([], version.renewing(terms.plan, terms.mode, quantity - now), terms.version)
        before = version.renewing(terms.plan, terms.mode, now)
        after = version.renewing(terms.plan, terms.mode, quantity)
        alone = len(there) == len(before) == len(after) == 1
        return Target(there, after, terms.version, alone and before[0].price_ucents == after[0].price_ucents)

    def _begun(self, head: Held, move: "Move", number: int, on: date) -> None:
        part = move.part
        assert part is not None, "what begins has a price"
        next_on = on if part.months != head.terms.months else max(head.next_on, on)
        day = on.day if part.months != head.terms.months else head.terms.day
        terms = replace(_terms(part, on, move.version), day=day, anchor=next_on)
        made = replace(
            head, number=number, head=head.number, started=on, terms=terms, next_on=next_on,
            engaged_until=None, promoted=False, coming=[], ledger={}, begun={}, once=0,
        )  # fmt: skip
        made.once = self.versions[move.version].once_cents(
            part.plan, "installation", part.mode, part.quantity
        )
        if part.binding is not None:
            until = moved(on, part.binding.months, on.day)
            if head.engaged_until is not None and head.engaged_until > on:
                until = head.engaged_until
            made.engaged_until = until
            made.coming.append(self._coming("engagement-end", until, binding=part.binding))
        made.cover(on, next_on)
        self.held[made.account, number] = made

    def _at_once(self, service: Held, move: "Move", on: date, grows: bool) -> None:
        part = move.part
        if part is None:
            service.uncover(on)
            service.coming, service.state, service.gone_on = [], "terminated", on
            return
        if move.keeps_price:
            service.amend(on, lambda old: replace(old, quantity=part.quantity))
            return
        capacity = "upgrade" if grows else "downgrade"
        if part.plan != service.terms.plan:
            version = self.versions[move.version]
            service.once += version.once_cents(part.plan, capacity, part.mode, part.quantity)
        mode = service.terms.mode
        service.amend(on, lambda old: _sold_anew(old, part, move.version))
        service.drop("plan", "price", "promotion-end", "engagement-end")
        if part.binding is not None:
            engaged = service.engaged_until
            if engaged is None or engaged <= on or mode != part.mode:
                begun = moved(on, part.binding.months, service.terms.day)
                engaged = max(begun, engaged or begun)
            service.engaged_until = engaged
            service.coming.append(self._coming("engagement-end", engaged, binding=part.binding))

    def _with_renewal(self, service: Held, move: "Move", on: date) -> None:
        part = move.part
        if part is None:
            service.gone_on = service.first_renewal(on)
            return
        service.drop(*(("plan",) if move.keeps_price else ("plan", "price", "promotion-end")))
        anew = not move.keeps_price
        service.coming.append(
            Coming(
                "plan", on, next(self.numbers), part.price_ucents if anew else None,
                part.plan if anew else service.terms.plan, part.mode if anew else service.terms.mode,
                part.quantity, part.months if anew else service.terms.months,
                version=move.version if anew else service.terms.version,
                binding=part.binding if anew else None,
            )
        )  # fmt: skip


@dataclass
class Move:
    """One service from what it is (None: it begins) to a quantity at a price (None: it ends)."""

    before: Held | None
    part: Priced | None
    version: int
    keeps_price: bool


def _moves(targets: Sequence[Target]) -> list[Move]:
    found = []
    for target in targets:
        for before, part in zip_longest(target.there, target.parts):
            if before is not None and part is not None and _is_same(before.terms, part, target):
                continue
            found.append(Move(before, part, target.version, target.keeps_price))
    return found


def _is_same(terms: Terms, part: Priced, target: Target) -> bool:
    if target.keeps_price:
        return terms.quantity == part.quantity
    now = (terms.plan, terms.mode, terms.quantity, terms.price_ucents, terms.months, terms.version)
    return now == (part.plan, part.mode, part.quantity, part.price_ucents, part.months, target.version)


def _priced_terms(move: Move, on: date) -> Terms:
    assert move.part is not None, "what ends costs nothing"
    if move.keeps_price and move.before is not None:
        return replace(move.before.terms, quantity=move.part.quantity)
    return _terms(move.part, on, move.version)


def _monthly(found: Sequence[Terms]) -> Fraction:
    return per_month([(each.quantity, each.price_ucents, each.months) for each in found])


def _terms(part: Priced, starts: date, version: int) -> Terms:
    return Terms(
        part.plan, part.mode, part.quantity, part.price_ucents, part.months, starts.day, starts, version
    )


def _sold_anew(old: Terms, part: Priced, version: int) -> Terms:
    return replace(
        old, plan=part.plan, mode=part.mode, quantity=part.quantity, price_ucents=part.price_ucents,
        version=version,
    )  # fmt: skip
