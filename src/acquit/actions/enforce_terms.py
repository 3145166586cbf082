"""Let accounts show the payment term that holds: attributes, payment method, permanent renewal."""

from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in, entity_of, locked_account_in
from acquit.core.account import LegalEntity
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.payment_method import label_for, sub_type_for
from acquit.core.terms import Grant, grant_on
from acquit.store import acts, payment_methods, terms
from acquit.store.transaction import Transaction


def enforce_terms(context: Context, legal_entity_id: LegalEntityId) -> list[AccountId]:
    """Grants that have begun and grants that have ended show on their accounts; return which changed.

    For grants with a day in the future: run it daily, and before a bill run.
    """
    with context.database.read() as tx:
        entity = entity_in(tx, legal_entity_id)
        today = date_of(context, entity)
        account_ids = terms.out_of_step(tx, legal_entity_id, today)
    for account_id in account_ids:
        with context.database.write() as tx:
            account = locked_account_in(tx, account_id)
            bring_into_step(tx, account_id, entity_of(tx, account), today)
            acts.record(tx, "system", "enforce_terms", account_id)
    return account_ids


def bring_into_step(tx: Transaction, account_id: AccountId, entity: LegalEntity, today: date) -> Grant | None:
    """The account, which is held, shows exactly the grant that holds today, if any; return that grant."""
    holding = grant_on(terms.of_account(tx, account_id), today)
    shown = {mark.grant_id for mark in terms.attributes(tx, account_id) if mark.grant_id is not None}
    if shown == ({holding.grant_id} if holding else set()):
        return holding
    terms.remove_attributes(tx, account_id)
    payment_methods.cancel_granted(tx, account_id)
    if holding is None:
        terms.release_renewal(tx, account_id)
    else:
        _show(tx, holding, entity)
    return holding


def attributes_of(grant: Grant) -> dict[str, str]:
    """Return the attributes that a grant puts on its account, by name."""
    return {
        "payment.transfer": "sepa-authorised",
        "payment.delay_days": str(grant.term.days),
        "payment.delay_method": grant.term.method.value,
        "renewal.permanent": "true",
    }


def _show(tx: Transaction, grant: Grant, entity: LegalEntity) -> None:
    for name, value in attributes_of(grant).items():
        terms.put_attribute(tx, grant.account_id, name, value, grant.grant_id)
    method_id = payment_methods.insert(
        tx,
        grant.account_id,
        entity.method_type,
        sub_type_for(grant.term.days),
        label_for(entity, grant.term.days),
        grant_id=grant.grant_id,
    )
    payment_methods.set_default(tx, grant.account_id, method_id)
    terms.force_renewal(tx, grant.account_id)
