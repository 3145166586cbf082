"""Lists: bare identifiers, or objects in sorted, filtered pages when the caller sends headers.

A handler returns a `Listing` and nothing else; the headers of protocol 9 are read here. Filters and
sorts on fields that have a `Column` are done by PostgreSQL, those on other fields in memory.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Generic, LiteralString, TypeVar
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import msgspec

from acquit.api.contract import contract
from acquit.api.parameters import READERS, primitive, read_text
from acquit.api.places import Places
from acquit.api.refusals import BadParameter
from acquit.api.request import Answer, Request
from acquit.store.selection import Condition, Order, Place, Selection, count, keys, place
from acquit.store.transaction import Transaction

K = TypeVar("K")

PAGES: Final = "cachedobjectlist-pages"
CURSOR: Final = "cachedobjectlist-cursor"
SIZE_DEFAULT: Final = 20
SIZE_MAX: Final = 50_000
FETCHED_AT_ONCE: Final = 1_000
FILTER: Final = re.compile(r"([A-Za-z0-9_.]+):(eq|ne|nq|lt|gt|le|ge|like|in)=(.*)", re.DOTALL)
COMPARED: Final = {"long", "datetime", "date", "boolean", "ipBlock"}
"""Types whose values are read before they are compared; any other text is compared as it is written."""
NUMBERS: Final = {"long", "int", "double", "float"}


def _same(value: Any) -> object:
    return value


@dataclass(frozen=True, slots=True)
class Column:
    """The column, never null, that a wire field is made of, and how a filter's value becomes the column's."""

    name: LiteralString
    convert: Callable[[Any], object] = _same


@dataclass(frozen=True, slots=True)
class Listing(Generic[K]):
    """What a list route answers.

    `source` gives every key of the list in ascending order: a `Selection`, or a function of a read
    transaction for lists that are short. `find_many` returns the wire's objects by key. `columns`
    says which wire fields (dots for nested ones) are columns of the Selection.
    """

    source: Selection | Callable[[Transaction], Sequence[K]]
    find_many: Callable[[Transaction, Sequence[K]], Mapping[K, object]]
    columns: Mapping[str, Column] = field(default_factory=dict)

    def every_key(self, tx: Transaction) -> Sequence[K]:
        """Return all keys in the default order."""
        return keys(tx, self.source) if isinstance(self.source, Selection) else self.source(tx)


@dataclass(frozen=True, slots=True)
class Filter:
    """One comparison that the caller asked for, its value of the field's type."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the pagination headers ask for."""

    cursors: bool
    number: int
    size: int
    sort: str | None
    descending: bool
    filters: tuple[Filter, ...]
    after: Any


def answer(request: Request, listing: Listing[Any], places: Places) -> Answer:
    """Return a page of objects with its headers when a known mode is asked for, else bare keys.

    A list that the contract declares to be of objects tells them bare, too.
    """
    mode = request.headers.get("x-pagination-mode", "").lower()
    with request.read() as tx:
        model = _model(request)
        if mode not in (PAGES, CURSOR) or model is None:
            every = listing.every_key(tx)
            is_of_objects = request.route.response == f"{model}[]"
            return Answer(_objects(tx, listing, every) if is_of_objects else list(every))
        wanted = read_headers(request, mode)
        walked = _Walked(places, _asked(request, wanted))
        if "no-cache" in request.headers.get("pragma", "").lower():
            places.forget(walked.asked)
        found, total, following = _page(tx, listing, wanted, walked)
    return Answer(found, headers=_headers(wanted, total, following))


def _model(request: Request) -> str | None:
    """Return the model of the list's objects, which the contract names apart unless they are told bare."""
    told = request.route.response.removesuffix("[]")
    return request.route.expands_to or (told if told in contract().models else None)


@dataclass(frozen=True, slots=True)
class _Walked:
    """The walk through a list that a request belongs to."""

    places: Places
    asked: str


def _asked(request: Request, wanted: Wanted) -> str:
    """Return who asks for what, without how far: what the pages of one walk have in common."""
    filters = [(each.field, each.operator, each.value) for each in wanted.filters]
    caller = request.signed_in
    return repr((
        caller and caller.account_id, request.route.path, dict(request.path), dict(request.query),
        wanted.cursors, wanted.size, wanted.sort, wanted.descending, filters,
    ))  # fmt: skip


