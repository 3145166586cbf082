"""`acquit bills credit / correct / held / extend / release`: what a person decides about bills and holds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated

from cyclopts import Parameter

from acquit.actions.change_hold import extend_hold, release_hold
from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.loading import account_in
from acquit.cli.program import Given
from acquit.cli.screen import Screen, table
from acquit.cli.terms import ChooseOne, Operator, actor
from acquit.core.account import TaxProfile
from acquit.core.bill import Bill, NoSuchBill
from acquit.core.correction import KEPT
from acquit.core.credit import Part
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import parsed, plain
from acquit.store import bills, holds
from acquit.store.holds import Held

Number = Annotated[str, Parameter(help="The number of the bill.")]
Why = Annotated[str, Parameter(help="Why; it is printed.")]
Recorded = Annotated[str, Parameter(help="Why; it is recorded.")]


@dataclass(frozen=True, slots=True)
class CorrectBuyer:
    """The buyer as it should have been; what is not given stays."""

    buyer: Annotated[str | None, Parameter(help="Name of the buyer in law.")] = None
    siren: str | None = None
    vat_id: str | None = None
    e_address: str | None = None
    address: Annotated[str | None, Parameter(help="Street and number.")] = None
    address_2: Annotated[str | None, Parameter(help="Second line of the address.")] = None
    zip: str | None = None
    city: str | None = None
    country: str | None = None
    tax_profile: TaxProfile | None = None
    exemption_reason: str | None = None
    buyer_reference: str | None = None

    def members(self) -> dict[str, str]:
        """Return what is given, by the names of a buyer's members."""
        renamed = {"buyer": "name", "address": "street", "address_2": "street_2"}
        return {
            renamed.get(name, name): str(value) for name, value in asdict(self).items() if value is not None
        }


def credit(
    bill: Number,
    *,
    reason: Why,
    line: Annotated[list[int] | None, Parameter(help="Only this line; may be repeated.")] = None,
    amount: Annotated[str | None, Parameter(help="Net, of the one line, as in 12.50.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Take a bill back by a credit note: whole, or lines of it, or an amount of one line."""
    lines = line or []
    if amount is not None and len(lines) != 1:
        raise ChooseOne("--amount is of one line: name it with --line.")
    with program.open() as context:
        account_id, found = _find(context, BillId(bill))
        net_minor = None if amount is None else parsed(amount, found.currency)
        parts = [Part(number, net_minor) for number in lines]
        note = credit_bill(context, account_id, found.bill_id, reason, parts, by=actor(operator))
    program.screen.answer(note, _documents([note]))


def correct(
    bill: Number,
    *,
    reason: Why,
    order: Annotated[str | None, Parameter(help="The reference of the right purchase order.")] = None,
    no_order: Annotated[bool, Parameter(negative="", help="It quotes no order.")] = False,
    current_party: Annotated[
        bool, Parameter(negative="", help="The buyer as the account's legal party is now.")
    ] = False,
    due_anew: Annotated[
        bool, Parameter(negative="", help="The term begins with the corrective bill.")
    ] = False,
    buyer: Annotated[CorrectBuyer | None, Parameter(name="*")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Correct a bill with a wrong order, buyer, address or tax id.

    A credit note and a corrective bill, in one act; what was paid for the bill is applied to the new one.
    """
    if order is not None and no_order:
        raise ChooseOne("Choose one of --order and --no-order.")
    reference = None if no_order else order if order is not None else KEPT
    members = {} if buyer is None else buyer.members()
    correction = Correction(members, reference, current_party, due_anew)
    with program.open() as context:
        account_id, found = _find(context, BillId(bill))
        made = correct_bill(context, account_id, found.bill_id, reason, correction, by=actor(operator))
    if members or current_party:
        program.screen.say("Later bills: `acquit account set-legal-party` keeps the buyer right.")
    program.screen.answer(made, _documents([made.credit_note, made.bill]))


def held(
    *,
    account: Annotated[str | None, Parameter(help="Only this account.")] = None,
    program: Given,
) -> None:
    """Show what is held for its purchase order: accrued, not billed, with its last day."""
    with program.open() as context, context.database.read() as tx:
        if account is not None:
            account_in(tx, AccountId(account))
        found = holds.going_on(tx, None if account is None else AccountId(account))
    _answer(program.screen, found)


def extend(
    account: Annotated[str, Parameter(help="The account, as in ab12345-acq.")],
    *,
    until: Annotated[date, Parameter(help="The last day of the hold.")],
    reason: Recorded,
    operator: Operator = None,
    program: Given,
) -> None:
    """Hold what is held of an account for longer."""
    with program.open() as context:
        found = extend_hold(context, AccountId(account), until, reason, by=actor(operator))
    _answer(program.screen, found)


def release(
    account: Annotated[str, Parameter(help="The account, as in ab12345-acq.")],
    *,
    reason: Recorded,
    operator: Operator = None,
    program: Given,
) -> None:
    """Let the next run bill what is held of an account, order or not."""
    with program.open() as context:
        found = release_hold(context, AccountId(account), reason, by=actor(operator))
    for period in sorted({each.period for each in found}):
        program.screen.say(f"The next run bills it: acquit bills run --period {period}")
    _answer(program.screen, found)


def _find(context: Context, bill_id: BillId) -> tuple[AccountId, Bill]:
    with context.database.read() as tx:
        account_id = bills.account_of(tx, bill_id)
        found = None if account_id is None else bills.find(tx, account_id, bill_id)
    if account_id is None or found is None:
        raise NoSuchBill(bill_id)
    return account_id, found


def _documents(made: Sequence[Bill]) -> object:
    return table(
        "number", "", "of", "account", "issued", "due", "order", ">net", ">VAT", ">total", "",
        rows=[
            (
                each.bill_id, each.kind.value, each.corrects_bill_id, each.account_id, each.issued_on,
                each.due_on, each.purchase_order_reference or "",
                plain(each.net_minor, each.currency), plain(each.tax_minor, each.currency),
                plain(each.total_minor, each.currency), each.currency,
            )
            for each in made
        ],
    )  # fmt: skip


def _answer(screen: Screen, found: Sequence[Held]) -> None:
    rows = [
        (
            each.account_id, each.period, plain(each.amount_minor, each.currency), each.currency, each.reason,
            each.since_on, each.until_on,
        )
        for each in found
    ]  # fmt: skip
    shown = table("account", "period", ">net", "", "order", "since", "until", rows=rows)
    screen.answer(found, shown if rows else "Nothing is held.")
