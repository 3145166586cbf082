"""`acquit mandate`: register what payers signed, list, amend, suspend, resume, cancel."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from acquit.actions.amend_mandate import Change, amend_creditor, amend_mandate
from acquit.actions.context import Context
from acquit.actions.register_mandate import Signed, change_mandate, list_mandates, register_mandate
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given, WrongUsage
from acquit.cli.screen import Screen, table
from acquit.core.identifiers import AccountId
from acquit.core.mandate import (
    Held,
    MandateState,
    MandateStep,
    MandateUse,
    PostalAddress,
    Scheme,
    masked_iban,
)

app = App(name="mandate", help="SEPA mandates: register, amend, suspend, cancel.")

ForAccount = Annotated[str, Parameter(name="--account", help="The payer, as in ab12345-acq.")]
Number = Annotated[int, Parameter(name="--mandate", help="The mandate's number.")]
Reason = Annotated[str, Parameter(help="Why; it is recorded.")]
Operator = Annotated[str | None, Parameter(help="Who does it, by operator id.")]


class AddressIncomplete(WrongUsage):
    """An address needs its town and country."""

    code = "address-incomplete"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Debtor:
    """Who signed; without these options the payer as its bills name it."""

    name: Annotated[str, Parameter(help="Holder of the bank account.")] = ""
    street: Annotated[str, Parameter(help="Street.")] = ""
    building: Annotated[str, Parameter(help="Number in the street.")] = ""
    postcode: Annotated[str, Parameter(help="Postal code.")] = ""
    town: Annotated[str, Parameter(help="Town; needed with any part of an address.")] = ""
    country: Annotated[str, Parameter(help="Country, two letters.")] = ""

    def address(self) -> PostalAddress | None:
        """Return the address that was given, or None. Raises AddressIncomplete."""
        if not any((self.street, self.building, self.postcode, self.town, self.country)):
            return None
        if not (self.town and self.country):
            raise AddressIncomplete("An address needs --town and --country: banks refuse it without them.")
        return PostalAddress(self.town, self.country.upper(), self.street, self.building, self.postcode)


def actor(operator: str | None) -> str:
    """Return who acts: the operator that was named, else the command line."""
    return "cli" if operator is None else f"operator:{operator}"


@app.command
def register(
    *,
    account: ForAccount,
    iban: Annotated[str, Parameter(help="The bank account that may be debited.")],
    signed_on: Annotated[date, Parameter(help="Day of the signature.")],
    bic: Annotated[str, Parameter(help="Its bank; needed outside the EEA.")] = "",
    scheme: Annotated[Literal["CORE", "B2B"], Parameter(help="Which rulebook was signed.")] = "CORE",
    one_off: Annotated[bool, Parameter(negative="", help="For one collection alone.")] = False,
    reference: Annotated[str, Parameter(help="Unique mandate reference; made if not given.")] = "",
    keep_default: Annotated[
        bool, Parameter(negative="", help="Leave the payer's default payment method as it is.")
    ] = False,
    debtor: Debtor | None = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Register a mandate that a payer signed; its debts are collected under it."""
    who = debtor or Debtor()
    signed = Signed(
        iban, signed_on, Scheme(scheme), MandateUse.ONE_OFF if one_off else MandateUse.RECURRENT,
        reference, bic, who.name, who.address(),
    )  # fmt: skip
    with program.open() as context:
        register_mandate(context, AccountId(account), signed, default=not keep_default, by=actor(operator))
        _answer(context, program.screen, AccountId(account))


@app.command(name="list")
def list_(*, account: ForAccount, program: Given) -> None:
    """List a payer's mandates with how they stand."""
    with program.open() as context:
        _answer(context, program.screen, AccountId(account))


