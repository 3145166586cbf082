"""A payer changes its bank, a seller its identifier or name: the mandate stands, the bank is told once."""

from datetime import date
from pathlib import Path

import pytest

from acquit.actions.advance_remittance import approve_remittance
from acquit.actions.amend_mandate import Change, amend_creditor, amend_mandate
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance, rehearse_remittance
from acquit.actions.end_collections import take_collected, take_return
from acquit.actions.register_mandate import change_mandate, list_mandates
from acquit.actions.set_creditor import set_creditor
from acquit.actions.take_status_report import take_status_report
from acquit.core.collection import Creditor, SequenceType
from acquit.core.identifiers import AccountId
from acquit.core.mandate import (
    BadMandate,
    Held,
    MandateNotThere,
    MandateStep,
    MandateTaken,
    MandateUse,
    NoSuchMandate,
    Original,
)
from acquit.core.remittance import Remittance
from acquit.documents.pain008 import Debit, DebitFile
from acquit.store.transaction import Database
from billed import bill, failed, rows
from collecting import (
    COLLECTED_ON,
    DUE_ON,
    IBAN,
    ICS,
    OTHER_IBAN,
    OTHER_ICS,
    at_bank,
    collecting,
    letters,
    lines_of,
    on,
    report,
    sign,
)
from commanding import commander
from founding import ACME, FR, PETIT, SHOP
from owing import TESS
from sepa_reading import debit_file

JANUARY = date(2027, 1, 31)
THIRD_IBAN = "NL91ABNA0417164300"


def begun(database: Database, directory: Path) -> Context:
    """Both payers were debited once; December's bills are open. It is the fourth of January."""
    context = collecting(database, directory)
    sent = at_bank(context)
    take_collected(context, sent.message_id, 3_600, COLLECTED_ON, by=TESS)
    bill(on(context, date(2026, 12, 1)), "2026-12")
    return on(context, date(2027, 1, 4))


def held_of(context: Context, payer_id: AccountId) -> Held:
    return list_mandates(context, payer_id)[-1][0]


def amend(context: Context, payer_id: AccountId, **given: str) -> Held:
    number = held_of(context, payer_id).mandate.mandate_id
    return amend_mandate(context, payer_id, number, Change(**given), by=TESS)


def file_of(context: Context, remittance: Remittance) -> DebitFile:
    return debit_file(context.archive.get(remittance.sha256))


def debits(context: Context, remittance: Remittance) -> dict[str, tuple[str, Debit]]:
    """Sequence and debit by the debtor's name, as our second reader finds them in the bytes."""
    batches = file_of(context, remittance).batches
    return {debit.debtor.name: (batch.sequence, debit) for batch in batches for debit in batch.debits}


def test_a_new_account_is_told_with_the_next_debit_and_never_again(
    database: Database, tmp_path: Path
) -> None:
    context = begun(database, tmp_path)
    found = amend(context, PETIT, iban=THIRD_IBAN, reason="changed its bank")
    assert (found.mandate.iban, found.mandate.signed_on, found.amendment_no) == (
        THIRD_IBAN, date(2026, 1, 15), 1,
    )  # fmt: skip
    (label,) = rows(context, "SELECT label FROM payment_method WHERE account_id = %(a)s", a=PETIT)
    assert label.label == "NL91**********4300"
    told = debits(context, at_bank(context, JANUARY))
    sequence, debit = told["Petit SAS"]
    assert (sequence, debit.debtor.iban, debit.original) == (
        "RCUR",
        THIRD_IBAN,
        Original(is_new_account=True),
    )
    assert told["Acme Etudes SARL"][1].original is None
    assert any("NL91**********4300" in text for _, _, text in letters(context)[-2:])
    bill(on(context, date(2027, 1, 5)), "2027-01")
    march = create_remittance(on(context, date(2027, 2, 22)), FR, date(2027, 3, 31), by=TESS).remittance
    assert march is not None
    assert debits(context, march)["Petit SAS"][1].original is None
    assert failed(context) == {}


def test_what_the_bank_refused_before_settlement_is_told_again(database: Database, tmp_path: Path) -> None:
    context = begun(database, tmp_path)
    amend(context, PETIT, iban=THIRD_IBAN)
    sent = at_bank(context, JANUARY)
    line = lines_of(context, sent)[PETIT]
    told = {line.end_to_end: ("RJCT", "AM04")}
    take_status_report(context, report(sent, "PART", told, (line.batch_id, "PART")), by=TESS)
    again = create_remittance(context, FR, JANUARY, by=TESS).remittance
    assert again is not None
    assert debits(context, again)["Petit SAS"][1].original == Original(is_new_account=True)
    assert failed(context) == {}


def test_what_failed_on_the_old_account_is_tried_on_the_new_one(database: Database, tmp_path: Path) -> None:
    context = begun(database, tmp_path)
    (name,) = rows(context, "SELECT end_to_end FROM collection WHERE account_id = %(a)s", a=PETIT)
    take_return(context, name.end_to_end, "AC01", 1_200, date(2027, 1, 4), by=TESS)
    number = held_of(context, PETIT).mandate.mandate_id
    change_mandate(context, PETIT, number, MandateStep.RESUMED, "they called", by=TESS)
    left = rehearse_remittance(context, FR, JANUARY).gathered.left_out
    assert [each.code for each in left] == ["failed-before"]
    amend(context, PETIT, iban=THIRD_IBAN)
    made = create_remittance(context, FR, JANUARY, by=TESS)
    assert made.gathered.left_out == ()
    mine = [line for line in made.gathered.lines if line.mandate.account_id == PETIT]
    assert sum(line.amount_minor for line in mine) == 2_400
    told = [line.original for line in sorted(mine, key=lambda line: line.requested_on)]
    assert told[0] == Original(is_new_account=True)
    assert set(told[1:]) <= {None}, "the first debit alone tells it"
    assert failed(context) == {}


