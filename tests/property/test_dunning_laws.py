"""Laws of dunning and late interest: what never happens, whatever the debts, the money and the days are."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.dunning import (
    DEFAULT,
    QUIET_DAYS,
    Calendar,
    Chaseable,
    Done,
    Step,
    StepKind,
    chase,
    gravest,
    refuse_calendar,
    uncovered,
)
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.late_interest import LATE_RATES, interest, standings
from acquit.core.money import Currency
from acquit.core.terms import Method, Term, due_on

EUR = Currency("EUR")
ACME = AccountId("ab12345-acq")
START = date(2026, 1, 1)
DAYS = st.integers(0, 200).map(lambda days: START + timedelta(days=days))
TERMS = st.builds(Term, st.sampled_from([0, 30, 45, 60]), st.sampled_from(list(Method)))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A lawful calendar: some courtesies and reminders, perhaps a notice and a suspension."""
    before = sorted(draw(st.sets(st.integers(-30, -1), max_size=2)))
    after = sorted(draw(st.sets(st.integers(1, 60), min_size=1, max_size=5)))
    steps = [Step(f"c{days}", StepKind.COURTESY, days) for days in before]
    steps += [Step(f"r{days}", StepKind.REMINDER, days) for days in after]
    if draw(st.booleans()):
        notice = after[-1] + draw(st.integers(1, 20))
        steps.append(Step("notice", StepKind.NOTICE, notice))
        if draw(st.booleans()):
            steps.append(Step("suspension", StepKind.SUSPENSION, notice + draw(st.integers(7, 30))))
    made = Calendar(tuple(steps))
    refuse_calendar(made)
    return made


def debt(number: int, issued_on: date, term: Term, minor: int, disputed: int, on_terms: bool) -> Chaseable:
    return Chaseable(
        ACME, DebtId(number), BillId(f"FR{number}"), EUR, due_on(issued_on, term), minor, disputed, on_terms
    )


DEBTS = st.lists(
    st.builds(
        debt, st.integers(1, 99), DAYS, TERMS, st.integers(1, 50_000), st.integers(0, 60_000), st.booleans()
    ),
    max_size=6, unique_by=lambda each: each.debt_id,
)  # fmt: skip


@given(calendars(), DEBTS, st.integers(0, 40_000), st.integers(0, 60))
def test_years_of_dunning_keep_every_promise(
    calendar: Calendar, debts: list[Chaseable], waiting: int, offset: int
) -> None:
    """Played day by day: never inside the term, never twice a week, suspension last and after notice."""
    touched: date | None = None
    for day in range(offset, 420):
        on = START + timedelta(days=day)
        found = chase(calendar, debts, {EUR: waiting}, touched, on)
        if not found:
            continue
        assert touched is None or (on - touched).days >= QUIET_DAYS
        touched = on
        assert sum(each.chased_minor for each in found) <= sum(
            max(d.open_minor - d.disputed_minor, 0) for d in debts
        )
        for each in found:
            inside = on <= each.debt.due_on
            assert (each.step.kind is StepKind.COURTESY) == inside
            assert not (inside and each.debt.on_terms)
            assert each.chased_minor <= each.debt.open_minor - each.debt.disputed_minor
            kinds = [done.kind for done in each.debt.done]
            if each.step.kind is StepKind.NOTICE:
                assert StepKind.REMINDER in kinds
            if each.step.kind is StepKind.SUSPENSION:
                noticed = [done.happened_on for done in each.debt.done if done.kind is StepKind.NOTICE]
                assert noticed
                assert (on - noticed[-1]).days >= QUIET_DAYS
                assert gravest(found).kind is StepKind.SUSPENSION
        taken = {each.debt.debt_id: each.step for each in found}
        debts = [
            replace(each, done=(*each.done, Done(taken[each.debt_id].kind, taken[each.debt_id].days, on)))
            if each.debt_id in taken else each
            for each in debts
        ]  # fmt: skip
    for climbed in debts:
        assert len({(done.kind, done.days) for done in climbed.done}) == len(climbed.done)


@given(DEBTS, st.integers(0, 300_000))
def test_money_covers_each_cent_once(debts: list[Chaseable], covered: int) -> None:
    asked = sum(max(each.open_minor - each.disputed_minor, 0) for each in debts)
    assert sum(left for _, left in uncovered(debts, covered)) == max(asked - covered, 0)
    if covered >= asked:
        assert chase(DEFAULT, debts, {EUR: covered}, None, START + timedelta(days=400)) == []


@given(
    st.integers(1, 10**9),
    st.lists(st.tuples(DAYS, st.integers(1, 10**8)), max_size=4),
    st.integers(1, 180),
)
def test_interest_over_two_spans_is_that_over_both_to_a_cent_per_rate(
    minor: int, payments: list[tuple[date, int]], cut: int
) -> None:
    changes = [(on, -paid) for on, paid in payments]
    last = START + timedelta(days=200)
    middle = START + timedelta(days=cut)

    def between(from_on: date, to_on: date) -> int:
        stretches = standings(START, minor, changes, from_on, to_on)
        return sum(each.amount_minor for each in interest(stretches, LATE_RATES["FR"]))

    whole = between(START + timedelta(days=1), last)
    parts = between(START + timedelta(days=1), middle) + between(middle + timedelta(days=1), last)
    assert abs(whole - parts) <= 2 + len(payments)
    assert 0 <= whole <= minor * 1215 * 200 // (365 * 10_000) + 2 + len(payments)
