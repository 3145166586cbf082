"""The EPC QR code of a transfer: a telephone's bank application reads it and fills in the transfer.

Source: European Payments Council, EPC069-12 (version 002, level M, at most QR version 13).
"""

from typing import Final

from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum import iso11649

from acquit.core.money import Currency, plain

HOLDER_MAX: Final = 70
AMOUNT_MAX_MINOR: Final = 99_999_999_999
QUIET_MODULES: Final = 1
MASK: Final = 2
"""Readers take any of the eight masks; choosing one here saves weighing all of them, 4 ms a bill."""


def payment_code(holder: str, iban: str, bic: str, reference: str, amount_minor: int) -> str | None:
    """Return the code of a transfer in EUR as SVG, or None when any part of it is not valid."""
    text = transfer_text(holder, iban, bic, reference, amount_minor)
    return None if text is None else drawn(text)


def transfer_text(holder: str, iban: str, bic: str, reference: str, amount_minor: int) -> str | None:
    """Return what the code says, or None when IBAN, BIC, reference, holder or amount is not valid.

    The BIC may be left out; the reference is structured (ISO 11649), so there is no unstructured text.
    """
    name = " ".join(holder.split())[:HOLDER_MAX].rstrip()
    is_valid = ibans.is_valid(iban) and iso11649.is_valid(reference) and (not bic or bics.is_valid(bic))
    if not (is_valid and name and 0 < amount_minor <= AMOUNT_MAX_MINOR):
        return None
    amount = f"EUR{plain(amount_minor, Currency('EUR'))}"
    account = bics.compact(bic), name, ibans.compact(iban)
    return "\n".join(("BCD", "002", "1", "SCT", *account, amount, "", iso11649.compact(reference)))


def drawn(text: str) -> str:
    """Return the QR code of a text as SVG: all dark modules are one path, so no viewer shows seams."""
    import segno  # only where a code is drawn

    code = segno.make(
        text, error="m", boost_error=False, micro=False, encoding="utf-8", mode="byte", mask=MASK
    )
    rows = [bytes(row) for row in code.matrix]
    side = len(rows) + 2 * QUIET_MODULES
    path = "".join(run for y, row in enumerate(rows) for run in _runs(y + QUIET_MODULES, row))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}" height="{side}">'
        f'<path d="{path}"/></svg>'
    )


def _runs(y: int, row: bytes) -> list[str]:
    runs, x = [], 0
    while x < len(row):
        dark = 0
        while x + dark < len(row) and row[x + dark]:
            dark += 1
        if dark:
            runs.append(f"M{x + QUIET_MODULES} {y}h{dark}v1h-{dark}z")
        x += dark or 1
    return runs
