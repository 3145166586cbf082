"""`acquit service`: subscribe plans for accounts, list, renew and end services."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.loading import account_in, today_of
from acquit.actions.set_renewal import set_renewal
from acquit.actions.subscribe_service import subscribe_service
from acquit.actions.terminate_service import terminate_service
from acquit.cli.catalog import price
from acquit.cli.program import Given, Yes
from acquit.cli.screen import facts, table
from acquit.cli.terms import ChooseOne
from acquit.core.agreement import Agreement
from acquit.core.charge import Charge
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, BillingGroupId, ServiceId
from acquit.core.money import E4_PER_ONE, plain
from acquit.core.planned_change import PlannedChange, takes_effect_on
from acquit.core.service import Ending, NoSuchService, Service
from acquit.core.subscription import DEFAULT_MODE, Wish
from acquit.store import agreements, planned_changes, services
from acquit.store.transaction import Transaction

NUMBER_DIGITS_MAX: Final = 15
QUANTITY_DIGITS_MAX: Final = 10

app = App(name="service", help="Services: subscribe, change, renew, suspend, end.")


class BadQuantity(Invalid):
    """A service is sold in whole units, at least one."""

    code = "bad-quantity"


ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]
Which = Annotated[str, Parameter(help="The service's number or its resource's name.")]


@app.command
def subscribe(
    *,
    account: ForAccount,
    plan: Annotated[str, Parameter(help="The plan code; `acquit catalog show` lists them.")],
    mode: Annotated[str, Parameter(help="How it is paid: default, degressivity12 …")] = DEFAULT_MODE,
    months: Annotated[int | None, Parameter(help="Period of renewal, where the mode has several.")] = None,
    option: Annotated[
        list[str] | None, Parameter(help="An add-on; may be repeated. Needed ones have defaults.")
    ] = None,
    quantity: Annotated[str, Parameter(help="How many.")] = "1",
    resource: Annotated[
        str, Parameter(help="What the service is named; made from the plan if not given.", show_default=False)
    ] = "",
    from_: Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")] = None,
    group: Annotated[int | None, Parameter(help="Bill it with this billing group.")] = None,
    program: Given,
) -> None:
    """Subscribe a plan of the catalogue for an account; the next bill run bills it."""
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            today = today_of(context, tx, account_in(tx, account_id))
        billing_group_id = None if group is None else BillingGroupId(group)
        wish = Wish(
            plan,
            from_ or today,
            whole_quantity(quantity),
            mode,
            months,
            tuple(option or ()),
            resource,
            billing_group_id,
        )
        found = subscribe_service(context, account_id, wish, by="cli")
    all_of_it = [found.service, *found.options]
    program.screen.answer(
        document_of(found.service, today) | {
            "options": [document_of(each, today) for each in found.options],
            "charges": [charge_document(each) for each in found.charges],
        },
        services_table(all_of_it, today),
        *(
            f"Charged once: {each.description}, {plain(each.net_minor, each.currency)} {each.currency}."
            for each in found.charges
        ),
    )  # fmt: skip


@app.command(name="list")
def list_(*, account: ForAccount, program: Given) -> None:
    """List the services of an account with their options."""
    account_id = AccountId(account)
    with program.open() as context, context.database.read() as tx:
        today = today_of(context, tx, account_in(tx, account_id))
        found = services.of_account(tx, account_id)
    program.screen.answer(
        [document_of(each, today) for each in found], services_table(found, today) if found else "No service."
    )


@app.command
def show(service: Which, /, *, account: ForAccount, program: Given) -> None:
    """Show one service: its price, its period, how it renews, its options."""
    account_id = AccountId(account)
    with program.open() as context, context.database.read() as tx:
        today = today_of(context, tx, account_in(tx, account_id))
        found = _named(tx, account_id, service)
        options = services.options_of(tx, account_id, found.service_id)
        history = agreements.history(tx, found)
        waiting = planned_changes.waiting(tx, account_id, [found.service_id])[found.service_id]
        suspensions = agreements.suspensions(tx, account_id, found.service_id)
    document = document_of(found, today)
    shown = {name: value for name, value in document.items() if value not in (None, "")}
    shown["unit_price"] = price(shown.pop("unit_price_ucents"))
    program.screen.answer(
        document | {
            "options": [document_of(each, today) for each in options],
            "agreements": [agreement_document(each) for each in history],
            "planned": [planned_document(each) | {"takes_effect": takes_effect_on(each, found)}
                        for each in waiting],
            "suspensions": suspensions,
        },
        facts(**shown),
        *([services_table(options, today)] if options else []),
        "",
        _history_table(history),
        *([_planned_table(found, waiting)] if waiting else []),
        *(f"{each.happening} on {each.happened_on}: {each.reason}".rstrip(": ") for each in suspensions),
    )  # fmt: skip


@app.command
def renewal(
    service: Which,
    /,
    *,
    account: ForAccount,
    automatic: Annotated[bool, Parameter(help="It renews by itself.")] = False,
    manual: Annotated[bool, Parameter(help="It ends unless it is asked to go on.")] = False,
    delete_at_expiration: Annotated[
        bool | None,
        Parameter(negative="--keep-at-expiration", help="Whether the running period is the last one."),
    ] = None,
    program: Given,
) -> None:
    """Say how a service and its options renew."""
    if automatic and manual:
        raise ChooseOne("Choose one of --automatic and --manual.")
    if not automatic and not manual and delete_at_expiration is None:
        raise ChooseOne("Say --automatic, --manual, --delete-at-expiration or --keep-at-expiration.")
    account_id = AccountId(account)
    with program.open() as context:
        number, today = number_of(context, account_id, service)
        changed = set_renewal(
            context, account_id, number, by="cli",
            automatic=True if automatic else False if manual else None,
            delete_at_expiration=delete_at_expiration,
        )  # fmt: skip
    goes_on = (
        f"renews on {changed.next_renewal_on}" if changed.renews else f"ends on {changed.next_renewal_on}"
    )
    program.screen.answer(
        document_of(changed, today), f"{changed.resource_name} {goes_on} ({changed.renewal_type})."
    )


@app.command
def terminate(
    service: Which,
    /,
    *,
    account: ForAccount,
    ending: Annotated[
        Ending, Parameter(help="At-renewal: when the paid period is over.")
    ] = Ending.AT_RENEWAL,
    reason: Annotated[str, Parameter(help="Why; it is recorded.", show_default=False)] = "",
    refund: Annotated[
        bool | None,
        Parameter(negative="--no-refund", help="Ended now, unused days come back; else as the seller does."),
    ] = None,
    yes: Yes = False,
    program: Given,
) -> None:
    """End a service and its options; what is billed stays billed.

    Parameters
    ----------
    yes
        Do not ask.
    """
    account_id = AccountId(account)
    with program.open() as context:
        number, today = number_of(context, account_id, service)
        program.screen.confirm(f"End service {service} of {account} ({ending})?", yes)
        ended = terminate_service(context, account_id, number, ending, by="cli", reason=reason, refund=refund)
    program.screen.answer(
        document_of(ended, today), f"{ended.resource_name} of {account} ends on {ended.terminated_on}."
    )


def whole_quantity(text: str) -> int:
    """Return a quantity of units that are sold whole. Raises BadQuantity."""
    if not (text.isascii() and text.isdigit() and len(text) <= QUANTITY_DIGITS_MAX) or int(text) == 0:
        raise BadQuantity(f"{text} is no quantity: services are sold in whole units, 1 or more.")
    return int(text)


def number_of(context: Context, account_id: AccountId, named: str) -> tuple[ServiceId, date]:
    """Return the service's number and the business date. Raises NoSuchAccount, NoSuchService."""
    with context.database.read() as tx:
        today = today_of(context, tx, account_in(tx, account_id))
        return _named(tx, account_id, named).service_id, today


