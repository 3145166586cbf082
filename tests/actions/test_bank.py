"""Money in by the bank's file: booked once, matched where it is safe, told where it is not, and undone."""

import io
from contextlib import nullcontext
from typing import Any

import pytest

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.approve_decision import SecondPersonNeeded, approve_decision
from acquit.actions.bank_inbox import bank_inbox
from acquit.actions.bank_told import told_unexplained
from acquit.actions.context import Context
from acquit.actions.import_bank_file import ImportedFile, import_bank_file
from acquit.actions.match_by_hand import Choice, match_by_hand
from acquit.actions.settle_debt import apply_deposit, reopen_debt
from acquit.actions.show_receipt import deposit_page
from acquit.actions.unmatch_entry import MoneyUsed, set_entry_aside, unmatch_entry
from acquit.core.bank_entry import BadBankFile, NotInTheInbox, UnknownBankAccount
from acquit.core.credit_balance import CreditType
from acquit.core.debt import Allocation, NoSuchDeposit, NotOwed
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.store import bank_matches, bank_settings, receipt_lists
from acquit.store.bank_settings import Limits
from acquit.store.selection import keys
from acquit.store.transaction import Database
from banking import ACME_IBAN, IBAN, Tx, camt
from billed import bill, failed, family, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SAM, SHOP

EUR = Currency("EUR")

LEDGER = """
    SELECT p.ledger, sum(p.amount_minor)::bigint AS amount_minor
      FROM posting p GROUP BY p.ledger HAVING sum(p.amount_minor) <> 0 ORDER BY p.ledger
"""
OPEN = """
    SELECT d.bill_id, (d.amount_minor + coalesce(sum(o.effect_minor), 0))::bigint AS open_minor
      FROM debt d LEFT JOIN debt_operation o ON o.account_id = d.account_id AND o.debt_id = d.debt_id
     GROUP BY d.account_id, d.debt_id, d.bill_id, d.amount_minor ORDER BY d.bill_id
"""


def billed(database: Database, **prices: int) -> Context:
    """Acme owes 12.00 and its laboratory 24.00 (Acme pays both), the shop 60.00, Petit 12.00."""
    context = seller(database, iban=IBAN)
    family(context)
    for account_id, quantity in ((ACME, 1), (LAB, 2), (SHOP, 5), (PETIT, 1)):
        subscribe(context, account_id, f"srv-{account_id}", quantity_e4=quantity * 10_000)
    bill(context)
    return context


@pytest.fixture
def context(database: Database) -> Context:
    return billed(database)


def bring(context: Context, content: bytes, name: str = "statement.xml", **given: Any) -> ImportedFile:
    return import_bank_file(context, name, lambda: nullcontext(io.BytesIO(content)), by="cli", **given)


def references(context: Context) -> dict[str, str]:
    """The payment reference of each account's bill."""
    return {
        row.account_id: row.payment_reference
        for row in rows(context, "SELECT account_id, payment_reference FROM bill")
    }


def bill_ids(context: Context) -> dict[str, str]:
    return {row.account_id: row.bill_id for row in rows(context, "SELECT account_id, bill_id FROM bill")}


def opened(context: Context) -> dict[str, int]:
    return {row.bill_id: row.open_minor for row in rows(context, OPEN) if row.open_minor}


def ledger(context: Context) -> dict[str, int]:
    return {row.ledger: row.amount_minor for row in rows(context, LEDGER)}


def inbox(context: Context) -> list[int]:
    with context.database.read() as tx:
        return bank_matches.waiting(tx, FR)


def knows(context: Context, iban: str, account_id: AccountId) -> None:
    with context.database.write() as tx:
        bank_settings.learn(tx, FR, iban, account_id, "cli")


def limit(context: Context, above: int | None, tolerance: int = 100) -> None:
    with context.database.write() as tx:
        bank_settings.set_limits(tx, FR, Limits(above, tolerance), "cli")


def test_a_reference_settles_its_bill_and_an_unknown_payer_waits(context: Context) -> None:
    found = bring(context, camt([
        Tx(1_200, reference=references(context)[ACME], payer="Acme"), Tx(500, "thanks", payer="Who"),
    ]))  # fmt: skip
    assert (found.status, found.entries, found.matched, found.proposed, found.unmatched) == (
        "booked", 2, 1, 0, 1,
    )  # fmt: skip
    assert (found.credit_minor, found.debit_minor, found.currency) == (1_700, 0, "EUR")
    books = ledger(context)
    assert (books["512000"], books["471000"], books.get("419100")) == (1_700, -500, None)
    assert bill_ids(context)[ACME] not in opened(context)
    (match,) = rows(context, "SELECT rule, is_automatic, score, reason FROM bank_match")
    assert (match.rule, match.is_automatic, match.score) == (1, True, 100)
    assert "open with exactly 12.00 EUR" in match.reason
    assert failed(context) == {}


