"""Matching: the order of the rules, what each says, and what keeps it from being applied by itself."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from acquit.core.bank_clue import Patterns, clues, is_alike, is_one_slip_from, references_in
from acquit.core.bank_entry import BankEntry, Direction, squeezed
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId
from acquit.core.match import Evidence, Named, OpenDebt, Rule
from acquit.core.matching import decide
from acquit.core.money import Currency
from acquit.core.numbering import DocumentKind, Series, payment_reference
from acquit.core.subset import Found, exact_subsets, is_made_otherwise

EUR = Currency("EUR")
ACME, PETIT = AccountId("ab12345-acq"), AccountId("cd67890-acq")
NAMES = {ACME: "Acme Études SARL", PETIT: "Petit SAS"}
PATTERNS = Patterns.of([Series("FR", LegalEntityId("FR"), DocumentKind.BILL, "FR", 8, "1")])


def came(amount_minor: int, **given: Any) -> BankEntry:
    return BankEntry(Direction.CREDIT, amount_minor, EUR, date(2026, 12, 1), **given)


def debt(number: int, open_minor: int, payer_id: AccountId = ACME) -> OpenDebt:
    on = date(2026, 1, 1 + number % 28)
    return OpenDebt(payer_id, DebtId(number), BillId(f"FR{number:08d}"), payer_id, EUR, open_minor, on)


def named(*debts: OpenDebt) -> tuple[Named, ...]:
    return tuple(Named(each.bill_id, (each,)) for each in debts)


def known(*debts: OpenDebt, **given: Any) -> Evidence:
    payers = frozenset(each.payer_id for each in debts)
    owed = {payer_id: [each for each in debts if each.payer_id == payer_id] for payer_id in payers}
    return Evidence(debtors=payers, debts=owed, names=NAMES, tolerance_minor=5, **given)


ONE, TWO, THREE = debt(1, 10_000), debt(2, 20_000), debt(3, 3_500)


def test_a_reference_and_its_amount_settle_the_bill() -> None:
    found = decide(came(10_000), Evidence(by_reference=named(ONE), names=NAMES)).automatic
    assert found is not None
    assert (found.rule, found.score, found.payer_id) == (Rule.REFERENCE, 100, ACME)
    assert found.reason == "Reference FR00000001 stands for bill FR00000001, open with exactly 100.00 EUR."


def test_a_bill_number_needs_the_payer_to_be_who_it_seems() -> None:
    evidence = Evidence(by_number=named(ONE), names=NAMES)
    by_name = decide(came(10_000, payer_name="ACME ETUDES"), evidence).automatic
    assert by_name is not None
    assert by_name.rule is Rule.BILL_NUMBER
    by_iban = decide(came(10_000), replace(evidence, debtors=frozenset({ACME}))).automatic
    assert by_iban is not None
    for entry, doubted in (
        (came(10_000, payer_name="Someone Else"), evidence),
        (came(10_000), evidence),
        (came(10_000, payer_name="Acme Études"), replace(evidence, debtors=frozenset({PETIT}))),
    ):
        decision = decide(entry, doubted)
        assert decision.automatic is None
        assert [(each.rule, each.score) for each in decision.proposals] == [(Rule.BILL_NUMBER, 88)]


def test_a_number_that_a_slip_makes_another_bill_of_the_amount_is_left_to_a_person() -> None:
    one, near, far = debt(1, 10_000), debt(3, 10_000), debt(25, 10_000)
    for others, is_sure in (((one, far), True), ((one, near), False)):
        evidence = replace(known(*others), by_number=named(one))
        assert (decide(came(10_000), evidence).automatic is not None) is is_sure
    both = replace(known(one, near), by_number=named(one, near))
    assert decide(came(20_000), both).automatic is not None
    assert is_one_slip_from("FR12", "FR21")
    assert not is_one_slip_from("FR12", "FR34")
    assert not is_one_slip_from("FR12", "FR123")


def test_a_known_payer_settles_the_one_debt_of_that_amount() -> None:
    found = decide(came(20_000), known(ONE, TWO, THREE)).automatic
    assert found is not None
    assert (found.rule, found.paid[0].bill_id) == (Rule.KNOWN_PAYER, TWO.bill_id)
    assert found.reason == (
        "Acme Études SARL pays from a known IBAN and exactly one of its debts, bill FR00000002, is open with "
        "200.00 EUR."
    )


@pytest.mark.parametrize(
    ("why", "evidence"),
    [
        ("twins", known(ONE, debt(4, 10_000))),
        ("two others make it too", known(ONE, debt(4, 4_000), debt(5, 6_000))),
        ("it names a bill of another amount", known(ONE, TWO, by_number=named(TWO))),
        ("its reference is of a bill that is paid", known(ONE, by_reference=(Named("RF", ()),))),
        ("it is known for two payers that owe it", known(ONE, debt(9, 10_000, PETIT))),
    ],
)
def test_what_keeps_a_known_payer_from_being_matched(why: str, evidence: Evidence) -> None:
    decision = decide(came(10_000), evidence)
    assert decision.automatic is None, why
    assert decision.proposals, why


def test_a_slip_of_the_pen_names_somebody_elses_bill() -> None:
    mine, its = debt(12, 10_000), debt(13, 7_000, PETIT)
    for other, is_sure in ((its, True), (debt(34, 7_000, PETIT), False), (debt(13, 7_000), False)):
        evidence = replace(known(mine, TWO), by_number=named(other))
        assert (decide(came(10_000), evidence).automatic is not None) is is_sure


def test_several_references_that_add_up() -> None:
    found = decide(came(33_500), Evidence(by_reference=named(ONE, TWO, THREE), names=NAMES)).automatic
    assert found is not None
    assert (found.rule, len(found.paid)) == (Rule.SEVERAL_REFERENCES, 3)
    assert "FR00000001, FR00000002 and FR00000003 are open with 335.00 EUR together." in found.reason


def test_a_remittance_advice_counts_as_evidence() -> None:
    advised = Named("Remittance advice 7", (ONE, THREE))
    found = decide(came(13_500), known(ONE, TWO, THREE, advised=(advised,))).automatic
    assert found is not None
    assert (found.rule, found.score) == (Rule.SEVERAL_REFERENCES, 95)


@pytest.mark.parametrize(
    ("amount", "evidence", "rule", "paid", "credit", "over", "written_off"),
    [
        (13_500, known(ONE, TWO, THREE), Rule.SUBSET, [1, 3], 0, 0, 0),
        (29_000, known(ONE, TWO, THREE, credit={ACME: 1_000}), Rule.SUBSET, [1, 2], 1_000, 0, 0),
        (4_000, known(ONE, by_reference=named(ONE)), Rule.PART_PAYMENT, [1], 0, 0, 0),
        (12_000, known(ONE, by_reference=named(ONE)), Rule.OVER_PAYMENT, [1], 0, 2_000, 0),
        (9_997, known(ONE, by_reference=named(ONE)), Rule.SHORT_PAYMENT, [1], 0, 0, 3),
        (33_497, known(ONE, TWO, THREE), Rule.SHORT_PAYMENT, [1, 2, 3], 0, 0, 3),
    ],
)
def test_what_a_person_decides(
    amount: int, evidence: Evidence, rule: Rule, paid: list[int], credit: int, over: int, written_off: int
) -> None:
    decision = decide(came(amount), evidence)
    assert decision.automatic is None
    best = decision.proposals[0]
    assert (best.rule, [each.debt_id for each in best.paid]) == (rule, paid)
    assert (best.credit_minor, best.over_minor, best.write_off_minor) == (credit, over, written_off)
    assert sum(each.amount_minor for each in best.paid) + over == amount + credit


def test_what_banks_kept_is_not_asked_for() -> None:
    best = decide(came(8_500, charges_minor=1_500), known(ONE, by_reference=named(ONE))).proposals[0]
    assert (best.rule, best.write_off_minor) == (Rule.SHORT_PAYMENT, 1_500)
    assert "what banks kept as charges" in best.reason


def test_a_payer_known_by_name_only_is_proposed() -> None:
    evidence = replace(known(ONE, TWO), debtors=frozenset(), alike=frozenset({ACME}))
    decision = decide(came(10_000), evidence)
    assert decision.automatic is None
    assert (decision.proposals[0].rule, decision.proposals[0].score) == (Rule.KNOWN_PAYER, 58)


def test_nobody_knows() -> None:
    assert decide(came(10_000), Evidence()).proposals == ()


def test_references_are_found_however_they_are_broken() -> None:
    reference = payment_reference("1", 42)
    spelled = " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))
    for text in (spelled, f"YOUR BILL {spelled.lower()} THANKS", f"{reference}//123", f"RF RF{reference}"):
        assert references_in(squeezed(text), PATTERNS) == [reference]
    wrong = reference[:-1] + str((int(reference[-1]) + 1) % 10)
    assert references_in(wrong, PATTERNS) == []


@pytest.mark.parametrize(
    ("text", "bills", "short"),
    [
        ("FR00000042", ["FR00000042"], []),
        ("bill FR 0000-0042.", ["FR00000042"], []),
        ("FR00000042/FR00000043", ["FR00000042", "FR00000043"], []),
        ("FR7630006000011234567890189", [], []),
        ("facture 00000042", ["FR00000042"], []),
        ("facture 12345 du 3/12", [], ["FR00012345"]),
        ("12 rue 42", [], []),
    ],
)
def test_bill_numbers(text: str, bills: list[str], short: list[str]) -> None:
    found = clues(came(1, text=text), PATTERNS)
    assert (list(found.bill_ids), list(found.short_ids)) == (bills, short)


def test_clues_of_an_entry_come_once_each() -> None:
    reference = payment_reference("1", 42)
    found = clues(came(1, references=(reference,), text=f"{reference} FR00000042"), PATTERNS)
    assert (found.references, found.bill_ids, found.short_ids) == ((reference,), ("FR00000042",), ())


def test_names() -> None:
    assert is_alike("ACME ETUDES S.A.R.L.", "Acme Études SARL")
    assert is_alike("Acme", "Acme Études SARL")
    assert not is_alike("Acme Travaux", "Acme Études SARL")
    assert not is_alike("SARL", "Acme Études SARL")


def test_the_likeliest_subset_comes_first() -> None:
    amounts = [5, 7, 9, 12, 21]
    assert [each.found for each in exact_subsets(amounts, 54)] == [Found.ALL]
    first = exact_subsets(amounts, 21)
    assert [(each.found, each.indices) for each in first] == [
        (Found.OLDEST, (0, 1, 2)), (Found.RUN, (4,)), (Found.RUN, (2, 3)),
    ]  # fmt: skip
    assert exact_subsets(amounts, 1) == []
    assert exact_subsets([10] * 30, 100)[0].indices == tuple(range(10))


def test_a_sum_that_others_make_too() -> None:
    assert is_made_otherwise([4, 6], 10)
    assert is_made_otherwise([1, 2, 3, 4], 10)
    assert not is_made_otherwise([3, 9, 20], 10)
    assert is_made_otherwise([*range(100, 150), 3, 7], 10)
