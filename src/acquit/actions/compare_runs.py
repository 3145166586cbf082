"""Compare a period with the one before it, posted or only rehearsed: what changed, for whom, and why."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.actions.page_deciding import Decided
from acquit.core import bill_run
from acquit.core.bill import Detail, Draft
from acquit.core.bill_run import NoSuchRun
from acquit.core.comparison import Billed, Comparison, Line, Reason, Taxed
from acquit.core.condition import Conditions, with_plans
from acquit.core.discount import plan_on
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.planned_change import plans_taken
from acquit.store import comparisons, conditions, runs
from acquit.store.transaction import Transaction

_NOTHING: Final = Billed()


class Comparing:
    """A comparison that grows page by page while a period is rehearsed."""

    def __init__(
        self, context: Context, legal_entity_id: LegalEntityId, period: str, rows_max: int | None = 20
    ) -> None:
        """Begin to compare the period with the month before it. Raises BadPeriod."""
        self._context = context
        self._month = bill_run.period(period)
        before = bill_run.Period((self._month.first_on - timedelta(days=1)).replace(day=1))
        self.comparison = Comparison(str(self._month), str(before), rows_max)
        self._seen: set[AccountId] = set()
        with context.database.read() as tx:
            found = runs.find(tx, legal_entity_id, str(before))
            self._before = None if found is None else found.run_id
            current = runs.find(tx, legal_entity_id, str(self._month))
            self._current = None if current is None else current.run_id

    def add(self, decided: Decided) -> None:
        """Take in what a rehearsal decided for a page, with what was posted for its accounts already."""
        account_ids = [outcome.account_id for outcome in decided.outcomes]
        with self._context.database.snapshot() as tx:
            before = comparisons.billed(tx, self._before, account_ids)
            posted = comparisons.billed(tx, self._current, account_ids)
            plans = _Plans(tx, account_ids, decided)
        drafts: dict[AccountId, list[Draft]] = defaultdict(list)
        for draft in decided.drafts:
            drafts[draft.sharing.account_id].append(draft)
        for outcome in decided.outcomes:
            account_id = outcome.account_id
            waiting = Reason.PARKED if outcome.problems else Reason.ORDER if outcome.holds else None
            now = _of_drafts(drafts[account_id], plans)
            was = posted.get(account_id, _NOTHING)
            after = Billed([*was.lines, *now.lines], [*was.taxes, *now.taxes], waiting)
            self._take(account_id, before, after)
        self._seen.update(account_ids)

    def finish(self) -> Comparison:
        """Take in the accounts that the rehearsal did not meet, and return the comparison."""
        with self._context.database.snapshot() as tx:
            waiting = self._waiting(tx)
            known = [each for each in (self._before, self._current) if each is not None]
            for packed in comparisons.pages(tx, known):
                account_ids = [AccountId(each) for each in packed.split(" ") if each not in self._seen]
                before = comparisons.billed(tx, self._before, account_ids)
                after = comparisons.billed(tx, self._current, account_ids)
                for account_id in account_ids:
                    now = after.get(account_id, _NOTHING)
                    reason = waiting.get(account_id)
                    self._take(account_id, before, Billed(now.lines, now.taxes, reason))
        return self.comparison

    def _take(self, account_id: AccountId, before: Mapping[AccountId, Billed], after: Billed) -> None:
        self.comparison.add(account_id, before.get(account_id, _NOTHING), after, self._month.first_on)

    def _waiting(self, tx: Transaction) -> dict[AccountId, Reason]:
        """Return the accounts of which the posted run holds or parks something."""
        if self._current is None:
            return {}
        held = {each.account_id: Reason.ORDER for each in runs.held(tx, self._current)}
        return held | {each.account_id: Reason.PARKED for each in runs.parked(tx, self._current)}


def compare_posted(
    context: Context, legal_entity_id: LegalEntityId, period: str, rows_max: int | None = 20
) -> Comparison:
    """Return how the posted run of the period differs from that of the month before.

    Raises BadPeriod, NoSuchRun when the period was not run.
    """
    comparing = Comparing(context, legal_entity_id, period, rows_max)
    with context.database.read() as tx:
        if runs.find(tx, legal_entity_id, comparing.comparison.period) is None:
            raise NoSuchRun(f"{period} was not run for {legal_entity_id}.", period=period)
    return comparing.finish()


class _Plans:
    """The plans of services on the days for which they are billed, those that renewals bring among them."""

    def __init__(self, tx: Transaction, account_ids: Sequence[AccountId], decided: Decided) -> None:
        plans, days = conditions.plans(tx, account_ids), conditions.plan_days(tx, account_ids)
        taken: dict[AccountId, list[tuple[ServiceId, date, str]]] = defaultdict(list)
        for each in decided.renewed:
            taken[each[0].service.account_id] += plans_taken([each])
        self._known = {
            each: with_plans(
                Conditions(plans=plans.get(each, {}), plan_days=days.get(each, {})), taken.get(each, ())
            )
            for each in account_ids
        }

    def of(self, owner_id: AccountId, detail: Detail) -> str:
        """Return the plan of the detail's service, empty when there is none."""
        known = self._known.get(owner_id)
        if known is None:
            return ""
        return plan_on(known.plans, known.plan_days, detail.service_id, detail.period_start) or ""


def _of_drafts(drafts: Iterable[Draft], plans: _Plans) -> Billed:
    lines, taxes = [], []
    for draft in drafts:
        currency = draft.sharing.currency
        reference = None if draft.order is None else draft.order.reference
        lines += [
            Line(
                each.service_id, plans.of(each.owner_id or draft.sharing.account_id, each), each.kind,
                each.part, currency,
                each.quantity_e4, each.unit_price_ucents, each.net_minor, each.period_start, reference,
            )
            for each in draft.details
        ]  # fmt: skip
        taxes += [
            Taxed(currency, each.vat_category, each.vat_rate_bp, each.net_minor, each.tax_minor)
            for each in draft.taxes
        ]
    return Billed(lines, taxes)