# ---------------------------------------------------------------- headers in


def read_headers(request: Request, mode: str) -> Wanted:
    """Return what the headers ask for. Raises BadParameter, which names the header."""
    headers, model = request.headers, _model(request) or ""
    after, sort, descending = None, headers.get("x-pagination-sort"), False
    direction = headers.get("x-pagination-sort-order", "ASC").upper()
    if direction not in ("ASC", "DESC"):
        raise _refused("X-Pagination-Sort-Order", direction)
    descending = direction == "DESC"
    if mode == CURSOR and headers.get("x-pagination-cursor"):
        sort, descending, after = _open_cursor(headers["x-pagination-cursor"], request.route.response)
    return Wanted(
        cursors=mode == CURSOR,
        number=_positive(headers, "X-Pagination-Number", 1),
        size=min(_positive(headers, "X-Pagination-Size", SIZE_DEFAULT), SIZE_MAX),
        sort=sort if sort and type_of(model, sort) else None,
        descending=descending,
        filters=_filters(headers.get("x-pagination-filter", ""), model, request.zone),
        after=after,
    )


def _positive(headers: Mapping[str, str], name: str, default: int) -> int:
    text = headers.get(name.lower())
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or int(text) < 1:
        raise _refused(name, text)
    return int(text)


def _refused(name: str, text: str) -> BadParameter:
    return BadParameter(f"[{name}] Given data ({text[:80]}) is not valid", parameter=name)


def type_of(model_name: str, dotted: str) -> str | None:
    """Return the type of a scalar field of the model, dots for nested ones; None when there is none."""
    kind = model_name
    for part in dotted.split("."):
        model = contract().models.get(kind)
        kind = next((m.type for m in model.fields if m.name == part), "") if model else ""
    return primitive(kind) if kind and _is_scalar(kind) else None


def _is_scalar(kind: str) -> bool:
    model = contract().models.get(kind)
    return primitive(kind) in READERS or (model is not None and model.is_enumeration)


def _filters(header: str, model: str, zone: ZoneInfo) -> tuple[Filter, ...]:
    return tuple(_filter(part, model, zone) for part in header.split("&") if part)


def _filter(part: str, model: str, zone: ZoneInfo) -> Filter:
    found = FILTER.fullmatch(part)
    kind = type_of(model, found[1]) if found else None
    if found is None or kind is None:
        raise _refused("X-Pagination-Filter", part)
    name, operator, text = found[1], {"nq": "ne"}.get(found[2], found[2]), _unescape(found[2], found[3])
    if operator == "like":
        return Filter(name, operator, text)
    if operator == "in":
        return Filter(name, operator, [_typed(name, kind, one, zone) for one in text.split(",")])
    return Filter(name, operator, _typed(name, kind, text, zone))


def _unescape(operator: str, text: str) -> str:
    """Percent signs are wildcards of `like`; some callers escape them once, some twice, some not."""
    if operator != "like":
        return unquote(text)
    for _ in range(2):
        text = unquote(text) if "%25" in text else text
    return text


def _typed(name: str, kind: str, text: str, zone: ZoneInfo) -> Any:
    value = read_text(name, kind if kind in COMPARED else "string", text, zone)
    return Decimal(str(read_text(name, kind, text, zone))) if kind in NUMBERS else value


# ---------------------------------------------------------------- pages


def _page(
    tx: Transaction, listing: Listing[K], wanted: Wanted, walked: _Walked
) -> tuple[list[object], int, K | None]:
    """Return the objects of the page, the number of elements, and the last key when more follow."""
    pushed = [
        f for f in wanted.filters if isinstance(listing.source, Selection) and f.field in listing.columns
    ]
    left = [f for f in wanted.filters if f not in pushed]
    conditions = [_condition(listing.columns[f.field], f) for f in pushed]
    in_sql = not left and (wanted.sort is None or wanted.sort in listing.columns)
    if isinstance(listing.source, Selection) and in_sql:
        return _page_in_sql(tx, listing, listing.source, wanted, conditions, walked)
    if not left and wanted.sort is None:
        return _page_of_keys(tx, listing, wanted, listing.every_key(tx))
    narrowed = (
        keys(tx, listing.source, conditions) if isinstance(listing.source, Selection) else listing.source(tx)
    )
    found = _fetch(tx, listing, narrowed)
    return _page_in_memory({key: found[key] for key in narrowed if key in found}, wanted, left)


