"""Banks in the office: statements in, what waits, matches by hand and their undoing, bundles."""

import io
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any, Final

from acquit.actions.bank_inbox import bank_inbox, bank_story
from acquit.actions.bank_told import told_outcome, told_story, told_unexplained
from acquit.actions.bundle_bills import bundle_bills, payment_sheet
from acquit.actions.import_bank_file import import_bank_file
from acquit.actions.loading import account_in
from acquit.actions.match_by_hand import Choice, match_by_hand
from acquit.actions.unmatch_entry import unmatch_entry
from acquit.core.bank_entry import NoSuchBankEntry
from acquit.core.bundle import Bundle, NoSuchBundle
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.operator import Right
from acquit.office import shapes
from acquit.office.call import Call, Door
from acquit.store import bundles

BODY_MAX: Final = 64 * 1024 * 1024
DIGITS_MAX: Final = 18


class Part(shapes.Body):
    """A bill that an entry pays, and how much of it (not said: what is open)."""

    bill: str
    amount_minor: int | None = None


class Chosen(shapes.Body):
    """What an operator says that an entry pays."""

    proposal: int | None = None
    bills: tuple[Part, ...] = ()
    payer: str | None = None
    write_off: bool = False
    use_credit: bool = False


class Bundled(shapes.Body):
    """Which bills one transfer is to pay; none named: all that is open."""

    bills: tuple[str, ...] = ()
    with_credit: bool = False


def import_statement(call: Call) -> object:
    """POST /bank/statements: the bytes of a camt file; what became of it."""
    found = import_bank_file(
        call.context, "statement", lambda: nullcontext(io.BytesIO(call.body)), by=call.actor
    )
    return asdict(found) | {"reason": found.reason or None}


def show_inbox(call: Call) -> object:
    """GET /bank/{legal_entity_id}/inbox: the oldest entries that wait, each with what may explain it."""
    found = bank_inbox(call.context, LegalEntityId(call.path_values["legal_entity_id"]))
    return {
        "waiting": found.waiting,
        "entries": [told_unexplained(each) for each in found.entries],
        "decisions": [asdict(each) for each in found.decisions],
    }


def show_entry(call: Call) -> object:
    """GET /bank/entries/{entry_id}: an entry with what became of it."""
    return told_story(bank_story(call.context, _entry_id(call)))


def match_entry(call: Call) -> object:
    """POST /bank/entries/{entry_id}/match: take a proposal, or name bills or the payer."""
    given = call.read(Chosen)
    choice = Choice(
        given.proposal,
        tuple((BillId(part.bill), part.amount_minor) for part in given.bills),
        AccountId(given.payer) if given.payer else None,
        given.write_off,
        given.use_credit,
    )
    return told_outcome(match_by_hand(call.context, _entry_id(call), choice, by=call.actor), "matched")


def unmatch(call: Call) -> object:
    """POST /bank/entries/{entry_id}/unmatch: with the reason."""
    reason = call.read(shapes.Reasoned).reason
    return told_outcome(unmatch_entry(call.context, _entry_id(call), reason, by=call.actor), "unmatched")


def list_bundles(call: Call) -> object:
    """GET /accounts/{account_id}/bundles: the payer's bundles, oldest first."""
    payer_id = AccountId(call.path_values["account_id"])
    with call.context.database.read() as tx:
        account_in(tx, payer_id)
        return [_bundle(each) for each in bundles.of_account(tx, payer_id)]


def make_bundle(call: Call) -> object:
    """POST /accounts/{account_id}/bundles: bills (none named: all that is open) under one reference."""
    given, payer_id = call.read(Bundled), AccountId(call.path_values["account_id"])
    bills = [BillId(each) for each in given.bills]
    made = bundle_bills(call.context, payer_id, bills, by=call.actor, with_credit=given.with_credit)
    return _bundle(made.bundle)


def show_sheet(call: Call) -> object:
    """GET /accounts/{account_id}/bundles/{number}/sheet: the payment sheet as PDF, in base64."""
    number = _number(call.path_values["number"])
    if number is None:
        raise NoSuchBundle("There is no such bundle.")
    content = payment_sheet(call.context, AccountId(call.path_values["account_id"]), number)
    return {"bundle": number, "file": f"payment-sheet-{number}.pdf", "content": content}


DOORS: Final = (
    Door("POST", "/bank/statements", import_statement, Right.IMPORT_BANK_FILES, BODY_MAX),
    Door("GET", "/bank/entries/{entry_id}", show_entry),
    Door("POST", "/bank/entries/{entry_id}/match", match_entry, Right.SETTLE_DEBTS),
    Door("POST", "/bank/entries/{entry_id}/unmatch", unmatch, Right.SETTLE_DEBTS),
    Door("GET", "/bank/{legal_entity_id}/inbox", show_inbox),
    Door("GET", "/accounts/{account_id}/bundles", list_bundles),
    Door("POST", "/accounts/{account_id}/bundles", make_bundle, Right.SETTLE_DEBTS),
    Door("GET", "/accounts/{account_id}/bundles/{number}/sheet", show_sheet),
)


def _entry_id(call: Call) -> int:
    number = _number(call.path_values["entry_id"])
    if number is None:
        raise NoSuchBankEntry("There is no such bank entry.")
    return number


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else None


def _bundle(bundle: Bundle) -> dict[str, Any]:
    return {
        "bundle": bundle.bundle_id,
        "account": bundle.account_id,
        "reference": bundle.reference,
        "amount_minor": bundle.amount_minor,
        "credit_minor": bundle.credit_minor,
        "currency": bundle.currency,
        "made_on": bundle.made_on,
        "bills": [
            {"bill": part.bill_id, "account": part.account_id, "amount_minor": part.amount_minor}
            for part in bundle.parts
        ],
    }
