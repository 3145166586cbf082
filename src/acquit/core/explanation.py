"""Where each cent of a bill comes from: values that a console, a command or a program can tell.

An explanation is put together by an action from stored facts. `told` says it in sentences.
"""

from dataclasses import dataclass, field
from datetime import date

from acquit.core.agreement import Stretch
from acquit.core.bill import Bill, Detail
from acquit.core.discount import Discount
from acquit.core.identifiers import AccountId, RunId
from acquit.core.journal import Entry
from acquit.core.minimum_spend import MinimumSpend
from acquit.core.money import E4_PER_ONE, UCENTS_PER_UNIT, Currency, exponent
from acquit.core.purchase_order import PurchaseOrder
from acquit.core.tax import TaxLine
from acquit.core.terms import Grant


@dataclass(frozen=True, slots=True)
class PriceSource:
    """The catalogue's price behind a service; `price_ucents` is None where it lists none of that mode now.

    `sold_ucents` is the price at which the service was sold and which it keeps.
    """

    catalogue: str
    version_on: date
    sha256: str
    plan_code: str
    plan_name: str
    mode: str
    sold_on: date
    sold_ucents: int
    renewal_months: int
    anniversary_day: int
    price_ucents: int | None = None
    strategy: str = ""
    tiers: object = None


@dataclass(frozen=True, slots=True)
class UsageSource:
    """What was metered behind a line of usage, and which part of it the line is.

    `line` is `included`, `committed`, a savings plan or a tier, with what of the use it covers and its
    bounds; empty for an adjustment, whose `before` are the quantity and the net of the rating before. The
    price of the meter holds since `price_from_on`.
    """

    meter: str
    month: date
    aggregation: str
    per: str
    events: int
    metered_e4: int
    rated_minor: int
    rating_no: int
    up_to_no: int
    price_from_on: date
    line: str = ""
    used_e4: int = 0
    from_e4: int = 0
    up_to_e4: int | None = None
    before: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class LineSource:
    """One line: how its amount was rounded, and where its price and quantity come from.

    `exact` is quantity × unit price before rounding, as plain decimal text. `lowers_minor` is what a
    discount was taken from, `spent_minor` what counted towards a minimum when it was made up. `days` are
    what a change of a service settled. `gives_back_minor` comes back in the line before, of which this one
    keeps what had been let off. `moved` is the account that the service came from or went to, and the day.
    """

    detail: Detail
    exact: str
    is_rounded: bool
    accepted_on: date | None = None
    price: PriceSource | None = None
    usage: UsageSource | None = None
    discount: Discount | None = None
    lowers_minor: int | None = None
    minimum: MinimumSpend | None = None
    spent_minor: int | None = None
    days: tuple[Stretch, ...] = ()
    gives_back_minor: int | None = None
    moved: tuple[AccountId, date] | None = None


@dataclass(frozen=True, slots=True)
class TaxSource:
    """The VAT of one category and rate; `code` names why, in the table of sentences."""

    line: TaxLine
    code: str
    seller_country: str
    buyer_country: str
    buyer_vat_id: str


@dataclass(frozen=True, slots=True)
class DebtSource:
    """What became of the debt: its id, what is open of it, and what paid it already, by means."""

    debt_id: int
    open_minor: int
    paid_minor: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A bill with where everything on it comes from."""

    bill: Bill
    lines: tuple[LineSource, ...]
    taxes: tuple[TaxSource, ...]
    grant: Grant | None
    order: PurchaseOrder | None
    series_id: str
    number: int
    run: RunId | None
    period: str | None
    input_no: int | None
    debt: DebtSource | None
    entry: Entry | None


def exact(quantity_e4: int, unit_price_ucents: int) -> str:
    """Return quantity × unit price as plain decimal text, no digit left out and none too many."""
    product = quantity_e4 * unit_price_ucents
    whole, part = divmod(abs(product), E4_PER_ONE * UCENTS_PER_UNIT)
    text = f"{whole}.{part:012d}".rstrip("0")
    kept = text + "0" * max(0, 2 - len(text.partition(".")[2]))
    return f"-{kept}" if product < 0 else kept


def exact_share(minor: int, rate_bp: int, currency: Currency) -> str:
    """Return an amount × a rate of 1/10,000 before rounding, as plain decimal text."""
    digits = exponent(currency) + 4
    whole, part = divmod(abs(minor * rate_bp), int(10**digits))
    text = f"{whole}.{part:0{digits}d}".rstrip("0").ljust(len(str(whole)) + 1 + exponent(currency), "0")
    return f"{'-' if minor * rate_bp < 0 else ''}{text.rstrip('.')}"


def is_rounded(detail: Detail, bill: Bill) -> bool:
    """Whether rounding changed the amount of the line."""
    scale = E4_PER_ONE * UCENTS_PER_UNIT // int(10 ** exponent(bill.currency))
    return detail.net_minor * scale != detail.quantity_e4 * detail.unit_price_ucents


def quantity(quantity_e4: int) -> str:
    """Return a quantity as plain decimal text: 15000 → `1.5`."""
    whole, part = divmod(abs(quantity_e4), E4_PER_ONE)
    text = f"{whole}.{part:04d}".rstrip("0").rstrip(".")
    return f"-{text}" if quantity_e4 < 0 else text


def unit_price(price_ucents: int) -> str:
    """Return a unit price as plain decimal text with at least two digits: 4544000000 → `45.44`."""
    whole, part = divmod(price_ucents, UCENTS_PER_UNIT)
    digits = f"{part:08d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{digits}"


def tax_code(line: TaxLine, seller_country: str, buyer_country: str) -> str:
    """Return why VAT is as it is: the category, and for the standard one where it is charged."""
    if line.vat_category == "S":
        return "S-home" if seller_country == buyer_country else "S-away"
    return line.vat_category
