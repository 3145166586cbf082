"""`acquit remittance`: files of direct debits and refunds, from making them to what the bank answers."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from cyclopts import App, Parameter

from acquit.actions.advance_remittance import (
    approve_remittance,
    cancel_remittance,
    hand_over_remittance,
    send_remittance,
)
from acquit.actions.context import Context
from acquit.actions.create_remittance import Made, create_remittance, rehearse_remittance
from acquit.actions.pay_refunds import RefundsMade, create_refund_remittance, rehearse_refunds
from acquit.actions.set_creditor import set_creditor
from acquit.actions.show_remittance import list_remittances, show_remittance
from acquit.cli.account import only_legal_entity
from acquit.cli.mandate import Operator, actor
from acquit.cli.program import Given, WrongUsage
from acquit.cli.remittance_answers import collected, paid, paid_back, refund_account, returned, status
from acquit.cli.screen import Screen, facts, table
from acquit.core.collection import EURO, Creditor
from acquit.core.mandate import masked_iban
from acquit.core.money import plain
from acquit.core.remittance import Remittance

app = App(name="remittance", help="Files for the bank: direct debits to collect, refunds to pay.")
for answer in (status, collected, returned, paid, paid_back, refund_account):
    app.command(answer)

Number = Annotated[str, Parameter(help="The file's number, as in FR-SDD-00000012.")]
Seller = Annotated[str | None, Parameter(help="The seller, if there are several.")]


class OnlyForDebits(WrongUsage):
    """An option that direct debits alone have."""

    code = "only-for-debits"


class CannotWrite(WrongUsage):
    """The file cannot be written there, or there is one already."""

    code = "cannot-write"


@app.command
def creditor(
    *,
    creditor_id: Annotated[str, Parameter(help="SEPA creditor identifier, as in FR72ZZZ123456.")],
    notice_days: Annotated[int, Parameter(help="Days between notice and debit.")] = 14,
    approval_days: Annotated[int, Parameter(help="Days that the approval may take.")] = 1,
    per_bill: Annotated[
        bool, Parameter(negative="", help="One debit per bill, not per payer and day.")
    ] = False,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Say how a seller collects by direct debit."""
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        told = Creditor(entity_id, creditor_id, notice_days, approval_days, not per_bill)
        made = set_creditor(context, told, by=actor(operator))
    document = {
        "legal_entity": made.legal_entity_id, "creditor_id": made.creditor_id,
        "notice_days": made.notice_days, "approval_days": made.approval_days, "bundled": made.bundled,
    }  # fmt: skip
    program.screen.answer(document, facts(**document))


