"""`acquit reverse-bill`: what accounts supply to their seller, billed in their name, and paid."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.agree_self_billing import (
    Terms,
    accept_self_billing,
    agree_self_billing,
    agreements_of,
    list_agreements,
    revoke_self_billing,
)
from acquit.actions.answer_reverse_bill import accept_reverse_bill, contest_reverse_bill, end_contest
from acquit.actions.context import Context
from acquit.actions.issue_reverse_bill import issue_reverse_bill, take_back_reverse_bill
from acquit.actions.list_reverse_bills import Told, Whole, list_reverse_bills, show_reverse_bill
from acquit.actions.pay_reverse_bill import (
    PaidOut,
    pay_due_reverse_bills,
    pay_reverse_bill,
    set_off_reverse_bill,
)
from acquit.actions.read_supplies import supplies_in, supply_of
from acquit.actions.render_document import account_of
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given, WrongUsage
from acquit.cli.receivables import ForAccount, Operator, Seller
from acquit.cli.screen import facts, table
from acquit.cli.terms import actor
from acquit.core.bill import Bill
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import plain
from acquit.core.reverse_bill import Standing, Supplied
from acquit.core.self_billing import CONTEST_DAYS, TERM_DAYS, Agreement, Regime

app = App(name="reverse-bill", help="Bills made in the name of accounts that supply their seller.")

Number = Annotated[int, Parameter(help="The agreement's number, as `agreements` lists it.")]
OneBill = Annotated[str, Parameter(help="The number of the reverse bill.")]
Why = Annotated[str, Parameter(help="Why; it is recorded.")]
ROWS_MAX = 1_000


@app.command
def agree(
    *,
    account: ForAccount,
    subject: Annotated[str, Parameter(help="What the account supplies, as in 'referral commissions'.")],
    reference: Annotated[str, Parameter(help="What the written agreement is called.")],
    vat: Annotated[Regime, Parameter(help="How the account stands to VAT as a supplier.")],
    on_debits: Annotated[bool, Parameter(negative=(), help="Its VAT is due with the bill.")] = False,
    contest_days: Annotated[int, Parameter(help="So long it may contest a bill.")] = CONTEST_DAYS,
    term_days: Annotated[int, Parameter(help="So long after a bill it is paid.")] = TERM_DAYS,
    sets_off: Annotated[bool, Parameter(negative=(), help="What it owes may be set off.")] = False,
    since: Annotated[date | None, Parameter(name="--from", help="The first day; today without.")] = None,
    until: Annotated[date | None, Parameter(help="The last day; without it, it goes on.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Offer a self-billing agreement to an account; it is accepted before the first bill."""
    terms = Terms(
        subject, reference, vat, on_debits, contest_days, term_days, sets_off, since, until
    )  # fmt: skip
    with program.open() as context:
        found = agree_self_billing(context, AccountId(account), terms, by=actor(operator))
    program.screen.answer(found, _agreements([found]))


