"""Reading a published order catalogue: whole and right, or refused with every place that is wrong.

The format: an object with `locale` (currencyCode, subsidiary, taxRate), `plans`, `addons` and `products`;
prices are integers of 1e-8 of a unit. Members that Acquit does not use are left unread.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, NoReturn, TypeVar

from acquit.core.catalogue import (
    END_ACTIONS,
    Capacity,
    Catalogue,
    Engagement,
    Family,
    Kind,
    Plan,
    Pricing,
    Promotion,
    Reduction,
    Strategy,
    Unit,
)
from acquit.core.errors import Invalid
from acquit.core.money import EXPONENTS, Currency
from acquit.core.problem import Problem

PRICE_MAX: Final = 10**17
COUNT_MAX: Final = 10**9
MONTHS_MAX: Final = 120
NAME_MAX: Final = 255
PROBLEMS_MAX: Final = 50
SHOWN_MAX: Final = 5
DAY_LENGTH: Final = 10
MODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
DURATION: Final = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?")

E = TypeVar("E", bound=StrEnum)


class CatalogueRefused(Invalid):
    """The file is no catalogue, or has places that cannot be true; nothing of it was imported."""

    code = "catalogue-refused"


class Numeral(str):
    """A number with a decimal mark or an exponent, as written."""

    __slots__ = ()


class _Node:
    """A value of the file, and where it stands; what is wrong about it is noted, and read as harmless."""

    __slots__ = ("place", "problems", "value")

    def __init__(self, value: Any, place: str, problems: list[Problem]) -> None:
        self.value, self.place, self.problems = value, place, problems

    def wrong(self, said: str) -> None:
        """Note a problem of this place."""
        self.note(self.place or "the file", said)

    def note(self, place: str, said: str) -> None:
        """Note a problem of another place."""
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(Problem("wrong-place", said, place))

    def at(self, name: str, default: Any = ...) -> "_Node":
        """Return a member; one without default has to be there."""
        place = f"{self.place}.{name}" if self.place else name
        members = self.value if isinstance(self.value, Mapping) else {}
        if name not in members and default is ...:
            if isinstance(self.value, Mapping):
                self.wrong(f"{name} is missing")
            return _Node(None, place, [])
        return _Node(members.get(name, default), place, self.problems)

    def is_null(self) -> bool:
        """Whether it is null, or not there."""
        return self.value is None

    def members(self) -> "_Node":
        """Return itself, which has to be an object."""
        if not isinstance(self.value, Mapping):
            self.wrong(f"is {_shown(self.value)}, not an object")
        return self

    def elements(self) -> Iterator["_Node"]:
        """Yield the elements of a list."""
        if not isinstance(self.value, list):
            self.wrong(f"is {_shown(self.value)}, not a list")
            return
        for position, value in enumerate(self.value):
            yield _Node(value, f"{self.place}[{position}]", self.problems)

    def text(self, least: int = 1, most: int = NAME_MAX) -> str:
        """Return a text of printable characters."""
        value = self.value
        if type(value) is not str:
            self.wrong(f"is {_shown(value)}, not a text")
        elif not least <= len(value) <= most:
            self.wrong(f"has {len(value)} characters; {least} to {most} are taken")
        elif not value.isprintable():
            self.wrong("has characters that cannot be printed")
        else:
            return value
        return ""

    def whole(self, least: int, most: int) -> int:
        """Return an integer within bounds."""
        value = self.value
        if type(value) is not int:
            self.wrong(f"is {_shown(value)}, not an integer")
        elif value < 0 <= least:
            self.wrong(f"{value} is negative")
        elif not least <= value <= most:
            self.wrong(f"{_shown(value)} is outside {least} to {most}")
        else:
            return value
        return least

    def truth(self) -> bool:
        """Return true or false."""
        if type(self.value) is not bool:
            self.wrong(f"is {_shown(self.value)}, not true or false")
        return self.value is True

    def one_of(self, kind: type[E]) -> E:
        """Return the member of the enumeration."""
        if type(self.value) is str and self.value in tuple(kind):
            return kind(self.value)
        self.wrong(f"is {_shown(self.value)}, not one of {', '.join(kind)}")
        return next(iter(kind))


def read(content: bytes) -> Catalogue:
    """Return the catalogue of a file's (unpacked) bytes.

    Raises:
        CatalogueRefused: the bytes are no JSON, or some places are wrong; the message names the first ones.
    """
    problems: list[Problem] = []
    root = _Node(_decoded(content), "", problems).members()
    catalogue = _catalogue(root)
    if problems:
        more = len(problems) - SHOWN_MAX
        raise CatalogueRefused(
            "The catalogue is refused whole, nothing was imported. "
            + "; ".join(f"{problem.where}: {problem.message}" for problem in problems[:SHOWN_MAX])
            + (f"; and {more} more." if more > 0 else "."),
            place=problems[0].where,
            problems=str(len(problems)),
            places="\n".join(f"{problem.where}: {problem.message}" for problem in problems),
        )
    return catalogue


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            parse_float=Numeral,
            parse_constant=_no_constant,
            object_pairs_hook=_without_doubles,
        )
    except json.JSONDecodeError as error:
        raise CatalogueRefused(
            f"The file is not JSON: {error.msg} at line {error.lineno}, column {error.colno}. "
            "Nothing was imported.",
            place=f"line {error.lineno}, column {error.colno}",
        ) from None
    except UnicodeDecodeError as error:
        raise CatalogueRefused(
            f"The file is not UTF-8 text (byte {error.start}). Nothing was imported.",
            place=f"byte {error.start}",
        ) from None
    except RecursionError:
        raise CatalogueRefused(
            "The file is nested too deeply. Nothing was imported.", place="the file"
        ) from None
    except ValueError as error:
        raise CatalogueRefused(
            f"The file cannot be read: {error}. Nothing was imported.", place="the file"
        ) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'an object has the member "{twice}" twice')
    return members


def _catalogue(root: _Node) -> Catalogue:
    locale = root.at("locale").members()
    currency = locale.at("currencyCode")
    code = currency.text()
    if code and code not in EXPONENTS:
        currency.wrong(f"{code} is not a currency that bills are made in")
    products = {
        product.at("name").text(): _product_type(product) for product in root.at("products", []).elements()
    }
    add_ons = tuple(_plan(node, Kind.ADD_ON, products) for node in root.at("addons", []).elements())
    plans = tuple(_plan(node, Kind.PLAN, products) for node in root.at("plans").elements())
    _refuse_doubles(root, plans, add_ons)
    _refuse_unknown_options(root, plans, add_ons)
    number = root.at("catalogId", None)
    return Catalogue(
        published_id=None if number.is_null() else number.whole(0, 2**53),
        subsidiary=locale.at("subsidiary", "XX").text(2, 8),
        currency=Currency(code),
        tax_rate_bp=_tax_rate_bp(locale.at("taxRate", None)),
        plans=plans + add_ons,
    )


def _product_type(product: _Node) -> str:
    """Return what the product is technically: `server`, `license` …"""
    blobs = product.at("blobs", None)
    technical = blobs.value.get("technical") if isinstance(blobs.value, Mapping) else None
    return next(iter(technical), "") if isinstance(technical, Mapping) else ""


def _plan(node: _Node, kind: Kind, products: Mapping[str, str]) -> Plan:
    node.members()
    product = node.at("product")
    name = product.text()
    if name and name not in products:
        product.wrong(f"there is no product {name}")
    pricings = tuple(_pricing(each) for each in node.at("pricings").elements())
    _refuse_overlaps(node, pricings)
    return Plan(
        plan_code=node.at("planCode").text(),
        kind=kind,
        invoice_name=node.at("invoiceName").text(),
        product=name,
        product_type=products.get(name, ""),
        range=_range(node.at("blobs", None)),
        families=tuple(_family(each) for each in node.at("addonFamilies", []).elements()),
        pricings=pricings,
    )


def _range(blobs: _Node) -> str:
    commercial = blobs.value.get("commercial") if isinstance(blobs.value, Mapping) else None
    found = commercial.get("range") if isinstance(commercial, Mapping) else None
    return found if type(found) is str else ""


def _family(node: _Node) -> Family:
    node.members()
    options = tuple(each.text() for each in node.at("addons").elements())
    default = node.at("default", None)
    chosen = None if default.is_null() else default.text()
    if chosen and chosen not in options:
        default.wrong(f"{chosen} is not an add-on of this family")
    return Family(
        name=node.at("name").text(),
        options=options,
        default=chosen or None,
        exclusive=node.at("exclusive", False).truth(),
        mandatory=node.at("mandatory", False).truth(),
    )


def _pricing(node: _Node) -> Pricing:
    node.members()
    quantity = node.at("quantity", {"min": 1, "max": None}).members()
    least, most = quantity.at("min", 1).whole(0, COUNT_MAX), quantity.at("max", None)
    count, unit = node.at("interval", 0), node.at("intervalUnit", "none").one_of(Unit)
    interval = count.whole(0, COUNT_MAX)
    if (interval == 0) != (unit is Unit.NONE):
        count.wrong(f"an interval of {interval} {unit}")
    price_ucents = node.at("price").whole(0, PRICE_MAX)
    return Pricing(
        capacities=_capacities(node.at("capacities")),
        mode=_mode(node.at("mode")),
        price_ucents=price_ucents,
        interval_count=interval,
        interval_unit=unit,
        commitment_months=node.at("commitment", 0).whole(0, MONTHS_MAX),
        quantity_min=max(least, 1),
        quantity_max=None if most.is_null() else most.whole(max(least, 1), COUNT_MAX),
        strategy=node.at("strategy", "tiered").one_of(Strategy),
        phase=node.at("phase", 0).whole(0, COUNT_MAX),
        tax_ucents=node.at("tax", 0).whole(0, PRICE_MAX),
        must_be_completed=node.at("mustBeCompleted", False).truth(),
        description=node.at("description", "").text(0),
        type=node.at("type", "").text(0),
        engagement=_engagement(node.at("engagementConfiguration", None)),
        promotions=tuple(_promotion(each, price_ucents) for each in node.at("promotions", []).elements()),
    )


def _capacities(node: _Node) -> frozenset[Capacity]:
    found = frozenset(each.one_of(Capacity) for each in node.elements())
    if not found and isinstance(node.value, list):
        node.wrong("is empty")
    return found


def _mode(node: _Node) -> str:
    mode = node.text()
    if mode and not MODE.fullmatch(mode):
        node.wrong(f"{_shown(mode)} is not a mode (letters, digits, - and _)")
    return mode


def _engagement(node: _Node) -> Engagement | None:
    if node.is_null():
        return None
    node.members()
    duration = node.at("duration")
    text = duration.text()
    parts = DURATION.fullmatch(text)
    months = int(parts[1] or 0) * 12 + int(parts[2] or 0) if parts else 0
    if text and not 1 <= months <= MONTHS_MAX:
        duration.wrong(f"{_shown(text)} is not a duration in months or years (P12M)")
    end_action = node.at("defaultEndAction", "")
    if end_action.text(0) not in END_ACTIONS:
        end_action.wrong(f"{_shown(end_action.value)} is not one of {', '.join(filter(None, END_ACTIONS))}")
    return Engagement(months, node.at("type", "").text(0), end_action.text(0))


def _promotion(node: _Node, full_ucents: int) -> Promotion:
    """Return a promotion; its total and its discount make the full price, where they are told."""
    node.members()
    reduction = node.at("type").one_of(Reduction)
    most = 100 if reduction is Reduction.PERCENTAGE else PRICE_MAX
    total, discount = node.at("total", None), node.at("discount", None)
    reduced = None if total.is_null() else total.members().at("value").whole(0, PRICE_MAX)
    less = None if discount.is_null() else discount.members().at("value").whole(0, PRICE_MAX)
    if reduced is not None and less is not None and reduced + less != full_ucents:
        total.wrong(f"total {reduced} and discount {less} do not make the price {full_ucents}")
    from_on, last_on = _first_day(node.at("startDate")), _last_day(node.at("endDate", None))
    if last_on is not None and last_on < from_on:
        node.wrong("ends before it begins")
    account_max = _optional(node.at("quantity", None), 0)
    overall_max = _optional(node.at("globalQuantity", None), 0)
    if node.at("isGlobalQuantityLimited", False).truth():
        overall_max = account_max if overall_max is None else overall_max
        if overall_max is None:
            node.wrong("is limited for all accounts together, but no quantity says how much")
    else:
        overall_max = None
    return Promotion(
        name=node.at("name").text(),
        reduction=reduction,
        value=node.at("value").whole(0, most),
        from_on=from_on,
        last_on=last_on,
        months=_optional(node.at("duration", None), 1, MONTHS_MAX),
        account_max=account_max,
        overall_max=overall_max,
        reduced_ucents=reduced if reduced is not None or less is None else full_ucents - less,
    )


def _optional(node: _Node, least: int, most: int = COUNT_MAX) -> int | None:
    return None if node.is_null() else node.whole(least, most)


def _instant(node: _Node) -> datetime | None:
    """Return an instant as it is written; its day is the seller's."""
    text = node.text()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        if text:
            node.wrong(f"{_shown(text)} is not a date")
        return None


