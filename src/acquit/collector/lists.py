"""Reading whole lists with as few calls as the server allows.

Three ways, found out by looking at the first answer: pages of objects (`X-Pagination-Mode`), several
objects in
one call (`X-Ovh-Batch`), one call an object. A list that answers 404 is an empty one: the routes of debts and
payment methods do so when there is nothing.
"""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any, Final

from acquit.collector.fault import Fault
from acquit.collector.wire import Answer, Wire, segment

PAGE: Final = 5000
PAGE_BELOW: Final = 500
"""Longer lists are read by themselves, so that an answer about many stays small."""
BATCH: Final = 50
BATCH_BELOW: Final = 100
PASSES_MAX: Final = 3
PAGES: Final = {"X-Pagination-Mode": "CachedObjectList-Pages"}
SEVERAL: Final = {"X-Ovh-Batch": ","}
Object = dict[str, Any]
Objects = list[Object]

REFUSED: Final = {
    "QUERY_TIME_OUT": ("clock", "The provider finds our clock wrong; set this machine's time and try again."),
    "INVALID_KEY": ("credentials", "The provider does not know the application key; is it of this endpoint?"),
    "INVALID_SIGNATURE": ("credentials", "The signature is refused: the application secret is not right."),
    "INVALID_CREDENTIAL": (
        "credentials",
        "The consumer key is not valid, or no longer; make one with `acquit collect init`.",
    ),
    "NOT_CREDENTIAL": ("credentials", "There is no consumer key; make one with `acquit collect init`."),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One element of a list.

    An object with its key, or a bare key that has yet to be read (`value` is None).
    """

    key: str
    value: Object | None


@dataclass(slots=True)
class Skills:
    """What this server was seen to do; None: not seen yet."""

    pages: bool | None = None
    batch: bool | None = None
    batch_below: bool | None = None


def read_list(
    wire: Wire, skills: Skills, path: str, key: str, query: Mapping[str, object] | None = None,
    *, absent: Collection[int] = (),
) -> Iterator[Listed]:  # fmt: skip
    """Yield the whole list, each element once, as objects where the server pages, else as keys.

    A list that moves while its pages are read may hide an element: as long as fewer came than the server
    counts, it is read again, three times at most. Raises Fault (absent) on one of these statuses; a
    404 counts where it is the provider's own (JSON), not a proxy's.
    """
    seen: dict[str, int] = {}
    for turn in range(PASSES_MAX):
        told = yield from _one_pass(wire, skills, path, key, query, seen, turn, absent)
        if told is None or len(seen) >= told:
            return


def _one_pass(
    wire: Wire, skills: Skills, path: str, key: str, query: Mapping[str, object] | None,
    seen: dict[str, int], turn: int, absent: Collection[int],
) -> Generator[Listed, None, int | None]:  # fmt: skip
    """Yield what was not seen yet; return how many the server says there are, None where it does not.

    `seen` has the turn that each element was last seen in.
    """
    passed = 0
    for number in count(1):
        answer = wire.get(path, query, page(number))
        if answer.status in absent and (
            isinstance(answer.value, dict) or answer.status != HTTPStatus.NOT_FOUND
        ):
            raise Fault("absent", f"The provider has no {path}.", path=path)
        found = list_of(answer, path)
        if number == 1 and found and not isinstance(found[0], dict):
            skills.pages = bool(skills.pages)
            yield from (Listed(str(one), None) for one in dict.fromkeys(found))
            return None
        skills.pages = skills.pages or bool(found)
        named = {str(one[key]): one for one in _objects(found, path, key)}
        fresh = [name for name in named if seen.get(name) != turn]
        passed += len(fresh)
        yield from (Listed(name, one) for name, one in named.items() if name not in seen)
        seen.update(dict.fromkeys(fresh, turn))
        told = elements(answer)
        if not fresh or (told is not None and passed >= told):
            return told
    raise AssertionError("pages end")


def read_objects(wire: Wire, skills: Skills, path: str, keys: Sequence[str]) -> Iterator[tuple[str, Object]]:
    """Yield the objects of a list by their keys, several in one call where the server can.

    Gone ones are left out.
    """
    for start in range(0, len(keys), BATCH):
        block = keys[start : start + BATCH]
        if skills.batch is not False and len(block) > 1:
            answer = wire.get(f"{path}/{segment(*block)}", headers=SEVERAL)
            skills.batch = is_batch_of(answer, block)
            if skills.batch:
                told = {
                    str(one["key"]): one["value"] for one in answer.value if isinstance(one["value"], dict)
                }
                yield from told.items()
                block = [key for key in block if key not in told]
        for key in block:
            answer = wire.get(f"{path}/{segment(key)}")
            if answer.status != HTTPStatus.NOT_FOUND:
                yield key, object_of(answer, path)


def read_below(
    wire: Wire, skills: Skills, path: str, keys: Sequence[str], below: str, key: str
) -> Iterator[tuple[str, Objects]]:
    """Yield, for each item of a list, the whole list below it: `/me/bill` + A + `details`.

    Where the server takes several items in one call below them (one try finds out), a hundred go in one.
    """
    for start in range(0, len(keys), BATCH_BELOW):
        block = keys[start : start + BATCH_BELOW]
        if skills.batch_below is not False and len(block) > 1:
            told = several_below(wire, path, block, below)
            skills.batch_below = told is not None
            yield from (told or {}).items()
            block = [one for one in block if one not in (told or {})]
        for one in block:
            yield one, _one_below(wire, skills, f"{path}/{segment(one)}/{below}", key)


def several_below(wire: Wire, path: str, keys: Sequence[str], below: str) -> dict[str, Objects] | None:
    """Return what was told whole in one call, by item; None when the server cannot do it."""
    several = f"{path}/{segment(*keys)}/{below}"
    try:
        answer = wire.get(several, headers={**page(1, PAGE_BELOW), **SEVERAL})
    except Fault as fault:
        if fault.kind in ("provider", "answer"):
            return None
        raise
    if not is_batch_of(answer, keys):
        return None
    return {
        str(one["key"]): one["value"]
        for one in answer.value
        if isinstance(one["value"], list)
        and len(one["value"]) < PAGE_BELOW
        and all(isinstance(each, dict) for each in one["value"])
    }


def _one_below(wire: Wire, skills: Skills, path: str, key: str) -> Objects:
    listed = list(read_list(wire, skills, path, key))
    read = dict(read_objects(wire, skills, path, [one.key for one in listed if one.value is None]))
    return [one.value or read[one.key] for one in listed if one.value or one.key in read]


def page(number: int, size: int = PAGE) -> dict[str, str]:
    """Return the headers that ask for one page of objects."""
    return {**PAGES, "X-Pagination-Number": str(number), "X-Pagination-Size": str(size)}


def elements(answer: Answer) -> int | None:
    """Return how many elements the list has in all, None when the server does not say."""
    told = answer.headers.get("x-pagination-elements", "")
    return int(told) if told.isdigit() else None


def refuse(answer: Answer, path: str) -> Fault:
    """Return in plain words what the provider refused."""
    if answer.code in REFUSED:
        return Fault(*REFUSED[answer.code])
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Fault("right", f"The key may not call GET {path}; make one that has this right.", path=path)
    said = f": {answer.message[:200]}" if answer.message and "://" not in answer.message else "."
    return Fault("answer", f"GET {path} was answered {answer.status}{said}", path=path)


def list_of(answer: Answer, path: str) -> list[Any]:
    """Return the list of an answer, empty on a 404 of the provider's own (not of a proxy). Raises Fault."""
    if answer.status == HTTPStatus.NOT_FOUND and isinstance(answer.value, dict):
        return []
    if not answer.ok:
        raise refuse(answer, path)
    if not isinstance(answer.value, list):
        raise Fault("answer", f"GET {path} did not answer a list.", path=path)
    return answer.value


def object_of(answer: Answer, path: str) -> Object:
    """Return the object of an answer. Raises Fault."""
    if not answer.ok:
        raise refuse(answer, path)
    if not isinstance(answer.value, dict):
        raise Fault("answer", f"GET {path} did not answer an object.", path=path)
    return answer.value


def is_batch_of(answer: Answer, keys: Sequence[str]) -> bool:
    """Return whether the answer is the array form and speaks of exactly these keys."""
    if not answer.ok or not isinstance(answer.value, list):
        return False
    told = [one for one in answer.value if isinstance(one, dict) and {"key", "value"} <= one.keys()]
    return len(told) == len(answer.value) and {str(one["key"]) for one in told} == set(keys)


def _objects(found: list[Any], path: str, key: str) -> Iterator[Object]:
    for one in found:
        if not isinstance(one, dict) or key not in one:
            raise Fault("answer", f"GET {path} told an object without {key}.", path=path)
        yield one
