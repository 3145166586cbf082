"""Match the entries of statements in pages: what is safe is settled, the rest waits with proposals.

A page is one transaction with its progress: stopped anywhere, the next call goes on with the next page.
"""

from collections.abc import Callable, Sequence

from acquit.actions.bank_booking import Planned, book_entries
from acquit.actions.bank_deciding import decide_in
from acquit.actions.bank_house import desk_in, house_in
from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.own_entries import own_ids, take_own_entries
from acquit.actions.run_pages import without_collector
from acquit.core.bank_own import unknown_return
from acquit.core.identifiers import LegalEntityId
from acquit.core.operator import Right
from acquit.store import bank_files, bank_matches, bank_own

PAGE_ROWS = 2_000


def match_entries(
    context: Context,
    legal_entity_id: LegalEntityId,
    *,
    by: str,
    statement_ids: Sequence[int] | None = None,
    page_rows: int = PAGE_ROWS,
    progress: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Every entry of the statements (None: of all that are not done) is matched or waits; return how many.

    Raises NoSuchLegalEntity, ChartIncomplete, StaffOnly, RoleForbids.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.IMPORT_BANK_FILES)
        open_ids = bank_files.unmatched(tx, legal_entity_id)
    count = 0
    for statement_id in open_ids:
        if statement_ids is None or statement_id in statement_ids:
            while rows := _matched(context, legal_entity_id, statement_id, by, page_rows):
                count += rows
                progress(rows)
    return count


def _matched(
    context: Context, legal_entity_id: LegalEntityId, statement_id: int, by: str, page_rows: int
) -> int:
    with without_collector():
        return _match_page(context, legal_entity_id, statement_id, by, page_rows)


def _match_page(
    context: Context, legal_entity_id: LegalEntityId, statement_id: int, by: str, page_rows: int
) -> int:
    """Match the next entries of a statement; return how many, none when it is done."""
    waits = _take_own(context, legal_entity_id, statement_id, by, page_rows)
    with context.database.write() as tx:
        done_id, is_done = bank_files.lock_progress(tx, legal_entity_id, statement_id)
        if is_done:
            return 0
        page = bank_files.page(tx, legal_entity_id, statement_id, done_id, page_rows)
        if page:
            house = house_in(context, tx, legal_entity_id)
            own = own_ids(tx, legal_entity_id, page)
            decided = decide_in(tx, house.setting, [each for each in page if each.entry_id not in own], waits)
            desk = desk_in(context, tx, house, by)
            planned = [Planned(stored, proposal, True) for stored, proposal in decided.matched]
            told = {stored.entry_id: unknown_return(stored.entry) for stored, _ in decided.unknown} | waits
            unknown = [stored for stored, _ in decided.unknown]
            book_entries(tx, desk, planned, unknown, decided.returned, told)
            proposed = {stored.entry_id: found for stored, found in decided.unknown if found}
            if proposed:
                bank_matches.propose(tx, legal_entity_id, proposed)
        last = page[-1].entry_id if page else done_id
        bank_files.advance(tx, legal_entity_id, statement_id, last, len(page) < page_rows)
        return len(page)


def _take_own(
    context: Context, legal_entity_id: LegalEntityId, statement_id: int, by: str, page_rows: int
) -> dict[int, str]:
    """Book what the next entries tell of our own files and payouts; return why others of them wait."""
    with context.database.read() as tx:
        if not bank_own.expects(tx, legal_entity_id):
            return {}
        done_id = bank_files.done_id(tx, legal_entity_id, statement_id)
        page = bank_files.page(tx, legal_entity_id, statement_id, done_id, page_rows)
    return take_own_entries(context, legal_entity_id, page, by=by)
