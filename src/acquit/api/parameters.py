"""Reads what a caller gave against the contract's types, with the wire's exact error texts.

`read_text` reads path and query texts, `read_json` values of a JSON body, `read_body` whole
bodies. A type is a primitive, a model, `X[]`, or an alias `Name:type`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any, Final
from urllib.parse import unquote_plus
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from acquit.api.contract import Body, Contract, Member, Model, Parameter, contract
from acquit.api.refusals import BadParameter, BrokenJson, MissingParameter, UnknownParameters
from acquit.core.errors import Refusal

LONG: Final = range(-(2**63), 2**63)
INT: Final = range(-(2**31), 2**31)
TEXT_MAX: Final = 65_536
FILE_MAX: Final = 500_000
FILES: Final = {"metadata"}
"""Members of bodies that hold a whole file."""
SHOWN_MAX: Final = 80
HANDLERS: Final = {"POST": "creation", "PUT": "edition", "DELETE": "deletion", "GET": "read"}
INTEGER: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
NUMBER: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
DAY: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)
INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)"
    r"\s?(Z|z|[+ -][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII,
)
TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", re.ASCII)
DURATION: Final = re.compile(
    r"P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?", re.ASCII
)
PHONE: Final = re.compile(r"\+?[0-9][0-9. ()-]{3,29}", re.ASCII)

PLAIN: Final = {"string"}
"""Types of which a text is itself the value."""
CHECKED_BY_CORE: Final = {"auth.AccessRuleRequest[]"}

_Reader = Callable[[str, ZoneInfo], object]


class _Unfit(Exception):
    """The given value does not have the declared type."""


# ---------------------------------------------------------------- texts to values


def _string(text: str, zone: ZoneInfo) -> str:
    return _text(text, TEXT_MAX)


def _text(text: str, length_max: int) -> str:
    if "\0" in text or len(text) > length_max or (not text.isprintable() and _has_control(text)):
        raise _Unfit
    return text


def _has_control(text: str) -> bool:
    return any((ord(sign) < 32 and sign not in "\t\n\r") or 0xD800 <= ord(sign) < 0xE000 for sign in text)


def _long(text: str, zone: ZoneInfo) -> int:
    if not INTEGER.fullmatch(text) or int(text) not in LONG:
        raise _Unfit
    return int(text)


def _int(text: str, zone: ZoneInfo) -> int:
    if (value := _long(text, zone)) not in INT:
        raise _Unfit
    return value


def _double(text: str, zone: ZoneInfo) -> float:
    if not NUMBER.fullmatch(text):
        raise _Unfit
    return float(text)


def _boolean(text: str, zone: ZoneInfo) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text]
    except KeyError:
        raise _Unfit from None


def _day(text: str, zone: ZoneInfo) -> date:
    found = DAY.fullmatch(text)
    if not found:
        raise _Unfit
    year, month, day = map(int, found.groups())
    return date(year, month, day)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    found = INSTANT.fullmatch(text.strip())
    if not found:
        raise _Unfit
    day, clock, offset = found.groups()
    plain = f"{_day(day, zone).isoformat()}T{(clock or '00:00:00')[:15]}"
    if offset is None:
        return datetime.fromisoformat(plain).replace(tzinfo=zone)
    return datetime.fromisoformat(plain + offset.replace(" ", "+").upper())


def _matching(pattern: re.Pattern[str]) -> _Reader:
    def read(text: str, zone: ZoneInfo) -> str:
        if not pattern.fullmatch(text):
            raise _Unfit
        return text

    return read


def _ip(text: str, zone: ZoneInfo) -> str:
    return str(ip_address(text))


def _block(text: str, zone: ZoneInfo) -> str:
    return str(ip_network(text, strict=False))


def _uuid(text: str, zone: ZoneInfo) -> str:
    return str(UUID(text))


READERS: Final[dict[str, _Reader]] = {
    "string": _string,
    "text": _string,
    "password": _string,
    "long": _long,
    "int": _int,
    "double": _double,
    "float": _double,
    "boolean": _boolean,
    "datetime": _instant,
    "date": _day,
    "time": _matching(TIME),
    "duration": _matching(DURATION),
    "uuid": _uuid,
    "ip": _ip,
    "ipv4": _ip,
    "ipv6": _ip,
    "ipBlock": _block,
    "ipv4Block": _block,
    "ipv6Block": _block,
    "phoneNumber": _matching(PHONE),
}
JSON_NUMBERS: Final = {
    "long": (int,),
    "int": (int,),
    "double": (int, float),
    "float": (int, float),
    "boolean": (bool,),
}


def primitive(type_name: str) -> str:
    """Return the type behind an alias: `coreTypes.AccountId:string` is a `string`."""
    return type_name.rpartition(":")[2]


def read_text(name: str, type_name: str, text: str, zone: ZoneInfo) -> Any:
    """Return the value of a path or query text. Raises BadParameter with the wire's words."""
    kind, enumeration = _kind(type_name)
    if enumeration is not None:
        return _enumerated(name, kind, enumeration, text)
    try:
        return READERS[kind](text, zone)
    except (_Unfit, ValueError, OverflowError):
        raise unfit(name, kind, text) from None


