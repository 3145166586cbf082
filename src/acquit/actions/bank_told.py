"""How entries of banks are told to programs: the same words on the command line and in the office."""

from dataclasses import asdict
from typing import Any

from acquit.actions.bank_inbox import Story, Unexplained
from acquit.actions.match_by_hand import Outcome
from acquit.core.match import Proposal
from acquit.core.money import plain
from acquit.core.proposing import why_unexplained
from acquit.store.bank_files import Stored


def told_unexplained(each: Unexplained) -> dict[str, Any]:
    """An entry in the inbox with its proposals, best first."""
    why = None if each.proposals else each.why or why_unexplained(each.stored.entry)
    return told_entry(each.stored) | {
        "why": why,
        "proposals": [told_proposal(one) for one in each.proposals],
    }


def told_story(story: Story) -> dict[str, Any]:
    """An entry with what became of it."""
    match = story.match
    return told_entry(story.stored) | {
        "match": None if match is None else {
            "match": match.match_no, "rule": int(match.rule), "automatic": match.is_automatic,
            "score": match.score, "reason": match.reason, "by": match.matched_by, "on": match.matched_on,
            "parts": [{"kind": part.kind, "account": part.account_id, "bill": part.bill_id,
                       "amount_minor": part.amount_minor} for part in story.parts],
        },
        "moves": [asdict(move) for move in story.moves],
        "why": story.why or None,
        "proposals": [told_proposal(one) for one in story.proposals],
    }  # fmt: skip


def told_entry(stored: Stored) -> dict[str, Any]:
    """An entry as the bank told it."""
    entry = stored.entry
    return {
        "entry": stored.entry_id,
        "direction": entry.direction.value,
        "amount": f"{plain(entry.signed_minor, entry.currency)} {entry.currency}",
        "amount_minor": entry.amount_minor,
        "currency": entry.currency,
        "booked_on": entry.booked_on,
        "payer": entry.payer_name or None,
        "iban": entry.payer_iban or None,
        "references": list(entry.references),
        "text": entry.text,
        "end_to_end": entry.end_to_end_id or None,
        "return_code": entry.return_code or None,
    }


def told_proposal(each: Proposal) -> dict[str, Any]:
    """One way to explain an entry."""
    return {
        "rule": int(each.rule), "score": each.score, "reason": each.reason, "payer": each.payer_id,
        "paid": [{"bill": part.bill_id, "amount_minor": part.amount_minor,
                  "write_off_minor": part.write_off_minor} for part in each.paid],
        "credit_minor": each.credit_minor, "over_minor": each.over_minor,
    }  # fmt: skip


def told_outcome(outcome: Outcome, done: str) -> dict[str, Any]:
    """What a match or its undoing by hand did, or under which number it waits for a second operator."""
    return {
        "entry": outcome.entry_id,
        "status": "waits" if outcome.decision_no is not None else done,
        "match": outcome.match_no,
        "decision": outcome.decision_no,
        "reason": outcome.proposal.reason,
        "paid": [{"bill": part.bill_id, "amount_minor": part.amount_minor,
                  "write_off_minor": part.write_off_minor} for part in outcome.proposal.paid],
        "credit_minor": outcome.proposal.credit_minor,
        "over_minor": outcome.proposal.over_minor,
    }  # fmt: skip
