"""A seller with money coming in, for the office's pages: bills owed, mandates, a statement with puzzles."""

import io
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from acquit.actions.add_operator import add_operator
from acquit.actions.ask_run import ask_run, carry_out_run
from acquit.actions.ask_vat import ask_vat, carry_out_vat
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.import_bank_file import import_bank_file
from acquit.actions.move_service import move_service
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_dispute import open_dispute
from acquit.actions.run_dunning import run_dunning
from acquit.actions.set_purchase_order import set_order_policy
from acquit.core.identifiers import AccountId, BillId, ServiceId
from acquit.core.purchase_order import Policy
from acquit.store import bank_matches, vat_requests
from acquit.store.transaction import Database
from banking import ACME_IBAN, Tx, camt
from billed import ADDRESSED, bill, rows, subscribe
from collecting import DUE_ON, SELLER_IBAN, collecting, on
from e2e.world import PASSWORD, SCRIPT
from founding import ACME, FR, PETIT, SHOP

NOWHERE: Final = AccountId("zz99999-acq")
LATE_ON: Final = date(2027, 1, 20)
NUMBERS: Final = "SELECT account_id, bill_id, payment_reference FROM bill"
PAGES: Final = (
    "/office/bank",
    "/office/bank?q=nothing+fits",
    "/office/bank/files",
    "/office/bank/entries",
    "/office/bank/entries?q=who",
    "/office/bank/entries/{entry}",
    "/office/bank/entries/{matched}",
    "/office/bank/entries/{debit}",
    "/office/runs",
    "/office/runs/asked/{asked}",
    "/office/runs/asked/{waiting}",
    "/office/runs/{month}",
    "/office/dunning",
    "/office/dunning?kind=notice",
    "/office/dunning/rehearsal",
    "/office/dunning/{late}",
    "/office/disputes",
    "/office/disputes/{payer}/{dispute}",
    "/office/approvals",
    "/office/moves",
    "/office/moves/{payer}/{given}",
    "/office/accounts/{payer}/moves",
    "/office/remittances",
    "/office/remittances/new",
    "/office/remittances/new?kind=refund",
    "/office/remittances/{file}",
    "/office/reports",
    "/office/reports/aged",
    "/office/reports/statement",
    "/office/reports/statement?account={payer}&from=2026-01-01&to=2026-12-31",
    "/office/reports/vat?span=2026-11",
    "/office/reports/vat?span=2026-Q4",
    "/office/reports/vat?span=2026",
    "/office/reports/periods",
    "/office/health",
    "/office/acts",
    "/office/acts?actor=tess",
    "/office/deliveries",
    "/office/search",
    "/office/search?q={bill}",
    "/office/search?q=12,00",
    "/office/search?q=nothing+at+all",
)


def money_world(database: Database, directory: Path) -> Context:
    """Acme and its laboratory, the shop and Petit owe 12.00 each; ada and alan may do everything."""
    context = collecting(database, directory)
    for operator_id, name, role in (
        ("ada", "Ada Admin", "administrator"),
        ("alan", "Alan Second", "administrator"),
        ("audrey", "Audrey Auditor", "auditor"),
    ):
        add_operator(context, operator_id, name, role, PASSWORD, by="system")
    _wait(context)
    return context


def _wait(context: Context) -> None:
    """An account without an address is parked, and one whose purchase order is missing is held."""
    nowhere = replace(ADDRESSED, name="Nowhere SARL", street="", city="")
    open_account(context, Opening(FR, nowhere, NOWHERE), by="cli")
    set_order_policy(context, SHOP, Policy.HOLD, by="cli")
    for account_id in (NOWHERE, SHOP):
        subscribe(context, account_id, f"waits-{account_id}")
    bill(context)


def bring(context: Context, *entries: Tx, name: str = "S") -> None:
    """The seller's bank tells these entries."""
    content = camt(list(entries), iban=SELLER_IBAN, name=name)
    import_bank_file(context, f"{name}.xml", lambda: nullcontext(io.BytesIO(content)), by="operator:tess")


def numbers(context: Context) -> dict[str, str]:
    """The bill of each account."""
    return {row.account_id: row.bill_id for row in rows(context, NUMBERS)}


def puzzles(context: Context) -> Mapping[str, str]:
    """A statement of which one entry matches by itself and the others wait; return ids that pages name."""
    bills = numbers(context)
    reference = {row.account_id: row.payment_reference for row in rows(context, NUMBERS)}
    bring(
        context,
        Tx(1_200, reference=reference[PETIT], payer="Petit SAS"),
        Tx(700, f"part of {bills[SHOP]}", payer="Acme Études SARL", iban=ACME_IBAN),
        Tx(5_000, f"who are you {SCRIPT} " + "and-a-word-without-an-end" * 6, payer="Nobody known at all"),
        Tx(-950, "fees of the month"),
        Tx(1_300, f"{bills[ACME]} and more", payer="Acme Études SARL", iban=ACME_IBAN),
    )
    with context.database.read() as tx:
        waiting = bank_matches.waiting(tx, FR)
    matched = rows(context, "SELECT min(entry_id) AS entry FROM bank_match")[0].entry
    debit = rows(context, "SELECT entry_id FROM bank_entry WHERE direction = 'debit'")[0].entry_id
    file = create_remittance(context, FR, DUE_ON, by="operator:tess").remittance
    assert file is not None
    run_dunning(on(context, LATE_ON), FR, by="operator:tess")
    dispute = open_dispute(context, PETIT, BillId(bills[PETIT]), 500, f"Not ordered {SCRIPT}", by="cli")
    asked = ask_run(context, FR, "2026-12", is_rehearsal=True, by="operator:ada")
    carry_out_run(context, asked.request_no)
    waits = ask_run(context, FR, "2026-12", is_rehearsal=True, by="operator:ada")
    for span in ("2026-11", "2026-Q4"):
        ask_vat(context, FR, span, by="operator:ada")
    with context.database.read() as tx:
        report = vat_requests.latest(tx, FR, "2026-11", is_made=False)
    assert report is not None
    carry_out_vat(context, FR, report.request_no)
    given = subscribe(context, PETIT, f"free {SCRIPT}", unit_price_ucents=0)
    move_service(context, PETIT, ServiceId(given), SHOP, by="operator:ada")
    return {
        "month": "2026-11", "given": str(given),
        "payer": PETIT, "late": SHOP, "bill": bills[PETIT], "dispute": str(dispute.dispute_id),
        "asked": str(asked.request_no), "waiting": str(waits.request_no),
        "entry": str(waiting[0]), "matched": str(matched), "debit": str(debit), "file": file.message_id,
    }  # fmt: skip
