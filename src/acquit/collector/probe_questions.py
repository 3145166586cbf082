"""The questions of a probe, as one table: what is open in public, what Acquit chose, how it is asked.

A judge looks at the answers of `probe.CALLS` and returns an outcome and a remark. A remark is made of our own
words, numbers and codes of a closed list; nothing that the provider said stands in it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Outcome = Literal["confirms", "differs", "not seen", "not asked"]
Judged = tuple[Outcome, str]

OLD_MEMBERS: Final = ("errorCode", "httpCode", "message")
PRICE_TEXT: Final = re.compile(r"-?\d+(\.\d+)?\s\D{1,5}")
ENTERPRISE_LABEL: Final = re.compile(r"PaymentEnterprisewith\d+days(delays)?")
OFFSET: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
STATES: Final = ("UNMATURED", "TO_BE_PAID", "UNPAID", "PAID", "REFUNDED", "WRITE_OFF")


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: status 0 when none came or the call could not be made."""

    status: int
    value: Any = None
    headers: Mapping[str, str] | None = None

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return 200 <= self.status < 300

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be learned: no answer, or the key may not call it."""
        return self.status == 0 or (self.status == 403 and not self.ok)


Answers = Mapping[str, Seen]
Judge = Callable[[Answers], Judged]


@dataclass(frozen=True, slots=True)
class Question:
    """One open point: `section` is of the wire's description; without a judge no read shows it."""

    id: str
    section: str
    chosen: str
    asked: str
    judge: Judge | None = None


def judged(question: Question, answers: Answers) -> Judged:
    """Return what the answers say to a question."""
    return ("not asked", question.asked) if question.judge is None else question.judge(answers)


# ---------------------------------------------------------------- judges


def _verdict(right: bool, remark: str = "") -> Judged:
    return ("confirms", remark) if right else ("differs", remark)


def _status(name: str, *wanted: int) -> Judge:
    """The call is answered with one of these."""

    def judge(answers: Answers) -> Judged:
        seen = answers[name]
        if seen.status == 0 or (seen.status == 403 and 403 not in wanted):
            return "not seen", _why(seen)
        return _verdict(seen.status in wanted, f"status {seen.status}")

    return judge


def _why(seen: Seen) -> str:
    return "the key may not call it" if seen.status == 403 else "no answer, or nothing to ask it of"


def _of(name: str, look: Callable[[Seen], Judged]) -> Judge:
    """Look at an answer that succeeded."""

    def judge(answers: Answers) -> Judged:
        return look(answers[name]) if answers[name].ok else ("not seen", _why(answers[name]))

    return judge


def _of_first(name: str, look: Callable[[Mapping[str, Any]], Judged]) -> Judge:
    """Look at the first object of a list."""

    def judge(seen: Seen) -> Judged:
        found = (
            [one for one in seen.value or () if isinstance(one, dict)] if isinstance(seen.value, list) else []
        )
        return look(found[0]) if found else ("not seen", "the list is empty or is not of objects")

    return _of(name, judge)


def _error(name: str, look: Callable[[Mapping[str, Any]], Judged]) -> Judge:
    """Look at the body of a refusal with status 400 or 404."""

    def judge(answers: Answers) -> Judged:
        seen = answers[name]
        if seen.status not in (400, 404) or not isinstance(seen.value, dict):
            return "not seen", _why(seen) if seen.is_closed else f"status {seen.status}"
        return look(seen.value)

    return judge


def _members(answer: Mapping[str, Any]) -> Judged:
    both = "class" in answer and all(one in answer for one in OLD_MEMBERS)
    kinds = [kind for kind, there in (("new", "class" in answer), ("old", "errorCode" in answer)) if there]
    return _verdict(both, f"members of the generations: {', '.join(kinds) or 'neither'}")


def _code(wanted: str) -> Callable[[Mapping[str, Any]], Judged]:
    def look(answer: Mapping[str, Any]) -> Judged:
        if "errorCode" not in answer:
            return "differs", "no errorCode"
        return _verdict(
            answer["errorCode"] == wanted, "" if answer["errorCode"] == wanted else "another code"
        )

    return look


