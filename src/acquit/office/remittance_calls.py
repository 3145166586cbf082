"""The calls of the office about mandates and files for the bank."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from acquit.actions.advance_remittance import (
    approve_remittance,
    cancel_remittance,
    hand_over_remittance,
    send_remittance,
)
from acquit.actions.amend_mandate import Change, amend_mandate
from acquit.actions.create_remittance import create_remittance
from acquit.actions.end_collections import Ended, take_collected, take_return
from acquit.actions.pay_refunds import create_refund_remittance
from acquit.actions.register_mandate import Signed, change_mandate, list_mandates, register_mandate
from acquit.actions.show_remittance import list_remittances, show_remittance
from acquit.actions.take_status_report import take_status_report
from acquit.core.collection import Collection, Part
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.mandate import (
    Held,
    MandateState,
    MandateStep,
    MandateUse,
    NoSuchMandate,
    PostalAddress,
    Scheme,
    masked_iban,
)
from acquit.core.operator import Right
from acquit.core.remittance import Remittance, RemittanceKind
from acquit.office.call import Call, Door
from acquit.office.shapes import Body

DIGITS_MAX: Final = 18
REPORT_MAX: Final = 64 * 1024 * 1024
Choice = TypeVar("Choice", bound=StrEnum)


class SignedBody(Body):
    """A mandate as it was signed; an address needs its town and country."""

    iban: str
    signed_on: date
    bic: str = ""
    scheme: str = Scheme.CORE.value
    use: str = MandateUse.RECURRENT.value
    reference: str = ""
    debtor_name: str = ""
    street: str = ""
    building: str = ""
    postcode: str = ""
    town: str = ""
    country: str = ""
    default: bool = True


class StepBody(Body):
    """What happens to a mandate, and why."""

    step: str
    reason: str


class AmendBody(Body):
    """What changed about a mandate without a new signature, and why."""

    iban: str = ""
    bic: str = ""
    reference: str = ""
    reason: str = ""


class MakeBody(Body):
    """Which file to make."""

    legal_entity: str
    kind: str = RemittanceKind.DIRECT_DEBIT.value
    until: date | None = None


class ToldBody(Body):
    """What somebody was told, or why it is done."""

    told: str = ""


class BankBody(Body):
    """What a bank tells of debits: which, how much, when; a return has its reason."""

    reference: str
    amount_minor: int
    on: date
    reason_code: str = ""


def list_payer_mandates(call: Call) -> object:
    """GET /accounts/{account_id}/mandates: each with how it stands today."""
    return [_mandate(*each) for each in list_mandates(call.context, _account_id(call))]


def add_mandate(call: Call) -> object:
    """POST /accounts/{account_id}/mandates: what a payer signed."""
    given = call.read(SignedBody)
    address = None
    if given.town or given.country:
        address = PostalAddress(given.town, given.country, given.street, given.building, given.postcode)
    signed = Signed(
        given.iban, given.signed_on, _one_of(Scheme, given.scheme), _one_of(MandateUse, given.use),
        given.reference, given.bic, given.debtor_name, address,
    )  # fmt: skip
    register_mandate(call.context, _account_id(call), signed, default=given.default, by=call.actor)
    return list_payer_mandates(call)


def step_mandate(call: Call) -> object:
    """POST /accounts/{account_id}/mandates/{mandate_id}: suspended, resumed or cancelled."""
    given, number = call.read(StepBody), _mandate_id(call)
    step = _one_of(MandateStep, given.step)
    change_mandate(call.context, _account_id(call), number, step, given.reason, by=call.actor)
    return list_payer_mandates(call)


def change_signed(call: Call) -> object:
    """POST /accounts/{account_id}/mandates/{mandate_id}/amend: another bank account or reference."""
    given = call.read(AmendBody)
    change = Change(given.iban, given.bic, given.reference, given.reason)
    amend_mandate(call.context, _account_id(call), _mandate_id(call), change, by=call.actor)
    return list_payer_mandates(call)


def list_files(call: Call) -> object:
    """GET /remittances: the newest files."""
    return [_remittance(each) for each in list_remittances(call.context)]


def make_file(call: Call) -> object:
    """POST /remittances: a draft of direct debits or of refunds."""
    given = call.read(MakeBody)
    entity_id = LegalEntityId(given.legal_entity)
    if _one_of(RemittanceKind, given.kind) is RemittanceKind.REFUND:
        paid = create_refund_remittance(call.context, entity_id, by=call.actor)
        assert paid.remittance is not None, "what is not rehearsed is written"
        return _shown(call, paid.remittance.message_id)
    made = create_remittance(call.context, entity_id, given.until, by=call.actor)
    assert made.remittance is not None, "what is not rehearsed is written"
    left_out = [
        {"bill": each.bill_id, "account": each.payer_id, "code": each.code, "reason": each.reason}
        for each in made.gathered.left_out
    ]
    return _shown(call, made.remittance.message_id) | {"left_out": left_out}


def show_file(call: Call) -> object:
    """GET /remittances/{number}: its steps and its lines."""
    return _shown(call, call.path_values["number"])


def approve_file(call: Call) -> object:
    """POST /remittances/{number}/approve: by a second person."""
    return _remittance(approve_remittance(call.context, call.path_values["number"], by=call.actor))


def hand_over_file(call: Call) -> object:
    """POST /remittances/{number}/download: the approved bytes, in base64."""
    remittance, content = hand_over_remittance(call.context, call.path_values["number"], by=call.actor)
    return _remittance(remittance) | {"file": remittance.file_name, "content": content}


def send_file(call: Call) -> object:
    """POST /remittances/{number}/sent: somebody gave it to the bank."""
    told = call.read(ToldBody).told
    return _remittance(send_remittance(call.context, call.path_values["number"], told, by=call.actor))


def cancel_file(call: Call) -> object:
    """POST /remittances/{number}/cancel: it is not sent."""
    told = call.read(ToldBody).told
    return _remittance(cancel_remittance(call.context, call.path_values["number"], told, by=call.actor))


def take_report(call: Call) -> object:
    """POST /status-reports: the bank's pain.002, as it came."""
    reported = take_status_report(call.context, call.body, by=call.actor)
    return _remittance(reported.remittance) | {
        "status": reported.status, "accepted": reported.accepted, "rejected": reported.rejected,
        "already": reported.already,
    }  # fmt: skip


