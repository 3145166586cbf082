"""`acquit dispute`: objections to bills, what is said about them, and how they end."""

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.open_dispute import (
    add_message,
    assign_dispute,
    close_dispute,
    credit_dispute,
    dispute_file,
    list_disputes,
    open_dispute,
    show_dispute,
    waiting_disputes,
)
from acquit.cli.program import Given
from acquit.cli.receivables import ForAccount, Operator, debt_of
from acquit.cli.screen import facts, table
from acquit.cli.terms import actor
from acquit.core.dispute import BadMessage, Dispute, DisputeState, Message
from acquit.core.identifiers import AccountId, BillId, OperatorId
from acquit.core.money import parsed, plain

app = App(name="dispute", help="Objections to bills: open, answer, end.")

Number = Annotated[int, Parameter(help="The dispute's number.")]


@app.command(name="open")
def open_one(
    bill: Annotated[str, Parameter(help="The number of the bill.")],
    *,
    amount: Annotated[str, Parameter(help="How much is disputed, VAT included.")],
    reason: Annotated[str, Parameter(help="Why.")],
    line: Annotated[int | None, Parameter(help="Only this line.")] = None,
    deadline: Annotated[date | None, Parameter(help="To be answered by; 30 days without.")] = None,
    file: Annotated[Path | None, Parameter(help="What proves it.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Record that a bill, or a line of it, is disputed. The rest stays due."""
    content = None if file is None else (file.name, _bytes(file))
    with program.open() as context:
        debt = debt_of(context, bill)
        found = open_dispute(
            context, debt.account_id, debt.bill_id, parsed(amount, debt.currency), reason, detail_no=line,
            deadline_on=deadline, by=actor(operator),
        )  # fmt: skip
        if content is not None:
            add_message(context, debt.account_id, found.dispute_id, "", content, by=actor(operator))
    program.screen.answer(found, _table([found]))


@app.command(name="list")
def list_them(
    *,
    account: Annotated[str | None, Parameter(help="Those of this account, ended ones too.")] = None,
    program: Given,
) -> None:
    """Show what is open, the first to be answered before the others."""
    with program.open() as context:
        found = waiting_disputes(context) if account is None else list_disputes(context, AccountId(account))
    program.screen.answer(list(found), _table(list(found)) if found else "Nothing is disputed.")


@app.command(name="show")
def show(dispute: Number, *, account: ForAccount, program: Given) -> None:
    """Show a dispute and everything that was said about it."""
    with program.open() as context:
        found, said = show_dispute(context, AccountId(account), dispute)
    program.screen.answer({"dispute": found, "messages": said}, _facts(found), _messages(said))


@app.command(name="say")
def say(
    dispute: Number,
    words: Annotated[str, Parameter(help="What is said.")] = "",
    *,
    account: ForAccount,
    file: Annotated[Path | None, Parameter(help="A file to keep with it.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Add a message, a file, or both."""
    content = None if file is None else (file.name, _bytes(file))
    with program.open() as context:
        found = add_message(context, AccountId(account), dispute, words, content, by=actor(operator))
    program.screen.answer(found, _messages([found]))


@app.command(name="file")
def get_file(
    dispute: Number,
    message: Annotated[int, Parameter(help="The message's number.")],
    *,
    account: ForAccount,
    to: Annotated[Path | None, Parameter(help="Where to write it; else its own name.")] = None,
    program: Given,
) -> None:
    """Write the file of a message to disk."""
    with program.open() as context:
        name, content = dispute_file(context, AccountId(account), dispute, message)
    target = to or Path(name)
    if target.exists():
        raise BadMessage(f"{target} exists already: choose another place with --to.")
    target.write_bytes(content)
    program.screen.answer({"file": str(target), "bytes": len(content)}, f"{target}: {len(content)} bytes")


@app.command(name="assign")
def assign(
    dispute: Number,
    *,
    account: ForAccount,
    to: Annotated[str | None, Parameter(help="The operator who answers for it.")] = None,
    deadline: Annotated[date | None, Parameter(help="To be answered by.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Say who answers for a dispute, and by when."""
    owner = None if to is None else OperatorId(to)
    with program.open() as context:
        found = assign_dispute(
            context, AccountId(account), dispute, owner, deadline, by=actor(operator)
        )  # fmt: skip
    program.screen.answer(found, _table([found]))


@app.command(name="credit")
def credit(
    dispute: Number,
    *,
    account: ForAccount,
    outcome: Annotated[str, Parameter(help="Why it is right; printed on the credit note.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """The account is right: credit what is disputed, and end the dispute."""
    with program.open() as context:
        found, note = credit_dispute(context, AccountId(account), dispute, outcome, by=actor(operator))
    program.screen.answer({"dispute": found, "credit_note": note.bill_id}, _table([found]))


@app.command(name="close")
def close(
    dispute: Number,
    *,
    account: ForAccount,
    state: Annotated[DisputeState, Parameter(help="How it ends: credited, corrected or rejected.")],
    outcome: Annotated[str, Parameter(help="Why.")],
    document: Annotated[str | None, Parameter(help="The credit note or corrective bill.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """End a dispute: rejected, or with a document that was issued for it."""
    settled_by = None if document is None else BillId(document)
    with program.open() as context:
        found = close_dispute(
            context, AccountId(account), dispute, state, outcome, settled_by, by=actor(operator)
        )  # fmt: skip
    program.screen.answer(found, _table([found]))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadMessage(f"{file} cannot be read: {error.strerror}.") from None


def _table(found: list[Dispute]) -> object:
    rows = [
        (each.dispute_id, each.account_id, each.bill_id, each.detail_no,
         plain(each.amount_minor, each.currency), each.currency, each.state.value, each.deadline_on,
         each.owner, each.settled_by, each.reason)
        for each in found
    ]  # fmt: skip
    return table(
        ">", "account", "bill", ">line", ">amount", "", "", "by", "owner", "ended in", "why",
        rows=rows,
    )  # fmt: skip


def _facts(found: Dispute) -> object:
    return facts(
        dispute=found.dispute_id, account=found.account_id, bill=found.bill_id, line=found.detail_no,
        amount=f"{plain(found.amount_minor, found.currency)} {found.currency}", state=found.state.value,
        reason=found.reason, owner=found.owner, deadline=found.deadline_on,
        outcome=found.outcome, ended_in=found.settled_by,
    )  # fmt: skip


def _messages(said: list[Message]) -> object:
    rows = [
        (each.message_no, each.written_at.date(), each.written_by, each.file_name, each.body) for each in said
    ]
    return table(">", "on", "by", "file", "", rows=rows)