def _class(wanted: str) -> Callable[[Mapping[str, Any]], Judged]:
    def look(answer: Mapping[str, Any]) -> Judged:
        return _verdict(
            str(answer.get("class", "")).startswith(wanted), "class" if "class" in answer else "none"
        )

    return look


def _ids(seen: Seen) -> Sequence[Any]:
    return seen.value if isinstance(seen.value, list) else ()


def _ascending(seen: Seen) -> Judged:
    ids = [str(one) for one in _ids(seen) if not isinstance(one, dict)]
    if len(ids) < 3:
        return "not seen", "fewer than three"
    keys = [(len(one), one) for one in ids]
    told = "descending" if keys == sorted(keys, reverse=True) else "neither ascending nor descending"
    return _verdict(keys == sorted(keys), "ascending" if keys == sorted(keys) else told)


def _page_size(seen: Seen) -> Judged:
    told = (seen.headers or {}).get("x-pagination-size", "")
    if not told.isdigit():
        return "not seen", "the answer does not say"
    return _verdict(told == "20", f"{int(told)} a page")


def _same_as_plain(name: str) -> Judge:
    """The answer is that of the same list without what was added."""

    def judge(answers: Answers) -> Judged:
        seen, plain = answers[name], answers["bills"]
        if seen.is_closed or not plain.ok:
            return "not seen", _why(seen)
        return _verdict(seen.ok and len(_ids(seen)) == len(_ids(plain)), f"status {seen.status}")

    return judge


def _plain_ids(seen: Seen) -> Judged:
    if not _ids(seen):
        return "not seen", "the list is empty"
    paged = any(name.lower().startswith("x-pagination") for name in seen.headers or {})
    whole = not isinstance(_ids(seen)[0], dict)
    return _verdict(whole and not paged, "ids" if whole else "objects")


def _paging(seen: Seen) -> Judged:
    wanted = {"x-pagination-elements", "x-pagination-number", "x-pagination-size"}
    missing = wanted - {name.lower() for name in seen.headers or {}}
    if not _ids(seen):
        return "not seen", "the list is empty"
    objects = isinstance(_ids(seen)[0], dict)
    return _verdict(
        objects and not missing, f"{'objects' if objects else 'ids'}, {len(missing)} headers missing"
    )


def _empty(seen: Seen) -> Judged:
    return _verdict(seen.value == [], "an empty list" if seen.value == [] else "not an empty list")


def _batch(seen: Seen) -> Judged:
    rows = [one for one in _ids(seen) if isinstance(one, dict)]
    right = bool(rows) and all({"key", "value", "error"} == set(one) for one in rows)
    return _verdict(right, "key, value and error" if right else "another form")


def _batch_below(answers: Answers) -> Judged:
    seen = answers["batch_below"]
    if seen.status == 0 or seen.status == 403:
        return "not seen", _why(seen)
    outcome, remark = _batch(seen) if seen.ok else ("differs", f"status {seen.status}")
    lists = [one for one in _ids(seen) if isinstance(one, dict) and isinstance(one.get("value"), list)]
    return (
        (outcome, remark) if outcome == "differs" or len(lists) == 2 else ("differs", "not a list for each")
    )


def _price(first: Mapping[str, Any]) -> Judged:
    text = str((first.get("priceWithTax") or {}).get("text", ""))
    if not text:
        return "not seen", "no text"
    right = PRICE_TEXT.fullmatch(text.replace("\N{NO-BREAK SPACE}", " ")) is not None
    return _verdict(right, "number, blank, sign" if right else "another order, or separators")


def _has(*names: str) -> Callable[[Mapping[str, Any]], Judged]:
    def look(first: Mapping[str, Any]) -> Judged:
        missing = [name for name in names if name not in first]
        return _verdict(not missing, "" if not missing else f"{len(missing)} of {len(names)} missing")

    return look


