"""Import meters and their prices from a TOML or JSON file: whole, or refused with every wrong place."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.loading import entity_in, require_staff
from acquit.core.account import LegalEntity
from acquit.core.catalogue import Strategy
from acquit.core.errors import Invalid
from acquit.core.identifiers import LegalEntityId
from acquit.core.meter import (
    ALIASES,
    CODE,
    QUANTITY_MAX_E4,
    UNITS,
    Aggregation,
    AlreadyDefined,
    Meter,
    Per,
    Price,
    Tier,
)
from acquit.core.money import EXPONENTS, BadAmount, Currency, scaled
from acquit.core.operator import Right
from acquit.core.printed_text import text_faults
from acquit.core.savings_plan import SavingsOffer
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, meters, savings_plans

ANY_PLAN: Final = "*"
STRATEGIES: Final = {"graduated": Strategy.TIERED} | {each.value: each for each in Strategy}
TEXT_MAX: Final = 120
TIERS_MAX: Final = 50
SHOWN_MAX: Final = 5
MONTHS_MAX: Final = 120
PER_DAY_MAX_E4: Final = 10**10
DEPLOYMENTS: Final = ("region-1-az", "region-3-az", "local-zone")


class MetersRefused(Invalid):
    """The file does not define meters, or has places that cannot be true; nothing of it was imported."""

    code = "meters-refused"


@dataclass(frozen=True, slots=True)
class ImportedMeters:
    """What a file brought that was not there before."""

    meters: tuple[Meter, ...]
    prices: tuple[Price, ...]
    offers: tuple[SavingsOffer, ...] = ()


@dataclass(slots=True)
class _Reading:
    """A table of the file, its place, and the problems found so far."""

    members: Mapping[str, Any]
    place: str
    problems: list[str] = field(default_factory=list)

    def wrong(self, name: str, said: str) -> None:
        self.problems.append(f"{self.place}.{name}: {said}")

    def refuse_others(self, *names: str) -> None:
        for name in self.members:
            if name not in names:
                self.wrong(name, f"is not known here; there are {', '.join(names)}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self.members.get(name, default)
        if isinstance(value, str) and value.isprintable() and 0 < len(value) <= TEXT_MAX:
            if not text_faults([("", value)], missing_glyphs):
                return value
            self.wrong(name, text_faults([("it", value)], missing_glyphs)[0])
            return ""
        self.wrong(name, f"is a text of 1 to {TEXT_MAX} printable characters")
        return ""

    def day(self, name: str) -> date:
        value = self.members.get(name)
        try:
            return value if type(value) is date else date.fromisoformat(str(value))
        except ValueError:
            self.wrong(name, "is a day, as in 2026-01-01")
            return date.min

    def number(self, name: str, digits: int, default: Any = ...) -> int:
        value = self.members.get(name, default)
        try:
            count = scaled(str(value), digits) if type(value) in (int, str) else -1
        except BadAmount:
            count = -1
        most = QUANTITY_MAX_E4 if digits == 4 else 10**17
        if not 0 <= count <= most:
            self.wrong(name, f"is a number that is not negative, with at most {digits} decimals")
            return 0
        return count

    def one_of(self, name: str, known: Mapping[str, Any], default: str) -> Any:
        value = self.members.get(name, default)
        if isinstance(value, str) and value in known:
            return known[value]
        self.wrong(name, f"is one of {', '.join(known)}")
        return next(iter(known.values()))

    def table(self, name: str) -> "_Reading":
        value = self.members.get(name)
        if not isinstance(value, Mapping):
            self.wrong(name, "is a table")
        found = value if isinstance(value, Mapping) else {}
        return _Reading(found, f"{self.place}.{name}", self.problems if found else [])

    def tables(self, name: str) -> Iterator["_Reading"]:
        value = self.members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            self.wrong(name, "is a list of tables")
            return
        for number, each in enumerate(value):
            yield _Reading(each, f"{self.place}.{name}[{number}]".lstrip("."), self.problems)


def import_meters(
    context: Context, content: bytes, *, by: str, legal_entity_id: LegalEntityId
) -> ImportedMeters:
    """The seller has these meters and prices, each from its day on; those that are there stay.

    Raises:
        MetersRefused: the file cannot be read or has wrong places; nothing was written.
        AlreadyDefined: another definition of the same day is there: choose a later day.
        NoSuchLegalEntity, StaffOnly, RoleForbids: there is no such seller, or `by` may not price usage.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
        entity = entity_in(tx, legal_entity_id)
        found = read_meters(content, entity)
        known = meters.of_seller(tx, legal_entity_id)
        priced = meters.prices(tx, legal_entity_id)
        _refuse_strange(found, {meter.code for meter in known})
        _refuse_uncountable(found, known)
        offered = savings_plans.offers(tx, legal_entity_id)
        fresh = ImportedMeters(
            _fresh(found.meters, known, lambda each: (each.code, each.from_on)),
            _fresh(found.prices, priced, lambda each: (each.meter, each.plan_code, each.from_on)),
            _fresh(found.offers, offered, lambda each: (each.offer,)),
        )
        meters.add(tx, legal_entity_id, fresh.meters, fresh.prices, by)
        savings_plans.add_offers(tx, legal_entity_id, fresh.offers, by)
        if fresh.meters or fresh.prices or fresh.offers:
            names = sorted({each.code for each in fresh.meters} | {each.meter for each in _priced(fresh)})
            acts.record(tx, by, "import_meters", None, legal_entity_id, meters=" ".join(names)[:500])
    return fresh