def take_credit(call: Call) -> object:
    """POST /collections/collected: the bank credited debits."""
    given = call.read(BankBody)
    return _ended(take_collected(call.context, given.reference, given.amount_minor, given.on, by=call.actor))


def take_back(call: Call) -> object:
    """POST /collections/returned: the bank took a debit back."""
    given = call.read(BankBody)
    return _ended(
        take_return(
            call.context, given.reference, given.reason_code, given.amount_minor, given.on, by=call.actor
        )
    )


DOORS: Final = (
    Door("GET", "/accounts/{account_id}/mandates", list_payer_mandates),
    Door("POST", "/accounts/{account_id}/mandates", add_mandate, Right.COLLECT_DEBTS),
    Door("POST", "/accounts/{account_id}/mandates/{mandate_id}", step_mandate, Right.COLLECT_DEBTS),
    Door("POST", "/accounts/{account_id}/mandates/{mandate_id}/amend", change_signed, Right.COLLECT_DEBTS),
    Door("GET", "/remittances", list_files),
    Door("POST", "/remittances", make_file, Right.COLLECT_DEBTS),
    Door("GET", "/remittances/{number}", show_file),
    Door("POST", "/remittances/{number}/approve", approve_file, Right.COLLECT_DEBTS),
    Door("POST", "/remittances/{number}/download", hand_over_file, Right.COLLECT_DEBTS),
    Door("POST", "/remittances/{number}/sent", send_file, Right.COLLECT_DEBTS),
    Door("POST", "/remittances/{number}/cancel", cancel_file, Right.COLLECT_DEBTS),
    Door("POST", "/status-reports", take_report, Right.COLLECT_DEBTS, REPORT_MAX),
    Door("POST", "/collections/collected", take_credit, Right.SETTLE_DEBTS),
    Door("POST", "/collections/returned", take_back, Right.SETTLE_DEBTS),
)


def _account_id(call: Call) -> AccountId:
    return AccountId(call.path_values["account_id"])


def _mandate_id(call: Call) -> int:
    text = call.path_values["mandate_id"]
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise NoSuchMandate("There is no such mandate.")
    return int(text)


def _one_of(kind: type[Choice], text: str) -> Choice:
    if text not in list(kind):
        raise Invalid(f"Choose one of {', '.join(kind)}.")
    return kind(text)


def _mandate(held: Held, state: MandateState) -> dict[str, Any]:
    mandate = held.mandate
    return {
        "mandate": mandate.mandate_id,
        "reference": mandate.reference,
        "creditor_id": mandate.creditor_id,
        "state": state.value,
        "scheme": mandate.scheme.value,
        "use": mandate.use.value,
        "iban": masked_iban(mandate.iban),
        "debtor_name": mandate.debtor_name,
        "signed_on": mandate.signed_on,
        "last_used_on": held.last_used_on,
        "payment_method": mandate.payment_method_id,
    }


def _remittance(remittance: Remittance) -> dict[str, Any]:
    return {
        "remittance": remittance.message_id,
        "legal_entity": remittance.legal_entity_id,
        "kind": remittance.kind.value,
        "state": remittance.state.value,
        "lines": remittance.lines,
        "amount_minor": remittance.amount_minor,
        "currency": remittance.currency,
        "sha256": remittance.sha256,
        "made_on": remittance.made_on,
        "made_by": remittance.made_by,
        "approved_by": remittance.approved_by,
    }


def _shown(call: Call, number: str) -> dict[str, Any]:
    found = show_remittance(call.context, number)
    return _remittance(found.remittance) | {
        "events": [
            {"state": each.state.value, "on": each.happened_on, "told": each.told, "by": each.recorded_by}
            for each in found.events
        ],
        "collections": [
            _collection(each) | {"bills": _bills(found.parts.get(each.collection_id, ()))}
            for each in found.collections
        ],
        "refunds": [
            {
                "account": line.account_id, "refund": line.refund_id, "reference": line.end_to_end,
                "iban": masked_iban(line.iban), "amount_minor": line.amount_minor,
            }
            for line in found.refunds
        ],
    }  # fmt: skip


def _collection(of: Collection) -> dict[str, Any]:
    return {
        "account": of.account_id,
        "reference": of.end_to_end,
        "batch": of.batch_id,
        "sequence": of.sequence.value,
        "requested_on": of.requested_on,
        "amount_minor": of.amount_minor,
        "state": of.state.value,
        "reason": of.reason_code,
        "deposit": of.deposit_id,
    }


def _bills(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [
        {"account": part.account_id, "bill": part.bill_id, "amount_minor": part.amount_minor}
        for part in parts
    ]


def _ended(ended: Ended) -> dict[str, Any]:
    return {"already": ended.already, "collections": [_collection(each) for each in ended.collections]}
