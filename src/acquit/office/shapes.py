"""What the office's JSON looks like: amounts in minor units, dates as ISO 8601, names as in the glossary."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec

from acquit.actions.move_test_clock import Advanced, SandboxClock
from acquit.actions.review_request import Review
from acquit.actions.view_family import View
from acquit.core.account import Account
from acquit.core.operator import Operator, Right
from acquit.core.sales_request import AskedCorrection, AskedTerm, SalesRequest
from acquit.core.terms import Finding, Grant
from acquit.store.holds import Held
from acquit.store.runs import Parked, Run

Read = TypeVar("Read", bound="Body")


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A body that has no member but those it names."""


class Conditions(Body):
    """How sales grants a term that was asked for."""

    credit_limit_minor: int | None = None
    usage_choice: str | None = None
    override_reason: str = ""


class Reasoned(Body):
    """Why a request is refused."""

    reason: str


class Retried(Body):
    """Which parked accounts are tried again; none: all."""

    accounts: tuple[str, ...] = ()


class Granted(Body):
    """A term to grant."""

    days: int
    method: str = "net"
    from_on: date | None = None
    credit_limit_minor: int | None = None
    usage_choice: str | None = None
    override_reason: str = ""


class Ended(Body):
    """From when on a term holds no longer, and why."""

    reason: str
    end_on: date | None = None


class ClockMove(Body):
    """Where the clock of a sandbox shall stand."""

    to_on: date


class BillReferences(Body):
    """What the bills of an account name; what is left out stays as it is, an empty text takes one away."""

    cost_account: str | None = None
    contract: str | None = None


def bill_references(of: Account) -> dict[str, Any]:
    """The buyer's cost account and the contract that the account's bills name."""
    return {"account_id": of.account_id, "cost_account": of.cost_account, "contract": of.contract}


def operator(of: Operator) -> dict[str, Any]:
    """Who the bearer of the token is, and what it may do."""
    rights = [right.value for right in Right if of.may(right)]
    return {"operator": of.operator_id, "name": of.name, "role": of.role.value, "rights": rights}


def review(of: Review) -> dict[str, Any]:
    """A request with what every rule says of it."""
    return {**request(of.request), "lawful": of.ok, "findings": findings(of.findings)}


def findings(of: Sequence[Finding]) -> list[dict[str, Any]]:
    """What the rules say, in their order."""
    return [{"code": each.code, "ok": each.ok, "reason": each.reason, "source": each.source} for each in of]


def request(of: SalesRequest) -> dict[str, Any]:
    """What an account asked of sales, and what became of it."""
    return {
        "request": of.request_id,
        "account": of.account_id,
        "kind": of.kind.value,
        "asked": _asked(of),
        "message": of.message,
        "file": of.file_name,
        "state": of.state.value,
        "asked_by": of.asked_by,
        "asked_at": of.asked_at,
        "decided_by": of.decided_by,
        "decided_at": of.decided_at,
        "reason": of.reason,
        "result": of.result_id,
        "result_bill": of.result_bill,
    }


def grant(of: Grant) -> dict[str, Any]:
    """A granted term."""
    return {
        "grant": of.grant_id,
        "account": of.account_id,
        "days": of.term.days,
        "method": of.term.method.value,
        "from_on": of.from_on,
        "end_on": of.end_on,
        "credit_limit_minor": of.credit_limit_minor,
        "currency": of.currency,
        "usage_choice": of.usage_choice.value,
        "usage_days": of.usage_days,
        "granted_by": of.granted_by,
        "needs_approval": of.needs_approval,
        "approved_by": of.approved_by,
    }


def hold(of: Held) -> dict[str, Any]:
    """What is held, why, and until when."""
    return {
        "account": of.account_id,
        "period": of.period,
        "reason": of.reason,
        "currency": of.currency,
        "amount_minor": of.amount_minor,
        "since_on": of.since_on,
        "until_on": of.until_on,
    }


def parked(of: Parked, run: Run) -> dict[str, Any]:
    """An account that a run set aside, with every problem: its rule, what it means, what to mend."""
    problems = [
        {
            "code": each.code,
            "rule": each.rule,
            "message": each.message,
            "french": each.french,
            "where": each.where,
        }
        for each in of.problems
    ]
    return {
        "account": of.account_id,
        "legal_entity": run.legal_entity_id,
        "period": run.period,
        "parked_at": of.parked_at,
        "problems": problems,
    }


def view(of: View) -> dict[str, Any]:
    """The bills of a family, regrouped."""
    groups = [
        {
            "key": each.key,
            "label": each.label,
            "currency": each.currency,
            "bills": each.bills,
            "net_minor": each.net_minor,
            "tax_minor": each.tax_minor,
            "total_minor": each.total_minor,
        }
        for each in of.groups
    ]
    return {
        "account": of.account,
        "period": of.period,
        "by": of.by.value,
        "marked": of.marked,
        "groups": groups,
        "total_minor": of.total_minor,
    }


def clock(of: SandboxClock) -> dict[str, Any]:
    """The clock of a sandbox."""
    return {"account": of.account, "today": of.today, "accounts": list(of.accounts)}


def advanced(of: Advanced) -> dict[str, Any]:
    """How the clock of a sandbox went."""
    return {
        "account": of.account,
        "from_on": of.from_on,
        "today": of.today,
        "days": of.days,
        "bills": of.bills,
        "parked": of.parked,
    }


def _asked(of: SalesRequest) -> dict[str, Any]:
    if isinstance(of.asked, AskedTerm):
        term = of.asked.term
        return {"days": term.days, "method": term.method.value, "from_on": of.asked.from_on}
    if isinstance(of.asked, AskedCorrection):
        return {
            "bill": of.asked.bill_id,
            "buyer": dict(of.asked.members),
            "order_reference": of.asked.order_reference,
        }
    terms = of.asked.terms
    return {
        "reference": terms.reference,
        "type": terms.type.value,
        "start_on": terms.start_on,
        "end_on": terms.end_on,
        "amount_max_minor": terms.amount_max_minor,
        "members": sorted(terms.members),
    }