def _fresh(found: Sequence[Any], known: Sequence[Any], key: Any) -> tuple[Any, ...]:
    """Return what is not there yet; another definition under the same key is refused."""
    there = {key(each): each for each in known}
    for each in found:
        if key(each) in there and there[key(each)] != each:
            raise AlreadyDefined(
                f"{' '.join(map(str, key(each)))} is defined otherwise already, and what is dated is final: "
                "give the change a later day."
            )
    return tuple(each for each in found if key(each) not in there)


def _refuse_strange(found: ImportedMeters, known: set[str]) -> None:
    strange = {each.meter for each in _priced(found)} - known - {each.code for each in found.meters}
    if strange:
        raise MetersRefused(
            f"There is no meter {', '.join(sorted(strange))} to price: define it in the same file.",
            place="price",
        )


def _priced(found: ImportedMeters) -> list[Price | SavingsOffer]:
    return [*found.prices, *found.offers]


def _refuse_uncountable(found: ImportedMeters, known: Sequence[Meter]) -> None:
    """Pass when savings plans are of meters whose days add up: others have no share for a day."""
    odd = {
        meter.code
        for meter in (*known, *found.meters)
        if meter.aggregation is not Aggregation.SUM and meter.per is not Per.DAY
    }
    for offer in found.offers:
        if offer.meter in odd:
            raise MetersRefused(
                f"The savings plan {offer.offer} commits so much a day, and the days of {offer.meter} do not "
                "add up: its aggregation is not sum, and not per day.",
                place="savings",
            )


def read_meters(content: bytes, entity: LegalEntity) -> ImportedMeters:
    """Return the meters and prices of a file. Raises MetersRefused, which names the wrong places."""
    root = _Reading(_decoded(content), "")
    root.refuse_others("meter", "price", "savings")
    found_meters = tuple(_meter(each) for each in root.tables("meter"))
    found_prices = tuple(_price(each, entity) for each in root.tables("price"))
    found_offers = tuple(_offer(each, entity) for each in root.tables("savings"))
    _refuse_twice(root, found_meters, found_prices, found_offers)
    if not (found_meters or found_prices or found_offers or root.problems):
        root.problems.append("the file: defines no meter, no price and no savings plan")
    if root.problems:
        more = len(root.problems) - SHOWN_MAX
        raise MetersRefused(
            "Nothing was imported. " + "; ".join(root.problems[:SHOWN_MAX])
            + (f"; and {more} more." if more > 0 else "."),
            places="\n".join(root.problems),
        )  # fmt: skip
    return ImportedMeters(found_meters, found_prices, found_offers)


def _decoded(content: bytes) -> Mapping[str, Any]:
    try:
        text = content.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            found = json.loads(text, parse_float=str)
        else:
            found = tomllib.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise MetersRefused(f"The file is neither TOML nor JSON: {error}. Nothing was imported.") from None
    return found if isinstance(found, Mapping) else {}


def _meter(reading: _Reading) -> Meter:
    reading.refuse_others("code", "from", "unit", "aggregation", "per", "description")
    code, unit = reading.text("code"), reading.text("unit")
    if code and not CODE.fullmatch(code):
        reading.wrong("code", "is 1 to 48 of a-z, 0-9, dot, dash and underscore")
    unit = ALIASES.get(unit, unit)
    if unit and unit not in UNITS:
        reading.wrong("unit", f"is one of {', '.join([*UNITS, *ALIASES])}")
    described = reading.table("description")
    described.refuse_others("fr", "en")
    return Meter(
        code,
        reading.day("from"),
        unit,
        reading.one_of("aggregation", {each.value: each for each in Aggregation}, "sum"),
        reading.one_of("per", {each.value: each for each in Per}, "period"),
        described.text("fr"),
        described.text("en"),
    )


