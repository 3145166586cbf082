"""Bundles and remittance advices: one transfer settles many bills of several accounts, less a credit."""

import io

import pypdf
import pytest

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.bank_inbox import bank_inbox, bank_story, look_again
from acquit.actions.bundle_bills import bundle_bills, import_advice, payment_sheet
from acquit.actions.context import Context
from acquit.actions.set_bank import BadIban, IbanTaken, add_bank_account, group_payers, know_iban
from acquit.actions.unmatch_entry import unmatch_entry
from acquit.core.account import NoSuchAccount
from acquit.core.bank_entry import NoSuchBankEntry
from acquit.core.bundle import BadAdvice, NoSuchBundle, NothingToBundle
from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import AccountId, BillId
from acquit.core.numbering import is_payment_reference
from acquit.core.terms import NotThePayer
from acquit.store.transaction import Database
from actions.test_bank import EUR, bill_ids, billed, bring, inbox, ledger, opened
from banking import ACME_IBAN, Tx, camt
from billed import failed, rows
from founding import ACME, FR, LAB, PETIT, SHOP


@pytest.fixture
def context(database: Database) -> Context:
    return billed(database)


def test_a_bundle_is_settled_by_its_reference(context: Context) -> None:
    papers = bundle_bills(context, ACME, by="cli")
    bundle = papers.bundle
    assert is_payment_reference(bundle.reference)
    assert (bundle.amount_minor, [part.account_id for part in bundle.parts]) == (3_600, [ACME, LAB])
    text = papers.text.decode()
    assert bill_ids(context)[LAB] in text
    assert "Fiche de paiement" in text
    assert "36,00" in text
    assert papers.table.decode().splitlines()[0] == "bill,account,amount,currency,reference"
    assert b'<img class="code" src="data:image/svg+xml;base64,' in papers.page
    assert '<html lang="fr">' in papers.page.decode()
    assert "À virer" in papers.page.decode()
    spelled = " ".join(bundle.reference[start : start + 4] for start in range(0, 20, 4))
    found = bring(context, camt([Tx(3_600, f"ref {spelled}", payer="Holding")]))
    assert found.matched == 1
    (match,) = rows(context, "SELECT rule, score, reason FROM bank_match")
    assert (match.rule, match.score) == (1, 100)
    assert set(opened(context)) == {bill_ids(context)[SHOP], bill_ids(context)[PETIT]}
    assert failed(context) == {}


def test_a_bundle_less_the_payers_credit(context: Context) -> None:
    add_credit(context, ACME, Credit(600, EUR, CreditType.VOUCHER, "an outage"), by="cli")
    bundle = bundle_bills(context, ACME, by="cli", with_credit=True).bundle
    assert (bundle.amount_minor, bundle.credit_minor) == (3_000, 600)
    assert bring(context, camt([Tx(3_000, reference=bundle.reference)])).matched == 1
    assert len(opened(context)) == 2
    assert "419700" not in ledger(context)
    assert failed(context) == {}
    (entry,) = rows(context, "SELECT entry_id FROM bank_entry")
    unmatch_entry(context, entry.entry_id, "wrong", by="cli")
    assert (len(opened(context)), ledger(context)["419700"]) == (4, -600)
    assert failed(context) == {}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr_FR", ["Fiche de paiement", "30,00\u202f€", "Crédit déduit"]),
        ("en_GB", ["Payment sheet", "€30.00"]),
    ],
)
def test_the_payment_sheet_says_what_to_transfer(context: Context, language: str, said: list[str]) -> None:
    add_credit(context, ACME, Credit(600, EUR, CreditType.VOUCHER, "an outage"), by="cli")
    bundle = bundle_bills(context, ACME, by="cli", with_credit=True).bundle
    content = payment_sheet(context, ACME, bundle.bundle_id, language)
    (page,) = pypdf.PdfReader(io.BytesIO(content)).pages
    text = page.extract_text()
    spelled = " ".join(bundle.reference[start : start + 4] for start in range(0, 20, 4)).strip()
    for words in (*said, spelled, *(part.bill_id for part in bundle.parts)):
        assert words in text, text
    assert content == payment_sheet(context, ACME, bundle.bundle_id, language)
    with pytest.raises(NoSuchBundle, match="has no bundle"):
        payment_sheet(context, PETIT, bundle.bundle_id)


