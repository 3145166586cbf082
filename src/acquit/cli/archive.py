"""`acquit archive`: stamps, receipts, the legal archive, papers that may go."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.export_archive import export_archive
from acquit.actions.paper_receipts import write_key, write_receipt
from acquit.actions.remove_papers import removable_papers, remove_papers
from acquit.actions.stamp_archive import stamp_archive
from acquit.cli.program import Given, WrongUsage, Yes
from acquit.cli.screen import facts, table
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.period import span
from acquit.store import stamps as stored

BY = "cli"
EXPIRED_SHOWN_MAX = 1_000

app = App(name="archive", help="Stamps, receipts, the legal archive, papers that may go.")

ForEntity = Annotated[str, Parameter(name="--legal-entity", help="The seller.")]


@app.command
def stamp(*, legal_entity: ForEntity = "FR", program: Given) -> None:
    """Stamp now what was archived and booked since the last stamp; each day does so by itself."""
    with program.open() as context:
        made = stamp_archive(context, LegalEntityId(legal_entity), BY)
    document = [
        {
            "legal_entity": each.stamp.legal_entity_id, "stamp": each.stamp.stamp_no,
            "stamped_on": str(each.stamp.stamped_on), "papers": each.papers, "leaves": each.stamp.leaves,
            "hash": each.stamp.hash.hex(),
        }
        for each in made
    ]  # fmt: skip
    told = "Nothing is new since the last stamp." if not made else ""
    program.screen.answer(document, *(facts(**each) for each in document), *([told] if told else []))


@app.command
def stamps(*, legal_entity: ForEntity = "FR", program: Given) -> None:
    """List the stamps: publish a hash, and nobody can change what is before it unseen."""
    with program.open() as context, context.database.read() as tx:
        rows = stored.every(tx, LegalEntityId(legal_entity))
    document = [
        {
            "legal_entity": row.legal_entity_id, "stamp": row.stamp_no, "stamped_on": str(row.stamped_on),
            "papers": row.papers, "leaves": row.leaves, "root": bytes(row.root).hex(),
            "hash": bytes(row.hash).hex(), "public_key": bytes(row.public_key).hex(),
        }
        for row in rows
    ]  # fmt: skip
    shown = [(each["stamp"], each["stamped_on"], each["papers"], each["hash"]) for each in document]
    program.screen.answer(document, table(">stamp", "on", ">papers", "hash", rows=shown))


@app.command
def receipt(
    bill: str,
    /,
    *,
    with_paper: Annotated[bool, Parameter(negative="", help="Write the PDF beside it.")] = False,
    out: Annotated[Path, Parameter(help="A directory, or the name of the file.")] = Path(),
    program: Given,
) -> None:
    """Write the receipt of a bill's PDF: with it anybody proves the paper, by `acquit verify`.

    Parameters
    ----------
    bill
        The number of the bill.
    """
    with program.open() as context:
        made, files = write_receipt(context, BillId(bill), out, BY, with_paper=with_paper)
    document = {
        "file": str(files[0].path), "paper": str(files[1].path) if with_paper else None, "bill": bill,
        "sha256": made.paper.sha256, "stamp": made.stamp.stamp_no, "stamp_hash": made.stamp.hash.hex(),
    }  # fmt: skip
    program.screen.answer(document, facts(**document))


@app.command
def key(
    *,
    out: Annotated[Path, Parameter(help="The name of the file.")] = Path("acquit-key.pem"),
    program: Given,
) -> None:
    """Write the public key of this installation, to be published: it shows who signed a receipt."""
    with program.open() as context:
        made, public_key = write_key(context, out), context.sealer.public_key().hex()
    document = {"file": str(made.path), "public_key": public_key}
    program.screen.answer(document, facts(**document))


@app.command
def export(
    file: Path,
    /,
    *,
    period: Annotated[str | None, Parameter(help="A month, quarter or year: 2026-11, 2026-Q4, 2026.")] = None,
    account: Annotated[str | None, Parameter(help="The papers of one account alone.")] = None,
    legal_entity: ForEntity = "FR",
    program: Given,
) -> None:
    """Write the legal archive: papers, receipts, tables and a page that explains them to a stranger.

    Parameters
    ----------
    file
        The name of the zip file; it appears whole, or not at all.
    """
    if period is None and account is None:
        raise WrongUsage("Say of what: --period, --account, or both.")
    told = None if period is None else span(period)
    account_id = None if account is None else AccountId(account)
    with program.open() as context, program.screen.progress("Papers") as advance:
        made = export_archive(context, LegalEntityId(legal_entity), account_id, told, file, BY, advance)
    document = {
        "file": str(made.path), "files": made.files, "sha256": made.sha256,
        "manifest_sha256": made.manifest_sha256,
    }  # fmt: skip
    program.screen.answer(document, facts(**document))


@app.command
def expired(*, legal_entity: ForEntity = "FR", program: Given) -> None:
    """List papers that the law does not ask to keep any more (the oldest thousand); nothing is removed."""
    with program.open() as context:
        rows = removable_papers(context, LegalEntityId(legal_entity), EXPIRED_SHOWN_MAX)
    document = [
        {
            "bill": row.bill_id, "account": row.account_id, "form": row.form, "issued_on": str(row.issued_on),
            "sha256": row.sha256, "bytes": row.size_bytes,
        }
        for row in rows
    ]  # fmt: skip
    shown = [(each["bill"], each["form"], each["issued_on"], each["account"]) for each in document]
    told = f"{len(rows)} papers may go: acquit archive remove." if rows else "Every paper must be kept."
    program.screen.answer(document, table("bill", "form", "issued on", "account", rows=shown), told)


@app.command
def remove(*, legal_entity: ForEntity = "FR", yes: Yes = False, program: Given) -> None:
    """Remove the papers that `expired` lists, for ever; a younger one cannot be removed by anybody."""
    entity_id = LegalEntityId(legal_entity)
    with program.open() as context:
        if removable_papers(context, entity_id, 1):
            program.screen.confirm(
                f"Papers of {legal_entity} older than ten years are removed for ever.", yes
            )
        removed = remove_papers(context, entity_id, BY)
    document = {"legal_entity": legal_entity, "removed": removed}
    program.screen.answer(document, facts(**document))