def _ucents(first: Mapping[str, Any]) -> Judged:
    there = "priceInUcents" in (first.get("priceWithTax") or {})
    return _verdict(there, "told" if there else "not told")


def _quantity(first: Mapping[str, Any]) -> Judged:
    return _verdict(isinstance(first.get("quantity"), str), type(first.get("quantity")).__name__)


def _digits(first: Mapping[str, Any]) -> Judged:
    key = first.get("billDetailId")
    return _verdict(isinstance(key, str) and key.isdigit(), type(key).__name__)


def _datetime(first: Mapping[str, Any]) -> Judged:
    right = OFFSET.fullmatch(str(first.get("date", ""))) is not None
    return _verdict(right, "seconds and a numeric offset" if right else "another form")


def _debt_states(seen: Seen) -> Judged:
    found = [one for one in _ids(seen) if isinstance(one, dict)]
    told = {one.get("status") for one in found}
    if not found:
        return "not seen", "nothing was owed"
    return _verdict(told <= set(STATES), f"{len(told & set(STATES))} of the known states")


def _enterprise(seen: Seen) -> Judged:
    granted = [
        one for one in _ids(seen)
        if isinstance(one, dict) and ENTERPRISE_LABEL.search(str(one.get("label", "")))
    ]  # fmt: skip
    if not granted:
        return "not seen", "no method on a granted term"
    kinds = {str(one.get("paymentType")) for one in granted}
    known = sorted(kinds & {"ENTERPRISE", "DEFERRED_PAYMENT_ACCOUNT"})
    return _verdict(kinds == {"ENTERPRISE"}, ", ".join(known) or "another type")


def _no_deleted(seen: Seen) -> Judged:
    found = [one for one in _ids(seen) if isinstance(one, dict)]
    if not found:
        return "not seen", "no order"
    return _verdict(all(one.get("status") != "DELETED" for one in found), f"{len(found)} orders")


def _schema(seen: Seen) -> Judged:
    wanted = ["apiVersion", "apis", "resourcePath", "basePath", "models"]
    keys = list(seen.value) if isinstance(seen.value, dict) else []
    return _verdict(sorted(keys) == sorted(wanted), "in this order" if keys == wanted else "in another order")


def _queryid(answers: Answers) -> Judged:
    headers = [{name.lower() for name in one.headers or {}} for one in answers.values() if one.status >= 200]
    with_id = sum("x-ovh-queryid" in one for one in headers)
    return _verdict(with_id == len(headers), f"on {with_id} of {len(headers)} answers")


def _unmatched(seen: Seen) -> Judged:
    members = set(seen.value) if isinstance(seen.value, dict) else set()
    wanted = {
        "credentialId",
        "applicationId",
        "creation",
        "expiration",
        "lastUse",
        "rules",
        "status",
        "allowedIPs",
    }
    return _verdict(wanted <= members, f"{len(wanted - members)} of {len(wanted)} missing")


# ---------------------------------------------------------------- the table

WRITES: Final = "only a call that changes something would show it"
HARMS: Final = "only wrong signatures or wrong times would show it, which might lock a key"

