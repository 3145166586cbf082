"""Amend mandates: the payer has another bank account, or the creditor another identifier, name or numbering.

The signature stands. The debtor's bank is told with the next debit; what is in a file goes on.
"""

from dataclasses import dataclass

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in, locked_account_in, require_staff, today_of
from acquit.actions.register_mandate import checked_bic, checked_iban, found_in
from acquit.actions.set_creditor import creditor_in
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.mandate import (
    Amendment,
    Held,
    MandateState,
    MandateTaken,
    masked_iban,
    refuse_amendment,
)
from acquit.core.operator import Right
from acquit.store import acts, mandates
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Change:
    """What the payer or the creditor tells of one mandate; what is empty stays."""

    iban: str = ""
    bic: str = ""
    reference: str = ""
    reason: str = ""


def amend_mandate(context: Context, payer_id: AccountId, mandate_id: int, change: Change, *, by: str) -> Held:
    """Debits of files made from now on are under the amended mandate, and the first says what was before.

    What failed on the account before is tried again on the new one. A suspended mandate stays suspended.
    Raises NoSuchAccount, NoSuchMandate, BadMandate, MandateNotThere, MandateTaken, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.COLLECT_DEBTS)
        account = locked_account_in(tx, payer_id)
        held = found_in(tx, payer_id, mandate_id)
        iban = checked_iban(change.iban) if change.iban.strip() else ""
        bic = checked_bic(change.bic) if iban else ""
        amendment = Amendment(
            held.amendment_no + 1,
            today_of(context, tx, account),
            reference=change.reference.strip(),
            iban=iban,
            bic=bic,
            reason=change.reason.strip(),
            recorded_by=by,
        )
        return _amend_in(tx, held, amendment)


def amend_creditor(
    context: Context, legal_entity_id: LegalEntityId, former_name: str = "", reason: str = "", *, by: str
) -> int:
    """Every mandate in use is for the identifier that the creditor has now; return how many were amended.

    With `former_name` the debtors' banks are told that the creditor was called so. Each payer is one
    transaction: stopped anywhere, the next call goes on. Raises NoSuchLegalEntity, NoCreditor, StaffOnly,
    RoleForbids.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.COLLECT_DEBTS)
        entity = entity_in(tx, legal_entity_id)
        creditor_id = creditor_in(tx, legal_entity_id).creditor_id
        payer_ids = mandates.payers(tx, legal_entity_id)
    count, today, name = 0, date_of(context, entity), former_name.strip()
    for payer_id in payer_ids:
        with context.database.write() as tx:
            locked_account_in(tx, payer_id)
            for held in mandates.of_payer(tx, payer_id):
                new_id = creditor_id if held.mandate.creditor_id != creditor_id else ""
                new_name = name if all(each.former_name != name for each in held.amendments) else ""
                in_use = held.state(today) in (MandateState.ACTIVE, MandateState.SUSPENDED)
                if in_use and (new_id or new_name):
                    number = held.amendment_no + 1
                    told = Amendment(number, today, "", new_id, new_name, "", "", reason.strip(), by)
                    _amend_in(tx, held, told)
                    count += 1
    return count


def _amend_in(tx: Transaction, held: Held, amendment: Amendment) -> Held:
    """Write the amendment and show it; hold the payer before. Raises as amend_mandate."""
    refuse_amendment(held, amendment)
    mandate = held.mandate
    if not mandates.amend(tx, mandate, amendment):
        raise MandateTaken(
            f"Another mandate of {mandate.legal_entity_id} bears the reference {amendment.reference}.",
            reference=amendment.reference,
        )
    found = found_in(tx, mandate.account_id, mandate.mandate_id)
    mandates.relabel(tx, found.mandate, masked_iban(found.mandate.iban))
    acts.record(
        tx, amendment.recorded_by, "amend_mandate", mandate.account_id, found.mandate.reference,
        iban=masked_iban(found.mandate.iban), creditor_id=found.mandate.creditor_id,
        former_name=amendment.former_name, reason=amendment.reason,
    )  # fmt: skip
    return found
