"""Which payers' bills are debited, and under which copy of which mandate.

A payer's default method decides, so that one who was granted a term and then chose its mandate is debited on
the day on which the granted term ends.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from acquit.actions.bank_days import is_bank_day
from acquit.core.collection import Creditor, Debiting, debiting
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.mandate import Held
from acquit.core.snapshot import Debit, Snapshot, snapshot
from acquit.store import billables, creditors, mandates
from acquit.store.transaction import Transaction

Debitings = Mapping[AccountId, tuple[Debiting, Snapshot]]


def debitings_in(
    tx: Transaction, legal_entity_id: LegalEntityId, payer_ids: Iterable[AccountId], on: date
) -> Debitings:
    """Return, of the payers that pay by direct debit, the mandate as it stands on the day and its copy."""
    methods = billables.debited(tx, payer_ids)
    creditor = creditors.find(tx, legal_entity_id) if methods else None
    if creditor is None:
        return {}
    found: dict[AccountId, tuple[Debiting, Snapshot]] = {}
    for payer_id, all_held in mandates.of_payers(tx, sorted(methods)).items():
        for held in all_held:
            told = _debiting(held, creditor, on)
            if told is not None and held.mandate.payment_method_id == methods[payer_id]:
                found[payer_id] = told
    return found


def _debiting(held: Held, creditor: Creditor, on: date) -> tuple[Debiting, Snapshot] | None:
    mandate = held.mandate
    copy = snapshot(Debit(mandate.creditor_id, mandate.reference, mandate.iban))
    told = debiting(held, copy.hash, creditor, on, is_bank_day)
    return None if told is None else (told, copy)
