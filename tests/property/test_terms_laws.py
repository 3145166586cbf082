"""What holds for every date, term and history of grants."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.identifiers import AccountId, GrantId
from acquit.core.money import Currency
from acquit.core.terms import Grant, Method, Term, UsageChoice, due_on, end_of_month, term_for

days = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))
lengths = st.integers(min_value=0, max_value=120)
terms = st.builds(Term, lengths, st.sampled_from(Method))


@given(days, terms)
def test_a_due_date_is_never_before_the_term_and_at_most_a_month_after(issued: date, term: Term) -> None:
    due = due_on(issued, term)
    assert timedelta(days=term.days) <= due - issued <= timedelta(days=term.days + 30)


@given(days, lengths)
def test_days_first_ends_on_the_last_day_of_a_month(issued: date, length: int) -> None:
    due = due_on(issued, Term(length, Method.DAYS_FIRST))
    assert due == end_of_month(due)
    assert (due + timedelta(days=1)).day == 1


@given(days, days, terms)
def test_a_later_bill_never_falls_due_earlier(one: date, other: date, term: Term) -> None:
    first, second = sorted((one, other))
    assert due_on(first, term) <= due_on(second, term)


def _grant(number: int, term: Term, start: date, length: int | None) -> Grant:
    return Grant(
        account_id=AccountId("ab12345-acq"),
        grant_id=GrantId(number),
        term=term,
        currency=Currency("EUR"),
        from_on=start,
        usage_days=min(45, term.days),
        granted_by="cli",
        granted_at=datetime(2026, 1, 1, tzinfo=UTC),
        end_on=None if length is None else start + timedelta(days=length),
    )


grants = st.lists(
    st.tuples(terms, days, st.none() | st.integers(min_value=0, max_value=900)), max_size=6
).map(lambda rows: [_grant(number, *row) for number, row in enumerate(rows, 1)])  # fmt: skip


@given(grants, days, st.booleans())
def test_a_term_comes_from_a_grant_that_holds_or_is_the_default(
    history: list[Grant], on: date, usage: bool
) -> None:
    term, grant_id = term_for(history, on, usage, Term(30))
    holding = {grant.grant_id: grant for grant in history if grant.holds_on(on)}
    if grant_id is None:
        assert (holding, term) == ({}, Term(30))
    else:
        chosen = holding[grant_id]
        assert term == (chosen.usage_term if usage else chosen.term)
        assert all(other.from_on <= chosen.from_on for other in holding.values())


@given(grants, days, st.booleans())
def test_the_order_of_the_history_does_not_matter(history: list[Grant], on: date, usage: bool) -> None:
    assert term_for(history, on, usage, Term(30)) == term_for(history[::-1], on, usage, Term(30))


@given(terms)
def test_usage_is_within_its_cap_unless_overridden(term: Term) -> None:
    own = _grant(1, term, date(2026, 1, 1), None)
    assert own.usage_choice is UsageChoice.OWN_BILL
    assert own.usage_term.method is Method.NET
    assert own.usage_term.days <= 45
