"""Bank entries that tell of our own files and of payouts: booked once, whoever tells it and however often."""

from datetime import date
from pathlib import Path

import pytest

from acquit.actions.advance_remittance import approve_remittance, hand_over_remittance, send_remittance
from acquit.actions.bank_inbox import bank_inbox, bank_story, look_again
from acquit.actions.context import Context
from acquit.actions.end_collections import take_collected, take_return
from acquit.actions.own_entries import link_deposit, link_refund
from acquit.actions.pay_refunds import create_refund_remittance, take_refund_returned, take_refunds_paid
from acquit.actions.refund_money import approve_refund, record_refund_paid, refund_money
from acquit.actions.set_bank import add_bank_account
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.take_acquirer_events import take_event, take_payout
from acquit.actions.unmatch_entry import unmatch_entry
from acquit.core.acquirer import Event, EventKind, Payout
from acquit.core.bank_entry import NotInTheInbox
from acquit.core.bank_own import OwnEntryDiffers
from acquit.core.collection import Collection
from acquit.core.debt import CannotReverse, NoSuchDeposit
from acquit.core.identifiers import AccountId
from acquit.core.refund import NoSuchRefund
from acquit.core.remittance import Remittance
from acquit.store import bank_settings, refund_lines
from acquit.store.transaction import Database
from actions.test_bank import bring, inbox
from banking import ACME_IBAN, Tx, camt
from billed import bill, failed, rows
from collecting import COLLECTED_ON, SELLER_IBAN, at_bank, collecting, lines_of, on
from founding import ACME, FR, PETIT
from owing import EUR, TESS, TOM, ledger, open_of, part, pay

BANK = "512000"
SUSPENSE = "471000"


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Context:
    return on(collecting(database, tmp_path), COLLECTED_ON)


def sent(world: Context) -> tuple[Remittance, dict[str, Collection]]:
    """A file that the bank has, with its debits: Acme 24.00 and Petit 12.00."""
    early = on(world, date(2026, 11, 24))
    file = at_bank(early)
    return file, lines_of(world, file)


def told(world: Context, *entries: Tx, name: str = "S", message: str = "053") -> None:
    opening = 100_000 + ord(name[0])
    content = camt(entries, iban=SELLER_IBAN, name=name, message=message, opening=opening)
    bring(world, content, f"{name}.xml")


def credit(cents: int, reference: str = "NOTPROVIDED", text: str = "", bank_reference: str = "") -> Tx:
    return Tx(cents, text, end_to_end=reference, bank_reference=bank_reference, on=COLLECTED_ON)


def said(world: Context) -> list[str]:
    """Why the entries in the inbox wait."""
    return [each.why for each in bank_inbox(world, FR).entries]


def events(world: Context) -> list[str]:
    return [
        row.state for row in rows(world, "SELECT state FROM collection_event ORDER BY recorded_at, state")
    ]


def test_debits_told_one_by_one_are_collected_by_the_statement(world: Context) -> None:
    _, lines = sent(world)
    told(world, credit(2_400, lines[ACME].end_to_end), credit(1_200, lines[PETIT].end_to_end))
    assert (events(world), inbox(world)) == (["collected", "collected"], [])
    books = ledger(world)
    assert (books[BANK], books.get(SUSPENSE), open_of(world, PETIT)) == (3_600, None, 0)
    assert failed(world) == {}


@pytest.mark.parametrize("level", ["block", "file", "text"])
def test_one_credit_of_a_whole_file_collects_its_debits(world: Context, level: str) -> None:
    file, lines = sent(world)
    name = lines[ACME].batch_id if level == "block" else file.message_id
    content = camt([credit(3_600, text=f"REM {name} CREDIT" if level == "text" else "x")], iban=SELLER_IBAN)
    if level != "text":
        element = "PmtInfId" if level == "block" else "MsgId"
        batch = f"<NtryDtls><Btch><{element}>{name}</{element}><NbOfTxs>2</NbOfTxs></Btch>".encode()
        content = content.replace(b"<NtryDtls>", batch)
    bring(world, content)
    assert (events(world), inbox(world), ledger(world)[BANK]) == (["collected", "collected"], [], 3_600)
    assert failed(world) == {}


