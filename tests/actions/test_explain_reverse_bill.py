"""A reverse bill is walked back to where each cent comes from, in two languages."""

from dataclasses import replace
from pathlib import Path

import pytest

from acquit.actions.explain_reverse_bill import explain_reverse_bill
from acquit.actions.issue_reverse_bill import take_back_reverse_bill
from acquit.core.reverse_bill import NoSuchReverseBill
from acquit.core.reverse_text import ENGLISH, FRENCH, reverse_told
from acquit.core.self_billing import Regime
from acquit.store.transaction import Database
from commanding import commander
from founding import ACME, PETIT
from reversing import BOB, TERMS, agreed, billed, buying


def test_each_cent_has_its_sentence(
    database: Database, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    bill = billed(context)
    said = "\n".join(reverse_told(explain_reverse_bill(context, ACME, bill.bill_id)))
    for words in (
        f"Reverse bill {bill.bill_id} of",
        "Agreement 1, MAND-2026-014 (referral commissions), allows it; Alice Martin accepted it",
        "1. Commission on referred accounts, from 2026-11-01 to 2026-11-30: 1 × 100.00 = 100.00 EUR, exact",
        "VAT S at 20 % of 100.00 is 20.00, so 20.00: the supplier bears it",
        "deducts it with each payment",
        "Of 120.00, 0.00 is set off, 0.00 paid, 0.00 under way, 120.00 open.",
        "It is number 1 of series",
        "debit 622",
    ):
        assert words in said, said
    french = "\n".join(reverse_told(explain_reverse_bill(context, ACME, bill.bill_id), "fr_FR"))
    assert "au nom du compte" in french
    note = take_back_reverse_bill(context, ACME, bill.bill_id, "wrong account", by=BOB)
    back = reverse_told(explain_reverse_bill(context, ACME, note.bill_id))
    assert back[0].startswith(f"Credit note {note.bill_id} of")
    assert back[0].endswith("wrong account")
    told = commander(context, capsysbinary, tmp_path)("bills", "explain", bill.bill_id)
    assert f"Credit note {note.bill_id} took it back." in told["sentences"]
    with pytest.raises(NoSuchReverseBill):
        explain_reverse_bill(context, PETIT, bill.bill_id)


def test_who_bears_no_vat_is_told_why(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context, PETIT, replace(TERMS, regime=Regime.SMALL_EXEMPT))
    said = reverse_told(explain_reverse_bill(context, PETIT, billed(context, PETIT).bill_id))
    assert any("CGI 293 B" in each for each in said)
    assert not any("deducts" in each for each in said)


def test_both_languages_have_every_sentence() -> None:
    assert set(ENGLISH) == set(FRENCH)
