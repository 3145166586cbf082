"""`acquit delivery`: by which channels bills leave, who gets them, and what became of each."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.deliver import Delivered, deliver_due
from acquit.actions.follow_platform import follow_platform
from acquit.actions.loading import date_of, entity_in
from acquit.actions.set_delivery import (
    count_deliveries,
    end_delivery,
    list_channels,
    list_deliveries,
    retry_delivery,
    send_again,
    set_channel,
    set_contacts,
    show_contacts,
    show_statuses,
)
from acquit.actions.set_messages import set_messages, show_messages
from acquit.actions.take_bounces import take_bounces
from acquit.actions.tell_statuses import tell_statuses
from acquit.cli.program import Given, WrongUsage
from acquit.cli.screen import Screen, table
from acquit.cli.terms import actor
from acquit.core.delivery import FORMS, Channel, ChannelSetting
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.life_cycle import NAMES, Status
from acquit.core.money import Currency, plain
from acquit.ports import Unreachable
from acquit.store.delivery_lists import Listed

app = App(name="delivery", help="How bills leave, who gets them, what became of each.")

Operator = Annotated[str | None, Parameter(help="Who does it, by operator id.")]
Number = Annotated[int, Parameter(help="The delivery's number.")]
State = Literal["waiting", "delayed", "sent", "refused", "bounced", "retried", "ended"]

TOLD_MAX = 60


class PlatformSilent(Conflict):
    """The e-invoicing platform gives no answer."""

    code = "platform-silent"


@app.command
def channels(*, program: Given) -> None:
    """Show by which channels bills leave, from which day on."""
    with program.open() as context:
        found = list_channels(context)
    rows = [
        (each.legal_entity_id, each.channel.value, "on" if each.is_on else "off", each.from_on, each.form,
         each.origin)
        for each in found
    ]  # fmt: skip
    shown = table("seller", "channel", "", "from", "form", "links", rows=rows) if rows else (
        "Bills leave by no channel: `acquit delivery set` begins one."
    )  # fmt: skip
    program.screen.answer(list(found), shown)


@app.command(name="set")
def set_(
    channel: Annotated[Channel, Parameter(help="Which way: email, platform or peppol.")],
    *,
    legal_entity: Annotated[str, Parameter(help="Whose bills.")],
    form: Annotated[
        str, Parameter(help="pdf, pdf+ubl or link by email; pdf, cii or ubl by platform; ubl by peppol.")
    ] = "",
    from_on: Annotated[date | None, Parameter(name="--from", help="Bills of this day on; today.")] = None,
    off: Annotated[bool, Parameter(negative="", help="From then on no longer.")] = False,
    origin: Annotated[
        str, Parameter(help="What a link begins with, as in https://billing.example.net.")
    ] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Let the bills of a seller leave by a channel, or no longer. Bills from before stay where they are."""
    with program.open() as context:
        setting = ChannelSetting(
            LegalEntityId(legal_entity), channel, from_on or _today(context, legal_entity), not off,
            form or FORMS[channel][0], origin,
        )  # fmt: skip
        queued = set_channel(context, setting, by=actor(operator))
    said = f"Bills of {legal_entity} dated {setting.from_on} or later "
    said += f"leave by {channel} no longer." if off else f"leave by {channel} as {setting.form}."
    said += f" {queued} that are there already leave now." if queued else ""
    program.screen.answer({"channel": setting, "queued": queued}, said)