def test_what_was_taken_in_by_hand_is_not_booked_again(world: Context) -> None:
    file, lines = sent(world)
    take_collected(world, file.message_id, 3_600, COLLECTED_ON, by=TESS)
    told(world, credit(2_400, lines[ACME].end_to_end), credit(1_200, lines[PETIT].end_to_end))
    assert (ledger(world)[BANK], inbox(world)) == (3_600, [])
    again = take_collected(world, file.message_id, 3_600, COLLECTED_ON, by=TESS)
    assert again.already
    take_return(world, lines[PETIT].end_to_end, "AM04", 1_200, COLLECTED_ON, by=TESS)
    told(world, Tx(-1_200, end_to_end=lines[PETIT].end_to_end, returned="AM04", on=COLLECTED_ON), name="R")
    assert (ledger(world)[BANK], inbox(world), open_of(world, PETIT)) == (2_400, [], 1_200)
    assert failed(world) == {}


def test_a_notification_then_the_statement_tell_one_credit(world: Context) -> None:
    """The bank calls it otherwise each time: only our own references say that it is the same money."""
    file, lines = sent(world)
    told(
        world, credit(2_400, lines[ACME].end_to_end, bank_reference="N1"),
        credit(1_200, lines[PETIT].end_to_end, bank_reference="N2"), message="054", name="N",
    )  # fmt: skip
    told(world, credit(3_600, text=f"Collection {file.message_id}", bank_reference="B9"), name="T")
    assert (ledger(world)[BANK], ledger(world).get(SUSPENSE), inbox(world)) == (3_600, None, [])
    assert failed(world) == {}


def test_a_second_credit_of_the_same_statement_form_waits_with_the_reason(world: Context) -> None:
    _, lines = sent(world)
    told(world, credit(1_200, lines[PETIT].end_to_end, bank_reference="B1"))
    told(world, credit(1_200, lines[PETIT].end_to_end, bank_reference="B2"), name="T")
    (why,) = said(world)
    assert why.startswith(f"{lines[PETIT].end_to_end} was told before by entry ")
    assert ledger(world)[SUSPENSE] == -1_200
    assert failed(world) == {}


def test_a_return_reopens_the_bills_and_stops_the_mandate(world: Context) -> None:
    _, lines = sent(world)
    back = Tx(-1_200, end_to_end=lines[PETIT].end_to_end, returned="MD01", on=COLLECTED_ON)
    told(world, back, credit(1_200, lines[PETIT].end_to_end))
    assert (events(world), inbox(world)) == (["collected", "returned"], [])
    assert (open_of(world, PETIT), ledger(world).get(BANK)) == (1_200, None)
    (mandate,) = rows(
        world,
        "SELECT step FROM mandate_event WHERE account_id = %(a)s ORDER BY event_no DESC LIMIT 1",
        a=PETIT,
    )
    assert mandate.step in ("suspended", "cancelled")
    assert failed(world) == {}


def test_a_return_of_a_collection_we_never_made_waits_and_says_so(world: Context) -> None:
    told(world, Tx(-999, end_to_end="THEIRS-1", returned="AC04", on=COLLECTED_ON))
    (why,) = said(world)
    assert why.startswith("The bank took 9.99 EUR back (AC04) for THEIRS-1: no direct debit of ours")
    assert failed(world) == {}


def test_another_amount_waits_and_nothing_is_half_booked(world: Context) -> None:
    _, lines = sent(world)
    told(world, credit(1_100, lines[PETIT].end_to_end))
    assert events(world) == []
    assert said(world)[0].startswith(f"The bank tells 11.00 EUR for {lines[PETIT].end_to_end}")
    assert failed(world) == {}


def test_an_entry_that_came_too_early_is_linked_when_it_fits(world: Context) -> None:
    _, lines = sent(world)
    back = Tx(-1_200, end_to_end=lines[PETIT].end_to_end, returned="AM04", on=COLLECTED_ON)
    told(world, back)
    (why,) = said(world)
    assert why.startswith(f"Collection {lines[PETIT].end_to_end} is open: it cannot be returned. Take the")
    told(world, credit(1_200, lines[PETIT].end_to_end), name="T")
    look_again(world, FR, by=TESS)
    assert (inbox(world), open_of(world, PETIT), ledger(world).get(SUSPENSE)) == ([], 1_200, None)
    assert failed(world) == {}


