"""`acquit service move / moves / show-move`: services that change hands."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from acquit.actions.list_moves import Asked, WholeMove, list_asked_moves, list_moves, show_move
from acquit.actions.loading import account_in
from acquit.actions.move_service import move_service, rehearse_move
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given, Yes
from acquit.cli.receivables import Seller
from acquit.cli.screen import facts, table
from acquit.cli.service import ForAccount, Which, charge_document, document_of, number_of
from acquit.cli.service_change import app, told_charge
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import plain
from acquit.store.move_lists import Settled

__all__ = ["app"]

ROWS_MAX = 1_000


@app.command
def move(
    service: Which,
    /,
    *,
    account: ForAccount,
    to: Annotated[str, Parameter(help="The account that takes it.")],
    dry_run: Annotated[bool, Parameter(negative="", help="Tell what it comes to; change nothing.")] = False,
    yes: Yes = False,
    program: Given,
) -> None:
    """Give a service with its options to another account of the seller, from today on, at what was agreed.

    Days that were renewed before come back to the one and are charged to the other. Neither account is
    asked: `/me/task/contactChange` and the manager ask both.
    """
    with program.open() as context:
        number, today = number_of(context, AccountId(account), service)
        if not dry_run:
            program.screen.confirm(f"Give service {service} of {account} to {to}?", yes)
        act = rehearse_move if dry_run else move_service
        done = act(context, AccountId(account), number, AccountId(to), by="cli")
    charges = [*done.back, *done.charges]
    is_now = "would be a service" if dry_run else f"is service {done.service.service_id}"
    program.screen.answer(
        document_of(done.service, today) | {
            "account": to,
            "options": [document_of(each, today) for each in done.options],
            "charges": [charge_document(each) for each in charges],
            "dry_run": dry_run,
        },
        f"{done.service.resource_name} {is_now} of {to} from {today} on.",
        *map(told_charge, charges),
    )  # fmt: skip


@app.command
def moves(
    *,
    account: Annotated[str | None, Parameter(help="What it asked, was asked, gave and took.")] = None,
    limit: Annotated[int, Parameter(help="How many of each, newest first.")] = 100,
    legal_entity: Seller = None,
    program: Given,
) -> None:
    """Show changes of contacts that accounts asked for, and services that changed hands."""
    rows_max = max(1, min(limit, ROWS_MAX))
    whose = None if account is None else AccountId(account)
    with program.open() as context:
        if whose is None:
            entity_id: LegalEntityId = only_legal_entity(context, legal_entity)
        else:
            with context.database.read() as tx:
                entity_id = account_in(tx, whose).legal_entity_id
        asked = list_asked_moves(context, entity_id, whose, rows_max=rows_max)
        went = list_moves(context, entity_id, whose, rows_max=rows_max)
    rows = [
        (each.name, each.account_id, each.service_id, each.to_account_id, each.to_service_id, each.moved_on,
         each.moved_by)
        for each in went
    ]  # fmt: skip
    heads = ("service", "from", ">was", "to", ">is", "on", "by")
    program.screen.answer(
        {"asked": asked, "moved": went},
        *([_asked(asked)] if asked else []),
        table(*heads, rows=rows) if rows else "No service has changed hands.",
    )


@app.command(name="show-move")
def show_one(service: Which, /, *, account: ForAccount, program: Given) -> None:
    """Show where a service of an account went, and what is billed to whom from when."""
    account_id = AccountId(account)
    with program.open() as context:
        number, _ = number_of(context, account_id, service)
        found = show_move(context, account_id, number)
    program.screen.answer(
        found, _move(found), _billed(found), *([_asked(found.asked)] if found.asked else [])
    )


def _asked(found: Sequence[Asked]) -> object:
    rows = [
        (
            each.change.contact_change_id, each.change.service_name, each.change.contact.value,
            each.change.account_id, each.change.to_account_id, each.change.asked_at.date(), each.state.value,
        )
        for each in found
    ]  # fmt: skip
    return table(">task", "service", "contact", "of", "to", "asked", "state", rows=rows)


def _move(found: WholeMove) -> object:
    move_ = found.move
    return facts(
        service=move_.name,
        ended=f"service {move_.service_id} of {move_.account_id}",
        goes_on=f"service {move_.to_service_id} of {move_.to_account_id}",
        since=move_.moved_on,
        renewed_until=move_.paid_until_on,
        by=move_.moved_by,
        options=", ".join(str(each.to_service_id) for each in found.options),
    )


def _billed(found: WholeMove) -> object:
    move_, service = found.move, found.service
    rows: list[tuple[Any, ...]] = [(f"before {move_.moved_on}", move_.account_id, "renewals and use", "", "")]
    rows += [_row(each) for each in found.settled]
    every = f"renewals, every {service.renewal_months} months" if service.renewal_months > 1 else "renewals"
    rows += [
        (f"from {move_.paid_until_on}", move_.to_account_id, every, "", ""),
        (f"from {move_.moved_on}", move_.to_account_id, "use", "", ""),
    ]
    return table("days", "account", "what", ">net", "bill", rows=rows)


def _row(each: Settled) -> tuple[Any, ...]:
    days = f"{each.first_on} - {each.last_on}"
    net = f"{plain(each.net_minor, each.currency)} {each.currency}"
    return days, each.account_id, each.description, net, each.bill_id or "the next"
