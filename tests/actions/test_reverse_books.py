"""Reverse bills in the reports of the books: VAT that is deducted, the FEC; and how they leave."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import LiteralString

import pytest

from acquit.actions.answer_reverse_bill import accept_reverse_bill
from acquit.actions.context import Context
from acquit.actions.deliver import deliver_due
from acquit.actions.export_books import export_fec
from acquit.actions.issue_reverse_bill import take_back_reverse_bill
from acquit.actions.pay_reverse_bill import pay_reverse_bill, set_off_reverse_bill
from acquit.actions.refund_money import list_refunds, record_refund_failed, record_refund_paid
from acquit.actions.render_document import render_missing
from acquit.actions.report_vat import report_vat
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.settle_debt import reopen_debt
from acquit.core.delivery import Channel
from acquit.core.errors import Refusal
from acquit.core.identifiers import BillId
from acquit.core.period import span
from acquit.core.self_billing import Regime
from acquit.store import reverse_bills
from acquit.store.transaction import Database
from billed import bill, failed, rows, subscribe
from delivering import Mailbox, by_mail, by_platform, delivering, leave_by, mail_server, platform
from fec_checker import checked
from founding import ACME, FR, LAB, SHOP, TODAY
from owing import TESS, debt_of, ledger, operations_of
from reversing import BOB, COMMISSION, FRENCH, GERMAN, TERMS, agreed, billed, buying, on

SET_OFF: LiteralString = """
    SELECT account_id, debt_id, operation_id FROM debt_operation WHERE means = 'set-off' AND kind = 'payment'