@app.command
def accept(
    number: Number,
    *,
    account: ForAccount,
    signed_by: Annotated[str, Parameter(help="Who signed it for the account.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Record that the account accepted its agreement; it may do so in its manager too."""
    with program.open() as context:
        found = accept_self_billing(context, AccountId(account), number, signed_by, by=actor(operator))
    program.screen.answer(found, _agreements([found]))


@app.command
def revoke(
    number: Number, *, account: ForAccount, reason: Why, operator: Operator = None, program: Given
) -> None:
    """End an agreement today; bills that were made under it stay."""
    with program.open() as context:
        found = revoke_self_billing(context, AccountId(account), number, reason, by=actor(operator))
    program.screen.answer(found, _agreements([found]))


@app.command
def agreements(
    *,
    account: Annotated[str | None, Parameter(help="All of this account.")] = None,
    legal_entity: Seller = None,
    program: Given,
) -> None:
    """Show agreements of a seller, or of one account."""
    with program.open() as context:
        if account is None:
            found = agreements_of(context, only_legal_entity(context, legal_entity), rows_max=ROWS_MAX)
        else:
            found = list_agreements(context, AccountId(account))
    program.screen.answer(found, _agreements(found))


@app.command
def issue(
    *,
    account: ForAccount,
    file: Annotated[Path | None, Parameter(help="Lines in a .csv or .json file.")] = None,
    description: Annotated[str, Parameter(help="What was supplied; one line without a file.")] = "",
    reference: Annotated[str, Parameter(help="What it is known by; it is billed once.")] = "",
    quantity: Annotated[str, Parameter(help="How much, as in 2.5.")] = "1",
    unit_price: Annotated[str, Parameter(help="The price of one without VAT, as in 100.00.")] = "",
    vat_rate: Annotated[str, Parameter(help="In percent; without it the country's.")] = "",
    since: Annotated[str, Parameter(name="--from", help="The first day of the supply.")] = "",
    to: Annotated[str, Parameter(help="Its last day.")] = "",
    again: Annotated[bool, Parameter(negative=(), help="Bill what is billed already.")] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Bill what an account supplied, in its name: numbered in its series, booked, owed to it."""
    if (file is None) == (not description):
        raise WrongUsage(
            "Give a --file of lines, or one line with --description, --unit-price, --from, --to."
        )
    given = {
        "reference": reference, "description": description, "quantity": quantity, "unit_price": unit_price,
        "vat_rate": vat_rate, "from": since, "to": to,
    }  # fmt: skip
    lines = [supply_of(given)] if file is None else _lines_of(file)
    with program.open() as context:
        bill = issue_reverse_bill(context, AccountId(account), lines, by=actor(operator), again=again)
    program.screen.answer(bill, _issued(bill))


@app.command(name="take-back")
def take_back(bill: OneBill, *, reason: Why, operator: Operator = None, program: Given) -> None:
    """Take a whole reverse bill back by a self-billed credit note."""
    with program.open() as context:
        note = take_back_reverse_bill(context, *_named(context, bill), reason, by=actor(operator))
    program.screen.answer(note, _issued(note))


@app.command(name="accept-bill")
def accept_bill(bill: OneBill, *, operator: Operator = None, program: Given) -> None:
    """Record that the account accepts a bill made in its name: it may be paid at once."""
    with program.open() as context:
        found = accept_reverse_bill(context, *_named(context, bill), by=actor(operator))
    program.screen.answer(found, _standing(found))


@app.command
def contest(bill: OneBill, *, reason: Why, operator: Operator = None, program: Given) -> None:
    """Record that the account contests a bill in time: it is not paid until that ends."""
    with program.open() as context:
        found = contest_reverse_bill(context, *_named(context, bill), reason, by=actor(operator))
    program.screen.answer(found, _standing(found))


@app.command(name="end-contest")
def no_contest(bill: OneBill, *, reason: Why, operator: Operator = None, program: Given) -> None:
    """Record that the account contests a bill no longer."""
    with program.open() as context:
        found = end_contest(context, *_named(context, bill), reason, by=actor(operator))
    program.screen.answer(found, _standing(found))


@app.command
def pay(
    bill: Annotated[str | None, Parameter(help="One bill; without it all that fell due.")] = None,
    *,
    due_by: Annotated[date | None, Parameter(help="All that fall due by this day.")] = None,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Have bills paid: the next file of transfers (`remittance create --kind refund`) takes them up."""
    with program.open() as context:
        if bill is not None:
            done = PaidOut((pay_reverse_bill(context, *_named(context, bill), by=actor(operator)),), ())
        else:
            entity_id = only_legal_entity(context, legal_entity)
            done = pay_due_reverse_bills(context, entity_id, due_by, by=actor(operator))
    rows: list[tuple[object, ...]] = [
        (
            each.refund_id, each.account_id, each.source, plain(each.amount_minor, each.currency),
            each.currency, each.state.value, "",
        )
        for each in done.asked
    ]  # fmt: skip
    rows += [("", account_id, bill_id, "", "", "refused", why) for account_id, bill_id, why in done.refused]
    shown = table(">", "account", "bill", ">amount", "", "", "why", rows=rows) if rows else "Nothing is due."
    program.screen.answer({"asked": list(done.asked), "refused": list(done.refused)}, shown)


@app.command(name="set-off")
def offset(bill: OneBill, *, operator: Operator = None, program: Given) -> None:
    """Let what a bill owes pay what its account owes, first due first, where the agreement says so."""
    with program.open() as context:
        found = set_off_reverse_bill(context, *_named(context, bill), by=actor(operator))
    program.screen.answer(found, _standing(found))


@app.command(name="list")
def list_bills(
    *,
    account: Annotated[str | None, Parameter(help="Those of this account.")] = None,
    limit: Annotated[int, Parameter(help="How many, newest first.")] = 100,
    legal_entity: Seller = None,
    program: Given,
) -> None:
    """Show reverse bills, newest first, and how each stands."""
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        whose = None if account is None else AccountId(account)
        found = list_reverse_bills(context, entity_id, whose, rows_max=max(1, min(limit, ROWS_MAX)))
    program.screen.answer(found, _bills(found))


@app.command
def show(bill: OneBill, *, program: Given) -> None:
    """Show a reverse bill: its lines, what its account said, how it was paid."""
    with program.open() as context:
        found = show_reverse_bill(context, *_named(context, bill))
    program.screen.answer(found, *_whole(found))


def _named(context: Context, bill: str) -> tuple[AccountId, BillId]:
    bill_id = BillId(bill)
    return account_of(context, bill_id), bill_id


def _lines_of(file: Path) -> list[Supplied]:
    form = file.suffix.lower().removeprefix(".")
    if form not in ("csv", "json"):
        raise Invalid(f"{file.name} is neither .csv nor .json.")
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    return supplies_in(file.read_bytes(), form)


def _agreements(found: Sequence[Agreement]) -> object:
    rows = [
        (
            each.agreement_no, each.account_id, each.reference, each.subject, each.regime.value, each.from_on,
            each.until_on or "", each.accepted_on or "not yet", each.accepted_by, each.revoked_on or "",
        )
        for each in found
    ]  # fmt: skip
    if not rows:
        return "No account supplies anything yet: `acquit reverse-bill agree` begins it."
    heads = (">", "account", "reference", "subject", "VAT", "from", "until", "accepted", "by", "revoked")
    return table(*heads, rows=rows)


def _issued(bill: Bill) -> object:
    return facts(
        bill=bill.bill_id, account=bill.account_id, issued_on=bill.issued_on, due_on=bill.due_on,
        net=f"{plain(bill.net_minor, bill.currency)} {bill.currency}",
        VAT=f"{plain(bill.tax_minor, bill.currency)} {bill.currency}",
        total=f"{plain(bill.total_minor, bill.currency)} {bill.currency}",
    )  # fmt: skip


def _standing(found: Standing) -> object:
    money = {
        name: f"{plain(minor, found.currency)} {found.currency}"
        for name, minor in (
            ("total", found.total_minor), ("set_off", found.set_off_minor), ("paid", found.paid_minor),
            ("under_way", found.paying_minor), ("open", found.open_minor),
        )
    }  # fmt: skip
    return facts(bill=found.bill_id, state=found.state.value, contest_until=found.contest_until, **money)


def _bills(found: Sequence[Told]) -> object:
    rows = [
        (
            each.bill.bill_id, each.bill.account_id, each.bill.issued_on, each.bill.due_on,
            plain(each.bill.total_minor, each.bill.currency), each.bill.currency,
            "credit note" if each.standing is None else each.standing.state.value,
            "" if each.standing is None else plain(each.standing.open_minor, each.bill.currency),
        )
        for each in found
    ]  # fmt: skip
    if not rows:
        return "No reverse bill was made yet."
    return table("bill", "account", "issued", "due", ">total", "", "", ">open", rows=rows)


def _whole(found: Whole) -> list[object]:
    bill, currency = found.bill, found.bill.currency
    lines = [
        (
            each.detail_no, each.domain, each.description, each.period_start, each.period_end,
            plain(each.net_minor, currency), f"{plain(each.vat_rate_bp, currency)} %",
        )
        for each in bill.details
    ]  # fmt: skip
    parts: list[object] = [_issued(bill)]
    if found.standing is not None:
        parts.append(_standing(found.standing))
    heads = (">", "reference", "description", "from", "to", ">net", ">VAT")
    parts.append(table(*heads, rows=lines))
    story: list[tuple[object, ...]] = [
        (each.happened_on, each.kind, each.told, each.recorded_by) for each in found.said
    ]
    story += [
        (each.state_on or "", f"payment {each.state}", plain(each.amount_minor, currency), each.end_to_end)
        for each in found.payments
    ]
    story += [
        (each.occurred_on, "set off undone" if each.is_undone else "set off",
         plain(each.amount_minor, currency), each.debt_bill_id)
        for each in found.set_offs
    ]  # fmt: skip
    if story:
        parts.append(table("on", "", "", "", rows=story))
    return parts
