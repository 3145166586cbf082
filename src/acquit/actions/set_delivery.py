"""Say by which channels bills leave and who gets them, and what a person decides about a single delivery."""

from collections.abc import Sequence

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, require_if_staff, require_staff
from acquit.actions.queue_deliveries import defer_deliveries, queue_missing
from acquit.core.bill import NoSuchBill
from acquit.core.delivery import (
    BILL,
    LETTER,
    Answer,
    ChannelSetting,
    NoSuchDelivery,
    Outcome,
    checked_contacts,
    refuse_channel,
)
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, BillId
from acquit.core.life_cycle import Status
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.store import acts, bill_statuses, bills, deliveries, delivery_lists, delivery_settings
from acquit.store.delivery_lists import Listed
from acquit.store.transaction import Transaction


class DeliveryWaits(Conflict):
    """The delivery has not ended: there is nothing to retry, or to send again."""

    code = "delivery-waits"


class DeliveryEnded(Conflict):
    """The delivery does not wait any more."""

    code = "delivery-ended"


def set_channel(context: Context, setting: ChannelSetting, *, by: str) -> int:
    """Bills of the legal entity dated from that day on leave by the channel, or no longer.

    Return how many of that day's bills, with their papers already, are to leave now. Raises BadChannel,
    NoSuchLegalEntity, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        entity = entity_in(tx, setting.legal_entity_id)
        is_sandbox = entity.test_on is not None
        refuse_channel(setting, date_of(context, entity), is_sandbox=is_sandbox)
        delivery_settings.set_channel(tx, setting, by)
        acts.record(
            tx, by, "set_channel", None, setting.legal_entity_id, channel=setting.channel.value,
            is_on=setting.is_on, from_on=str(setting.from_on), form=setting.form,
        )  # fmt: skip
    return queue_missing(context) if setting.is_on else 0


def list_channels(context: Context) -> Sequence[ChannelSetting]:
    """Return every setting of every legal entity, per channel the newest last."""
    with context.database.read() as tx:
        return delivery_settings.all_channels(tx)


def set_contacts(
    context: Context, account_id: AccountId, addresses: Sequence[str], *, by: str
) -> Sequence[str]:
    """These addresses get the account's bills by mail; none: the account's own address does.

    The account's own people may say so, and staff with the right. Raises BadContact, NoSuchAccount,
    StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CORRECT_BILLS)
        account_in(tx, account_id)
        checked = checked_contacts(addresses)
        delivery_settings.set_contacts(tx, account_id, checked, by)
        acts.record(tx, by, "set_billing_contacts", account_id, contacts=len(checked))
    return show_contacts(context, account_id)


def show_contacts(context: Context, account_id: AccountId) -> Sequence[str]:
    """Return who gets the account's bills by mail. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, account_id)
        return delivery_settings.recipients(tx, [account_id]).get(account_id, ())


def list_deliveries(
    context: Context,
    states: Sequence[str] = (),
    bill_id: str = "",
    limit: int = 100,
    before_id: int = delivery_lists.LAST,
) -> Sequence[Listed]:
    """Return deliveries, newest first, before one: those in these states, or those of one bill."""
    with context.database.read() as tx:
        return delivery_lists.find(tx, states, bill_id, limit, before_id)


def count_deliveries(context: Context) -> Sequence[tuple[str, str, int]]:
    """Return how many deliveries wait, or were refused or came back, by channel."""
    with context.database.read() as tx:
        return delivery_lists.counts(tx)


def show_statuses(context: Context, bill_id: BillId) -> tuple[Currency, Sequence[Status]]:
    """Return the bill's currency and the life of its e-invoice, as it was told. Raises NoSuchBill."""
    with context.database.read() as tx:
        account_id = bills.account_of(tx, bill_id)
        bill = None if account_id is None else bills.find(tx, account_id, bill_id)
        if bill is None:
            raise NoSuchBill(bill_id)
        return bill.currency, bill_statuses.of_bill(tx, bill.account_id, bill_id)


def retry_delivery(context: Context, delivery_id: int, *, by: str) -> Listed:
    """The delivery is tried again now: what waits sooner, what was refused or came back once more.

    What was sent and did not come back is sent again by send_again alone. Raises NoSuchDelivery,
    DeliveryWaits, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        found = _found(tx, delivery_id)
        if found.state == Outcome.SENT:
            raise DeliveryWaits(
                f"Delivery {delivery_id} was sent and did not come back: `acquit delivery send-again "
                f"{found.bill_id or '…'}` sends it once more."
            )
        _again(tx, found, by)
        return _found(tx, delivery_id)


def send_again(context: Context, bill_id: BillId, *, by: str) -> Sequence[Listed]:
    """Every delivery of the bill that has ended leaves once more, same key. Raises NoSuchDelivery."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        found = [each for each in delivery_lists.find(tx, (), bill_id, 100) if each.event == BILL]
        if not found:
            raise NoSuchDelivery(
                f"Bill {bill_id} leaves by no channel: `acquit delivery channels` shows those of its seller.",
                bill=bill_id,
            )
        for each in found:
            _again(tx, each, by)
        return delivery_lists.find(tx, (), bill_id, 100)


def end_delivery(context: Context, delivery_id: int, reason: str, *, by: str) -> Listed:
    """A delivery that waits is given up. Raises NoSuchDelivery, DeliveryEnded, StaffOnly, RoleForbids."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        found = _found(tx, delivery_id)
        if not deliveries.end_waiting(tx, found.account_id, delivery_id):
            raise DeliveryEnded(f"Delivery {delivery_id} does not wait: it is {found.state}.")
        answer = Answer(Outcome.ENDED, told=f"{by}: {reason}")
        deliveries.add_attempt(tx, found.account_id, delivery_id, answer)
        acts.record(tx, by, "end_delivery", None, str(delivery_id), bill=found.bill_id, reason=reason)
        return _found(tx, delivery_id)


def _again(tx: Transaction, found: Listed, by: str) -> None:
    if found.event == LETTER and found.next_at is None:
        raise DeliveryEnded(
            f"Letter {found.delivery_id} has ended ({found.state}) and its text was forgotten with that: "
            "have it written again by what wrote it."
        )
    deliveries.add_attempt(tx, found.account_id, found.delivery_id, Answer(Outcome.RETRIED, told=by))
    deliveries.wait_again(tx, found.account_id, found.delivery_id)
    defer_deliveries(tx.connection, 1)
    acts.record(tx, by, "retry_delivery", None, str(found.delivery_id), bill=found.bill_id)


def _found(tx: Transaction, delivery_id: int) -> Listed:
    found = delivery_lists.one(tx, delivery_id)
    if found is None:
        raise NoSuchDelivery(f"There is no delivery {delivery_id}.", delivery=str(delivery_id))
    return found
