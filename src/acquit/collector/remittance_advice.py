"""What a provider is told about a payment: each bill with amount and reference, as CSV, text and page."""

from collections.abc import Iterator
from datetime import date
from html import escape
from typing import Final

from acquit.collector.cells import Exact, amount, csv_bytes, day
from acquit.collector.transfers import Batch, Paid
from acquit.documents.pain001 import BankParty

EURO: Final = "EUR"
HEAD: Final = (
    "bill", "issued_on", "due_on", "account", "purchase_order", "open_amount", "paid_amount", "currency",
    "reference", "iban",
)  # fmt: skip


def as_csv(batch: Batch) -> bytes:
    """Return a row for each bill and each credit; the column of paid amounts adds up to what was sent."""
    return csv_bytes(HEAD, [*map(_row, batch.paid), *_credit_rows(batch)])


def as_text(batch: Batch, debtor: BankParty, execute_on: date, message_id: str) -> bytes:
    """Return the advice as people read it in a mail."""
    lines = [
        f"Remittance advice {message_id}",
        "",
        f"From       {debtor.name}",
        f"To         {batch.payee}",
        f"Executed   {execute_on.isoformat()}",
        *(f"IBAN       {_in_fours(iban)}" for iban in batch.ibans),
        f"Transfers  {len(batch.transfers)}, {_how(batch)}",
        "",
        f"{'bill':<24}{'dated':<12}{'open':>14}{'paid':>14}  reference",
        *(
            f"{one.owed.bill_id:<24}{day(one.owed.issued_on):<12}{amount(one.owed.open_minor, EURO):>14}"
            f"{amount(one.amount_minor, EURO):>14}  {_in_fours(one.reference)}".rstrip()
            for one in batch.paid
        ),
        *(
            f"{one.bill_id:<24}{day(one.issued_on):<12}{amount(-one.amount_minor, EURO):>14}{'':>14}"
            "  credit, taken off"
            for one in batch.credits
        ),
        f"{'total EUR':<50}{amount(batch.total_minor, EURO):>14}",
        "",
    ]
    return "\n".join(lines).encode()


def as_page(batch: Batch, debtor: BankParty, execute_on: date, message_id: str) -> bytes:
    """Return the advice as one self-contained page of HTML, ready to print."""
    rows = "".join(
        f"<tr>{''.join(f'<td class={kind}>{escape(text)}</td>' for kind, text in cells)}</tr>\n"
        for cells in _cells(batch)
    )
    facts = [("From", debtor.name), ("To", batch.payee), ("Executed on", execute_on.isoformat()),
             ("To IBAN", ", ".join(map(_in_fours, batch.ibans))),
             ("Transfers", f"{len(batch.transfers)}, {_how(batch)}")]  # fmt: skip
    told = "".join(f"<dt>{label}</dt><dd>{escape(text)}</dd>" for label, text in facts)
    return PAGE.format(
        id=escape(message_id), facts=told, rows=rows, total=f"{amount(batch.total_minor, EURO)} EUR"
    ).encode()


def _how(batch: Batch) -> str:
    if all(one.reference for one in batch.transfers):
        return "each with the reference of its bill"
    return "which name the bills in their text"


def _row(one: Paid) -> tuple[object, ...]:
    owed = one.owed
    return (
        owed.bill_id, day(owed.issued_on), day(owed.due_on), owed.account, owed.purchase_order,
        Exact(amount(owed.open_minor, EURO)), Exact(amount(one.amount_minor, EURO)), EURO, one.reference,
        one.pay_to.iban,
    )  # fmt: skip


def _credit_rows(batch: Batch) -> Iterator[tuple[object, ...]]:
    for one in batch.credits:
        taken = Exact(amount(-one.amount_minor, EURO))
        yield one.bill_id, day(one.issued_on), "", one.account, "", taken, Exact("0.00"), EURO, "", ""


def _cells(batch: Batch) -> Iterator[tuple[tuple[str, str], ...]]:
    for one in batch.paid:
        yield (("text", one.owed.bill_id), ("text", day(one.owed.issued_on)), ("text", day(one.owed.due_on)),
               ("number", amount(one.owed.open_minor, EURO)), ("number", amount(one.amount_minor, EURO)),
               ("text", _in_fours(one.reference)))  # fmt: skip
    for credit in batch.credits:
        yield (("text", credit.bill_id), ("text", day(credit.issued_on)), ("text", ""),
               ("number", amount(-credit.amount_minor, EURO)), ("number", ""),
               ("text", "credit, taken off"))  # fmt: skip


def _in_fours(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Remittance advice {id}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #1b2430 }}
body {{ max-width: 50rem; margin: 2rem auto; padding: 0 1rem }}
h1 {{ font-size: 1.4rem }} dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem }}
dt {{ color: #5a6675 }} dd {{ margin: 0 }} .wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; margin-top: 1.5rem }}
th, td {{ text-align: left; padding: .4rem .8rem .4rem 0; white-space: nowrap }}
th, td {{ border-bottom: 1px solid #d9dfe6 }}
.number {{ text-align: right; font-variant-numeric: tabular-nums }} tfoot td {{ font-weight: 600; border: 0 }}
</style></head><body>
<h1>Remittance advice {id}</h1>
<dl>{facts}</dl>
<div class="wide"><table><thead><tr><th>Bill</th><th>Dated</th><th>Due</th><th class="number">Open (EUR)</th>
<th class="number">Paid (EUR)</th><th>Reference</th></tr></thead>
<tbody>
{rows}</tbody>
<tfoot><tr><td colspan="4">Total sent</td><td class="number">{total}</td><td></td></tr></tfoot></table></div>
</body></html>
"""
