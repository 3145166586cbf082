"""Laws of matching: no cent is lost, nothing is settled beyond what is open, what is automatic is unique."""

from datetime import date
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.core.bank_entry import BankEntry, Direction
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.match import Evidence, Named, OpenDebt, Rule
from acquit.core.matching import decide
from acquit.core.money import Currency
from acquit.core.subset import exact_subsets

EUR = Currency("EUR")
PAYERS = tuple(AccountId(f"ab1000{number}-acq") for number in range(3))
AMOUNTS = st.integers(1, 60)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[BankEntry, Evidence, list[OpenDebt]]:
    debts = [
        OpenDebt(payer, DebtId(number), BillId(f"FR{number:08d}"), payer, EUR, amount, date(2026, 1, day))
        for number, (payer, amount, day) in enumerate(
            draw(st.lists(st.tuples(st.sampled_from(PAYERS), AMOUNTS, st.integers(1, 28)), max_size=8))
        )
    ]
    debts.sort(key=lambda each: (each.due_on, each.debt_id))
    named = tuple(
        Named(each.bill_id, (each,)) for each in debts if draw(st.booleans()) and draw(st.booleans())
    )
    cut = draw(st.integers(0, len(named)))
    evidence = Evidence(
        by_reference=named[:cut],
        by_number=named[cut:],
        debtors=draw(st.frozensets(st.sampled_from(PAYERS), max_size=2)),
        alike=draw(st.frozensets(st.sampled_from(PAYERS), max_size=2)),
        debts={payer: [each for each in debts if each.payer_id == payer] for payer in PAYERS},
        credit=draw(st.dictionaries(st.sampled_from(PAYERS), AMOUNTS, max_size=2)),
        tolerance_minor=draw(st.integers(0, 3)),
    )
    entry = BankEntry(Direction.CREDIT, draw(st.integers(0, 150)), EUR, date(2026, 2, 1))
    return entry, evidence, debts


@given(worlds())
@settings(max_examples=300, deadline=None)
def test_no_cent_is_lost_and_no_debt_overpaid(world: tuple[BankEntry, Evidence, list[OpenDebt]]) -> None:
    entry, evidence, debts = world
    decision = decide(entry, evidence)
    opens = {each.key: each.open_minor for each in debts}
    for each in [*decision.proposals, *([decision.automatic] if decision.automatic else [])]:
        paid = sum(part.amount_minor for part in each.paid)
        assert paid + each.over_minor == entry.amount_minor + each.credit_minor
        for part in each.paid:
            settled = part.amount_minor + part.write_off_minor
            assert part.amount_minor > 0
            assert settled <= opens[part.account_id, part.debt_id]
        assert len({(part.account_id, part.debt_id) for part in each.paid}) == len(each.paid)
        assert each.credit_minor <= evidence.credit.get(each.payer_id, 0)
    scores = [each.score for each in decision.proposals]
    assert scores == sorted(scores, reverse=True)


@given(worlds())
@settings(max_examples=300, deadline=None)
def test_what_is_automatic_is_exact_and_the_only_way(
    world: tuple[BankEntry, Evidence, list[OpenDebt]],
) -> None:
    entry, evidence, debts = world
    found = decide(entry, evidence).automatic
    if found is None:
        return
    assert found.rule <= Rule.SEVERAL_REFERENCES
    assert (found.over_minor, found.write_off_minor) == (0, 0)
    opens = {each.key: each.open_minor for each in debts}
    assert all(part.amount_minor == opens[part.account_id, part.debt_id] for part in found.paid)
    if found.rule is Rule.KNOWN_PAYER:
        own = [each.open_minor for each in debts if each.payer_id in evidence.debtors]
        ways = [
            chosen
            for size in range(1, len(own) + 1)
            for chosen in combinations(range(len(own)), size)
            if sum(own[place] for place in chosen) == entry.amount_minor
        ]
        assert len(ways) == 1


@given(st.lists(st.integers(1, 40), max_size=9), st.integers(1, 200))
def test_subsets_add_up_and_one_is_found_when_there_is_one(amounts: list[int], target: int) -> None:
    found = exact_subsets(amounts, target)
    assert all(sum(amounts[place] for place in each.indices) == target for each in found)
    sums = {0}
    for amount in amounts:
        sums |= {total + amount for total in sums}
    assert bool(found) == (target in sums)
