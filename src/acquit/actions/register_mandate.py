"""Register mandates that payers signed; suspend, resume and cancel them."""

from dataclasses import dataclass, replace
from datetime import date

from stdnum import bic as bics
from stdnum import iban as ibans

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_of, locked_account_in, require_staff, today_of
from acquit.actions.set_creditor import creditor_in
from acquit.core.account import Account, TaxProfile
from acquit.core.identifiers import AccountId, PaymentMethodId
from acquit.core.mandate import (
    BadMandate,
    Held,
    Mandate,
    MandateState,
    MandateStep,
    MandateTaken,
    MandateUse,
    NoSuchMandate,
    PostalAddress,
    Scheme,
    mandate_reference,
    masked_iban,
    refuse_mandate,
    refuse_step,
)
from acquit.core.operator import Right
from acquit.core.payment_method import DIRECT_DEBIT_TYPE, MethodStatus
from acquit.core.return_reason import MandateFate
from acquit.store import acts, legal_entities, legal_parties, mandates, payment_methods
from acquit.store.transaction import Transaction

SHOWN: dict[MandateStep, MethodStatus] = {
    MandateStep.SUSPENDED: MethodStatus.PAUSED,
    MandateStep.RESUMED: MethodStatus.VALID,
    MandateStep.CANCELLED: MethodStatus.CANCELED,
}


@dataclass(frozen=True, slots=True)
class Signed:
    """What the payer signed; without a reference the next one is made, without an address the buyer's."""

    iban: str
    signed_on: date
    scheme: Scheme = Scheme.CORE
    use: MandateUse = MandateUse.RECURRENT
    reference: str = ""
    bic: str = ""
    debtor_name: str = ""
    address: PostalAddress | None = None


def register_mandate(
    context: Context, payer_id: AccountId, signed: Signed, *, default: bool = True, by: str
) -> Held:
    """The mandate stands and shows among the payer's methods; as the default, its debts are collected.

    Raises NoSuchAccount, NoCreditor, BadMandate, NotForPersons, MandateTaken, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.COLLECT_DEBTS)
        account = locked_account_in(tx, payer_id)
        mandate, tax_profile = _drafted(context, tx, account, signed, by)
        refuse_mandate(mandate, today_of(context, tx, account), tax_profile)
        method_id = payment_methods.insert(
            tx, payer_id, DIRECT_DEBIT_TYPE, None, masked_iban(mandate.iban), description=mandate.reference
        )
        mandate_id = mandates.add(tx, replace(mandate, payment_method_id=method_id))
        if mandate_id is None:
            raise MandateTaken(
                f"Mandate {mandate.reference} of {mandate.creditor_id} is registered already.",
                reference=mandate.reference,
            )
        if default:
            payment_methods.set_default(tx, payer_id, method_id)
        acts.record(
            tx, by, "register_mandate", payer_id, mandate.reference, scheme=mandate.scheme.value,
            iban=masked_iban(mandate.iban), signed_on=mandate.signed_on.isoformat(), default=default,
        )  # fmt: skip
        return found_in(tx, payer_id, mandate_id)


def change_mandate(
    context: Context, payer_id: AccountId, mandate_id: int, step: MandateStep, reason: str, *, by: str
) -> Held:
    """The mandate is suspended, resumed or, for good, cancelled; its payment method shows it.

    Collections that are in a file already go on. Raises NoSuchAccount, NoSuchMandate, MandateNotThere.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.COLLECT_DEBTS)
        account = locked_account_in(tx, payer_id)
        held = found_in(tx, payer_id, mandate_id)
        step_in(tx, held, step, today_of(context, tx, account), reason, by)
        return found_in(tx, payer_id, mandate_id)


