"""Dunning on real books: letters, pauses, suspension, restoration, claims; and SQL against the pure rules."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from acquit.actions.arrange_dunning import (
    add_late_rate,
    history_of,
    preview_letter,
    promise_to_pay,
    promises_of,
    set_calendar,
    set_text,
    show_calendar,
)
from acquit.actions.claim_late_charges import claim_late_charges, preview_claims
from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.open_dispute import open_dispute
from acquit.actions.render_document import bill_pdf
from acquit.actions.run_dunning import DunningReport, chase_all, restore_all, run_dunning
from acquit.actions.settle_debt import return_payment
from acquit.actions.suspend_service import suspend_service
from acquit.actions.write_off_debt import write_off_debt
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.core.correction import NotCorrectable
from acquit.core.dunning import DEFAULT, Calendar, Chaseable, Done, Step, StepKind, chase, restarted
from acquit.core.identifiers import AccountId, BillId, DebtId, ServiceId
from acquit.core.late_interest import LateRate
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.sales_request import AskedTerm
from acquit.core.service import State
from acquit.core.terms import Term
from acquit.store import dunning, late_rates, services
from acquit.store.dunning import Chase
from acquit.store.transaction import Database
from billed import bill, failed, rows
from founding import ACME, FR, LAB, PETIT, SAM, SHOP
from owing import EUR, TESS, debt_of, open_of, operations_of, owing, pay

DUE = date(2026, 12, 23)
"""Thirty days after the bills of 23 November."""


@dataclass
class Letters:
    """A mailer that keeps what it is given, as a mail server would."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        self.sent.append((to, subject, text))


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Context:
    """Four accounts owe 12.00 each, due on 23 December; the seller knows the rates of France."""
    context = owing(database, late_fee_minor=4_000, iban="FR7630006000011234567890189")
    with database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1215)]})
        tx.run("UPDATE account SET email = account_id || '@example.com'")
    return replace(context, archive=DirectoryArchive(tmp_path), mailer=Letters())


def on(context: Context, late_days: int) -> Context:
    """The same world so many days after the due date."""
    return replace(context, clock=FixedClock(DUE + timedelta(days=late_days)))


def run(context: Context, late_days: int) -> DunningReport:
    (report,) = run_dunning(on(context, late_days), FR, by="cli")
    return report


def letters(context: Context) -> list[tuple[str, str, str]]:
    assert isinstance(context.mailer, Letters)
    return context.mailer.sent


def test_a_payer_gets_one_letter_for_all_that_it_owes_and_none_twice(world: Context) -> None:
    assert run(world, 0).letters == {"courtesy": 3}
    assert run(world, 6).letters == {}
    report = run(world, 8)
    assert (report.letters, report.debts, report.asked_minor) == ({"reminder": 3}, 4, {"EUR": 4_800})
    assert report.sent == 3
    again = run(world, 8)
    assert (again.payers, again.sent, again.letters) == (0, 0, {})
    subject, text = next(each[1:] for each in letters(world)[3:] if each[0] == f"{ACME}@example.com")
    assert subject == "Rappel : 24,00 € à régler".replace(" €", "\u202f€")
    assert text.count("\n- FR0000000") == 2
    assert "FR76 3000 6000 0112 3456 7890 189" in text
    (reminded, courtesy) = history_of(world, ACME)
    assert [each.account_id for each in reminded.debts] == [ACME, LAB]
    assert [each.effect for each in reminded.effects] == ["sent"]
    version, sha256 = reminded.effects[0].told.split(" ")
    assert version == "program-1"
    assert world.archive.get(sha256).decode().startswith(subject)
    assert courtesy.step.kind is StepKind.COURTESY
    assert failed(world) == {}


def test_a_rehearsal_tells_the_same_and_writes_nothing(world: Context) -> None:
    (told,) = run_dunning(on(world, 8), rehearse=True, by="cli")
    assert rows(world, "SELECT 1 FROM dunning_step") == []
    report = run(world, 8)
    assert (told.letters, told.debts, told.asked_minor) == (report.letters, report.debts, report.asked_minor)
    assert told.status == "rehearsed"
    assert [each.bill_id for each in told.steps if each.payer_id == PETIT] == [debt_of(world, PETIT).bill_id]
    with pytest.raises(RoleForbids):
        run_dunning(world, by=SAM)


