"""`acquit collect pay`: what is due, as a file of transfers for the bank and an advice for each provider."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from acquit.collector import remittance_advice as advice
from acquit.collector.bank_days import is_bank_day, next_bank_day
from acquit.collector.cells import amount, day
from acquit.collector.exporting import file_name, repair
from acquit.collector.fault import Fault
from acquit.collector.files import alone
from acquit.collector.hand_over import HandedBill, HandOver, Log, Planned, hand_over, read_log
from acquit.collector.payable import (
    Credit,
    Owed,
    Picked,
    Wanted,
    credit_of,
    gathered,
    loose_debts,
    owed_in,
    pick,
)  # fmt: skip
from acquit.collector.payment_settings import compact, read_settings
from acquit.collector.reread import read_anew
from acquit.collector.seat import ARCHIVE, Archive, Config, Given, Screen, config_in, table, today_of
from acquit.collector.tables import make_tables, open_tables
from acquit.collector.transfers import Batch, Trust, batches, file_of
from acquit.documents.pain001 import BankParty, render

KIND: Final = "payment"
STALE: Final = timedelta(days=2)
NAMES_TOLD: Final = 5


Accounts = Annotated[tuple[str, ...], Parameter(help="Only bills of this account; may be repeated.")]
Bills = Annotated[tuple[str, ...], Parameter(help="Only this bill; may be repeated.")]
Debtor = Annotated[str, Parameter(help="File (FILE or FILE#NAME) or [debtors.NAME] of pay.toml.")]
Out = Annotated[Path, Parameter(help="Directory for the files.")]
ExecutionDate = Annotated[
    date | None,
    Parameter(help="When the bank is to execute; the next day that banks are open if not given."),
]
Deduct = Annotated[
    tuple[str, ...],
    Parameter(
        help="Take this credit note off; may be repeated. What the provider settled already is not owed."
    ),
]
Bundle = Annotated[bool, Parameter(help="One transfer a provider, which names the bills in its text.")]
PerBill = Annotated[bool, Parameter(help="A transfer for each bill with its own reference; the default.")]
AcceptIban = Annotated[
    tuple[str, ...],
    Parameter(help="Pay to this IBAN though the provider had another before; may be repeated."),
]
Again = Annotated[str, Parameter(help="Why bills are paid though they were handed over before.")]


def pay(
    *,
    due_by: Annotated[date, Parameter(help="The last due date that is paid.")],
    account: Accounts = (),
    bill: Bills = (),
    debtor: Debtor = "",
    out: Out = Path(),
    execution_date: ExecutionDate = None,
    include_unknown: Annotated[bool, Parameter(help="Pay bills whose due date is not known, too.")] = False,
    deduct: Deduct = (),
    bundle: Bundle = False,
    one_transfer_per_bill: PerBill = False,
    accept_new_iban: AcceptIban = (),
    again: Again = "",
    dry_run: Annotated[bool, Parameter(help="Show what would be paid; write nothing.")] = False,
    archive: Archive = ARCHIVE,
    config: Config = None,
    program: Given,
) -> int:
    """Pay by transfer what is due: a pain.001 file for the bank and a remittance advice for each provider.

    Picks bills that are still owed, whose due date is known and at most the day given, that no direct debit
    or card collects and that were not handed over before. Exits 1 when a person has to look at a due bill.
    """
    if bundle and one_transfer_per_bill:
        raise Fault("question", "--bundle and --one-transfer-per-bill exclude each other.")
    execute_on = _execution(execution_date, today_of(program))
    wanted = Wanted(due_by, frozenset(account), frozenset(bill), include_unknown, again.strip())
    settings = read_settings(config_in(config), debtor)
    at = datetime.now(UTC).replace(microsecond=0)
    with alone(archive):
        if not dry_run:
            repair(archive, at, program.screen)
        log = read_log(archive)
        picked, notes = _picked(archive, wanted, log, deduct, at, program.screen)
        trust = Trust(_known_ibans(log), frozenset(map(compact, accept_new_iban)), settings.debtor.iban)
        made, left = batches(picked.bills, picked.credits, settings, trust, bundle=bundle)
        picked.left_out.extend(left)
        paid: list[tuple[Batch, HandOver | None]] = [(one, None) for one in made]
        if not dry_run:
            paid = [
                (one, _handed(archive, one, settings.debtor, execute_on, at, wanted, out)) for one in made
            ]
    notes += _late(made, execute_on)
    return _report(program.screen, wanted, picked, paid, notes, execute_on)


# ---------------------------------------------------------------- steps


def _execution(given: date | None, today: date) -> date:
    if given is None:
        return next_bank_day(today)
    if given < today:
        raise Fault("question", f"{given} is past: name an execution date from {today} on.")
    if not is_bank_day(given):
        raise Fault(
            "question", f"Banks are closed on {given}: name {next_bank_day(given)}, or an earlier day."
        )
    return given


def _picked(
    archive: Path, wanted: Wanted, log: Log, deduct: Sequence[str], at: datetime, screen: Screen
) -> tuple[Picked, list[str]]:
    """Return what is to be paid, and what a person should know about it. Raises Fault."""
    make_tables(archive)
    with open_tables(archive) as db:
        names = [one.name for one in owed_in(db)]
    if read_anew(archive, names, screen.warn):
        make_tables(archive)
    before = log.last_of(KIND)
    with open_tables(archive) as db:
        _refuse_unknown(set(wanted.accounts), set(gathered(db)))
        taken = [_deducted(credit_of(db, one), before) for one in dict.fromkeys(deduct)]
        picked = pick(owed_in(db), wanted, before, taken)
        notes = [*_stale(gathered(db), picked, at)]
        notes += [
            f"{account}: debt {debt} of {amount(minor, currency)} {currency} has no bill in the archive."
            for account, debt, currency, minor in loose_debts(db)
        ]
    if wanted.again:
        notes += [f"{one.bill_id} was handed over before: paid again, {wanted.again}." for one in picked.bills
                  if one.name in before]  # fmt: skip
    return picked, notes


def _refuse_unknown(names: set[str], known: set[str]) -> None:
    for name in sorted(names - known):
        raise Fault(
            "question", f"There is no account {name} in the archive; there are {', '.join(sorted(known))}."
        )


def _deducted(credit: Credit | str, before: dict[tuple[str, str], HandOver]) -> Credit:
    if isinstance(credit, str):
        raise Fault("question", credit)
    handed = before.get((credit.account, credit.bill_id))
    if handed is not None:
        raise Fault("question", f"{credit.bill_id} was taken off already, by hand-over {handed.number}.")
    return credit


def _stale(seen: dict[str, datetime | None], picked: Picked, at: datetime) -> list[str]:
    """Tell accounts whose debts may have moved since they were gathered."""
    old = sorted(
        name
        for name in {one.account for one in picked.bills}
        if (when := seen.get(name)) is None or at.replace(tzinfo=None) - when > STALE
    )
    if not old:
        return []
    shown = ", ".join(old[:NAMES_TOLD]) + (" …" if len(old) > NAMES_TOLD else "")
    return [f"Debts of {shown} were last gathered whole over two days ago: run `acquit collect run` first."]


def _known_ibans(log: Log) -> dict[str, frozenset[str]]:
    known: dict[str, frozenset[str]] = {}
    for one in log.of_kind(KIND):
        provider = one.facts.get("provider", "")
        known[provider] = known.get(provider, frozenset()) | frozenset(one.facts.get("ibans", "").split())
    return known


def _late(made: Sequence[Batch], execute_on: date) -> list[str]:
    late = [
        one.owed.bill_id
        for batch in made
        for one in batch.paid
        if one.owed.due_on is not None and one.owed.due_on < execute_on
    ]
    return [f"{len(late)} bills are paid after their due date, the first {late[0]}."] if late else []


def _handed(
    archive: Path, batch: Batch, debtor: BankParty, execute_on: date, at: datetime, wanted: Wanted, out: Path
) -> HandOver:
    """Hand one provider's batch over: the bank's file and the advice. Raises Fault (disk)."""
    number = read_log(archive).next_number
    order = file_of(batch, number, debtor, at, execute_on)
    stem = f"{number:04d}_{file_name(batch.provider.replace('@', '-'))}"
    files = {
        f"{stem}_pain001.xml": render(order),
        f"{stem}_advice.csv": advice.as_csv(batch),
        f"{stem}_advice.txt": advice.as_text(batch, debtor, execute_on, order.message_id),
        f"{stem}_advice.html": advice.as_page(batch, debtor, execute_on, order.message_id),
    }
    bills = [HandedBill(*one.owed.name, "EUR", one.owed.open_minor) for one in batch.paid]
    bills += [HandedBill(one.account, one.bill_id, "EUR", -one.amount_minor) for one in batch.credits]
    facts = {
        "provider": batch.provider, "payee": batch.payee, "ibans": " ".join(batch.ibans),
        "message_id": order.message_id, "execute_on": execute_on.isoformat(),
        "total_minor": str(batch.total_minor), "debtor_iban": debtor.iban,
    }  # fmt: skip
    return hand_over(archive, Planned(KIND, files, bills, wanted.again, facts), out, at)


# ---------------------------------------------------------------- answer


def _report(
    screen: Screen, wanted: Wanted, picked: Picked, paid: Sequence[tuple[Batch, HandOver | None]],
    notes: Sequence[str], execute_on: date,
) -> int:  # fmt: skip
    document = {
        "due_by": wanted.due_by,
        "execute_on": execute_on,
        "paid": [_batch(batch, handed) for batch, handed in paid],
        "left_out": [
            {**_owed(one.owed), "reason": one.reason, "is_fault": one.is_fault} for one in picked.left_out
        ],
        "unknown_due": [_owed(one) for one in picked.unknown],
        "not_due_yet": picked.later,
        "notes": list(notes),
    }
    screen.answer(
        document,
        *([_table(paid)] if paid else []),
        *(_sentence(batch, handed) for batch, handed in paid),
        *([] if paid else ["Nothing is to be paid by transfer."]),
        *([f"{picked.later} more bills are owed, due after {wanted.due_by}."] if picked.later else []),
    )
    for one in picked.left_out:
        tell = screen.warn if one.is_fault else screen.say
        tell(f"Left out: {one.owed.account} {one.owed.bill_id} ({_money(one.owed)}): {one.reason}.")
    for owed in picked.unknown:
        screen.warn(
            f"Due date unknown: {owed.account} {owed.bill_id} ({_money(owed)}); --include-unknown pays it."
        )
    for note in notes:
        screen.warn(note)
    return 1 if any(one.is_fault for one in picked.left_out) else 0


def _table(paid: Sequence[tuple[Batch, HandOver | None]]) -> Any:
    return table(
        "account", "bill", "due", "source", ">pays", "reference",
        rows=[
            (one.owed.account, one.owed.bill_id, day(one.owed.due_on), one.owed.due_source,
             amount(one.amount_minor, "EUR"), one.reference)
            for batch, _ in paid for one in batch.paid
        ],
    )  # fmt: skip


def _sentence(batch: Batch, handed: HandOver | None) -> str:
    what = (
        f"{amount(batch.total_minor, 'EUR')} EUR to {batch.payee} in {len(batch.transfers)} transfers, "
        f"IBAN {', '.join(batch.ibans)}"
    )
    if handed is None:
        return f"Would pay {what}."
    return f"Hand-over {handed.number}: {what}; files in {handed.out}."


def _batch(batch: Batch, handed: HandOver | None) -> dict[str, object]:
    return {
        "provider": batch.provider,
        "payee": batch.payee,
        "ibans": batch.ibans,
        "currency": "EUR",
        "total_minor": batch.total_minor,
        "transfers": len(batch.transfers),
        "bills": [
            {**_owed(one.owed), "paid_minor": one.amount_minor, "reference": one.reference}
            for one in batch.paid
        ],
        "credits": [{"bill_id": one.bill_id, "amount_minor": one.amount_minor} for one in batch.credits],
        "hand_over": handed.number if handed else None,
        "files": [str(Path(handed.out) / file.name) for file in handed.files] if handed else [],
    }


def _owed(owed: Owed) -> dict[str, object]:
    return {
        "account": owed.account,
        "bill_id": owed.bill_id,
        "currency": owed.currency,
        "open_minor": owed.open_minor,
        "due_on": owed.due_on,
        "due_source": owed.due_source,
    }


def _money(owed: Owed) -> str:
    return f"{amount(owed.open_minor, owed.currency)} {owed.currency}"
