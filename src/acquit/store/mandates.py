"""Mandates of payers, with their steps and their use."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId, PaymentMethodId
from acquit.core.mandate import (
    Amendment,
    Held,
    Mandate,
    MandateEvent,
    MandateStep,
    MandateUse,
    PostalAddress,
    Scheme,
    amended,
)
from acquit.store.transaction import Transaction

OF_PAYERS: Final[LiteralString] = """
    SELECT m.account_id, m.mandate_id, m.legal_entity_id, m.reference, m.creditor_id, m.scheme, m.use, m.iban,
           m.bic, m.debtor_name, m.street, m.building, m.postcode, m.town, m.country, m.signed_on,
           m.payment_method_id, m.registered_by, m.registered_at, u.last_used_on,
           coalesce(u.is_begun, false) AS is_begun, coalesce(u.known_no, 0) AS known_no
      FROM mandate m
      LEFT JOIN LATERAL (
           SELECT max(c.requested_on) AS last_used_on,
                  bool_or(e.state IS DISTINCT FROM 'rejected') AS is_begun,
                  max(c.amendment_no) FILTER (WHERE e.state IS DISTINCT FROM 'rejected') AS known_no
             FROM collection c
             LEFT JOIN collection_event e
               ON e.account_id = c.account_id AND e.collection_id = c.collection_id
              AND e.state IN ('rejected', 'cancelled')
            WHERE c.account_id = m.account_id AND c.mandate_id = m.mandate_id
              AND e.state IS DISTINCT FROM 'cancelled') u ON true
     WHERE m.account_id = ANY(%(payer_ids)s)
     ORDER BY m.account_id, m.mandate_id
"""

EVENTS: Final[LiteralString] = """
    SELECT account_id, mandate_id, event_no, step, happened_on, reason, recorded_by
      FROM mandate_event
     WHERE account_id = ANY(%(payer_ids)s)
     ORDER BY account_id, mandate_id, event_no
"""

AMENDMENTS: Final[LiteralString] = """
    SELECT account_id, mandate_id, amendment_no, amended_on, reference, creditor_id, former_name, iban, bic,
           reason, recorded_by
      FROM mandate_amendment
     WHERE account_id = ANY(%(payer_ids)s)
     ORDER BY account_id, mandate_id, amendment_no
"""

AMEND: Final[LiteralString] = """
    INSERT INTO mandate_amendment (account_id, mandate_id, amendment_no, legal_entity_id, amended_on,
           reference, creditor_id, former_name, iban, bic, reason, recorded_by)
    SELECT %(account_id)s, %(mandate_id)s, %(amendment_no)s, %(legal_entity_id)s, %(amended_on)s,
           %(reference)s, %(creditor_id)s, %(former_name)s, %(iban)s, %(bic)s, %(reason)s, %(recorded_by)s
     WHERE %(reference)s::text = '' OR NOT EXISTS (
           SELECT FROM mandate WHERE legal_entity_id = %(legal_entity_id)s AND reference = %(reference)s
              AND mandate_id <> %(mandate_id)s)
    ON CONFLICT (legal_entity_id, reference) WHERE reference <> '' DO NOTHING
"""

SET_METHOD_LABEL: Final[LiteralString] = """
    UPDATE payment_method
       SET label = %(label)s, description = %(description)s, updated_at = instant()
     WHERE account_id = %(account_id)s AND payment_method_id = %(payment_method_id)s
"""

ADD: Final[LiteralString] = """
    INSERT INTO mandate (account_id, legal_entity_id, reference, creditor_id, scheme, use, iban, bic,
           debtor_name, street, building, postcode, town, country, signed_on, payment_method_id,
           registered_by)
    VALUES (%(account_id)s, %(legal_entity_id)s, %(reference)s, %(creditor_id)s, %(scheme)s, %(use)s,
           %(iban)s, %(bic)s, %(debtor_name)s, %(street)s, %(building)s, %(postcode)s, %(town)s, %(country)s,
           %(signed_on)s, %(payment_method_id)s, %(registered_by)s)
    ON CONFLICT (creditor_id, reference) DO NOTHING
    RETURNING mandate_id
"""

TAKE_STEP: Final[LiteralString] = """
    INSERT INTO mandate_event (account_id, mandate_id, event_no, step, happened_on, reason, recorded_by)
    SELECT %(account_id)s, %(mandate_id)s, coalesce(max(event_no), 0) + 1, %(step)s, %(happened_on)s,
           %(reason)s, %(recorded_by)s
      FROM mandate_event
     WHERE account_id = %(account_id)s AND mandate_id = %(mandate_id)s
"""

PAYERS: Final[LiteralString] = """
    SELECT DISTINCT m.account_id
      FROM mandate m
      JOIN payment_method p
        ON p.account_id = m.account_id AND p.payment_method_id = m.payment_method_id
     WHERE m.legal_entity_id = %(legal_entity_id)s AND p.status IN ('VALID', 'PAUSED')
     ORDER BY m.account_id
"""

SET_METHOD_STATUS: Final[LiteralString] = """
    UPDATE payment_method
       SET status = %(status)s, is_default = is_default AND %(stays)s, updated_at = instant()
     WHERE account_id = %(account_id)s AND payment_method_id = %(payment_method_id)s
       AND status <> %(status)s
