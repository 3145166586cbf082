"""Laws of bills: sums hold, nothing is billed twice or lost, references check, VAT moves to the last cent."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from acquit.core.bill import Issuing, Sharing, draft, issue
from acquit.core.charge import Charge, Renewing, next_start, renewals
from acquit.core.debt import (
    Debt,
    DebtStatus,
    Means,
    Operation,
    OperationKind,
    amounts,
    open_minor,
    paid_minor,
    status,
)
from acquit.core.gate import arithmetic_problems
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId, OrderId, RunId, ServiceId
from acquit.core.journal import Head, Role, VatShare, bill_postings, chained
from acquit.core.money import Currency, share_minor
from acquit.core.numbering import (
    DocumentKind,
    Series,
    is_payment_reference,
    payment_reference,
    series_problems,
)
from acquit.core.tax import TaxCase, tax_lines
from acquit.core.terms import Term

EUR = Currency("EUR")
A = AccountId("ab12345-acq")
AT = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
CODES = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=6)
SHARING = Sharing(A, A, "fr_FR", EUR, None, Term(30), None, b"")
CHART = {role.value: role.value for role in Role}


@st.composite
def charges(draw: st.DrawFn) -> list[Charge]:
    found = []
    for number in range(draw(st.integers(1, 12))):
        day = draw(DAYS)
        found.append(
            Charge(
                ServiceId(number), "renewal", day, day, "x", "srv", draw(st.integers(-10**7, 10**8)),
                draw(st.integers(0, 10**11)), EUR,
            )
        )  # fmt: skip
    return found


@given(charges(), st.integers(0, 10_000))
def test_a_draft_adds_up_whatever_is_charged(gathered: list[Charge], rate_bp: int) -> None:
    drafted = draft(SHARING, gathered, TaxCase("S" if rate_bp else "Z", rate_bp))
    assert arithmetic_problems(drafted) == []
    assert drafted.net_minor == sum(each.net_minor for each in gathered)
    assert drafted.tax_minor == share_minor(drafted.net_minor, rate_bp)
    entry = chained(
        Head(),
        A,
        "bill",
        AT.date(),
        "FR1",
        bill_postings(CHART, drafted.net_minor, drafted.tax_minor, EUR, False),
    )
    assert sum(each.amount_minor for each in entry.postings) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-(10**9), 10**9)), min_size=1))
def test_the_bases_of_vat_add_up_to_the_net(nets: list[tuple[int, int]]) -> None:
    cases = [TaxCase("S", 2_000), TaxCase("S", 550), TaxCase("Z", 0), TaxCase("AE", 0, "c", "t")]
    lines = tax_lines([(cases[index], net) for index, net in nets])
    assert sum(each.net_minor for each in lines) == sum(net for _, net in nets)
    assert len({(each.vat_category, each.vat_rate_bp) for each in lines}) == len(lines)


@given(CODES, st.integers(1, 10**15 - 1), st.integers(1, 15))
def test_every_reference_checks_itself(code: str, number: int, digits: int) -> None:
    number %= 10**digits
    reference = payment_reference(code, number, digits)
    assert len(reference) <= 25
    assert is_payment_reference(reference)
    assert iso11649.is_valid(reference)


@given(CODES, CODES, st.integers(1, 15), st.integers(1, 15), st.data())
def test_two_series_that_pass_never_give_one_reference(
    code: str, other: str, digits: int, other_digits: int, data: st.DataObject
) -> None:
    entity = LegalEntityId("FR")
    one = Series("1", entity, DocumentKind.BILL, code, digits, code)
    two = Series("2", entity, DocumentKind.BILL, other, other_digits, other)
    number = data.draw(st.integers(0, 10**digits - 1))
    other_number = data.draw(st.integers(0, 10**other_digits - 1))
    same = payment_reference(code, number, digits) == payment_reference(other, other_number, other_digits)
    assert not (same and not series_problems(one, [two]))


@given(DAYS, st.integers(1, 36), st.integers(0, 5))
def test_renewals_cover_every_day_once(start: date, months: int, runs: int) -> None:
    covered: list[tuple[date, date]] = []
    next_on = start
    for step in range(runs + 1):
        service = Renewing(ServiceId(1), "x", "srv", 10_000, 1, EUR, months, start.day, next_on)
        found, next_on = renewals(service, start + timedelta(days=200 * step))
        covered += [(each.period_start, each.period_end) for each in found]
    edges = [start, *(end + timedelta(days=1) for _, end in covered)]
    assert [first for first, _ in covered] == edges[:-1]
    assert edges[-1] == next_on


@given(DAYS, st.integers(1, 24))
def test_two_halves_of_a_year_make_the_year(start: date, months: int) -> None:
    once = next_start(start, 2 * months, start.day)
    assert next_start(next_start(start, months, start.day), months, start.day) == once


@given(st.integers(1, 10**9), st.integers(0, 10_000), st.lists(st.integers(1, 10**8), max_size=20))
def test_vat_moves_with_the_money_to_the_last_cent(net: int, rate_bp: int, parts: list[int]) -> None:
    tax = share_minor(net, rate_bp)
    share, paid, moved = VatShare(net + tax, tax), 0, 0
    for part in parts:
        after = min(paid + part, net + tax)
        moved += share.moved(paid, after)
        paid = after
        assert 0 <= moved <= tax
    moved += share.moved(paid, net + tax)
    assert moved == tax


@given(st.integers(1, 10**9), st.lists(st.integers(1, 10**9), max_size=10), DAYS)
def test_settle_then_undo_restores_the_debt(amount: int, parts: list[int], on: date) -> None:
    debt = Debt(A, DebtId(1), BillId("FR1"), A, EUR, amount, AT, date(2030, 1, 1))
    operations: list[Operation] = []
    for number, part in enumerate(parts, 1):
        left = open_minor(debt, operations)
        if left == 0:
            break
        operations.append(
            Operation(number, OperationKind.PAYMENT, Means.TRANSFER, min(part, left), AT.date(), AT)
        )
    found = amounts(debt, operations, on)
    assert found.due_minor == found.todo_minor + found.pending_minor + found.unmatured_minor
    assert found.due_minor + paid_minor(operations) == amount
    assert (status(debt, operations, on, 8) is DebtStatus.PAID) == (found.due_minor == 0)
    undone = [
        Operation(
            100 + each.operation_id, OperationKind.REOPENED, each.means, each.amount_minor, AT.date(), AT,
            reverses_id=each.operation_id,
        )
        for each in operations
    ]  # fmt: skip
    assert amounts(debt, operations + undone, on) == amounts(debt, [], on)
    assert paid_minor(operations + undone) == 0


@given(charges(), st.integers(1, 10**8 - 1), st.integers(0, 60), DAYS)
def test_an_issued_bill_says_what_its_draft_said(
    gathered: list[Charge], number: int, days: int, on: date
) -> None:
    sharing = Sharing(A, A, "fr_FR", EUR, None, Term(days), None, b"")
    drafted = draft(sharing, gathered, TaxCase("S", 2_000))
    series = Series("FR", LegalEntityId("FR"), DocumentKind.BILL, "FR", 8, "FR")
    bill = issue(drafted, Issuing(LegalEntityId("FR"), series, RunId(1), on, AT, b""), number, OrderId(1))
    assert bill.details == drafted.details
    assert bill.total_minor == bill.net_minor + bill.tax_minor == drafted.total_minor
    assert bill.due_on == on + timedelta(days=days)
    assert bill.bill_id.endswith(str(number))
