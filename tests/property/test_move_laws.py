"""A service that changes hands, as often and on whatever days: nobody pays a day twice, no day is free."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.account import Account
from acquit.core.agreement import Agreement, amended, cost_minor, first_of
from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, CatalogueId, LegalEntityId, ServiceId
from acquit.core.money import Currency
from acquit.core.service import Service, State, months_after
from acquit.core.service_move import Handed, Taker, agreements_after, handed

CURRENCIES = st.sampled_from([Currency("EUR"), Currency("JPY"), Currency("TND")])


def account(name: str, currency: Currency) -> Account:
    account_id, opened_at = AccountId(name), datetime(2020, 1, 1, tzinfo=UTC)
    return Account(account_id, LegalEntityId("FR"), account_id, currency, opened_at)


@st.composite
def running(draw: st.DrawFn) -> tuple[Service, tuple[Agreement, ...]]:
    """A service with a history of prices, renewed some periods ahead."""
    started_on = draw(st.dates(date(2015, 1, 1), date(2035, 12, 31)))
    months = draw(st.sampled_from([1, 3, 12]))
    sold = Service(
        AccountId("aa10000-acq"), ServiceId(1), "web", "web", "/x", CatalogueId(1), "s", "default", "S",
        draw(st.integers(1, 30)) * 10_000, draw(st.integers(0, 10**12)), draw(CURRENCIES), months,
        started_on.day, started_on, started_on,
    )  # fmt: skip
    history: tuple[Agreement, ...] = (first_of(sold),)
    for _ in range(draw(st.integers(0, 3))):
        on, price = started_on + timedelta(days=draw(st.integers(0, 400))), draw(st.integers(0, 10**12))

        def at(each: Agreement, price: int = price) -> Agreement:
            return replace(each, unit_price_ucents=price)

        history = (*history, *amended(history, on, at))
    ahead = draw(st.integers(1, 6))
    until_on = months_after(started_on, months * ahead, started_on.day)
    return replace(sold, next_renewal_on=until_on), history


def net(charges: Any) -> int:
    return sum(charge.net_minor for charge in charges)


def days(charges: tuple[Charge, ...]) -> list[tuple[date, date]]:
    return [(each.period_start, each.period_end) for each in charges]


@given(running(), st.lists(st.integers(0, 500), min_size=1, max_size=6))
def test_what_every_owner_pays_adds_up_to_what_was_renewed(
    found: tuple[Service, tuple[Agreement, ...]], after: list[int]
) -> None:
    service, history = found
    first, until = service.started_on, service.next_renewal_on
    whole = cost_minor(history, first, until)
    paid, on = whole, first
    owned: list[tuple[date, date, int]] = []
    for number, length in enumerate(sorted(after), 2):
        moved_on = max(first, first + timedelta(days=length))
        if moved_on >= until:
            break
        taker = Taker(account(f"aa{number}0000-acq", service.currency), is_permanent=False, renewal_day=None)
        done = handed(service, history, (), "en_GB", taker, ServiceId(number), None, moved_on)
        assert done.after is not None
        assert net(done.back) + net(done.charged) == 0
        assert days(done.back) == days(done.charged)
        assert (done.ended.state, done.ended.terminated_on) == (State.TERMINATED, moved_on)
        owned.append((on, moved_on, paid + net(done.back)))
        _as_before(done, service)
        paid, on, service, history = net(done.charged), moved_on, done.after, done.agreed
    owned.append((on, until, paid))
    assert sum(amount for _, _, amount in owned) == whole
    for start, end, amount in owned:
        assert amount == cost_minor(found[1], start, end), "each owner pays its own days and no other"


def _as_before(done: Handed, service: Service) -> None:
    """All that was agreed is as it was: price, period, engagement, the day of renewal."""
    after = done.after
    assert after is not None
    same = replace(
        after, account_id=service.account_id, service_id=service.service_id, started_on=service.started_on,
        parent_service_id=service.parent_service_id,
    )  # fmt: skip
    assert same == service


@given(running(), st.integers(0, 900), st.integers(0, 300), st.integers(0, 300))
def test_what_is_agreed_of_a_later_day_is_the_same(
    found: tuple[Service, tuple[Agreement, ...]], moved: int, start: int, length: int
) -> None:
    service, history = found
    on = service.started_on + timedelta(days=moved)
    agreed = agreements_after(history, on, "moved")
    first = on + timedelta(days=start)
    last = first + timedelta(days=length)
    assert cost_minor(agreed, first, last) == cost_minor(history, first, last)
    assert [each.agreement_no for each in agreed] == list(range(1, len(agreed) + 1))
    assert agreed[0].from_on == on