def _named(tx: Transaction, account_id: AccountId, named: str) -> Service:
    """Return the account's service of that number, else of that name. Raises NoSuchService."""
    found = None
    if named.isascii() and named.isdigit() and len(named) <= NUMBER_DIGITS_MAX:
        found = services.find(tx, account_id, ServiceId(int(named)))
    found = found or services.named(tx, account_id, named)
    if found is None:
        raise NoSuchService(
            f"Account {account_id} has no service {named}. See: acquit service list --account {account_id}",
            service=named,
        )
    return found


def document_of(service: Service, today: date) -> dict[str, Any]:
    """Return a service as a document."""
    return {
        "service": service.service_id,
        "account": service.account_id,
        "parent": service.parent_service_id,
        "resource": service.resource_name,
        "name": service.display_name,
        "plan": service.plan_code,
        "mode": service.pricing_mode,
        "description": service.description,
        "quantity": service.quantity_e4 // E4_PER_ONE,
        "unit_price_ucents": service.unit_price_ucents,
        "currency": service.currency,
        "renewal_months": service.renewal_months,
        "started": service.started_on,
        "next_renewal": service.next_renewal_on,
        "engaged_until": service.engaged_until_on,
        "renewal": service.renewal_type.value,
        "renews": service.renews,
        "billing_group": service.billing_group_id,
        "status": service.status(today).value,
        "terminated": service.terminated_on,
    }


