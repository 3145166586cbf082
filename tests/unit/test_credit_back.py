"""What comes back is shared out over the lines that charged for it, to the cent or not at all."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.core.bill import Bill, Issuing, Sharing, draft, issue
from acquit.core.charge import Charge
from acquit.core.credit import Part, credit_note, taken_back
from acquit.core.credit_back import Source, planned
from acquit.core.identifiers import AccountId, BillId, LegalEntityId, OrderId, ServiceId
from acquit.core.money import Currency
from acquit.core.numbering import DocumentKind, Series
from acquit.core.tax import TaxCase
from acquit.core.terms import Term

A, B = AccountId("ab12345-acq"), AccountId("cd12345-acq")
EUR = Currency("EUR")
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
AT = datetime(2026, 11, 23, tzinfo=UTC)
SHARING = Sharing(A, A, "fr_FR", EUR, None, Term(30), None, b"buyer")


def charge(net: int, start: date = NOVEMBER, **given: object) -> Charge:
    kind = "renewal" if net > 0 else "adjustment"
    quantity = 10_000 if net > 0 else -10_000
    base = Charge(
        ServiceId(7), kind, start, start.replace(day=30), "Server", "srv", quantity, abs(net) * 1_000_000, EUR
    )
    return replace(base, **given)  # type: ignore[arg-type]


def source(number: int, *charges: Charge, notes: tuple[Bill, ...] = ()) -> Source:
    series = Series("FR", LegalEntityId("FR"), DocumentKind.BILL, "FR", 8, "FR", number, None)
    issuing = Issuing(LegalEntityId("FR"), series, None, AT.date(), AT, b"seller")
    return Source(issue(draft(SHARING, list(charges), CASE), issuing, number, OrderId(number)), notes)


CASE = TaxCase("S", 2_000)


def parts(*charges: Charge, sources: list[Source], account: AccountId = A) -> dict[BillId, tuple[Part, ...]]:
    return dict(planned(account, charges, sources).parts)


ONE, TWO = BillId("FR00000001"), BillId("FR00000002")


def test_the_latest_bill_is_taken_back_first_and_no_line_more_than_it_is() -> None:
    sources = [source(2, charge(300, part="a")), source(1, charge(1_000))]
    assert parts(charge(-200), sources=sources) == {TWO: (Part(1, 200),)}
    assert parts(charge(-500), sources=sources) == {TWO: (Part(1, 300),), ONE: (Part(1, 200),)}
    assert parts(charge(-500), charge(-801, part="x"), charge(-100, part="y"), sources=sources) == {
        TWO: (Part(1, 300),), ONE: (Part(1, 300),),
    }, "what is not borne whole is left out whole"  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        charge(-100, service_id=ServiceId(8)),
        charge(-100, DECEMBER),
        charge(-100, currency=Currency("USD")),
        charge(-100, part="usage:cpu:2026-11:2"),
        charge(-1_001),
    ],
)
def test_what_no_line_charged_for_is_not_taken_back(other: Charge) -> None:
    assert planned(A, [other], [source(1, charge(1_000))]) == planned(A, [], [])


def test_it_is_another_accounts_bill() -> None:
    assert parts(charge(-100), sources=[source(1, charge(1_000))], account=B) == {}


def test_a_discount_on_the_bill_counts() -> None:
    lowered = charge(-900, kind="discount", part="1")
    assert parts(charge(-101), sources=[source(1, charge(1_000), lowered)]) == {}
    assert parts(charge(-100), sources=[source(1, charge(1_000), lowered)]) == {ONE: (Part(1, 100),)}


def test_use_that_was_rated_again_is_of_its_meters_month() -> None:
    used = charge(800, kind="usage", part="usage:cpu:t1")
    other = charge(800, kind="usage", part="usage:net:t1")
    back = charge(-500, DECEMBER, part="usage:cpu:2026-11:2")
    assert parts(back, sources=[source(1, other, used)]) == {ONE: (Part(2, 500),)}


def test_what_notes_before_and_other_accounts_took_is_gone() -> None:
    first = source(1, charge(1_000))
    details = taken_back(first.bill, (), [Part(1, 700)])
    series = Series("AV", LegalEntityId("FR"), DocumentKind.CREDIT_NOTE, "AV", 8, "AV", 1, None)
    issuing = Issuing(LegalEntityId("FR"), series, None, AT.date(), AT, b"seller")
    note = credit_note(first.bill, (), details, issuing, 1, OrderId(9), "unused")
    noted = replace(first, notes=(note,))
    assert parts(charge(-301), sources=[noted]) == {}
    before = planned(A, [charge(-200)], [noted])
    again = planned(A, [charge(-101, part="x")], [noted], before)
    assert (again.parts, len(again.returned)) == ({ONE: (Part(1, 200),)}, 1)
    more = planned(A, [charge(-100, part="x")], [noted], before)
    assert (more.parts, [each.amount_minor for each in more.returned]) == ({ONE: (Part(1, 300),)}, [200, 100])