def test_the_same_file_and_the_same_entry_are_booked_once(context: Context) -> None:
    reference = references(context)[ACME]
    told = Tx(1_200, reference=reference, end_to_end="E1", bank_reference="B1")
    plain = Tx(700, "no reference", payer="Who")
    notified = bring(context, camt([told, plain, plain], message="054"), "n.xml")
    assert (notified.status, notified.entries, notified.known) == ("booked", 3, 0)
    content = camt([told, plain, plain, plain])
    stated = bring(context, content)
    assert (stated.status, stated.entries, stated.known, stated.matched) == ("booked", 4, 3, 1)
    again = bring(context, content)
    assert (again.status, again.entries, again.known) == ("already_booked", 4, 4)
    assert again.reason == "Every entry of the file was booked before; nothing was booked again."
    renamed = bring(context, content.replace(b"<Id>S1", b"<Id>T1"))
    assert renamed.status == "already_booked"
    assert ledger(context)["512000"] == 1_200 + 3 * 700
    assert failed(context) == {}


def test_a_statement_of_the_same_name_that_says_something_else_is_told(context: Context) -> None:
    bring(context, camt([Tx(500, "x", end_to_end="E1")], message="054"))
    with pytest.raises(BadBankFile) as refused:
        bring(context, camt([Tx(500, "x", end_to_end="E1"), Tx(7, "y")], message="054"))
    assert "was imported before with 1 entries that move 5.00 EUR" in refused.value.message
    assert len(rows(context, "SELECT * FROM bank_entry")) == 1


def test_one_transfer_of_a_group_is_a_deposit_of_each_payer(context: Context) -> None:
    told = references(context)
    found = bring(context, camt([Tx(7_200, f"{told[ACME]} {told[SHOP]}", payer="Holding")]))
    assert found.matched == 1
    deposits = rows(context, "SELECT account_id, amount_minor FROM deposit ORDER BY account_id")
    assert [tuple(each) for each in deposits] == [(ACME, 1_200), (SHOP, 6_000)]
    (entry,) = rows(context, "SELECT entry_id FROM bank_entry")
    unmatch_entry(context, entry.entry_id, "wrong", by="cli")
    assert (ledger(context)["471000"], len(opened(context)), failed(context)) == (-7_200, 4, {})


def test_a_batch_told_as_one_sum_is_the_batch_told_by_its_parts(context: Context) -> None:
    parts = [Tx(1_200, end_to_end="E1"), Tx(2_400, end_to_end="E2")]
    bring(context, camt([Tx(3_600, bank_reference="BATCH", parts=parts)], message="054"))
    found = bring(context, camt([Tx(3_600, bank_reference="BATCH")]))
    assert (found.status, found.known) == ("already_booked", 1)
    assert ledger(context)["512000"] == 3_600


def test_a_file_that_does_not_add_up_books_nothing(context: Context) -> None:
    content = camt([Tx(1_200, reference=references(context)[ACME])], [Tx(1)], off=1)
    with pytest.raises(BadBankFile):
        bring(context, content)
    with pytest.raises(UnknownBankAccount) as unknown:
        bring(context, camt([Tx(1)], iban="DE89370400440532013000"))
    assert "acquit bank account DE89370400440532013000" in unknown.value.message
    assert rows(context, "SELECT * FROM bank_entry") == []
    with pytest.raises(RoleForbids):
        import_bank_file(context, "x", lambda: nullcontext(io.BytesIO(content)), by=SAM)


def test_one_transfer_eleven_bills_one_credit_three_cents_short(database: Database) -> None:
    """Acme pays 11 bills of four accounts, less a credit that it does not mention, and 3 cents too little.

    bills      11 × 12.00 EUR   132.00
    credit                       -5.00
    owed                        127.00
    came                        126.97
    missing                       0.03   written off
    """
    context = seller(database, iban=IBAN)
    family(context)
    for number in range(11):
        subscribe(context, ACME if number % 3 else LAB, f"srv-{number}")
        bill(context, "2026-11")
    every = [row.bill_id for row in rows(context, "SELECT bill_id FROM bill ORDER BY bill_id")]
    assert len(every) == 11
    add_credit(context, ACME, Credit(500, EUR, CreditType.VOUCHER, "an outage"), by="cli")
    found = bring(context, camt([Tx(12_697, "OUR BILLS " + " ".join(every), payer="Acme Études SARL")]))
    assert (found.matched, found.proposed) == (0, 1)
    (entry_id,) = inbox(context)
    with context.database.read() as tx:
        best = bank_matches.proposals(tx, FR, [entry_id])[entry_id][0]
    assert best.reason == (
        "bills FR00000001, FR00000002, FR00000003, FR00000004, FR00000005, FR00000006 and 5 more (named), "
        "less credit of 5.00: 0.03 EUR is missing, within the tolerance; to be written off on bill "
        "FR00000001."
    )
    assert (len(best.paid), best.credit_minor, best.write_off_minor) == (11, 500, 3)
    assert sum(part.amount_minor for part in best.paid) == 12_697 + 500
    match_by_hand(context, entry_id, Choice(rank=1), by="cli")
    assert opened(context) == {}
    books = ledger(context)
    assert {number: books.get(number, 0) for number in ("512000", "411000", "419100", "471000")} == {
        "512000": 12_697, "411000": 0, "419100": 0, "471000": 0,
    }  # fmt: skip
    assert (books["654000"], books["709600"], books.get("419700", 0)) == (3, 500, 0)
    assert failed(context) == {}
    unmatch_entry(context, entry_id, "the wrong payer", by="cli")
    assert sum(opened(context).values()) == 13_200
    assert inbox(context) == [entry_id]
    books = ledger(context)
    assert (books["471000"], books["411000"], books["419700"]) == (-12_697, 13_200, -500)
    assert "654000" not in books
    assert failed(context) == {}


