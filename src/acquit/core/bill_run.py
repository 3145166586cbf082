"""A bill run's decisions: what becomes of each account's charges, purely, before anything is written.

One bill per account, payer, currency, billing group and purchase order, and term where metered usage has
its own. An account with a problem is set aside whole, with every problem of every draft told at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from acquit.core.account import BelowZero
from acquit.core.bill import Draft, MissingGlyphs, Sharing, draft, first_period, placed, shares_of
from acquit.core.charge import Charge, gathers_usage
from acquit.core.collection import EURO, Debiting, IsBankDay, collected_on
from acquit.core.down_payment import DownPayment, deducted, deducting
from acquit.core.electronic_rule import buyer_problems, currency_problems, draft_problems
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.exchange_rate import Exchange
from acquit.core.gate import arithmetic_problems, detail_texts, glyph_problems, order_texts, printed_texts
from acquit.core.identifiers import AccountId, BillingGroupId, PurchaseOrderId
from acquit.core.let_off import comes_back
from acquit.core.money import EXPONENTS, Currency, plain
from acquit.core.problem import Problem
from acquit.core.purchase_order import Policy, PurchaseOrder, Verdict, candidate, draw, hold_until, place
from acquit.core.quick import quick
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import Rates, TaxCase, tax_case
from acquit.core.terms import Grant, Term, due_on, end_of_month, term_for


class BadPeriod(Invalid):
    """A period is a month, written `2026-11`."""

    code = "bad-period"


class CannotRun(Conflict):
    """The legal entity lacks something without which no bill is lawful; every lack is told."""

    code = "cannot-run"


class NoSuchRun(NotFound):
    """The period was not run."""

    code = "no-such-run"


class NoInputs(Conflict):
    """The run kept nothing that it could be decided by again."""

    code = "no-inputs"


class NotParked(NotFound):
    """No run has set the account aside."""

    code = "not-parked"


class NothingMended(Conflict):
    """What kept the accounts from being billed is as it was."""

    code = "nothing-mended"


class RunStatus(StrEnum):
    """Open while accounts are parked, closed when none is; rehearsed: nothing was written."""

    OPEN = "open"
    CLOSED = "closed"
    REHEARSED = "rehearsed"


@dataclass(frozen=True, slots=True)
class Period:
    """A month to bill: renewals that start in it (or were left over), charges accepted up to its end."""

    first_on: date

    @property
    def last_on(self) -> date:
        """The last day of the month."""
        return end_of_month(self.first_on)

    def __str__(self) -> str:
        return f"{self.first_on:%Y-%m}"


def _every_day(_: date) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all accounts of a page; `on` is the date that its bills will bear.

    `accounting` is the currency of the seller's VAT accounts; without
    `exchanges` no bill tells its VAT there.
    """

    seller: Seller
    rates: Rates
    default_term: Term
    on: date
    missing_glyphs: MissingGlyphs
    below_zero: BelowZero = BelowZero.CARRY
    accounting: Currency | None = None
    exchanges: Mapping[Currency, Exchange] | None = None
    is_bank_day: IsBankDay = _every_day


