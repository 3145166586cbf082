"""The statement of a payer's account: as a value, as a table, and as a paper in the payer's language."""

from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_of
from acquit.core.account_statement import AccountStatement, Movement, statement_of
from acquit.core.aged_balance import OpenAmount
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.core.snapshot import seller
from acquit.documents.book_tables import statement_csv
from acquit.documents.letterhead import Letterhead
from acquit.documents.statement import render_statement
from acquit.store import legal_parties, receivables

Stated = tuple[AccountStatement, Letterhead, str]


def state_account(
    context: Context,
    payer_id: AccountId,
    first_on: date | None = None,
    last_on: date | None = None,
    currency: Currency | None = None,
) -> Stated:
    """Return the statement, who sends it and the language of its paper.

    From the first of the month of the last day, and up to today, unless told otherwise; in the account's
    currency. Dates are those of the journal. Raises NoSuchAccount, BadStatement.
    """
    with context.database.snapshot() as tx:
        account = account_in(tx, payer_id)
        entity = entity_of(tx, account)
        until = last_on or date_of(context, entity)
        since = first_on or until.replace(day=1)
        party = legal_parties.of_account(tx, payer_id, until)
        made = statement_of(
            payer_id,
            "" if party is None else party.name,
            currency or account.currency,
            (since, until),
            [Movement(*row) for row in receivables.movements(tx, payer_id, since, until)],
            [OpenAmount(*row) for row in receivables.open_of_payers(tx, [payer_id], until)],
        )
    return made, Letterhead(seller(entity), entity.logo or b""), account.language


def statement_pdf(stated: Stated, language: str = "") -> bytes:
    """Return the statement as PDF, in the account's language unless told otherwise."""
    statement, sender, spoken = stated
    return render_statement(statement, sender, language or spoken)


def statement_table(stated: Stated) -> bytes:
    """Return the statement as CSV."""
    return statement_csv(stated[0])
