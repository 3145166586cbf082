"""A seller publishes a version of what its accounts are asked to accept; its paper is kept."""

import hmac
from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, require_staff
from acquit.core.account import NoSuchAccount
from acquit.core.contract_text import (
    SAID_MAX,
    BadContractText,
    ContractText,
    ContractTextTaken,
    NoSuchContractText,
    checked_text,
)
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.core.printed_text import text_faults
from acquit.core.snapshot import seller
from acquit.documents.contract_paper import render_contract
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.letterhead import Letterhead
from acquit.store import acts, contract_texts

FAULTS_SHOWN: Final = 5


def publish_contract(
    context: Context,
    legal_entity_id: LegalEntityId,
    name: str,
    said: str,
    *,
    by: str,
    paper: bytes | None = None,
    from_on: date | None = None,
    account_id: AccountId | None = None,
) -> ContractText:
    """From the day on (today) every account of the seller, or one, is asked to accept this version.

    Without a PDF the paper is set from the words. Raises NoSuchLegalEntity, NoSuchAccount, BadContractText,
    ContractTextTaken.
    """
    name, said = checked_text(name, said)
    _check_paper(name, said, paper)
    with context.database.read() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        entity = entity_in(tx, legal_entity_id)
        if account_id is not None and account_in(tx, account_id).legal_entity_id != legal_entity_id:
            raise NoSuchAccount(account_id)
    today = date_of(context, entity)
    begins = from_on or today
    if begins < today:
        raise BadContractText(f"A version begins today ({today}) or later: nobody was asked before.")
    if paper is None:
        letterhead = Letterhead(seller(entity), entity.logo or b"")
        paper = render_contract(name, said, begins, letterhead, entity)
    kept = context.archive.put(paper)
    with context.database.write() as tx:
        made = contract_texts.publish(tx, legal_entity_id, account_id, name, begins, said, kept, by)
        if made is None:
            raise ContractTextTaken(f"A version of {name!r} begins on {begins} already: choose another day.")
        acts.record(tx, by, "publish_contract", account_id, str(made.contract_text_id), name=name)
    return made


def _check_paper(name: str, said: str, paper: bytes | None) -> None:
    if paper is not None and not paper.startswith(b"%PDF-"):
        raise BadContractText("The paper of a contract text is a PDF file.")
    lines = [] if paper is not None else said.split("\n")
    texts = [("The name", name), *((f"Line {number}", line) for number, line in enumerate(lines, 1))]
    faults = text_faults(texts, missing_glyphs, SAID_MAX)
    if faults:
        raise BadContractText(f"A paper cannot show it: {' '.join(faults[:FAULTS_SHOWN])}")


def contract_token(context: Context, contract_text_id: int) -> str:
    """Return the secret part of the link to the paper."""
    return context.sealer.token(f"contract:{contract_text_id}")


def contract_paper(context: Context, contract_text_id: int, token: str) -> bytes:
    """Return the paper that a link leads to. Raises NoSuchContractText, also for a wrong link."""
    if not hmac.compare_digest(token.encode(), contract_token(context, contract_text_id).encode()):
        raise NoSuchContractText(contract_text_id)
    with context.database.read() as tx:
        found = contract_texts.find(tx, contract_text_id)
    if found is None:
        raise NoSuchContractText(contract_text_id)
    return context.archive.get(found.paper_sha256)
