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

    Letters about debits that failed and that a crash left unsent go too. A letter that cannot be sent stays
    to be sent: the next call tries again.
    """
    with context.database.snapshot() as tx:
        waiting = direct_debits.unnoticed(tx)
        letters = _letters(tx, waiting)
        untold = direct_debits.untold(tx)
    told = 0
    for collection, letter in zip(waiting, letters, strict=True):
        with context.database.write() as tx:
            today = date_of(context, entity_in(tx, collection.legal_entity_id))
            if direct_debits.noticed(tx, collection, letter.email, today):
                context.mailer.send(
                    letter.email, *notice(letter.debited, letter.language), collection.account_id
                )
                told += 1
    return told + tell_failures(context, untold)


def tell_failures(context: Context, failed: Sequence[Collection]) -> int:
    """The payers of debits that came back are told why and what follows, once; return how many were told."""
    return sum(_tell_failure(context, collection) for collection in failed)


def _tell_failure(context: Context, collection: Collection) -> bool:
    reason = reason_of(collection.reason_code)
    with context.database.write() as tx:
        (letter,) = _letters(tx, [collection])
        today = date_of(context, entity_in(tx, collection.legal_entity_id))
        address = letter.email if reason.told else ""
        if not direct_debits.told(tx, collection, address, today) or not address:
            return False
        what_next = _next(context, tx, collection)
        text = returned(letter.debited, reason.code, what_next, letter.language)
        context.mailer.send(address, *text, collection.account_id)
    return True


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
        each.mandate.mandate_id: each
        for of_payer in mandates.of_payers(tx, payer_ids).values()
        for each in of_payer
    }
    parts = direct_debits.parts(tx, collections)
    sellers = {key: entity_in(tx, key).name for key in {each.legal_entity_id for each in collections}}
    letters = []
    for each in collections:
        payer = payers[each.account_id]
        email = payer.email or (parents[payer.parent_id].email if payer.parent_id in parents else "")
        mandate = held[each.mandate_id].as_of(each.amendment_no)
        debited = _debited(each, mandate, sellers[each.legal_entity_id], parts[each.collection_id])
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
