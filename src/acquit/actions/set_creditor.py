"""Say how a legal entity collects by direct debit."""

from dataclasses import replace

from stdnum.eu import at_02

from acquit.actions.context import Context
from acquit.actions.loading import entity_in, require_staff
from acquit.core.collection import BadCreditor, Creditor, NoCreditor
from acquit.core.identifiers import LegalEntityId
from acquit.core.operator import Right
from acquit.store import acts, creditors
from acquit.store.transaction import Transaction

NOTICE_DAYS_MAX = 60
APPROVAL_DAYS_MAX = 30


def set_creditor(context: Context, creditor: Creditor, *, by: str) -> Creditor:
    """Files made from now on bear this identifier and give this notice.

    Mandates that were registered keep the identifier they were signed for. Raises BadCreditor,
    NoSuchLegalEntity, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.COLLECT_DEBTS)
        entity_in(tx, creditor.legal_entity_id)
        _refuse(creditor)
        creditor = replace(creditor, creditor_id=at_02.validate(creditor.creditor_id))
        creditors.put(tx, creditor, by)
        acts.record(
            tx, by, "set_creditor", None, creditor.legal_entity_id, creditor_id=creditor.creditor_id,
            notice_days=creditor.notice_days, approval_days=creditor.approval_days, bundled=creditor.bundled,
        )  # fmt: skip
    return creditor


def creditor_in(tx: Transaction, legal_entity_id: LegalEntityId) -> Creditor:
    """Return how the legal entity collects. Raises NoCreditor."""
    creditor = creditors.find(tx, legal_entity_id)
    if creditor is None:
        raise NoCreditor(
            f"{legal_entity_id} has no SEPA creditor identifier: ask its bank for one, then "
            f"acquit remittance creditor --legal-entity {legal_entity_id} --creditor-id …",
            legal_entity=legal_entity_id,
        )
    return creditor


def _refuse(creditor: Creditor) -> None:
    if not at_02.is_valid(creditor.creditor_id):
        raise BadCreditor(
            f"{creditor.creditor_id} is not a SEPA creditor identifier: country, two check digits, three "
            "signs of the business, the national number, as in FR72ZZZ123456.",
            source="EPC262-08",
        )
    if not 1 <= creditor.notice_days <= NOTICE_DAYS_MAX:
        raise BadCreditor(
            f"Payers are told 1 to {NOTICE_DAYS_MAX} days before; less than 14 needs their agreement.",
            source="EPC016-06 section 4.3",
        )
    if not 0 <= creditor.approval_days <= APPROVAL_DAYS_MAX:
        raise BadCreditor(f"A file is approved within 0 to {APPROVAL_DAYS_MAX} days.")