def test_a_confirmed_match_teaches_the_iban_and_undone_it_is_forgotten(context: Context) -> None:
    bring(context, camt([Tx(1_200, "hello", iban=ACME_IBAN, payer="Holding")]))
    (entry_id,) = inbox(context)
    mine = BillId(bill_ids(context)[ACME])
    match_by_hand(context, entry_id, Choice(bills=((mine, None),)), by="cli")
    found = bring(context, camt([Tx(2_400, "again", iban=ACME_IBAN)], name="T", opening=101_200))
    assert found.matched == 1
    assert [row.rule for row in rows(context, "SELECT rule FROM bank_match ORDER BY match_no")] == [9, 3]
    unmatch_entry(context, entry_id, "not theirs", by="cli")
    assert rows(context, "SELECT * FROM payer_iban") == []
    assert failed(context) == {}


def test_a_group_pays_from_the_holdings_iban_and_a_virtual_iban_is_one_payers(context: Context) -> None:
    knows(context, ACME_IBAN, ACME)
    with context.database.write() as tx:
        for account_id in (ACME, SHOP):
            bank_settings.join_group(tx, FR, "holding", account_id, "cli")
        bank_settings.add_virtual_iban(tx, FR, "FR1420041010050500013M02606", PETIT, "cli")
    found = bring(context, camt([
        Tx(6_000, iban=ACME_IBAN), Tx(1_200, iban="X1", own_iban="FR1420041010050500013M02606"),
    ]))  # fmt: skip
    assert found.matched == 2
    paid = {row.account_id for row in rows(context, "SELECT account_id FROM deposit")}
    assert paid == {SHOP, PETIT}


def test_over_payment_becomes_credit_and_back(context: Context) -> None:
    bring(context, camt([Tx(1_500, reference=references(context)[ACME])]))
    (entry_id,) = inbox(context)
    match_by_hand(context, entry_id, Choice(rank=1), by="cli")
    assert (ledger(context)["419700"], failed(context)) == (-300, {})
    unmatch_entry(context, entry_id, "sent back", by="cli")
    books = ledger(context)
    assert ("419700" in books, books["471000"], failed(context)) == (False, -1_500, {})
    match_by_hand(context, entry_id, Choice(payer_id=ACME), by="cli")
    assert ledger(context)["419700"] == -1_500
    bill_id = bill_ids(context)[ACME]
    with pytest.raises(NotInTheInbox):
        match_by_hand(context, entry_id, Choice(bills=((BillId(bill_id), None),)), by="cli")
    assert failed(context) == {}


def test_above_the_limit_a_second_person_decides(context: Context) -> None:
    limit(context, above=1_000)
    with context.database.write() as tx:
        tx.run("UPDATE operator SET role = 'treasury' WHERE operator_id IN ('sam', 'bea')")
    bring(context, camt([Tx(1_500, reference=references(context)[ACME])]))
    (entry_id,) = inbox(context)
    asked = match_by_hand(context, entry_id, Choice(rank=1), by=SAM)
    assert asked.match_no is None
    assert asked.decision_no is not None
    assert inbox(context) == [entry_id]
    with pytest.raises(SecondPersonNeeded):
        approve_decision(context, asked.decision_no, FR, by=SAM)
    approve_decision(context, asked.decision_no, FR, by="operator:bea")
    assert inbox(context) == []
    undo = unmatch_entry(context, entry_id, "wrong", by=SAM)
    assert undo.decision_no is not None
    approve_decision(context, undo.decision_no, FR, by="operator:bea")
    assert inbox(context) == [entry_id]
    assert failed(context) == {}