def list_mandates(context: Context, payer_id: AccountId) -> list[tuple[Held, MandateState]]:
    """Return the payer's mandates with how they stand today, oldest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        today = today_of(context, tx, account_in(tx, payer_id))
        return [(held, held.state(today)) for held in mandates.of_payer(tx, payer_id)]


def expire_mandates(context: Context) -> int:
    """Payment methods of mandates that have expired, or were used up, say so; return how many changed."""
    changed = 0
    with context.database.read() as tx:
        entities = legal_entities.every(tx)
    for entity in entities:
        today = date_of(context, entity)
        with context.database.write() as tx:
            found = mandates.of_payers(tx, mandates.payers(tx, entity.legal_entity_id))
            ended = [
                held.mandate for held_by in found.values() for held in held_by
                if held.state(today) in (MandateState.EXPIRED, MandateState.USED)
            ]  # fmt: skip
            for mandate in ended:
                if mandates.show_as(tx, mandate, MethodStatus.EXPIRED.value, stays_default=False):
                    acts.record(tx, "system", "expire_mandate", mandate.account_id, mandate.reference)
                    changed += 1
    return changed


def found_in(tx: Transaction, payer_id: AccountId, mandate_id: int) -> Held:
    """Return the payer's mandate. Raises NoSuchMandate."""
    held = mandates.find(tx, payer_id, mandate_id)
    if held is None:
        raise NoSuchMandate(f"Account {payer_id} has no mandate {mandate_id}.", mandate=str(mandate_id))
    return held


def step_in(tx: Transaction, held: Held, step: MandateStep, on: date, reason: str, by: str) -> None:
    """Write a step of the mandate and show it; hold its payer before. Raises MandateNotThere."""
    refuse_step(held, step, on)
    mandates.take_step(tx, held.mandate, step, on, reason.strip(), by)
    mandates.show_as(
        tx, held.mandate, SHOWN[step].value, stays_default=step is not MandateStep.CANCELLED
    )  # fmt: skip
    acts.record(
        tx, by, f"mandate_{step.value}", held.mandate.account_id, held.mandate.reference, reason=reason
    )


def follow_in(tx: Transaction, held: Held, fate: MandateFate, on: date, reason: str, by: str) -> None:
    """Let a failed collection suspend or cancel its mandate, unless it stands so already."""
    state = held.state(on)
    if fate is MandateFate.CANCELLED and state in (MandateState.ACTIVE, MandateState.SUSPENDED):
        step_in(tx, held, MandateStep.CANCELLED, on, reason, by)
    if fate is MandateFate.SUSPENDED and state is MandateState.ACTIVE:
        step_in(tx, held, MandateStep.SUSPENDED, on, reason, by)


def end_mandate_of_method_in(
    tx: Transaction, account_id: AccountId, payment_method_id: PaymentMethodId, on: date, by: str
) -> None:
    """Cancel the mandate that a withdrawn payment method stood for, if it stood for one."""
    for held in mandates.of_payer(tx, account_id):
        if held.mandate.payment_method_id == payment_method_id:
            follow_in(tx, held, MandateFate.CANCELLED, on, "withdrawn by the payer", by)


def _drafted(
    context: Context, tx: Transaction, account: Account, signed: Signed, by: str
) -> tuple[Mandate, TaxProfile]:
    payer_id, entity = account.account_id, entity_of(tx, account)
    if not account.pays_itself:
        raise BadMandate(
            f"{account.payer_id} pays for {payer_id}: register the mandate there.", payer=account.payer_id
        )
    party = legal_parties.of_account(tx, payer_id, date_of(context, entity))
    address = signed.address
    if address is None and party is not None:
        address = PostalAddress(party.city, party.country, party.street, "", party.zip)
    return Mandate(
        account_id=payer_id,
        mandate_id=0,
        legal_entity_id=entity.legal_entity_id,
        reference=signed.reference.strip()
        or mandate_reference(payer_id, len(mandates.of_payer(tx, payer_id))),
        creditor_id=creditor_in(tx, entity.legal_entity_id).creditor_id,
        scheme=signed.scheme,
        use=signed.use,
        iban=checked_iban(signed.iban),
        bic=checked_bic(signed.bic),
        debtor_name=signed.debtor_name.strip() or ("" if party is None else party.name),
        address=address or PostalAddress("", ""),
        signed_on=signed.signed_on,
        payment_method_id=PaymentMethodId(0),
        registered_by=by,
        registered_at=context.clock.now(),
    ), TaxProfile.BUSINESS if party is None else party.tax_profile


def checked_iban(text: str) -> str:
    """Return the IBAN without blanks. Raises BadMandate when its check digits differ."""
    if not ibans.is_valid(text):
        raise BadMandate(f"{text[:40]!r} is not an IBAN: its length, form or check digits are wrong.")
    return str(ibans.compact(text))


def checked_bic(text: str) -> str:
    """Return the BIC, or nothing for nothing. Raises BadMandate."""
    if text and not bics.is_valid(text):
        raise BadMandate(f"{text[:40]!r} is not a BIC: 8 or 11 letters and digits.")
    return str(bics.compact(text)) if text else ""