@quick
@dataclass(frozen=True, slots=True)
class Billable:
    """An account with what its bills depend on; `grants` are its payer's.

    `payer` and `payer_hash`, the name of its copy, are there when another legal person pays. `held_until`
    tells, per reason, the last day of holds that began earlier. `problems` are known before: use without a
    price, what the official rules found. `debiting` is there when the payer pays by direct debit.
    """

    account_id: AccountId
    payer_id: AccountId
    language: str
    policy: Policy
    hold_days_max: int
    buyer: Buyer | None
    buyer_hash: bytes
    payer_hash: bytes | None
    grants: tuple[Grant, ...] = ()
    held_until: Mapping[str, date] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    cost_account: str = ""
    contract: str = ""
    debiting: Debiting | None = None
    payer: Buyer | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Drafts held before their number: the net amount of their charges is accrued, not billed."""

    account_id: AccountId
    amount_minor: int
    currency: Currency
    reason: str
    held_on: date
    until_on: date
    charges: tuple[Charge, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an account: drafts to issue, holds, warnings, or (then nothing else) problems.

    `carried` are charges of drafts that come to nothing, or in which more comes back than is charged: they
    stay open, with what was let off them, until the account is billed something that they can stand beside.
    `returned` is what comes back among those below nothing.
    """

    account_id: AccountId
    drafts: tuple[Draft, ...] = ()
    holds: tuple[Hold, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    carried: tuple[Charge, ...] = ()
    returned: tuple[Charge, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """What stays open because it comes to nothing or less: accounts, their charges, and the net of these."""

    accounts: int = 0
    charges: int = 0
    net_minor: int = 0

    def __add__(self, other: "Carried") -> "Carried":
        return Carried(
            self.accounts + other.accounts, self.charges + other.charges, self.net_minor + other.net_minor
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Control totals of bills of one currency."""

    bills: int = 0
    details: int = 0
    net_minor: int = 0
    tax_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Net and VAT."""
        return self.net_minor + self.tax_minor

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.bills + other.bills,
            self.details + other.details,
            self.net_minor + other.net_minor,
            self.tax_minor + other.tax_minor,
        )


def period(text: str) -> Period:
    """Return the month written `2026-11`. Raises BadPeriod."""
    try:
        assert len(text) == 7
        return Period(date.fromisoformat(f"{text}-01"))
    except (AssertionError, ValueError):
        raise BadPeriod(f"{text!r} is not a month; write it as in 2026-11.", period=text) from None


def months_ahead(wanted: Period, today: date) -> int:
    """Return how many months after that of `today` the period is; negative for one before it."""
    first_on = wanted.first_on
    return 12 * (first_on.year - today.year) + first_on.month - today.month


def totals_of(drafts: Iterable[Draft]) -> dict[Currency, Totals]:
    """Return the control totals of the drafts per currency."""
    sums: dict[Currency, list[int]] = {}
    for each in drafts:
        kept = sums.setdefault(each.sharing.currency, [0, 0, 0, 0])
        kept[0] += 1
        kept[1] += len(each.details)
        kept[2] += each.net_minor
        kept[3] += each.tax_minor
    return {currency: Totals(*kept) for currency, kept in sums.items()}


def carried_of(outcomes: Iterable[Outcome]) -> dict[Currency, Carried]:
    """Return what the outcomes carry, per currency."""
    sums: dict[Currency, Carried] = {}
    for outcome in outcomes:
        own: dict[Currency, Carried] = {}
        for charge in outcome.carried:
            known = own.get(charge.currency, Carried(1))
            own[charge.currency] = known + Carried(0, 1, charge.net_minor)
        for currency, each in own.items():
            sums[currency] = sums.get(currency, Carried()) + each
    return sums


def decide(
    account: Billable,
    charges: Sequence[Charge],
    orders: Sequence[PurchaseOrder],
    rules: Rules,
    down_payments: Sequence[DownPayment] = (),
) -> tuple[Outcome, Sequence[PurchaseOrder]]:
    """Return what becomes of the account's charges, and the orders after its bills were drawn from them.

    Its bills deduct its down payments, as far as these are paid; one that is held deducts nothing.

    Checks in order: problems known before, currencies, legal party, VAT case, buyer, glyphs, and per draft
    its sign, arithmetic and glyphs.
    """
    if account.problems:
        return _set_aside(account, account.problems), orders
    if not charges:
        return Outcome(account.account_id), orders
    unknown = [charge.currency for charge in charges if charge.currency not in EXPONENTS]
    if unknown:
        text = f"No bill can be made in {', '.join(sorted(set(unknown)))}."
        return _set_aside(account, [Problem("unknown-currency", text, "charges")]), orders
    if account.buyer is None:
        lack = Problem("missing-legal-party", "The account has no legal party yet.", "legal party")
        return _set_aside(account, [lack]), orders
    case = tax_case(rules.seller, account.buyer, rules.on, rules.rates)
    if isinstance(case, Problem):
        return _set_aside(account, [case]), orders
    drafts = _drafts(account, charges, orders, case, rules)
    waiting = [gathered for gathered in drafts if _is_carried(gathered, rules.below_zero)]
    if waiting:
        drafts = [gathered for gathered in drafts if gathered not in waiting]
    final = deducted([gathered.draft for gathered in drafts], down_payments)
    problems = buyer_problems(account.buyer, rules.seller, case) if drafts else []
    for party in (account.buyer, account.payer):
        if party is not None:
            problems += glyph_problems(printed_texts(party), rules.missing_glyphs, "legal party")
    for each in final:
        problems += _problems(each, account.buyer, rules)
    if problems:
        return _set_aside(account, problems), orders
    if not orders and account.policy is Policy.PROCEED:
        outcome = Outcome(account.account_id, tuple(final))
    else:
        outcome, orders = _place_all(account, drafts, orders, rules, down_payments)
    if waiting and not outcome.problems:
        carried = tuple(charge for gathered in waiting for charge in gathered.charges)
        below = [gathered for gathered in waiting if gathered.draft.total_minor < 0]
        returned = tuple(charge for gathered in below for charge in _returned(gathered))
        outcome = replace(outcome, carried=carried, returned=returned)
    return outcome, orders


def _is_carried(gathered: "_Gathered", below_zero: BelowZero) -> bool:
    """Whether the charges stay open: no bill is of zero, and one is below it only by a seller's leave."""
    total_minor = gathered.draft.total_minor
    if total_minor == 0:
        return True
    return total_minor < 0 and below_zero is not BelowZero.PARK and bool(_returned(gathered))


def _returned(gathered: "_Gathered") -> list[Charge]:
    """Return what comes back in the draft, and what had been let off of it."""
    return [each for each in gathered.charges if comes_back(each)]


def _set_aside(account: Billable, problems: Sequence[Problem]) -> Outcome:
    return Outcome(account.account_id, problems=tuple(dict.fromkeys(problems)))


@quick
@dataclass(frozen=True, slots=True)
class _Gathered:
    """Charges that may stand on one bill, their draft, and the order that applies to them."""

    draft: Draft
    charges: list[Charge]
    order: PurchaseOrder | None


def _drafts(
    account: Billable,
    charges: Sequence[Charge],
    orders: Sequence[PurchaseOrder],
    case: TaxCase,
    rules: Rules,
) -> list[_Gathered]:
    """Return what there is to bill; charges that all cost nothing make no draft."""
    term, grant_id = term_for(account.grants, rules.on, False, rules.default_term)
    usage_term, _ = term_for(account.grants, rules.on, True, rules.default_term)
    drafts = []
    for (currency, group, own_term, _), (order, gathered) in _groups(
        account.account_id, charges, orders, rules.on, usage_term != term
    ).items():
        sharing = Sharing(
            account.account_id,
            account.payer_id,
            account.language,
            currency,
            group,
            usage_term if own_term else term,
            grant_id,
            account.buyer_hash,
            account.payer_hash,
            account.cost_account,
            account.contract,
            *_debit(account, currency, usage_term if own_term else term, rules),
            None if rules.exchanges is None else rules.exchanges.get(currency),
        )
        unplaced = draft(sharing, gathered, case)
        if unplaced.net_minor or any(detail.net_minor for detail in unplaced.details):
            drafts.append(_Gathered(unplaced, gathered, order))
    return drafts


def _debit(
    account: Billable, currency: Currency, term: Term, rules: Rules
) -> tuple[bytes | None, date | None]:
    """Return the copy of the mandate and the day of the debit, or neither."""
    if account.debiting is None or currency != EURO:
        return None, None
    on = collected_on(account.debiting, due_on(rules.on, term), rules.is_bank_day)
    return (None, None) if on is None else (account.debiting.debit_hash, on)


_Key = tuple[Currency, BillingGroupId | None, bool, PurchaseOrderId | None]
_Group = tuple[PurchaseOrder | None, list[Charge]]


def _groups(
    account_id: AccountId,
    charges: Sequence[Charge],
    orders: Sequence[PurchaseOrder],
    on: date,
    usage_apart: bool,
) -> dict[_Key, _Group]:
    """Return the charges by what a bill has in common, in the order in which they first appear."""
    groups: dict[_Key, _Group] = {}
    order = None
    for charge in charges:
        if orders:
            order = candidate(orders, account_id, charge.billing_group_id, on, charge.period_start)
        key = (
            charge.currency,
            charge.billing_group_id,
            usage_apart and gathers_usage(charge),
            None if order is None else order.purchase_order_id,
        )
        group = groups.get(key)
        if group is None:
            groups[key] = (order, [charge])
        else:
            group[1].append(charge)
    return groups


def _problems(unplaced: Draft, buyer: Buyer, rules: Rules) -> list[Problem]:
    currency, total = unplaced.sharing.currency, unplaced.total_minor
    problems = []
    if total < 0:
        text = (
            f"The charges add up to {plain(total, currency)} {currency}. A bill is never negative: "
            "add charges or give a credit note."
        )
        problems.append(Problem("negative-draft", text, "charges"))
    if unplaced.tax_minor and _lacks_rate(currency, rules):
        text = (
            f"No exchange rate of {currency} is known for {rules.on}, and a bill tells its VAT in "
            f"{rules.accounting} too: `acquit vat import-rates eurofxref-hist.csv` takes in the European "
            "Central Bank's file."
        )
        problems.append(Problem("missing-exchange-rate", text, "exchange rates"))
    elif rules.exchanges is not None:
        problems += currency_problems(unplaced, rules.seller, buyer)
    problems += arithmetic_problems(unplaced)
    problems += draft_problems(unplaced, rules.seller, buyer, rules.on)
    return problems + glyph_problems(detail_texts(unplaced), rules.missing_glyphs)


def _lacks_rate(currency: Currency, rules: Rules) -> bool:
    return rules.exchanges is not None and currency != rules.accounting and currency not in rules.exchanges


def _place_all(
    account: Billable, drafts: Sequence[_Gathered], orders: Sequence[PurchaseOrder], rules: Rules,
    down_payments: Sequence[DownPayment],
) -> tuple[Outcome, Sequence[PurchaseOrder]]:  # fmt: skip
    """Put each draft on the order that carries it, or do what the policy says; one held deducts nothing."""
    issued: list[Draft] = []
    holds: dict[tuple[Currency, str], Hold] = {}
    warnings, left = list[str](), list(orders)
    for gathered in drafts:
        unplaced, left_after = deducting(gathered.draft, down_payments)
        shares = shares_of(unplaced.details)
        placement = place(
            _as_drawn(gathered.order, left),
            left,
            unplaced.net_minor,
            account.policy,
            rules.on,
            first_period(gathered.charges),
            shares,
        )
        if placement.order is not None:
            issued.append(placed(unplaced, placement.order))
            left[left.index(placement.order)] = draw(placement.order, unplaced.net_minor, shares)
            down_payments = left_after
            continue
        verdict = _after_deadline(placement.verdict, account, placement.reason, rules.on)
        if verdict is Verdict.HOLD:
            _add_hold(holds, account, gathered, placement.reason, rules.on)
            continue
        down_payments = left_after
        issued.append(unplaced)
        if verdict is Verdict.WARN:
            warnings.append(placement.reason)
    texts = [text for each in issued for text in order_texts(each)]
    problems = glyph_problems(texts, rules.missing_glyphs, "purchase order")
    if problems:
        return _set_aside(account, problems), orders
    return Outcome(account.account_id, tuple(issued), tuple(holds.values()), tuple(warnings)), left


def _as_drawn(order: PurchaseOrder | None, orders: Sequence[PurchaseOrder]) -> PurchaseOrder | None:
    """Return the order as the drafts before have left it."""
    if order is None:
        return None
    return next(each for each in orders if each.purchase_order_id == order.purchase_order_id)


def _after_deadline(verdict: Verdict, account: Billable, reason: str, on: date) -> Verdict:
    """A hold ends after its last day: the bill is then issued, with a warning."""
    until = account.held_until.get(reason)
    return Verdict.WARN if verdict is Verdict.HOLD and until is not None and until < on else verdict


def _add_hold(
    holds: dict[tuple[Currency, str], Hold], account: Billable, gathered: _Gathered, reason: str, on: date
) -> None:
    """Hold the draft; holds of one reason and currency add up and keep the earliest deadline."""
    charges = tuple(gathered.charges)
    net_minor = sum(charge.net_minor for charge in charges)
    key = (gathered.draft.sharing.currency, reason)
    before = holds.get(key)
    if before is not None:
        holds[key] = replace(
            before, amount_minor=before.amount_minor + net_minor, charges=before.charges + charges
        )
        return
    until = account.held_until.get(reason) or hold_until(on, account.hold_days_max)
    holds[key] = Hold(account.account_id, net_minor, key[0], reason, on, until, charges)
