"""Make a file of direct debits: gather what is due from payers with a mandate, number it, keep its bytes."""

from dataclasses import dataclass, replace
from datetime import date

from acquit.actions.bank_days import is_bank_day
from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.actions.set_creditor import creditor_in
from acquit.core.account import LegalEntity
from acquit.core.collection import (
    EURO,
    Collection,
    Creditor,
    Gathered,
    NoCreditor,
    Part,
    ToCollect,
    collected_text,
    earliest_on,
    gather,
)
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.core.remittance import NothingToSend, Remittance, RemittanceKind, message_id
from acquit.documents.pain008 import Debit, DebitFile, batched, render
from acquit.documents.sepa_xml import Address, BankParty
from acquit.store import accounts, acts, direct_debits, mandates, remittances
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Made:
    """What was gathered, for which day at the earliest, and the file; none when it was a rehearsal."""

    gathered: Gathered
    earliest_on: date
    until: date
    remittance: Remittance | None = None


def rehearse_remittance(context: Context, legal_entity_id: LegalEntityId, until: date | None = None) -> Made:
    """Return what a file made now would collect; nothing is written. Raises NoCreditor."""
    with context.database.snapshot() as tx:
        entity = entity_in(tx, legal_entity_id)
        creditor = _creditor(tx, entity)
        return _gathered(context, tx, entity, creditor, mandates.payers(tx, legal_entity_id), until)


def create_remittance(
    context: Context, legal_entity_id: LegalEntityId, until: date | None = None, *, by: str
) -> Made:
    """A numbered draft of a file takes up what is due until the day (default: its earliest collection).

    Its bytes are in the archive; its debts are in no other file until it ends. A second person approves it.
    Raises NoSuchLegalEntity, NoCreditor, NothingToSend, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.COLLECT_DEBTS)
        entity = entity_in(tx, legal_entity_id)
        creditor = _creditor(tx, entity)
        payer_ids = mandates.payers(tx, legal_entity_id)
        accounts.lock(tx, *payer_ids)
        made = _gathered(context, tx, entity, creditor, payer_ids, until)
        if not made.gathered.lines:
            raise NothingToSend(
                f"Nothing is collected: no debt due by {made.until} of a payer with an active mandate is "
                f"ready ({len(made.gathered.left_out)} left out; --dry-run says why)."
            )
        remittance = _written(context, tx, entity, creditor, made.gathered, by)
        acts.record(
            tx, by, "create_remittance", None, remittance.message_id, lines=remittance.lines,
            amount_minor=remittance.amount_minor, sha256=remittance.sha256, until=made.until.isoformat(),
        )  # fmt: skip
    return replace(made, remittance=remittance)


def seller_party(entity: LegalEntity) -> BankParty:
    """Return the seller as banks know it: name, account, structured address."""
    address = Address(entity.city, entity.country, entity.street, "", entity.zip)
    return BankParty(entity.name, entity.iban, entity.bic, address)


def _creditor(tx: Transaction, entity: LegalEntity) -> Creditor:
    if not entity.iban:
        raise NoCreditor(f"{entity.legal_entity_id} has no IBAN: money could not arrive.")
    return creditor_in(tx, entity.legal_entity_id)


def _gathered(
    context: Context,
    tx: Transaction,
    entity: LegalEntity,
    creditor: Creditor,
    payer_ids: list[AccountId],
    until: date | None,
) -> Made:
    today = date_of(context, entity)
    earliest = earliest_on(creditor, today, is_bank_day)
    last = earliest if until is None else until
    debts = direct_debits.open_debts(tx, payer_ids, last)
    held = mandates.of_payers(tx, payer_ids)
    return Made(gather(debts, held, creditor, today, is_bank_day), earliest, last)


def _written(
    context: Context, tx: Transaction, entity: LegalEntity, creditor: Creditor, gathered: Gathered, by: str
) -> Remittance:
    ids = direct_debits.next_ids(tx, len(gathered.lines))
    remittances.lock(tx, entity.legal_entity_id)
    remittance_id = remittances.next_id(tx, entity.legal_entity_id)
    number = message_id(entity.legal_entity_id, RemittanceKind.DIRECT_DEBIT, remittance_id)
    named = [
        (f"{entity.legal_entity_id}-DD-{collection_id:010d}", line)
        for collection_id, line in zip(ids, gathered.lines, strict=True)
    ]
    made_at = context.clock.now().replace(microsecond=0)
    batches = batched(number, ((_kind(line), _debit(name, line)) for name, line in named))
    content = render(DebitFile(number, made_at, seller_party(entity), creditor.creditor_id, batches))
    remittance = Remittance(
        entity.legal_entity_id, remittance_id, RemittanceKind.DIRECT_DEBIT, number, EURO, len(named),
        gathered.amount_minor, context.archive.put(content), len(content), date_of(context, entity), by,
        made_at,
    )  # fmt: skip
    remittances.add(tx, remittance)
    batch_of = {debit.end_to_end: batch.batch_id for batch in batches for debit in batch.debits}
    collections = [
        _collection(remittance, collection_id, name, batch_of[name], line)
        for collection_id, (name, line) in zip(ids, named, strict=True)
    ]
    parts: list[tuple[Collection, Part]] = [
        (collection, part)
        for collection, line in zip(collections, gathered.lines, strict=True)
        for part in line.parts
    ]
    direct_debits.write(tx, list(enumerate(collections, start=1)), parts)
    return remittance


def _kind(line: ToCollect) -> tuple[str, str, date]:
    scheme, sequence, requested_on = line.batch
    return scheme.value, sequence.value, requested_on


def _debit(name: str, line: ToCollect) -> Debit:
    mandate, address = line.mandate, line.mandate.address
    where = Address(address.town, address.country, address.street, address.building, address.postcode)
    return Debit(
        end_to_end=name,
        debtor=BankParty(mandate.debtor_name, mandate.iban, mandate.bic, where),
        amount_minor=line.amount_minor,
        mandate_reference=mandate.reference,
        signed_on=mandate.signed_on,
        reference=line.reference,
        text="" if line.reference else collected_text([part.bill_id for part in line.parts]),
        original=line.original,
    )


def _collection(
    remittance: Remittance, collection_id: int, name: str, batch_id: str, line: ToCollect
) -> Collection:
    return Collection(
        account_id=line.mandate.account_id,
        collection_id=collection_id,
        legal_entity_id=remittance.legal_entity_id,
        remittance_id=remittance.remittance_id,
        batch_id=batch_id,
        end_to_end=name,
        mandate_id=line.mandate.mandate_id,
        sequence=line.sequence,
        requested_on=line.requested_on,
        currency=EURO,
        amount_minor=line.amount_minor,
        amendment_no=line.amendment_no,
    )