@app.command
def contacts(
    *,
    account: Annotated[str, Parameter(help="Whose bills, as in ab12345-acq.")],
    to: Annotated[tuple[str, ...], Parameter(help="An address; may be repeated. Replaces all.")] = (),
    nobody: Annotated[bool, Parameter(negative="", help="Forget all: the account's own address.")] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Show, or say, who gets an account's bills by mail."""
    if to and nobody:
        raise WrongUsage("Say --to or --nobody, not both.")
    with program.open() as context:
        if to or nobody:
            found = set_contacts(context, AccountId(account), to, by=actor(operator))
        else:
            found = show_contacts(context, AccountId(account))
    said = "\n".join(found) or "Nobody: no e-mail address is known for this account."
    program.screen.answer({"account": account, "contacts": list(found)}, said)


@app.command
def messages(
    *,
    legal_entity: Annotated[str, Parameter(help="Which seller; without it all are shown.")] = "",
    on: Annotated[
        bool | None, Parameter(negative="--off", help="Tell accounts what happens, or not.")
    ] = None,
    sender: Annotated[str, Parameter(help="The name that mails come from.")] = "",
    reply_to: Annotated[str, Parameter(help="The address for answers; the seller's own.")] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Show, or say, which sellers tell their accounts by mail what happens: bills, dates, orders, prices."""
    if bool(legal_entity) != (on is not None):
        raise WrongUsage("Say --legal-entity and --on or --off, or nothing to see how it is.")
    with program.open() as context:
        if on is not None:
            set_messages(
                context, LegalEntityId(legal_entity), is_on=on, sender=sender, reply_to=reply_to,
                by=actor(operator),
            )  # fmt: skip
        found = list(show_messages(context).values())
    rows = [
        (each.legal_entity_id, "on" if each.is_on else "off", each.from_on, each.sender, each.reply_to)
        for each in found
    ]
    shown = table("seller", "", "bills from", "sender", "answers to", rows=rows) if rows else (
        "No seller tells its accounts anything by messages: "
        "`acquit delivery messages --legal-entity FR --on` begins."
    )  # fmt: skip
    program.screen.answer(found, shown)


@app.command(name="list")
def list_(
    *,
    state: Annotated[tuple[State, ...], Parameter(help="Only in this state; may be repeated.")] = (),
    bill: Annotated[str, Parameter(help="Only of this bill.")] = "",
    limit: Annotated[int, Parameter(help="At most so many, the newest.")] = 100,
    program: Given,
) -> None:
    """Show what left, waits, was refused or came back; without a filter how much needs a look, too."""
    with program.open() as context:
        found = list_deliveries(context, state, bill, limit)
        counts = [] if state or bill else count_deliveries(context)
    _answer(program.screen, found, counts)


@app.command
def retry(delivery: Number, *, operator: Operator = None, program: Given) -> None:
    """Try again now what waits, was refused, or came back."""
    with program.open() as context:
        _answer(program.screen, [retry_delivery(context, delivery, by=actor(operator))])


@app.command(name="send-again")
def send_again_(
    bill: Annotated[str, Parameter(help="The number of the bill.")],
    *,
    operator: Operator = None,
    program: Given,
) -> None:
    """Let a bill that was sent leave once more, by all its channels."""
    with program.open() as context:
        _answer(program.screen, send_again(context, BillId(bill), by=actor(operator)))


@app.command
def end(
    delivery: Number,
    *,
    reason: Annotated[str, Parameter(help="Why; it is recorded.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Give a delivery up that waits."""
    with program.open() as context:
        _answer(program.screen, [end_delivery(context, delivery, reason, by=actor(operator))])


@app.command
def send(*, program: Given) -> None:
    """Try everything that is due now, as the worker does every minute."""
    with program.open() as context:
        tell_statuses(context)
        done: Delivered = deliver_due(context)
    said = f"{done.sent} sent, {done.delayed} put off, {done.refused} refused."
    program.screen.answer(done, said)


@app.command
def follow(*, program: Given) -> None:
    """Hear from the e-invoicing platform now, as the worker does every ten minutes."""
    with program.open() as context:
        try:
            count = follow_platform(context)
        except Unreachable as error:
            raise PlatformSilent(
                f"The platform gives no answer: {error}. Nothing was lost; try again."
            ) from None
    program.screen.answer({"statuses": count}, f"{count} statuses are new.")


@app.command
def bounces(
    place: Annotated[Path, Parameter(help="A mail, or a directory (also a Maildir) of mails.")],
    *,
    program: Given,
) -> None:
    """Take in what mail servers report of mails that did not arrive. Reading twice changes nothing."""
    if not place.exists():
        raise WrongUsage(f"There is no {place}.")
    with program.open() as context:
        taken = take_bounces(context, _mails(place))
    said = (
        f"{taken.read} mails read: {taken.bounced} reports are new, {taken.known} known already, "
        f"{taken.foreign} about nothing of ours."
    )
    program.screen.answer(taken, said)


@app.command
def statuses(bill: Annotated[str, Parameter(help="The number of the bill.")], *, program: Given) -> None:
    """Show the life of a bill as an e-invoice: who told what, and what was collected per VAT rate."""
    with program.open() as context:
        currency, found = show_statuses(context, BillId(bill))
    rows = [
        (
            f"{each.happened_at:%Y-%m-%d %H:%M}",
            f"{each.code} {NAMES.get(each.code, '')}",
            each.said_by.value,
            _said(each, currency),
        )
        for each in found
    ]
    shown = table("when", "status", "told by", "what", rows=rows) if rows else "Nothing was told of it."
    program.screen.answer(list(found), shown)


def _said(status: Status, currency: Currency) -> str:
    amounts = [f"{rate / 100:g} %: {plain(amount, currency)}" for rate, amount in status.collected]
    return "; ".join(amounts) or " ".join(filter(None, (status.reason_code, status.reason)))


def _today(context: Context, legal_entity: str) -> date:
    with context.database.read() as tx:
        return date_of(context, entity_in(tx, LegalEntityId(legal_entity)))


def _mails(place: Path) -> Iterator[bytes]:
    paths = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
    return (each.read_bytes() for each in paths)


def _answer(screen: Screen, found: Sequence[Listed], counts: Sequence[tuple[str, str, int]] = ()) -> None:
    rows = [
        (str(each.delivery_id), each.channel, each.state, each.bill_id or "letter", each.event,
         each.told[:TOLD_MAX] or each.reference)
        for each in found
    ]  # fmt: skip
    shown = table(">no.", "channel", "state", "bill", "event", "told", rows=rows)
    summary = [table("channel", "state", ">deliveries", rows=counts)]
    document = {
        "deliveries": list(found),
        "counts": [{"channel": each[0], "state": each[1], "deliveries": each[2]} for each in counts],
    }
    screen.answer(document, *(summary if counts else ()), shown if rows else "There is nothing.")
