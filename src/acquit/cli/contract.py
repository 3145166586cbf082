"""`acquit contract`: publish what accounts are asked to accept, and see who did."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from acquit.actions.loading import entity_in
from acquit.actions.publish_contract import publish_contract
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.cli.terms import Operator, actor
from acquit.core.contract_text import BadContractText, NoSuchContractText
from acquit.core.identifiers import AccountId
from acquit.store import contract_texts
from acquit.store.contract_texts import Published

app = App(name="contract", help="What accounts are asked to accept: publish, list, who did.")

Seller = Annotated[str | None, Parameter(name="--legal-entity", help="The seller, if there are several.")]


@app.command
def publish(
    name: str,
    text: Path,
    /,
    *,
    pdf: Annotated[Path | None, Parameter(help="The paper; set from the text without one.")] = None,
    from_: Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")] = None,
    account: Annotated[str | None, Parameter(help="Ask only this account.")] = None,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Publish a version of a contract text; accounts are asked to accept it.

    The file is plain text: blank lines part its paragraphs, a line that begins with `# ` is a heading. The
    version before it under that name is obsolete from that day on.
    """
    with program.open() as context:
        made = publish_contract(
            context,
            only_legal_entity(context, legal_entity),
            name,
            _read(text),
            by=actor(operator),
            paper=None if pdf is None else pdf.read_bytes(),
            from_on=from_,
            account_id=None if account is None else AccountId(account),
        )
    document = _document(Published(made, None, 0))
    who = account or "every account"
    program.screen.answer(
        document, f"From {made.from_on} on {who} is asked to accept {name} ({made.contract_text_id})."
    )


@app.command(name="list")
def list_(*, legal_entity: Seller = None, program: Given) -> None:
    """List every version that was published, with how many accounts accepted it."""
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        with context.database.read() as tx:
            entity_in(tx, seller)
            found = contract_texts.of_seller(tx, seller)
    document = [_document(each) for each in found]
    columns = ("contract", "name", "account", "from", "until", "accepted")
    rows = [[each[column] or "" for column in columns] for each in document]
    program.screen.answer(document, table(">", "name", "only for", "from", "until", ">accepted", rows=rows))


@app.command
def acceptances(contract: int, /, *, program: Given) -> None:
    """List who accepted a version, by whom and when."""
    with program.open() as context, context.database.read() as tx:
        if contract_texts.find(tx, contract) is None:
            raise NoSuchContractText(contract)
        found = contract_texts.acceptances(tx, contract)
    rows = [(each.account_id, each.accepted_by, each.accepted_at.isoformat()) for each in found]
    program.screen.answer(found, table("account", "by", "at", rows=rows))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise BadContractText(
            f"{path} is no text in UTF-8: save it as one, or give a PDF beside it."
        ) from None


def _document(each: Published) -> dict[str, Any]:
    text = each.text
    return {
        "contract": text.contract_text_id, "name": text.name, "account": text.account_id,
        "legal_entity": text.legal_entity_id, "from": text.from_on, "until": each.until_on,
        "accepted": each.accepted, "paper_sha256": text.paper_sha256,
    }  # fmt: skip