def read_texts(
    declared: Parameter, texts: Iterable[str], zone: ZoneInfo
) -> tuple[dict[str, Any], dict[str, Refusal]]:
    """Return the values of texts of one parameter by text, and the refusals of those that are no value."""
    every = list(texts)
    joined = "".join(every)
    if declared.type in PLAIN and joined.isprintable() and len(joined) <= TEXT_MAX:
        return dict(zip(every, every, strict=True)), {}
    values, refused = {}, {}
    for text in every:
        try:
            values[text] = read_text(declared.name, declared.type, text, zone)
        except Refusal as refusal:
            refused[text] = refusal
    return values, refused


@cache
def _kind(type_name: str) -> tuple[str, Model | None]:
    """Return the type behind a declared one, and its model when it is an enumeration."""
    kind = primitive(type_name)
    model = contract().models.get(kind)
    return kind, model if model is not None and model.is_enumeration else None


def read_path(declared: Iterable[Parameter], texts: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """Return the values of these parameters of a path by name. Raises BadParameter."""
    return {each.name: read_text(each.name, each.type, texts[each.name], zone) for each in declared}


def unfit(name: str, type_name: str, given: object) -> BadParameter:
    """Return the refusal of a value that does not have its type; a password is not repeated."""
    shown = "***" if type_name == "password" else _shown(given)
    return BadParameter(f"[{name}] Given data ({shown}) is not valid for type {type_name}", parameter=name)


def _shown(given: object) -> str:
    text = given if isinstance(given, str) else msgspec.json.encode(given).decode()
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


def _enumerated(name: str, kind: str, model: Model, given: object) -> str:
    if isinstance(given, str) and given in model.values:
        return given
    short = kind.rpartition(".")[2]
    raise BadParameter(
        f"[{name}] Given data ({_shown(given)}) does not belong to the {short} enumeration", parameter=name
    )


# ---------------------------------------------------------------- the query


def split_query(raw: str) -> dict[str, str]:
    """Return the texts of a query by name; a name given twice with two values is refused."""
    texts: dict[str, str] = {}
    for pair in filter(None, raw.split("&")):
        name, _, value = pair.partition("=")
        name, value = unquote_plus(name, errors="replace"), unquote_plus(value, errors="replace")
        if texts.setdefault(name, value) != value:
            raise BadParameter(f"[{name}] Given twice with different values", parameter=name)
    return texts


def read_query(
    declared: Iterable[Parameter], texts: Mapping[str, str], method: str, zone: ZoneInfo
) -> dict[str, Any]:
    """Return the query's values by name; what is absent, or `null` and optional, is None."""
    by_name = {parameter.name: parameter for parameter in declared}
    refuse_unknown(texts, by_name, method)
    return {name: _query_value(parameter, texts.get(name), zone) for name, parameter in by_name.items()}


def _query_value(parameter: Parameter, text: str | None, zone: ZoneInfo) -> Any:
    if text is None or (text == "null" and not parameter.required):
        if parameter.required:
            raise MissingParameter(parameter.name)
        return None
    return read_text(parameter.name, parameter.type, text, zone)


def refuse_unknown(given: Iterable[str], declared: Iterable[str], method: str) -> None:
    """Raises UnknownParameters when a name was given that the contract does not declare."""
    unknown = sorted(set(given) - set(declared))
    if unknown:
        names = _shown(", ".join(unknown))
        raise UnknownParameters(
            f"Received not described parameters: ({names}) while calling {HANDLERS[method]} handler",
            parameters=names,
        )


# ---------------------------------------------------------------- the body


def texts_of(raw: bytes) -> dict[str, str]:
    """Return the members of a JSON object as query texts. Raises BrokenJson."""
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in _object(raw).items()
    }