QUESTIONS: Final = (
    Question("null-in-query", "2", "the text null means absent", "GET with date.from=null",
             _same_as_plain("null_query")),
    Question("clock-window", "3", "30 s either way", HARMS),
    Question("replay", "3", "a signature may be used again inside the window", HARMS),
    Question("credential-members", "4", "the members of ApiCredential", "GET /auth/currentCredential",
             _of("credential", _unmatched)),
    Question("address-refused", "4", "403 FORBIDDEN from another address", WRITES),
    Question("pending-keys", "4", "a validation link lives about a day", WRITES),
    Question("rules-braces", "4", "braces in a rule are literal", WRITES),
    Question("error-members", "6", "message, class, errorCode and httpCode together", "a wrong id",
             _error("wrong_type", _members)),
    Question("wrong-type-code", "6", "errorCode INVALID_ARGUMENT", "letters in place of a number",
             _error("wrong_type", _code("INVALID_ARGUMENT"))),
    Question("wrong-type-class", "6", "class Client::BadRequest", "letters in place of a number",
             _error("wrong_type", _class("Client::BadRequest"))),
    Question("unknown-parameter", "6", "400", "a query name that does not exist",
             _status("unknown_parameter", 400)),
    Question("unknown-value", "6", "400", "a category that does not exist", _status("unknown_value", 400)),
    Question("unknown-route", "6", "404", "a route that does not exist", _status("unknown_route", 404)),
    Question("unknown-object", "6", "404", "a bill that does not exist", _status("unknown_bill", 404)),
    Question("unknown-object-class", "6", "class Client::NotFound", "a bill that does not exist",
             _error("unknown_bill", _class("Client::NotFound"))),
    Question("order-of-checks", "6", "route, key, time, signature, rule, parameters, object", HARMS),
    Question("too-many", "6", "429 Client::TooManyRequests", "only a storm of calls would show it"),
    Question("query-id", "7", "X-Ovh-Queryid on every answer", "every call", _queryid),
    Question("batch-form", "8", "an array of key, value, error", "a bill with the batch header",
             _of("batch", _batch)),
    Question("batch-below", "8", "a list below several items in one call", "details of two bills",
             _batch_below),
    Question("batch-limit", "8", "1,000 ids", "only very long calls would show it"),
    Question("paging", "9", "objects, and how many there are", "bills by pages", _of("bills_page", _paging)),
    Question("page-size", "9", "20", "a page without a size", _of("bills_unsized", _page_size)),
    Question("page-beyond", "9", "an empty list", "a page after the last", _of("bills_beyond", _empty)),
    Question("sort-by-nothing", "9", "is ignored", "sorted by a member that does not exist",
             _status("bills_sorted", 200)),
    Question("unknown-mode", "9", "plain ids, no pagination header", "a mode that does not exist",
             _of("bills_mode", _plain_ids)),
    Question("schema", "11", "apiVersion, apis, resourcePath, basePath, models", "GET /me.json",
             _of("schema", _schema)),
    Question("datetime", "12", "seconds and a numeric offset", "a bill's date",
             _of_first("bills_page", _datetime)),
    Question("bare-date", "12", "a date without a time is taken", "date.from=2000-01-01",
             _status("bare_date", 200)),
    Question("price-text", "13", "number, blank, sign; no thousands separator", "a bill's price",
             _of_first("bills_page", _price)),
    Question("price-ucents", "13", "priceInUcents is told", "a bill's price",
             _of_first("bills_page", _ucents)),
    Question("refund-sign", "13", "positive in refunds, negative in details", "shown by a credit note alone"),
    Question("detail-id", "14", "digits in a string", "a bill's details", _of_first("details", _digits)),
    Question("bill-members", "15", "category and the electronic members are told", "a bill",
             _of_first("bills_page", _has("billId", "orderId", "category", "pdfUrl", "password"))),
    Question("detail-quantity", "15", "a string", "a bill's details", _of_first("details", _quantity)),
    Question("debts", "15", "the six states", "debts", _of("debts", _debt_states)),
    Question("debt-balance", "15", "the balance, or 404 without debts", "GET /me/debtAccount",
             _status("debt_account", 200, 404)),
    Question("payment-of-a-bill", "15", "the payment, or 404 while unpaid", "the newest bill's payment",
             _status("payment", 200, 404)),
    Question("export-by-mail", "15", "a letter brings the archive", WRITES),
    Question("default-method-deleted", "16", "refused while services renew by themselves", WRITES),
    Question("enterprise-method", "17", "type ENTERPRISE", "payment methods", _of("methods", _enterprise)),
    Question("deleted-orders", "18", "dropped from the list", "purchase orders", _of("orders", _no_deleted)),
    Question("orders-overlap", "18", "409", WRITES),
    Question("forced-renewal", "19", "forced and automaticForcedProduct", "services are not asked for"),
    Question("default-group", "20", "DEFAULT", WRITES),
    Question("bare-order", "22", "ascending", "the list of bills", _of("bills", _ascending)),
)  # fmt: skip
