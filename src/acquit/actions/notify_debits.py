"""Tell payers what will be debited, and what came back."""

from collections.abc import Sequence
from dataclasses import dataclass

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.core.collection import Collection, Part
from acquit.core.mandate import Mandate, MandateState, masked_iban
from acquit.core.return_reason import MandateFate, reason_of
from acquit.documents.debit_notice import Debited, notice, returned
from acquit.store import accounts, direct_debits, mandates
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter about a debit says, where it goes, and in which language."""

    debited: Debited
    email: str
    language: str


def notify_debits(context: Context) -> int:
    """Every payer of an approved file is told amount and day, once; return how many were told now.

    A letter that cannot be sent stays to be sent: the next call tries again.
    """
    with context.database.snapshot() as tx:
        waiting = direct_debits.unnoticed(tx)
        letters = _letters(tx, waiting)
    for collection, letter in zip(waiting, letters, strict=True):
        context.mailer.send(letter.email, *notice(letter.debited, letter.language))
        with context.database.write() as tx:
            today = date_of(context, entity_in(tx, collection.legal_entity_id))
            direct_debits.noticed(tx, collection.account_id, collection.collection_id, letter.email, today)
    return len(waiting)


def tell_failures(context: Context, failed: Sequence[Collection]) -> int:
    """The payers of debits that came back are told why and what follows; return how many letters went."""
    told = 0
    for collection in failed:
        reason = reason_of(collection.reason_code)
        if not reason.told:
            continue
        with context.database.read() as tx:
            (letter,) = _letters(tx, [collection])
            what_next = _next(context, tx, collection)
        if letter.email:
            said = returned(letter.debited, reason.code, what_next, letter.language)
            context.mailer.send(letter.email, *said)
            told += 1
    return told


def _next(context: Context, tx: Transaction, collection: Collection) -> str:
    reason = reason_of(collection.reason_code)
    held = mandates.find(tx, collection.account_id, collection.mandate_id)
    assert held is not None, "a collection has its mandate"
    today = date_of(context, entity_in(tx, collection.legal_entity_id))
    if reason.mandate is not MandateFate.GOES_ON or held.state(today) is not MandateState.ACTIVE:
        return "mandate"
    failures = direct_debits.failures_of(tx, collection)
    return "retried" if reason.retried and failures == 1 else "other"


def _letters(tx: Transaction, collections: Sequence[Collection]) -> list[Letter]:
    """Return for each debit what a letter says, where it goes (an account without address: to its parent)."""
    payer_ids = sorted({each.account_id for each in collections})
    payers = {each.account_id: each for each in accounts.find_several(tx, payer_ids)}
    parent_ids = sorted({each.parent_id for each in payers.values() if each.parent_id is not None})
    parents = {each.account_id: each for each in accounts.find_several(tx, parent_ids)}
    held = {
        each.mandate.mandate_id: each.mandate
        for of_payer in mandates.of_payers(tx, payer_ids).values()
        for each in of_payer
    }
    parts = direct_debits.parts(tx, collections)
    sellers = {key: entity_in(tx, key).name for key in {each.legal_entity_id for each in collections}}
    letters = []
    for each in collections:
        payer = payers[each.account_id]
        email = payer.email or (parents[payer.parent_id].email if payer.parent_id in parents else "")
        debited = _debited(
            each, held[each.mandate_id], sellers[each.legal_entity_id], parts[each.collection_id]
        )  # fmt: skip
        letters.append(Letter(debited, email, payer.language))
    return letters


def _debited(collection: Collection, mandate: Mandate, seller: str, parts: Sequence[Part]) -> Debited:
    return Debited(
        seller=seller,
        creditor_id=mandate.creditor_id,
        mandate_reference=mandate.reference,
        masked_iban=masked_iban(mandate.iban),
        amount_minor=collection.amount_minor,
        currency=collection.currency,
        requested_on=collection.requested_on,
        end_to_end=collection.end_to_end,
        bills=[(part.bill_id, part.amount_minor) for part in parts],
    )