def read_body(body: Body | None, raw: bytes, method: str, zone: ZoneInfo) -> dict[str, Any]:
    """Return the members that were given, by name, as values; read-only ones are left out.

    An empty body is an empty object. None stays for a nullable member that was given as null; null
    for a member that is neither nullable nor required counts as absent. Raises BrokenJson,
    UnknownParameters, MissingParameter, BadParameter.
    """
    given = _object(raw)
    if body is None:
        refuse_unknown(given, (), method)
        return {}
    if body.style == "model":
        return _read_object("", contract().models[body.type], given, method, zone)
    declared = tuple(Member(p.name, p.type, required=p.required) for p in body.fields)
    return _read_object("", Model(fields=declared), given, method, zone)


def _object(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        given = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BrokenJson from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BrokenJson
    return given


def _read_object(
    path: str, model: Model, given: Mapping[str, Any], method: str, zone: ZoneInfo
) -> dict[str, Any]:
    members = {member.name: member for member in model.fields}
    refuse_unknown(given, members, method)
    values: dict[str, Any] = {}
    for name, member in members.items():
        shown = f"{path}.{name}" if path else name
        value = given.get(name)
        if value is None and not (member.nullable and name in given):
            if member.required:
                raise MissingParameter(shown)
        elif not member.read_only:
            values[name] = None if value is None else read_json(shown, member.type, value, method, zone)
    return values


def read_json(name: str, type_name: str, value: Any, method: str, zone: ZoneInfo) -> Any:
    """Return a JSON value as a value of the declared type. Raises BadParameter."""
    kind = primitive(type_name)
    if kind in CHECKED_BY_CORE:
        return value
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise unfit(name, kind, value)
        return [read_json(name, kind[:-2], element, method, zone) for element in value]
    model = _model(contract(), kind)
    if model is not None:
        return _read_model(name, kind, model, value, method, zone)
    return _read_primitive(name, kind, value, zone)


def _model(known: Contract, kind: str) -> Model | None:
    return known.models.get(kind) or known.models.get(kind.partition("<")[0] + "<T>" if "<" in kind else kind)


def _read_model(name: str, kind: str, model: Model, value: Any, method: str, zone: ZoneInfo) -> Any:
    if model.is_enumeration:
        return _enumerated(name, kind, model, value)
    if not isinstance(value, dict):
        raise unfit(name, kind, value)
    return _read_object(name, _filled(kind, model) if "<" in kind else model, value, method, zone)


def _filled(kind: str, model: Model) -> Model:
    """Return a generic model with its parameter filled in; what is built of one is given whole."""
    inner = kind.partition("<")[2].removesuffix(">")
    return Model(
        fields=tuple(
            Member(each.name, inner if each.type == "T" else each.type, required=not each.nullable)
            for each in model.fields
        )
    )


def _read_primitive(name: str, kind: str, value: Any, zone: ZoneInfo) -> Any:
    if kind not in READERS:
        return value
    number = JSON_NUMBERS.get(kind)
    if kind == "string" and name in FILES and isinstance(value, str):
        try:
            return _text(value, FILE_MAX)
        except _Unfit:
            return _refuse(name, kind, value)
    if number is None:
        return read_text(name, kind, value, zone) if isinstance(value, str) else _refuse(name, kind, value)
    if not isinstance(value, number) or (isinstance(value, bool) and bool not in number):
        return _refuse(name, kind, value)
    if (kind == "long" and value not in LONG) or (kind == "int" and value not in INT):
        return _refuse(name, kind, value)
    return value


def _refuse(name: str, kind: str, value: object) -> Any:
    raise unfit(name, kind, value)
