"""Mandates, days, reasons and notices of direct debits, as tables that a treasurer can read."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from acquit.actions.bank_days import is_bank_day
from acquit.collector import bank_days as calendar
from acquit.core.account import TaxProfile
from acquit.core.collection import (
    Creditor,
    OpenDebt,
    collected_text,
    earliest_on,
    gather,
    is_in_time,
)
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId, PaymentMethodId
from acquit.core.mandate import (
    BadMandate,
    Held,
    Mandate,
    MandateEvent,
    MandateNotThere,
    MandateState,
    MandateStep,
    MandateUse,
    NotForPersons,
    PostalAddress,
    Scheme,
    mandate_reference,
    masked_iban,
    refuse_mandate,
    refuse_step,
)
from acquit.core.money import Currency
from acquit.core.return_reason import REASONS, MandateFate, may_try_again, reason_of
from acquit.documents.debit_notice import Debited, notice, returned

FR = LegalEntityId("FR")
ACME = AccountId("ab12345-acq")
EUR = Currency("EUR")
ICS = "FR72ZZZ123456"
TODAY = date(2026, 11, 23)
MANDATE = Mandate(
    ACME, 1, FR, "AB12345-ACQ-1", ICS, Scheme.CORE, MandateUse.RECURRENT, "FR7630006000011234567890189", "",
    "Acme", PostalAddress("Nantes", "FR"), date(2026, 1, 15), PaymentMethodId(7), "cli",
    datetime(2026, 1, 15, tzinfo=UTC),
)  # fmt: skip
CREDITOR = Creditor(FR, ICS)


def debt(number: int, due_on: date = date(2026, 11, 1), **given: Any) -> OpenDebt:
    made = OpenDebt(
        ACME, DebtId(number), BillId(f"FR{number}"), ACME, EUR, 1_000, due_on, f"RF{number}",
        PaymentMethodId(7),
    )  # fmt: skip
    return replace(made, **given)


def step(number: int, kind: MandateStep) -> MandateEvent:
    return MandateEvent(number, kind, TODAY, "", "cli")


def test_bank_days_are_those_of_the_target_calendar() -> None:
    first = date(2024, 1, 1).toordinal()
    days = [date.fromordinal(first + number) for number in range(366 * 20)]
    assert [day for day in days if is_bank_day(day) != calendar.is_bank_day(day)] == []


@pytest.mark.parametrize(
    ("today", "notice_days", "approval_days", "expected"),
    [
        (date(2026, 11, 23), 14, 1, date(2026, 12, 8)),  # Monday + 15 days
        (date(2026, 11, 23), 14, 0, date(2026, 12, 7)),
        (date(2026, 12, 10), 14, 1, date(2026, 12, 28)),  # Christmas, then a week-end
        (date(2026, 12, 17), 14, 0, date(2026, 12, 31)),
        (date(2026, 12, 17), 14, 1, date(2027, 1, 4)),  # New Year, then a week-end
        (date(2027, 3, 24), 1, 0, date(2027, 3, 25)),  # the bank's lead of one TARGET day
        (date(2027, 3, 25), 1, 0, date(2027, 3, 30)),  # Good Friday to Easter Monday
        (date(2026, 11, 20), 1, 0, date(2026, 11, 23)),  # a Friday
        (date(2026, 11, 21), 1, 0, date(2026, 11, 24)),  # a Saturday: sent on Monday, due on Tuesday
    ],
)
def test_the_earliest_day_leaves_notice_and_lead(
    today: date, notice_days: int, approval_days: int, expected: date
) -> None:
    creditor = replace(CREDITOR, notice_days=notice_days, approval_days=approval_days)
    assert earliest_on(creditor, today, is_bank_day) == expected
    assert is_in_time(creditor, expected, today, is_bank_day)


def test_a_debt_is_never_collected_before_it_is_due_nor_on_a_day_without_banks() -> None:
    held = {ACME: [Held(MANDATE)]}
    gathered = gather(
        [debt(1), debt(2, date(2026, 12, 25)), debt(3)], held, CREDITOR, TODAY, is_bank_day
    )  # fmt: skip
    told = [
        (each.requested_on, len(each.parts), each.sequence.value, each.reference) for each in gathered.lines
    ]
    assert told == [
        (date(2026, 12, 8), 2, "FRST", ""),
        (date(2026, 12, 28), 1, "RCUR", "RF2"),
    ]  # fmt: skip
    apart = gather([debt(1), debt(3)], held, replace(CREDITOR, bundled=False), TODAY, is_bank_day)
    assert [(line.sequence.value, line.amount_minor) for line in apart.lines] == [
        ("FRST", 1_000),
        ("RCUR", 1_000),
    ]
    once = {ACME: [Held(replace(MANDATE, use=MandateUse.ONE_OFF))]}
    (line,) = gather([debt(1), debt(2, date(2026, 12, 25))], once, CREDITOR, TODAY, is_bank_day).lines
    assert (line.sequence.value, line.requested_on, len(line.parts)) == ("OOFF", date(2026, 12, 28), 2)


@pytest.mark.parametrize(
    ("given", "held", "code"),
    [
        ({"currency": Currency("USD")}, Held(MANDATE), "not-in-euro"),
        ({"payment_method_id": PaymentMethodId(8)}, Held(MANDATE), "no-mandate"),
        ({}, Held(MANDATE, (step(1, MandateStep.SUSPENDED),)), "no-mandate"),
        ({}, Held(MANDATE, last_used_on=date(2023, 12, 7)), "no-mandate"),
        ({}, Held(replace(MANDATE, creditor_id="DE98ZZZ09999999999")), "other-creditor"),
        ({"has_address": False}, Held(MANDATE), "no-address"),
        ({"failures": (("MD06", 1),)}, Held(MANDATE), "failed-before"),
        ({"failures": (("AM04", 1), ("AM04", 1))}, Held(MANDATE), "failed-before"),
        ({"open_minor": 100_000_000_000}, Held(MANDATE), "too-large"),
    ],
)
def test_what_is_left_out_says_why(given: dict[str, Any], held: Held, code: str) -> None:
    gathered = gather([debt(1, **given)], {ACME: [held]}, CREDITOR, TODAY, is_bank_day)
    assert (gathered.lines, [each.code for each in gathered.left_out]) == ((), [code])
    assert gathered.left_out[0].reason.endswith(".")


@pytest.mark.parametrize(
    ("events", "last_used_on", "begun", "use", "on", "state"),
    [
        ([], None, False, "recurrent", TODAY, "active"),
        (["suspended"], None, False, "recurrent", TODAY, "suspended"),
        (["suspended", "resumed"], None, False, "recurrent", TODAY, "active"),
        (["suspended", "cancelled"], None, False, "recurrent", TODAY, "cancelled"),
        ([], None, False, "recurrent", date(2029, 1, 15), "active"),  # 36 months from the signature
        ([], None, False, "recurrent", date(2029, 1, 16), "expired"),
        ([], date(2026, 8, 31), True, "recurrent", date(2029, 8, 31), "active"),
        ([], date(2026, 8, 31), True, "recurrent", date(2029, 9, 1), "expired"),
        ([], date(2028, 2, 29), True, "recurrent", date(2031, 2, 28), "active"),
        ([], date(2026, 8, 31), True, "one-off", TODAY, "used"),
        ([], date(2026, 8, 31), False, "one-off", TODAY, "active"),  # its only debit was refused
    ],
)
def test_how_a_mandate_stands(
    events: list[str], last_used_on: date | None, begun: bool, use: str, on: date, state: str
) -> None:
    steps = tuple(step(number, MandateStep(kind)) for number, kind in enumerate(events, start=1))
    held = Held(replace(MANDATE, use=MandateUse(use)), steps, last_used_on, begun)
    assert held.state(on) is MandateState(state)


def test_steps_follow_each_other() -> None:
    with pytest.raises(MandateNotThere):
        refuse_step(Held(MANDATE), MandateStep.RESUMED, TODAY)
    with pytest.raises(MandateNotThere):
        refuse_step(Held(MANDATE, (step(1, MandateStep.CANCELLED),)), MandateStep.SUSPENDED, TODAY)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"reference": "A/"}, "reference"),
        ({"reference": "A//B"}, "reference"),
        ({"reference": "é"}, "reference"),
        ({"reference": "X" * 36}, "reference"),
        ({"iban": "US00"}, "SEPA"),
        ({"debtor_name": " "}, "name"),
        ({"address": PostalAddress("", "FR")}, "town"),
        ({"address": PostalAddress("Nantes", "France")}, "country"),
        ({"signed_on": date(2026, 11, 24)}, "today"),
        ({"signed_on": date(2023, 11, 22)}, "expired"),
    ],
)
def test_what_no_bank_takes_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadMandate, match=says):
        refuse_mandate(replace(MANDATE, **given), TODAY, TaxProfile.BUSINESS)


def test_the_business_scheme_is_not_for_persons() -> None:
    refuse_mandate(replace(MANDATE, scheme=Scheme.B2B), TODAY, TaxProfile.BUSINESS)
    with pytest.raises(NotForPersons):
        refuse_mandate(replace(MANDATE, scheme=Scheme.B2B), TODAY, TaxProfile.PERSON)


def test_an_iban_shows_its_ends_only() -> None:
    assert masked_iban(MANDATE.iban) == "FR76*******************0189"
    assert masked_iban("FR761234") == "FR761234"
    assert mandate_reference(ACME, 2) == "AB12345-ACQ-3"


def test_reasons_say_what_follows() -> None:
    assert {code for code, reason in REASONS.items() if reason.mandate is MandateFate.CANCELLED} == {
        "AC04", "MD01", "MD07",
    }  # fmt: skip
    assert {code for code, reason in REASONS.items() if reason.retried} == {
        "AG02", "AM04", "ED05", "FF01", "FF05", "MS03", "TM01",
    }  # fmt: skip
    assert all(reason.mandate is MandateFate.GOES_ON for reason in REASONS.values() if reason.retried)
    assert not reason_of("md07").told
    assert (reason_of("").code, reason_of("XY99").mandate) == ("NARR", MandateFate.SUSPENDED)


@pytest.mark.parametrize(
    ("failures", "again"),
    [
        ([], True),
        ([("AM04", 1)], True),
        ([("AM04", 1), ("MS03", 1)], False),
        ([("MD06", 1)], False),
        ([("MD06", 9)], True),  # under another mandate
        ([("AM04", 9), ("AM04", 1)], True),
    ],
)
def test_a_debt_is_tried_once_more(failures: list[tuple[str, int]], again: bool) -> None:
    assert may_try_again(failures, 1) is again


def test_a_payers_statement_names_as_many_bills_as_fit() -> None:
    bills = [BillId(f"FR{number:08d}") for number in range(20)]
    text = collected_text(bills)
    assert len(text) <= 140
    assert text.startswith("FR00000000 FR00000001")
    assert int(text.rpartition("+")[2]) + len(text.split()) - 1 == 20
    assert collected_text(bills[:2]) == "FR00000000 FR00000001"


DEBITED = Debited(
    "Nuage du Nord SAS", ICS, "AB12345-ACQ-1", "FR76*******************0189", 123_450, EUR,
    date(2026, 12, 23), "FR-DD-0000000001", [("FR00000001", 123_450)],
)  # fmt: skip


def test_a_notice_says_amount_day_mandate_and_creditor() -> None:
    subject, text = notice(DEBITED, "fr_FR")
    assert subject == "Prélèvement de 1234,50 EUR le 23/12/2026"
    for said in (ICS, "AB12345-ACQ-1", "FR76*", "FR00000001  1234,50 EUR"):
        assert said in text
    assert notice(DEBITED, "de_DE")[0] == "Direct debit of 1234.50 EUR on 2026-12-23"


@pytest.mark.parametrize("what_next", ["retried", "mandate", "other"])
@pytest.mark.parametrize("language", ["fr_FR", "en_GB"])
def test_a_letter_says_what_came_back(language: str, what_next: str) -> None:
    subject, text = returned(DEBITED, "AM04", what_next, language)
    assert "EUR" in subject
    assert "AM04" in text
    assert "{" not in text