def _condition(column: Column, wanted: Filter) -> Condition:
    if wanted.operator == "like":
        escaped = wanted.value.replace("\\", "\\\\").replace("_", "\\_").replace("*", "%")
        return Condition(column.name, "like", escaped)
    if wanted.operator == "in":
        return Condition(column.name, "in", [column.convert(value) for value in wanted.value])
    return Condition(column.name, wanted.operator, column.convert(wanted.value))


def _page_in_sql(
    tx: Transaction,
    listing: Listing[K],
    source: Selection,
    wanted: Wanted,
    conditions: Sequence[Condition],
    walked: _Walked,
) -> tuple[list[object], int, K | None]:
    """Read one page from where the walk has come; only its first page, or one out of turn, is counted to."""
    column = source.key if wanted.sort is None else listing.columns[wanted.sort].name
    order = Order(column, wanted.descending)
    after, skipped = _start(tx, source, order, wanted, walked)
    found: list[K] = keys(tx, source, conditions, order, limit=wanted.size + 1, offset=skipped, after=after)
    page = found[: wanted.size]
    has_more = len(found) > wanted.size
    is_whole = after is None and not skipped and not has_more
    total = _total(wanted, walked, lambda: len(page) if is_whole else count(tx, source, conditions))
    if has_more:
        walked.places.reach(walked.asked, wanted.number, page[-1])
    return _objects(tx, listing, page), total, page[-1] if has_more else None


def _total(wanted: Wanted, walked: _Walked, counted: Callable[[], int]) -> int:
    begins = wanted.after is None if wanted.cursors else wanted.number == 1
    total = None if begins else walked.places.total(walked.asked)
    if total is None:
        total = counted()
        walked.places.begin(walked.asked, total)
    return total


def _start(
    tx: Transaction, source: Selection, order: Order, wanted: Wanted, walked: _Walked
) -> tuple[Place | None, int]:
    """Return behind which row the page begins, and how many more rows are left out."""
    if wanted.cursors:
        if wanted.after is None:
            return None, 0
        begun = place(tx, source, order, wanted.after)
        if begun is None:
            raise _refused("X-Pagination-Cursor", str(wanted.after))
        return begun, 0
    known = walked.places.before(walked.asked, wanted.number)
    reached = None if known is None else place(tx, source, order, known[1])
    if known is None or reached is None:
        return None, (wanted.number - 1) * wanted.size
    return reached, (wanted.number - 1 - known[0]) * wanted.size


def _page_of_keys(
    tx: Transaction, listing: Listing[K], wanted: Wanted, every: Sequence[K]
) -> tuple[list[object], int, K | None]:
    ordered = list(reversed(every)) if wanted.descending else list(every)
    page, following = _cut(ordered, wanted)
    return _objects(tx, listing, page), len(ordered), following


def _page_in_memory(
    objects: Mapping[K, object], wanted: Wanted, filters: Sequence[Filter]
) -> tuple[list[object], int, K | None]:
    read = {key: _opened(shown) for key, shown in objects.items()}
    kept = [key for key, shown in read.items() if all(_meets(shown, each) for each in filters)]
    if wanted.sort is not None:
        kept.sort(key=lambda key: _rank(value_at(read[key], wanted.sort or "")))
    if wanted.descending:
        kept.reverse()
    page, following = _cut(kept, wanted)
    return [objects[key] for key in page], len(kept), following


def _cut(ordered: list[K], wanted: Wanted) -> tuple[list[K], K | None]:
    first = (wanted.number - 1) * wanted.size
    if wanted.cursors:
        if wanted.after is not None and wanted.after not in ordered:
            raise _refused("X-Pagination-Cursor", str(wanted.after))
        first = 0 if wanted.after is None else ordered.index(wanted.after) + 1
    page = ordered[first : first + wanted.size]
    return page, page[-1] if page and first + wanted.size < len(ordered) else None


