"""Laws of what is collected per VAT rate: no settlement loses a cent, none takes more than is left."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.delivery import WAIT_MAX, key_of, next_try
from acquit.core.life_cycle import collected_by_rate, left_by_rate
from acquit.core.money import Currency
from acquit.documents.life_cycle import Collected, Party, read_statuses, write_collected

RATES = st.dictionaries(st.sampled_from([2000, 1000, 550, 210, 0]), st.integers(0, 10**9), min_size=1).filter(
    lambda rates: sum(rates.values()) > 0
)


INSTANTS = st.integers(0, 3_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@st.composite
def lives(draw: st.DrawFn) -> tuple[dict[int, int], list[int]]:
    """What a bill comes to by rate, and settlements that add up to no more."""
    whole = draw(RATES)
    left, paid = sum(whole.values()), []
    for share in draw(st.lists(st.integers(1, 100), max_size=8)):
        amount = max(left * share // 100, 1)
        if amount > left:
            break
        paid.append(amount)
        left -= amount
    if left and draw(st.booleans()):
        paid.append(left)
    return whole, paid


@given(lives())
def test_settlements_add_up_and_never_exceed_what_is_left(life: tuple[dict[int, int], list[int]]) -> None:
    whole, paid = life
    told: list[tuple[tuple[int, int], ...]] = []
    for amount in paid:
        left = left_by_rate(whole, *told)
        shares = collected_by_rate(amount, left, whole)
        assert sum(share for _, share in shares) == amount
        assert all(0 < share <= left[rate] for rate, share in shares)
        told.append(shares)
    if sum(paid) == sum(whole.values()):
        assert set(left_by_rate(whole, *told).values()) == {0}, "paid in full, each rate is paid in full"


@given(lives(), st.data())
def test_what_goes_back_leaves_what_was_before(
    life: tuple[dict[int, int], list[int]], data: st.DataObject
) -> None:
    whole, paid = life
    told: list[tuple[tuple[int, int], ...]] = []
    for amount in paid:
        told.append(collected_by_rate(amount, left_by_rate(whole, *told), whole))
    if told:
        undone = data.draw(st.integers(0, len(told) - 1))
        back = tuple((rate, -amount) for rate, amount in told[undone])
        others = [each for number, each in enumerate(told) if number != undone]
        assert left_by_rate(whole, *told, back) == left_by_rate(whole, *others)


@given(RATES, st.data())
def test_a_credit_note_on_one_rate_and_any_payment_still_add_up(
    whole: Mapping[int, int], data: st.DataObject
) -> None:
    rate = data.draw(st.sampled_from(sorted(whole)))
    credited = data.draw(st.integers(0, whole[rate]))
    amount = data.draw(st.integers(1, sum(whole.values())))
    shares = collected_by_rate(amount, left_by_rate(whole, [(rate, credited)]), whole)
    assert sum(share for _, share in shares) == amount
    assert all(share > 0 for _, share in shares)


@given(st.integers(0, 100_000), INSTANTS)
def test_every_try_is_later_and_none_is_given_up(tries: int, now: datetime) -> None:
    waits = next_try(now, tries) - now
    assert timedelta(minutes=1) <= waits <= WAIT_MAX
    assert waits <= next_try(now, tries + 1) - now


@given(st.text(), st.text(), st.sampled_from(["email", "platform", "peppol"]))
def test_keys_are_the_same_for_the_same_and_fit_the_platform(bill_id: str, event: str, channel: str) -> None:
    key = key_of(bill_id, channel, event)
    assert key == key_of(bill_id, channel, event)
    assert len(key) <= 36
    assert key.isalnum()


LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).map(
    lambda text: " ".join(text.split()) or "x"
)


@given(RATES, LETTERS, INSTANTS, st.integers(-1, 1))
def test_a_message_is_read_as_it_was_written(
    rates: Mapping[int, int], name: str, at: datetime, sign: int
) -> None:
    amounts = tuple((rate, amount * (sign or 1)) for rate, amount in rates.items() if amount)
    seller, buyer = Party(name, "732829320", "732829320"), Party(name, "552081317", "552081317_X")
    written = Collected(
        "k" * 32, "FR-1/2", "380", date(2026, 11, 23), at, at, Currency("EUR"), seller, buyer, amounts
    )
    (told,) = read_statuses(write_collected(written))
    assert (told.bill_id, told.code, told.said_by, told.happened_at) == ("FR-1/2", 212, "seller", at)