def test_what_the_bank_takes_back_opens_the_bills_again(context: Context) -> None:
    reference = references(context)[ACME]
    bring(context, camt([Tx(1_200, reference=reference, end_to_end="E1", bank_reference="B1")]))
    assert len(opened(context)) == 3
    back = Tx(-1_200, end_to_end="E1", returned="AC04", bank_reference="B2")
    strange = Tx(-50, end_to_end="E9", returned="AC04", bank_reference="B3")
    found = bring(context, camt([back, strange], name="T", opening=101_200))
    assert (found.matched, found.debit_minor) == (1, 1_250)
    assert len(opened(context)) == 4
    (entry_id,) = inbox(context)
    why = told_unexplained(bank_inbox(context, FR).entries[0])["why"]
    assert why.startswith("The bank took 0.50 EUR back (AC04) for E9: no direct debit of ours and no payment")
    assert (ledger(context)["512000"], ledger(context)["471000"]) == (-50, 50)
    with pytest.raises(NotInTheInbox):
        match_by_hand(context, entry_id, Choice(payer_id=ACME), by="cli")
    set_entry_aside(context, entry_id, "a fee", by="cli")
    assert inbox(context) == []
    assert failed(context) == {}


def test_a_proposal_that_is_stale_or_money_that_is_used_is_refused(context: Context) -> None:
    mine = bill_ids(context)
    reference = references(context)[ACME]
    bring(context, camt([Tx(1_100, reference=reference)]))
    bring(context, camt([Tx(1_200, reference=reference)], name="T", opening=101_100))
    (short,) = inbox(context)
    with pytest.raises(NotOwed):
        match_by_hand(context, short, Choice(rank=1), by="cli")
    with pytest.raises(NotOwed):
        match_by_hand(context, short, Choice(bills=((BillId(mine[ACME]), None),)), by="cli")
    match_by_hand(context, short, Choice(bills=((BillId(mine[LAB]), 1_000),)), by="cli")
    assert (opened(context)[mine[LAB]], ledger(context)["419700"]) == (1_400, -100)
    with pytest.raises(NotInTheInbox):
        match_by_hand(context, short, Choice(rank=1), by="cli")
    assert failed(context) == {}


def _matched(context: Context, amount: int) -> int:
    query = "SELECT entry_id FROM bank_entry WHERE amount_minor = %(amount)s"
    return int(rows(context, query, amount=amount)[0].entry_id)


def test_an_operation_that_was_undone_apart_is_not_undone_twice(context: Context) -> None:
    bring(context, camt([Tx(1_200, reference=references(context)[ACME])]))
    (part,) = rows(context, "SELECT account_id, debt_id, operation_id FROM bank_match_part")
    reopen_debt(context, part.account_id, DebtId(part.debt_id), part.operation_id, "mistake", by="cli")
    unmatch_entry(context, _matched(context, 1_200), "mistake", by="cli")
    assert (len(opened(context)), ledger(context)["471000"], failed(context)) == (4, -1_200, {})


def test_money_that_pays_other_bills_is_not_taken_away(context: Context) -> None:
    bring(context, camt([Tx(1_200, reference=references(context)[ACME])]))
    (part,) = rows(context, "SELECT account_id, debt_id, operation_id FROM bank_match_part")
    (deposit,) = rows(context, "SELECT deposit_id FROM deposit")
    reopen_debt(context, part.account_id, DebtId(part.debt_id), part.operation_id, "mistake", by="cli")
    (debt,) = rows(context, "SELECT debt_id FROM debt WHERE account_id = 'ab20001-acq'")
    apply_deposit(context, ACME, deposit.deposit_id, [Allocation(LAB, DebtId(debt.debt_id), 1_200)], by="cli")
    with pytest.raises(MoneyUsed):
        unmatch_entry(context, _matched(context, 1_200), "mistake", by="cli")
    assert failed(context) == {}


def test_a_deposit_whose_match_is_undone_is_the_accounts_no_longer(context: Context) -> None:
    bring(context, camt([Tx(1_200, reference=references(context)[ACME])]))
    (entry_id,) = (row.entry_id for row in rows(context, "SELECT entry_id FROM bank_entry"))
    (deposit_id,) = deposit_ids(context)
    assert b"12" in deposit_page(context, ACME, deposit_id)
    unmatch_entry(context, entry_id, "another Acme", by="cli")
    assert deposit_ids(context) == []
    with context.database.read() as tx:
        assert receipt_lists.deposits(tx, ACME, [deposit_id]) == []
    with pytest.raises(NoSuchDeposit):
        deposit_page(context, ACME, deposit_id)


def deposit_ids(context: Context) -> list[str]:
    """The deposits of Acme, as the wire lists them."""
    with context.database.read() as tx:
        return [str(each) for each in keys(tx, receipt_lists.deposits_of(ACME))]