def _fetch(tx: Transaction, listing: Listing[K], page: Sequence[K]) -> Mapping[K, object]:
    """Return the objects of these keys, in no order."""
    if len(page) <= FETCHED_AT_ONCE:
        return listing.find_many(tx, page) if page else {}
    found: dict[K, object] = {}
    for start in range(0, len(page), FETCHED_AT_ONCE):
        found |= listing.find_many(tx, page[start : start + FETCHED_AT_ONCE])
    return found


def _objects(tx: Transaction, listing: Listing[K], page: Sequence[K]) -> list[object]:
    """Return the objects of these keys in their order; what is gone since is left out."""
    found = _fetch(tx, listing, page)
    return [found[key] for key in page if key in found]


# ---------------------------------------------------------------- filters and sorts in memory


def _opened(shown: object) -> object:
    """Return an object that may be encoded already, to be looked into."""
    return msgspec.json.decode(shown) if isinstance(shown, msgspec.Raw) else shown


def value_at(shown: object, dotted: str) -> Any:
    """Return the value of a field of a wire object; None where a step is missing."""
    for part in dotted.split("."):
        shown = shown.get(part) if isinstance(shown, Mapping) else None
    return shown


def _comparable(value: Any, like: Any) -> Any:
    if isinstance(like, datetime) and isinstance(value, str):
        return datetime.fromisoformat(value)
    if isinstance(like, date) and isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(like, Decimal) and value is not None:
        return Decimal(str(value))
    return str(value) if isinstance(like, str) and value is not None else value


def _meets(shown: object, wanted: Filter) -> bool:
    value = value_at(shown, wanted.field)
    if wanted.operator == "in":
        return any(_comparable(value, one) == one for one in wanted.value)
    if wanted.operator == "like":
        return value is not None and _like(wanted.value, value if isinstance(value, str) else str(value))
    value = _comparable(value, wanted.value)
    if wanted.operator in ("eq", "ne"):
        return bool(value == wanted.value) is (wanted.operator == "eq")
    return value is not None and _compare(wanted.operator, value, wanted.value)


def _compare(operator: str, left: Any, right: Any) -> bool:
    return bool({"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}[operator])


def _like(pattern: str, text: str) -> bool:
    parts = [re.escape(part) for part in re.split(r"[%*]+", pattern)]
    return re.fullmatch(".*".join(parts), text, re.IGNORECASE | re.DOTALL) is not None


def _rank(value: Any) -> tuple[bool, Any]:
    """Sort nulls last; instants of one region sort as instants even across a change of offset."""
    if isinstance(value, str) and len(value) == 25 and value[10] == "T":
        return False, datetime.fromisoformat(value).timestamp()
    return value is None, 0 if value is None else value


# ---------------------------------------------------------------- headers out


def _headers(wanted: Wanted, total: int, following: object) -> tuple[tuple[str, str], ...]:
    said = [("X-Pagination-Elements", str(total)), ("X-Pagination-Size", str(wanted.size))]
    if not wanted.cursors:
        said.append(("X-Pagination-Number", str(wanted.number)))
    if wanted.sort is not None:
        said.append(("X-Pagination-Sort", wanted.sort))
        said.append(("X-Pagination-Sort-Order", "DESC" if wanted.descending else "ASC"))
    if wanted.cursors and following is not None:
        said.append(("X-Pagination-Cursor-Next", _close_cursor(wanted, following)))
    return tuple(said)


def _close_cursor(wanted: Wanted, following: object) -> str:
    packed = msgspec.json.encode([wanted.sort, wanted.descending, following])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _open_cursor(cursor: str, list_type: str) -> tuple[str | None, bool, Any]:
    """Return what a cursor holds; its key is of the list's own type."""
    key = int if list_type in ("long[]", "int[]") else str
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        sort, descending, after = msgspec.json.decode(packed, type=tuple[str | None, bool, key])  # type: ignore[valid-type]
        if "\0" in str(after):
            raise ValueError
        return sort, descending, after
    except (ValueError, msgspec.DecodeError):
        raise _refused("X-Pagination-Cursor", cursor) from None
