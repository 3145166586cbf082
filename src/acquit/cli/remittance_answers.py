"""`acquit remittance`, second part: what banks tell of files, and where payers get money back."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from acquit.actions.end_collections import Ended, take_collected, take_return
from acquit.actions.pay_refunds import set_refund_account, take_refund_returned, take_refunds_paid
from acquit.actions.take_status_report import take_status_report
from acquit.cli.mandate import Operator, actor
from acquit.cli.program import Given, WrongUsage
from acquit.cli.screen import Screen, facts, table
from acquit.core.collection import EURO
from acquit.core.identifiers import AccountId
from acquit.core.mandate import masked_iban
from acquit.core.money import parsed, plain
from acquit.core.return_reason import reason_of
from acquit.store.refund_lines import RefundAccount

Reference = Annotated[str, Parameter(help="What the bank names: a line, a block or a file.")]
Amount = Annotated[str, Parameter(help="What the bank tells, as in 1234.50.")]
On = Annotated[date, Parameter(help="Value date.")]


class NoSuchFile(WrongUsage):
    """The file cannot be read."""

    code = "no-such-file"


def status(files: list[Path], /, *, operator: Operator = None, program: Given) -> None:
    """Take in what a bank tells of files (pain.002)."""
    documents = []
    with program.open() as context:
        for path in files:
            reported = take_status_report(context, _content(path), by=actor(operator))
            documents.append(
                {
                    "file": str(path), "remittance": reported.remittance.message_id,
                    "state": reported.remittance.state.value, "status": reported.status,
                    "accepted": reported.accepted, "rejected": reported.rejected,
                    "already": reported.already,
                }
            )  # fmt: skip
    columns = ("file", "remittance", "state", "status", "accepted", "rejected")
    rows = [[each[name] for name in columns] for each in documents]
    program.screen.answer(documents, table(*columns, rows=rows))


def collected(
    reference: Reference, /, *, amount: Amount, on: On, operator: Operator = None, program: Given
) -> None:
    """Record that a bank credited debits; their debts are settled."""
    with program.open() as context:
        ended = take_collected(context, reference, parsed(amount, EURO), on, by=actor(operator))
    _answer(program.screen, ended)


def returned(
    reference: Reference,
    /,
    *,
    reason: Annotated[str, Parameter(help="The bank's code, as in AM04.")],
    amount: Amount,
    on: On,
    operator: Operator = None,
    program: Given,
) -> None:
    """Record that a bank took a debit back; its debts are open again."""
    with program.open() as context:
        ended = take_return(context, reference, reason, parsed(amount, EURO), on, by=actor(operator))
    program.screen.say(f"{reason_of(reason).code}: {reason_of(reason).meaning}.")
    _answer(program.screen, ended)


def paid(
    reference: Reference, /, *, amount: Amount, on: On, operator: Operator = None, program: Given
) -> None:
    """Record that a bank paid refunds out."""
    with program.open() as context:
        lines = take_refunds_paid(context, reference, parsed(amount, EURO), on, by=actor(operator))
    documents = [
        {"account": line.account_id, "refund": line.refund_id, "amount_minor": line.amount_minor}
        for line in lines
    ]
    rows = [(line.account_id, line.refund_id, plain(line.amount_minor, EURO)) for line in lines]
    program.screen.answer(documents, table("account", ">refund", ">amount", rows=rows))


def paid_back(
    reference: Reference,
    /,
    *,
    told: Annotated[str, Parameter(help="Why, as the bank says.")],
    on: On,
    operator: Operator = None,
    program: Given,
) -> None:
    """Record that a refund came back; its money is unapplied again."""
    with program.open() as context:
        line = take_refund_returned(context, reference, told, on, by=actor(operator))
    document = {"account": line.account_id, "refund": line.refund_id, "amount_minor": line.amount_minor}
    program.screen.answer(document, f"Refund {line.refund_id} of {line.account_id} came back.")


def refund_account(
    *,
    account: Annotated[str, Parameter(help="The payer.")],
    iban: Annotated[str, Parameter(help="Where its refunds go.")],
    holder: Annotated[str, Parameter(help="Whose bank account it is.")],
    town: Annotated[str, Parameter(help="Town of the holder.")],
    country: Annotated[str, Parameter(help="Country of the holder, two letters.")],
    bic: Annotated[str, Parameter(help="Its bank; needed outside the EEA.")] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Say where a payer gets money back."""
    wanted = RefundAccount(AccountId(account), iban, bic, holder, town, country.upper())
    with program.open() as context:
        made = set_refund_account(context, wanted, by=actor(operator))
    document = {"account": made.account_id, "iban": masked_iban(made.iban), "holder": made.holder_name}
    program.screen.answer(document, facts(**document))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoSuchFile(f"{path} cannot be read: {error.strerror}.") from None


def _answer(screen: Screen, ended: Ended) -> None:
    documents: list[dict[str, Any]] = [
        {
            "account": each.account_id, "reference": each.end_to_end, "state": each.state.value,
            "amount_minor": each.amount_minor, "deposit": each.deposit_id, "already": ended.already,
        }
        for each in ended.collections
    ]  # fmt: skip
    rows = [
        (
            each.end_to_end,
            each.account_id,
            each.state.value,
            plain(each.amount_minor, EURO),
            each.deposit_id or "",
        )
        for each in ended.collections
    ]
    if ended.already:
        screen.warn("The bank told this before: nothing was changed.")
    screen.answer(documents, table("reference", "account", "state", ">amount", "deposit", rows=rows))