def test_inside_a_granted_term_nobody_is_written_to(world: Context) -> None:
    grant_enterprise_terms(world, ACME, AskedTerm(Term(45)), by="cli")
    with world.database.write() as tx:
        tx.run("UPDATE service SET next_renewal_on = '2026-12-01'")
    (report,) = [bill(replace(world, clock=FixedClock(date(2026, 12, 1))), "2026-12")]
    assert report.parked == 0
    pay(world, ACME, 2_400)
    for late_days in range(-25, 24):
        assert all(each.payer_id != ACME for each in _rehearsed(world, late_days)), late_days
    found = [each for each in _rehearsed(world, 24) if each.payer_id == ACME]
    assert [each.code for each in found] == ["reminder-1", "reminder-1"]


def _rehearsed(context: Context, late_days: int) -> tuple[dunning.StepDebt, ...]:
    (told,) = run_dunning(on(context, late_days), FR, rehearse=True, by="cli")
    return told.steps


def test_money_disputes_and_promises_are_spared(world: Context) -> None:
    pay(world, PETIT, 500)
    open_dispute(world, SHOP, debt_of(world, SHOP).bill_id, 1_000, "wrong price", by="cli")
    promise_to_pay(on(world, 1), ACME, 1_300, DUE + timedelta(days=9), "on the phone", by=TESS)
    asked = {each.bill_id: each.chased_minor for each in _rehearsed(world, 8)}
    assert asked == {
        debt_of(world, PETIT).bill_id: 700,
        debt_of(world, SHOP).bill_id: 200,
        debt_of(world, LAB).bill_id: 1_100,
    }
    assert {each.chased_minor for each in _rehearsed(world, 10) if each.payer_id == ACME} == {1_200}
    assert [each.state(DUE + timedelta(days=10)) for each in promises_of(world, ACME)] == ["broken"]
    pay(world, PETIT, 700)
    assert PETIT not in {each.payer_id for each in _rehearsed(world, 8)}


def test_a_service_is_suspended_last_and_restored_when_paid(world: Context) -> None:
    kept = _service(world, SHOP)
    suspend_service(world, SHOP, kept, "asked for", by="cli")
    assert [run(world, days).letters for days in (1, 8, 15, 22)] == [{"reminder": 3}] * 3 + [{}]
    assert run(world, 30).letters == {"notice": 3}
    assert run(world, 44).letters == {}
    pay(world, ACME, 2_400)
    report = run(world, 45)
    assert (report.letters, report.suspended_services) == ({"suspension": 2}, 1)
    assert _states(world) == {ACME: "active", LAB: "active", PETIT: "suspended", SHOP: "suspended"}
    assert run(world, 52).letters == {}
    pay(world, PETIT, 1_200, 1_200)
    pay(world, SHOP, 1_200, 1_200)
    assert restore_all(on(world, 53)) == 1
    assert _states(world) == {ACME: "active", LAB: "active", PETIT: "active", SHOP: "suspended"}
    assert [each.effect for each in history_of(world, PETIT)[0].effects] == ["suspended", "sent", "restored"]
    assert failed(world) == {}
    payment = next(each for each in operations_of(world, PETIT) if each.kind.value == "payment")
    return_payment(
        on(world, 54), PETIT, debt_of(world, PETIT).debt_id, payment.operation_id, "AC04", by="cli"
    )
    assert run(world, 55).letters == {"reminder": 1}


def test_who_is_given_up_stays_suspended(world: Context) -> None:
    for late_days in (15, 30, 45):
        run(world, late_days)
    write_off_debt(world, PETIT, debt_of(world, PETIT).debt_id, "insolvent", by=TESS)
    pay(world, SHOP, 1_199, 1_199)
    write_off_debt(world, SHOP, debt_of(world, SHOP).debt_id, "a cent", by=TESS)
    run(world, 46)
    assert _states(world) == {ACME: "suspended", LAB: "suspended", PETIT: "suspended", SHOP: "active"}


def _service(context: Context, account_id: AccountId) -> ServiceId:
    with context.database.read() as tx:
        return services.of_account(tx, account_id)[0].service_id


def _states(context: Context) -> dict[str, str]:
    found = rows(context, "SELECT account_id, state FROM service ORDER BY account_id")
    assert all(State(row.state) for row in found)
    return {row.account_id: row.state for row in found}


