"""The bank in the office: files in, the inbox with ranked proposals, entries and what became of them."""

import io
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

from acquit.actions.bank_inbox import bank_inbox, look_again
from acquit.actions.import_bank_file import ImportedFile, import_bank_file
from acquit.console import texts, typed
from acquit.console.listing import LAST, ROWS, key_in, link_with
from acquit.console.staff.seller import seller_page, sellers_in
from acquit.console.visit import Page, Redirect, Reply, Upload, Visit
from acquit.core.errors import Invalid, Refusal
from acquit.store import bank_files, bank_lists

FILES_MAX: Final = 30
TEXT_MAX: Final = 100


class NoFileChosen(Invalid):
    """The form came without a file."""

    code = "no-file-chosen"


def show_inbox(visit: Visit) -> Page:
    """GET /office/bank: what waits, oldest first, each with what may explain it."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
    entity, text = sellers.entity, _text(visit)
    found = bank_inbox(
        visit.context, entity.legal_entity_id, rows_max=ROWS + 1, after_id=key_in(visit, "after", 0),
        text=text, amount_minor=typed.found_amount(text, entity.currency),
    )  # fmt: skip
    shown = found.entries[:ROWS]
    has_more = len(found.entries) > ROWS
    return seller_page(
        "bank.html", visit, sellers,
        inbox=found, entries=shown, text=text, accepted=key_in(visit, "entry", 0),
        more=link_with(visit, after=shown[-1].stored.entry_id) if has_more else "",
        is_first="after" not in visit.query,
    )  # fmt: skip


def refresh(visit: Visit) -> Reply:
    """POST /office/bank: the waiting entries are compared with the debts of now."""
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    look_again(visit.context, entity_id, by=visit.actor)
    return Redirect(f"/office/bank?seller={entity_id}&done=looked-again")


def list_files(visit: Visit) -> Page:
    """GET /office/bank/files: what banks sent, the latest first."""
    return _files_page(visit, ())


def bring_files(visit: Visit) -> Reply:
    """POST /office/bank/files: each file is booked whole or refused with its reason; the others count."""
    chosen = [each for each in visit.form.uploads if each.name or each.content]
    if not chosen:
        raise NoFileChosen("Choose the bank's files first.")
    return _files_page(visit, [_brought(visit, each) for each in chosen[:FILES_MAX]])


def list_entries(visit: Visit) -> Page:
    """GET /office/bank/entries: the latest entries with what became of them."""
    with visit.snapshot() as tx:
        sellers = sellers_in(visit, tx)
        entity, text = sellers.entity, _text(visit)
        ids = bank_lists.latest_like(
            tx, entity.legal_entity_id, text, typed.found_amount(text, entity.currency),
            key_in(visit, "before", LAST), ROWS + 1,
        )  # fmt: skip
        shown = ids[:ROWS]
        stored = {each.entry_id: each for each in bank_files.some(tx, entity.legal_entity_id, shown)}
        became = bank_lists.became(tx, entity.legal_entity_id, shown)
    return seller_page(
        "bank_entries.html", visit, sellers,
        rows=[(stored[each], became[each]) for each in shown], text=text, seen_max=bank_lists.SEEN_MAX,
        more=link_with(visit, before=shown[-1]) if len(ids) > ROWS else "",
        is_first="before" not in visit.query,
    )  # fmt: skip


def _files_page(visit: Visit, brought: Sequence[tuple[ImportedFile, str]]) -> Page:
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
        rows = bank_lists.statements(
            tx, sellers.entity.legal_entity_id, key_in(visit, "before", LAST), ROWS + 1
        )
    shown = rows[:ROWS]
    return seller_page(
        "bank_files.html", visit, sellers, rows=shown, brought=brought, is_first="before" not in visit.query,
        more=link_with(visit, before=shown[-1].statement_id) if len(rows) > ROWS else "",
    )  # fmt: skip


def _brought(visit: Visit, file: Upload) -> tuple[ImportedFile, str]:
    """Return what became of a file and why, in the visitor's language where we have a sentence for it."""
    name = file.name.replace("\\", "/").rpartition("/")[2][:TEXT_MAX] or "?"
    try:
        found = import_bank_file(
            visit.context, name, lambda: nullcontext(io.BytesIO(file.content)), by=visit.actor
        )
    except Refusal as refusal:
        refused = ImportedFile(name, "refused", refusal.message, 0, 0, 0, 0, 0, 0, "", 0)
        return refused, texts.refused(refusal, visit.language)
    return found, ""


def _text(visit: Visit) -> str:
    return visit.query.get("q", "").strip()[:TEXT_MAX]