@app.command
def create(
    *,
    kind: Annotated[Literal["direct-debit", "refund"], Parameter(help="What the file moves.")],
    until: Annotated[date | None, Parameter(help="Debts due by then; the first possible day.")] = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Tell what it would hold.")] = False,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Make a draft of a file: what is due from payers with a mandate, or approved refunds.

    A second person approves it before it can be downloaded. What is left out is told with the reason.
    """
    if kind == "refund" and until is not None:
        raise OnlyForDebits("--until is for direct debits: every approved refund is due.")
    with program.open() as context:
        entity_id, by = only_legal_entity(context, legal_entity), actor(operator)
        if kind == "refund":
            given_back = (
                rehearse_refunds(context, entity_id) if dry_run
                else create_refund_remittance(context, entity_id, by=by)
            )  # fmt: skip
            _answer_refunds(program.screen, given_back)
            return
        made = (
            rehearse_remittance(context, entity_id, until) if dry_run
            else create_remittance(context, entity_id, until, by=by)
        )  # fmt: skip
        _answer_debits(program.screen, made)


@app.command(name="list")
def list_(*, program: Given) -> None:
    """List the newest files."""
    with program.open() as context:
        found = [_document(each) for each in list_remittances(context)]
    columns = ("remittance", "state", "made_on", "lines", "amount", "made_by", "approved_by")
    rows = [[each[name] or "" for name in columns] for each in found]
    program.screen.answer(
        found,
        table(
            "remittance", "state", "made on", ">lines", ">amount", "made by", "approved by", rows=rows
        ) if rows else "No remittance.",
    )  # fmt: skip


@app.command
def show(number: Number, /, *, program: Given) -> None:
    """Show one file: its steps, its lines, their debts."""
    with program.open() as context:
        _answer(context, program.screen, number)


@app.command
def approve(number: Number, /, *, operator: Operator = None, program: Given) -> None:
    """Approve a file as the second person; payers get their notice."""
    with program.open() as context:
        approve_remittance(context, number, by=actor(operator))
        _answer(context, program.screen, number)


@app.command
def download(
    number: Number,
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Where to; the file's own name if not given.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Write an approved file, for the bank, to a new place."""
    path = out or Path(f"{number}.xml")
    with program.open() as context:
        kept = _create(path)
        try:
            remittance, content = hand_over_remittance(context, number, by=actor(operator))
        except BaseException:
            kept.close()
            path.unlink()
            raise
    with kept:
        kept.write(content)
    program.screen.answer(
        _document(remittance) | {"file": str(path)},
        f"{path}  {remittance.sha256}  {remittance.size_bytes} bytes",
    )


@app.command
def sent(
    number: Number,
    /,
    *,
    told: Annotated[str, Parameter(help="What the bank answered, if anything.")] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Record that a file was given to the bank."""
    with program.open() as context:
        send_remittance(context, number, told, by=actor(operator))
        _answer(context, program.screen, number)


@app.command
def cancel(
    number: Number,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; it is recorded.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Cancel a file that was not sent; its debts or refunds are free again."""
    with program.open() as context:
        cancel_remittance(context, number, reason, by=actor(operator))
        _answer(context, program.screen, number)


def _create(path: Path) -> BinaryIO:
    """Open a new file that its owner alone reads. Raises CannotWrite."""
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}. Nothing was handed over.") from None


def _document(remittance: Remittance) -> dict[str, Any]:
    return {
        "remittance": remittance.message_id,
        "legal_entity": remittance.legal_entity_id,
        "kind": remittance.kind.value,
        "state": remittance.state.value,
        "lines": remittance.lines,
        "amount_minor": remittance.amount_minor,
        "amount": plain(remittance.amount_minor, remittance.currency),
        "currency": remittance.currency,
        "sha256": remittance.sha256,
        "size_bytes": remittance.size_bytes,
        "made_on": remittance.made_on,
        "made_by": remittance.made_by,
        "approved_by": remittance.approved_by,
    }


def _answer(context: Context, screen: Screen, number: str) -> None:
    found = show_remittance(context, number)
    document = _document(found.remittance) | {
        "events": [
            {"state": each.state.value, "on": each.happened_on, "told": each.told, "by": each.recorded_by}
            for each in found.events
        ],
        "collections": [
            {
                "account": each.account_id, "reference": each.end_to_end, "batch": each.batch_id,
                "sequence": each.sequence.value, "requested_on": each.requested_on,
                "amount_minor": each.amount_minor, "state": each.state.value, "state_on": each.state_on,
                "reason": each.reason_code, "deposit": each.deposit_id,
                "bills": [part.bill_id for part in found.parts.get(each.collection_id, ())],
            }
            for each in found.collections
        ],
        "refunds": [
            {
                "account": line.account_id, "refund": line.refund_id, "reference": line.end_to_end,
                "iban": masked_iban(line.iban), "amount_minor": line.amount_minor,
            }
            for line in found.refunds
        ],
    }  # fmt: skip
    shown = ("remittance", "kind", "state", "lines", "amount", "currency", "made_by", "approved_by", "sha256")
    rows = [
        (
            each["reference"], each["account"], each["sequence"], each["requested_on"],
            plain(each["amount_minor"], EURO), each["state"], each["reason"], " ".join(each["bills"]),
        )
        for each in document["collections"]
    ]  # fmt: skip
    transfers = [
        (line["reference"], line["account"], line["iban"], plain(line["amount_minor"], EURO))
        for line in document["refunds"]
    ]
    screen.answer(
        document,
        facts(**{name.replace("_", " "): str(document[name] or "") for name in shown}),
        table("reference", "account", "type", "on", ">amount", "state", "reason", "bills", rows=rows)
        if rows
        else table("reference", "account", "iban", ">amount", rows=transfers),
    )


def _answer_debits(screen: Screen, made: Made) -> None:
    gathered = made.gathered
    lines = [
        {
            "account": line.mandate.account_id, "mandate": line.mandate.reference,
            "scheme": line.mandate.scheme.value, "sequence": line.sequence.value,
            "requested_on": line.requested_on, "amount_minor": line.amount_minor,
            "bills": [part.bill_id for part in line.parts],
        }
        for line in gathered.lines
    ]  # fmt: skip
    left_out = [
        {
            "bill": each.bill_id, "account": each.payer_id, "amount_minor": each.amount_minor,
            "currency": each.currency, "code": each.code, "reason": each.reason,
        }
        for each in gathered.left_out
    ]  # fmt: skip
    document = {
        "kind": "direct-debit",
        "status": "draft" if made.remittance else "rehearsed",
        "remittance": None if made.remittance is None else made.remittance.message_id,
        "sha256": None if made.remittance is None else made.remittance.sha256,
        "earliest_on": made.earliest_on,
        "until": made.until,
        "amount_minor": gathered.amount_minor,
        "currency": EURO,
        "lines": lines,
        "left_out": left_out,
    }
    rows = [
        (
            line.mandate.account_id, line.mandate.reference, line.sequence.value, line.requested_on,
            plain(line.amount_minor, EURO), " ".join(part.bill_id for part in line.parts),
        )
        for line in gathered.lines
    ]  # fmt: skip
    out = [
        (each.bill_id, each.payer_id, plain(each.amount_minor, each.currency), each.currency, each.reason)
        for each in gathered.left_out
    ]
    screen.answer(
        document,
        _headline(made.remittance, len(rows), gathered.amount_minor),
        table("account", "mandate", "type", "on", ">amount", "bills", rows=rows),
        *([table("bill", "account", ">amount", "currency", "left out", rows=out)] if out else []),
    )


def _answer_refunds(screen: Screen, made: RefundsMade) -> None:
    amount_minor = sum(line.amount_minor for line in made.lines)
    number = None if made.remittance is None else made.remittance.message_id
    document = {
        "kind": "refund",
        "status": "draft" if made.remittance else "rehearsed",
        "remittance": number,
        "sha256": None if made.remittance is None else made.remittance.sha256,
        "amount_minor": amount_minor,
        "currency": EURO,
        "lines": [
            {
                "account": line.account_id, "refund": line.refund_id, "iban": masked_iban(line.iban),
                "holder": line.holder_name, "amount_minor": line.amount_minor,
            }
            for line in made.lines
        ],
        "left_out": [
            {
                "account": each.account_id, "refund": each.refund_id, "amount_minor": each.amount_minor,
                "currency": each.currency, "reason": each.reason,
            }
            for each in made.left_out
        ],
    }  # fmt: skip
    rows = [
        (line.account_id, line.refund_id, masked_iban(line.iban), plain(line.amount_minor, EURO))
        for line in made.lines
    ]
    out = [
        (each.account_id, each.refund_id, plain(each.amount_minor, each.currency), each.reason)
        for each in made.left_out
    ]
    screen.answer(
        document,
        _headline(made.remittance, len(rows), amount_minor),
        table("account", ">refund", "iban", ">amount", rows=rows),
        *([table("account", ">refund", ">amount", "left out", rows=out)] if out else []),
    )


def _headline(remittance: Remittance | None, lines: int, amount_minor: int) -> str:
    what = f"{lines} {'line' if lines == 1 else 'lines'}, {plain(amount_minor, EURO)} {EURO}"
    if remittance is None:
        return f"A rehearsal: {what}. Nothing was written."
    number = remittance.message_id
    return f"{number}: {what}. A second person approves it: acquit remittance approve {number} --operator …"