def charge_document(charge: Charge) -> dict[str, Any]:
    """Return a charge as a document."""
    return {
        "service": charge.service_id,
        "kind": charge.kind,
        "description": charge.description,
        "net_minor": charge.net_minor,
        "currency": charge.currency,
    }


def agreement_document(agreement: Agreement) -> dict[str, Any]:
    """Return an agreement as a document."""
    return {
        "from": agreement.from_on,
        "plan": agreement.plan_code,
        "mode": agreement.pricing_mode,
        "quantity": agreement.quantity_e4 // E4_PER_ONE,
        "unit_price_ucents": agreement.unit_price_ucents,
        "renewal_months": agreement.renewal_months,
        "catalogue": agreement.catalogue_id,
        "reason": agreement.reason,
        "change": agreement.change_no,
    }


def planned_document(change: PlannedChange) -> dict[str, Any]:
    """Return a planned change as a document."""
    return {
        "change": change.change_no,
        "service": change.service_id,
        "kind": change.kind,
        "not_before": change.not_before_on,
        "plan": change.plan_code,
        "mode": change.pricing_mode,
        "quantity": None if change.quantity_e4 is None else change.quantity_e4 // E4_PER_ONE,
        "unit_price_ucents": change.unit_price_ucents,
        "day": change.anniversary_day,
        "end_rule": None if change.binding is None else change.binding.end_action,
        "reason": change.reason,
    }


def _history_table(history: Sequence[Agreement]) -> object:
    return table(
        "from", "plan", "mode", ">quantity", ">price", "because",
        rows=[
            (each.from_on, each.plan_code, each.pricing_mode, each.quantity_e4 // E4_PER_ONE,
             price(each.unit_price_ucents), each.reason)
            for each in history
        ],
        title="Agreed",
    )  # fmt: skip


def _planned_table(service: Service, waiting: Sequence[PlannedChange]) -> object:
    return table(
        ">change", "takes effect", "what", ">price", "because",
        rows=[
            (each.change_no, takes_effect_on(each, service), each.kind,
             "" if each.unit_price_ucents is None else price(each.unit_price_ucents), each.reason)
            for each in waiting
        ],
        title="To come",
    )  # fmt: skip


def _per_period(service: Service) -> str:
    months = service.renewal_months
    return f"{price(service.unit_price_ucents)}/{'month' if months == 1 else f'{months} months'}"


def services_table(found: Sequence[Service], today: date) -> object:
    """Return services as a table."""
    return table(
        ">no", "resource", "plan", ">price", "goes on",
        rows=[
            (
                each.service_id, each.resource_name if each.parent_service_id is None else "",
                _plan(each), _per_period(each), _goes_on(each, today),
            )
            for each in found
        ],
    )  # fmt: skip


def _plan(service: Service) -> str:
    quantity = service.quantity_e4 // E4_PER_ONE
    return service.plan_code if quantity == 1 else f"{quantity} x {service.plan_code}"


def _goes_on(service: Service, today: date) -> str:
    """Return in a few words when the service renews or ends, and who decides it."""
    if service.terminated_on is not None:
        return f"{'ended' if service.terminated_on <= today else 'ends'} {service.terminated_on}"
    if not service.renews:
        return f"ends {service.next_renewal_on}"
    return f"renews {service.next_renewal_on}" + ", permanently" * service.renewal.forced
