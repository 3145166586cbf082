"""`acquit bank`: statements of banks, what they pay and why, what waits for a person."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from cyclopts import App, Parameter

from acquit.actions.approve_decision import approve_decision, withdraw_decision
from acquit.actions.bank_inbox import bank_inbox, bank_story, look_again
from acquit.actions.bank_told import told_outcome, told_story, told_unexplained
from acquit.actions.context import Context
from acquit.actions.import_bank_file import ImportedFile, Mapped, import_bank_file
from acquit.actions.match_by_hand import Choice, Outcome, match_by_hand
from acquit.actions.own_entries import link_deposit, link_refund
from acquit.actions.unmatch_entry import set_entry_aside, unmatch_entry
from acquit.cli.account import only_legal_entity
from acquit.cli.bank_settings import read_bank_mapping, register
from acquit.cli.program import Given
from acquit.cli.screen import Screen, table
from acquit.cli.terms import Operator, actor
from acquit.core.errors import Invalid, Refusal
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency, parsed, plain

REFUSED = 1
SHOWN_MAX = 50

app = App(name="bank", help="Bank statements: import, inbox, match, unmatch, bundles.")
register(app)

Which = Annotated[int, Parameter(help="The entry's number.")]
Seller = Annotated[str | None, Parameter(name="--legal-entity", help="The seller, where there are several.")]


@app.command(name="import")
def import_(
    *files: Path,
    mapping: Annotated[
        Path | None, Parameter(help="For a bank's own table: a TOML file that says which column is what.")
    ] = None,
    operator: Operator = None,
    program: Given,
) -> int:
    """Book bank statements once, match what is safe, leave the rest in the inbox with proposals.

    camt.053, camt.052 and camt.054 are read, and a bank's own table (CSV) with --mapping. A file that does
    not add up is refused whole; a file that was stopped is imported again and goes on.

    Parameters
    ----------
    files
        The bank's files.
    """
    if not files:
        raise Invalid("Name at least one file.")
    mapped = read_bank_mapping(mapping) if mapping else None
    documents = []
    with program.open() as context:
        for file in files:
            with program.screen.progress(f"Matching {file.name}", None) as advance:
                documents.append(_import(context, file, mapped, actor(operator), advance))
    for document in documents:
        for note in document["notes"]:
            program.screen.warn(f"{document['file']}: {note}")
        if document["reason"]:
            program.screen.warn(f"{document['file']}: {document['reason']}")
    rows = [
        (each["file"], each["status"], each["entries"], each["matched"], each["proposed"], each["unmatched"],
         _sum(each["credit_minor"], each["currency"]), _sum(each["debit_minor"], each["currency"]))
        for each in documents
    ]  # fmt: skip
    columns = ("file", "status", ">entries", ">matched", ">proposed", ">unmatched", ">credit", ">debit")
    program.screen.answer(documents, table(*columns, rows=rows))
    return REFUSED if any(each["status"] == "refused" for each in documents) else 0


def _import(
    context: Context, file: Path, mapped: Mapped | None, by: str, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Return what became of one file; a refused one is told like the others."""

    def opening() -> AbstractContextManager[BinaryIO]:
        return file.open("rb")

    try:
        if not file.is_file():
            raise Invalid(f"There is no file {file}.")
        found = import_bank_file(context, file.name, opening, by=by, mapping=mapped, progress=advance)
    except Refusal as refusal:
        found = ImportedFile(file.name, "refused", refusal.message, 0, 0, 0, 0, 0, 0, "", 0)
    return asdict(found) | {"file": str(file), "reason": found.reason or None, "notes": list(found.notes)}


