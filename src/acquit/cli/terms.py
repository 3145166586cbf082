"""`acquit terms`: grant, approve, revoke and show enterprise payment."""

from datetime import date
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.enforce_terms import enforce_terms
from acquit.actions.grant_enterprise_terms import approve_enterprise_terms, grant_enterprise_terms
from acquit.actions.list_notices import notices_of
from acquit.actions.loading import account_in, today_of
from acquit.actions.revoke_enterprise_terms import revoke_enterprise_terms
from acquit.cli.program import Given, WrongUsage
from acquit.cli.screen import Screen, facts, table
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, GrantId
from acquit.core.money import Currency, parsed, plain
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Grant, Method, Term, UsageChoice, default_term, term_for
from acquit.store import legal_entities, payment_methods, terms
from acquit.store.transaction import Transaction

app = App(name="terms", help="Enterprise payment: grant, approve, revoke, show.")

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]
MonthEnd = Annotated[
    Literal["days-first", "month-first"] | None, Parameter(help="Count to the end of a month, this way.")
]
Operator = Annotated[str | None, Parameter(help="Who does it, by operator id.")]
UsageBill = Annotated[
    Literal["own-bill"] | None, Parameter(name="--usage", help="Bill metered usage apart, within its cap.")
]
Override = Annotated[str | None, Parameter(help="Why metered usage gets the longer term too.")]


class ChooseOne(WrongUsage):
    """Two options contradict each other."""

    code = "choose-one"


def actor(operator: str | None) -> str:
    """Return who acts: the operator that was named, else the command line."""
    return "cli" if operator is None else f"operator:{operator}"


def asked_term(
    days: int,
    month_end: str | None,
    credit_limit: str | None,
    currency: Currency,
    from_on: date | None,
    usage: str | None,
    override: str | None,
) -> AskedTerm:
    """Return the term that the options say. Raises ChooseOne, BadAmount."""
    if usage is not None and override is not None:
        raise ChooseOne("Choose one of --usage own-bill and --override REASON.")
    choice = UsageChoice.OVERRIDE if override is not None else None
    return AskedTerm(
        term=Term(days, Method.NET if month_end is None else Method(month_end)),
        credit_limit_minor=None if credit_limit is None else _limit(credit_limit, currency),
        from_on=from_on,
        usage_choice=UsageChoice(usage) if usage is not None else choice,
        override_reason=override or "",
    )


