"""Tell accounts by mail what happens to them: each thing once, written with what causes it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.loading import date_of
from acquit.actions.queue_deliveries import PER_JOB, defer_deliveries
from acquit.core.account import LegalEntity
from acquit.core.identifiers import LegalEntityId
from acquit.core.message import (
    LATE_DAYS,
    ORDER_DAYS,
    SERVICE_DAYS,
    SOON_DAYS,
    MessageKind,
    MessageSetting,
    OpenDebt,
    Telling,
    due_tellings,
)
from acquit.core.money import Currency
from acquit.core.service import Service
from acquit.store import dunning_settings, legal_entities, message_causes, messages
from acquit.store.transaction import Transaction

AT_ONCE: Final = 500


def tell_in(tx: Transaction, tellings: Sequence[Telling]) -> int:
    """The accounts are told, each thing once, where seller and account want it; return how many messages.

    Where no seller tells anything this is one short question.
    """
    count = messages.tell(tx, tellings)
    if count:
        defer_deliveries(tx.connection, -(-count // PER_JOB))
    return count


def tell_due(context: Context) -> int:
    """Accounts are told of what the calendar brings: debts, orders and services; return how many messages.

    Done again on the same day, nothing more happens.
    """
    with context.database.read() as tx:
        told = messages.settings(tx)
        entities = [each for each in legal_entities.every(tx) if _is_on(told, each.legal_entity_id)]
    count = 0
    for entity in entities:
        found = _due(context, entity, told[entity.legal_entity_id])
        for first in range(0, len(found), AT_ONCE):
            with context.database.write() as tx:
                count += tell_in(tx, found[first : first + AT_ONCE])
    return count


def ending(service: Service) -> Telling:
    """Return that the service, whose last day is known, ends."""
    assert service.terminated_on is not None, "the service has an end"
    return Telling(
        service.account_id,
        MessageKind.SERVICE_ENDING,
        f"{service.service_id}/{service.terminated_on}",
        {
            "service": service.resource_name,
            "description": service.description,
            "ends_on": service.terminated_on.isoformat(),
        },
    )


def _is_on(told: dict[LegalEntityId, MessageSetting], legal_entity_id: LegalEntityId) -> bool:
    return legal_entity_id in told and told[legal_entity_id].is_on


def _due(context: Context, entity: LegalEntity, setting: MessageSetting) -> list[Telling]:
    today, key = date_of(context, entity), entity.legal_entity_id
    with context.database.snapshot() as tx:
        calendars = dunning_settings.calendars(tx, key)
        rows = message_causes.open_debts(
            tx, key, today, today - timedelta(days=LATE_DAYS), today + timedelta(days=SOON_DAYS),
            setting.from_on,
        )  # fmt: skip
        debts = [
            OpenDebt(
                row.payer_id, row.bill_id, row.due_on, Currency(row.currency), int(row.open_minor),
                row.payment_reference, row.on_terms, row.is_chased,
            )
            for row in rows
        ]  # fmt: skip
        orders = message_causes.expiring_orders(tx, key, today, today + timedelta(days=ORDER_DAYS))
        services = message_causes.ending_services(tx, key, today, today + timedelta(days=SERVICE_DAYS))
    return [
        *due_tellings(debts, today, calendars),
        *_expiring(orders),
        *(
            Telling(
                row.account_id, MessageKind.SERVICE_ENDING, f"{row.service_id}/{row.ends_on}",
                {"service": row.resource_name, "description": row.description,
                 "ends_on": row.ends_on.isoformat()},
            )
            for row in services
        ),
    ]  # fmt: skip


def _expiring(orders: Sequence[Any]) -> Iterator[Telling]:
    for order in orders:
        last_on = order.end_on - timedelta(days=1)
        yield Telling(
            order.account_id, MessageKind.ORDER_EXPIRING, f"{order.purchase_order_id}/{order.end_on}",
            {"order": order.reference, "ends_on": last_on.isoformat()},
        )  # fmt: skip
