"""What holds for every family: the parts of a bill add up, and a view is always the sum of the bills."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.bill import Detail
from acquit.core.family_view import GroupedBy, ViewedLine, ViewedTax, regrouped
from acquit.core.identifiers import AccountId, BillId, ServiceId
from acquit.core.money import Currency, share_minor
from acquit.core.shared_bill import parts, slices_of
from acquit.core.tax import TaxLine

PARENT, ON, EUR = AccountId("ab12345-acq"), date(2026, 11, 1), Currency("EUR")
OWNERS = (None, AccountId("ab20001-acq"), AccountId("ab20002-acq"), AccountId("ab20003-acq"))
RATES = (2_000, 550, 210)

lines = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(RATES), st.integers(-5_000, 90_000)), min_size=1, max_size=30
)


def taxed(rows: list[tuple[int, int, int]]) -> tuple[TaxLine, ...]:
    """The VAT of the lines per rate, as a bill has it."""
    sums: dict[int, int] = {}
    for _, rate_bp, net_minor in rows:
        sums[rate_bp] = sums.get(rate_bp, 0) + net_minor
    return tuple(TaxLine("S", rate, net, share_minor(net, rate)) for rate, net in sums.items())


@given(lines)
def test_the_slices_of_a_bill_are_the_bill(rows: list[tuple[int, int, int]]) -> None:
    details = [
        Detail(number, ServiceId(1), "usage", "x", "x", 1, 1, net, "S", rate, ON, ON, owner_id=OWNERS[owner])
        for number, (owner, rate, net) in enumerate(rows, 1)
    ]
    taxes = taxed(rows)
    slices = slices_of(PARENT, details, taxes, {})
    assert sum(each.net_minor for each in slices) == sum(net for _, _, net in rows)
    assert sum(each.tax_minor for each in slices) == sum(tax.tax_minor for tax in taxes)
    assert {each.owner_id for each in slices} == {OWNERS[owner] or PARENT for owner, _, _ in rows}


@given(st.integers(-10_000, 10_000), st.lists(st.integers(-1_000, 1_000), min_size=1))
def test_parts_add_up_whatever_they_weigh(amount: int, weights: list[int]) -> None:
    amount = amount if sum(weights) else 0
    shared = parts(amount, weights)
    assert (sum(shared), len(shared)) == (amount, len(weights))


@given(st.lists(st.tuples(lines, st.sampled_from((1, -1))), max_size=6), st.sampled_from(list(GroupedBy)))
def test_a_view_is_the_sum_of_the_bills_however_it_is_regrouped(
    bills: list[tuple[list[tuple[int, int, int]], int]], by: GroupedBy
) -> None:
    viewed: list[ViewedLine] = []
    taxes: list[ViewedTax] = []
    total = 0
    for number, (rows, sign) in enumerate(bills):
        bill_id = BillId(f"FR{number}")
        for place, (owner, rate, net) in enumerate(rows):
            viewed.append(
                ViewedLine(
                    OWNERS[owner] or PARENT, "", PARENT, bill_id, sign, ON.replace(month=1 + number), EUR,
                    f"PO-{number % 2}", f"srv-{place % 3}", f"plan-{place % 2}", "S", rate, net,
                )
            )  # fmt: skip
        taxes += [ViewedTax(PARENT, bill_id, tax) for tax in taxed(rows)]
        total += sign * (sum(net for _, _, net in rows) + sum(tax.tax_minor for tax in taxed(rows)))
    groups = regrouped(viewed, taxes, by)
    assert sum(each.total_minor for each in groups) == total
    assert sum(each.lines for each in groups) == len(viewed)