@pytest.mark.parametrize("why", ["another's bill", "paid", "covered by credit", "no such account"])
def test_what_cannot_be_bundled(context: Context, why: str) -> None:
    mine = bill_ids(context)
    if why == "another's bill":
        with pytest.raises(NothingToBundle):
            bundle_bills(context, ACME, [BillId(mine[PETIT])], by="cli")
    elif why == "paid":
        reference = rows(context, "SELECT payment_reference FROM bill WHERE account_id = 'cd67890-acq'")[0][0]
        bring(context, camt([Tx(1_200, reference=reference)]))
        with pytest.raises(NothingToBundle):
            bundle_bills(context, PETIT, by="cli")
    elif why == "covered by credit":
        add_credit(context, PETIT, Credit(5_000, EUR, CreditType.VOUCHER, "much"), by="cli")
        with pytest.raises(NothingToBundle):
            bundle_bills(context, PETIT, by="cli", with_credit=True)
    else:
        with pytest.raises(NoSuchAccount):
            bundle_bills(context, AccountId("zz99999-acq"), by="cli")


def test_a_remittance_advice_is_evidence_for_a_known_payer(context: Context) -> None:
    know_iban(context, ACME, ACME_IBAN, by="cli")
    mine = bill_ids(context)
    advice = f"bill,amount\n{mine[ACME]},12.00\n{mine[LAB]},24.00\n".encode()
    number, total = import_advice(context, ACME, "advice.csv", advice, by="cli")
    assert (number is not None, total) == (True, 3_600)
    assert import_advice(context, ACME, "again.csv", advice, by="cli")[0] is None
    assert bring(context, camt([Tx(3_600, iban=ACME_IBAN)])).matched == 1
    (match,) = rows(context, "SELECT rule, reason FROM bank_match")
    assert match.rule == 4
    assert match.reason.startswith(f"Remittance advice {number} (advice.csv) of the payer says")
    assert failed(context) == {}


@pytest.mark.parametrize("content", [b"x,y\n1,2\n", b"bill,amount\nFR1,12.001\n", b"bill,amount\n", b"\xff"])
def test_a_broken_advice_is_refused(context: Context, content: bytes) -> None:
    with pytest.raises(BadAdvice):
        import_advice(context, ACME, "x.csv", content, by="cli")


def test_the_inbox_is_looked_through_again(context: Context) -> None:
    bring(context, camt([Tx(1_200, iban=ACME_IBAN)]))
    assert bank_inbox(context, FR).entries[0].proposals == []
    know_iban(context, ACME, ACME_IBAN, by="cli")
    assert look_again(context, FR, by="cli") == 1
    (found,) = bank_inbox(context, FR).entries
    assert (found.proposals[0].rule, found.proposals[0].score) == (3, 90)
    story = bank_story(context, inbox(context)[0])
    assert (story.match, [move.kind for move in story.moves]) == (None, ["suspense"])
    with pytest.raises(NoSuchBankEntry):
        bank_story(context, 999)


def test_settings_are_checked(context: Context) -> None:
    with pytest.raises(BadIban):
        add_bank_account(context, FR, "FR00", by="cli")
    assert add_bank_account(context, FR, "DE89 3704 0044 0532 0130 00", by="cli") == "DE89370400440532013000"
    with pytest.raises(IbanTaken):
        add_bank_account(context, FR, "DE89370400440532013000", by="cli")
    with pytest.raises(NotThePayer):
        know_iban(context, LAB, ACME_IBAN, by="cli")
    know_iban(context, SHOP, ACME_IBAN, by="cli", is_virtual=True)
    with pytest.raises(IbanTaken):
        know_iban(context, PETIT, ACME_IBAN, by="cli", is_virtual=True)
    with pytest.raises(NotThePayer):
        group_payers(context, "group", [LAB], by="cli")
