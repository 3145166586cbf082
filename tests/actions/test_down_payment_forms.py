"""Down payments as papers and files: type 386, bills that deduct them, credit notes of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.render_document import bill_cii, bill_pdf, bill_ubl, render_missing
from acquit.actions.set_legal_party import set_legal_party
from acquit.adapters.official_rules import OfficialRules
from acquit.core.bill import BillKind
from acquit.core.down_payment import NoDownPayment
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.documents import cii_reading, ubl_reading
from acquit.documents.bill_mail import Announced, write_mail
from acquit.documents.electronic_bill import ElectronicBill
from acquit.documents.xml_tree import tree
from acquit.store import documents
from acquit.store.transaction import Database
from advancing import DECEMBER, ask, billed, pay, sound, world
from billed import ADDRESSED, ON, bill, later, rows, subscribe
from founding import PETIT
from official_rules import broken

FIRST = BillId("FR00000001")


@pytest.fixture(scope="module")
def rules() -> Iterator[OfficialRules]:
    """The official rules, compiled once for all tests of the module."""
    judge = OfficialRules()
    yield judge
    judge.close()


def forms(context: Context, *, french: bool = True) -> dict[str, ElectronicBill]:
    """Render all that is issued; both files of each say the same, and the official rules find nothing."""
    with context.database.read() as tx:
        keys = documents.missing(tx, 1_000)
    render_missing(context)
    found: dict[str, ElectronicBill] = {}
    for account_id, bill_id in keys:
        in_cii, in_ubl = bill_cii(context, account_id, bill_id), bill_ubl(context, account_id, bill_id)
        assert broken(in_cii, french=french) == broken(in_ubl, french=french) == []
        told = cii_reading.read(tree(in_cii))
        assert told == ubl_reading.read(tree(in_ubl))
        assert bill_pdf(context, account_id, bill_id).startswith(b"%PDF")
        found[bill_id] = told
    return found


def test_two_down_payments_and_the_bill_that_deducts_them(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    one = ask(context)
    other = ask(later(context, date(2026, 11, 24)), minor=250)
    pay(context, one)
    pay(context, other)
    bill(later(context, DECEMBER))
    told = forms(context)
    asked, final = told[one.bill_id], told[FIRST]
    assert (asked.type_code, asked.profile, asked.tax_due, asked.due_on) == ("386", "S1", "432", one.due_on)
    assert (asked.delivered_on, asked.starts_on, asked.lines[0].starts_on) == (None, None, None)
    assert (final.type_code, final.profile) == ("380", "S4")
    assert final.preceding == ((one.bill_id, ON), (other.bill_id, date(2026, 11, 24)))
    assert (final.totals.net, final.totals.tax, final.totals.payable) == ("3.50", "0.70", "4.20")
    assert [each.net for each in final.lines] == ["10.00", "-4.00", "-2.50"]
    assert final.lines[1].object_id == one.bill_id
    assert (final.starts_on, final.ends_on) == (date(2026, 11, 1), date(2026, 11, 30))
    sound(context)


def test_a_bill_that_nothing_is_left_of(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    pay(context, ask(context, minor=1_000))
    bill(context)
    final = forms(context)[FIRST]
    assert (final.profile, final.totals.gross, final.totals.payable, final.payments) == (
        "S4", "0.00", "0.00", (),
    )  # fmt: skip


def test_taken_back_and_corrected(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    given_up = ask(context, minor=100)
    note = credit_bill(context, PETIT, given_up.bill_id, "given up", by="cli")
    pay(context, ask(context))
    bill(context)
    made = correct_bill(context, PETIT, FIRST, "moved", Correction({"street": "9 quai"}), by="cli")
    told = forms(context)
    assert (told[note.bill_id].type_code, told[note.bill_id].preceding) == (
        "503", ((given_up.bill_id, given_up.issued_on),),
    )  # fmt: skip
    corrective = told[made.bill.bill_id]
    assert (corrective.type_code, corrective.profile) == ("384", "S4")
    assert corrective.preceding == ((FIRST, ON),)
    assert told[made.credit_note.bill_id].type_code == "381"
    whole = credit_bill(context, PETIT, made.bill.bill_id, "all", by="cli")
    assert forms(context)[whole.bill_id].totals.gross == "7.20"


def test_a_credit_note_that_gives_a_deduction_back_and_no_money(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    pay(context, ask(context, minor=1_000))
    bill(context)
    note = credit_bill(context, PETIT, FIRST, "never supplied", by="cli")
    assert forms(context)[note.bill_id].totals.gross == "0.00"


def test_a_buyer_abroad_gets_it_over_peppol(database: Database) -> None:
    context = world(database)
    abroad = replace(
        ADDRESSED, country="DE", vat_id="DE136695976", siren="", e_address="0204:991-1234512345-06"
    )
    set_legal_party(context, PETIT, abroad, by="cli")
    subscribe(context, PETIT, "srv1")
    asked = ask(context)
    given_up = ask(context, minor=100)
    note = credit_bill(context, PETIT, given_up.bill_id, "given up", by="cli")
    pay(context, asked)
    bill(context)
    told = forms(context, french=False)
    assert (told[asked.bill_id].type_code, told[asked.bill_id].taxes[0].category) == ("386", "AE")
    assert told[note.bill_id].type_code == "503"
    assert told[FIRST].preceding == ((asked.bill_id, ON),)


def test_the_official_rules_judge_it_before_it_has_a_number(database: Database, rules: OfficialRules) -> None:
    context = replace(world(database), judge=rules)
    subscribe(context, PETIT, "srv1")
    pay(context, ask(context))
    bill(context)
    formed = [row.form for row in rows(context, "SELECT form FROM proven_form")]
    assert len(formed) == 1
    assert formed[0].endswith("deducts")
    with pytest.raises(NoDownPayment, match="No paper can print"):
        ask(context, AccountId(PETIT), reason="fine", service_id=subscribe(context, PETIT, "\U0001f600"))
    assert len(billed(context)) == 2


def test_the_mail_that_it_leaves_with() -> None:
    told = Announced(
        BillKind.DOWN_PAYMENT, "FRAC00000001", "Acquit", "FR7630006000011234567890189", "fr_FR", ON, DECEMBER,
        Currency("EUR"), 480, 480, "RF00X",
    )  # fmt: skip
    subject, text = write_mail(told)
    assert subject == "Acquit : facture d'acompte FRAC00000001"
    assert "RF00X" in text
    assert "déduiront" in text
    covered = replace(told, kind=BillKind.BILL, total_minor=0, to_pay_minor=0)
    assert "Vos acomptes la couvrent" in write_mail(covered)[1]
    assert "Your down payments cover it" in write_mail(replace(covered, language="en_GB"))[1]