"""


def of_payers(tx: Transaction, payer_ids: Sequence[AccountId]) -> dict[AccountId, list[Held]]:
    """Return the mandates of the payers, each payer's oldest first."""
    events: dict[tuple[str, int], list[MandateEvent]] = defaultdict(list)
    for row in tx.all(EVENTS, payer_ids=list(payer_ids)):
        events[row.account_id, row.mandate_id].append(
            MandateEvent(
                row.event_no, MandateStep(row.step), row.happened_on, row.reason, row.recorded_by
            )
        )  # fmt: skip
    changed: dict[tuple[str, int], list[Amendment]] = defaultdict(list)
    for row in tx.all(AMENDMENTS, payer_ids=list(payer_ids)):
        changed[row.account_id, row.mandate_id].append(Amendment(*row[2:]))
    found: dict[AccountId, list[Held]] = defaultdict(list)
    for row in tx.all(OF_PAYERS, payer_ids=list(payer_ids)):
        signed = _mandate(row)
        key = signed.account_id, signed.mandate_id
        changes = tuple(changed[key])
        held = Held(
            amended(signed, changes), tuple(events[key]), row.last_used_on, row.is_begun, signed, changes,
            row.known_no,
        )  # fmt: skip
        found[signed.account_id].append(held)
    return dict(found)


def of_payer(tx: Transaction, payer_id: AccountId) -> list[Held]:
    """Return the payer's mandates, oldest first."""
    return of_payers(tx, [payer_id]).get(payer_id, [])


def find(tx: Transaction, payer_id: AccountId, mandate_id: int) -> Held | None:
    """Return the payer's mandate, or None."""
    return next((each for each in of_payer(tx, payer_id) if each.mandate.mandate_id == mandate_id), None)


def payers(tx: Transaction, legal_entity_id: LegalEntityId) -> list[AccountId]:
    """Return the payers with a mandate of the legal entity that has not ended, in order."""
    return [AccountId(row.account_id) for row in tx.all(PAYERS, legal_entity_id=legal_entity_id)]


def add(tx: Transaction, mandate: Mandate) -> int | None:
    """Write a mandate and return its id; None when the creditor has one of that reference."""
    address = mandate.address
    row = tx.one_or_none(
        ADD,
        account_id=mandate.account_id,
        legal_entity_id=mandate.legal_entity_id,
        reference=mandate.reference,
        creditor_id=mandate.creditor_id,
        scheme=mandate.scheme.value,
        use=mandate.use.value,
        iban=mandate.iban,
        bic=mandate.bic,
        debtor_name=mandate.debtor_name,
        street=address.street,
        building=address.building,
        postcode=address.postcode,
        town=address.town,
        country=address.country,
        signed_on=mandate.signed_on,
        payment_method_id=mandate.payment_method_id,
        registered_by=mandate.registered_by,
    )
    return None if row is None else int(row.mandate_id)


def take_step(tx: Transaction, mandate: Mandate, step: MandateStep, on: date, reason: str, by: str) -> None:
    """Write a step of a mandate; hold its payer before."""
    tx.run(
        TAKE_STEP,
        account_id=mandate.account_id,
        mandate_id=mandate.mandate_id,
        step=step.value,
        happened_on=on,
        reason=reason,
        recorded_by=by,
    )


def amend(tx: Transaction, mandate: Mandate, amendment: Amendment) -> bool:
    """Write an amendment; hold its payer before. False when another mandate bears its new reference."""
    return bool(
        tx.run(
            AMEND,
            account_id=mandate.account_id,
            mandate_id=mandate.mandate_id,
            amendment_no=amendment.amendment_no,
            legal_entity_id=mandate.legal_entity_id,
            amended_on=amendment.amended_on,
            reference=amendment.reference,
            creditor_id=amendment.creditor_id,
            former_name=amendment.former_name,
            iban=amendment.iban,
            bic=amendment.bic,
            reason=amendment.reason,
            recorded_by=amendment.recorded_by,
        )
    )


def relabel(tx: Transaction, mandate: Mandate, label: str) -> None:
    """Write how the mandate's payment method is called, and its reference."""
    tx.run(
        SET_METHOD_LABEL,
        account_id=mandate.account_id,
        payment_method_id=mandate.payment_method_id,
        label=label,
        description=mandate.reference,
    )


def show_as(tx: Transaction, mandate: Mandate, status: str, *, stays_default: bool) -> int:
    """Write the status that the mandate's payment method shows; return whether it changed, as 0 or 1."""
    return tx.run(
        SET_METHOD_STATUS,
        account_id=mandate.account_id,
        payment_method_id=mandate.payment_method_id,
        status=status,
        stays=stays_default,
    )


def _mandate(row: Any) -> Mandate:
    return Mandate(
        account_id=AccountId(row.account_id),
        mandate_id=row.mandate_id,
        legal_entity_id=LegalEntityId(row.legal_entity_id),
        reference=row.reference,
        creditor_id=row.creditor_id,
        scheme=Scheme(row.scheme),
        use=MandateUse(row.use),
        iban=row.iban,
        bic=row.bic,
        debtor_name=row.debtor_name,
        address=PostalAddress(row.town, row.country, row.street, row.building, row.postcode),
        signed_on=row.signed_on,
        payment_method_id=PaymentMethodId(row.payment_method_id),
        registered_by=row.registered_by,
        registered_at=row.registered_at,
    )
