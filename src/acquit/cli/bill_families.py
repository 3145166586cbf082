"""`acquit bills view / share / statement`: bills of a family, seen together or shared."""

from datetime import date
from typing import Annotated

from cyclopts import Parameter

from acquit.actions.share_bills import Together, share_bills, slice_statement, who_shares
from acquit.actions.view_family import View, view_family
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.cli.terms import ChooseOne, Operator, actor
from acquit.core.family_view import GroupedBy
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency, plain

Parent = Annotated[str, Parameter(help="The parent account, as in ab12345-acq.")]
ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]


def view(
    *,
    account: ForAccount,
    period: Annotated[str, Parameter(help="A month or a year, as in 2026-11 or 2026.")],
    by: Annotated[GroupedBy, Parameter(help="What to gather lines by.")] = GroupedBy.SUB_ACCOUNT,
    program: Given,
) -> None:
    """Show a parent what its family was billed, regrouped: not a bill, always the sum of the bills."""
    with program.open() as context:
        seen = view_family(context, AccountId(account), period, by)
    totals = ", ".join(f"{plain(minor, currency)} {currency}" for currency, minor in seen.total_minor.items())
    heading = (
        f"{seen.account}, {seen.period}, by {seen.by.value}: {seen.marked}. Sum of the bills: {totals or '-'}"
    )
    program.screen.answer(_view_document(seen), heading, _view_table(seen))


def share(
    account: Parent,
    *,
    from_: Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")] = None,
    off: Annotated[bool, Parameter(negative="", help="Each account has its own bill again.")] = False,
    show: Annotated[bool, Parameter(negative="", help="Change nothing; tell what holds.")] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Let a parent and its sub-accounts of the same legal party stand on one bill."""
    if show and (off or from_ is not None):
        raise ChooseOne("--show changes nothing; leave --off and --from away.")
    account_id = AccountId(account)
    with program.open() as context:
        if show:
            told = who_shares(context, account_id)
        else:
            told = share_bills(context, account_id, from_, is_shared=not off, by=actor(operator))
    program.screen.answer(told, *_together(account, told))


def statement(
    account: Annotated[str, Parameter(help="The sub-account, as in ab20001-acq.")],
    *,
    period: Annotated[str, Parameter(help="A month, as in 2026-11.")],
    program: Given,
) -> None:
    """Show an account's part of the shared bills of a month: a statement, nothing to pay."""
    with program.open() as context:
        parts = slice_statement(context, AccountId(account), period)
    rows = [
        (
            each.bill_id, each.kind, each.account_id, each.issued_on, line.domain, line.description,
            line.period_start, line.period_end, plain(line.net_minor, each.currency),
        )
        for each in parts
        for line in each.lines
    ]  # fmt: skip
    sums = [
        f"{each.bill_id} ({each.kind}): {plain(each.net_minor, each.currency)} net, "
        f"{plain(each.tax_minor, each.currency)} VAT, "
        f"{plain(each.net_minor + each.tax_minor, each.currency)} {each.currency}; owed by {each.account_id}"
        for each in parts
    ]
    lines = table("bill", "", "owed by", "issued", "service", "what", "from", "to", ">net", rows=rows)
    program.screen.answer(
        parts, *([lines, *sums] if rows else [f"No shared bill of {period} has a part of it."])
    )


def _view_document(seen: View) -> object:
    return {
        "account": seen.account,
        "period": seen.period,
        "by": seen.by,
        "marked": seen.marked,
        "groups": [
            {
                "key": each.key, "label": each.label, "currency": each.currency, "bills": each.bills,
                "lines": each.lines, "net_minor": each.net_minor, "tax_minor": each.tax_minor,
                "total_minor": each.total_minor,
            }
            for each in seen.groups
        ],
        "total_minor": seen.total_minor,
    }  # fmt: skip


def _view_table(seen: View) -> object:
    def amounts(currency: Currency, *minors: int) -> list[str]:
        return [plain(minor, currency) for minor in minors]

    rows = [
        (
            each.key or "-", each.label, each.bills, each.lines,
            *amounts(each.currency, each.net_minor, each.tax_minor, each.total_minor), each.currency,
        )
        for each in seen.groups
    ]  # fmt: skip
    return table(seen.by.value, "", ">bills", ">lines", ">net", ">VAT", ">total", "", rows=rows)


def _together(account: str, told: Together | None) -> list[object]:
    if told is None:
        return [f"{account} has never shared its bill; `acquit bills share {account}` begins."]
    if not told.is_shared:
        return [f"From {told.from_on} on each account of {account} has bills of its own."]
    shown: list[object] = [f"From {told.from_on} on {account} shares its bill with:"]
    shown.append(table("account", "", rows=[(each.account_id, each.name) for each in told.sharing]))
    if told.apart:
        rows = [(each.where, each.message) for each in told.apart]
        shown.append(table("keeps its own bills", "why", rows=rows))
    return shown
