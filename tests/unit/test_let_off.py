"""What comes back is in proportion to what was billed after discounts."""

from dataclasses import replace
from datetime import date

import pytest

from acquit.core.charge import Charge
from acquit.core.discount import Discount, discounted
from acquit.core.identifiers import AccountId, DiscountId, ServiceId
from acquit.core.let_off import Line, with_let_off
from acquit.core.money import Currency

EUR = Currency("EUR")
NOVEMBER, LAST = date(2026, 11, 1), date(2026, 11, 30)
BASE = Charge(ServiceId(7), "renewal", NOVEMBER, LAST, "Server", "srv", 10_000, 0, EUR)
HALF = Discount(
    AccountId("ab12345-acq"), DiscountId(1), "Half", date(2026, 1, 1), EUR, share_bp=5_000
)  # fmt: skip


def charge(net: int, kind: str = "renewal", part: str = "", on: int = 1, **given: object) -> Charge:
    start = NOVEMBER if kind in ("renewal", "usage") else date(2026, 11, on)
    return replace(
        BASE,
        kind=kind,
        part=part,
        period_start=start,
        quantity_e4=10_000 if net > 0 else -10_000,
        unit_price_ucents=abs(net) * 1_000_000,
        **given,  # type: ignore[arg-type]
    )


def billed(net: int, part: str = "1", kind: str = "discount", last: date = LAST) -> Line:
    return Line(ServiceId(7), kind, part, NOVEMBER, last, net, "Half")


def kept(charges: list[Charge], *lines: Line) -> list[tuple[str, int]]:
    return [
        (each.part, each.net_minor)
        for each in with_let_off(charges, lines)
        if each.kind == "discount" and each.part.startswith("back:")
    ]


def end(net: int, on: int) -> Charge:
    return charge(net, "adjustment", "end-back", on)


def change(net: int, number: int, on: int, suffix: str = "-back") -> Charge:
    return charge(net, "adjustment", f"change-{number}{suffix}", on)


@pytest.mark.parametrize(("off", "share"), [(0, 0), (100, 67), (500, 333), (1_000, 667)])
def test_of_days_the_discount_on_these_days_stays_let_off(off: int, share: int) -> None:
    found = [("back:adjustment:end-back", share)] if share else []
    assert kept([end(-667, 11)], billed(-off)) == found


def test_several_discounts_are_one_line_with_their_names_behind_what_comes_back() -> None:
    other = replace(billed(-90, "2"), description="Launch -10 %")
    back, line = with_let_off([end(-667, 11)], [billed(-100), other])
    assert (back.net_minor, line.net_minor, line.description) == (-667, 127, "Half; Launch -10 %")
    assert (line.period_start, line.period_end) == (back.period_start, back.period_end)


def test_a_discount_that_ended_meanwhile_counts_as_it_was_billed() -> None:
    ended = replace(HALF, end_on=date(2026, 11, 2))
    charges = discounted([charge(1_000), end(-667, 11)], [ended], {}, {})
    assert kept(charges) == [("back:adjustment:end-back", 333)], "in the same month, nothing billed yet"


def test_parts_that_come_back_add_up_to_the_whole_discount() -> None:
    for cut in range(2, 30):
        first, last = change(-500, 1, cut), end(-200, 1)
        later = billed(kept([first], billed(-333))[0][1], "back:adjustment:change-1-back")
        later = replace(later, period_start=first.period_start)
        (whole,) = kept([replace(last, unit_price_ucents=1_000_000_000)], billed(-333), later)
        assert whole[1] + later.net_minor == 333


def test_what_was_kept_once_is_not_kept_again() -> None:
    before = replace(billed(333, "back:adjustment:change-1-back"), period_start=date(2026, 11, 11))
    assert kept([end(-667, 11)], billed(-500), before) == []


def test_a_credit_note_takes_the_discount_back_and_a_corrective_bill_lets_it_off_again() -> None:
    assert kept([end(-667, 11)], billed(-500), billed(500)) == []
    assert kept([end(-667, 11)], billed(-500), billed(500), billed(-100)) == [
        ("back:adjustment:end-back", 67)
    ]


def test_days_that_are_charged_anew_keep_their_discount_in_proportion() -> None:
    smaller = [change(-667, 1, 11), change(333, 1, 11, "")]
    assert kept(smaller, billed(-500)) == [("back:adjustment:change-1-back", 167)]
    assert kept([change(-667, 1, 11), change(900, 1, 11, "")], billed(-500)) == [], "larger: none comes back"


def test_changes_of_one_page_are_taken_in_the_order_in_which_they_were_agreed() -> None:
    charges = [
        change(-300, 10, 21), change(150, 10, 21, ""), change(-667, 9, 11), change(600, 9, 11, ""),
    ]  # fmt: skip
    assert kept(charges, billed(-500)) == [
        ("back:adjustment:change-10-back", 76), ("back:adjustment:change-9-back", 33),
    ], "33 of 333 for 20 days; half of 167 less 16 for the last ten"  # fmt: skip


def test_no_more_is_kept_than_comes_back() -> None:
    assert kept([end(-2, 11)], billed(-500)) == [("back:adjustment:end-back", 2)]


def test_other_services_and_other_days_do_not_count() -> None:
    assert kept([replace(end(-667, 11), service_id=ServiceId(8))], billed(-500)) == []
    assert kept([end(-667, 11)], billed(-500, last=date(2026, 11, 10))) == []
    assert kept([end(-667, 11)], billed(-500, "1:usage:usage:cpu:tier-01")) == []
    assert kept([end(-667, 11)], billed(-500, "")) == [], "a line by hand is of no charge"


def test_what_was_carried_with_its_line_keeps_it() -> None:
    charges = with_let_off([end(-667, 11)], [billed(-500)])
    again = discounted(sorted(charges, key=lambda each: each.key), [HALF], {}, {})
    assert with_let_off(again, [billed(-500)]) == charges


def use(net: int, number: int) -> Charge:
    return charge(net, "adjustment", f"usage:cpu:2026-11:{number}", 1)


USED = billed(1_000, "usage:cpu:tier-01", "usage")
LOWERED = billed(-100, "1:usage:usage:cpu:tier-01")


def test_use_that_was_adjusted_down_bears_its_share() -> None:
    assert kept([use(-250, 2)], USED, LOWERED) == [("back:adjustment:usage:cpu:2026-11:2", 25)]
    other = billed(5_000, "usage:net:tier-01", "usage")
    assert kept([use(-250, 2)], USED, LOWERED, other) == [("back:adjustment:usage:cpu:2026-11:2", 25)]


def test_two_adjustments_down_to_nothing_bear_all_of_it() -> None:
    charges = [use(-333, 2), use(-667, 3)]
    assert [each for _, each in kept(charges, USED, LOWERED)] == [33, 67]
    first = [
        billed(-333, "usage:cpu:2026-11:2", "adjustment"),
        billed(33, "back:adjustment:usage:cpu:2026-11:2"),
    ]
    assert [each for _, each in kept([use(-667, 3)], USED, LOWERED, *first)] == [67]


def test_use_that_was_added_at_full_price_comes_back_with_the_share_of_the_whole() -> None:
    assert [each for _, each in kept([use(1_000, 2), use(-1_000, 3)], USED, LOWERED)] == [50]
