"""`acquit request`: what customers asked of sales, approved or refused."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from acquit.actions.decide_request import approve_request, refuse_request
from acquit.actions.review_request import Review, review_in, review_request
from acquit.cli.program import Given
from acquit.cli.screen import facts, table
from acquit.cli.terms import MonthEnd, Operator, Override, UsageBill, actor, asked_term
from acquit.core.account import Account
from acquit.core.errors import Invalid
from acquit.core.identifiers import RequestId
from acquit.core.sales_request import AskedCorrection, AskedTerm, SalesRequest
from acquit.store import requests

app = App(name="request", help="What customers asked of sales: list, approve, refuse.")


class NotATerm(Invalid):
    """Only the approval of a term can say another term."""

    code = "not-a-term"


@app.command(name="list")
def list_(
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="", help="Decided ones too.")] = False,
    program: Given,
) -> None:
    """List the queue of sales, each with the legal check done now."""
    with program.open() as context, context.database.read() as tx:
        reviews = [review_in(context, tx, request) for request in requests.waiting(tx)]
        decided = requests.decided(tx) if all_ else []
    document = [*map(_reviewed, reviews), *map(_request, decided)]
    rows = [
        (
            each["request"], each["account"], each["asked"], each["asked_at"].date(), each["state"],
            "; ".join(finding["reason"] for finding in each.get("findings", ()) if not finding["ok"]) or "ok"
            if each["state"] == "waiting"
            else each["reason"],
        )
        for each in document
    ]  # fmt: skip
    shown = table(">request", "account", "asks for", "since", "state", "check", rows=rows)
    program.screen.answer(document, shown if rows else "No request waits.")


@app.command
def show(
    request: int,
    /,
    *,
    save: Annotated[Path | None, Parameter(help="Write the file that came with it here.")] = None,
    program: Given,
) -> None:
    """Show one request, what each rule says about it, and save its file."""
    with program.open() as context:
        review = review_request(context, RequestId(request))
        with context.database.read() as tx:
            file = requests.attachment(tx, review.account.account_id, review.request.request_id)
    document = _reviewed(review)
    if save is not None:
        if file is None:
            raise Invalid(f"No file came with request {request}.")
        save.write_bytes(file.content)
        program.screen.say(f"{file.name} is written to {save}.")
    named = {name: value for name, value in document.items() if name not in ("findings", "details")}
    findings = table(
        "rule", "", "reason", "source",
        rows=[
            (each["rule"], "ok" if each["ok"] else "refused", each["reason"], each["source"])
            for each in document["findings"]
        ],
    )  # fmt: skip
    program.screen.answer(document, facts(**named), findings)


@app.command
def approve(
    request: int,
    /,
    *,
    days: Annotated[int | None, Parameter(help="Grant so many days instead of those asked.")] = None,
    month_end: MonthEnd = None,
    credit_limit: Annotated[str | None, Parameter(help="What may be owed at most.")] = None,
    from_: Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")] = None,
    usage: UsageBill = None,
    override: Override = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Approve a request: the payment method, the purchase order or the corrective bill appears."""
    with program.open() as context:
        review = review_request(context, RequestId(request))
        instead = None
        if any(option is not None for option in (days, month_end, credit_limit, from_, usage, override)):
            asked, account = review.request.asked, review.account
            if not isinstance(asked, AskedTerm):
                raise NotATerm("These options are for payment terms; this request is for another thing.")
            instead = _instead(asked, account, days, month_end, credit_limit, from_, usage, override)
        decided = approve_request(context, RequestId(request), by=actor(operator), instead=instead)
    document = _request(decided)
    program.screen.answer(document, f"Request {request} is approved: {document['asked']}.")


@app.command
def refuse(
    request: int,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; the account reads it.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Refuse a request with a reason."""
    with program.open() as context:
        decided = refuse_request(context, RequestId(request), reason, by=actor(operator))
    program.screen.answer(_request(decided), f"Request {request} is refused.")


def _instead(
    asked: AskedTerm,
    account: Account,
    days: int | None,
    month_end: str | None,
    credit_limit: str | None,
    from_on: date | None,
    usage: str | None,
    override: str | None,
) -> AskedTerm:
    """Return what was asked with the options over it."""
    method = asked.term.method.value
    said = asked_term(
        days or asked.term.days,
        month_end or (None if method == "net" else method),
        credit_limit,
        account.currency,
        from_on or asked.from_on,
        usage,
        override,
    )
    return AskedTerm(
        term=said.term,
        credit_limit_minor=asked.credit_limit_minor if credit_limit is None else said.credit_limit_minor,
        from_on=said.from_on,
        usage_choice=said.usage_choice or asked.usage_choice,
        override_reason=said.override_reason or asked.override_reason,
    )


def _asked(request: SalesRequest) -> str:
    asked = request.asked
    if isinstance(asked, AskedTerm):
        return f"payment term of {asked.term}"
    if isinstance(asked, AskedCorrection):
        return f"correction of bill {asked.bill_id}"
    until = "" if asked.terms.end_on is None else f" to {asked.terms.end_on}"
    return f"purchase order {asked.terms.reference} from {asked.terms.start_on}{until}"


def _request(request: SalesRequest) -> dict[str, Any]:
    return {
        "request": request.request_id,
        "account": request.account_id,
        "kind": request.kind.value,
        "asked": _asked(request),
        "details": request.asked,
        "message": request.message,
        "file": request.file_name,
        "state": request.state.value,
        "asked_by": request.asked_by,
        "asked_at": request.asked_at,
        "decided_by": request.decided_by,
        "decided_at": request.decided_at,
        "reason": request.reason,
        "result": request.result_id,
        "result_bill": request.result_bill,
    }


def _reviewed(review: Review) -> dict[str, Any]:
    return _request(review.request) | {
        "lawful": review.ok,
        "findings": [
            {
                "rule": finding.code, "ok": finding.ok, "reason": finding.reason, "source": finding.source,
            }
            for finding in review.findings
        ],
    }  # fmt: skip