def _price(reading: _Reading, entity: LegalEntity) -> Price:
    reading.refuse_others(
        "meter",
        "plan",
        "from",
        "currency",
        "strategy",
        "tiers",
        "price",
        "included",
        "commitment",
        "catalogue",
    )
    plan = reading.text("plan", ANY_PLAN)
    committed = (0, 0)
    if "commitment" in reading.members:
        table = reading.table("commitment")
        table.refuse_others("quantity", "price")
        committed = (table.number("quantity", 4), table.number("price", 8))
        if plan == ANY_PLAN:
            reading.wrong("commitment", "needs the plan whose services commit to it")
    currency = reading.text("currency", entity.currency)
    if currency and currency not in EXPONENTS:
        reading.wrong("currency", f"is one of {', '.join(EXPONENTS)}")
    of_catalogue = reading.text("catalogue") if "catalogue" in reading.members else None
    if (of_catalogue is None) == ("tiers" not in reading.members and "price" not in reading.members):
        reading.wrong("tiers", "or price, or catalogue (a plan with a consumption price; * is the service's)")
    return Price(
        reading.text("meter"),
        "" if plan == ANY_PLAN else plan,
        reading.day("from"),
        Currency(currency),
        _tiers(reading) if of_catalogue is None else (),
        reading.one_of("strategy", STRATEGIES, "graduated"),
        reading.number("included", 4, 0),
        *committed,
        "" if of_catalogue == ANY_PLAN else of_catalogue,
    )


def _offer(reading: _Reading, entity: LegalEntity) -> SavingsOffer:
    reading.refuse_others(
        "offer", "meter", "flavor", "product", "months", "per_day", "price", "currency", "deployment",
        "from", "until",
    )  # fmt: skip
    code = reading.text("offer")
    if code and not CODE.fullmatch(code):
        reading.wrong("offer", "is 1 to 48 of a-z, 0-9, dot, dash and underscore")
    currency = reading.text("currency", entity.currency)
    if currency and currency not in EXPONENTS:
        reading.wrong("currency", f"is one of {', '.join(EXPONENTS)}")
    months, per_day_e4 = reading.members.get("months"), reading.number("per_day", 4)
    if type(months) is not int or not 1 <= months <= MONTHS_MAX:
        reading.wrong("months", f"is a whole number from 1 to {MONTHS_MAX}")
        months = 1
    if not 1 <= per_day_e4 <= PER_DAY_MAX_E4:
        reading.wrong("per_day", "is what one unit commits a day, above 0, at most 1000000")
    from_on = reading.day("from")
    until_on = reading.day("until") if "until" in reading.members else None
    if until_on is not None and until_on < from_on:
        reading.wrong("until", "is not before from")
    return SavingsOffer(
        code, reading.text("meter"), reading.text("flavor"), reading.text("product"), months, per_day_e4,
        reading.number("price", 8), Currency(currency),
        reading.one_of("deployment", {each: each for each in DEPLOYMENTS}, DEPLOYMENTS[0]), from_on, until_on,
    )  # fmt: skip


def _tiers(reading: _Reading) -> tuple[Tier, ...]:
    """Return the tiers; `price` alone is one without end, and the last one has no end."""
    if "tiers" not in reading.members:
        return (Tier(None, reading.number("price", 8)),)
    found: list[Tier] = []
    floor_e4 = 0
    for each in reading.tables("tiers"):
        each.refuse_others("up_to", "price")
        up_to_e4 = each.number("up_to", 4) if "up_to" in each.members else None
        if found and found[-1].up_to_e4 is None:
            each.wrong("up_to", "stands after a tier without end")
        if up_to_e4 is not None and up_to_e4 <= floor_e4:
            each.wrong("up_to", "rises from tier to tier")
        floor_e4 = up_to_e4 or floor_e4
        found.append(Tier(up_to_e4, each.number("price", 8)))
    if not found or found[-1].up_to_e4 is not None or len(found) > TIERS_MAX:
        reading.wrong("tiers", f"are 1 to {TIERS_MAX}, the last without up_to")
    return tuple(found)


def _refuse_twice(
    root: _Reading, found: Sequence[Meter], priced: Sequence[Price], offered: Sequence[SavingsOffer]
) -> None:
    keys: list[tuple[object, ...]] = [("meter", each.code, each.from_on) for each in found]
    keys += [("price", each.meter, each.plan_code, each.from_on) for each in priced]
    keys += [("savings", each.offer) for each in offered]
    for key in sorted({key for key in keys if keys.count(key) > 1}, key=str):
        root.problems.append(f"{key[0]}: {' '.join(map(str, key[1:]))} stands twice")