@app.command
def amend(
    *,
    account: ForAccount,
    mandate: Number,
    iban: Annotated[str, Parameter(help="The payer's new bank account.")] = "",
    bic: Annotated[str, Parameter(help="Its bank; needed outside the EEA.")] = "",
    reference: Annotated[str, Parameter(help="Another unique mandate reference.")] = "",
    reason: Annotated[str, Parameter(help="Why; it is recorded.")] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Change the bank account or the reference of a mandate; its signature stands.

    The payer's bank is told with the next debit. Files that were made go on as they are.
    """
    change = Change(iban, bic, reference, reason)
    with program.open() as context:
        amend_mandate(context, AccountId(account), mandate, change, by=actor(operator))
        _answer(context, program.screen, AccountId(account))


@app.command(name="amend-creditor")
def amend_creditor_(
    *,
    legal_entity: Annotated[str | None, Parameter(help="The seller, if there are several.")] = None,
    former_name: Annotated[str, Parameter(help="What it was called before, if that changed.")] = "",
    reason: Annotated[str, Parameter(help="Why; it is recorded.")] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Let every mandate in use be for the creditor identifier and name that the seller has now.

    The payers' banks are told with the next debit. Stopped anywhere, the next call goes on.
    """
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        count = amend_creditor(context, entity_id, former_name, reason, by=actor(operator))
    program.screen.answer({"legal_entity": entity_id, "amended": count}, f"{count} mandates amended.")


@app.command
def suspend(
    *, account: ForAccount, mandate: Number, reason: Reason, operator: Operator = None, program: Given
) -> None:
    """Collect nothing under a mandate until it is resumed."""
    _change(program, account, mandate, MandateStep.SUSPENDED, reason, operator)


@app.command
def resume(
    *, account: ForAccount, mandate: Number, reason: Reason, operator: Operator = None, program: Given
) -> None:
    """Collect under a suspended mandate again."""
    _change(program, account, mandate, MandateStep.RESUMED, reason, operator)


@app.command
def cancel(
    *, account: ForAccount, mandate: Number, reason: Reason, operator: Operator = None, program: Given
) -> None:
    """End a mandate for good."""
    _change(program, account, mandate, MandateStep.CANCELLED, reason, operator)


def _change(
    program: Given, account: str, mandate: int, step: MandateStep, reason: str, operator: str | None
) -> None:
    with program.open() as context:
        change_mandate(context, AccountId(account), mandate, step, reason, by=actor(operator))
        _answer(context, program.screen, AccountId(account))


def _answer(context: Context, screen: Screen, payer_id: AccountId) -> None:
    found = list_mandates(context, payer_id)
    documents = [_document(held, state) for held, state in found]
    rows = [
        (
            each["mandate"], each["reference"], each["state"], each["scheme"], each["use"], each["iban"],
            each["signed_on"], each["last_used_on"] or "",
        )
        for each in documents
    ]  # fmt: skip
    screen.answer(
        documents,
        table(">mandate", "reference", "state", "scheme", "use", "iban", "signed", "last used", rows=rows)
        if rows
        else "No mandate.",
    )


def _document(held: Held, state: MandateState) -> dict[str, Any]:
    mandate = held.mandate
    return {
        "mandate": mandate.mandate_id,
        "account": mandate.account_id,
        "reference": mandate.reference,
        "creditor_id": mandate.creditor_id,
        "state": state.value,
        "scheme": mandate.scheme.value,
        "use": mandate.use.value,
        "iban": masked_iban(mandate.iban),
        "bic": mandate.bic,
        "debtor": mandate.debtor_name,
        "signed_on": mandate.signed_on,
        "last_used_on": held.last_used_on,
        "payment_method": mandate.payment_method_id,
        "amendments": [
            {
                "on": each.amended_on,
                "reference": each.reference,
                "creditor_id": each.creditor_id,
                "former_name": each.former_name,
                "iban": masked_iban(each.iban),
                "reason": each.reason,
                "by": each.recorded_by,
                "told": each.amendment_no <= held.known_no,
            }
            for each in held.amendments
        ],
        "events": [
            {
                "step": event.step.value,
                "on": event.happened_on,
                "reason": event.reason,
                "by": event.recorded_by,
            }
            for event in held.events
        ],
    }