@app.command
def inbox(
    *,
    refresh: Annotated[bool, Parameter(negative="", help="Look for proposals anew.")] = False,
    limit: Annotated[int, Parameter(help="How many to show.")] = SHOWN_MAX,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Show the entries that wait for a person, each with what may explain it, best first."""
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        if refresh:
            look_again(context, entity_id, by=actor(operator))
        found = bank_inbox(context, entity_id, rows_max=max(limit, 0))
    documents = [told_unexplained(each) for each in found.entries]
    decisions = [
        {"decision": each.decision_no, "kind": each.kind, "entry": each.entry_id,
         "amount_minor": each.amount_minor, "asked_by": each.asked_by, "asked_at": each.asked_at}
        for each in found.decisions
    ]  # fmt: skip
    rows = [
        (each["entry"], each["booked_on"], each["amount"], each["payer"] or "", best["score"] if best else "",
         best["reason"] if best else each["why"])
        for each in documents
        for best in [each["proposals"][0] if each["proposals"] else None]
    ]  # fmt: skip
    program.screen.answer(
        {"waiting": found.waiting, "entries": documents, "decisions": decisions},
        table(">entry", "booked", ">amount", "payer", ">score", "best proposal", rows=rows)
        if rows
        else "No entry waits.",
        *([_decisions(decisions)] if decisions else []),
    )


@app.command
def show(entry: Which, /, *, program: Given) -> None:
    """Show an entry, where its money is, what it pays and why, or what is proposed."""
    with program.open() as context:
        story = bank_story(context, entry)
    document = told_story(story)
    lines = [f"{document['booked_on']}  {document['amount']}  {document['payer'] or ''}  {document['text']}"]
    if story.match is not None:
        lines.append(f"matched by rule {int(story.match.rule)} ({story.match.score}): {story.match.reason}")
    lines += [story.why] if story.why else []
    lines += [f"{rank}. ({each.score}) {each.reason}" for rank, each in enumerate(story.proposals, 1)]
    lines += [
        f"{move.moved_on}  {move.kind}  {move.account_id} {move.deposit_id or ''}" for move in story.moves
    ]
    program.screen.answer(document, *lines)


@app.command
def match(
    entry: Which,
    /,
    *,
    proposal: Annotated[int | None, Parameter(help="Take the proposal with this number.")] = None,
    bill: Annotated[
        list[str] | None,
        Parameter(
            help="Pay this bill, or a part of it as in FR00000042=12.50; repeat it.", consume_multiple=True
        ),
    ] = None,
    payer: Annotated[
        str | None, Parameter(help="Whose money it is; what is over becomes its credit.")
    ] = None,
    write_off: Annotated[bool, Parameter(negative="", help="Give up what is missing.")] = False,
    use_credit: Annotated[bool, Parameter(negative="", help="Use the payer's credit too.")] = False,
    refund: Annotated[
        str | None, Parameter(help="It paid this refund, sent by hand at the bank: ab12345-acq/7.")
    ] = None,
    deposit: Annotated[
        str | None,
        Parameter(help="It is the money of this deposit, recorded by hand: ab12345-acq/FRDP00000007."),
    ] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Match an entry by hand: take a proposal, or name bills, the payer, a refund or a deposit.

    Above the seller's limit it waits for a second operator.
    """
    with program.open() as context:
        if refund is not None:
            payer_id, _, number = refund.rpartition("/")
            if not number.isdecimal():
                raise Invalid("A refund is named by its account and number, as in ab12345-acq/7.")
            link_refund(context, entry, AccountId(payer_id), int(number), by=actor(operator))
            program.screen.answer(
                {"entry": entry, "status": "matched", "refund": refund},
                f"Entry {entry} paid refund {refund}.",
            )
            return
        if deposit is not None:
            payer_id, _, number = deposit.partition("/")
            link_deposit(context, entry, AccountId(payer_id), number, by=actor(operator))
            program.screen.answer(
                {"entry": entry, "status": "matched", "deposit": deposit},
                f"Entry {entry} is the money of deposit {deposit}; nothing is booked twice.",
            )
            return
        currency = bank_story(context, entry).stored.entry.currency
        bills = tuple(
            (BillId(name), parsed(amount, currency) if amount else None)
            for name, _, amount in (each.partition("=") for each in bill or [])
        )
        choice = Choice(proposal, bills, AccountId(payer) if payer else None, write_off, use_credit)
        outcome = match_by_hand(context, entry, choice, by=actor(operator))
    _tell(program.screen, outcome, "matched")


@app.command
def unmatch(
    entry: Which,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; it is recorded.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Undo the match of an entry: its bills are open again and its money waits."""
    with program.open() as context:
        outcome = unmatch_entry(context, entry, reason, by=actor(operator))
    _tell(program.screen, outcome, "unmatched")


@app.command(name="set-aside")
def set_aside(
    entry: Which,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why it pays no bill, as in: a fee of the bank.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Take an entry that pays no bill out of the inbox; its money stays in suspense."""
    with program.open() as context:
        set_entry_aside(context, entry, reason, by=actor(operator))
    program.screen.answer({"entry": entry, "status": "set aside"}, f"Entry {entry} waits no longer: {reason}")


@app.command
def approve(
    decision: Annotated[int, Parameter(help="The decision's number.")],
    /,
    *,
    withdraw: Annotated[bool, Parameter(negative="", help="Do nothing of it instead.")] = False,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Approve, as the second person, a match or its undoing above the seller's limit."""
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        end = withdraw_decision if withdraw else approve_decision
        ended = end(context, decision, entity_id, by=actor(operator))
    said = "withdrawn" if withdraw else "approved"
    program.screen.answer(
        {"decision": decision, "entry": ended.entry_id, "kind": ended.kind, "status": said},
        f"Decision {decision} ({ended.kind} of entry {ended.entry_id}) is {said}.",
    )


def _tell(screen: Screen, outcome: Outcome, done: str) -> None:
    waits = outcome.decision_no is not None
    if waits:
        screen.warn(
            f"A second person has to approve it: acquit bank approve {outcome.decision_no} --operator …"
        )
    document = told_outcome(outcome, done)
    screen.answer(document, f"Entry {outcome.entry_id} {document['status']}: {outcome.proposal.reason}")


def _decisions(decisions: list[dict[str, Any]]) -> object:
    rows = [(each["decision"], each["kind"], each["entry"], each["asked_by"]) for each in decisions]
    return table(">decision", "what", ">entry", "asked by", rows=rows)


def _sum(minor: int, currency: str) -> str:
    return f"{plain(minor, Currency(currency))} {currency}" if currency else str(minor)