def _first_day(node: _Node) -> date:
    found = _instant(node)
    return date.min if found is None else found.date()


def _last_day(node: _Node) -> date | None:
    """Return the last day before an instant: that of a midnight is the day before, that of a day the day."""
    found = None if node.is_null() else _instant(node)
    if found is None or len(node.value) == DAY_LENGTH:
        return found and found.date()
    return (found - timedelta(microseconds=1)).date()


def _tax_rate_bp(node: _Node) -> int | None:
    """Return the rate of a percentage, exactly: 5.5 is 550."""
    if node.is_null():
        return None
    text = str(node.value) if type(node.value) in (int, Numeral) else ""
    parts = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2})0*)?", text)
    rate_bp = int(parts[1]) * 100 + int((parts[2] or "").ljust(2, "0")) if parts else -1
    if not 0 <= rate_bp <= 10_000:
        node.wrong(f"is {_shown(node.value)}, not a percentage with at most two decimals")
        return None
    return rate_bp


def _refuse_doubles(root: _Node, plans: tuple[Plan, ...], add_ons: tuple[Plan, ...]) -> None:
    seen: set[str] = set()
    for room, found in (("plans", plans), ("addons", add_ons)):
        for position, plan in enumerate(found):
            if plan.plan_code in seen:
                root.note(f"{room}[{position}].planCode", f"{plan.plan_code} stands twice")
            if plan.plan_code:
                seen.add(plan.plan_code)


