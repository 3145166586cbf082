"""The ladder of dunning, as a collector of debts would check it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from acquit.core.dunning import (
    DEFAULT,
    BadCalendar,
    BadPromise,
    BadText,
    Calendar,
    Chaseable,
    Done,
    Promise,
    Step,
    StepKind,
    chase,
    gravest,
    next_step,
    refuse_calendar,
    refuse_promise,
    restarted,
    uncovered,
)
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency
from acquit.documents.letter import AskedDebt, Asking, refuse_words, words_of, write_letter

EUR = Currency("EUR")
ACME = AccountId("ab12345-acq")
DUE = date(2026, 3, 31)


def day(late: int) -> date:
    return DUE + timedelta(days=late)


def debt(open_minor: int = 10_000, *done: tuple[str, int, int], **given: object) -> Chaseable:
    """An open debt; what was done as (kind, day of the step, days late when it was done)."""
    steps = tuple(Done(StepKind(kind), days, day(late)) for kind, days, late in done)
    made = Chaseable(ACME, DebtId(1), BillId("FR1"), EUR, DUE, open_minor, done=steps)
    return replace(made, **given)  # type: ignore[arg-type]


REMINDED = ("reminder", 15, 15)
NOTICED = ("notice", 30, 30)


@pytest.mark.parametrize(
    ("late", "done", "step"),
    [
        (-6, (), None),
        (-5, (), "courtesy"),
        (0, (), "courtesy"),
        (0, (("courtesy", -5, -5),), None),
        (1, (), "reminder-1"),
        (7, (("reminder", 1, 1),), None),
        (8, (("reminder", 1, 1),), "reminder-2"),
        (20, (), "reminder-3"),
        (400, (), "reminder-3"),
        (30, (("reminder", 1, 20),), "formal-notice"),
        (29, (REMINDED,), None),
        (45, (REMINDED, NOTICED), "suspension"),
        (400, (REMINDED,), "formal-notice"),
        (400, (REMINDED, ("notice", 30, 390)), None),
        (405, (REMINDED, ("notice", 30, 390)), "suspension"),
        (500, (REMINDED, NOTICED, ("suspension", 45, 45)), None),
    ],
)
def test_a_debt_climbs_the_ladder(
    late: int, done: tuple[tuple[str, int, int], ...], step: str | None
) -> None:
    found = next_step(DEFAULT, debt(10_000, *done), day(late))
    assert (None if found is None else found.code) == step


def test_inside_a_granted_term_nobody_writes_not_even_kindly() -> None:
    assert next_step(DEFAULT, debt(on_terms=True), day(-3)) is None
    assert next_step(DEFAULT, debt(on_terms=True), day(1)) is not None


def test_no_service_is_suspended_for_a_claim_of_interest() -> None:
    assert next_step(DEFAULT, debt(10_000, REMINDED, NOTICED, is_claim=True), day(60)) is None


def test_what_was_returned_begins_anew() -> None:
    climbed = debt(10_000, REMINDED, NOTICED, ("suspension", 45, 45))
    again = restarted(climbed, day(60))
    assert again.done == ()
    found = next_step(DEFAULT, again, day(61))
    assert found is not None
    assert found.code == "reminder-3"
    assert restarted(climbed, None) is climbed


def test_money_that_waits_covers_the_oldest_debts_first() -> None:
    newer = debt(7_000, due_on=DUE + timedelta(days=1), debt_id=DebtId(2))
    assert [left for _, left in uncovered([newer, debt()], 12_000)] == [0, 5_000]
    asked = chase(DEFAULT, [newer, debt()], {EUR: 12_000}, None, day(10))
    assert [(each.debt.debt_id, each.chased_minor) for each in asked] == [(2, 5_000)]
    assert chase(DEFAULT, [newer, debt()], {EUR: 17_000}, None, day(10)) == []
    assert chase(DEFAULT, [debt()], {EUR: -5}, None, day(10)) != []


def test_only_the_disputed_part_is_spared() -> None:
    (asked,) = chase(DEFAULT, [debt(disputed_minor=4_000)], {}, None, day(10))
    assert asked.chased_minor == 6_000
    assert chase(DEFAULT, [debt(disputed_minor=10_000)], {}, None, day(10)) == []


@pytest.mark.parametrize(("since", "asked"), [(0, 0), (6, 0), (7, 1)])
def test_a_week_lies_between_two_letters(since: int, asked: int) -> None:
    touched_on = day(10) - timedelta(days=since)
    assert len(chase(DEFAULT, [debt()], {}, touched_on, day(10))) == asked


def test_a_letter_is_named_after_its_gravest_step() -> None:
    asked = chase(DEFAULT, [debt(), debt(10_000, REMINDED, debt_id=DebtId(2))], {}, None, day(40))
    assert [each.step.code for each in asked] == ["reminder-3", "formal-notice"]
    assert gravest(asked).kind is StepKind.NOTICE


REMINDER, NOTICE, SUSPENSION = (
    Step(k.value, k, d) for k, d in zip(list(StepKind)[1:], (1, 30, 45), strict=True)
)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "one step"),
        ((REMINDER, REMINDER), "name of its own"),
        ((NOTICE, replace(REMINDER, days=40)), "cannot follow"),
        ((replace(REMINDER, days=0),), "due date"),
        ((replace(REMINDER, days=400),), "due date"),
        ((Step("c", StepKind.COURTESY, 1), REMINDER), "cannot follow|due date"),
        ((REMINDER, SUSPENSION), "formal notice"),
        ((NOTICE, SUSPENSION), "follows a reminder"),
        ((REMINDER, NOTICE, replace(SUSPENSION, days=33)), "at least 7 days"),
        ((REMINDER, NOTICE, Step("n2", StepKind.NOTICE, 35)), "at most one"),
    ],
)
def test_a_calendar_is_a_ladder(steps: tuple[Step, ...], said: str) -> None:
    with pytest.raises(BadCalendar, match=said):
        refuse_calendar(Calendar(steps))


def test_the_default_calendar_is_one() -> None:
    refuse_calendar(DEFAULT)


def test_a_promise_is_kept_running_or_broken() -> None:
    promise = Promise(ACME, 1, EUR, 1_000, DUE, day(5))
    assert [promise.state(day(5)), promise.state(day(6))] == ["running", "broken"]
    assert replace(promise, paid_minor=1_000).state(day(60)) == "kept"
    assert [promise.left_minor(day(5)), promise.left_minor(day(6))] == [1_000, 0]
    for minor, by in ((0, day(1)), (5, day(-1)), (5, day(400))):
        with pytest.raises(BadPromise):
            refuse_promise(minor, EUR, by, DUE)


ASKING = Asking(
    "Nuage du Nord", "FR7630006000011234567890189", "Acme", ACME, "fr_FR", day(30),
    (AskedDebt(ACME, "FR1", DUE, EUR, 10_000, 6_000, "RF18FR1"),
     AskedDebt(ACME, "FR2", DUE, EUR, 123_456, 123_456, "RF18FR2")),
    1215, 4_000, EUR,
)  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", list(StepKind))
def test_every_step_has_its_words_in_every_language(language: str, kind: StepKind) -> None:
    words = words_of(language, kind)
    refuse_words(words.subject, words.body)
    letter = write_letter(words, replace(ASKING, language="fr_FR" if language == "fr" else "en_GB"))
    assert letter.version == "program-1"
    assert "{" not in letter.subject + letter.body
    assert "FR76 3000 6000 0112 3456 7890 189" in letter.body
    assert ("1\u202f294,56\u00a0€" if language == "fr" else "€1,294.56") in letter.body.replace(
        "\u202f€", "\u00a0€"
    )


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("", "{debts} {total}"),
        ("two\nlines", "{debts} {total}"),
        ("s", "{total}"),
        ("s", "{debts} {total} {password}"),
        ("{total.__class__}", "{debts} {total}"),
        ("s", "{debts} {total!r}"),
        ("s", "{debts} {total"),
    ],
)
def test_a_sellers_own_words_are_checked_before_they_are_sent(subject: str, body: str) -> None:
    with pytest.raises(BadText):
        refuse_words(subject, body)
