"""`acquit bills explain` and `acquit bills replay`, and the comparison of two periods as tables."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from acquit.actions.explain_bill import explain_bill
from acquit.actions.explain_reverse_bill import explain_reverse_bill
from acquit.actions.replay_run import Replayed, replay_run
from acquit.actions.run_bills import RunReport
from acquit.cli.program import Given
from acquit.cli.screen import facts, table
from acquit.core.comparison import Comparison
from acquit.core.explanation import Explanation
from acquit.core.explanation_text import told
from acquit.core.identifiers import BillId, LegalEntityId
from acquit.core.money import Currency, plain
from acquit.core.reverse_text import ReverseExplanation, reverse_told
from acquit.store import legal_entities, reverse_lists

REFUSED = 1
SHOWN_MAX = 20


def explain(
    bill: str,
    *,
    language: Annotated[Literal["en", "fr"], Parameter(help="The language of the sentences.")] = "en",
    program: Given,
) -> None:
    """Walk each cent of a bill, or of a reverse bill, back to where it comes from."""
    bill_id = BillId(bill)
    found: Explanation | ReverseExplanation
    with program.open() as context:
        with context.database.read() as tx:
            supplier_id = reverse_lists.supplier_of(tx, bill_id)
        if supplier_id is None:
            found = explain_bill(context, bill_id)
            sentences = told(found, language)
        else:
            found = explain_reverse_bill(context, supplier_id, bill_id)
            sentences = reverse_told(found, language)
    program.screen.answer({"explanation": found, "sentences": sentences}, *sentences)


def replay(
    run: str,
    *,
    legal_entity: Annotated[str | None, Parameter(help="Whose period, if several sell.")] = None,
    program: Given,
) -> int:
    """Decide a run (its number, or a month) again from what it kept, and compare with what was posted.

    Exits 1 when anything differs.
    """
    with program.open() as context:
        with context.database.read() as tx:
            known = [each.legal_entity_id for each in legal_entities.every(tx)]
        wanted = known if legal_entity is None else [LegalEntityId(legal_entity)]
        sellers = wanted[:1] if run.isdecimal() else wanted
        found = [replay_run(context, run, entity_id) for entity_id in sellers]
    tables = [shown for each in found for shown in _replayed(each)]
    program.screen.answer(found[0] if len(found) == 1 else found, *tables)
    return REFUSED if any(each.differences for each in found) else 0


def document(report: RunReport, comparison: Comparison | None) -> object:
    """Return the report as it is told to programs, with what changed when it was compared."""
    if comparison is None:
        return report
    currency = report.currency
    return asdict(report) | {
        "difference": {
            "before": comparison.before,
            "difference_minor": comparison.difference_minor.get(currency, 0),
            "by_reason": comparison.by_reason.get(currency, {}),
            "by_plan": comparison.by_plan.get(currency, {}),
            "changes": [each for each in comparison.changes if each.currency == currency],
        }
    }


def comparison_tables(comparison: Comparison) -> list[object]:
    """Return what changed: by reason and plan, the largest changes, and the rest in one line."""
    shown: list[object] = [f"{comparison.period} beside {comparison.before}"]
    for currency, reasons in sorted(comparison.by_reason.items()):
        shown.append(_reasons(currency, comparison.by_plan[currency], reasons))
        rows = [
            (str(each.account_id), each.plan, each.reason.value, plain(each.amount_minor, currency))
            for each in comparison.changes
            if each.currency == currency and each.amount_minor
        ]
        if comparison.rest_rows:
            rest = comparison.rest_minor.get(currency, 0)
            rows.append((f"{comparison.rest_rows} more", "", "", plain(rest, currency)))
        shown.append(table("account", "plan", "reason", f">{currency}", rows=rows))
        moved = comparison.moved_minor.get(currency, 0)
        if moved:
            shown.append(f"{plain(moved, currency)} {currency} quote another purchase order than before.")
    return shown


def _reasons(
    currency: Currency, plans: Mapping[str, Mapping[Any, int]], reasons: Mapping[Any, int]
) -> object:
    rows = [
        (plan, reason.value, plain(amount, currency))
        for plan, each in sorted(plans.items())
        for reason, amount in each.items()
    ]
    rows.append(("", "difference", plain(sum(reasons.values()), currency)))
    return table("plan", "reason", f">{currency}", rows=rows)


def _replayed(found: Replayed) -> list[object]:
    shown: list[object] = [
        facts(
            run=f"{found.run} ({found.legal_entity} {found.period})",
            decided_by=", ".join(found.programs),
            pages=found.pages,
            accounts=found.accounts,
            bills=found.bills,
            held=found.held,
            parked=found.parked,
            carried=found.carried,
            erased=found.erased,
            differences=len(found.differences),
            seconds=found.seconds,
        )
    ]
    if found.erased:
        shown.append(
            f"{found.erased} accounts with {found.unproved} bills are not decided again: the printed copy of "
            "a buyer, a payer or the seller was erased, and with it what VAT and address were judged by. "
            "That these bills add up, are numbered, owed and booked is proved by: acquit audit --full."
        )
    if found.differences:
        rows = [(each.account_id, each.bill_id, each.what) for each in found.differences[:SHOWN_MAX]]
        shown.append(table("account", "bill", "what differs", rows=rows))
    return shown
