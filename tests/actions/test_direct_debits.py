"""Direct debits from the mandate to the money, and what happens when they come back."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from psycopg import errors

from acquit.actions import end_collections
from acquit.actions.advance_remittance import (
    approve_remittance,
    cancel_remittance,
    find_remittance,
    hand_over_remittance,
    send_remittance,
)
from acquit.actions.create_remittance import create_remittance, rehearse_remittance
from acquit.actions.end_collections import take_collected, take_return
from acquit.actions.notify_debits import notify_debits
from acquit.actions.register_mandate import (
    change_mandate,
    expire_mandates,
    list_mandates,
)
from acquit.actions.run_dunning import run_dunning
from acquit.actions.settle_debt import Receipt, book_deposit_in, reopen_debt, settle_debt
from acquit.actions.show_remittance import show_remittance
from acquit.actions.take_status_report import BadStatusReport, take_status_report
from acquit.core.collection import AmountDiffers, CollectionNotThere, CollectionState, NoSuchCollection
from acquit.core.debt import DebtStatus, status
from acquit.core.mandate import MandateState, MandateStep, MandateTaken, MandateUse
from acquit.core.remittance import (
    FileLost,
    NoSuchRemittance,
    NothingToSend,
    RemittanceNotThere,
    RemittanceStale,
    RemittanceState,
)
from acquit.core.terms import NobodyNamed, SamePersonApproves
from acquit.store.transaction import Database
from billed import failed, rows, seller
from collecting import (
    COLLECTED_ON,
    DUE_ON,
    IBAN,
    OTHER_IBAN,
    at_bank,
    collecting,
    letters,
    lines_of,
    on,
    report,
    sign,
)
from founding import ACME, FR, LAB, PETIT, SHOP, TODAY
from owing import EUR, TESS, TOM, debt_of, ledger, open_of, operations_of, part

PENDING = "SELECT account_id, amount_minor FROM pending_debt ORDER BY account_id"


def test_from_a_signature_to_settled_debts(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    made = create_remittance(context, FR, DUE_ON, by=TESS)
    assert made.remittance is not None
    assert [(each.mandate.account_id, each.amount_minor, each.sequence) for each in made.gathered.lines] == [
        (ACME, 2_400, "FRST"), (PETIT, 1_200, "FRST"),
    ]  # fmt: skip
    assert {each.requested_on for each in made.gathered.lines} == {DUE_ON}
    assert (made.remittance.message_id, made.remittance.amount_minor) == ("FR-SDD-00000001", 3_600)
    assert [tuple(row) for row in rows(context, PENDING)] == [(ACME, 1_200), (LAB, 1_200), (PETIT, 1_200)]
    assert letters(context) == []
    approve_remittance(context, "FR-SDD-00000001", by=TOM)
    assert [(to, subject) for to, subject, _ in letters(context)] == [
        (f"{ACME}@example.com", "Prélèvement de 24,00 EUR le 23/12/2026"),
        (f"{PETIT}@example.com", "Prélèvement de 12,00 EUR le 23/12/2026"),
    ]
    assert notify_debits(context) == 0
    _, content = hand_over_remittance(context, "FR-SDD-00000001", by=TESS)
    assert content.count(b"<DrctDbtTxInf>") == 2
    send_remittance(context, "FR-SDD-00000001", by=TESS)
    reported = take_status_report(context, report(made.remittance, "ACTC"), by=TESS)
    assert (reported.remittance.state, reported.accepted, reported.rejected) == ("accepted", 2, 0)
    ended = take_collected(
        on(context, COLLECTED_ON), "FR-SDD-00000001-1", 3_600, COLLECTED_ON, by="system:bank"
    )
    assert [each.state for each in ended.collections] == [CollectionState.COLLECTED] * 2
    assert (open_of(context, ACME), open_of(context, LAB), open_of(context, PETIT)) == (0, 0, 0)
    assert [(op.kind, op.means, op.automatic) for op in operations_of(context, LAB)] == [
        ("payment", "direct-debit", True)
    ]
    assert find_remittance(context, "FR-SDD-00000001").state is RemittanceState.COLLECTED
    assert (ledger(context)["512000"], rows(context, PENDING), failed(context)) == (3_600, [], {})
    again = take_collected(context, "FR-SDD-00000001-1", 3_600, COLLECTED_ON, by="system:bank")
    assert again.already
    assert ledger(context)["512000"] == 3_600


def test_a_file_waits_for_a_second_person(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    number = "FR-SDD-00000001"
    create_remittance(context, FR, DUE_ON, by=TESS)
    with pytest.raises(RemittanceNotThere, match="second person"):
        hand_over_remittance(context, number, by=TESS)
    with pytest.raises(SamePersonApproves):
        approve_remittance(context, number, by=TESS)
    with pytest.raises(NobodyNamed):
        approve_remittance(context, number, by="cli")
    with pytest.raises(RemittanceStale, match="14 days of notice"):
        approve_remittance(on(context, date(2026, 12, 10)), number, by=TOM)
    approve_remittance(context, number, by=TOM)
    with pytest.raises(RemittanceNotThere):
        approve_remittance(context, number, by=TOM)
    first = hand_over_remittance(context, number, by=TESS)[1]
    assert hand_over_remittance(context, number, by=TOM)[1] == first
    with pytest.raises(NoSuchRemittance):
        send_remittance(context, "FR-SDD-00000009", by=TESS)
    for kept in tmp_path.rglob("*"):
        if kept.is_file():
            kept.write_bytes(first.replace(b"24.00", b"94.00"))
    with pytest.raises(FileLost, match="SHA-256"):
        hand_over_remittance(context, number, by=TESS)


def test_a_debt_is_in_one_file_at_a_time(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    create_remittance(context, FR, DUE_ON, by=TESS)
    with pytest.raises(NothingToSend):
        create_remittance(context, FR, DUE_ON, by=TESS)
    with pytest.raises(errors.UniqueViolation), database.write() as tx:
        tx.run("INSERT INTO pending_debt SELECT account_id, debt_id, 9, 1 FROM pending_debt")
    cancel_remittance(context, "FR-SDD-00000001", "wrong day", by=TESS)
    made = create_remittance(context, FR, DUE_ON, by=TESS)
    assert made.remittance is not None
    assert made.remittance.message_id == "FR-SDD-00000002"
    assert {line.sequence.value for line in made.gathered.lines} == {"FRST"}
    at = approve_remittance(context, "FR-SDD-00000002", by=TOM)
    hand_over_remittance(context, at.message_id, by=TESS)
    send_remittance(context, at.message_id, by=TESS)
    with pytest.raises(RemittanceNotThere):
        cancel_remittance(context, at.message_id, "too late", by=TESS)
    assert failed(context) == {}


def test_a_long_credit_that_was_stopped_goes_on(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = collecting(database, tmp_path)
    sent = at_bank(context)
    monkeypatch.setattr(end_collections, "AT_ONCE", 1)
    calls = [None, ConnectionError("killed")]

    def stopped(*given: object) -> object:
        if (fault := calls.pop(0)) is not None:
            raise fault
        return book_deposit_in(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(end_collections, "book_deposit_in", stopped)
    with pytest.raises(ConnectionError):
        take_collected(context, sent.message_id, 3_600, COLLECTED_ON, by="cli")
    monkeypatch.setattr(end_collections, "book_deposit_in", book_deposit_in)
    assert (open_of(context, ACME), open_of(context, PETIT), failed(context)) == (0, 1_200, {})
    with pytest.raises(AmountDiffers):
        take_collected(context, sent.message_id, 3_600, date(2026, 12, 24), by="cli")
    ended = take_collected(context, sent.message_id, 3_600, COLLECTED_ON, by="cli")
    assert [each.account_id for each in ended.collections] == [PETIT]
    assert (open_of(context, PETIT), ledger(context)["512000"], failed(context)) == (0, 3_600, {})
    assert take_collected(context, sent.message_id, 3_600, COLLECTED_ON, by="cli").already


def test_a_file_that_the_bank_has_told_of_is_not_cancelled(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    create_remittance(context, FR, DUE_ON, by=TESS)
    approve_remittance(context, "FR-SDD-00000001", by=TOM)
    made, _ = hand_over_remittance(context, "FR-SDD-00000001", by=TESS)
    lines = lines_of(context, made)
    told = report(made, "PART", {lines[PETIT].end_to_end: ("RJCT", "AM04")}, (lines[PETIT].batch_id, ""))
    take_status_report(context, told.replace(b"<GrpSts>PART</GrpSts>", b""), by=TESS)
    assert find_remittance(context, made.message_id).state is RemittanceState.DOWNLOADED
    with pytest.raises(RemittanceNotThere, match="has the file"):
        cancel_remittance(context, made.message_id, "too late", by=TESS)
    take_collected(context, lines[ACME].end_to_end, 2_400, COLLECTED_ON, by="cli")
    assert [each.state for each in show_remittance(context, made.message_id).events] == [
        "approved", "downloaded", "accepted", "collected",
    ]  # fmt: skip
    assert failed(context) == {}


def test_what_is_paid_meanwhile_is_not_approved_and_what_comes_twice_stays_unapplied(
    database: Database, tmp_path: Path
) -> None:
    context = collecting(database, tmp_path)
    create_remittance(context, FR, DUE_ON, by=TESS)
    paid = settle_debt(context, PETIT, Receipt(TODAY, 500, EUR), [part(context, PETIT, 500)], by="cli")
    with pytest.raises(RemittanceStale, match="FR0000000"):
        approve_remittance(context, "FR-SDD-00000001", by=TOM)
    reopen_debt(context, PETIT, debt_of(context, PETIT).debt_id, paid.operation_ids[0], "wrong", by="cli")
    approve_remittance(context, "FR-SDD-00000001", by=TOM)
    hand_over_remittance(context, "FR-SDD-00000001", by=TESS)
    settle_debt(context, PETIT, Receipt(TODAY, 500, EUR), [part(context, PETIT, 500)], by="cli")
    line = lines_of(context, find_remittance(context, "FR-SDD-00000001"))[PETIT]
    take_collected(context, line.end_to_end, 1_200, COLLECTED_ON, by="cli")
    assert (open_of(context, PETIT), ledger(context)["419100"]) == (0, -1_000)
    assert failed(context) == {}
    take_return(context, line.end_to_end, "AM04", 1_200, COLLECTED_ON, by="cli")
    assert (open_of(context, PETIT), ledger(context)["419100"], ledger(context)["512000"]) == (
        700,
        -500,
        1_000,
    )
    assert failed(context) == {}


def test_a_return_opens_the_debt_and_it_is_tried_once_more(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    sent = at_bank(context)
    line = lines_of(context, sent)[PETIT]
    with pytest.raises(CollectionNotThere, match="credit in first"):
        take_return(context, line.end_to_end, "AM04", 1_200, COLLECTED_ON, by="cli")
    take_collected(context, sent.message_id, 3_600, COLLECTED_ON, by="cli")
    with pytest.raises(AmountDiffers):
        take_return(context, line.end_to_end, "AM04", 1_100, COLLECTED_ON, by="cli")
    back = take_return(context, line.end_to_end, "AM04", 1_200, date(2026, 12, 28), told="no funds", by="cli")
    assert (back.already, back.collections[0].state) == (False, CollectionState.RETURNED)
    assert take_return(context, line.end_to_end, "AM04", 1_200, date(2026, 12, 28), by="cli").already
    debt = debt_of(context, PETIT)
    assert status(debt, operations_of(context, PETIT), date(2026, 12, 28), 8) is DebtStatus.UNPAID
    assert (open_of(context, PETIT), open_of(context, ACME), failed(context)) == (1_200, 0, {})
    assert "prélevés une fois encore" in letters(context)[-1][2]
    january = on(context, date(2027, 1, 4))
    again = at_bank(january, date(2027, 1, 31))
    second = lines_of(january, again)[PETIT]
    assert (second.sequence, second.requested_on) == ("RCUR", date(2027, 1, 19))
    take_collected(january, second.end_to_end, 1_200, date(2027, 1, 19), by="cli")
    take_return(january, second.end_to_end, "AM04", 1_200, date(2027, 1, 21), by="cli")
    with pytest.raises(NothingToSend):
        create_remittance(january, FR, date(2027, 3, 1), by=TESS)
    left = rehearse_remittance(january, FR, date(2027, 3, 1)).gathered.left_out
    assert [(each.payer_id, each.code) for each in left] == [(PETIT, "failed-before")]
    assert failed(january) == {}


@pytest.mark.parametrize(
    ("code", "state", "method"),
    [
        ("AC04", MandateState.CANCELLED, "CANCELED"),
        ("AC06", MandateState.SUSPENDED, "PAUSED"),
        ("MD01", MandateState.CANCELLED, "CANCELED"),
        ("MS02", MandateState.SUSPENDED, "PAUSED"),
        ("MS03", MandateState.ACTIVE, "VALID"),
        ("ZZ99", MandateState.SUSPENDED, "PAUSED"),
    ],
)
def test_a_mandate_follows_the_reason(
    database: Database, tmp_path: Path, code: str, state: MandateState, method: str
) -> None:
    context = collecting(database, tmp_path)
    sent = at_bank(context)
    take_collected(context, sent.message_id, 3_600, COLLECTED_ON, by="cli")
    line = lines_of(context, sent)[PETIT]
    take_return(context, line.end_to_end, code, 1_200, COLLECTED_ON, by="cli")
    ((_, found),) = list_mandates(context, PETIT)
    assert found is state
    shown = rows(
        context, "SELECT status FROM payment_method WHERE account_id = %(account_id)s", account_id=PETIT
    )
    assert [row.status for row in shown] == [method]


def test_a_return_of_a_debit_that_was_never_made_is_refused(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    with pytest.raises(NoSuchCollection, match="A person decides"):
        take_return(context, "OTHER-1", "MD06", 100, COLLECTED_ON, by="system:bank")
    create_remittance(context, FR, DUE_ON, by=TESS)
    with pytest.raises(CollectionNotThere, match="never handed over"):
        take_collected(context, "FR-SDD-00000001", 3_600, COLLECTED_ON, by="system:bank")


def test_what_the_bank_refuses_is_free_again(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    sent = at_bank(context)
    lines = lines_of(context, sent)
    told = {lines[PETIT].end_to_end: ("RJCT", "AM04"), lines[ACME].end_to_end: ("ACSP", "")}
    content = report(sent, "PART", told, (lines[PETIT].batch_id, "PART"))
    reported = take_status_report(context, content, by=TESS)
    assert (reported.remittance.state, reported.accepted, reported.rejected) == ("accepted", 1, 1)
    assert take_status_report(context, content, by=TESS).already
    assert [row.account_id for row in rows(context, PENDING)] == [ACME, LAB]
    with pytest.raises(AmountDiffers, match=r"24\.00"):
        take_collected(context, sent.message_id, 3_600, COLLECTED_ON, by="cli")
    take_collected(context, sent.message_id, 2_400, COLLECTED_ON, by="cli")
    assert find_remittance(context, sent.message_id).state is RemittanceState.COLLECTED
    again = create_remittance(context, FR, DUE_ON, by=TESS)
    assert [(line.mandate.account_id, line.sequence) for line in again.gathered.lines] == [(PETIT, "FRST")]
    assert failed(context) == {}


def test_a_file_that_is_refused_whole_ends(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    sent = at_bank(context)
    reported = take_status_report(context, report(sent, "RJCT", reason="FF01"), by=TESS)
    assert (reported.remittance.state, reported.rejected) == ("rejected", 2)
    assert (rows(context, PENDING), failed(context)) == ([], {})
    assert len(create_remittance(context, FR, DUE_ON, by=TESS).gathered.lines) == 2
    assert [subject for _, subject, _ in letters(context)[2:]] == []


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<Document", "no XML"),
        (b"<!DOCTYPE x><Document/>", "document type"),
        (b"<Document><CstmrPmtStsRpt/></Document>", "OrgnlGrpInfAndSts is missing"),
        (b"", "no XML"),
    ],
)
def test_a_report_that_is_none_is_refused_with_its_element(
    database: Database, content: bytes, match: str
) -> None:
    with pytest.raises(BadStatusReport, match=match):
        take_status_report(seller(database), content, by="cli")


def test_a_report_of_strange_lines_takes_nothing_in(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    sent = at_bank(context)
    good = lines_of(context, sent)[PETIT].end_to_end
    told = {good: ("RJCT", "AC04"), "OTHER-1": ("RJCT", "AC04")}
    with pytest.raises(BadStatusReport, match="OTHER-1"):
        take_status_report(context, report(sent, "PART", told, (f"{sent.message_id}-1", "")), by=TESS)
    with pytest.raises(BadStatusReport, match="no block"):
        take_status_report(context, report(sent, "PART", {}, ("X-1", "RJCT")), by=TESS)
    with pytest.raises(NoSuchRemittance, match="not made here"):
        take_status_report(context, report(replace(sent, message_id="X-SDD-1"), "RJCT"), by=TESS)
    assert len(rows(context, PENDING)) == 3


def test_mandates_are_suspended_resumed_expire_and_are_used_once(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    ((held, _),) = list_mandates(context, PETIT)
    mandate_id = held.mandate.mandate_id
    with pytest.raises(MandateTaken):
        sign(context, ACME, IBAN, reference=held.mandate.reference)
    change_mandate(context, PETIT, mandate_id, MandateStep.SUSPENDED, "asked by phone", by=TESS)
    made = rehearse_remittance(context, FR, DUE_ON)
    assert [each.code for each in made.gathered.left_out] == ["no-mandate"]
    change_mandate(context, PETIT, mandate_id, MandateStep.RESUMED, "asked by phone", by=TESS)
    assert len(rehearse_remittance(context, FR, DUE_ON).gathered.lines) == 2
    sign(context, PETIT, OTHER_IBAN, use=MandateUse.ONE_OFF)
    at_bank(context)
    assert [state for _, state in list_mandates(context, PETIT)] == [MandateState.ACTIVE, MandateState.USED]
    assert expire_mandates(context) == 1
    assert expire_mandates(on(context, date(2030, 1, 1))) == 2
    states = [state for _, state in list_mandates(on(context, date(2030, 1, 1)), PETIT)]
    assert states == [MandateState.EXPIRED, MandateState.EXPIRED]


def test_what_a_file_under_way_collects_is_not_chased(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    sent = at_bank(context)
    late = on(context, date(2027, 1, 4))
    (report_of,) = run_dunning(late, FR, by="cli")
    assert (report_of.debts, report_of.letters) == (1, {"reminder": 1})
    assert letters(context)[-1][0] == f"{SHOP}@example.com"
    take_status_report(late, report(sent, "RJCT", reason="MS02"), by=TESS)
    (report_of,) = run_dunning(late, FR, by="cli")
    assert (report_of.debts, report_of.letters) == (3, {"reminder": 2})
