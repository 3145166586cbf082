"""The second person: what one operator wants to match or unmatch above the limit is done, or withdrawn."""

from collections.abc import Mapping
from typing import Any

from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.match_by_hand import entry_in, match_in
from acquit.actions.unmatch_entry import unmatch_in
from acquit.core.errors import Conflict, Forbidden, NotFound
from acquit.core.identifiers import LegalEntityId
from acquit.core.match import Proposal
from acquit.core.operator import Right
from acquit.store import bank_matches
from acquit.store.bank_matches import Waiting
from acquit.store.transaction import Transaction


class SecondPersonNeeded(Forbidden):
    """Who asked for it may not approve it."""

    code = "second-person-needed"


class DecidedAlready(Conflict):
    """It was approved or withdrawn before."""

    code = "decided-already"


class NoSuchDecision(NotFound):
    """Nothing with this number waits for a second operator."""

    code = "no-such-decision"


def approve_decision(
    context: Context, decision_no: int, legal_entity_id: LegalEntityId, *, by: str
) -> Waiting:
    """What one operator asked for is done, as a second one says.

    Raises NoSuchDecision, DecidedAlready, SecondPersonNeeded, and as match_by_hand and unmatch_entry.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        waiting = _decision(tx, legal_entity_id, decision_no)
        if waiting.asked_by == by:
            raise SecondPersonNeeded(
                f"{by} asked for decision {decision_no}: somebody else has to approve it.",
                decision=str(decision_no),
            )
        stored, house = entry_in(context, tx, waiting.entry_id)
        if not bank_matches.end_decision(tx, legal_entity_id, decision_no, True, by):
            raise DecidedAlready(f"Decision {decision_no} has ended already.")
        if waiting.kind == "match":
            match_in(context, tx, house, stored, _kept(waiting.asked), by)
        else:
            unmatch_in(context, tx, house, stored, str(waiting.asked["reason"]), by)
        return waiting


def withdraw_decision(
    context: Context, decision_no: int, legal_entity_id: LegalEntityId, *, by: str
) -> Waiting:
    """Nothing is done of what an operator asked for. Raises NoSuchDecision, DecidedAlready."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        waiting = _decision(tx, legal_entity_id, decision_no)
        if not bank_matches.end_decision(tx, legal_entity_id, decision_no, False, by):
            raise DecidedAlready(f"Decision {decision_no} has ended already.")
        return waiting


def _decision(tx: Transaction, legal_entity_id: LegalEntityId, decision_no: int) -> Waiting:
    for each in bank_matches.waiting_decisions(tx, legal_entity_id, decision_no - 1, 1):
        if each.decision_no == decision_no:
            return each
    raise NoSuchDecision(f"No decision {decision_no} waits for a second operator.", decision=str(decision_no))


def _kept(asked: Mapping[str, Any]) -> Proposal:
    return bank_matches.read_body(asked["rule"], asked["score"], asked["reason"], asked["body"])
