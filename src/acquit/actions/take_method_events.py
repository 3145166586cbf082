"""Take in what acquirers tell of the cards and wallets that they keep: each event once."""

import hashlib
import json
from dataclasses import asdict
from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, require_staff
from acquit.actions.take_acquirer_events import Taken
from acquit.core.acquirer import BadEvent, EventDiffers
from acquit.core.identifiers import LegalEntityId, PaymentMethodId
from acquit.core.method_on_file import MethodEvent, MethodEventKind, OnFile, refuse_method_event
from acquit.core.operator import Right
from acquit.core.payment_method import MethodStatus
from acquit.store import accounts, acts, methods_on_file, payment_methods
from acquit.store.transaction import Transaction

STATUSES: Final = {
    MethodEventKind.UPDATED: MethodStatus.VALID,
    MethodEventKind.FAILING: MethodStatus.PAUSED,
    MethodEventKind.EXPIRED: MethodStatus.EXPIRED,
    MethodEventKind.REMOVED: MethodStatus.CANCELED,
}


def take_method_event(context: Context, event: MethodEvent, *, by: str) -> Taken:
    """The event is kept, once, and the payment method is as it tells; what was cancelled stays so.

    Raises NoSuchAccount, BadEvent, EventDiffers, StaffOnly, RoleForbids.
    """
    told = event.told
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        refuse_method_event(event)
        account = account_in(tx, event.account_id)
        if not account.pays_itself:
            raise BadEvent(
                f"{account.payer_id} pays for {event.account_id}: methods are {account.payer_id}'s."
            )
        accounts.lock(tx, event.account_id)
        content = hashlib.sha256(json.dumps(asdict(event), sort_keys=True, default=str).encode()).digest()
        known = methods_on_file.known(tx, told.acquirer, event.event_id)
        if known is not None and known != content:
            raise EventDiffers(
                f"{told.acquirer} told {event.event_id} before, with another content.", event=event.event_id
            )
        if known is not None:
            return Taken(event.event_id, False)
        today = date_of(context, entity_in(tx, account.legal_entity_id))
        if event.kind is MethodEventKind.REGISTERED:
            _register(tx, event, today)
        else:
            _change(tx, event, today)
        methods_on_file.add_event(tx, event, content, by)
        acts.record(
            tx, by, "take_method_event", event.account_id, f"{told.acquirer}:{event.event_id}",
            kind=event.kind.value,
        )  # fmt: skip
    return Taken(event.event_id, True)


def expire_methods(context: Context, legal_entity_id: LegalEntityId) -> int:
    """Cards of the seller's accounts whose last month is over are expired; return how many."""
    with context.database.write() as tx:
        on = date_of(context, entity_in(tx, legal_entity_id))
        found = methods_on_file.over(tx, legal_entity_id, on)
        accounts.lock(tx, *sorted({account_id for account_id, _ in found}))
        for account_id, method_id in methods_on_file.over(tx, legal_entity_id, on):
            methods_on_file.set_status(tx, account_id, method_id, MethodStatus.EXPIRED)
            acts.record(tx, "system", "expire_method", account_id, str(method_id))
        return len(found)


def _register(tx: Transaction, event: MethodEvent, today: date) -> None:
    """Make the method that waited for it valid, or a new one; a card whose last month is over is expired."""
    told = event.told
    if methods_on_file.of_method(tx, told.acquirer, told.method) is not None:
        raise BadEvent(f"{told.acquirer} told that {told.method} was registered before: tell what changed.")
    waiting = methods_on_file.waiting(tx, event.account_id)
    method_id, wants_default = event.registration, False
    if method_id is not None:
        kind, wants_default = waiting.get(method_id, (None, False))
        if kind is not told.kind:
            raise BadEvent(f"No {told.kind.value} of {event.account_id} waits for registration {method_id}.")
    else:
        method_id = payment_methods.insert(
            tx, event.account_id, told.kind.payment_type, told.brand or None, told.label
        )
    methods_on_file.keep(tx, event.account_id, method_id, told)
    status = _unless_over(told, MethodStatus.VALID, today)
    methods_on_file.set_status(tx, event.account_id, method_id, status, told.label)
    if wants_default and status is MethodStatus.VALID:
        payment_methods.set_default(tx, event.account_id, method_id)


def _change(tx: Transaction, event: MethodEvent, today: date) -> None:
    """Write what became of a method, unless it was cancelled."""
    told = event.told
    found = methods_on_file.of_method(tx, told.acquirer, told.method)
    if found is None or found[0] != event.account_id:
        raise BadEvent(
            f"{told.acquirer} keeps no {told.method} for {event.account_id}: tell its registration."
        )
    kept = methods_on_file.of_account(tx, event.account_id)[found[1]]
    if kept.kind is not told.kind:
        raise BadEvent(f"{told.method} is of kind {kept.kind.value}.")
    method = payment_methods.find(tx, event.account_id, PaymentMethodId(found[1]))
    assert method is not None, "what is on file is a payment method"
    if method.status is MethodStatus.CANCELED:
        return
    is_updated = event.kind is MethodEventKind.UPDATED
    if is_updated:
        methods_on_file.keep(tx, event.account_id, found[1], told)
    label = told.label if is_updated else None
    status = _unless_over(told if is_updated else kept, STATUSES[event.kind], today)
    methods_on_file.set_status(tx, event.account_id, found[1], status, label)


def _unless_over(kept: OnFile, status: MethodStatus, today: date) -> MethodStatus:
    """Return the status, or that the method is expired: its last month is over and it was not removed."""
    is_over = kept.expires_on is not None and kept.expires_on <= today
    return MethodStatus.EXPIRED if is_over and status is not MethodStatus.CANCELED else status