def refund(world: Context) -> refund_lines.RefundLine:
    """A refund of 5.00 to Petit in a file that the bank has."""
    deposit = pay(world, PETIT, 500)
    asked = refund_money(world, PETIT, deposit, "paid twice", by=TESS)
    if asked.state.value == "asked":
        approve_refund(world, PETIT, asked.refund_id, by=TOM)
    file = create_refund_remittance(world, FR, by=TESS).remittance
    assert file is not None
    approve_remittance(world, file.message_id, by=TOM)
    hand_over_remittance(world, file.message_id, by=TESS)
    send_remittance(world, file.message_id, by=TESS)
    with world.database.read() as tx:
        (line,) = refund_lines.lines(tx, FR, file.remittance_id)
    return line


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_refund_is_paid_and_comes_back_by_the_statement(world: Context, by_hand: bool) -> None:
    line = refund(world)
    if by_hand:
        take_refunds_paid(world, line.end_to_end, 500, COLLECTED_ON, by=TESS)
    told(world, Tx(-500, end_to_end=line.end_to_end, on=COLLECTED_ON))
    assert (ledger(world).get(BANK), inbox(world)) == (None, [])
    if by_hand:
        take_refund_returned(world, line.end_to_end, "AC04", COLLECTED_ON, by=TESS)
    told(world, Tx(500, end_to_end=line.end_to_end, returned="AC04", on=COLLECTED_ON), name="T")
    assert (ledger(world)[BANK], inbox(world)) == (500, [])
    states = [row.state for row in rows(world, "SELECT state FROM refund_event ORDER BY event_no")]
    assert states[-2:] == ["paid", "failed"]
    assert failed(world) == {}


@pytest.mark.parametrize("told_before", [False, True])
def test_a_refund_sent_by_hand_at_the_bank_is_linked_by_hand(world: Context, told_before: bool) -> None:
    asked = refund_money(world, PETIT, pay(world, PETIT, 500), "paid twice", by=TESS)
    if told_before:
        record_refund_paid(world, PETIT, asked.refund_id, COLLECTED_ON, by=TESS)
    told(world, Tx(-500, "by hand", on=COLLECTED_ON))
    (entry,) = inbox(world)
    with pytest.raises(NoSuchRefund):
        link_refund(world, entry, ACME, asked.refund_id, by=TESS)
    link_refund(world, entry, PETIT, asked.refund_id, by=TESS)
    assert (ledger(world).get(BANK), ledger(world).get(SUSPENSE), inbox(world)) == (None, None, [])
    with pytest.raises(NotInTheInbox):
        link_refund(world, entry, PETIT, asked.refund_id, by=TESS)
    told(world, Tx(-500, "again?", on=COLLECTED_ON), name="T")
    with pytest.raises(OwnEntryDiffers, match="was told before by entry"):
        link_refund(world, inbox(world)[0], PETIT, asked.refund_id, by=TESS)
    assert failed(world) == {}


def paid_by_card(world: Context) -> Payout:
    event = Event("adyen", "e1", EventKind.PAID, "p1", PETIT, EUR, 1_000, COLLECTED_ON)
    take_event(world, event, by="system")
    return Payout("adyen", "po-2026-77", EUR, 980, 20, COLLECTED_ON, ("e1",))


@pytest.mark.parametrize("entry", [Tx(980, "payout PO-2026-77"), Tx(980, "x", payer="Adyen N.V.")])
@pytest.mark.parametrize("bank_first", [False, True])
def test_a_payout_on_the_statement_is_no_second_money(world: Context, entry: Tx, bank_first: bool) -> None:
    payout = paid_by_card(world)
    entry = Tx(entry.cents, entry.text, payer=entry.payer, on=COLLECTED_ON)
    if bank_first:
        told(world, entry)
        assert len(inbox(world)) == 1
    take_payout(world, payout, by="system")
    if not bank_first:
        told(world, entry)
    assert (ledger(world)[BANK], ledger(world).get(SUSPENSE), inbox(world)) == (980, None, [])
    assert failed(world) == {}
    (linked,) = rows(world, "SELECT entry_id FROM bank_own")
    with pytest.raises(CannotReverse, match="tells of a file of ours, a payout or a deposit"):
        unmatch_entry(world, linked.entry_id, "why not", by=TESS)


