"""`acquit bills paper`: a bill as it was archived, as a file."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from acquit.actions.render_document import account_of, bill_cii, bill_pdf, bill_ubl
from acquit.cli.program import Given
from acquit.cli.screen import facts
from acquit.core.identifiers import BillId

FORMS = {"pdf": (bill_pdf, "pdf"), "ubl": (bill_ubl, "ubl.xml"), "cii": (bill_cii, "cii.xml")}


def paper(
    bill: Annotated[str, Parameter(help="The number of the bill.")],
    *,
    form: Annotated[
        Literal["pdf", "ubl", "cii"],
        Parameter(help="Factur-X, UBL, or the CII inside the Factur-X."),
    ] = "pdf",
    out: Annotated[Path, Parameter(help="A directory, or the name of the file.")] = Path(),
    program: Given,
) -> None:
    """Write a bill as it was archived to a file; what has no paper yet is rendered now."""
    take, ending = FORMS[form]
    with program.open() as context:
        bill_id = BillId(bill)
        content = take(context, account_of(context, bill_id), bill_id)
    path = out / f"{bill.replace('/', '-')}.{ending}" if out.is_dir() else out
    path.write_bytes(content)
    told = {"file": str(path), "form": form, "bytes": len(content), "sha256": sha256(content).hexdigest()}
    program.screen.answer(told, facts(**told))