@app.command
def grant(
    *,
    account: ForAccount,
    days: Annotated[int, Parameter(help="30, 45 or 60 in France.")],
    month_end: MonthEnd = None,
    credit_limit: Annotated[str | None, Parameter(help="What may be owed at most, as in 50000.00.")] = None,
    from_: Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")] = None,
    usage: UsageBill = None,
    override: Override = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Grant an account a payment term."""
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            currency = account_in(tx, account_id).currency
        asked = asked_term(days, month_end, credit_limit, currency, from_, usage, override)
        made = grant_enterprise_terms(context, account_id, asked, by=actor(operator))
        if made.needs_approval:
            program.screen.warn(
                f"A second person has to approve it: acquit terms approve --account {account} "
                f"--grant {made.grant_id} --operator …"
            )
        _answer(context, program.screen, account_id)


@app.command
def approve(
    *,
    account: ForAccount,
    grant: Annotated[int, Parameter(help="The grant's number.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Approve a grant as the second person."""
    with program.open() as context:
        approve_enterprise_terms(context, AccountId(account), GrantId(grant), by=actor(operator))
        _answer(context, program.screen, AccountId(account))


@app.command
def revoke(
    *,
    account: ForAccount,
    reason: Annotated[str, Parameter(help="Why; it is recorded.")] = "revoked",
    on: Annotated[date | None, Parameter(help="First day without it, today if not given.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """End an account's payment term; issued bills keep theirs."""
    with program.open() as context:
        revoke_enterprise_terms(context, AccountId(account), by=actor(operator), reason=reason, end_on=on)
        _answer(context, program.screen, AccountId(account))


@app.command
def show(
    account: Annotated[str | None, Parameter(help="The account.")] = None,
    *,
    named: Annotated[str | None, Parameter(name="--account", show=False)] = None,
    program: Given,
) -> None:
    """Show an account's payment term: attributes, method, credit, history; or all that wait for approval."""
    wanted = account or named
    with program.open() as context:
        if wanted is not None:
            _answer(context, program.screen, AccountId(wanted))
            return
        with context.database.read() as tx:
            waiting = [_grant(each) for each in terms.waiting(tx)]
    program.screen.answer(
        waiting, _history(waiting, "Waiting for approval") if waiting else "No grant waits for approval."
    )


@app.command
def enforce(*, program: Given) -> None:
    """Let grants that began or ended show on their accounts; the worker does it every day."""
    with program.open() as context:
        with context.database.read() as tx:
            entities = [entity.legal_entity_id for entity in legal_entities.every(tx)]
        changed = [account_id for entity_id in entities for account_id in enforce_terms(context, entity_id)]
    program.screen.answer(changed, "\n".join(changed) or "Every account shows the term that holds.")


def _limit(text: str, currency: Currency) -> int:
    limit = parsed(text, currency)
    if limit < 0:
        raise Invalid("A credit limit is not negative.")
    return limit


def _answer(context: Context, screen: Screen, account_id: AccountId) -> None:
    with context.database.read() as tx:
        document = _document(context, tx, account_id)
    document["warnings"] = [notice.text for notice in notices_of(context, document["payer"])]
    for text in document["warnings"]:
        screen.warn(text)
    shown = {name: document[name] for name in ("account", "payer", "term", "usage_term")}
    shown["credit limit"] = _money(document["credit_limit_minor"], document["currency"], "no limit")
    shown["credit left"] = _money(document["credit_left_minor"], document["currency"], "")
    shown |= document["attributes"]
    for method in document["payment_methods"]:
        default = ", default" if method["default"] else ""
        shown[f"method {method['id']}"] = f"{method['label']} ({method['status']}{default})"
    screen.answer(document, facts(**shown), _history(document["grants"], "Grants"))


def _document(context: Context, tx: Transaction, account_id: AccountId) -> dict[str, Any]:
    account = account_in(tx, account_id)
    payer_id, today = account.payer_id, today_of(context, tx, account)
    entity = legal_entities.of_account(tx, payer_id)
    assert entity is not None, "an account has a legal entity"
    grants = terms.of_account(tx, payer_id)
    term, grant_id = term_for(grants, today, False, default_term(entity))
    usage_term, _ = term_for(grants, today, True, default_term(entity))
    held = next((each for each in grants if each.grant_id == grant_id), None)
    return {
        "account": account_id,
        "payer": payer_id,
        "granted": held is not None,
        "grant": grant_id,
        "days": term.days,
        "method": term.method.value,
        "term": str(term) if held else f"{term} (legal default)",
        "usage_days": usage_term.days,
        "usage_term": str(usage_term),
        "currency": account.currency,
        "credit_limit_minor": None if held is None else held.credit_limit_minor,
        "credit_left_minor": terms.credit_left_on(tx, payer_id, today),
        "attributes": {mark.name: mark.value for mark in terms.attributes(tx, payer_id)},
        "payment_methods": [
            {
                "id": method.payment_method_id, "type": method.payment_type, "sub_type": method.sub_type,
                "label": method.label, "status": method.status.value, "default": method.is_default,
            }
            for method in payment_methods.of_account(tx, payer_id)
        ],
        "grants": [_grant(each) for each in grants],
    }  # fmt: skip


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant.grant_id,
        "account": grant.account_id,
        "days": grant.term.days,
        "method": grant.term.method.value,
        "usage_choice": grant.usage_choice.value,
        "usage_days": grant.usage_term.days,
        "override_reason": grant.override_reason,
        "credit_limit_minor": grant.credit_limit_minor,
        "currency": grant.currency,
        "from": grant.from_on,
        "granted_by": grant.granted_by,
        "needs_approval": grant.needs_approval,
        "approved_by": grant.approved_by,
        "end": grant.end_on,
        "ended_by": grant.ended_by,
        "end_reason": grant.end_reason,
        "request": grant.request_id,
    }


def _history(grants: list[dict[str, Any]], title: str) -> object:
    return table(
        ">grant", "account", ">days", "method", "from", "until", "by", "approved by", "ended",
        rows=[
            (
                each["grant"], each["account"], each["days"], each["method"], each["from"], each["end"],
                each["granted_by"],
                each["approved_by"] or ("waits" if each["needs_approval"] else ""), each["end_reason"],
            )
            for each in grants
        ],
        title=title,
    )  # fmt: skip


def _money(minor: int | None, currency: Currency, without: str) -> str:
    return without if minor is None else f"{plain(minor, currency)} {currency}"