"""
BOOK = replace(COMMISSION, reference="BOOK", vat_rate_bp=550, unit_price_ucents=3_333_000_000)


def bought(context: Context, period: str = "2026") -> list[tuple[str, int, str, int, int, int]]:
    """What the VAT report says of purchases."""
    report = report_vat(context, FR, period)
    assert report.ties
    return [
        (each.kind.value, each.rate_bp, each.basis, each.net_minor, each.tax_minor, each.documents)
        for each in report.bought
    ]


def test_the_vat_report_tells_what_is_deducted_when_it_is(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context, terms=replace(TERMS, sets_off=True))
    made = billed(context, lines=[COMMISSION, BOOK])
    assert (made.net_minor, made.tax_minor) == (13_333, 2_183)
    assert bought(context) == [], "it waits for the money"
    accept_reverse_bill(context, ACME, made.bill_id, by=BOB)
    set_off_reverse_bill(context, ACME, made.bill_id, by=TESS)
    parts = bought(context)
    assert [(each[:3], each[5]) for each in parts] == [
        (("deducted", 2_000, "money"), 1), (("deducted", 550, "money"), 1),
    ]  # fmt: skip
    assert sum(each[3] + each[4] for each in parts) == 2_400
    refund = pay_reverse_bill(context, ACME, made.bill_id, by=TESS)
    december = date(2026, 12, 3)
    record_refund_paid(on(context, december), ACME, refund.refund_id, december, by=TESS)
    whole = bought(context)
    assert sum(each[4] for each in whole) == 2_183
    assert sum(each[3] for each in whole) == 13_333
    assert bought(context, "2026-11") == parts
    reopen_debt(
        context, LAB, debt_of(context, LAB).debt_id, operations_of(context, LAB)[0].operation_id, "x", by=TESS
    )
    assert sum(each[4] for each in bought(context)) == ledger(context)["445660"]
    assert failed(context) == {}


def test_vat_on_debits_and_reverse_charge_in_the_report(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context, terms=replace(TERMS, on_debits=True))
    set_legal_party(context, SHOP, GERMAN, by="cli")
    agreed(context, SHOP, replace(TERMS, regime=Regime.REVERSE_CHARGE))
    first = billed(context)
    billed(context, SHOP)
    assert bought(context) == [
        ("deducted", 2_000, "document", 10_000, 2_000, 1),
        ("self-assessed", 2_000, "document", 10_000, 2_000, 1),
    ]
    take_back_reverse_bill(context, ACME, first.bill_id, "wrong", by=BOB)
    assert bought(context) == [("self-assessed", 2_000, "document", 10_000, 2_000, 1)]


def test_the_fec_has_a_journal_of_purchases(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context, terms=replace(TERMS, sets_off=True))
    made = billed(context)
    wrong = billed(context, lines=[replace(COMMISSION, reference="X")])
    take_back_reverse_bill(context, ACME, wrong.bill_id, "wrong", by=BOB)
    later = on(context, TODAY + timedelta(days=16))
    set_off_reverse_bill(later, ACME, made.bill_id, by=TESS)
    refund = pay_reverse_bill(later, ACME, made.bill_id, by=TESS)
    record_refund_paid(later, ACME, refund.refund_id, TODAY + timedelta(days=17), by=TESS)
    found = checked(export_fec(later, FR, span("2026"), tmp_path).path)
    purchases = [row for row in found.rows if row["JournalCode"] == "AC"]
    assert {row["JournalLib"] for row in purchases} == {"Achats"}
    assert {row["EcritureLib"] for row in purchases} == {
        f"Autofacture fournisseur {made.bill_id}", f"Autofacture fournisseur {wrong.bill_id}",
        "Avoir sur autofacture FRS00001-000003",
    }  # fmt: skip
    assert {row["CompAuxNum"] for row in found.rows if row["CompteNum"] == "401000"} == {ACME}
    assert found.balances["401000"] == 0
    assert found.auxiliaries["401000", ACME] == 0
    assert (found.balances["622200"], found.balances["445660"]) == (10_000, 2_000)


# ---------------------------------------------------------------- how it leaves


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as found:
        yield found


def test_a_supplier_gets_its_paper_by_mail_and_its_platform_its_file(
    database: Database, tmp_path: Path, box: Mailbox
) -> None:
    with platform() as flows:
        context = by_platform(by_mail(delivering(database, tmp_path / "papers"), box), flows)
        leave_by(context, Channel.EMAIL)
        leave_by(context, Channel.PLATFORM)
        set_legal_party(context, ACME, FRENCH, by="cli")
        agreed(context)
        made = billed(context)
        render_missing(context)
        deliver_due(context)
        (posted,) = [each for each in flows.posted if made.bill_id in each["name"]]
    assert posted["flowSyntax"] == "Factur-X"
    (mail,) = [each for each in box.mails if made.bill_id in str(each["subject"])]
    assert str(mail["subject"]) == f"Nuage du Nord SAS : facture {made.bill_id} établie en votre nom"
    assert str(mail["to"]) == f"{ACME}@example.com"
    body = mail.get_body()
    assert body is not None
    assert "autofacturation" in body.get_content()
    assert [each.get_filename() for each in mail.iter_attachments()] == [f"{made.bill_id}.pdf"]
    assert failed(context) == {}


# ---------------------------------------------------------------- the conservation law


@pytest.mark.parametrize("seed", range(4))
def test_what_is_owed_is_what_was_billed_and_neither_paid_nor_set_off_nor_taken_back(
    database: Database, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    context = buying(database, tmp_path)
    agreed(context, terms=replace(TERMS, sets_off=True, on_debits=bool(seed % 2), contest_days=1))
    for account_id in (ACME, LAB):
        for number in range(3):
            subscribe(context, account_id, f"more-{account_id}-{number}", next_on=date(2026, 12, 1))
    bill(context, "2026-12")
    for step in range(24):
        today = on(context, TODAY + timedelta(days=step))
        with suppress(Refusal):
            _act(today, dice, step)
    with context.database.read() as tx:
        told = rows(context, "SELECT bill_id FROM reverse_bill WHERE kind = 'self-billed'")
        every = reverse_bills.standings(tx, ACME, [row.bill_id for row in told])
    assert len(every) > 1
    assert -ledger(context).get("401000", 0) == sum(each.payable_minor for each in every.values())
    assert report_vat(context, FR, "2026").ties
    assert failed(context) == {}


def _act(context: Context, dice: random.Random, step: int) -> None:
    """One thing that people do; much of it is refused."""
    bills = [row.bill_id for row in rows(context, "SELECT bill_id FROM reverse_bill ORDER BY order_id")]
    chosen = BillId(dice.choice(bills)) if bills else BillId("none")
    kind = dice.choice(("issue", "set-off", "set-off", "pay", "paid", "failed", "take-back", "reopen"))
    refunds = list_refunds(context, ACME)
    if kind == "issue" or not bills:
        lines = [
            replace(COMMISSION, reference=f"{step}-{number}", vat_rate_bp=dice.choice((2_000, 1_000, 550)),
                    unit_price_ucents=dice.randrange(1, 10**10))
            for number in range(dice.randrange(1, 4))
        ]  # fmt: skip
        billed(context, lines=lines)
    elif kind == "set-off":
        set_off_reverse_bill(context, ACME, chosen, by=TESS)
    elif kind == "pay":
        pay_reverse_bill(context, ACME, chosen, by=TESS)
    elif kind == "take-back":
        take_back_reverse_bill(context, ACME, chosen, "wrong", by=BOB)
    elif kind == "reopen" and rows(context, SET_OFF):
        row = dice.choice(rows(context, SET_OFF))
        reopen_debt(context, row.account_id, row.debt_id, row.operation_id, "undone", by=TESS)
    elif refunds and kind == "paid":
        number = dice.choice(refunds).refund_id
        record_refund_paid(context, ACME, number, context.clock.today("Europe/Paris"), by=TESS)
    elif refunds:
        record_refund_failed(context, ACME, dice.choice(refunds).refund_id, "AC04", by=TESS)
