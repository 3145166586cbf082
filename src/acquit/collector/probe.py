"""A probe: a few calls that only read, and a report without anything that is anybody's.

Redaction is by structure: of an answer the report has status, names of known headers, and the outcome of each
question with a remark of our own words. No value that the provider told is copied, and before the report is
handed out it is searched for every one of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from acquit.collector.endpoint import is_public, region_of
from acquit.collector.fault import Fault
from acquit.collector.lists import PAGES, REFUSED, SEVERAL
from acquit.collector.probe_questions import QUESTIONS, Answers, Outcome, Seen, judged
from acquit.collector.wire import Wire, segment

OUTCOMES: Final[tuple[Outcome, ...]] = ("confirms", "differs", "not seen", "not asked")
CALLS_MAX: Final = 25
VALUE_LENGTH_MIN: Final = 4
HEADERS: Final = frozenset(
    {"x-ovh-queryid", "content-type", "cache-control", "access-control-allow-origin", "retry-after",
     "access-control-expose-headers", "x-pagination-elements", "x-pagination-number", "x-pagination-size",
     "x-pagination-sort", "x-pagination-sort-order", "x-pagination-cursor-next", "x-frame-options"}
)  # fmt: skip
CODES: Final = frozenset(REFUSED) | {
    "NOT_GRANTED_CALL", "FORBIDDEN", "INVALID_ARGUMENT", "NOT_FOUND", "Client::BadRequest",
    "Client::NotFound", "Client::Forbidden", "Client::Unauthorized", "Client::ValidationError",
    "Server::InternalServerError",
}  # fmt: skip
WORDS: Final = "acquit-probe"


@dataclass(frozen=True, slots=True)
class Call:
    """One GET: {bill} and {other} in a path are bills of the account; the report shows the path as it is."""

    name: str
    path: str
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """One question with its outcome."""

    id: str
    section: str
    chosen: str
    asked: str
    outcome: Outcome
    remark: str


@dataclass(frozen=True, slots=True)
class CallTold:
    """What the report says of a call."""

    name: str
    path: str
    status: int
    code: str
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that leaves the machine."""

    probe: int
    endpoint: str
    calls: tuple[CallTold, ...]
    questions: tuple[Answered, ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many questions ended so."""
        return sum(one.outcome == outcome for one in self.questions)


def _page(**headers: str) -> dict[str, str]:
    return {**PAGES, **{f"X-Pagination-{name.title()}": value for name, value in headers.items()}}


CALLS: Final = (
    Call("me", "/me"),
    Call("schema", "/me.json"),
    Call("credential", "/auth/currentCredential"),
    Call("bills", "/me/bill"),
    Call("bills_page", "/me/bill", _page(number="1", size="2")),
    Call("bills_unsized", "/me/bill", _page(number="1")),
    Call("bills_beyond", "/me/bill", _page(number="100000", size="2")),
    Call("bills_sorted", "/me/bill", _page(number="1", size="2", sort="noSuchMember")),
    Call("bills_mode", "/me/bill", {"X-Pagination-Mode": "NoSuchMode"}),
    Call("null_query", "/me/bill?date.from=null"),
    Call("bare_date", "/me/bill?date.from=2000-01-01"),
    Call("unknown_parameter", "/me/bill?noSuchName=1"),
    Call("unknown_value", "/me/bill?category=noSuchCategory"),
    Call("unknown_bill", "/me/bill/XX00000000000000"),
    Call("unknown_route", "/me/noSuchRoute"),
    Call("wrong_type", "/me/payment/method/letters"),
    Call("batch", "/me/bill/{bill},", SEVERAL),
    Call("batch_below", "/me/bill/{bill},{other}/details", SEVERAL),
    Call("details", "/me/bill/{bill}/details", _page(number="1", size="2")),
    Call("payment", "/me/bill/{bill}/payment"),
    Call("debt_account", "/me/debtAccount"),
    Call("debts", "/me/debtAccount/debt", _page(number="1", size="10")),
    Call("methods", "/me/payment/method", _page(number="1", size="10")),
    Call("orders", "/me/billing/purchaseOrder", _page(number="1", size="10")),
)
"""In this order; with `/auth/time`, which every run asks first, at most CALLS_MAX."""


def probe(wire: Wire, secrets: Sequence[str], tell: Callable[[int, int], None]) -> Report:
    """Return the report. Raises Fault when the key does not work, or when a value would be in the report."""
    answers: dict[str, Seen] = {}
    for number, call in enumerate(CALLS):
        tell(number, len(CALLS))
        answers[call.name] = _ask(wire, call, answers)
        if call.name == "me":
            _refuse_dead_key(answers["me"])
    report = Report(
        1,
        region_of(wire.base) if is_public(wire.base) else "private",
        tuple(_told(call, answers[call.name]) for call in CALLS),
        tuple(
            Answered(one.id, one.section, one.chosen, one.asked, *judged(one, answers)) for one in QUESTIONS
        ),
    )
    _refuse_leak(markdown(report), [*secrets, *_values(answers)])
    return report


def markdown(report: Report) -> str:
    """Return the report as a page that a person reads before sending it."""
    counts = ", ".join(f"{report.count(one)} {one}" for one in OUTCOMES)
    lines = [
        "# What an APIv6 answered to acquit-probe",
        "",
        f"Endpoint: {report.endpoint}. {len(report.calls) + 1} calls that only read; {counts}.",
        "",
        "In here: status codes, names of known headers, codes of refusals, and our own words. Not in here:",
        "names, amounts, numbers of bills, links, keys. Read it, then send it as an issue of the project.",
        "",
        "| question | section | Acquit chose | asked by | outcome | remark |",
        "|---|---|---|---|---|---|",
        *(
            f"| {one.id} | {one.section} | {one.chosen} | {one.asked} | {one.outcome} | {one.remark} |"
            for one in report.questions
        ),
        "",
        "| call | path | status | code | headers |",
        "|---|---|---|---|---|",
        *(
            f"| {one.name} | `{one.path}` | {one.status} | {one.code} | {', '.join(one.headers)} |"
            for one in report.calls
        ),
        "",
    ]
    return "\n".join(lines)


# ---------------------------------------------------------------- asking


def _ask(wire: Wire, call: Call, answers: Mapping[str, Seen]) -> Seen:
    path = _path(call, answers)
    if path is None:
        return Seen(0)
    try:
        answer = wire.get(path, headers=call.headers)
    except Fault as fault:
        if call.name == "me":
            raise
        return Seen(0, {"kind": fault.kind})
    return Seen(answer.status, answer.value, dict(answer.headers))


def _path(call: Call, answers: Mapping[str, Seen]) -> str | None:
    """Return the path with a bill of the account in it, None when there is none."""
    if "{" not in call.path:
        return call.path
    listed = answers["bills"].value if answers["bills"].ok else None
    ids = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    if len(ids) < (2 if "{other}" in call.path else 1):
        return None
    return call.path.format(bill=segment(ids[-1]), other=segment(ids[0]))


def _refuse_dead_key(me: Seen) -> None:
    if me.ok:
        return
    answer = me.value if isinstance(me.value, dict) else {}
    code = answer.get("errorCode")
    if isinstance(code, str) and code in REFUSED:
        raise Fault(*REFUSED[code])
    if me.status != 403:
        raise Fault("answer", f"GET /me was answered {me.status}: a probe of this endpoint makes no sense.")


# ---------------------------------------------------------------- telling


def _told(call: Call, seen: Seen) -> CallTold:
    answer = seen.value if isinstance(seen.value, dict) and not seen.ok else {}
    code = str(answer.get("errorCode") or answer.get("class") or "")
    known = sorted({name.lower() for name in seen.headers or {}} & HEADERS)
    shown = "" if not code else code if code in CODES else "another"
    return CallTold(call.name, call.path, seen.status, shown, tuple(known))


def _values(answers: Answers) -> Iterator[str]:
    """Yield every text and number that the provider told, but not what every schema says."""
    for name, seen in answers.items():
        if name != "schema":
            yield from _texts(seen.value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)


def _refuse_leak(page: str, values: Sequence[str]) -> None:
    """Refuse a report in which a value stands that our own words do not have. Raises Fault."""
    ours = "\n".join(
        [WORDS, *HEADERS, *CODES, *(f"{one.id} {one.chosen} {one.asked}" for one in QUESTIONS),
         *(f"{one.name} {one.path}" for one in CALLS), *_REMARKS]
    )  # fmt: skip
    for value in values:
        if len(value) >= VALUE_LENGTH_MIN and value in page and value not in ours:
            raise Fault("answer", "The report would hold a value of the provider's; it was not written.")


_REMARKS: Final = ("ENTERPRISE", "DEFERRED_PAYMENT_ACCOUNT", *OUTCOMES, "private")
