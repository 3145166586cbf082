"""The paper of a bundle: a remittance advice as text, as a table and as a page with its transfer's code."""

import csv
import io
from dataclasses import dataclass
from html import escape
from typing import Final

from acquit.core.bundle import Bundle
from acquit.core.money import plain
from acquit.documents.payment_code import payment_code

HEAD: Final = ("bill", "account", "amount", "currency", "reference")


@dataclass(frozen=True, slots=True)
class Payee:
    """To whom the transfer goes."""

    name: str
    iban: str
    bic: str


def as_table(bundle: Bundle) -> bytes:
    """Return a line for each bill and one for the credit; the amounts add up to the transfer."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for part in bundle.parts:
        amount = plain(part.amount_minor, bundle.currency)
        writer.writerow((part.bill_id, part.account_id, amount, bundle.currency, bundle.reference))
    if bundle.credit_minor:
        taken = plain(-bundle.credit_minor, bundle.currency)
        writer.writerow(("", bundle.account_id, taken, bundle.currency, bundle.reference))
    return out.getvalue().encode()


def as_text(bundle: Bundle, payee: Payee) -> bytes:
    """Return the advice as people read it in a mail."""
    currency = bundle.currency
    lines = [
        f"Remittance advice {bundle.bundle_id} of {bundle.account_id}, {bundle.made_on}",
        "",
        f"To         {payee.name}",
        f"IBAN       {in_fours(payee.iban)}",
        f"Reference  {in_fours(bundle.reference)}",
        "",
        *(
            f"{part.bill_id:<24}{part.account_id:<20}{plain(part.amount_minor, currency):>16}"
            for part in bundle.parts
        ),
        *([f"{'credit':<44}{plain(-bundle.credit_minor, currency):>16}"] if bundle.credit_minor else []),
        f"{f'transfer {currency}':<44}{plain(bundle.amount_minor, currency):>16}",
        "",
    ]
    return "\n".join(lines).encode()


def as_page(bundle: Bundle, payee: Payee) -> bytes:
    """Return the advice as one self-contained page; in euro with the code that a telephone reads."""
    code = ""
    if bundle.currency == "EUR":
        code = payment_code(payee.name, payee.iban, payee.bic, bundle.reference, bundle.amount_minor) or ""
    rows = "".join(
        f"<tr><td>{escape(part.bill_id)}</td><td>{escape(part.account_id)}</td>"
        f"<td class=n>{plain(part.amount_minor, bundle.currency)}</td></tr>"
        for part in bundle.parts
    )
    if bundle.credit_minor:
        taken = plain(-bundle.credit_minor, bundle.currency)
        rows += f"<tr><td>Credit</td><td></td><td class=n>{taken}</td></tr>"
    return PAGE.format(
        id=bundle.bundle_id, payee=escape(payee.name), iban=in_fours(payee.iban), code=code,
        reference=in_fours(bundle.reference), rows=rows,
        total=f"{plain(bundle.amount_minor, bundle.currency)} {bundle.currency}",
    ).encode()  # fmt: skip


def in_fours(text: str) -> str:
    """Return an identifier in groups of four signs, as people read it aloud."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Remittance advice {id}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #1b2430 }}
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
svg {{ width: 10rem; height: 10rem; float: right }}
table {{ border-collapse: collapse; width: 100%; margin-top: 1.5rem; clear: both }}
th, td {{ text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #d9dfe6 }}
.n {{ text-align: right; font-variant-numeric: tabular-nums }} tfoot td {{ font-weight: 600; border: 0 }}
</style></head><body>{code}
<h1>Remittance advice {id}</h1>
<p>To {payee}<br>IBAN {iban}<br>Reference <strong>{reference}</strong></p>
<table><thead><tr><th>Bill</th><th>Account</th><th class="n">Amount</th></tr></thead><tbody>{rows}</tbody>
<tfoot><tr><td colspan="2">To be transferred</td><td class="n">{total}</td></tr></tfoot></table>
</body></html>
"""
