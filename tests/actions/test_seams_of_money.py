"""Where parts of the money meet: claims on statements, closed months, what dunning leaves alone."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.claim_late_charges import claim_late_charges
from acquit.actions.close_period import close_period
from acquit.actions.context import Context
from acquit.actions.match_by_hand import Choice, match_by_hand
from acquit.actions.run_dunning import run_dunning
from acquit.actions.unmatch_entry import unmatch_entry
from acquit.core.late_interest import LateRate
from acquit.core.period import BooksDiffer
from acquit.store import late_rates
from acquit.store.transaction import Database
from actions.test_bank import bill_ids, billed, bring, inbox, references
from banking import IBAN, Tx, camt
from billed import failed, later, rows
from collecting import COLLECTED_ON, EMAILS, SELLER_IBAN, Postbox, at_bank, collecting, lines_of, on
from founding import ACME, FR, PETIT, SHOP
from owing import owing

CHASED = """
    SELECT d.bill_id, t.chased_minor
      FROM dunning_step_debt t
      JOIN debt d ON d.account_id = t.debt_account_id AND d.debt_id = t.debt_id
"""
DEC = date(2026, 12, 1)
JAN = date(2027, 1, 4)


def test_a_claim_is_paid_by_its_reference_at_once(database: Database) -> None:
    context = owing(database, iban=IBAN, late_fee_minor=4_000)
    with database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1_215)]})
    late = later(context, JAN)
    (claim,) = claim_late_charges(late, PETIT, by="cli")
    bring(late, camt([Tx(claim.total_minor, reference=claim.payment_reference, payer="?", on=JAN)]))
    assert (inbox(late), failed(late)) == ([], {})
    (match,) = rows(late, "SELECT rule, reason FROM bank_match")
    assert (match.rule, claim.bill_id in match.reason) == (1, True)
    bring(late, camt([Tx(1_200, f"bill and {claim.bill_id}", payer="Petit", on=JAN)], name="T"))
    assert failed(late) == {}


@pytest.fixture
def closed(database: Database) -> Context:
    """November is closed; today is 1 December."""
    context = later(billed(database), DEC)
    close_period(context, FR, "2026-11", by="cli")
    return context


def test_entries_of_a_closed_month_go_to_the_first_open_day(closed: Context) -> None:
    back = date(2026, 11, 28)
    paid = Tx(1_200, reference=references(closed)[PETIT], on=back, end_to_end="E1", bank_reference="B1")
    found = bring(closed, camt([paid, Tx(700, "who?", payer="Who", on=back)]))
    assert (found.status, found.matched, found.unmatched) == ("booked", 1, 1)
    bring(closed, camt([Tx(-1_200, end_to_end="E1", returned="AC04", on=back)], name="T"))
    (entry,) = inbox(closed)
    match_by_hand(closed, entry, Choice(payer_id=SHOP), by="cli")
    unmatch_entry(closed, entry, "not theirs", by="cli")
    booked = rows(closed, "SELECT DISTINCT booked_on FROM entry WHERE kind NOT IN ('bill', 'deferral')")
    assert [row.booked_on for row in booked] == [DEC]
    received = rows(closed, "SELECT DISTINCT received_on FROM deposit WHERE bank_reference = 'E1'")
    assert [row.received_on for row in received] == [back]
    assert failed(closed) == {}


def test_debits_of_a_closed_month_go_to_the_first_open_day(database: Database, tmp_path: Path) -> None:
    world = collecting(database, tmp_path)
    lines = lines_of(world, at_bank(on(world, date(2026, 11, 24))))
    late = on(world, JAN)
    for month in ("2026-11", "2026-12"):
        close_period(late, FR, month, by="cli")
    credit = Tx(1_200, end_to_end=lines[PETIT].end_to_end, on=COLLECTED_ON)
    bring(late, camt([credit], iban=SELLER_IBAN))
    booked = rows(late, "SELECT DISTINCT booked_on FROM entry WHERE kind IN ('deposit', 'settlement')")
    assert ([row.booked_on for row in booked], inbox(late)) == ([date(2027, 1, 1)], [])
    assert failed(late) == {}


def test_a_month_with_unknown_money_tells_which_entries_wait(database: Database) -> None:
    context = later(billed(database), DEC)
    bring(context, camt([Tx(700, "who?", payer="Who", on=date(2026, 11, 28))]))
    (entry,) = inbox(context)
    with pytest.raises(BooksDiffer) as refused:
        close_period(context, FR, "2026-11", by="cli")
    assert (
        f"7.00 EUR of unknown payers stands on 471000 (in the inbox: entries {entry})"
        in refused.value.message
    )
    close_period(context, FR, "2026-11", despite_suspense="asked the bank", by="cli")
    assert failed(context) == {}


def test_money_in_the_inbox_that_may_be_a_payers_stops_its_letters(database: Database) -> None:
    context = replace(later(billed(database), JAN), mailer=Postbox())
    bring(context, camt([Tx(1_100, reference=references(context)[PETIT], payer="Petit", on=JAN)]))
    assert len(inbox(context)) == 1
    chased = chase(context)
    ours = bill_ids(context)
    assert (chased[ours[ACME]], chased[ours[SHOP]], chased.get(ours[PETIT])) == (1_200, 6_000, 100)


def test_a_bill_under_collection_gets_no_letter(database: Database, tmp_path: Path) -> None:
    world = collecting(database, tmp_path)
    at_bank(on(world, date(2026, 11, 24)))
    chased = chase(on(world, JAN))
    ours = bill_ids(world)
    assert (ours[PETIT] in chased, chased[ours[SHOP]]) == (False, 1_200)


def chase(context: Context) -> dict[str, int]:
    """What letters ask for by bill, once dunning has run; everybody has an address."""
    with context.database.write() as tx:
        tx.run(EMAILS)
    run_dunning(context, FR, by="cli")
    return {row.bill_id: row.chased_minor for row in rows(context, CHASED)}