def test_a_run_that_was_stopped_is_taken_up(world: Context) -> None:
    class Broken(Letters):
        def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
            super().send(to, subject, text)
            raise OSError("the mail server is gone")

    broken = replace(world, mailer=Broken())
    with pytest.raises(OSError, match="gone"):
        run(broken, 8)
    report = run(world, 8)
    assert (report.payers, report.sent) == (0, 2)
    addresses = [each[0] for each in (*letters(broken), *letters(world))]
    assert len(addresses) == len(set(addresses)) == 3


def test_a_run_that_is_killed_after_a_page_leaves_its_letters_to_the_next(world: Context) -> None:
    def killed(_payers: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_dunning(on(world, 8), FR, by="cli", progress=killed)
    assert len(rows(world, "SELECT 1 FROM dunning_step")) == 3
    assert letters(world) == []
    report = run(world, 8)
    assert (report.payers, report.sent, len(letters(world))) == (0, 3, 3)
    assert failed(world) == {}


def test_calendars_and_texts_are_the_sellers_own(world: Context) -> None:
    slow = Calendar((Step("first", StepKind.REMINDER, 20),))
    set_calendar(world, FR, slow, PETIT, by=TESS)
    assert show_calendar(world, FR, PETIT) == slow
    assert show_calendar(world, FR) == DEFAULT
    set_text(world, FR, "fr", StepKind.REMINDER, ("Cher {payer}", "{debts}\n{total} !"), by=TESS)
    assert run(world, 8).letters == {"reminder": 2}
    assert letters(world)[0][1] == "Cher Acme Études SARL"
    telling = preview_letter(on(world, 20), PETIT)
    assert telling is not None
    assert (telling.letter.version, [each.code for each in telling.steps]) == ("own-1", ["first"])
    english = preview_letter(on(world, 9), PETIT, StepKind.NOTICE, "en_GB")
    assert english is not None
    assert english.letter.subject == "Formal notice: €12.00 to be paid within 8 days"
    assert preview_letter(on(world, -20), PETIT) is None
    set_calendar(world, FR, None, PETIT, by=TESS)
    assert show_calendar(world, FR, PETIT) == DEFAULT


def test_late_interest_and_the_fee_are_claimed_as_a_paper_of_their_own(world: Context) -> None:
    late = on(world, 40)
    pay(world, PETIT, 1_000, 1_000)
    pay(world, SHOP, 1_200, 1_200)
    (claimable,) = preview_claims(late, PETIT)
    (claim,) = claim_late_charges(late, PETIT, by=TESS)
    assert (claim.bill_id, claim.kind.value, claim.details) == ("FRCL00000001", "claim", claimable.details)
    assert [(each.kind, each.net_minor) for each in claim.details] == [
        ("late-interest", 3), ("recovery-fee", 4_000),
    ]  # fmt: skip
    assert (claim.tax_minor, claim.due_on) == (0, late.clock.today("Europe/Paris"))
    assert claim_late_charges(late, PETIT, by=TESS) == []
    assert claim_late_charges(late, SHOP, by=TESS) == []
    assert [each.account_id for each in claim_late_charges(late, ACME, by="cli")] == [ACME, LAB]
    assert failed(late) == {}
    assert bill_pdf(late, PETIT, claim.bill_id).startswith(b"%PDF")
    with pytest.raises(NotCorrectable):
        correct_bill(late, PETIT, claim.bill_id, "why", Correction({"name": "Other"}), by="cli")
    credit_bill(late, PETIT, claim.bill_id, "goodwill", by="cli")
    assert failed(late) == {}
    assert [each.details[0].kind for each in claim_late_charges(on(world, 200), PETIT, by="cli")] == [
        "late-interest"
    ]
    assert failed(late) == {}


def test_a_formal_notice_claims_where_the_calendar_says_so(world: Context) -> None:
    set_calendar(world, FR, replace(DEFAULT, claims=True), by=TESS)
    set_calendar(world, FR, DEFAULT, SHOP, by=TESS)
    run(world, 15)
    report = run(world, 30)
    assert (report.letters, report.claims) == ({"notice": 3}, 3)
    assert run(world, 30).claims == 0
    assert {row.account_id for row in rows(world, "SELECT account_id FROM bill WHERE kind = 'claim'")} == {
        ACME, LAB, PETIT,
    }  # fmt: skip
    assert failed(world) == {}


def test_the_schedule_chases_for_sellers_that_chose_a_calendar(world: Context) -> None:
    assert chase_all(on(world, 8)) == 0
    set_calendar(world, FR, DEFAULT, by=TESS)
    assert chase_all(on(world, 8)) == 3
    assert chase_all(on(world, 9)) == 0


def test_the_table_of_rates_grows_and_a_missing_one_is_told(world: Context) -> None:
    late = replace(world, clock=FixedClock(date(2027, 1, 15)))
    (report,) = run_dunning(late, FR, by="cli")
    assert "half-year" in report.warnings[0]
    assert add_late_rate(late, "FR", LateRate(date(2027, 1, 1), 1200), by=TESS)[-1].rate_bp == 1200
    assert run_dunning(late, FR, by="cli")[0].warnings == ()
    assert open_of(world, PETIT) == 1_200


# ---------------------------------------------------------------- SQL against the pure rules

BILLS = """
    INSERT INTO bill (account_id, bill_id, order_id, kind, legal_entity_id, payer_id, category, issued_on,
           issued_at, term_days, term_method, term_grant_id, due_on, currency, net_minor, tax_minor,
           total_minor, payment_reference, language, seller_hash, buyer_hash)
    VALUES (%(account_id)s, %(bill_id)s, %(debt_id)s, %(kind)s, 'FR', %(payer_id)s, 'purchase', '2026-01-01',
           '2026-01-01', 0, 'net', %(grant_id)s, %(due_on)s, %(currency)s, %(minor)s, 0, %(minor)s, 'RF',
           'fr_FR', '', '')
"""
DEBTS = """
    INSERT INTO debt (account_id, debt_id, bill_id, payer_id, currency, amount_minor, opened_at, due_on)
    VALUES (%(account_id)s, %(debt_id)s, %(bill_id)s, %(payer_id)s, %(currency)s, %(minor)s, '2026-01-01',
           %(due_on)s)
"""
OPERATIONS = """
    INSERT INTO debt_operation (account_id, debt_id, kind, means, amount_minor, occurred_on, recorded_at)
    VALUES (%(account_id)s, %(debt_id)s, %(kind)s, 'transfer', %(minor)s, %(on)s, '2026-01-01')
"""
DEPOSITS = """
    INSERT INTO deposit (account_id, deposit_id, legal_entity_id, order_id, received_on, amount_minor,
           currency, means)
    VALUES (%(account_id)s, 'D' || %(account_id)s, 'FR', 1, '2026-01-01', %(minor)s, 'EUR', 'transfer')
"""
DISPUTES = """
    INSERT INTO dispute (account_id, bill_id, amount_minor, reason, opened_by, deadline_on)
    VALUES (%(account_id)s, %(bill_id)s, %(minor)s, 'x', 'x', '2026-12-31')
"""
PROMISES = """
    INSERT INTO promise (account_id, currency, amount_minor, promised_on, due_on, recorded_by)
    VALUES (%(account_id)s, 'EUR', %(minor)s, '2026-01-01', %(due_on)s, 'x')
"""
SHORT = Calendar(
    (Step("r", StepKind.REMINDER, 3), Step("n", StepKind.NOTICE, 12), Step("s", StepKind.SUSPENSION, 20))
)


@dataclass
class Twin:
    """The same random debts, as the pure rules see them."""

    debts: dict[AccountId, list[Chaseable]] = field(default_factory=dict)
    reopened: dict[int, date] = field(default_factory=dict)
    covered: dict[AccountId, int] = field(default_factory=dict)
    promised: dict[AccountId, tuple[int, date]] = field(default_factory=dict)
    touched: dict[AccountId, date] = field(default_factory=dict)


@contextmanager
def random_world(context: Context, seed: int) -> Iterator[Twin]:
    chance, twin = random.Random(seed), Twin()
    with context.database.write() as tx:
        number = 1_000
        for payer_id in (ACME, SHOP, PETIT):
            twin.debts[payer_id] = []
            for _ in range(chance.randint(1, 9)):
                number += 1
                account_id = LAB if payer_id == ACME and chance.random() < 0.4 else payer_id
                minor, due_on = chance.randint(1, 900), date(2026, 3, 1) + timedelta(chance.randint(0, 60))
                disputed = chance.choice([0, 0, 0, minor // 2, minor])
                currency = Currency(chance.choice(["EUR", "EUR", "USD"]))
                on_terms, is_claim = chance.random() < 0.5, chance.random() < 0.2
                key = {"account_id": account_id, "debt_id": number, "bill_id": f"X{number}", "minor": minor}
                key |= {"payer_id": payer_id, "currency": currency, "due_on": due_on}
                tx.run(BILLS, **key, grant_id=1 if on_terms else None, kind="claim" if is_claim else "bill")
                tx.run(DEBTS, **key)
                if disputed:
                    tx.run(DISPUTES, account_id=account_id, bill_id=f"X{number}", minor=disputed)
                opened = minor
                if chance.random() < 0.3:
                    back = date(2026, 4, 1) + timedelta(chance.randint(0, 60))
                    for kind, on_day in (("payment", back), ("returned", back)):
                        tx.run(
                            OPERATIONS, account_id=account_id, debt_id=number, kind=kind, minor=1, on=on_day
                        )
                    twin.reopened[number] = back
                if chance.random() < 0.3:
                    paid = chance.randint(1, minor)
                    tx.run(
                        OPERATIONS, account_id=account_id, debt_id=number, kind="payment", minor=paid,
                        on=date(2026, 3, 1),
                    )  # fmt: skip
                    opened -= paid
                if opened:
                    twin.debts[payer_id].append(
                        Chaseable(account_id, DebtId(number), BillId(f"X{number}"), currency, due_on, opened,
                                  disputed, on_terms, is_claim)
                    )  # fmt: skip
            if chance.random() < 0.4:
                twin.covered[payer_id] = chance.randint(1, 1_200)
                tx.run(DEPOSITS, account_id=payer_id, minor=twin.covered[payer_id])
            if chance.random() < 0.4:
                promised = chance.randint(1, 800), date(2026, 3, 1) + timedelta(chance.randint(0, 100))
                twin.promised[payer_id] = promised
                tx.run(PROMISES, account_id=payer_id, minor=promised[0], due_on=promised[1])
    yield twin


@pytest.mark.parametrize("seed", range(6))
def test_sql_takes_the_steps_that_the_pure_rules_take(database: Database, seed: int) -> None:
    context = owing(database)
    with context.database.write() as tx:
        tx.connection.execute("RESET ROLE")
        for table in ("debt", "bill", "debt_operation"):
            tx.connection.execute(f"DELETE FROM {table}")
    own = {SHOP: SHORT}
    with random_world(context, seed) as twin:
        for day in range(-10, 110, 3):
            today = date(2026, 3, 20) + timedelta(days=day)
            with context.database.write() as tx:
                wanted = Chase(FR, today, DEFAULT, own)
                page = dunning.payers(tx, wanted, "", 100)
                told = dunning.rehearse(tx, wanted, page)
                dunning.take_steps(tx, wanted, page)
            found = {(each.debt_id, each.code, each.chased_minor, each.late_days) for each in told}
            assert found == _pure(twin, own, today), today


def _pure(twin: Twin, own: dict[AccountId, Calendar], today: date) -> set[tuple[int, str, int, int]]:
    found: set[tuple[int, str, int, int]] = set()
    for payer_id, debts in twin.debts.items():
        promised, until = twin.promised.get(payer_id, (0, today))
        covered = twin.covered.get(payer_id, 0) + (promised if today <= until else 0)
        seen = [restarted(each, twin.reopened.get(each.debt_id)) for each in debts]
        chased = chase(
            own.get(payer_id, DEFAULT), seen, {EUR: covered}, twin.touched.get(payer_id), today
        )  # fmt: skip
        if chased:
            twin.touched[payer_id] = today
        steps = {each.debt.debt_id: each.step for each in chased}
        twin.debts[payer_id] = [
            replace(each, done=(*each.done, Done(steps[each.debt_id].kind, steps[each.debt_id].days, today)))
            if each.debt_id in steps else each
            for each in debts
        ]  # fmt: skip
        found |= {(each.debt.debt_id, each.step.code, each.chased_minor, each.late_days) for each in chased}
    return found