def _refuse_unknown_options(root: _Node, plans: tuple[Plan, ...], add_ons: tuple[Plan, ...]) -> None:
    known = {plan.plan_code for plan in add_ons}
    for room, found in (("plans", plans), ("addons", add_ons)):
        for position, plan in enumerate(found):
            for number, family in enumerate(plan.families):
                for turn, code in enumerate(family.options):
                    if code and code not in known:
                        place = f"{room}[{position}].addonFamilies[{number}].addons[{turn}]"
                        root.note(place, f"there is no add-on {code}")


def _refuse_overlaps(node: _Node, pricings: tuple[Pricing, ...]) -> None:
    """Two prices of one capacity, mode and period may not take the same quantity."""
    ranges: dict[tuple[object, ...], list[Pricing]] = {}
    for pricing in pricings:
        for capacity in pricing.capacities:
            key = (capacity, pricing.mode, pricing.phase, pricing.interval_count, pricing.interval_unit)
            ranges.setdefault(key, []).append(pricing)
    for same in ranges.values():
        for one, other in pairwise(sorted(same, key=lambda each: each.quantity_min)):
            if one.quantity_max is None or other.quantity_min <= one.quantity_max:
                number = pricings.index(other)
                node.note(
                    f"{node.place}.pricings[{number}].quantity",
                    f"another price of mode {other.mode} takes {other.quantity_min} too",
                )


def _shown(value: Any) -> str:
    """Return a value as a person may read it in a message, cut short."""
    if value is None:
        return "null"
    if isinstance(value, (Mapping, list)):
        return "an object" if isinstance(value, Mapping) else "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value) if str(value).isprintable() else ascii(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