def test_the_seller_may_have_its_account_beside_the_one_on_its_bills(world: Context) -> None:
    """An entry names what is ours whichever of the seller's accounts it is booked on."""
    other = "FR7630006000011234567890189"
    add_bank_account(world, FR, other, by="cli")
    _, lines = sent(world)
    bring(world, camt([credit(1_200, lines[PETIT].end_to_end)], iban=other))
    assert (events(world), inbox(world)) == (["collected"], [])


def by_hand(world: Context, account_id: AccountId, cents: int, received_on: date, reference: str = "") -> str:
    receipt = Receipt(received_on, cents, EUR, bank_reference=reference)
    settled = settle_debt(world, account_id, receipt, [part(world, account_id, cents)], by=TESS)
    return settled.deposit.deposit_id


@pytest.mark.parametrize("knows_iban", [True, False])
def test_money_that_was_recorded_by_hand_is_linked_with_one_word_and_booked_once(
    world: Context, knows_iban: bool
) -> None:
    deposit_id = by_hand(world, PETIT, 1_200, date(2026, 12, 20), "" if knows_iban else "E2E-PETIT")
    with world.database.write() as tx:
        bank_settings.learn(tx, FR, ACME_IBAN, PETIT, "cli")
    before = ledger(world)
    told(world, Tx(1_200, "thanks", iban=ACME_IBAN if knows_iban else "", on=COLLECTED_ON,
                   end_to_end="NOTPROVIDED" if knows_iban else "E2E-PETIT"))  # fmt: skip
    (entry_id,) = inbox(world)
    name = f"{PETIT}/{deposit_id}"
    (why,) = said(world)
    assert f"acquit bank match {entry_id} --deposit {name}" in why
    assert bank_story(world, entry_id).why == why
    assert ledger(world)[BANK] == before[BANK] + 1_200, "it waits in suspense until somebody says so"
    with pytest.raises(NoSuchDeposit):
        link_deposit(world, entry_id, ACME, deposit_id, by=TESS)
    assert link_deposit(world, entry_id, PETIT, deposit_id, by=TESS) == name
    assert (inbox(world), ledger(world)) == ([], before)
    with pytest.raises(NotInTheInbox):
        link_deposit(world, entry_id, PETIT, deposit_id, by=TESS)
    told(world, Tx(1_200, "again", iban=ACME_IBAN, on=COLLECTED_ON), name="T")
    assert "--deposit" not in said(world)[0], "the deposit is told: this is other money"
    (other,) = inbox(world)
    with pytest.raises(OwnEntryDiffers, match="told before"):
        link_deposit(world, other, PETIT, deposit_id, by=TESS)
    assert failed(world) == {}


def test_money_of_another_amount_day_or_payer_is_no_deposit_of_before(world: Context) -> None:
    deposit_id = by_hand(world, PETIT, 1_200, date(2026, 11, 2))
    with world.database.write() as tx:
        bank_settings.learn(tx, FR, ACME_IBAN, PETIT, "cli")
    told(
        world,
        Tx(1_200, "late", iban=ACME_IBAN, on=COLLECTED_ON),
        Tx(1_100, "less", iban=ACME_IBAN, on=date(2026, 11, 3)),
        Tx(1_200, "stranger", payer="Who", on=date(2026, 11, 3)),
    )
    assert not any("--deposit" in why for why in said(world))
    less = rows(world, "SELECT entry_id FROM bank_entry WHERE amount_minor = 1100")[0].entry_id
    with pytest.raises(OwnEntryDiffers):
        link_deposit(world, less, PETIT, deposit_id, by=TESS)
    assert failed(world) == {}


def test_a_twin_of_what_was_recorded_by_hand_is_never_matched_by_itself(world: Context) -> None:
    """Petit paid by hand and owes as much again: the bank's entry would settle the other bill."""
    by_hand(world, PETIT, 1_200, COLLECTED_ON)
    bill(world, "2026-12")
    with world.database.write() as tx:
        bank_settings.learn(tx, FR, ACME_IBAN, PETIT, "cli")
    told(world, Tx(1_200, "thanks", iban=ACME_IBAN, on=COLLECTED_ON))
    assert len(inbox(world)) == 1
    assert "--deposit" in said(world)[0]
    assert failed(world) == {}