def test_a_mandate_that_no_bank_knows_is_amended_without_a_word(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    amend(context, PETIT, iban=THIRD_IBAN, reference="NEW-1")
    sequence, debit = debits(context, at_bank(context))["Petit SAS"]
    assert (sequence, debit.mandate_reference, debit.original) == ("FRST", "NEW-1", None)


def test_an_account_that_was_changed_and_changed_back_is_no_news(database: Database, tmp_path: Path) -> None:
    context = begun(database, tmp_path)
    amend(context, PETIT, iban=THIRD_IBAN)
    assert amend(context, PETIT, iban=OTHER_IBAN).original() is None
    assert failed(context) == {}


def test_a_file_that_was_made_goes_on_and_its_notice_names_the_account_in_it(
    database: Database, tmp_path: Path
) -> None:
    context = collecting(database, tmp_path)
    made = create_remittance(context, FR, DUE_ON, by=TESS).remittance
    assert made is not None
    amend(context, PETIT, iban=THIRD_IBAN)
    assert debits(context, made)["Petit SAS"][1].debtor.iban == OTHER_IBAN
    approve_remittance(context, made.message_id, by="operator:tom")
    (text,) = [text for to, _, text in letters(context) if to.startswith(PETIT)]
    assert "DE89**************3000" in text
    assert held_of(context, PETIT).original() == Original(is_new_account=True)


def test_another_creditor_is_told_of_every_mandate_in_use(database: Database, tmp_path: Path) -> None:
    context = begun(database, tmp_path)
    set_creditor(context, Creditor(FR, OTHER_ICS), by=TESS)
    left = rehearse_remittance(context, FR, JANUARY).gathered.left_out
    assert {each.code for each in left} == {"other-creditor"}
    assert "amend-creditor" in left[0].reason
    assert amend_creditor(context, FR, "Nuage SARL", "merged", by=TESS) == 2
    assert amend_creditor(context, FR, "Nuage SARL", "merged", by=TESS) == 0
    remittance = at_bank(context, JANUARY)
    file = file_of(context, remittance)
    assert file.creditor_id == OTHER_ICS
    told = {debit.original for _, debit in debits(context, remittance).values()}
    assert told == {Original(creditor_id=ICS, creditor_name="Nuage SARL")}
    assert failed(context) == {}


def test_a_new_reference_is_told_and_belongs_to_one_mandate(database: Database, tmp_path: Path) -> None:
    context = begun(database, tmp_path)
    before = held_of(context, PETIT).mandate.reference
    amend(context, PETIT, reference="NEW-1", iban=THIRD_IBAN)
    assert held_of(context, PETIT).original() == Original(before, is_new_account=True)
    for taken in ("NEW-1", before):
        with pytest.raises(MandateTaken):
            amend(context, ACME, reference=taken)
    made = create_remittance(context, FR, JANUARY, by=TESS)
    assert {line.sequence for line in made.gathered.lines} == {SequenceType.RECURRENT}


def test_an_amendment_that_cannot_be_is_refused(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    with pytest.raises(BadMandate, match="is not an IBAN"):
        amend(context, PETIT, iban="FR00")
    with pytest.raises(BadMandate, match=r"BR is outside"):
        amend(context, PETIT, iban="BR1800360305000010009795493C1")
    with pytest.raises(BadMandate, match="nothing would change"):
        amend(context, PETIT, iban=OTHER_IBAN)
    with pytest.raises(BadMandate, match="without / at an end"):
        amend(context, PETIT, reference="a//b")
    with pytest.raises(NoSuchMandate):
        amend_mandate(context, SHOP, 99, Change(IBAN), by=TESS)
    sign(context, SHOP, IBAN, use=MandateUse.ONE_OFF)
    number = held_of(context, SHOP).mandate.mandate_id
    change_mandate(context, SHOP, number, MandateStep.CANCELLED, "left", by=TESS)
    with pytest.raises(MandateNotThere, match="have a new one signed"):
        amend(context, SHOP, iban=THIRD_IBAN)


def test_the_commands_amend_and_tell(
    database: Database, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    context = begun(database, tmp_path)
    run = commander(context, capfdbinary, tmp_path)
    number = held_of(context, PETIT).mandate.mandate_id
    told = run("mandate", "amend", "--account", PETIT, "--mandate", number, "--iban", THIRD_IBAN)[-1]
    assert (told["iban"], told["amendments"][0]["told"]) == ("NL91**********4300", False)
    assert run("mandate", "amend", "--account", PETIT, "--mandate", number) == (1, "bad-mandate")
    set_creditor(context, Creditor(FR, OTHER_ICS), by=TESS)
    assert run("mandate", "amend-creditor")["amended"] == 2
