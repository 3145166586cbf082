"""The paper of a bundle: a remittance advice as text, as a table and as a page with its transfer's code."""

import csv
import io
from dataclasses import dataclass
from typing import Final

from acquit.core.bundle import Bundle
from acquit.core.money import plain
from acquit.documents.letterhead import Letterhead
from acquit.documents.page import filled
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


def as_page(bundle: Bundle, payee: Payee, sender: Letterhead) -> bytes:
    """Return the advice as one self-contained page; in euro with the code that a telephone reads."""
    code = ""
    if bundle.currency == "EUR":
        code = payment_code(payee.name, payee.iban, payee.bic, bundle.reference, bundle.amount_minor) or ""
    rows: list[tuple[str, str, str]] = [
        (part.bill_id, part.account_id, plain(part.amount_minor, bundle.currency)) for part in bundle.parts
    ]
    if bundle.credit_minor:
        rows.append(("Credit", bundle.account_id, plain(-bundle.credit_minor, bundle.currency)))
    return filled(
        "bundle.html",
        sender,
        "en",
        f"Remittance advice {bundle.bundle_id}",
        payee=payee,
        iban=in_fours(payee.iban),
        reference=in_fours(bundle.reference),
        code=code,
        rows=rows,
        total=f"{plain(bundle.amount_minor, bundle.currency)} {bundle.currency}",
    )


def in_fours(text: str) -> str:
    """Return an identifier in groups of four signs, as people read it aloud."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
